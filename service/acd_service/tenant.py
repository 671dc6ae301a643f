"""Everything that serves one tenant: its engine's seat, its subscribers, its snapshots, its figures."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from acd_core.commands import Command
from acd_core.events import Answer
from acd_service.asking import OURSELVES, Asking
from acd_service.batches import Batch, Permit
from acd_service.clock import Clock
from acd_service.codec.sent import SentCommand
from acd_service.config import Config
from acd_service.customers.directory import CustomerDirectory
from acd_service.data_dir import customers_path, set_aside_path
from acd_service.engine_interface import RoutingEngine, engine_maker
from acd_service.erasing.eraser import Eraser
from acd_service.fanout import Fanout
from acd_service.figures.keeper import FiguresKeeper
from acd_service.invariants import InvariantMonitor
from acd_service.journal import Journal
from acd_service.journal_sqlite import SqliteJournal
from acd_service.kept_lines import KeptLines
from acd_service.metering import Metering
from acd_service.past import Past
from acd_service.recovery import Recovered, recover
from acd_service.retention import Retention
from acd_service.seat import Released, Seat
from acd_service.sequencer import Sequencer
from acd_service.series import Series
from acd_service.service_error import ServiceError
from acd_service.set_aside import SetAside
from acd_service.shared_by_tenants import SharedByTenants
from acd_service.snapshot_schedule import SnapshotSchedule
from acd_service.tenant_settings import Quotas

_log = logging.getLogger(__name__)
T = TypeVar("T")
_NO_QUOTAS: Final = Quotas()


class Tenant:
    """What the rpc handlers work with."""

    def __init__(
        self,
        name: str,
        recovered: Recovered,
        journal: SqliteJournal,
        sequencer: Sequencer,
        clock: Clock,
        config: Config,
        shared: SharedByTenants,
        quotas: Quotas = _NO_QUOTAS,
    ) -> None:
        engine = recovered.engine
        engine.limits = quotas.limits
        self.name: Final = name
        self.config: Final = config
        self.clock: Final = clock
        self.journal: Final = journal
        self.started_at_ns: Final = clock.now_ns()
        self.sequencer: Final = sequencer
        self.metering: Final = Metering(quotas)
        self.fanout: Final = Fanout(name, journal, config, engine.event_seq, shared.catch_up_lane(), shared.recent)
        self.monitor: Final = InvariantMonitor.of(engine)
        self.past: Final = Past(name, config.data_dir, config.engine, config.explain_commands_max)
        self.retention: Final = Retention(name, config, journal, sequencer, clock)
        self.snapshots: Final = SnapshotSchedule(name, config, journal, self.retention, recovered.snapshot_seq)
        self.figures: Final = FiguresKeeper(name, journal, self.fanout, clock, config, shared)
        self.retention.events_read = lambda: self.figures.event_seq
        self.directory: Final = CustomerDirectory(
            customers_path(config.data_dir, name), name, config.customers_max, shared
        )
        self.set_aside: Final = SetAside(set_aside_path(config.data_dir, name))
        self._seat = Seat(
            name,
            engine,
            self,
            self.set_aside,
            rebuild=self._rebuilt,
            on_committed=self.snapshots.committed,
        )
        self.lines: Final = KeptLines(self.look_long)
        self.eraser: Final = Eraser(
            name, journal, sequencer, self.snapshots, self.fanout, self.directory, self.set_aside, self.submit
        )
        self._was_used = engine.seq > 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_stopping = False
        self.stopping: Final = asyncio.Event()

    async def take_seat(self) -> None:
        """Begin to take commands; after an outage, `Resume` is the first of them.

        Raises:
            DirectoryDamaged: its customers cannot be used.
        """
        await self.directory.start()
        await self.sequencer.seat(self._seat, resume=self._was_used)
        self.figures.start()
        self.eraser.start()

    async def leave_seat(self, why: ServiceError) -> None:
        """Take no more commands, for this reason; those that were applied are answered, no timer fires any more."""
        await self.sequencer.unseat(self._seat, why)

    def _rebuilt(self) -> RoutingEngine:
        engine = recover(self.journal, self.name, engine_maker(self.config.engine)).engine
        engine.limits = self.metering.quotas.limits
        return engine

    def publish(self, events: list[Released]) -> None:
        """Take durable events from the sequencer."""
        if events:
            self.monitor.observe(events)
            self.fanout.publish(events)

    def submit(
        self,
        command: Command,
        asking: Asking = OURSELVES,
        *,
        on_release: Callable[[Answer], None] | None = None,
    ) -> "asyncio.Future[Answer]":
        """As `Sequencer.submit`, for this tenant.

        Raises:
            QuotaExceeded: they come faster than the tenant's quota allows.
        """
        self.metering.take()
        return self.sequencer.submit(self._seat, command, asking, on_release=on_release)

    def submit_sent(self, sent: SentCommand, asking: Asking) -> "asyncio.Future[bytes]":
        """As `Sequencer.submit_sent`, for this tenant."""
        self.metering.take()
        return self.sequencer.submit_sent(self._seat, sent, asking)

    def submit_batch(
        self, batch: Batch, asking: Asking = OURSELVES, *, permit: Permit | None = None
    ) -> "asyncio.Future[bytes]":
        """As `Sequencer.submit_batch`, for this tenant."""
        self.metering.take(len(batch))
        return self.sequencer.submit_batch(self._seat, batch, asking, permit=permit)

    def submit_series(self, series: Series, asking: Asking = OURSELVES) -> "asyncio.Future[Any]":
        """As `Sequencer.submit_series`, for this tenant."""
        self.metering.take()
        return self.sequencer.submit_series(self._seat, series, asking)

    async def look(self, question: Callable[[RoutingEngine], T]) -> T:
        """Ask the engine something when all that it knows is durable. The question must not change it."""
        return await self.sequencer.look(lambda: question(self._seat.engine), self._seat)

    async def look_long(self, question: Callable[[RoutingEngine], T]) -> T:
        """As `look`, of a question that takes long: it is asked in another thread, and commands wait for its end."""
        return await self.sequencer.look_long(self._seat, question)

    @property
    def commands_accepted(self) -> int:
        return self._seat.commands

    @property
    def commands_refused(self) -> int:
        return self._seat.refused

    def in_background(self, command: Command, what: str) -> None:
        """Submit a command that no caller waits for; a refusal is no news."""

        async def run() -> None:
            try:
                await self.sequencer.submit(self._seat, command)
            except Exception as error:
                _log.info("%s: %s", what, error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, *, at_once: bool = False) -> None:
        """End the streams, when they have been given everything or at once, and the snapshot that is being taken."""
        self.is_stopping = True
        self.stopping.set()
        self.fanout.stop(at_once=at_once)
        self.past.stop()
        await self.eraser.stop()
        await self.snapshots.stop()
        await self.figures.stop()

    async def close(self) -> None:
        """Let go of what is still open."""
        await self.directory.close()


def open_tenant(journal: Journal, name: str, config: Config) -> Recovered:
    """The tenant's engine as the journal has it; a tenant not seen before is admitted.

    Raises:
        JournalError: what is kept cannot be used.
    """
    if journal.seed(name) is None:
        journal.admit(name, config.seed)
    return recover(journal, name, engine_maker(config.engine))
