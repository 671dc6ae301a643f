"""The statements that carry a batch into the journal's file, and the links of the chain that it brings.

They are made in full before the first of them is carried out, so that a thread without the interpreter can do that.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import apsw

from acd_service import chain
from acd_service.chain import Head, Link, Piece
from acd_service.chain_rows import policy_hash_kept
from acd_service.journal import Batch, Stretch
from acd_service.journal_format import chunk_checksum, command_checksum, event_checksum, policy_checksum, signed

Statement = tuple[str, Sequence[Any]]
"""A text and its values."""

STRETCHES: Final = """
PRAGMA temp_store = MEMORY;
CREATE TEMP VIEW stretches AS
    SELECT 0 AS tenant, 0 AS first_seq, 0 AS last_seq, 0 AS last_at_ns, 0 AS content, 0 AS checksum,
    0 AS first_event_seq, 0 AS last_event_seq, 0 AS events, 0 AS event_checksum,
    0 AS link, 0 AS link_event_seq, 0 AS salt, 0 AS commands_hash, 0 AS events_hash, 0 AS note, 0 AS hash;
CREATE TEMP TRIGGER keep_stretch INSTEAD OF INSERT ON stretches BEGIN
    INSERT INTO command_chunks VALUES (
        NEW.tenant, NEW.first_seq, NEW.last_seq, NEW.last_at_ns, NEW.content, NEW.checksum);
    INSERT INTO event_chunks
        SELECT NEW.tenant, NEW.first_event_seq, NEW.last_event_seq, NEW.events, NEW.event_checksum
        WHERE length(NEW.events) > 0;
    INSERT INTO links
        SELECT NEW.tenant, NEW.link, NEW.last_seq, NEW.link_event_seq, NEW.salt, NEW.commands_hash, NEW.events_hash,
        NEW.note, NEW.hash WHERE NEW.link IS NOT NULL;
