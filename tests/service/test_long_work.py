"""What takes long for one tenant is done beside the others: they are answered meanwhile, it loses nothing by it."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, RemoveAgents, SetPresence, UpsertAgents
from acd_core.engine import Engine
from acd_core.enums import ContactState, Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_service import codec, long_work
from acd_service.asking import Asking
from acd_service.batches import read_batch
from acd_service.clock import WallClock
from acd_service.codec.batches import dispatch_request
from acd_service.config import Config
from acd_service.data_dir import tenant_dir
from acd_service.engine_interface import engine_maker
from acd_service.journal import JournalWriteFailed
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.sequencer import Sequencer
from acd_service.service_error import CommandSetAside, Stopping, TenantSuspended
from acd_service.shared_by_tenants import SharedByTenants
from acd_service.tenant import Tenant, open_tenant

POLICY = Policy(queues=(QueueSpec("sales"),))
LONG = Policy(queues=(QueueSpec("sales"), *(QueueSpec(f"q{number}") for number in range(long_work.QUEUES_MAX))))
AGENTS = tuple(
    AgentSpec(f"agent-{number}", (SkillLevel("sales", 1 + number % 100),)) for number in range(long_work.AGENTS_MAX + 1)
)


class SlowEngine:
    """The real engine; what it is to apply in a thread other than the event loop's waits there until it is let go."""

    def __init__(self, engine):
        self._engine = engine
        self._loop_thread = threading.get_ident()
        self.reached = threading.Event()
        self.may_go = threading.Event()
        self.may_go.set()
        self.fails = False
        self.breath = None

    def apply(self, at_ns, command):
        if threading.get_ident() != self._loop_thread:
            self.reached.set()
            self.may_go.wait(20)
            if self.fails:
                self.fails = False
                self._engine.apply(at_ns, EnqueueContact("half-done", "sales"))
                raise AssertionError("an invariant does not hold")
        return self._engine.apply(at_ns, command)

    def __getattr__(self, name):
        return getattr(self._engine, name)


class Houses:
    """Two tenants at one sequencer: `busy`, whose engine is slow, and `quiet`."""

    def __init__(self, tmp_path, engine_kind):
        self.config = Config(data_dir=tmp_path, engine=engine_kind)
        self.journal = SqliteJournal.open(tmp_path)
        self.failures = []
        self.sequencer = Sequencer(self.journal, WallClock(), self.config, self.failures.append)
        self.shared = SharedByTenants()
        self.busy, self.quiet = (self._tenant(name) for name in ("busy", "quiet"))
        self.engine = self.busy._seat.engine = SlowEngine(self.busy._seat.engine)

    def _tenant(self, name):
        tenant_dir(self.config.data_dir, name).mkdir(parents=True)
        recovered = open_tenant(self.journal, name, self.config)
        return Tenant(name, recovered, self.journal, self.sequencer, self.sequencer._clock, self.config, self.shared)

    async def open(self):
        for tenant in (self.busy, self.quiet):
            await tenant.take_seat()
        self.sequencer.start()
        for tenant in (self.busy, self.quiet):
            await tenant.submit(ApplyPolicy(POLICY))

    async def close(self):
        self.engine.may_go.set()
        await self.sequencer.stop()
        for tenant in (self.busy, self.quiet):
            await tenant.stop()
            await tenant.close()
        self.shared.stop()

    async def begin(self, command=None):
        """Have the busy tenant's engine stand in the middle of something long; the answer to come."""
        self.engine.may_go.clear()
        answer = self.busy.submit(command or ApplyPolicy(LONG))
        await asyncio.to_thread(self.engine.reached.wait, 20)
        return answer


@asynccontextmanager
async def _houses(tmp_path, engine_kind):
    houses = Houses(tmp_path, engine_kind)
    await houses.open()
    try:
        yield houses
    finally:
        await houses.close()
        houses.journal.close()


@pytest.fixture
def run(tmp_path, engine_kind):
    def run(scenario):
        async def inside():
            async with _houses(tmp_path, engine_kind) as houses:
                await scenario(houses)

        asyncio.run(inside())

    return run


