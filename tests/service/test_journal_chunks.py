"""Large batches are kept as chunks: read back among rows, from any place; damage to them is found."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd_core.commands import ApplyPolicy, Command, EnqueueContact
from acd_core.engine import Engine
from acd_core.enums import EventType
from acd_core.events import Event
from acd_core.policy import Policy, QueueSpec
from acd_service import codec
from acd_service.batch_taken import stretch_of
from acd_service.batches import apply_batch, read_batch
from acd_service.chain_check import check_chain
from acd_service.codec.batches import dispatch_request
from acd_service.codec.chunks import command_chunk, commands_in, event_chunk, events_in
from acd_service.data_dir import high_water_path, journal_path
from acd_service.journal import TENANT_DEFAULT, Batch, CommandRecord, EventRecord, JournalDamaged, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover, replay_all

T0 = 1_700_000_000_000_000_000


class Written:
    """A journal as it grows, beside the engine that it is of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = SqliteJournal.open(folder, synchronous="OFF")
        self.journal.admit(TENANT_DEFAULT, 0)
        self.engine = Engine()
        self.at_ns = T0
        self.events: list[bytes] = []

    def single(self, *commands: Command) -> None:
        """One transaction, a row for each command."""
        records, events = [], []
        for command in commands:
            self.at_ns += 1
            answer = self.engine.apply(self.at_ns, command)
            content = codec.encode_record(answer.seq, answer.at_ns, command)
            records.append(CommandRecord(TENANT_DEFAULT, answer.seq, self.at_ns, self.engine.event_hash, content))
            events += [EventRecord(TENANT_DEFAULT, e.event_seq, e.seq, codec.encode_event(e)) for e in answer.events]
        self.events += [event.content for event in events]
        self.journal.append(Batch(records, events))

    def batches(self, *sizes: int) -> None:
        """One transaction, a chunk for each batch."""
        stretches = []
        for size in sizes:
            self.at_ns += 1
            content = dispatch_request([EnqueueContact("", "sales") for _ in range(size)])
            run = apply_batch(self.engine, self.at_ns, read_batch(content))
            stretches.append(stretch_of(TENANT_DEFAULT, run))
            self.events += [content for _, _, content in events_in(run.events)]
        self.journal.append(Batch((), (), stretches=stretches))

    def change(self, statement: str) -> None:
        """Change the file behind the journal's back; it is open to read from then on."""
        self.journal.close()
        with sqlite3.connect(journal_path(self.folder)) as connection:
            connection.execute(statement)
        connection.close()
        self.journal = SqliteJournal.open_to_read(self.folder)


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    """Commands 1 to 2 in rows, 3 to 7 and 8 to 10 in chunks, 11 and 12 in rows, 13 to 92 in a chunk."""
    made = Written(tmp_path)
    made.single(ApplyPolicy(Policy(queues=(QueueSpec("sales"),))), EnqueueContact("c1", "sales"))
    made.batches(5, 3)
    made.single(EnqueueContact("c2", "sales"), EnqueueContact("c3", "sales"))
    made.batches(80)
    yield made
    made.journal.close()


def test_all_is_read_back_in_order_from_any_place(written: Written) -> None:
    journal, last, last_event = written.journal, written.engine.seq, written.engine.event_seq
    assert (last, last_event) == (92, 92)
    for start in range(1, last + 2):
        assert [record.seq for record in journal.read(TENANT_DEFAULT, start)] == list(range(start, last + 1))
    for start in (1, 2, 3, 5, 7, 8, 11, 13, 50, 92):
        records = journal.read_events(TENANT_DEFAULT, start, events_max=200, bytes_max=10**6)
        assert [record.content for record in records] == written.events[start - 1 :]
        assert all(record.seq == record.event_seq for record in records)
    some = journal.read_events(TENANT_DEFAULT, 4, events_max=5, bytes_max=10**6)
    assert [record.event_seq for record in some] == [4, 5, 6, 7, 8]
    assert len(journal.read_events(TENANT_DEFAULT, 4, events_max=50, bytes_max=1)) == 1
    assert journal.read_events(TENANT_DEFAULT, 93, events_max=5, bytes_max=10**6) == []
    extent = journal.extent(TENANT_DEFAULT)
    assert (extent.oldest_seq, extent.last_seq, extent.last_at_ns) == (1, 92, written.at_ns)
    assert (extent.oldest_event_seq, extent.last_event_seq) == (1, 92)


def test_a_restart_finds_the_same_engine(written: Written) -> None:
    recovered = recover(written.journal, TENANT_DEFAULT, Engine)
    assert recovered.engine.state_digest() == written.engine.state_digest()
    assert recovered.replayed == 92


def test_what_is_forgotten_goes_by_whole_transactions(written: Written) -> None:
    written.journal.forget(TENANT_DEFAULT, through_seq=11, through_event_seq=9)
    extent = written.journal.extent(TENANT_DEFAULT)
    assert (extent.oldest_seq, extent.oldest_event_seq) == (11, 3)
    assert [record.seq for record in written.journal.read(TENANT_DEFAULT, 11)] == list(range(11, 93))
    written.journal.forget(TENANT_DEFAULT, through_seq=10**6, through_event_seq=10**6)
    assert written.journal.extent(TENANT_DEFAULT).last_seq == 92


