"""One life of a service, from its recovery to its sudden end: the shell's own parts on simulated time and disk.

Real here: sequencer, seat, fan-out, invariants, recovery, clock, the schedule and the files of snapshots, the journal
and SQLite. Simulated: the loop, threads, time, the disk below SQLite. Left out: gRPC, figures, customers.
"""

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import apsw
from faults import disk as disks
from faults.canaries import Parts
from faults.clockwork import SimulatedLoop, SimulatedThread
from faults.ledger import Broken, Ledger

from acd_core.commands import ApplyPolicy, Command, EnqueueContact, SetPresence, UpsertAgents
from acd_core.enums import Presence
from acd_core.events import Answer
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.asking import Asking
from acd_service.child import Finished
from acd_service.config import Config
from acd_service.data_dir import set_aside_path
from acd_service.engine_interface import engine_maker
from acd_service.invariants import InvariantMonitor
from acd_service.journal import TENANT_DEFAULT, JournalError
from acd_service.recovery import recover, replay_tail
from acd_service.retention import Retention
from acd_service.seat import Released, Seat
from acd_service.set_aside import SetAside
from acd_service.snapshot_files import written
from acd_service.snapshot_schedule import SnapshotSchedule
from acd_service.snapshotter import Taken
from acd_service.tenant import open_tenant

AGENTS = 3
MISHAP = "mishap"
"""The customer whose contacts trip the engine up."""
POLICY = Policy(queues=(QueueSpec("sales", offer_timeout_ms=700, wrap_up_ms=90),))


class _FaultyEngine:
    """The engine, but it fails on contacts of one customer when half of the work is done."""

    def __init__(self, engine):
        self._engine = engine

    def apply(self, at_ns, command):
        if isinstance(command, EnqueueContact) and command.customer_id == MISHAP:
            self._engine.apply(at_ns, EnqueueContact("half-done", "sales"))
            raise AssertionError("an invariant does not hold")
        return self._engine.apply(at_ns, command)

    def __getattr__(self, name):
        return getattr(self._engine, name)


class _Schedule(SnapshotSchedule):
    """The real schedule; what the snapshotter's process does is done on the loop, in one piece."""

    life: "Life"

    async def _run_snapshotter(self):
        return await asyncio.get_running_loop().run_in_executor(self, self._snapshot)

    def _snapshot(self):
        life = self.life
        try:
            if life.parts.snapshot_of_memory:
                engine, replayed = life.seat.engine, 1
            else:
                recovered = replay_tail(life.journal, TENANT_DEFAULT, life.make)
                engine, replayed = recovered.engine, recovered.replayed
            taken = life.journal.save_snapshot(TENANT_DEFAULT, engine) if replayed else written(engine)
        except JournalError as error:
            return Finished(1, "", str(error))
        made = Taken(engine.seq, engine.now_ns, taken.digest, taken.size_bytes)
        return Finished(0, json.dumps(asdict(made)), "")


class _DrawnBusyness:
    """A loop that is as busy as is drawn, whatever the machine does: a seed is the same story again."""

    def __init__(self, draw):
        self._draw = draw

    def share(self):
        return self._draw.choice((None, 0.3, 0.7, 1.0, 1.0, 1.0))

    def spent_ns(self):
        return 0

    def close(self):
        pass


