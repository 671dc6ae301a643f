"""Makes a journal of an older format one of today's: the tables that it lacks, the checksums, and a chain over all that
is there. Every record is held against its own checksum first, so that nothing damaged is blessed.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service import chain
from acd_service.chain import JOURNAL, Head, Link, Piece
from acd_service.chain_rows import command_pieces, event_pieces, insert_link, read_head, settings_of
from acd_service.journal_format import (
    CHAIN_SCHEMA,
    CHECKSUMS_SCHEMA,
    CHUNKS_SCHEMA,
    FORMAT_VERSION,
    FORMAT_WITH_CHAIN,
    FORMAT_WITH_CHUNKS,
    named_checksum,
    policy_checksum,
)

_PIECES_A_LINK: Final = 64
"""Small enough that what is old can be forgotten in small parts."""
_END: Final = 2**63 - 1


def upgrade(writer: apsw.Connection, format_version: int) -> None:
    """Within a transaction of the caller's. Takes the time to read the journal once; the record itself stays as it is.

    Raises:
        JournalDamaged: a record is not what was written.
    """
    if format_version < FORMAT_WITH_CHUNKS:
        writer.execute(CHUNKS_SCHEMA)
    if format_version < FORMAT_WITH_CHAIN:
        _chain_all(writer)
    writer.pragma("user_version", FORMAT_VERSION)
    note = {
        "upgraded": {"from_format": format_version, "format": FORMAT_VERSION},
        "behaviour_version": BEHAVIOUR_VERSION,
    }
    insert_link(writer, JOURNAL, chain.next_link(read_head(writer, JOURNAL), JOURNAL, note=chain.note_text(note)))


def _chain_all(writer: apsw.Connection) -> None:
    writer.execute(CHECKSUMS_SCHEMA)
    writer.execute(CHAIN_SCHEMA)
    for table, name, value in (("facts", "name", "value"), ("tenants", "tenant", "seed")):
        rows: list[Any] = list(writer.execute(f"SELECT {name}, {value} FROM {table}"))  # noqa: S608
        for row in rows:
            writer.execute(f"UPDATE {table} SET checksum = ? WHERE {name} = ?", (named_checksum(*row), row[0]))  # noqa: S608
    tenants: list[Any] = list(writer.execute("SELECT tenant FROM tenants"))
    for (tenant,) in tenants:
        _chain_up(writer, tenant)


def _chain_up(writer: apsw.Connection, tenant: str) -> None:
    policy_hash = _hash_policies(writer, tenant)
    note = {"settings": settings_of(writer, tenant), "policy_hash": policy_hash.hex()}
    head = _add(writer, tenant, chain.next_link(chain.NO_LINKS, tenant, note=chain.note_text(note)))
    commands = _groups(command_pieces(writer, tenant, 0, _END))
    events = _groups(event_pieces(writer, tenant, 0, _END))
    for (last_seq, some), (last_event_seq, caused) in zip_longest(commands, events, fillvalue=(0, [])):
        link = chain.next_link(
            head, tenant, last_seq=last_seq, last_event_seq=last_event_seq, commands=some, events=caused
        )
        head = _add(writer, tenant, link)


def _groups(pieces: Iterator[tuple[int, Piece]]) -> Iterator[tuple[int, list[Piece]]]:
    """The last number of each group, and the group."""
    group: list[Piece] = []
    last = 0
    for last, piece in pieces:
        group.append(piece)
        if len(group) == _PIECES_A_LINK:
            yield last, group
            group = []
    if group:
        yield last, group


def _hash_policies(writer: apsw.Connection, tenant: str) -> bytes:
    hash_ = chain.ROOT_HASH
    versions: list[Any] = list(
        writer.execute("SELECT policy_version FROM policies WHERE tenant = ? ORDER BY policy_version", (tenant,))
    )
    for (version,) in versions:
        question = "SELECT seq, at_ns, content FROM policies WHERE tenant = ? AND policy_version = ?"
        for seq, at_ns, content in list(writer.execute(question, (tenant, version))):
            hash_ = chain.policy_hash(hash_, version, seq, at_ns, content)
            checksum = policy_checksum(tenant.encode(), version, seq, at_ns, content)
            writer.execute(
                "UPDATE policies SET checksum = ?, hash = ? WHERE tenant = ? AND policy_version = ?",
                (checksum, hash_, tenant, version),
            )
    return hash_


def _add(writer: apsw.Connection, tenant: str, link: Link) -> Head:
    insert_link(writer, tenant, link)
    return chain.head_of(link)