def test_others_are_answered_while_one_applies_a_long_policy(run):
    async def scenario(houses):
        long = await houses.begin()
        for number in range(5):
            answer = await houses.quiet.submit(EnqueueContact(f"c{number}", "sales"))
            assert answer.contact_state == ContactState.WAITING
        assert (await houses.quiet.look(lambda engine: engine.counts())).waiting == 5
        assert not long.done()
        houses.engine.may_go.set()
        assert (await long).policy_version == 2

    run(scenario)


def test_what_the_tenant_itself_sends_waits_and_keeps_its_order(run):
    async def scenario(houses):
        before = houses.busy.submit(EnqueueContact("before", "sales"))
        long = await houses.begin()
        assert before.done()
        first = houses.busy.submit(EnqueueContact("first", "q1"))
        second = houses.busy.submit(ApplyPolicy(LONG))
        third = houses.busy.submit(EnqueueContact("third", "q2"))
        seen = asyncio.ensure_future(houses.busy.look(lambda engine: engine.policy_version))
        await houses.quiet.submit(EnqueueContact("c", "sales"))
        assert not any(future.done() for future in (long, first, second, third, seen))
        assert houses.sequencer.waiting == 3
        houses.engine.may_go.set()
        answers = await asyncio.gather(before, long, first, second, third)
        assert [answer.seq for answer in answers] == [2, 3, 4, 5, 6]
        assert await seen in (2, 3)
        assert houses.sequencer.waiting == 0

    run(scenario)


def test_a_timer_of_the_tenant_waits_for_the_end_of_it(run):
    async def scenario(houses):
        await houses.busy.submit(UpsertAgents((AgentSpec("ann", (SkillLevel("sales", 1),)),)))
        await houses.busy.submit(SetPresence("ann", Presence.READY, lease_ms=300))
        long = await houses.begin()
        for _ in range(20):
            await asyncio.sleep(0.02)
            await houses.quiet.submit(ApplyPolicy(POLICY))
        assert not long.done()
        houses.engine.may_go.set()
        await long
        while (await houses.busy.look(lambda engine: engine.agent("ann"))).presence != Presence.OFFLINE:
            await asyncio.sleep(0.01)

    run(scenario)


@pytest.mark.parametrize("way", ["upsert", "remove", "batch"])
def test_other_long_work_is_done_beside_the_others_too(run, way):
    async def scenario(houses):
        answer = await houses.busy.submit(UpsertAgents(AGENTS))
        assert [event.agent_id for event in answer.events] == [spec.agent_id for spec in AGENTS]
        houses.engine.reached.clear()
        if way == "batch":
            commands = [EnqueueContact("one", "sales"), ApplyPolicy(LONG), EnqueueContact("two", "q1")]
            large = UpsertAgents(tuple(AgentSpec(f"{'x' * 100}-{number}") for number in range(700)))
            batch = read_batch(dispatch_request([*commands, large]))
            houses.engine.may_go.clear()
            long = houses.busy.submit_batch(batch)
            await asyncio.to_thread(houses.engine.reached.wait, 20)
        else:
            ids = tuple(spec.agent_id for spec in AGENTS)
            long = await houses.begin(RemoveAgents(ids) if way == "remove" else UpsertAgents(AGENTS))
        await houses.quiet.submit(EnqueueContact("c", "sales"))
        assert not long.done()
        houses.engine.may_go.set()
        await long
        agents = (await houses.busy.look(lambda engine: engine.counts())).agents
        assert agents == {"upsert": len(AGENTS), "remove": 0, "batch": len(AGENTS) + 700}[way]

    run(scenario)


def test_a_long_question_is_asked_beside_the_others(run, monkeypatch):
    monkeypatch.setattr("acd_service.sequencer.is_large", lambda _engine: True)

    async def scenario(houses):
        reached, may_go = threading.Event(), threading.Event()

        def question(engine):
            reached.set()
            may_go.wait(20)
            return engine.policy_version

        asked = asyncio.ensure_future(houses.busy.look_long(question))
        await asyncio.to_thread(reached.wait, 20)
        changed = houses.busy.submit(ApplyPolicy(POLICY))
        await houses.quiet.submit(EnqueueContact("c", "sales"))
        assert not asked.done()
        may_go.set()
        assert await asked == 1
        assert (await changed).policy_version == 2

    run(scenario)


