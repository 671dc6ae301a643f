"""A journal that was cut or changed on disk: told by name, never served, and up to where it is good.

Short form: a sample of places. ACD_TEST_DAMAGE_PLACES says how many.
"""

import json
import os
import random
import shutil
import sqlite3

import pytest
from click.testing import CliRunner

from acd_core.commands import ApplyPolicy, EnqueueContact, SetPresence, UpsertAgents
from acd_core.enums import Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service import codec
from acd_service.cli.verify import verify_command
from acd_service.codec.chunks import command_chunk, event_chunk
from acd_service.engine_interface import engine_maker
from acd_service.journal import (
    TENANT_DEFAULT,
    Batch,
    CommandRecord,
    EventRecord,
    JournalDamaged,
    JournalError,
    PolicyRecord,
    Stretch,
)
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.verify import verify

ENGINE = os.environ.get("ACD_TEST_ENGINE", "compiled")
PLACES = int(os.environ.get("ACD_TEST_DAMAGE_PLACES", "150"))
in_many_places = pytest.mark.parametrize(
    "places", [PLACES, pytest.param(5_000, marks=[pytest.mark.slow, pytest.mark.timeout(3_000)])]
)
SECOND = 10**9
MAKE = engine_maker(ENGINE)


def _commands():
    yield ApplyPolicy(Policy(queues=(QueueSpec("sales", offer_timeout_ms=3_600_000),)))
    yield UpsertAgents((AgentSpec("ann"), AgentSpec("bob")))
    yield SetPresence("ann", Presence.READY)
    for number in range(40):
        yield EnqueueContact(f"c{number}", "sales", attributes=b"", request_id=f"r{number}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A journal with rows, chunks and a snapshot, checkpointed and closed."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder, checkpoint=True)
    return folder


def write(folder, *, checkpoint):
    journal = SqliteJournal.open(folder)
    journal.admit(TENANT_DEFAULT, 7)
    engine, pending = MAKE(7), []
    for number, command in enumerate(_commands(), 1):
        answer = engine.apply(number * SECOND, command)
        record = codec.encode_record(answer.seq, answer.at_ns, command)
        events = [(event.event_seq, event.seq, codec.encode_event(event)) for event in answer.events]
        if number <= 20:
            policy = [PolicyRecord(TENANT_DEFAULT, 1, 1, SECOND, command.policy.to_bytes())] if number == 1 else []
            journal.append(
                Batch(
                    [CommandRecord(TENANT_DEFAULT, answer.seq, answer.at_ns, engine.event_hash, record)],
                    [EventRecord(TENANT_DEFAULT, *event) for event in events],
                    policy,
                )
            )
        else:
            pending.append((answer.seq, answer.at_ns, record, engine.event_hash, events))
        if len(pending) == 8:
            told = [event for each in pending for event in each[4]]
            stretch = Stretch(
                TENANT_DEFAULT, pending[0][0], pending[-1][0], pending[-1][1],
                command_chunk([each[2] for each in pending], [each[3] for each in pending]),
                told[0][0], told[-1][0], event_chunk([event[2] for event in told]),
            )  # fmt: skip
            journal.append(Batch([], [], (), [stretch]))
            pending = []
        if number == 12:
            journal.save_snapshot(TENANT_DEFAULT, engine)
    if checkpoint:
        journal._writer.pragma("wal_checkpoint", "TRUNCATE")
        journal.close()
        return None
    return journal


def served(data_dir):
    """All that a service would tell of it: or the JournalError with which it refuses."""
    journal = SqliteJournal.open(data_dir)
    try:
        recovered = recover(journal, TENANT_DEFAULT, MAKE)
        extent = recovered.extent
        events = journal.read_events(TENANT_DEFAULT, 1, events_max=10_000, bytes_max=2**24)
        commands = list(journal.read(TENANT_DEFAULT, 1))
        return recovered.engine.state_digest(), extent, list(events), commands
    finally:
        journal.close()


def damaged(whole, tmp_path, number, change):
    data_dir = tmp_path / str(number)
    shutil.copytree(whole, data_dir)
    path = data_dir / "journal.sqlite"
    raw = bytearray(path.read_bytes())
    change(raw)
    path.write_bytes(raw)
    return data_dir


