"""Programs of databases, found or asked for, and run in private directories with unix sockets: never the system's."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


class Missing(RuntimeError):
    """A program that is not installed; the message says how to get it."""


def program(name: str, package: str, folders: Iterable[Path] = ()) -> str:
    """Where a program is: on the path, or in one of the folders.

    Raises:
        Missing: nowhere.
    """
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])
    found = shutil.which(name, path=places)
    if found is None:
        raise Missing(f"{name} is not installed. On Debian: apt-get install {package}")
    return found


class Processor:
    """Processor time, from its making on, of all threads of a process and of the processes that it has started.

    Those that end meanwhile are left out.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._spent()

    def used_s(self) -> float:
        """Seconds so far."""
        return sum(spent_s - self._before.get(pid, 0.0) for pid, spent_s in self._spent().items())

    def _spent(self) -> dict[int, float]:
        return {pid: _spent_s(pid) for pid in (self._pid, *_children(self._pid))}


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _spent_s(pid: int) -> float:
    spent_ns = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            spent_ns += int(task.read_text().split()[0])
        except OSError:
            continue  # ended just now
    return spent_ns / 1e9


def end(process: "subprocess.Popen[str] | subprocess.Popen[bytes] | None", stop_signal: int) -> None:
    """Stop a server that nobody needs any more, kindly first."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def checked(command: Sequence[str], what: str, as_user: Mapping[str, Any]) -> None:
    """Run a program that must succeed.

    Args:
        as_user: how `subprocess` is told of another user; empty for this one.

    Raises:
        RuntimeError: with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, **as_user)
    if done.returncode:
        raise RuntimeError(f"{what}: {(done.stderr or done.stdout).strip()}")