def test_a_long_question_that_fails_concerns_nobody_else(run, monkeypatch):
    monkeypatch.setattr("acd_service.sequencer.is_large", lambda _engine: True)

    def question(_engine):
        raise MemoryError("too large a picture")

    async def scenario(houses):
        with pytest.raises(MemoryError):
            await houses.busy.look_long(question)
        assert (await houses.busy.submit(EnqueueContact("c", "sales"))).seq == 2
        assert not houses.failures

    run(scenario)


def test_a_refusal_of_it_is_told_and_changes_nothing(run):
    async def scenario(houses):
        await houses.busy.submit(EnqueueContact("c", "sales"))
        without = Policy(queues=LONG.queues[1:])
        with pytest.raises(Refused) as refused:
            await houses.busy.submit(ApplyPolicy(without))
        assert refused.value.reason == Reason.QUEUE_IN_USE
        assert (await houses.busy.submit(EnqueueContact("d", "sales"))).seq == 3

    run(scenario)


def test_an_engine_that_fails_on_it_is_rebuilt_and_nobody_else_notices(run):
    async def scenario(houses):
        houses.engine.fails = True
        long = await houses.begin()
        await houses.quiet.submit(EnqueueContact("c", "sales"))
        behind = houses.busy.submit(EnqueueContact("behind", "sales"))
        houses.engine.may_go.set()
        with pytest.raises(CommandSetAside):
            await long
        assert (await behind).seq == 2
        assert await houses.busy.look(lambda engine: engine.contact("half-done")) is None
        assert (await houses.quiet.look(lambda engine: engine.counts())).waiting == 1
        assert not houses.failures
        with pytest.raises(CommandSetAside):
            await houses.busy.submit(ApplyPolicy(LONG))

    run(scenario)


def test_a_commit_of_it_that_fails_ends_the_service(run):
    async def scenario(houses):
        long = await houses.begin()
        behind = houses.busy.submit(EnqueueContact("behind", "sales"))
        seen = asyncio.ensure_future(houses.busy.look(lambda engine: engine.seq))
        await asyncio.sleep(0)

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        append, houses.journal.append = houses.journal.append, fail
        houses.engine.may_go.set()
        for waiter in (long, behind, seen):
            with pytest.raises(Stopping):
                await waiter
        assert len(houses.failures) == 1
        with pytest.raises(Stopping):
            houses.quiet.submit(EnqueueContact("c", "sales"))
        houses.journal.append = append

    run(scenario)


def test_a_service_that_stops_finishes_it_and_what_waits_behind_it(tmp_path, engine_kind):
    async def inside():
        async with _houses(tmp_path, engine_kind) as houses:
            long = await houses.begin()
            behind = houses.busy.submit(EnqueueContact("behind", "q1"))
            stopping = asyncio.ensure_future(houses.sequencer.stop())
            await asyncio.sleep(0)
            houses.engine.may_go.set()
            await stopping
            assert [(await long).seq, (await behind).seq] == [2, 3]

    asyncio.run(inside())


def test_a_service_that_stops_does_not_wait_for_what_failed(run):
    async def scenario(houses):
        long = await houses.begin()
        stopping = asyncio.ensure_future(houses.sequencer.stop())
        await asyncio.sleep(0.05)

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        append, houses.journal.append = houses.journal.append, fail
        houses.engine.may_go.set()
        with pytest.raises(Stopping):
            await long
        await asyncio.wait_for(stopping, 5)
        assert len(houses.failures) == 1
        houses.journal.append = append

    run(scenario)


def test_what_is_not_durable_is_not_told_when_a_commit_beside_it_ends_after_the_failure(run):
    async def scenario(houses):
        long = await houses.begin()

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        may_commit = asyncio.get_running_loop().create_future()
        worker = houses.sequencer._worker
        append, worker.append = worker.append, lambda journal, batch: commit(journal, batch)

        async def commit(journal, batch):
            await may_commit
            await append(journal, batch)

        beside = houses.quiet.submit(EnqueueContact("c", "sales"))
        await asyncio.sleep(0.05)
        write, houses.journal.append = houses.journal.append, fail
        houses.engine.may_go.set()
        with pytest.raises(Stopping):
            await long
        houses.journal.append = write
        may_commit.set_result(None)
        assert (await beside).seq == 2
        with pytest.raises(Stopping):
            await houses.busy.look(lambda engine: engine.seq)
        worker.append = append

    run(scenario)