@pytest.mark.parametrize(
    ("statement", "message", "good"),
    [
        (
            "UPDATE command_chunks SET content = zeroblob(length(content)) WHERE first_seq = 8",
            "8 to 10 are not what",
            7,
        ),
        ("UPDATE command_chunks SET last_seq = 9 WHERE first_seq = 8", "commands 8 to 9 are not what", 7),
        ("DELETE FROM command_chunks WHERE first_seq = 8", "command 8 is missing", 7),
        ("DELETE FROM commands WHERE seq = 12", "command 12 is missing", 11),
        ("DELETE FROM command_chunks WHERE first_seq = 3", "command 3 is missing", 2),
    ],
)
def test_damage_to_commands_is_found(written: Written, statement: str, message: str, good: int) -> None:
    written.change(statement)
    seqs: list[int] = []
    with pytest.raises(JournalDamaged, match=message) as caught:
        seqs.extend(record.seq for record in written.journal.read(TENANT_DEFAULT, 1))
    assert caught.value.good_through_seq == good
    assert seqs == list(range(1, good + 1))
    with pytest.raises(JournalDamaged, match=message):
        recover(written.journal, TENANT_DEFAULT, Engine)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE event_chunks SET content = substr(content, 2) WHERE first_event_seq = 8",
            "events 8 to 10 are not what",
        ),
        ("DELETE FROM event_chunks WHERE first_event_seq = 8", "event 8 is missing"),
        ("DELETE FROM events WHERE event_seq = 11", "event 11 is missing"),
    ],
)
def test_damage_to_events_is_found(written: Written, statement: str, message: str) -> None:
    written.change(statement)
    with pytest.raises(JournalDamaged, match=message):
        written.journal.read_events(TENANT_DEFAULT, 1, events_max=1_000, bytes_max=10**6)


def test_a_journal_of_the_first_format_is_read_and_then_written(tmp_path: Path) -> None:
    old = Written(tmp_path)
    old.single(ApplyPolicy(Policy(queues=(QueueSpec("sales"),))), EnqueueContact("c1", "sales"))
    old.journal.close()
    with sqlite3.connect(journal_path(tmp_path)) as connection:
        connection.executescript(
            "DROP TABLE command_chunks; DROP TABLE event_chunks; DROP TABLE links;"
            "ALTER TABLE facts DROP COLUMN checksum; ALTER TABLE tenants DROP COLUMN checksum;"
            "ALTER TABLE policies DROP COLUMN checksum; ALTER TABLE policies DROP COLUMN hash;"
            "PRAGMA user_version = 1"
        )
    connection.close()
    high_water_path(tmp_path).unlink()
    old.journal = SqliteJournal.open_to_read(tmp_path)
    assert recover(old.journal, TENANT_DEFAULT, Engine).engine.state_digest() == old.engine.state_digest()
    assert len(old.journal.read_events(TENANT_DEFAULT, 1, events_max=9, bytes_max=10**6)) == 2
    old.journal = SqliteJournal.open(tmp_path, synchronous="OFF")
    old.batches(3)
    assert [record.seq for record in old.journal.read(TENANT_DEFAULT, 1)] == [1, 2, 3, 4, 5]
    assert check_chain(old.journal, TENANT_DEFAULT).head.last_seq == 5
    old.journal.close()
    with sqlite3.connect(journal_path(tmp_path)) as connection:
        connection.execute("PRAGMA user_version = 5")
    connection.close()
    with pytest.raises(JournalForeign, match="formats 1 to 4"):
        SqliteJournal.open(tmp_path)


def test_a_command_that_comes_out_otherwise_is_named(written: Written) -> None:
    other = Engine(seed=5)
    other.apply(T0, ApplyPolicy(Policy(queues=(QueueSpec("sales"), QueueSpec("support")))))
    chunk = next(written.journal.read_chunks(TENANT_DEFAULT, 2))
    with pytest.raises(JournalDamaged, match="command 2 gives other events"):
        replay_all(other, chunk)


@pytest.mark.parametrize(
    "content", [b"", b"\x0a", b"\x0a\x05ab", b"\x12\x08" + bytes(8), b"\x0a\x00\x12\x08" + bytes(8)]
)
def test_bytes_that_are_no_chunk_of_commands_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"record|hashes|command"):
        commands_in(content)


@pytest.mark.parametrize("content", [b"\x0a\x00", b"\x12\x05a", b"\x12\x01a", b"\x12\x02\x08\x01"])
def test_bytes_that_are_no_chunk_of_events_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="event"):
        events_in(content)


def test_some_events_of_a_chunk_are_read_and_all_looked_at() -> None:
    contents = [codec.encode_event(Event(EventType.CONTACT_HELD, number, 1, 1)) for number in range(7, 107)]
    chunk = event_chunk(contents)
    assert [number for number, _, _ in events_in(chunk)] == list(range(7, 107))
    assert events_in(chunk, 50, 3) == [(number, 1, contents[number - 7]) for number in (50, 51, 52)]
    assert [number for number, _, _ in events_in(chunk, 105, 3)] == [105, 106]
    assert events_in(chunk, 107, 3) == events_in(chunk, 50, 0) == []
    with pytest.raises(ValueError, match="event 60 stands behind event 58"):
        events_in(event_chunk(contents[:52] + contents[53:]), 7, 3)


def test_chunks_come_apart_as_they_were_put_together() -> None:
    records = [codec.encode_record(seq, T0 + seq, EnqueueContact("c", "q" * (seq % 120 + 1))) for seq in range(1, 300)]
    hashes = [2**64 - seq for seq in range(1, 300)]
    found = commands_in(command_chunk(records, hashes))
    assert found == [(n + 1, T0 + n + 1, hashes[n], records[n]) for n in range(299)]
    assert events_in(event_chunk([])) == []
