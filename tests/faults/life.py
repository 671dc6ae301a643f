"""One life of a service, from its recovery to its sudden end: the shell's own parts on simulated time and disk.

Real here: sequencer, seats, the coming and going of tenants, fan-out, invariants, quotas, batches, recovery, clock, the
schedule and the files of snapshots, the journal and SQLite. Simulated: the loop, threads, time, the disk below SQLite.
Left out: gRPC, figures, customers.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
from faults import disk as disks
from faults.canaries import Parts
from faults.clockwork import SimulatedLongThreads, SimulatedLoop, SimulatedThread
from faults.house import House
from faults.ledger import Broken, Ledger
from faults.reader import KeptReader

from acd_service.config import Config
from acd_service.data_dir import journal_path, tenant_dir
from acd_service.engine_interface import engine_maker
from acd_service.hosting import Hosting
from acd_service.inbound import Waiting
from acd_service.tenant_settings import Quotas

NARROW, GUEST = "narrow", "guest"
"""Tenants beside `default`: one of the settings, with quotas; one that comes and goes."""


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
        self,
        parts: Parts,
        config: Config,
        loop: SimulatedLoop,
        disk: disks.Disk,
        ledgers: defaultdict[str, Ledger],
        draw: random.Random,
    ) -> None:
        self.parts, self.config, self.loop, self.disk = parts, config, loop, disk
        self.ledgers, self.draw = ledgers, draw
        self.make = engine_maker(config.engine)
        self.failed: list[BaseException] = []
        self.houses: dict[str, House] = {}
        """Those of the tenants that are open."""
        self.suspended: set[str] = set()
        self.is_ending = False
        """Whether tenants come and go no more."""
        self.journal = None
        self.begun_apart = Counter[str]()
        """Pieces of long work, by tenant."""
        self._reader = None

    async def begin(self) -> None:
        config, parts = self.config, self.parts
        self.disk.insert()
        self.journal = journal = parts.journal.open(config.data_dir, vfs=disks.NAME, synchronous=parts.synchronous)
        if self.draw.random() < 0.8:
            self._reader = KeptReader(journal_path(config.data_dir), disks.NAME)
            journal.reading = self._reader.reading
        self.hosting = _houses_for(parts.hosting)(self)
        recovered = self.hosting.recover()
        self.clock = parts.clock(self.hosting.last_at_ns)
        self._began_ns, self._began_s = self.clock.now_ns(), self.loop.time()
        self.sequencer = parts.sequencer(journal, self.clock, config, self.failed.append, _DrawnBusyness(self.draw))
        self.sequencer._worker = SimulatedThread(self.loop, commits_apart=self.draw.random() < 0.2)
        self.sequencer._long = SimulatedLongThreads(self.loop)
        self.sequencer._begin_apart = self._noting_what_is_apart(self.sequencer._begin_apart)
        self._forget, journal.forget = journal.forget, self._collect_and_forget
        await self.hosting.open_all(recovered, self.sequencer, self.clock)
        self.sequencer.start()
        for house in list(self.houses.values()):
            house.ledger.collect(journal, house.name)
            await house.furnish()

    @property
    def is_over(self) -> bool:
        """Whether the service takes nothing more."""
        return self.sequencer._closed is not None

    def _noting_what_is_apart(self, begin: Callable[[Waiting], None]) -> Callable[[Waiting], None]:
        def begin_apart(taken: Waiting) -> None:
            self.begun_apart[taken.tenant] += 1
            begin(taken)

        return begin_apart

    def latest_ns(self) -> int:
        """What a clock that only goes on says at most."""
        return self._began_ns + int((self.loop.time() - self._began_s) * 1e9 + 1e6)

    def _collect_and_forget(self, tenant, *, through_seq, through_event_seq):
        self.ledgers[tenant].collect(self.journal, tenant)
        self._forget(tenant, through_seq=through_seq, through_event_seq=through_event_seq)

    async def check(self) -> None:
        """What must hold at any time."""
        for house in list(self.houses.values()):
            await self.sequencer.look(house.check, house.seat)
        if self.loop.problems:
            raise Broken(f"nobody caught: {self.loop.problems[0]}")

    def bury(self) -> None:
        """Let go of what the operating system takes back when a process dies."""
        if self._reader is not None:
            self._reader.close()
        if self.journal is not None:
            with suppress(apsw.Error):
                self.journal.close()


def _houses_for(kind: type[Hosting]) -> type[Hosting]:
    """The hosting of tenants, with houses in their place."""

    class _Hosting(kind):
        def __init__(self, life: Life) -> None:
            super().__init__(life.houses, life.suspended, life.journal, life.config)
            self._life = life

        async def _seat(self, hosted, recovered):
            house = House(self._life, hosted.name, recovered, self.quotas_of(hosted))
            tenant_dir(self._config.data_dir, hosted.name).mkdir(parents=True, exist_ok=True)
            await house.take_seat()
            hosted.tenant = self._open[hosted.name] = house

    return _Hosting


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
        tenants={NARROW: Quotas(waiting_max=2, commands_per_s=60)},
    )
    return replace(config, events_kept_min=draw.choice((0, 0, 20)))
