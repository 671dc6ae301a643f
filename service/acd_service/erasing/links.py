"""A tenant's record link by link of its chain, and what a link is over when something of it was replaced."""

import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import apsw

from acd_service.chain import (
    SALT_BYTES,
    Link,
    Piece,
    command_piece,
    command_row,
    digest_of,
    event_piece,
    event_row,
)
from acd_service.chain_rows import command_pieces, event_pieces, oldest_link, read_link, read_links
from acd_service.codec.chunks import command_chunk, commands_in, event_chunk, events_in
from acd_service.codec.personal import Theirs
from acd_service.journal_format import chunk_checksum, command_checksum, event_checksum, signed
from acd_service.journal_reader import JournalReader

_LINKS_AT_ONCE: Final = 128
_BYTES_AT_ONCE: Final = 2**20
"""About so much is read, and at most replaced, at a time: as long as a few commits."""


class LinkRecords(NamedTuple):
    """A link and the rows that it is over."""

    link: Link
    commands: list[Piece]
    events: list[Piece]


class Replaced(NamedTuple):
    """What a link is over from now on."""

    number: int
    salt: bytes
    commands: bytes
    """As `Link.commands`, over the new rows and the new salt."""
    events: bytes
    rows: list[Piece]
    """Those that are new."""


def links_through(journal: JournalReader, tenant: str, seq: int, from_number: int = -1) -> Iterator[list[LinkRecords]]:
    """The links of which something is kept, from one on up to the one with this command, some at a time.

    Raises:
        JournalDamaged: a record is not what was written.
    """
    number = from_number
    while True:
        group: list[LinkRecords] = []
        size = 0
        with journal.reading() as reader:
            oldest = oldest_link(reader, tenant)
            # What the oldest link itself is over was forgotten, unless it is the first.
            number = max(number, oldest + 1 if oldest else 0)
            before = read_link(reader, tenant, number - 1)
            reached, events_reached = (0, 0) if before is None else (before.last_seq, before.last_event_seq)
            for link in read_links(reader, tenant, number, _LINKS_AT_ONCE):
                if reached >= seq or size > _BYTES_AT_ONCE:
                    break
                commands = [piece for _, piece in command_pieces(reader, tenant, reached, link.last_seq)]
                events = [piece for _, piece in event_pieces(reader, tenant, events_reached, link.last_event_seq)]
                group.append(LinkRecords(link, commands, events))
                size += sum(len(content) for _, _, content in (*commands, *events))
                reached, events_reached, number = link.last_seq, link.last_event_seq, link.number + 1
        if not group:
            return
        yield group


def without(records: LinkRecords, theirs: Theirs, through_seq: int) -> Replaced | None:
    """What is left of a link without what is the customer's in it, and without the running hashes of events from there
    on. None if the link stays as it is.
    """
    link = records.link
    commands = _commands_without(records.commands, theirs, through_seq)
    theirs.passed(link.last_seq)
    events = _events_without(records.events, theirs, through_seq)
    theirs.forget_closed(link.last_seq)
    rows = [new for old, new in zip(records.commands, commands, strict=True) if old != new]
    rows += [new for old, new in zip(records.events, events, strict=True) if old != new]
    if not rows:
        return None
    salt = os.urandom(SALT_BYTES)
    return Replaced(link.number, salt, digest_of(salt, commands), digest_of(salt, events), rows)


def _commands_without(pieces: list[Piece], theirs: Theirs, through_seq: int) -> list[Piece]:
    left: list[Piece] = []
    for piece in pieces:
        first, columns, content = piece
        is_row = columns[:1] == b"c"
        concerned = theirs.concerns(content)
        if first > through_seq or not (concerned or (theirs.from_seq and not _has_no_hash(columns, content))):
            left.append(piece)
            continue
        if is_row:
            _, seq, at_ns, event_hash, _ = struct.unpack("<cqqQI", columns)
            records = [(seq, at_ns, event_hash, content)]
        else:
            records = commands_in(content)
        contents, hashes = [], []
        for seq, _, event_hash, record in records:
            cleaned = theirs.command(record) if concerned and seq <= through_seq else None
            contents.append(record if cleaned is None else cleaned)
            hashes.append(0 if theirs.from_seq and theirs.from_seq <= seq <= through_seq else event_hash)
        if is_row:
            left.append(command_row(first, records[0][1], hashes[0], contents[0]))
        else:
            left.append(command_piece(first, records[-1][0], records[-1][1], command_chunk(contents, hashes)))
    return left


def _has_no_hash(columns: bytes, content: bytes) -> bool:
    """Whether the running hash of events, the last one in a chunk, was dropped before."""
    if columns[:1] == b"c":
        return bool(struct.unpack("<cqqQI", columns)[3] == 0)
    return content.endswith(bytes(8))


def _events_without(pieces: list[Piece], theirs: Theirs, through_seq: int) -> list[Piece]:
    left: list[Piece] = []
    for piece in pieces:
        first, columns, content = piece
        if not theirs.concerns(content):
            left.append(piece)
            continue
        is_row = columns[:1] == b"e"
        events = [(first, _seq_of(columns), content)] if is_row else events_in(content)
        contents = []
        for _, seq, event in events:
            cleaned = theirs.event(event) if seq <= through_seq else None
            contents.append(event if cleaned is None else cleaned)
        if is_row:
            left.append(event_row(first, events[0][1], contents[0]))
        else:
            left.append(event_piece(first, events[-1][0], event_chunk(contents)))
    return left


def _seq_of(columns: bytes) -> int:
    return int(struct.unpack("<cqqI", columns)[2])


def write_replaced(writer: apsw.Connection, tenant: str, replaced: Replaced) -> None:
    """Put the new rows and the new salt in the places of the old ones, within a transaction of the caller's."""
    name = tenant.encode()
    for first, columns, content in replaced.rows:
        kind = columns[:1]
        if kind == b"c":
            _, seq, at_ns, event_hash, _ = struct.unpack("<cqqQI", columns)
            checksum = command_checksum(name, seq, at_ns, event_hash, content)
            writer.execute(
                "UPDATE commands SET event_hash = ?, content = ?, checksum = ? WHERE tenant = ? AND seq = ?",
                (signed(event_hash), content, checksum, tenant, seq),
            )
        elif kind == b"e":
            checksum = event_checksum(name, first, _seq_of(columns), content)
            writer.execute(
                "UPDATE events SET content = ?, checksum = ? WHERE tenant = ? AND event_seq = ?",
                (content, checksum, tenant, first),
            )
        else:
            table, column = ("command_chunks", "first_seq") if kind == b"C" else ("event_chunks", "first_event_seq")
            last = struct.unpack_from("<cqq", columns)[2]
            writer.execute(
                f"UPDATE {table} SET content = ?, checksum = ? WHERE tenant = ? AND {column} = ?",  # noqa: S608
                (content, chunk_checksum(name, first, last, content), tenant, first),
            )
    writer.execute(
        "UPDATE links SET salt = ? WHERE tenant = ? AND number = ?", (replaced.salt, tenant, replaced.number)
    )
