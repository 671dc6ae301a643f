"""Programs of databases, found or asked for, and run in private directories with unix sockets: never the system's."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


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


def cpu_s(pid: int) -> float:
    """Seconds of processor time so far, in user and kernel mode, of a process and of those that it started."""
    return (_ticks(pid) + sum(_ticks(child) for child in _children(pid))) / _TICKS_PER_S


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _ticks(pid: int) -> int:
    """With those of children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


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


def checked(command: Sequence[str], what: str) -> None:
    """Run a program that must succeed.

    Raises:
        RuntimeError: with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{what}: {(done.stderr or done.stdout).strip()}")
