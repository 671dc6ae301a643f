"""Journals of the formats before the chain are made new when they are opened for writing, or left as they were."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from acd_core.commands import EnqueueContact
from acd_core.engine import Engine
from acd_service.chain_check import check_chain
from acd_service.journal import TENANT_DEFAULT, JournalDamaged, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.verify import verify

FORMAT_2 = """
DROP TABLE links;
ALTER TABLE facts DROP COLUMN checksum;
ALTER TABLE tenants DROP COLUMN checksum;
ALTER TABLE policies DROP COLUMN checksum;
ALTER TABLE policies DROP COLUMN hash;
PRAGMA user_version = 2;
"""
"""What format 3 added, taken away. Journals that programs of formats 1 and 2 wrote are in tests/long_life/golden."""


@pytest.fixture
def old(folder: Path) -> Path:
    with sqlite3.connect(folder / "journal.sqlite") as connection:
        connection.executescript(FORMAT_2)
    connection.close()
    (folder / "journal.mark").unlink()
    return folder


def test_it_is_read_as_it_is_and_made_new_when_it_is_written(old: Path) -> None:
    report = verify(old)
    assert report.ok, report.problem
    assert (report.links_checked, report.heads) == (0, {})
    digests = {tenant: recover(SqliteJournal.open_to_read(old), tenant, Engine) for tenant in (TENANT_DEFAULT, "acme")}
    journal = SqliteJournal.open(old)
    for tenant, before in digests.items():
        assert recover(journal, tenant, Engine).engine.state_digest() == before.engine.state_digest()
        assert check_chain(journal, tenant).head.last_seq == before.extent.last_seq
    assert journal.facts_of("acme") == {"agents_max": 9, "streams_max": 3}
    journal.close()
    report = verify(old)
    assert report.ok, report.problem
    assert report.heads[TENANT_DEFAULT]["seq"] == 22
    assert report.links_checked > 4


def test_a_record_that_is_damaged_is_not_blessed(old: Path, change: Callable[..., None]) -> None:
    change(old, "UPDATE events SET content = zeroblob(length(content)) WHERE tenant = 'acme' AND event_seq = 1")
    before = (old / "journal.sqlite").read_bytes()
    with pytest.raises(JournalDamaged, match="event 1 is not what was written"):
        SqliteJournal.open(old)
    with sqlite3.connect(old / "journal.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'links'").fetchone() == (0,)
    connection.close()
    assert len(before) == (old / "journal.sqlite").stat().st_size


def test_a_newer_format_is_refused_with_the_reason(folder: Path, change: Callable[..., None]) -> None:
    change(folder, "PRAGMA user_version = 5")
    with pytest.raises(JournalForeign, match="journal format 5, this program reads formats 1 to 4"):
        SqliteJournal.open(folder)


def test_an_older_journal_in_the_place_of_a_newer_one_is_told(old: Path, kept) -> None:
    kept.commit(EnqueueContact("new", "sales"))
    kept.close()
    (old / "journal.mark").write_bytes((kept.folder / "journal.mark").read_bytes())
    with pytest.raises(JournalDamaged, match="not there any more"):
        SqliteJournal.open(old)


def test_what_was_made_new_can_be_forgotten_in_parts(old: Path) -> None:
    journal = SqliteJournal.open(old)
    journal.forget(TENANT_DEFAULT, through_seq=16, through_event_seq=16)
    found = check_chain(journal, TENANT_DEFAULT)
    assert found.head.last_seq == 22
    journal.close()
