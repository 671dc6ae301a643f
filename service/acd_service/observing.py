"""Everything by which operators see a service, put together: metrics, the log of commands, traces.

What is not set up costs the service a look for None, and nothing is imported for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

from acd_core.commands import Command
from acd_service.clock import stopwatch_ns
from acd_service.config import Config
from acd_service.interceptor import CallInterceptor
from acd_service.journal_sqlite import SqliteJournal
from acd_service.logs import CommandLog
from acd_service.meters import Meters
from acd_service.metrics.endpoint import MetricsEndpoint
from acd_service.metrics.exposition import ServiceCollector, Sources
from acd_service.metrics.loop_lag import sample_loop_lag
from acd_service.observer import BatchTimes, Observer, Passing
from acd_service.sequencer import Sequencer
from acd_service.tenant import Tenant

if TYPE_CHECKING:
    from acd_service.tracing import Tracing

_log = logging.getLogger(__name__)


class Observing:
    """One for each server, on its event loop.

    Args:
        tenants: those that are open.
        is_serving: whether calls are let in.

    Attributes:
        meters: what the service counts of itself; whoever counts is given it.
        metrics_address: where `/metrics` is; empty if it is nowhere.
    """

    def __init__(
        self,
        config: Config,
        calls: CallInterceptor,
        tenants: Callable[[], Sequence[Tenant]],
        is_serving: Callable[[], bool],
    ) -> None:
        self._config = config
        self.meters = Meters()
        self._sequencer: Sequencer | None = None
        self._sources = Sources(config, self.meters, calls, _version(), tenants, self._commands_waiting, is_serving)
        self._endpoint: MetricsEndpoint | None = None
        self._tracing: Tracing | None = None
        self._loop_lag: asyncio.Task[None] | None = None
        self._began_ns = stopwatch_ns()
        self.metrics_address = ""

    def start(self) -> None:
        """Before the first call.

        Raises:
            BadConfig: the address of the metrics is none or is taken; traces are asked for and not installed.
        """
        if self._config.traces.enabled:
            from acd_service.tracing import Tracing

            self._tracing = Tracing(self._config.traces)
            self._sources.calls.around = self._tracing.around
        loop = asyncio.get_running_loop()
        self._loop_lag = loop.create_task(sample_loop_lag(self.meters), name="loop lag")
        if not self._config.metrics.listen:
            return
        self._endpoint = MetricsEndpoint(
            self._config.metrics.listen, ServiceCollector(self._sources, loop), self._sources.is_serving
        )
        self._sources.calls.meters = self.meters
        self._endpoint.start()
        self.metrics_address = self._endpoint.address
        _log.info("metrics at http://%s/metrics", self.metrics_address)

    def watch(self, journal: SqliteJournal, sequencer: Sequencer) -> None:
        """Once they are there, and before a command comes."""
        self._sources.journal = journal
        self._sequencer = sequencer
        observers: list[Observer] = []
        if logging.getLogger(CommandLog.__module__).isEnabledFor(logging.DEBUG):
            observers.append(CommandLog())
        if self._tracing is not None:
            observers.append(self._tracing)
        if observers:
            sequencer.observer = observers[0] if len(observers) == 1 else _Several(observers)

    def recovered(self, replayed: int) -> None:
        """When calls are let in."""
        self._sources.recovery_s = (stopwatch_ns() - self._began_ns) * 1e-9
        self._sources.replayed = replayed

    async def stop(self) -> None:
        """Before the tenants and the journal are closed."""
        if self._loop_lag is not None:
            self._loop_lag.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop_lag
            self._loop_lag = None
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await asyncio.to_thread(endpoint.stop)
        tracing, self._tracing = self._tracing, None
        if tracing is not None:
            await asyncio.to_thread(tracing.close)

    def _commands_waiting(self) -> int:
        return 0 if self._sequencer is None else self._sequencer.waiting


class _Several:
    """Observers side by side; the note of each is kept in order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def arrived(self, command: Command) -> object:
        return [observer.arrived(command) for observer in self._observers]

    def released(self, batch: Sequence[Passing], times: BatchTimes) -> None:
        notes = [taken.note for taken in batch]
        for number, observer in enumerate(self._observers):
            for taken, note in zip(batch, notes, strict=True):
                taken.note = note[number] if isinstance(note, list) else None
            observer.released(batch, times)


def _version() -> str:
    try:
        return metadata.version("acd-routing-core")
    except metadata.PackageNotFoundError:
        return "unknown"