@in_many_places
def test_a_journal_cut_at_any_byte_is_refused_by_name(whole, tmp_path, places):
    size = (whole / "journal.sqlite").stat().st_size
    draw = random.Random(20)
    for number, cut in enumerate([1, 99, 100, 4_096, size - 1, *(draw.randrange(1, size) for _ in range(places // 2))]):
        data_dir = damaged(whole, tmp_path, number, lambda raw, cut=cut: raw.__delitem__(slice(cut, None)))
        with pytest.raises(JournalError):
            served(data_dir)
        report = verify(data_dir, engine=ENGINE)
        assert report.error in ("JournalDamaged", "JournalForeign"), (cut, report)
        shutil.rmtree(data_dir)


@in_many_places
def test_a_flipped_bit_is_named_or_was_of_no_use(whole, tmp_path, places):
    sound, size = served(whole), (whole / "journal.sqlite").stat().st_size
    draw, named = random.Random(21), 0
    for number in range(places):
        place, bit = draw.randrange(size), 1 << draw.randrange(8)
        data_dir = damaged(
            whole, tmp_path, number, lambda raw, place=place, bit=bit: raw.__setitem__(place, raw[place] ^ bit)
        )
        report = verify(data_dir, engine=ENGINE)
        try:
            told = served(data_dir)
        except JournalError:
            named += 1
            assert not report.ok, f"byte {place}, bit {bit}: the service refuses, verify finds nothing"
        else:
            assert told == sound, f"byte {place}, bit {bit}: served other than was written"
        shutil.rmtree(data_dir)
    assert named > places // 20


@pytest.mark.parametrize("table", ["commands", "events", "command_chunks", "event_chunks"])
def test_a_flipped_bit_in_any_record_is_found_by_its_checksum(whole, tmp_path, table):
    """Every row of every table, at a drawn bit of its content: SQLite itself sees nothing wrong."""
    draw = random.Random(22)
    key = {"commands": "seq", "events": "event_seq", "command_chunks": "first_seq", "event_chunks": "first_event_seq"}
    connection = sqlite3.connect(whole / "journal.sqlite")
    rows = connection.execute(f"SELECT {key[table]}, content FROM {table}").fetchall()
    connection.close()
    assert rows
    for number, content in rows:
        changed = bytearray(content)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        data_dir = tmp_path / f"{number}"
        shutil.copytree(whole, data_dir)
        connection = sqlite3.connect(data_dir / "journal.sqlite", isolation_level=None)
        connection.execute(f"UPDATE {table} SET content = ? WHERE {key[table]} = ?", (bytes(changed), number))
        connection.close()
        report = verify(data_dir, engine=ENGINE)
        assert report.error == "JournalDamaged"
        assert "not what was written" in report.problem
        assert str(number) in report.problem
        shutil.rmtree(data_dir / "snapshots")
        with pytest.raises(JournalDamaged, match="not what was written"):
            served(data_dir)
        shutil.rmtree(data_dir)


@in_many_places
def test_a_log_cut_at_any_byte_gives_whole_commits_only(tmp_path, places):
    """The end of the write-ahead log may be lost: then the journal ends with an earlier commit, never within one."""
    source = tmp_path / "source"
    source.mkdir()
    journal = write(source, checkpoint=False)
    wal = (source / "journal.sqlite-wal").read_bytes()
    copy = tmp_path / "copy"
    draw, ends = random.Random(23), set()
    for cut in sorted(draw.randrange(len(wal)) for _ in range(places // 3)):
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        shutil.copy(source / "journal.sqlite", copy)
        (copy / "journal.sqlite-wal").write_bytes(wal[:cut])
        try:
            _, extent, events, commands = served(copy)
        except JournalError:
            continue  # the log was cut before the journal was made
        assert [record.seq for record in commands] == list(range(1, extent.last_seq + 1))
        assert extent.last_seq <= 20 or (extent.last_seq - 20) % 8 == 0
        assert [event.event_seq for event in events] == list(range(1, extent.last_event_seq + 1))
        ends.add(extent.last_seq)
    journal.close()
    assert len(ends) > 3


def test_acd_verify_says_what_is_wrong_and_up_to_where_it_is_good(whole, tmp_path):
    data_dir = tmp_path / "data"
    shutil.copytree(whole, data_dir)
    connection = sqlite3.connect(data_dir / "journal.sqlite", isolation_level=None)
    connection.execute("UPDATE commands SET content = zeroblob(length(content)) WHERE seq = 17")
    connection.close()
    outcome = CliRunner().invoke(verify_command, [str(data_dir), "--json", "--engine", ENGINE])
    assert outcome.exit_code == 1
    report = json.loads(outcome.stdout)
    assert (report["ok"], report["error"], report["good_through_seq"]) == (False, "JournalDamaged", 16)
    assert "command 17 is not what was written" in report["problem"]
