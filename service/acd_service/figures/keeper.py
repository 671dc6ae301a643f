"""Keeps the figures in step with the event stream: a subscriber like any other, never on the path of a command.

All work on the file is done in one lane, so that a question sees the figures as of one event. The file is opened by
need: many tenants have figures, few of them news at a time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from acd_service.clock import Clock
from acd_service.config import Config
from acd_service.data_dir import figures_path
from acd_service.fanout import Fanout
from acd_service.figures.counts import DAY_NS, AgentFigures, QueueKey
from acd_service.figures.kept import KeptFigures, UnsoundCounts
from acd_service.figures.store import StatsRow
from acd_service.journal import Journal
from acd_service.opened_by_need import OpenedByNeed
from acd_service.released import Released
from acd_service.service_error import FiguresNotReady, Stopping
from acd_service.shared_by_tenants import SharedByTenants

_log = logging.getLogger(__name__)
_RETRY_S: Final = 5.0
_FORGET_EVERY_NS: Final = 3_600 * 1_000_000_000
_REACH_S: Final = 2.0
"""How long a question waits for the figures to come up to what was released when it was asked."""
_EVENTS_AT_ONCE: Final = 16_384
"""Counted in some milliseconds."""
_PARTS_OF_RECENT: Final = 4
"""Events are counted at the latest when so large a part of those that are kept in memory waits for it."""
T = TypeVar("T")


class QueueQuestion(NamedTuple):
    """Which figures of queues: all times in nanoseconds since the Unix epoch; empty sets mean all."""

    queue_ids: frozenset[str]
    channels: frozenset[str]
    start_ns: int
    end_ns: int
    step_ns: int
    now_ns: int
    """Intervals that begin later are not told: nobody knows who will wait then."""
    rows_max: int


class QueueFigures(NamedTuple):
    """The answer, as of one event; at most one row more than asked for."""

    rows: list[StatsRow]
    event_seq: int


class FiguresKeeper:
    """The figures of one tenant; used on the event loop.

    Attributes:
        event_seq: the last event that is counted and stored.
    """

    def __init__(
        self, tenant: str, journal: Journal, fanout: Fanout, clock: Clock, config: Config, shared: SharedByTenants
    ) -> None:
        self._tenant = tenant
        self._journal = journal
        self._fanout = fanout
        self._clock = clock
        self._config = config
        self._path: Path = figures_path(config.data_dir, tenant)
        self._anew = config.figures_start == "rebuild"
        self._kept: OpenedByNeed[KeptFigures] = OpenedByNeed(
            shared.figures_lane(), shared.figures_files, self._open, KeptFigures.close
        )
        self._turns = shared.figures_turns
        self._turn: asyncio.Future[bool] | None = None
        self._askers = 0
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._counting = asyncio.Lock()
        self._counted = 0
        self._forgot_at_ns = 0
        self._is_stopped = False
        self.event_seq = 0

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="figures")

    async def stop(self) -> None:
        """Count what was released (the fan-out must be stopping), then close the file. What is not open now is counted
        after the next start.
        """
        self._make_haste()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._is_stopped = True
        await self._kept.close()

    async def queues(self, question: QueueQuestion) -> QueueFigures:
        """The figures of queues, up to what was released when it was asked, if they come up to that in time.

        Raises:
            FiguresNotReady: they cannot be told now.
        """
        return await self._ask(lambda kept: _answer(kept, question))

    async def keys(self) -> list[QueueKey]:
        """Queues and channels of which there are figures."""
        return await self._ask(lambda kept: kept.store.queues())

    async def agents(self, at_ns: int) -> dict[str, AgentFigures]:
        """The figures, up to `at_ns`, of the agents that are signed on."""
        return await self._ask(lambda kept: kept.counter.agents(at_ns))

    async def _ask(self, read: Callable[[KeptFigures], T]) -> T:
        asked_at = self._fanout.next_event_seq - 1
        self._askers += 1
        self._make_haste()
        try:
            with contextlib.suppress(TimeoutError):  # the answer says as of which event it is
                async with asyncio.timeout(_REACH_S):
                    await self._ready.wait()
                    while self._counted < asked_at:
                        await self._count_some()
            if self._is_stopped:
                raise Stopping("the service is stopping")
            if not self._ready.is_set():
                raise FiguresNotReady("the figures are not there yet; they are being made from the journal")
            return await self._kept.use(partial(_read_stored, read))
        except UnsoundCounts as unsound:
            await self._go_back()
            raise FiguresNotReady("the last events are being counted again") from unsound
        finally:
            self._askers -= 1

    async def _go_back(self) -> None:
        """After something went wrong: what is stored is what counts."""
        await self._kept.close()
        self._counted = self.event_seq

    def _make_haste(self) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(False)

    async def _use(self, work: Callable[[KeptFigures], T]) -> T:
        """Do something with the figures: if the file has to be opened for it and nobody waits, in turn.

        Raises:
            Stopping: it is not open, and is not opened any more.
        """
        loop = asyncio.get_running_loop()
        is_turn = False
        if not self._kept.is_open and not self._askers and not self._fanout.is_stopping:
            self._turn = self._turns.wait()
            is_turn, self._turn = await self._turn, None
        began = loop.time()
        try:
            if self._fanout.is_stopping and not self._kept.is_open:
                raise Stopping("the service is stopping")
            return await self._kept.use(work)
        finally:
            if is_turn:
                self._turns.over(loop.time() - began)

    async def _run(self) -> None:
        while True:
            try:
                self._counted = self.event_seq = await self._use(lambda kept: kept.stored_event_seq)
                self._ready.set()
                while await self._fanout.wait_for(self._counted + 1):
                    await self._count_some()
                    # Under load there is always something new by now. To count it at once would be a transaction every
                    # few milliseconds, in a thread that takes the interpreter from those who serve calls.
                    enough = self._config.recent_events_max // _PARTS_OF_RECENT
                    await self._fanout.wait_for(self._counted + enough, self._config.figures_gather_ms / 1_000)
                    if self._fanout.next_event_seq == self._counted + 1 and self._kept.is_open:
                        self.event_seq = await self._kept.use(_stored)
                return
            except Stopping:
                return
            except Exception as error:
                _log.error("the figures are not kept for now: %s", error, exc_info=error)
                self._ready.clear()
                await self._go_back()
                if self._fanout.is_stopping:
                    return
                await asyncio.sleep(_RETRY_S)

    async def _count_some(self) -> None:
        """Count some of what was released and is not counted yet."""
        async with self._counting:
            if self._counted + 1 < self._fanout.next_event_seq:
                released = await self._fanout.released_from(self._counted + 1, _EVENTS_AT_ONCE)
                self._counted, self.event_seq = await self._use(partial(self._count, released))

    def _open(self) -> KeptFigures:
        anew, self._anew = self._anew, False
        return KeptFigures.open(self._path, self._tenant, self._journal, anew=anew)

    def _count(self, released: list[Released], kept: KeptFigures) -> tuple[int, int]:
        kept.count(released)
        now_ns = self._clock.now_ns()
        if now_ns - self._forgot_at_ns >= _FORGET_EVERY_NS:
            self._forgot_at_ns = now_ns
            kept.store.forget_before(now_ns - self._config.figures_kept_days * DAY_NS)
        return kept.counter.event_seq, kept.stored_event_seq


def _stored(kept: KeptFigures) -> int:
    kept.save()
    return kept.stored_event_seq


def _read_stored(read: Callable[[KeptFigures], T], kept: KeptFigures) -> T:
    """What is asked of the file is as of the last event that was counted."""
    kept.save()
    return read(kept)


def _answer(kept: KeptFigures, question: QueueQuestion) -> QueueFigures:
    wanted: Iterable[QueueKey] = (
        key
        for key in kept.store.queues()
        if (not question.queue_ids or key.queue_id in question.queue_ids)
        and (not question.channels or key.channel_id in question.channels)
    )
    steps = (kept.store.counts(key, question.start_ns, question.end_ns, question.step_ns) for key in wanted)
    rows = (row for row in chain.from_iterable(steps) if row.start_ns <= question.now_ns)
    return QueueFigures(list(islice(rows, question.rows_max + 1)), kept.counter.event_seq)
