"""Keeps the figures in step with the event stream: a subscriber like any other, never on the path of a command.

All work on the file is done in one lane, so that a question sees the figures as of one event. The file is opened by
need: many tenants have figures, few of them news at a time.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from acd_core.policy import Policy
from acd_service.clock import Clock
from acd_service.config import Config
from acd_service.data_dir import figures_path
from acd_service.fanout import Fanout
from acd_service.figures.counts import DAY_NS, AgentFigures
from acd_service.figures.projection import Projection, QueueKey
from acd_service.figures.store import FiguresStore, StatsRow, checksum_of
from acd_service.journal import Journal
from acd_service.opened_by_need import OpenedByNeed
from acd_service.seat import Released
from acd_service.service_error import FiguresNotReady, Stopping
from acd_service.shared_by_tenants import SharedByTenants

_log = logging.getLogger(__name__)
_RETRY_S: Final = 5.0
_FORGET_EVERY_NS: Final = 3_600 * 1_000_000_000
_REACH_S: Final = 2.0
"""How long a question waits for the figures to come up to what was released when it was asked."""
_POLICIES_READ: Final = 100
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


class _Ground(NamedTuple):
    """What the worker works on."""

    store: FiguresStore
    projection: Projection


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
        self._ground: OpenedByNeed[_Ground] = OpenedByNeed(
            shared.figures_lane(), shared.figures_files, self._open, lambda ground: ground.store.close()
        )
        self._turns = shared.figures_turns
        self._turn: asyncio.Future[bool] | None = None
        self._is_ready = False
        self._task: asyncio.Task[None] | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._hurry = asyncio.Event()
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
        await self._ground.close()
        for _, waiter in self._waiters:
            waiter.cancel()

    async def queues(self, question: QueueQuestion) -> QueueFigures:
        """The figures of queues, up to what was released when it was asked, if they come up to that in time.

        Raises:
            FiguresNotReady: they cannot be told now.
        """
        return await self._ask(lambda ground: _answer(ground, question))

    async def keys(self) -> list[QueueKey]:
        """Queues and channels of which there are figures."""
        return await self._ask(lambda ground: ground.store.queues())

    async def agents(self, at_ns: int) -> dict[str, AgentFigures]:
        """The figures, up to `at_ns`, of the agents that are signed on."""

        def read(ground: _Ground) -> dict[str, AgentFigures]:
            figures = {name: ground.projection.agent_figures(name, at_ns) for name in ground.projection.agents}
            return {name: session for name, session in figures.items() if session is not None}

        return await self._ask(read)

    async def _ask(self, read: Callable[[_Ground], T]) -> T:
        await self._reach(self._fanout.next_event_seq - 1)

        if self._is_stopped:
            raise Stopping("the service is stopping")
        if not self._is_ready:
            raise FiguresNotReady("the figures are not there yet; they are being made from the journal")
        return await self._ground.use(read)

    async def _reach(self, event_seq: int) -> None:
        if self.event_seq >= event_seq:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((event_seq, waiter))
        self._make_haste()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiter, _REACH_S)

    def _make_haste(self) -> None:
        self._hurry.set()
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(False)

    async def _use(self, work: Callable[[_Ground], T]) -> T:
        """Do something that nobody waits for: if the file has to be opened for it, in turn.

        Raises:
            Stopping: it is not open, and is not opened any more.
        """
        loop = asyncio.get_running_loop()
        is_turn = False
        if not self._ground.is_open and not self._waiters:
            self._turn = self._turns.wait()
            is_turn, self._turn = await self._turn, None
        began = loop.time()
        try:
            if self._fanout.is_stopping and not self._ground.is_open:
                raise Stopping("the service is stopping")
            return await self._ground.use(work)
        finally:
            if is_turn:
                self._turns.over(loop.time() - began)

    async def _run(self) -> None:
        while True:
            try:
                self.event_seq = await self._use(lambda ground: ground.projection.event_seq)
                self._is_ready = True
                while True:
                    if not await self._fanout.wait_for(self.event_seq + 1):
                        return
                    released = await self._fanout.released_from(self.event_seq + 1, self._config.message_events_max)
                    self.event_seq = await self._use(partial(self._count, released))
                    self._tell_waiters()
                    # Under load there is always something new by now. To count it at once would be a transaction every
                    # few milliseconds, in a thread that takes the interpreter from those who serve calls.
                    behind = self._fanout.next_event_seq - 1 - self.event_seq
                    is_enough = behind >= self._config.message_events_max or self._fanout.is_stopping
                    if not self._waiters and not is_enough:
                        self._hurry.clear()
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(self._hurry.wait(), self._config.figures_gather_ms / 1_000)
            except Stopping:
                return
            except Exception as error:
                _log.error("the figures are not kept for now: %s", error, exc_info=error)
                self._is_ready = False
                await self._ground.close()
                if self._fanout.is_stopping:
                    return
                await asyncio.sleep(_RETRY_S)

    def _tell_waiters(self) -> None:
        waiting = []
        for event_seq, waiter in self._waiters:
            if waiter.done():
                continue
            if event_seq > self.event_seq:
                waiting.append((event_seq, waiter))
            else:
                waiter.set_result(None)
        self._waiters = waiting

    def _open(self) -> _Ground:
        """Open the file and find out from which event on it has to go on: the one after its projection's."""
        store = FiguresStore.open(self._path, self._tenant, anew=self._anew)
        self._anew = False
        try:
            projection = Projection(self._targets)
            self._check(store)
            store.load(projection)
            oldest = self._journal.extent(self._tenant).oldest_event_seq
            if projection.event_seq + 1 < oldest:
                if projection.event_seq:
                    _log.warning("no figures of events %d to %d, which are gone", projection.event_seq + 1, oldest - 1)
                    store.forget_present()
                    projection = Projection(self._targets)
                first = self._journal.read_events(self._tenant, oldest, events_max=1, bytes_max=1)[0]
                projection.event_seq = oldest - 1
                projection.use_policy(self._policy_before(first.seq))
        except BaseException:
            store.close()
            raise
        return _Ground(store, projection)

    def _check(self, store: FiguresStore) -> None:
        """Begin anew if the figures are not of this journal: it was replaced, or put back to an earlier state."""
        progress = store.progress()
        if progress is None:
            return
        extent = self._journal.extent(self._tenant)
        if progress.event_seq > extent.last_event_seq:
            _log.warning("the figures are ahead of the journal and are made anew")
            store.clear()
        elif progress.event_seq >= extent.oldest_event_seq:
            last = self._journal.read_events(self._tenant, progress.event_seq, events_max=1, bytes_max=1)[0]
            if checksum_of(last.content) != progress.event_checksum:
                _log.warning("the figures are those of another journal and are made anew")
                store.clear()

    def _count(self, released: list[Released], ground: _Ground) -> int:
        store, projection = ground
        content = b""
        for run in released:
            start = max(run.event_seq, projection.event_seq + 1)
            for event in run.events(start, len(run)):
                projection.apply(event)
            content = run.contents(run.event_seq + len(run) - 1, 1)[0]
        store.save(projection, checksum_of(content))
        now_ns = self._clock.now_ns()
        if now_ns - self._forgot_at_ns >= _FORGET_EVERY_NS:
            self._forgot_at_ns = now_ns
            store.forget_before(now_ns - self._config.figures_kept_days * DAY_NS)
        return projection.event_seq

    def _targets(self, policy_version: int) -> Mapping[str, int]:
        records = self._journal.read_policies(self._tenant, up_to_version=policy_version, policies_max=1)
        if not records or records[0].policy_version != policy_version:
            return {}
        policy = Policy.from_bytes(records[0].content)
        return {queue.queue_id: queue.service_level_target_ms * 1_000_000 for queue in policy.queues}

    def _policy_before(self, seq: int) -> int:
        """The version of the policy that was in force before a command."""
        version = 2**62
        while records := self._journal.read_policies(self._tenant, up_to_version=version, policies_max=_POLICIES_READ):
            for record in records:
                if record.seq < seq:
                    return record.policy_version
            version = records[-1].policy_version - 1
        return 0


def _answer(ground: _Ground, question: QueueQuestion) -> QueueFigures:
    wanted: Iterable[QueueKey] = (
        key
        for key in ground.store.queues()
        if (not question.queue_ids or key.queue_id in question.queue_ids)
        and (not question.channels or key.channel_id in question.channels)
    )
    steps = (ground.store.counts(key, question.start_ns, question.end_ns, question.step_ns) for key in wanted)
    rows = (row for row in chain.from_iterable(steps) if row.start_ns <= question.now_ns)
    return QueueFigures(list(islice(rows, question.rows_max + 1)), ground.projection.event_seq)