def test_a_service_fails_once_even_if_more_than_one_thing_of_it_does(run):
    async def scenario(houses):
        long = await houses.begin()

        async def commit(journal, batch):
            await may_commit
            raise JournalWriteFailed("the disk is still full")

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        may_commit = asyncio.get_running_loop().create_future()
        worker = houses.sequencer._worker
        append, worker.append = worker.append, commit
        beside = houses.quiet.submit(EnqueueContact("c", "sales"))
        await asyncio.sleep(0.05)
        write, houses.journal.append = houses.journal.append, fail
        houses.engine.may_go.set()
        with pytest.raises(Stopping):
            await long
        may_commit.set_result(None)
        with pytest.raises(Stopping):
            await beside
        await houses.sequencer.stop()
        assert [str(failure) for failure in houses.failures] == ["the disk is full"]
        houses.journal.append, worker.append = write, append

    run(scenario)


def test_what_was_to_be_begun_when_the_service_fails_is_refused(run):
    async def scenario(houses):
        long = await houses.begin()

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        async def commit(journal, batch):
            await may_commit
            await append(journal, batch)

        may_commit = asyncio.get_running_loop().create_future()
        worker = houses.sequencer._worker
        append, worker.append = worker.append, commit
        beside = houses.quiet.submit(EnqueueContact("c", "sales"))
        behind = houses.quiet.submit(ApplyPolicy(LONG))
        last = houses.quiet.submit(EnqueueContact("d", "sales"))
        await asyncio.sleep(0.05)
        write, houses.journal.append = houses.journal.append, fail
        houses.engine.may_go.set()
        with pytest.raises(Stopping):
            await long
        houses.journal.append = write
        may_commit.set_result(None)
        assert (await beside).seq == 2
        for future in (behind, last):
            with pytest.raises(Stopping):
                await asyncio.wait_for(future, 5)
        await houses.sequencer.stop()
        assert len(houses.failures) == 1
        worker.append = append

    run(scenario)


def test_an_engine_that_fails_on_it_is_left_alone_when_the_service_has_failed(run):
    async def scenario(houses):
        houses.engine.fails = True
        long = await houses.begin()

        def fail(_batch):
            raise JournalWriteFailed("the disk is full")

        write, houses.journal.append = houses.journal.append, fail
        descriptor = type(houses.journal).commit_descriptor
        type(houses.journal).commit_descriptor = None
        with pytest.raises(Stopping):
            await houses.quiet.submit(EnqueueContact("c", "sales"))
        type(houses.journal).commit_descriptor = descriptor
        houses.journal.append = write
        with pytest.raises(Stopping):
            await long
        engine = houses.busy._seat.engine
        houses.engine.may_go.set()
        await houses.sequencer.stop()
        await asyncio.sleep(0.05)
        assert houses.busy._seat.engine is engine, "it was rebuilt"
        assert not houses.busy.set_aside.entries
        assert len(houses.failures) == 1

    run(scenario)


def test_what_takes_long_for_one_does_not_hold_up_what_takes_long_for_another(run, monkeypatch):
    monkeypatch.setattr("acd_service.sequencer.is_large", lambda _engine: True)

    async def scenario(houses):
        reached, may_go = threading.Event(), threading.Event()

        def endless(engine):
            reached.set()
            while not may_go.wait(0.001):
                engine.breath()

        def long(engine):
            for _ in range(20):
                time.sleep(0.001)
                engine.breath()
            return engine.policy_version

        asked = asyncio.ensure_future(houses.busy.look_long(endless))
        await asyncio.to_thread(reached.wait, 20)
        assert await asyncio.wait_for(houses.quiet.look_long(long), 20) == 1
        assert not asked.done()
        may_go.set()
        await asked

    run(scenario)


