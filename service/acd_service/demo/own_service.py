"""A service of the demo's own: a real `acd serve` in a process and a directory that end with the demo."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

STOP_S: Final = 15.0
_LISTENING: Final = re.compile(r"listening on (\S+)")


class ServiceDidNotStart(RuntimeError):
    """The message holds what the service wrote."""


class OwnService:
    """A context in which the service runs. `address` is where.

    Args:
        seed: of its random choices.
        engine: compiled or reference.
        clock: external, so that callers say what time it is, or wall.

    The service stops by itself when the demo's end of its standard input closes, however the demo ends.
    """

    def __init__(self, seed: int, engine: str = "compiled", clock: str = "external") -> None:
        self.seed = seed
        self._settings = ("--engine", engine, "--clock", clock, "--seed", str(seed))
        self._process: subprocess.Popen[str] | None = None
        self.address = ""
        self.data_dir = Path()

    def __enter__(self) -> Self:
        """Raises ServiceDidNotStart if the service ends before it listens."""
        self.data_dir = Path(tempfile.mkdtemp(prefix="acd-demo-"))
        try:
            self._start()
        except BaseException:
            self._clear_away()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear_away()

    def _start(self) -> None:
        log = self.data_dir / "service.log"
        where = ("serve", "--data", str(self.data_dir / "data"), "--listen", "127.0.0.1:0", "--until-eof")
        with log.open("w") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "acd_service.cli", *where, *self._settings],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C is the demo's to handle: it stops the service when it has done with it.
                start_new_session=True,
                env=os.environ | {"NO_COLOR": "1"},
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = _LISTENING.search(line)
            if found:
                self.address = found[1]
                return
        raise ServiceDidNotStart(log.read_text().strip() or "the service ended without a word")

    def _clear_away(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdin.close()
            process.stdout.close()
        shutil.rmtree(self.data_dir, ignore_errors=True)
