"""The floor of `floor.cc`, compiled when it is first asked for and called from here.

It is built by itself, not with the engine's modules: always optimised, also beside a debug build of the engine.
"""

import ctypes
import hashlib
import os
import shlex
import subprocess
import time
from pathlib import Path

BUILD = Path(__file__).resolve().parents[1] / "build" / "bench"
SOURCE = Path(__file__).with_name("floor.cc")
FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC")


def compiler() -> str:
    """The C++ compiler's command."""
    return os.environ.get("CXX", "c++")


def built(source: Path, flags: tuple[str, ...] = FLAGS) -> Path:
    """A shared library of the source, compiled unless it is there already.

    Raises:
        RuntimeError: with what the compiler said.
    """
    key = hashlib.sha256(source.read_bytes() + repr((flags, compiler())).encode()).hexdigest()[:16]
    library = BUILD / f"{source.stem}-{key}.so"
    if not library.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        made = library.with_suffix(f".{os.getpid()}")
        done = subprocess.run(
            [*shlex.split(compiler()), *flags, "-o", str(made), str(source)], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{source.name} could not be compiled:\n{done.stderr}")
        made.replace(library)
    return library


class Floor:
    """A hash and a heap of so many ids, at least 2."""

    def __init__(self, live: int, seed: int = 1) -> None:
        if live < 2:
            raise ValueError("a floor has at least two ids")
        self._library = ctypes.CDLL(str(built(SOURCE)))
        self._library.floor_new.restype = ctypes.c_void_p
        self._library.floor_new.argtypes = (ctypes.c_uint64, ctypes.c_uint64)
        self._library.floor_run.restype = ctypes.c_uint64
        self._library.floor_run.argtypes = (ctypes.c_void_p, ctypes.c_uint64)
        self._library.floor_free.argtypes = (ctypes.c_void_p,)
        self._library.floor_free.restype = None
        self._floor = self._library.floor_new(live, seed)
        self.answer = 0
        """The sum of what the last run took from the heap."""

    def run(self, commands: int) -> int:
        """How long so many commands take: nanoseconds of this thread's processor time."""
        from_ns = time.thread_time_ns()
        self.answer = int(self._library.floor_run(self._floor, commands))
        return time.thread_time_ns() - from_ns

    def __del__(self) -> None:
        if getattr(self, "_floor", None):
            self._library.floor_free(self._floor)
            self._floor = None