def test_many_timers_that_are_due_at_once_fire_beside_the_others(run, monkeypatch):
    monkeypatch.setattr(long_work, "TIMERS_MAX", 5)

    async def scenario(houses):
        names = [f"agent-{number}" for number in range(7)]
        await houses.busy.submit(UpsertAgents(tuple(AgentSpec(name) for name in names)))
        # A batch has one time, so all of these fall due at once.
        leases = [SetPresence(name, Presence.READY, lease_ms=1) for name in names]
        houses.engine.may_go.clear()
        await houses.busy.submit_batch(read_batch(dispatch_request(leases)))
        await asyncio.to_thread(houses.engine.reached.wait, 20)
        behind = houses.busy.submit(EnqueueContact("behind", "sales"))
        seen = asyncio.ensure_future(houses.busy.look(lambda engine: engine.agent_counts()))
        for number in range(5):
            await houses.quiet.submit(EnqueueContact(f"c{number}", "sales"))
        assert not behind.done()
        assert not seen.done()
        houses.engine.may_go.set()
        assert (await seen).offline == len(names)
        # The policy, the agents, seven that were ready, one tick for all of them.
        assert (await behind).seq == 2 + len(names) + 2
        assert not houses.failures

    run(scenario)


def test_to_open_many_queues_takes_long():
    engine = Engine()
    engine.apply(1, ApplyPolicy(LONG))
    seat = SimpleNamespace(engine=engine, opening_is_due=lambda now_ns: now_ns > 5)
    assert [long_work.much_is_due(seat, now_ns) for now_ns in (5, 6)] == [False, True]
    engine.apply(1, ApplyPolicy(POLICY))
    assert not long_work.much_is_due(seat, 6)


def test_one_of_those_that_take_long_goes_on_at_a_time():
    running, seen = [], []

    def work(breath):
        for _ in range(5):
            running.append(1)
            seen.append(len(running))
            time.sleep(0.002)
            running.pop()
            breath()

    async def inside():
        threads = long_work.LongThreads()
        await asyncio.gather(*(threads.run(work) for _ in range(2 * long_work.AT_ONCE)))
        threads.stop()

    asyncio.run(inside())
    assert seen == [1] * (10 * long_work.AT_ONCE)


def test_a_tenant_that_leaves_is_gone_when_it_is_over(run):
    async def scenario(houses):
        long = await houses.begin()
        behind = houses.busy.submit(EnqueueContact("behind", "sales"))
        leaving = asyncio.ensure_future(houses.busy.leave_seat(TenantSuspended()))
        with pytest.raises(TenantSuspended):
            await behind
        assert not leaving.done()
        houses.engine.may_go.set()
        assert (await long).seq == 2
        await leaving

    run(scenario)


def test_a_deadline_that_passes_behind_it_is_kept(run):
    async def scenario(houses):
        long = await houses.begin()
        deadline = asyncio.get_running_loop().time()
        late = houses.busy.submit(EnqueueContact("late", "sales"), Asking(deadline=deadline))
        houses.engine.may_go.set()
        await long
        with pytest.raises(Exception, match="deadline"):
            await late

    run(scenario)


def test_the_journal_is_what_it_is_when_nothing_is_done_apart(tmp_path, engine_kind, monkeypatch):
    """The same commands, with all of them apart and with none."""
    commands = [
        ApplyPolicy(LONG),
        UpsertAgents(AGENTS),
        *(SetPresence(spec.agent_id, Presence.READY) for spec in AGENTS[:20]),
        *(EnqueueContact(f"c{number}", "sales", requirement=f"sales>={number}") for number in range(60)),
        ApplyPolicy(POLICY),
        RemoveAgents(tuple(spec.agent_id for spec in AGENTS[10:])),
    ]

    def written(folder):
        folder.mkdir()

        async def inside():
            async with _houses(folder, engine_kind) as houses:
                clock = houses.sequencer._clock
                clock.now_ns = iter(range(10**18, 2 * 10**18, 10**6)).__next__
                outcomes = []
                for command in commands:
                    try:
                        outcomes.append((await houses.busy.submit(command)).seq)
                    except Refused as refused:
                        outcomes.append(refused.reason)
                return outcomes

        outcomes = asyncio.run(inside())
        journal = SqliteJournal.open_to_read(folder)
        try:
            recovered = recover(journal, "busy", engine_maker(engine_kind)).engine
            events = [
                codec.decode_event(record.content)
                for record in journal.read_events("busy", 1, events_max=10**6, bytes_max=10**9)
            ]
            told = [(event.type, event.agent_id, event.contact_id) for event in events]
            return outcomes, told, recovered.counts(), recovered.agent_counts()
        finally:
            journal.close()

    apart = written(tmp_path / "apart")
    monkeypatch.setattr("acd_service.sequencer.takes_long", lambda _taken, behind_long_work: False)
    assert written(tmp_path / "in_turn") == apart
