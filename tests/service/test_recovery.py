"""Recovery alone: snapshot and tail give what the whole journal gives, and nothing else is taken for it."""

import itertools

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, SetPresence, Tick, UpsertAgents
from acd_core.enums import Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service import codec
from acd_service.engine_interface import engine_maker
from acd_service.journal import TENANT_DEFAULT, Batch, CommandRecord, EventRecord, JournalDamaged
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import EngineFailedOnReplay, recover, replay_tail

SECOND = 10**9
COMMANDS = [
    ApplyPolicy(Policy(queues=(QueueSpec("sales", offer_timeout_ms=5_000),))),
    UpsertAgents((AgentSpec("ann"), AgentSpec("bob"))),
    SetPresence("ann", Presence.READY, lease_ms=60_000),
    EnqueueContact("c1", "sales", attributes=b"", request_id="r1"),
    EnqueueContact("c2", "sales", priority=3),
    Tick(),
    EnqueueContact("", "sales"),
]


@pytest.fixture
def make(engine_kind):
    return engine_maker(engine_kind)


@pytest.fixture
def written(tmp_path, make):
    """A journal of a few commands, and the engine that took them."""
    journal = SqliteJournal.open(tmp_path)
    journal.admit(TENANT_DEFAULT, 2**64 - 1)
    engine = make(2**64 - 1)
    for number, command in enumerate(COMMANDS, 1):
        answer = engine.apply(min(number * 4, 25) * SECOND, command)
        record = CommandRecord(
            TENANT_DEFAULT, answer.seq, answer.at_ns, engine.event_hash,
            codec.encode_record(answer.seq, answer.at_ns, command),
        )  # fmt: skip
        events = [EventRecord(TENANT_DEFAULT, e.event_seq, e.seq, codec.encode_event(e)) for e in answer.events]
        journal.append(Batch([record], events))
        if number == 4:
            journal.save_snapshot(TENANT_DEFAULT, engine)
    yield journal, engine
    journal.close()


def test_snapshot_and_tail_give_what_the_whole_journal_gives(written, make):
    journal, engine = written
    from_snapshot = recover(journal, TENANT_DEFAULT, make)
    assert (from_snapshot.snapshot_seq, from_snapshot.replayed) == (4, 3)
    journal.snapshots.keep_newest(TENANT_DEFAULT, 1)
    for seq in journal.snapshots.seqs(TENANT_DEFAULT):
        (journal.snapshots._path(TENANT_DEFAULT, seq)).unlink()
    from_the_start = recover(journal, TENANT_DEFAULT, make)
    assert (from_the_start.snapshot_seq, from_the_start.replayed) == (0, 7)
    for recovered in (from_snapshot.engine, from_the_start.engine):
        assert recovered.state_digest() == engine.state_digest()
        assert recovered.event_hash == engine.event_hash


def test_both_engines_recover_to_the_same(written):
    journal, engine = written
    for kind in ("compiled", "reference"):
        assert recover(journal, TENANT_DEFAULT, engine_maker(kind)).engine.state_digest() == engine.state_digest()


def test_an_engine_that_fails_is_named_and_not_the_journal(written, make):
    journal, _ = written

    class Failing:
        def __init__(self, engine):
            self._engine = engine

        def apply(self, at_ns, command):
            if command == COMMANDS[5]:
                raise AssertionError("trips")
            return self._engine.apply(at_ns, command)

        def __getattr__(self, name):
            return getattr(self._engine, name)

    class Maker:
        def __call__(self, seed=0):
            return Failing(make(seed))

        def restore_from(self, file, size):
            return Failing(make.restore_from(file, size))

    with pytest.raises(EngineFailedOnReplay, match="fails on command 6") as raised:
        recover(journal, TENANT_DEFAULT, Maker())
    assert raised.value.good_through_seq == 5


def test_events_beyond_the_commands_are_damage(written, make):
    journal, engine = written
    stray = EventRecord(TENANT_DEFAULT, engine.event_seq + 1, engine.seq, b"")
    journal.append(Batch([], [stray]))
    with pytest.raises(JournalDamaged, match="holds events up to"):
        recover(journal, TENANT_DEFAULT, make)
    assert replay_tail(journal, TENANT_DEFAULT, make).engine.seq == engine.seq


def test_a_long_replay_says_how_far_it_is(written, make, monkeypatch, caplog):
    journal, _ = written
    seconds = itertools.count(0, 3)
    monkeypatch.setattr("acd_service.recovery.stopwatch_ns", lambda: next(seconds) * SECOND)
    monkeypatch.setattr("acd_service.journal_reader._READ_CHUNK", 1)
    recover(journal, TENANT_DEFAULT, make)
    assert caplog.messages == ["tenant default: replayed 2 of 3 commands, about 3 s left"]


def test_a_batch_is_kept_whole_or_not_at_all(written, make):
    journal, engine = written
    twice = CommandRecord(TENANT_DEFAULT, 1, 1, 0, b"")
    fresh = CommandRecord(TENANT_DEFAULT, engine.seq + 1, 10**12, 0, b"")
    with pytest.raises(Exception, match="UNIQUE"):
        journal.append(Batch([fresh, twice], []))
    assert recover(journal, TENANT_DEFAULT, make).engine.seq == engine.seq
