"""Work in a process of its own that never outlives the service, not even one that is killed.

    python -m acd_service.child MODULE ARGUMENT...

That is a module of ours run as a program, which ends when standard input does. The service alone holds the other end:
the operating system closes it with the service, however that ends.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import wait
from typing import NamedTuple


class Finished(NamedTuple):
    """How a child ended."""

    status: int
    """As `subprocess.Popen.returncode`."""
    output: str
    complaint: str
    """What it wrote to standard error."""


async def run_module(module: str, *arguments: str) -> Finished:
    """Run a module of ours as a program; whoever is cancelled while waiting for it is told so when it is dead."""
    child = _Child([sys.executable, "-m", "acd_service.child", module, *arguments])
    ran = asyncio.ensure_future(asyncio.to_thread(child.run))
    try:
        return await asyncio.shield(ran)
    except asyncio.CancelledError:
        child.kill()
        await asyncio.wait([ran])
        raise


class _Child:
    """`run` is for a thread of its own, `kill` for any other, at any time."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_wanted = True

    def run(self) -> Finished:
        reading, writing = os.pipe()
        try:
            # `subprocess` starts it with vfork. The event loop's own way is fork, which runs gRPC's fork handlers in
            # the child, and those crash in a process that is serving.
            with self._lock:
                if not self._is_wanted:
                    return Finished(-signal.SIGKILL, "", "")
                self._process = process = subprocess.Popen(  # noqa: S603 - our own program
                    self._command, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            output, complaint = process.communicate()
            return Finished(process.returncode, output, complaint)
        finally:
            os.close(reading)
            os.close(writing)

    def kill(self) -> None:
        with self._lock:
            self._is_wanted = False
            if self._process is not None:
                self._process.kill()


def end_with_parent() -> None:
    """For a process that `multiprocessing` started: have it end when the one that started it does.

    A pool's own pipe does not tell: its workers hold both ends of it.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    _end_when_readable(parent.sentinel)


def _end_when_readable(descriptor: int) -> None:
    def watch() -> None:
        wait([descriptor])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main() -> None:
    _end_when_readable(sys.stdin.fileno())
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
