"""A server in a process of its own that ends with the bench, and the processor time that it has used."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_ROOT: Final = Path(__file__).resolve().parents[2]
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class ChildDidNotStart(RuntimeError):
    """The message holds what it wrote."""


class ChildProcess:
    """A Python program that prints `listening on ADDRESS` once it serves; a context in which it runs.

    Attributes:
        address: where it listens.
    """

    def __init__(self, log: Path, *arguments: str) -> None:
        self._arguments = arguments
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        path = os.pathsep.join(str(_ROOT / part) for part in ("", "proto", "service"))
        with self._log.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (path, os.environ.get("PYTHONPATH"))))},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self._end()
            raise ChildDidNotStart(f"{' '.join(self._arguments)}: {self._log.read_text().strip() or 'no word'}")
        self.address = line.split()[-1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def cpu_s(self) -> float:
        """Seconds of processor time so far, of all its threads, in user and kernel mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def service(data_dir: Path, *arguments: Any) -> ChildProcess:
    """The service on a data directory, as it runs in life: durable, with all that hangs on it."""
    log = data_dir.parent / f"{data_dir.name}.log"
    where = ("--data", str(data_dir), "--listen", "127.0.0.1:0")
    return ChildProcess(log, "-m", "acd_service.server", *where, *map(str, arguments))
