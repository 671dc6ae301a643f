# ruff: noqa: T201 (a command line prints)
"""A small contact centre for weeks on simulated time: what it keeps must stay bounded, and must still be right.

    PYTHONPATH=tests:proto:service:. python -m long_life.month --days 30

Real are the sequencer, the fan-out, snapshots, retention and upkeep, the journal and SQLite on a real file. Simulated
are the event loop, its threads and time. Agents come and go by shifts, some leave for good and others are hired; each
week has another policy; every command has a request id.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from faults.clockwork import SimulatedLoop, SimulatedThread, SimulatedTime

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    RemoveAgents,
    SetPresence,
    UpsertAgents,
)
from acd_core.enums import EventType, Presence
from acd_core.events import Answer, Event
from acd_core.policy import Policy, QueueSpec
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_service import clock as clock_module
from acd_service.child import Finished
from acd_service.clock import WallClock
from acd_service.config import Config
from acd_service.data_dir import journal_path, set_aside_path, snapshots_path
from acd_service.engine_interface import engine_maker
from acd_service.fanout import Fanout
from acd_service.invariants import InvariantMonitor
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover, replay_tail
from acd_service.retention import Retention
from acd_service.seat import Released, Seat
from acd_service.sequencer import Sequencer
from acd_service.set_aside import SetAside
from acd_service.snapshot_files import written
from acd_service.snapshot_schedule import SnapshotSchedule
from acd_service.snapshotter import Taken
from acd_service.tenant import open_tenant
from acd_service.upkeep import Upkeep

DAY_S = 86_400.0
BEGAN_NS = 1_767_571_200 * 10**9
"""A Monday, 0:00 UTC."""
AGENTS = 14
OPEN_FROM_H, OPEN_TO_H = 7, 20
TALK_S, PATIENCE_S, TIMEOUT_S = 200.0, 150.0, 12.0


@dataclass(frozen=True, slots=True)
class Evening:
    """What there was at the end of a day."""

    day: int
    commands: int
    """Of all days."""
    commands_kept: int
    events_kept: int
    journal_bytes: int
    """Of its files."""
    snapshots: int
    snapshot_bytes: int
    """Of the newest."""
    state_bytes: int
    """Of the engine's state: agents, contacts, requests remembered."""
    open_files: int
    tasks: int
    policies: int


class _Schedule(SnapshotSchedule):
    """What the snapshotter's process does is done on the loop."""

    async def _run_snapshotter(self):
        recovered = replay_tail(self._journal, self._tenant, engine_maker("compiled"))
        engine = recovered.engine
        taken = self._journal.save_snapshot(self._tenant, engine) if recovered.replayed else written(engine)
        made = Taken(engine.seq, engine.now_ns, taken.digest, taken.size_bytes)
        return Finished(0, json.dumps(asdict(made)), "")


