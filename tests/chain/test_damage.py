"""A flipped bit in any column of any row is named and never served; a link that does not hold is named."""

import random
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acd_core.engine import Engine
from acd_service.chain_check import ChainBroken, check_chain
from acd_service.journal import TENANT_DEFAULT, JournalError
from acd_service.journal_format import command_checksum
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.verify import verify

TABLES = {
    "facts": "name", "tenants": "tenant", "commands": "seq", "events": "event_seq", "policies": "policy_version",
    "command_chunks": "first_seq", "event_chunks": "first_event_seq", "links": "number",
}  # fmt: skip


def told(folder: Path) -> Any:
    """All that a service would tell of the journal, or the JournalError with which it refuses."""
    journal = SqliteJournal.open(folder, synchronous="OFF")
    try:
        answer = []
        for tenant in journal.tenants():
            recovered = recover(journal, tenant, Engine)
            events = journal.read_events(tenant, 1, events_max=1_000, bytes_max=2**24)
            policies = journal.read_policies(tenant, up_to_version=9, policies_max=9)
            answer += [recovered, list(journal.read(tenant, 1)), events, policies, journal.facts_of(tenant)]
            answer[-5] = (recovered.engine.state_digest(), recovered.extent)
        return answer
    finally:
        journal.close()


def flipped(value: Any, draw: random.Random) -> Any:
    if isinstance(value, int):
        return value ^ (1 << draw.randrange(40))
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(7)
    return raw.decode() if isinstance(value, str) else bytes(raw)


@pytest.mark.parametrize("table", TABLES)
def test_a_flipped_bit_in_any_column_is_named_and_never_served(folder: Path, table: str) -> None:
    sound, draw = told(folder), random.Random(table)
    database = folder / "journal.sqlite"
    whole = database.read_bytes()
    mark = (folder / "journal.mark").read_bytes()
    connection = sqlite3.connect(database)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    connection.close()
    assert rows
    tried = 0
    for row in draw.sample(rows, min(len(rows), 4)):
        for column, value in zip(columns, row, strict=True):
            if value in (b"", ""):
                continue
            where = " AND ".join(f"{name} = ?" for name in columns)
            connection = sqlite3.connect(database, isolation_level=None)
            connection.execute(
                f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {where}", (flipped(value, draw), *row)
            )
            connection.close()
            report = verify(folder)
            assert not report.ok, (table, column, row)
            try:
                now = told(folder)
                if table == "policies":  # one that is not of its tenant any more is not shown, and nothing in its place
                    for place in (3, 8):
                        assert all(policy in sound[place] for policy in now[place])
                        now[place] = sound[place]
                assert now == sound, (table, column, row)
            except JournalError:
                pass
            for path in folder.glob("journal.sqlite*"):
                path.unlink()
            database.write_bytes(whole)
            (folder / "journal.mark").write_bytes(mark)
            tried += 1
    assert tried > 3


def test_a_record_written_anew_with_its_checksum_breaks_the_chain(folder: Path, change: Callable[..., None]) -> None:
    """Who asked is no business of the engine, so a replay finds nothing wrong."""
    connection = sqlite3.connect(folder / "journal.sqlite")
    at_ns, event_hash, content = connection.execute(
        "SELECT at_ns, event_hash, content FROM commands WHERE tenant = 'default' AND seq = 2"
    ).fetchone()
    connection.close()
    forged = content + _asked_by("mallory")
    checksum = command_checksum(b"default", 2, at_ns, event_hash % 2**64, forged)
    change(
        folder, "UPDATE commands SET content = ?, checksum = ? WHERE tenant = 'default' AND seq = 2", forged, checksum
    )
    journal = SqliteJournal.open_to_read(folder)
    assert recover(journal, TENANT_DEFAULT, Engine).engine.seq == 22
    report = verify(folder)
    assert (report.error, report.good_through_seq) == ("ChainBroken", 1)
    assert "breaks at link 2: the commands that it is over" in report.problem


def _asked_by(name: str) -> bytes:
    from acd_service.codec import asked_by_field

    return asked_by_field(name)


_HASH_OF_ANOTHER = (
    "UPDATE links SET hash = (SELECT hash FROM links WHERE tenant = 'default' AND number = 3)"
    " WHERE tenant = 'default' AND number = 2"
)
_LAST_AGAIN = (
    "INSERT INTO links SELECT tenant, number + 1, last_seq, last_event_seq, salt, commands, events, note, hash"
    " FROM links WHERE tenant = 'default' AND number = 7"
)


@pytest.mark.parametrize(
    ("statement", "number", "good"),
    [
        ("DELETE FROM links WHERE tenant = 'default' AND number = 3", 3, 2),
        ("DELETE FROM links WHERE tenant = 'default' AND number = 0", 1, 0),
        ("UPDATE links SET note = '{}' WHERE tenant = 'default' AND number = 0", 0, 0),
        ("UPDATE links SET last_seq = last_seq + 1 WHERE tenant = 'default' AND number = 2", 2, 1),
        ("DELETE FROM links WHERE tenant = 'default' AND number = 7", 7, 16),
        (_HASH_OF_ANOTHER, 2, 1),
        (_LAST_AGAIN, 8, 22),
    ],
    ids=["dropped", "first dropped", "note", "numbers", "last dropped", "hash of another", "duplicated"],
)
def test_the_first_link_that_does_not_hold_is_named(
    folder: Path, change: Callable[..., None], statement: str, number: int, good: int
) -> None:
    change(folder, statement)
    (folder / "journal.mark").unlink()  # which would tell some of them first
    with pytest.raises(ChainBroken) as caught:
        check_chain(SqliteJournal.open_to_read(folder), TENANT_DEFAULT)
    assert (caught.value.number, caught.value.good_through_seq) == (number, good)
    assert verify(folder).error == "ChainBroken"


def test_swapped_links_are_told(folder: Path, change: Callable[..., None]) -> None:
    for old, new in ((2, -1), (3, 2), (-1, 3)):
        change(folder, "UPDATE links SET number = ? WHERE tenant = 'default' AND number = ?", new, old)
    with pytest.raises(ChainBroken, match="breaks at link 2"):
        check_chain(SqliteJournal.open_to_read(folder), TENANT_DEFAULT)


def test_a_policy_and_a_setting_written_anew_with_their_checksums_are_told(
    folder: Path, change: Callable[..., None]
) -> None:
    change(folder, "UPDATE facts SET value = 99, checksum = ? WHERE name = 'tenant/acme/agents_max'",
           zlib.crc32((99).to_bytes(8, "little"), zlib.crc32(b"tenant/acme/agents_max")))  # fmt: skip
    assert SqliteJournal.open_to_read(folder).facts_of("acme")["agents_max"] == 99
    report = verify(folder)
    assert report.error == "ChainBroken"
    assert "its settings are not what was noted last" in report.problem
