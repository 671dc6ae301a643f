"""Our router's side of the comparison: its process, and messages sent to it with some not yet answered."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.batches import Message
from bench.peers.our_server import HEADER, LENGTH
from bench.peers.private_server import Processor

ROOT: Final = Path(__file__).resolve().parents[2]
MESSAGES_IN_FLIGHT: Final = 16
"""4,096 commands, the most that are tried with Redis, too."""


class OurRouter:
    """A process with an engine in the workload's start state; a context in which it runs.

    Args:
        durability: a key of `our_server.DURABILITIES`.
    """

    def __init__(self, name: str, folder: Path, durability: str) -> None:
        self._arguments = (name, durability, folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket, self._theirs = socket.socketpair()
        self._content = b""

    def __enter__(self) -> Self:
        name, durability, folder = self._arguments
        with self._theirs as theirs:
            number = theirs.fileno()
            words = (sys.executable, "-P", "-m", "bench.peers.our_server", name, number, durability, folder)
            # The modules of this process first, which may be of another build than those beside the sources.
            path = os.pathsep.join([*(each for each in sys.path if Path(each).resolve() != ROOT), str(ROOT)])
            self._process = subprocess.Popen(
                list(map(str, words)), cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, pass_fds=(number,)
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Until the start state is there."""
        assert self._answers(1) == [b"ready"]

    def processor(self) -> Processor:
        """What the router's process uses from now on."""
        assert self._process is not None
        return Processor(self._process.pid)

    def run(self, messages: Sequence[Message]) -> None:
        """Send them all, and wait for all answers."""
        half = MESSAGES_IN_FLIGHT // 2
        outstanding: list[int] = []
        for first in range(0, len(messages), half):
            part = messages[first : first + half]
            self._send(part)
            outstanding.append(len(part))
            if len(outstanding) > 1:
                self._answers(outstanding.pop(0))
        self._answers(sum(outstanding))

    def event_hash(self) -> int:
        """Of everything so far."""
        self._send([(0, b"")])
        return int(self._answers(1)[0], 16)

    def _send(self, messages: Sequence[Message]) -> None:
        self._socket.sendall(b"".join(HEADER.pack(at_ns, len(content)) + content for at_ns, content in messages))

    def _answers(self, count: int) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < count:
            size = LENGTH.size
            if len(self._content) >= size:
                end = size + LENGTH.unpack_from(self._content)[0]
                if len(self._content) >= end:
                    found.append(self._content[size:end])
                    self._content = self._content[end:]
                    continue
            content = self._socket.recv(1 << 20)
            if not content:
                raise RuntimeError("our router ended, see above")
            self._content += content
        return found
