"""What the chain is kept in, and what it is over, as a connection to the journal's file sees it."""

import heapq
import json
from collections.abc import Iterator
from typing import Any, Final

import apsw

from acd_service.chain import (
    NO_LINKS,
    ROOT_HASH,
    Head,
    Link,
    Piece,
    command_piece,
    command_row,
    event_piece,
    event_row,
    policy_hash,
)
from acd_service.journal import JournalDamaged
from acd_service.journal_format import (
    chunk_checksum,
    command_checksum,
    event_checksum,
    named_checksum,
    policy_checksum,
    row_of,
)

_COLUMNS: Final = "number, last_seq, last_event_seq, salt, commands, events, note, hash"


def read_head(connection: apsw.Connection, tenant: str) -> Head:
    """The end of a chain; `NO_LINKS` if there is none."""
    question = "SELECT number, last_seq, last_event_seq, hash FROM links WHERE tenant = ? ORDER BY number DESC LIMIT 1"
    row = row_of(connection, question, (tenant,))
    return NO_LINKS if row is None else Head(*row)


def read_links(connection: apsw.Connection, tenant: str, from_number: int, links_max: int) -> list[Link]:
    question = f"SELECT {_COLUMNS} FROM links WHERE tenant = ? AND number >= ? ORDER BY number LIMIT ?"  # noqa: S608
    rows: Any = connection.execute(question, (tenant, from_number, links_max))
    return [Link(*row) for row in rows]


def read_link(connection: apsw.Connection, tenant: str, number: int) -> Link | None:
    row = row_of(connection, f"SELECT {_COLUMNS} FROM links WHERE tenant = ? AND number = ?", (tenant, number))  # noqa: S608
    return None if row is None else Link(*row)


def notes_of_erasures(connection: apsw.Connection, tenant: str, after: int) -> list[dict[str, Any]]:
    """What links behind one say of records that were replaced in links up to it."""
    question = "SELECT note FROM links WHERE tenant = ? AND number > ? AND note LIKE '%\"erased\"%' ORDER BY number"
    found = []
    for (note,) in connection.execute(question, (tenant, after)):
        erased = json.loads(note)["erased"]
        links = {number: hashes for number, hashes in erased["links"].items() if int(number) <= after}
        if links:
            found.append({"erased": {**erased, "links": links}})
    return found


