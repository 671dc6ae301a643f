"""Our router as a process: messages of 256 commands come in by a socket and are answered when they are durable.

    python -m bench.peers.our_server NAME FD DURABILITY FOLDER

What has arrived is applied message by message, committed to the journal in one transaction and then answered, as the
service's sequencer does; gRPC is left out, as HTTP would be from the peers. On the socket FD a message is its time in
nanoseconds, its length and its bytes, and an answer its length and its bytes. A message of length 0 asks for the hash
of all events so far. Before the first message the process says `ready` in an answer of its own.
"""

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
_MESSAGES_A_COMMIT: Final = 16
"""4,096 commands, the sequencer's limit."""


class _Arrivals:
    """Messages from a socket, with those that have arrived together."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._content = b""

    def next_group(self) -> list[tuple[int, bytes]]:
        """Waits for one; empty when the other side has gone."""
        while not (group := list(self._taken())):
            content = self._connection.recv(1 << 20)
            if not content:
                return []
            self._content += content
        return group

    def _taken(self) -> Iterator[tuple[int, bytes]]:
        for _ in range(_MESSAGES_A_COMMIT):
            if len(self._content) < HEADER.size:
                return
            at_ns, length = HEADER.unpack_from(self._content)
            end = HEADER.size + length
            if len(self._content) < end:
                return
            message, self._content = self._content[HEADER.size : end], self._content[end:]
            yield at_ns, message


def main() -> int:
    name, number, durability, folder = sys.argv[1:]
    connection = socket.socket(fileno=int(number))
    engine = Recording.of(SHAPES[name]).built()
    synchronous = DURABILITIES[durability]
    journal = SqliteJournal.open(Path(folder), synchronous=synchronous) if synchronous else None
    seat: Any = SimpleNamespace(tenant=TENANT_DEFAULT, engine=engine)
    arrivals = _Arrivals(connection)
    _answer(connection, [b"ready"])
    while group := arrivals.next_group():
        made = Uncommitted()
        answers: list[bytes] = []
        for at_ns, content in group:
            if not content:
                answers.append(f"{engine.event_hash:016x}".encode())
                continue
            batch = read_batch(content)
            run = apply_batch(engine, at_ns, batch)
            assert run.after == len(batch)
            assert not run.refused, run.refused
            made.put_run(seat, run)
            answers.append(response_of([run]))
        if journal is not None and made:
            journal.append(made.batch())
        _answer(connection, answers)
    if journal is not None:
        journal.close()
    return 0


def _answer(connection: socket.socket, answers: list[bytes]) -> None:
    connection.sendall(b"".join(LENGTH.pack(len(answer)) + answer for answer in answers))


if __name__ == "__main__":
    sys.exit(main())