class Life:
    """Raises, from `begin`: JournalError, if the service refuses to serve what it finds."""

    def __init__(
        self, parts: Parts, config: Config, loop: SimulatedLoop, disk: disks.Disk, ledger: Ledger, draw: random.Random
    ) -> None:
        self.parts, self.config, self.loop, self.disk, self.ledger, self.draw = parts, config, loop, disk, ledger, draw
        self.make = engine_maker(config.engine)
        self.failed: list[BaseException] = []
        self.journal = None
        self.over = False

    async def begin(self) -> None:
        config, parts, ledger = self.config, self.parts, self.ledger
        self.disk.insert()
        self.journal = journal = parts.journal.open(config.data_dir, vfs=disks.NAME, synchronous=parts.synchronous)
        recovered = open_tenant(journal, TENANT_DEFAULT, config)
        engine = _FaultyEngine(recovered.engine)
        ledger.check_recovered(engine)
        self.clock = parts.clock(engine.now_ns)
        self.began_ns, self.began_s = self.clock.now_ns(), self.loop.time()
        self.sequencer = parts.sequencer(journal, self.clock, config, self.failed.append, _DrawnBusyness(self.draw))
        self.sequencer._worker = SimulatedThread(self.loop)
        self.fanout = parts.fanout(TENANT_DEFAULT, journal, config, engine.event_seq, SimulatedThread(self.loop))
        self.monitor = InvariantMonitor.of(recovered.engine)
        retention = Retention(TENANT_DEFAULT, config, journal, self.sequencer, self.clock)
        snapshots = _Schedule(TENANT_DEFAULT, config, journal, retention, recovered.snapshot_seq)
        snapshots.life = self
        self._forget, journal.forget = journal.forget, self._collect_and_forget
        self.snapshots = snapshots
        self.seat = Seat(
            TENANT_DEFAULT,
            engine,
            self,
            SetAside(set_aside_path(config.data_dir)),
            rebuild=self._rebuild,
            on_committed=snapshots.committed,
        )
        was_used = engine.seq > 0
        await self.sequencer.seat(self.seat, resume=was_used)
        self.sequencer.start()
        ledger.collect(journal, TENANT_DEFAULT)
        if engine.policy_version == 0:
            await self.do(ApplyPolicy(POLICY, request_id="policy"))
        for number in range(AGENTS):
            if engine.agent(f"a{number}") is None:
                await self.do(UpsertAgents((AgentSpec(f"a{number}"),), request_id=f"a{number}"))
            await self.do(SetPresence(f"a{number}", Presence.READY, request_id=f"a{number}/ready"))

    def _rebuild(self):
        if not self.parts.rebuilds:
            return self.seat.engine
        return _FaultyEngine(recover(self.journal, TENANT_DEFAULT, self.make).engine)

    def _collect_and_forget(self, tenant, *, through_seq, through_event_seq):
        self.ledger.collect(self.journal, tenant)
        self._forget(tenant, through_seq=through_seq, through_event_seq=through_event_seq)

    def publish(self, events: list[Released]) -> None:
        if events:
            self.monitor.observe(events)
            self.fanout.publish(events)

    async def do(self, command: Command, patience_s: float | None = None) -> Answer:
        """One call, as gRPC would make it; a caller who loses patience is gone before the answer."""
        self.ledger.unanswered[command.request_id] = command
        future = self.sequencer.submit(
            self.seat,
            command,
            Asking(deadline=self.loop.time() + (patience_s or 60.0), sender=command.request_id[:2]),
        )
        answer = await asyncio.wait_for(future, patience_s)
        if answer.at_ns - self.began_ns > (self.loop.time() - self.began_s) * 1e9 + 1e6 and not answer.duplicate:
            raise Broken(f"command {answer.seq} is stamped with a time that has not come yet")
        return answer

    def check(self) -> None:
        """What must hold at any time."""
        self.monitor.look_at(self.seat.engine.counts())
        violations = {name: count for name, count in self.monitor.figures().items() if count}
        if violations:
            raise Broken(f"invariants: {violations}")
        if self.loop.problems:
            raise Broken(f"nobody caught: {self.loop.problems[0]}")

    def bury(self) -> None:
        """Let go of what the operating system takes back when a process dies."""
        self.over = True
        if self.journal is not None:
            with suppress(apsw.Error):
                self.journal.close()


def settings(data_dir: Path, engine: str, draw: random.Random) -> Config:
    """Small bounds, so that a short life meets all of them."""
    config = Config(
        data_dir=data_dir,
        engine=engine,
        journal_vfs=disks.NAME,
        recent_events_max=6,
        message_events_max=4,
        batch_commands_max=draw.choice((2, 8, 64)),
        gather_ms=draw.choice((0.0, 5.0)),
        snapshot_every_commands=draw.choice((0, 15, 40)),
        snapshots_kept=2,
    )
    return replace(config, events_kept_min=draw.choice((0, 0, 20)))
