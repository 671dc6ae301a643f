"""A tenant of a simulated life: what `acd_service.tenant` puts together, on simulated threads and without what it keeps
beside the journal.
"""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from faults.clockwork import SimulatedThread
from faults.ledger import Broken

from acd_core.commands import ApplyPolicy, Command, EnqueueContact, SetPresence, Tick, UpsertAgents
from acd_core.enums import Presence
from acd_core.events import Answer
from acd_core.policy import OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.asking import Asking
from acd_service.batches import read_batch
from acd_service.child import Finished
from acd_service.data_dir import set_aside_path
from acd_service.invariants import InvariantMonitor
from acd_service.journal import JournalError
from acd_service.metering import Metering
from acd_service.recovery import recover, replay_tail
from acd_service.retention import Retention
from acd_service.seat import Released, Seat
from acd_service.set_aside import SetAside
from acd_service.snapshot_files import written
from acd_service.snapshot_schedule import SnapshotSchedule
from acd_service.snapshotter import Taken

if TYPE_CHECKING:
    from faults.life import Life

AGENTS = 3
MISHAP = "mishap"
"""The customer whose contacts trip the engine up."""
CURSED = "cursed"
"""The customer whose contacts' timers do; the one agent whose own timers do."""
POLICY = Policy(
    queues=(QueueSpec("sales", offer_timeout_ms=700, wrap_up_ms=90),),
    offer_outcomes=OfferOutcomes(missed=OutcomePolicy(delay_ms=40, away_after=3)),
)
LEASE_MS = 400
PATIENCE_S = 60.0


class FaultyEngine:
    """The engine, but it fails on contacts of one customer when half of the work is done, and at the end of a tick
    whose last timer is of a contact of another customer, or of an agent.
    """

    def __init__(self, engine):
        self._engine = engine

    def apply(self, at_ns, command):
        engine = self._engine
        if isinstance(command, EnqueueContact) and command.customer_id == MISHAP:
            engine.apply(at_ns, EnqueueContact("half-done", "sales"))
            raise AssertionError("an invariant does not hold")
        if not isinstance(command, Tick):
            return engine.apply(at_ns, command)
        contacts = {view.ordinal for view in engine.contacts() if view.customer_id == CURSED}
        agent = engine.agent(CURSED)
        answer = engine.apply(at_ns, command)
        fired = engine.last_fired
        of_agent = fired.contact_ordinal < 0 and agent is not None and fired.agent_ordinal == agent.ordinal
        if of_agent or fired.contact_ordinal in contacts:
            raise AssertionError("a timer trips")
        return answer

    def __setattr__(self, name, value):
        if name == "limits":
            self._engine.limits = value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name):
        return getattr(self._engine, name)


class _Schedule(SnapshotSchedule):
    """The real schedule; what the snapshotter's process does is done on the loop, in one piece."""

    house: "House"

    async def _run_snapshotter(self):
        return await asyncio.get_running_loop().run_in_executor(self, self._snapshot)

    def _snapshot(self):
        house, life = self.house, self.house.life
        try:
            if life.parts.snapshot_of_memory:
                engine, replayed = house.seat.engine, 1
            else:
                recovered = replay_tail(life.journal, house.name, life.make)
                engine, replayed = recovered.engine, recovered.replayed
            taken = life.journal.save_snapshot(house.name, engine) if replayed else written(engine)
        except JournalError as error:
            return Finished(1, "", str(error))
        made = Taken(engine.seq, engine.now_ns, taken.digest, taken.size_bytes)
        return Finished(0, json.dumps(asdict(made)), "")


