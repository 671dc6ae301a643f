"""A batch that is begun and ended is kept as one that is appended."""

import sys
from pathlib import Path

import apsw
import pytest

from acd_service.chain_check import check_chain
from acd_service.codec.chunks import command_chunk, event_chunk
from acd_service.journal import (
    TENANT_DEFAULT,
    Batch,
    CommandRecord,
    EventRecord,
    JournalWriteFailed,
    PolicyRecord,
    Stretch,
)
from acd_service.journal_sqlite import SqliteJournal


def _stretch(tenant: str, first: int, count: int) -> Stretch:
    contents = [f"{tenant} {seq}".encode() * 5 for seq in range(first, first + count)]
    events = event_chunk(contents)
    last = first + count - 1
    return Stretch(tenant, first, last, last, command_chunk(contents, [7] * count), first, last, events)


def _rows(tenant: str, seqs: range) -> tuple[list[CommandRecord], list[EventRecord]]:
    commands = [CommandRecord(tenant, seq, seq, 2**64 - seq, b"a command") for seq in seqs]
    return commands, [EventRecord(tenant, seq, seq, b"an event") for seq in seqs]


BATCHES = (
    Batch(*_rows(TENANT_DEFAULT, range(1, 4)), []),
    Batch([], [], [], [_stretch(TENANT_DEFAULT, 4, 10)]),
    Batch(
        *_rows("other", range(1, 3)),
        [PolicyRecord(TENANT_DEFAULT, 1, 14, 14, b"one"), PolicyRecord(TENANT_DEFAULT, 2, 15, 15, b"two")],
        [_stretch(TENANT_DEFAULT, 14, 4), _stretch("third", 1, 4)],
    ),
    Batch(*_rows(TENANT_DEFAULT, range(18, 19)), []),
)


def _open(folder: Path) -> SqliteJournal:
    journal = SqliteJournal.open(folder)
    for tenant in (TENANT_DEFAULT, "other", "third"):
        journal.admit(tenant, 1)
    return journal


def _content(folder: Path) -> dict[str, list[object]]:
    """All rows; of links what does not follow from the salt."""
    connection = apsw.Connection(str(folder / "journal.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    columns = {"links": "tenant, number, last_seq, last_event_seq, note", "policies": "*"}
    tables = ("commands", "command_chunks", "events", "event_chunks", "policies", "links")
    found = {
        table: connection.execute(f"SELECT {columns.get(table, '*')} FROM {table} ORDER BY 1, 2").fetchall()
        for table in tables
    }
    connection.close()
    return found


def test_begun_and_ended_is_kept_as_if_it_were_appended(tmp_path: Path) -> None:
    for name in ("appended", "begun"):
        (tmp_path / name).mkdir()
        journal = _open(tmp_path / name)
        for batch in BATCHES:
            if name == "begun":
                journal.begin_append(batch)
                journal.end_append()
            else:
                journal.append(batch)
        journal.close()
    begun = _content(tmp_path / "begun")
    assert begun == _content(tmp_path / "appended")
    assert all(begun.values())
    journal = SqliteJournal.open_to_read(tmp_path / "begun")
    assert check_chain(journal, TENANT_DEFAULT).head.last_seq == 18


def test_a_commit_that_fails_keeps_nothing_and_marks_nothing(tmp_path: Path) -> None:
    journal = _open(tmp_path)
    journal.append(BATCHES[0])
    before = _content(tmp_path)
    writer = journal._writer
    assert writer is not None
    writer.pragma("max_page_count", 1)  # as a disk that is full
    many = Batch([], [], [], [_stretch(TENANT_DEFAULT, 4, 5_000), _stretch("third", 1, 4)])
    journal.begin_append(many)
    with pytest.raises(JournalWriteFailed, match="full"):
        journal.end_append()
    assert _content(tmp_path) == before
    assert not writer.in_transaction
    journal.close()
    SqliteJournal.open(tmp_path).close()  # refuses an end before its mark


def test_a_journal_to_read_begins_nothing(tmp_path: Path) -> None:
    _open(tmp_path).close()
    journal = SqliteJournal.open_to_read(tmp_path)
    assert journal.commit_descriptor is None
    with pytest.raises(JournalWriteFailed, match="to read"):
        journal.begin_append(BATCHES[0])
    journal.close()


@pytest.mark.parametrize("how", ["appended", "begun"])
def test_what_is_durable_is_not_held_until_the_next_batch(tmp_path: Path, how: str) -> None:
    journal = _open(tmp_path)
    batch = Batch([], [], [], [_stretch(TENANT_DEFAULT, 1, 10)])
    before = sys.getrefcount(batch.stretches[0].commands)
    if how == "begun":
        journal.begin_append(batch)
        journal.end_append()
    else:
        journal.append(batch)
    after = sys.getrefcount(batch.stretches[0].commands)
    assert after == before
    journal.close()
