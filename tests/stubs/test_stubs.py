"""What the type checker reads of the compiled modules is what they are (mypy's stubtest)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "acd_core").rglob("*.pyx"), *(ROOT / "service").rglob("*.pyx")])


def _module(source: Path) -> str:
    root = ROOT / "service" if source.is_relative_to(ROOT / "service") else ROOT
    return ".".join(source.relative_to(root).with_suffix("").parts)


def test_every_compiled_module_has_a_stub() -> None:
    assert SOURCES
    assert [source.name for source in SOURCES if not source.with_suffix(".pyi").exists()] == []


def test_stubs_say_what_the_compiled_modules_are() -> None:
    allowed = Path(__file__).with_name("stubtest_allowlist.txt")
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise", "--ignore-disjoint-bases",
         "--mypy-config-file", "pyproject.toml", "--allowlist", str(allowed), *map(_module, SOURCES)],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": os.pathsep.join(map(str, (ROOT, ROOT / "proto", ROOT / "service")))},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