END;
"""
"""Known to the connection that writes alone, and not kept in the file: both chunks and the link go in with one
statement."""
_INSERT_STRETCH: Final = f"INSERT INTO stretches VALUES ({','.join('?' * 17)})"  # noqa: S608
_NO_LINK: Final = (None,) * 7
_ROWS_A_STATEMENT_MAX: Final = 256


def _insert_statements(table: str, columns: int) -> dict[int, str]:
    row = f"({','.join('?' * columns)})"
    return {1 << k: f"INSERT INTO {table} VALUES {','.join([row] * (1 << k))}" for k in range(9)}  # noqa: S608


_INSERT_COMMANDS: Final = _insert_statements("commands", 6)
_INSERT_EVENTS: Final = _insert_statements("events", 5)
_INSERT_LINKS: Final = _insert_statements("links", 9)
_INSERT_EVENT_PIECE: Final = "INSERT INTO event_chunks VALUES (?, ?, ?, ?, ?)"
_INSERT_POLICY: Final = "INSERT INTO policies VALUES (?, ?, ?, ?, ?, ?, ?)"


def _rows(statements: dict[int, str], values: list[Any], columns: int) -> Iterator[Statement]:
    """Rows go in by powers of two: few executions, few distinct statements to keep prepared."""
    at, left, rows = 0, len(values) // columns, _ROWS_A_STATEMENT_MAX
    while left:
        while rows > left:
            rows //= 2
        yield statements[rows], values[at : at + rows * columns]
        at += rows * columns
        left -= rows


def _stretch_row(stretch: Stretch, link: Link | None) -> Statement:
    tenant, first, last, at_ns, content, first_event, last_event, events = stretch
    name = tenant.encode()
    checksum = chunk_checksum(name, first, last, content)
    event_checksum = chunk_checksum(name, first_event, last_event, events)
    row = (tenant, first, last, at_ns, content, checksum, first_event, last_event, events, event_checksum)
    linked = _NO_LINK if link is None else (link.number, *link[2:])
    return _INSERT_STRETCH, (*row, *linked)


class _Pieces:
    """What a transaction holds of one tenant, for its link."""

    __slots__ = ("commands", "events", "last_event_seq", "last_seq")

    def __init__(self) -> None:
        self.commands: list[Piece] = []
        self.events: list[Piece] = []
        self.last_seq = 0
        self.last_event_seq = 0

    def put(self, stretch: Stretch) -> None:
        _, first, last, at_ns, content, first_event, last_event, events = stretch
        self.commands.append(chain.command_piece(first, last, at_ns, content))
        self.last_seq = max(self.last_seq, last)
        if events:
            self.put_events(first_event, last_event, events)

    def put_events(self, first_event: int, last_event: int, events: bytes) -> None:
        self.events.append(chain.event_piece(first_event, last_event, events))
        self.last_event_seq = max(self.last_event_seq, last_event)

    def link(self, head: Head, tenant: str, note: str) -> Link:
        self.commands.sort()
        self.events.sort()
        return chain.next_link(
            head,
            tenant,
            last_seq=self.last_seq,
            last_event_seq=self.last_event_seq,
            commands=self.commands,
            events=self.events,
            note=note,
        )


def transaction_of(
    batch: Batch, writer: apsw.Connection, head_of: Callable[[str], Head]
) -> tuple[list[Statement], dict[str, Link]]:
    """What carries a batch, and the link of each tenant that it will have brought. What a busy service commits again
    and again is one statement.

    Args:
        writer: where what is kept is read.
        head_of: the end of a tenant's chain.
    """
    if len(batch.stretches) == 1 and not (batch.commands or batch.events or batch.policies or batch.event_pieces):
        (stretch,) = batch.stretches
        pieces = _Pieces()
        pieces.put(stretch)
        link = pieces.link(head_of(stretch.tenant), stretch.tenant, "")
        return [_stretch_row(stretch, link)], {stretch.tenant: link}
    touched: dict[str, _Pieces] = {}

    def pieces_of(tenant: str) -> _Pieces:
        pieces = touched.get(tenant)
        if pieces is None:
            pieces = touched[tenant] = _Pieces()
        return pieces

    commands: list[Any] = []
    for tenant, seq, at_ns, event_hash, content in batch.commands:
        checksum = command_checksum(tenant.encode(), seq, at_ns, event_hash, content)
        commands += (tenant, seq, at_ns, signed(event_hash), content, checksum)
        pieces = pieces_of(tenant)
        pieces.commands.append(chain.command_row(seq, at_ns, event_hash, content))
        pieces.last_seq = max(pieces.last_seq, seq)
    events: list[Any] = []
    for tenant, event_seq, seq, content in batch.events:
        events += (tenant, event_seq, seq, content, event_checksum(tenant.encode(), event_seq, seq, content))
        pieces = pieces_of(tenant)
        pieces.events.append(chain.event_row(event_seq, seq, content))
        pieces.last_event_seq = max(pieces.last_event_seq, event_seq)
    statements = [*_rows(_INSERT_COMMANDS, commands, 6), *_rows(_INSERT_EVENTS, events, 5)]
    for stretch in batch.stretches:
        statements.append(_stretch_row(stretch, None))
        pieces_of(stretch.tenant).put(stretch)
    for piece in batch.event_pieces:
        statements.append((_INSERT_EVENT_PIECE, (*piece, chunk_checksum(piece.tenant.encode(), *piece[1:]))))
        pieces_of(piece.tenant).put_events(*piece[1:])
    hashes: dict[str, bytes] = {}
    for policy in batch.policies:
        tenant, version, seq, at_ns, content = policy
        pieces_of(tenant)
        before = hashes.get(tenant) or policy_hash_kept(writer, tenant)
        hashes[tenant] = chain.policy_hash(before, version, seq, at_ns, content)
        checksum = policy_checksum(tenant.encode(), version, seq, at_ns, content)
        statements.append((_INSERT_POLICY, (*policy, checksum, hashes[tenant])))
    notes = {tenant: chain.note_text({"policy_hash": after.hex()}) for tenant, after in hashes.items()}
    links = {tenant: pieces.link(head_of(tenant), tenant, notes.get(tenant, "")) for tenant, pieces in touched.items()}
    statements += _rows(_INSERT_LINKS, [value for tenant, link in links.items() for value in (tenant, *link)], 9)
    return statements, links
