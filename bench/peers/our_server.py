"""Our router as a process: messages of 256 commands come in by a socket and are answered when they are durable.

    python -m bench.peers.our_server NAME FD DURABILITY FOLDER

What has arrived is applied message by message, committed to the journal in one transaction and then answered; what
arrives meanwhile is applied and goes into the transaction after it, as in the service's sequencer. gRPC is left out, as
HTTP would be from the peers. On the socket FD a message is its time in nanoseconds, its length and its bytes, and an
answer its length and its bytes. A message of length 0 asks for the hash of all events so far. Before the first message
the process says `ready` in an answer of its own.
"""

import contextlib
import select
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from acd_service.batches import apply_batch, read_batch, response_of
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.uncommitted import Uncommitted
from bench.recording import Recording
from bench.workload import SHAPES

DURABILITIES: Final = {"full": "FULL", "normal": "NORMAL", "off": ""}
"""SQLite's `synchronous`: FULL syncs each commit and is what the service uses; NORMAL leaves that to the system, as
Redis's `everysec` does to a thread; without a journal nothing is kept."""
HEADER: Final = struct.Struct("<qI")
LENGTH: Final = struct.Struct("<I")


class _Arrivals:
    """Messages from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._content = b""

    def wait(self, descriptor: int | None) -> bool:
        """Until there is something of a message, or the other side has gone: True; or a descriptor is readable."""
        asked = [self._connection] if descriptor is None else [self._connection, descriptor]
        return self._connection in select.select(asked, [], [])[0]

    def taken(self) -> Iterator[tuple[int, bytes]]:
        """Those that are here.

        Raises:
            EOFError: the other side has gone.
        """
        content = self._connection.recv(1 << 20)
        if not content:
            raise EOFError
        self._content += content
        at = 0
        while len(self._content) - at >= HEADER.size:
            at_ns, length = HEADER.unpack_from(self._content, at)
            end = at + HEADER.size + length
            if len(self._content) < end:
                break
            yield at_ns, self._content[at + HEADER.size : end]
            at = end
        self._content = self._content[at:]


class _Router:
    """An engine and its journal.

    Args:
        journal: None: nothing is kept.
    """

    def __init__(self, engine: Any, journal: SqliteJournal | None, connection: socket.socket) -> None:
        self._engine = engine
        self._journal = journal
        self._connection = connection
        self._seat: Any = SimpleNamespace(tenant=TENANT_DEFAULT, engine=engine)
        self._made = Uncommitted()
        self._answers: list[bytes] = []
        """To what is in `_made`."""
        self._committing: list[bytes] = []
        """The answers to what is being committed."""

    def serve(self) -> None:
        """Until the other side has gone."""
        arrivals = _Arrivals(self._connection)
        _answer(self._connection, [b"ready"])
        while True:
            if arrivals.wait(self._journal.commit_descriptor if self._journal and self._committing else None):
                for at_ns, content in arrivals.taken():
                    self._apply(at_ns, content)
            else:
                self._end_commit()
            if not self._committing:
                self._begin_commit()

    def _apply(self, at_ns: int, content: bytes) -> None:
        if not content:
            self._answers.append(f"{self._engine.event_hash:016x}".encode())
            return
        batch = read_batch(content)
        run = apply_batch(self._engine, at_ns, batch)
        assert run.after == len(batch)
        assert not run.refused, run.refused
        self._made.put_run(self._seat, run)
        self._answers.append(response_of([run]))

    def _begin_commit(self) -> None:
        answers, self._answers = self._answers, []
        if self._journal is None or not self._made:
            _answer(self._connection, answers)
            return
        self._journal.begin_append(self._made.batch())
        self._made, self._committing = Uncommitted(), answers

    def _end_commit(self) -> None:
        assert self._journal is not None
        self._journal.end_append()
        _answer(self._connection, self._committing)
        self._committing = []


def main() -> int:
    name, number, durability, folder = sys.argv[1:]
    synchronous = DURABILITIES[durability]
    journal = SqliteJournal.open(Path(folder), synchronous=synchronous) if synchronous else None
    router = _Router(Recording.of(SHAPES[name]).built(), journal, socket.socket(fileno=int(number)))
    with contextlib.suppress(EOFError):
        router.serve()
    if journal is not None:
        journal.close()
    return 0


def _answer(connection: socket.socket, answers: list[bytes]) -> None:
    connection.sendall(b"".join(LENGTH.pack(len(answer)) + answer for answer in answers))


if __name__ == "__main__":
    sys.exit(main())
