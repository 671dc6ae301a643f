"""The compiled modules and their build switches; everything else is in pyproject.toml.

ACD_DEBUG=1 turns every compiler and bounds check on, ACD_TRACE=1 adds line tracing for coverage, ACD_ANNOTATE=1
writes an HTML page beside each module that shows where it calls into the interpreter. ACD_SKIP_COMPILE=1 leaves the
compiled modules out: the Makefile installs the project first and compiles it in place afterwards, once.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup


def switch(name: str) -> bool:
    return os.environ.get(name, "0") not in ("", "0")


DEBUG = switch("ACD_DEBUG")
TRACE = switch("ACD_TRACE")
CHECKS = {"boundscheck": True, "wraparound": True, "cdivision": False, "initializedcheck": True, "nonecheck": True}
DIRECTIVES = {"language_level": 3, "embedsignature": False, "binding": True}
AUDITED = {"choosing", "matching", "waiting"}
"""Modules that divide by positive numbers only, where C's division says the same as Python's and costs less. Bounds
checks do not come into it: the hot state is in C arrays, which have none. The debug build divides as Python does."""
LIBRARIES = {"acd_service.sums": ["crypto", "z"]}
"""What a module stands on beside C++: those that Python itself has its hashes and checksums from."""

# Folder that a package lies in → the package's own folder there.
PACKAGES = {Path("."): "acd_core", Path("service"): "acd_service"}


def name_of(source: Path, root: Path) -> str:
    return ".".join(source.relative_to(root).with_suffix("").parts)


extensions = [
    Extension(
        name_of(source, root),
        [str(source)],
        libraries=LIBRARIES.get(name_of(source, root), []),
        language="c++",
        extra_compile_args=["-O0", "-g", "-UNDEBUG"]
        if DEBUG
        else ["-O3", "-g0", "-Wno-stringop-overflow", "-Wno-array-bounds"],
        define_macros=[("CYTHON_TRACE", "1"), ("CYTHON_USE_SYS_MONITORING", "0")] if TRACE else [],
    )
    for root, package in PACKAGES.items()
    for source in sorted((root / package).glob("**/*.pyx"))
]


def compiled(audited: bool) -> list[Extension]:
    return cythonize(
        [extension for extension in extensions if (extension.name.split(".")[-1] in AUDITED) == audited],
        build_dir="build/cython-debug" if DEBUG else "build/cython",
        compiler_directives=DIRECTIVES
        | ({"cdivision": True} if audited else {})
        | (CHECKS if DEBUG else {})
        | ({"linetrace": True} if TRACE else {}),
        annotate=switch("ACD_ANNOTATE"),
        nthreads=os.cpu_count() or 1,
    )


setup(ext_modules=[] if switch("ACD_SKIP_COMPILE") else compiled(audited=False) + compiled(audited=True))