class House:
    """Has the methods of `Tenant` that `Hosting` calls."""

    def __init__(self, life: "Life", name: str, recovered, quotas) -> None:
        self.life, self.name, self.quotas = life, name, quotas
        self.ledger = life.ledgers[name]
        engine = self._double_of(recovered.engine)
        self.ledger.check_recovered(engine)
        self.fanout = life.parts.fanout(name, life.journal, life.config, engine.event_seq, SimulatedThread(life.loop))
        self.monitor = InvariantMonitor.of(recovered.engine)
        self.metering = Metering(quotas, lambda: int(life.loop.time() * 1e9))
        retention = Retention(name, life.config, life.journal, life.sequencer, life.clock)
        self.snapshots = _Schedule(name, life.config, life.journal, retention, recovered.snapshot_seq)
        self.snapshots.house = self
        self.seat = Seat(
            name,
            engine,
            self,
            SetAside(set_aside_path(life.config.data_dir, name)),
            rebuild=self.rebuild,
            on_committed=self.snapshots.committed,
        )

    def _double_of(self, engine):
        if self.life.parts.keeps_quotas:
            engine.limits = self.quotas.limits
        return FaultyEngine(engine) if self.ledger.has_mishaps else engine

    def rebuild(self):
        if not self.life.parts.rebuilds:
            return self.seat.engine
        return self._double_of(recover(self.life.journal, self.name, self.life.make).engine)

    async def take_seat(self) -> None:
        await self.life.sequencer.seat(self.seat, resume=self.seat.engine.seq > 0)

    async def leave_seat(self, why) -> None:
        await self.life.sequencer.unseat(self.seat, why)

    async def stop(self, *, at_once: bool = False) -> None:
        self.fanout.stop(at_once=at_once)
        await self.snapshots.stop()

    async def close(self) -> None:
        """There are no files of its own."""

    async def furnish(self) -> None:
        """A policy and agents who are there, unless they are."""
        if self.seat.engine.policy_version == 0:
            await self.do(ApplyPolicy(POLICY, request_id=f"{self.name}/policy"))
        for agent_id in (*(f"a{number}" for number in range(AGENTS)), CURSED):
            if self.seat.engine.agent(agent_id) is None:
                await self.do(UpsertAgents((AgentSpec(agent_id),), request_id=f"{self.name}/{agent_id}"))

    async def keep_agents(self) -> None:
        """Who is not ready becomes so again."""
        for agent in list(self.seat.engine.agents()):
            if agent.presence != Presence.READY:
                self.ledger.numbers += 1
                request_id = f"{self.name}/{agent.spec.agent_id}/ready{self.ledger.numbers}"
                lease_ms = LEASE_MS if agent.spec.agent_id == CURSED else 0
                await self.do(
                    SetPresence(agent.spec.agent_id, Presence.READY, lease_ms=lease_ms, request_id=request_id)
                )

    def publish(self, events: list[Released]) -> None:
        if events:
            self.monitor.observe(events)
            self.fanout.publish(events)

    async def do(self, command: Command, patience_s: float | None = None) -> Answer:
        """One call, as gRPC would make it; a caller who loses patience is gone before the answer."""
        self.ledger.asks(command)
        self.metering.take()
        sender = command.request_id.partition("/")[0][-1:]
        asking = Asking(deadline=self.life.loop.time() + (patience_s or PATIENCE_S), sender=sender)
        answer = await asyncio.wait_for(self.life.sequencer.submit(self.seat, command, asking), patience_s)
        if answer.at_ns > self.life.latest_ns() and not answer.duplicate:
            raise Broken(f"command {answer.seq} is stamped with a time that has not come yet")
        return answer

    async def dispatch(self, content: bytes, patience_s: float | None = None) -> bytes:
        """One message of a Dispatch stream."""
        batch = read_batch(content)
        self.metering.take(len(batch))
        asking = Asking(deadline=self.life.loop.time() + PATIENCE_S, sender="dispatch")
        return await asyncio.wait_for(self.life.sequencer.submit_batch(self.seat, batch, asking), patience_s)

    def check(self) -> None:
        """What must hold at any time."""
        counts = self.seat.engine.counts()
        self.monitor.look_at(counts)
        violations = {name: count for name, count in self.monitor.figures().items() if count}
        if violations:
            raise Broken(f"invariants of {self.name}: {violations}")
        if self.quotas.waiting_max and counts.waiting + counts.offered > self.quotas.waiting_max:
            raise Broken(f"{self.name} has {counts.waiting + counts.offered} waiting, by its quota {self.quotas}")