def insert_link(connection: apsw.Connection, tenant: str, link: Link) -> None:
    connection.execute("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (tenant, *link))


def oldest_link(connection: apsw.Connection, tenant: str) -> int:
    """The number of the oldest link that is kept; 0 if there is none."""
    number: int | None = row_of(connection, "SELECT min(number) FROM links WHERE tenant = ?", (tenant,))[0]
    return number or 0


def settings_of(connection: apsw.Connection, tenant: str) -> dict[str, Any]:
    """What is noted of a tenant beside its record, as the chain has it.

    Raises:
        JournalDamaged: a checksum is wrong.
    """
    seed = row_of(connection, "SELECT tenant, seed, checksum FROM tenants WHERE tenant = ?", (tenant,))
    place = f"tenant/{tenant}/"
    rows: Any = connection.execute(
        "SELECT name, value, checksum FROM facts WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name", (place,)
    ).fetchall()
    for name, value, checksum in (seed, *rows) if seed is not None else rows:
        if named_checksum(name, value) != checksum:
            raise JournalDamaged(f"what is noted of {name!r} is not what was written")
    return {"seed": None if seed is None else seed[1], "facts": {name[len(place) :]: value for name, value, _ in rows}}


def policy_hash_kept(connection: apsw.Connection, tenant: str) -> bytes:
    """The end of the chain of policies, as it is kept beside the newest."""
    row = row_of(
        connection, "SELECT hash FROM policies WHERE tenant = ? ORDER BY policy_version DESC LIMIT 1", (tenant,)
    )
    return ROOT_HASH if row is None else bytes(row[0])


def policy_hash_proved(connection: apsw.Connection, tenant: str) -> bytes:
    """As `policy_hash_kept`, from the policies themselves.

    Raises:
        JournalDamaged: naming the first that is not what was written.
    """
    hash_ = ROOT_HASH
    for version, seq, at_ns, content, checksum, kept in connection.execute(
        "SELECT policy_version, seq, at_ns, content, checksum, hash FROM policies WHERE tenant = ?"
        " ORDER BY policy_version",
        (tenant,),
    ):
        hash_ = policy_hash(hash_, version, seq, at_ns, content)
        if policy_checksum(tenant.encode(), version, seq, at_ns, content) != checksum or hash_ != kept:
            raise JournalDamaged(f"policy {version} is not what was written")
    return hash_


def command_pieces(connection: apsw.Connection, tenant: str, after: int, through: int) -> Iterator[tuple[int, Piece]]:
    """Commands as they are kept, in order, those of format 1 and 2 as well: the last number of each piece, and it.

    Raises:
        JournalDamaged: a checksum is wrong.
    """
    name = tenant.encode()

    def rows() -> Iterator[tuple[int, Piece]]:
        for seq, at_ns, event_hash, content, checksum in connection.execute(
            "SELECT seq, at_ns, event_hash, content, checksum FROM commands"
            " WHERE tenant = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (tenant, after, through),
        ):
            if command_checksum(name, seq, at_ns, event_hash % 2**64, content) != checksum:
                raise JournalDamaged(f"command {seq} is not what was written", seq - 1)
            yield seq, command_row(seq, at_ns, event_hash % 2**64, content)

    def chunks() -> Iterator[tuple[int, Piece]]:
        for first, last, at_ns, content, checksum in connection.execute(
            "SELECT first_seq, last_seq, last_at_ns, content, checksum FROM command_chunks"
            " WHERE tenant = ? AND first_seq > ? AND first_seq <= ? ORDER BY first_seq",
            (tenant, after, through),
        ):
            if chunk_checksum(name, first, last, content) != checksum:
                raise JournalDamaged(f"commands {first} to {last} are not what was written", first - 1)
            yield last, command_piece(first, last, at_ns, content)

    return _in_order(connection, rows(), "command_chunks", chunks())


def event_pieces(connection: apsw.Connection, tenant: str, after: int, through: int) -> Iterator[tuple[int, Piece]]:
    """As `command_pieces`, of events."""
    name = tenant.encode()

    def rows() -> Iterator[tuple[int, Piece]]:
        for event_seq, seq, content, checksum in connection.execute(
            "SELECT event_seq, seq, content, checksum FROM events"
            " WHERE tenant = ? AND event_seq > ? AND event_seq <= ? ORDER BY event_seq",
            (tenant, after, through),
        ):
            if event_checksum(name, event_seq, seq, content) != checksum:
                raise JournalDamaged(f"event {event_seq} is not what was written", seq - 1)
            yield event_seq, event_row(event_seq, seq, content)

    def chunks() -> Iterator[tuple[int, Piece]]:
        for first, last, content, checksum in connection.execute(
            "SELECT first_event_seq, last_event_seq, content, checksum FROM event_chunks"
            " WHERE tenant = ? AND first_event_seq > ? AND first_event_seq <= ? ORDER BY first_event_seq",
            (tenant, after, through),
        ):
            if chunk_checksum(name, first, last, content) != checksum:
                raise JournalDamaged(f"events {first} to {last} are not what was written")
            yield last, event_piece(first, last, content)

    return _in_order(connection, rows(), "event_chunks", chunks())


def last_numbers(connection: apsw.Connection, tenant: str) -> tuple[int, int]:
    """The last command and the last event that are kept; 0 if there is none."""
    question = (
        "SELECT max(ifnull((SELECT max(seq) FROM commands WHERE tenant = ?1), 0),"
        " ifnull((SELECT last_seq FROM command_chunks WHERE tenant = ?1 ORDER BY first_seq DESC LIMIT 1), 0)),"
        " max(ifnull((SELECT max(event_seq) FROM events WHERE tenant = ?1), 0), ifnull("
        "(SELECT last_event_seq FROM event_chunks WHERE tenant = ?1 ORDER BY first_event_seq DESC LIMIT 1), 0))"
    )
    command, event = row_of(connection, question, (tenant,))
    return command, event


def _in_order(
    connection: apsw.Connection,
    rows: Iterator[tuple[int, Piece]],
    table: str,
    chunks: Iterator[tuple[int, Piece]],
) -> Iterator[tuple[int, Piece]]:
    if row_of(connection, "SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)) is None:
        return rows
    return heapq.merge(rows, chunks, key=lambda found: found[1][0])