class SmallCentre:
    """The house, its callers and agents."""

    def __init__(self, config: Config, loop: SimulatedLoop, seed: int, contacts_a_day: int) -> None:
        self.config, self.loop, self.draw, self.contacts_a_day = config, loop, random.Random(seed), contacts_a_day
        self.name = TENANT_DEFAULT
        self.journal = SqliteJournal.open(config.data_dir, synchronous="OFF")
        recovered = open_tenant(self.journal, self.name, config)
        self.failed: list[BaseException] = []
        self.clock = WallClock(recovered.engine.now_ns)
        self.sequencer = Sequencer(self.journal, self.clock, config, self.failed.append)
        self.sequencer._worker = SimulatedThread(loop)
        self.fanout = Fanout(self.name, self.journal, config, recovered.engine.event_seq, SimulatedThread(loop))
        self.monitor = InvariantMonitor.of(recovered.engine)
        self.retention = Retention(self.name, config, self.journal, self.sequencer, self.clock)
        self.snapshots = _Schedule(self.name, config, self.journal, self.retention, recovered.snapshot_seq)
        self.upkeep = Upkeep(config, self.journal, self.sequencer, self.clock, {self.name: self})
        self.seat = Seat(
            self.name,
            recovered.engine,
            self,
            SetAside(set_aside_path(config.data_dir)),
            rebuild=lambda: recover(self.journal, self.name, engine_maker("compiled")).engine,
            on_committed=self.snapshots.committed,
        )
        self.numbers = 0
        self.hired = AGENTS
        self.staff = [f"a{number}" for number in range(AGENTS)]
        self.at_work: set[str] = set()

    def publish(self, events: list[Released]) -> None:
        self.monitor.observe(events)
        self.fanout.publish(events)
        for each in events:
            if each.event.type == EventType.OFFER_MADE:
                self.loop.create_task(self._serve(each.event))

    async def do(self, command: Command) -> Answer | None:
        """None: it was refused."""
        with suppress(Refused):
            return await self.sequencer.submit(self.seat, command)
        return None

    def request(self) -> str:
        self.numbers += 1
        return f"r{self.numbers}"

    async def _serve(self, offer: Event) -> None:
        await asyncio.sleep(self.draw.uniform(2, TIMEOUT_S * 1.1))
        accept = AcceptOffer(offer.contact_id, offer.agent_id, offer.offer_id, request_id=self.request())
        if await self.do(accept) is not None:
            await asyncio.sleep(self.draw.expovariate(1 / TALK_S))
            await self.do(CompleteContact(offer.contact_id, request_id=self.request()))

    async def _call(self) -> None:
        queue_id = self.draw.choice(("sales", "service", "week"))
        answer = await self.do(EnqueueContact("", queue_id, priority=self.draw.randrange(3), request_id=self.request()))
        if answer is not None:
            await asyncio.sleep(self.draw.expovariate(1 / PATIENCE_S))
            await self.do(CancelContact(answer.contact_id, request_id=self.request()))

    async def live(self, days: int) -> list[Evening]:
        """Weeks of work; returns what there was each evening."""
        await self.sequencer.seat(self.seat, resume=False)
        self.sequencer.start()
        evenings = []
        for day in range(days):
            if day % 7 == 0:
                await self._new_week(day // 7)
            await self._one_day()
            self.snapshots.committed(self.seat.engine.seq)
            evenings.append(await self.sequencer.look(lambda day=day: self._evening(day)))
            if self.failed:
                raise self.failed[0]
        await self.snapshots.stop()
        await self.sequencer.stop()
        self.monitor.look_at(self.seat.engine.counts())
        self.fanout.stop()
        return evenings

    async def _new_week(self, week: int) -> None:
        draw = self.draw
        queues = [
            QueueSpec(name, requirement, offer_timeout_ms=int(TIMEOUT_S * 1_000), wrap_up_ms=draw.randrange(60_000))
            for name, requirement in (("sales", "sales"), ("service", ""), ("week", f"language>={1 + week % 4}"))
        ]
        await self.do(ApplyPolicy(Policy(queues=tuple(queues)), request_id=self.request()))
        if week:
            gone = draw.sample(self.staff, 2)
            await self.do(RemoveAgents(tuple(gone), request_id=self.request()))
            self.staff = [name for name in self.staff if name not in gone]
            for _ in gone:
                self.hired += 1
                self.staff.append(f"a{self.hired}")
        for name in self.staff:
            skills = (SkillLevel("language", draw.randrange(1, 6)), SkillLevel("sales", draw.randrange(1, 9)))
            await self.do(UpsertAgents((AgentSpec(name, skills),), request_id=self.request()))

    async def _one_day(self) -> None:
        began_s = self.loop.time()
        for quarter in range(24 * 4):
            hour = quarter / 4
            shift = [name for place, name in enumerate(self.staff) if (place % 2 == 0) == (hour < 14)]
            working = set(shift) if OPEN_FROM_H <= hour < OPEN_TO_H else set()
            for name in sorted(working - self.at_work):
                await self.do(SetPresence(name, Presence.READY, lease_ms=900_000, request_id=self.request()))
            for name in sorted(working & self.at_work):
                await self.do(SetPresence(name, Presence.READY, lease_ms=1_800_000, request_id=self.request()))
            for name in sorted(self.at_work - working):
                await self.do(SetPresence(name, Presence.OFFLINE, request_id=self.request()))
            self.at_work = working
            quarters = 4 * (OPEN_TO_H - OPEN_FROM_H)
            for _ in range(self.contacts_a_day // quarters if working else 0):
                self.loop.call_later(self.draw.uniform(0, 900), lambda: self.loop.create_task(self._call()))
            await asyncio.sleep(began_s + (quarter + 1) * 900 - self.loop.time())
            await self.upkeep.look_after(by_age=quarter % 4 == 0)

    def _evening(self, day: int) -> Evening:
        extent = self.journal.extent(self.name)
        seqs = self.journal.snapshots.seqs(self.name)
        folder = self.config.data_dir
        return Evening(
            day,
            extent.last_seq,
            extent.last_seq - extent.oldest_seq + 1,
            extent.last_event_seq - extent.oldest_event_seq + 1,
            sum(path.stat().st_size for path in folder.glob(journal_path(folder).name + "*")),
            len(list(snapshots_path(folder).glob("*"))),
            self.journal.snapshots.of(self.name, seqs[-1]).path.stat().st_size if seqs else 0,
            len(self.seat.engine.snapshot()),
            len(os.listdir("/proc/self/fd")),
            sum(not task.done() for task in self.loop._tasks),
            len(self.journal.read_policies(self.name, up_to_version=2**62, policies_max=1_000)),
        )

    def close(self) -> None:
        self.journal.close()


@contextmanager
def simulated(steps_max: int = 2**62) -> Iterator[SimulatedLoop]:
    """A loop and a wall clock that begin on a Monday."""
    time = SimulatedTime(BEGAN_NS)
    time.loop = loop = SimulatedLoop(random.Random(1), slow_s=0.001)
    loop.steps_max = steps_max
    with patch.object(clock_module, "time", time):
        yield loop


def settings(data_dir: Path, **given: float) -> Config:
    """Retention by days; a snapshot half as often as that."""
    base = {"snapshot_every_h": 12.0, "journal_kept_days": 2.0, "snapshot_every_commands": 0, "snapshots_kept": 2}
    return Config(data_dir=data_dir, recent_events_max=100, **base | given)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m long_life.month", description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--contacts", type=int, default=1_000, help="contacts a day")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder, simulated() as loop:
        centre = SmallCentre(settings(Path(folder)), loop, options.seed, options.contacts)
        for evening in loop.run_until_complete(centre.live(options.days)):
            print(json.dumps(asdict(evening)))
        centre.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
