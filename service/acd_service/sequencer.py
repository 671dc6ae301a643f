"""The one writer: stamp, apply, commit, release.

All commands that have arrived, for whichever tenants, are stamped with the time, a `Tick` put in front if a timer is
due, applied to their tenant's engine, and committed in one transaction by another thread while the next ones gather.
Replies and events leave after the commit that holds them, never before. A refusal was judged against the commands
before it, so it waits for the same commit.

Of what comes in batches, the next ones are applied while some are committed, and go into the transaction after it.

What takes long for one tenant is applied in a thread of its own and committed by itself. What else comes for that
tenant waits until then, in its order, its timers too; the others go on.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar

from acd_core.commands import CloseQueue, Command, OpenQueue, Resume, Tick
from acd_core.events import Answer
from acd_core.refusal import Reason, Refused
from acd_service.applying import Applying, EngineFailed
from acd_service.asking import OURSELVES, Asking
from acd_service.batch_taken import BatchWork
from acd_service.batches import Batch, Permit
from acd_service.busyness import Busyness
from acd_service.clock import Clock, stopwatch_ns
from acd_service.codec.sent import SentCommand
from acd_service.config import Config
from acd_service.engine_interface import RoutingEngine
from acd_service.gathering import Gathering
from acd_service.inbound import Inbound
from acd_service.journal import Journal
from acd_service.long_work import LongQuestion, LongThreads, is_large, much_is_due, takes_long
from acd_service.meters import Meters
from acd_service.observer import BatchTimes, Observer
from acd_service.seat import Released, Seat
from acd_service.series import Series
from acd_service.service_error import CommandSetAside, Overloaded, ServiceError, Stopping
from acd_service.set_aside import Whom, about_opening, about_timer, whom_of
from acd_service.taken import Taken
from acd_service.timetable import Timetable
from acd_service.uncommitted import Uncommitted, batch_of
from acd_service.writer_thread import WriterThread

_log = logging.getLogger(__name__)
_SLEEP_S_MAX: Final = 3_600.0
_TIMERS_SET_ASIDE_MAX: Final = 8
"""In a row, without anything applied between: an engine that fails on every timer is not to end all contacts."""
_LISTEN_S: Final = 0.001
"""When in so long no command came there was a break. The event loop's alarms are no finer."""
_LET_IN_S_MAX: Final = 0.05
"""Those who are in already wait meanwhile, and so do timers."""
_ANY: Final = 2**63
"""More commands than can arrive: to wait for the time alone."""
T = TypeVar("T")
_Looks = list[tuple["asyncio.Future[Any]", Callable[[], Any]]]

_NO_COMMAND: Final = Tick()
AT_FIELD: Final = "acd-at-ns"
"""The metadata key by which callers of a service with a driven clock say what time it is."""


class EngineFailedOnTimer(RuntimeError):
    """The engine failed in a Tick: nothing can be applied past a timer that is due."""


class Sequencer:
    """Owns the engines of its seats. Everything but commits and what takes long runs on the event loop.

    Args:
        on_fatal: called once if the service can no longer serve; it must make the process end.
        busyness: of the event loop's thread; None: of the one that runs now.
        meters: where commands, batches and commits are counted; None: in some of its own.

    Attributes:
        ahead_commands_min: so many commands are applied while others are committed; fewer wait until that is done.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        config: Config,
        on_fatal: Callable[[BaseException], None],
        busyness: Busyness | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._config = config
        self._on_fatal = on_fatal
        self._seats: list[Seat] = []
        self._arrived: Inbound[Taken] = Inbound(config.waiting_commands_max)
        self._looks: _Looks = []
        self._apart: dict[Seat, _Apart] = {}
        self._long_waiting = 0
        self._under_way: list[Taken] = []
        """Applied and not yet let out, when something was applied ahead."""
        self._uncommitted = False
        self._closed: Stopping | None = None
        self._failed = False
        self._wakeup: asyncio.Future[None] | None = None
        self._worker = WriterThread("journal")
        self._long = LongThreads()
        self._timetable = Timetable()
        self._task: asyncio.Task[None] | None = None
        self._gathering = Gathering()
        self._busyness = busyness or Busyness()
        self._enough = 1
        self._ticked_at = 0.0
        self.batches = 0
        self.ahead_commands_min = 1_024
        self.meters = meters or Meters()
        self._applying = Applying(clock, self._timetable, self.meters)
        self.observer: Observer | None = None
        """Told of each command as it comes and of each batch that is out: for logs and traces."""

    async def seat(self, seat: Seat, *, resume: bool) -> None:
        """Give a tenant its place.

        Args:
            resume: there was an outage: `Resume` goes first, before any timer that fell due in it.
        """
        if resume:
            made = Uncommitted()
            command = Resume()
            released = made.record(seat, command, seat.engine.apply(self._clock.now_ns(), command))
            await self._worker.append(self._journal, made.batch())
            seat.outlet.publish(released)
        self._seats.append(seat)
        self._timetable.look_again(seat)
        self._wake()

    async def unseat(self, seat: Seat, why: ServiceError) -> None:
        """Take a tenant's place away: nothing more is taken for it, what was not applied yet is refused, its timers
        stop. What was applied is durable and answered when this returns.
        """
        seat.closed = why
        for taken in self._arrived.drop(seat.tenant):
            self._long_waiting -= taken.is_long
            if not taken.future.done():
                taken.future.set_exception(why)

        def leave() -> None:
            self._timetable.forget(seat)
            if seat in self._seats:
                self._seats.remove(seat)

        await self.look(leave, seat)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="sequencer")

    async def stop(self) -> None:
        """Take no more, finish what was taken, then let go of the worker."""
        self._closed = self._closed or Stopping("the service is stopping")
        self._wake()
        if self._task is not None:
            await self._task
        self._long.stop()
        self._worker.stop()
        self._busyness.close()

    def submit(
        self,
        seat: Seat,
        command: Command,
        asking: Asking = OURSELVES,
        *,
        on_release: Callable[[Answer], None] | None = None,
    ) -> "asyncio.Future[Answer]":
        """Have a command applied and made durable; the answer comes when it is.

        Args:
            on_release: called with the answer just before the command's events are released.

        Raises:
            Refused: the engine did not take it, or a time was given to a service that keeps its own.
            ServiceError: it was not applied, for a reason of the service's.
        """
        self._check_may_come(seat, asking, command.kind, 1)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        taken = Taken(seat, command, future, asking, on_release=on_release)
        if self.observer is not None:
            taken.note = self.observer.arrived(command)
        self._note_if_long(taken)
        self._arrive(taken)
        return future

    def submit_sent(self, seat: Seat, sent: SentCommand, asking: Asking) -> "asyncio.Future[bytes]":
        """As `submit`, of a command as it came, whose very bytes the journal may keep.

        Returns:
            The bytes of the response.
        """
        self._check_may_come(seat, asking, sent.command.kind, 1)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        taken = Taken(seat, sent.command, future, asking, sent=sent)
        if self.observer is not None:
            taken.note = self.observer.arrived(sent.command)
        self._arrive(taken)
        return future

    def submit_batch(
        self, seat: Seat, batch: Batch, asking: Asking = OURSELVES, *, permit: Permit | None = None
    ) -> "asyncio.Future[bytes]":
        """Have the commands of a batch applied in order, with no other command between them, and made durable.

        Args: as for `submit`; `permit` says which commands its sender may give, None: all.

        Returns:
            The bytes of the `acd.v1.DispatchResponse`, when all that it tells is durable; or a ServiceError.

        Raises:
            Refused, ServiceError: as `submit`; refusals of single commands are in the response.
        """
        self._check_may_come(seat, asking, 0, len(batch))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        taken = Taken(seat, _NO_COMMAND, future, asking, work=BatchWork(batch, permit, asking.asked_by))
        self._note_if_long(taken)
        self._arrive(taken)
        return future

    def submit_series(self, seat: Seat, series: Series, asking: Asking = OURSELVES) -> "asyncio.Future[Any]":
        """Have a series of commands applied, with no other command between them, and made durable.

        Args: as for `submit`.

        Returns:
            What the series has to tell, when all of it is durable.

        Raises:
            Refused, ServiceError: as `submit`.
        """
        self._check_may_come(seat, asking, 0, len(series))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        taken = Taken(seat, _NO_COMMAND, future, asking, work=series)
        self._note_if_long(taken)
        self._arrive(taken)
        return future

    async def look_long(self, seat: Seat, question: Callable[[RoutingEngine], T]) -> T:
        """As `look`, of a question that takes long: it is asked in another thread, and what comes for the tenant
        meanwhile waits. Of an engine that holds little, or whose clock is driven, it is asked as any.
        """
        if self._clock.driven or (seat not in self._apart and not is_large(seat.engine)):
            return await self.look(lambda: question(seat.engine), seat)
        asked = LongQuestion(question)
        await self.submit_series(seat, asked)
        return asked.found()

    def _check_may_come(self, seat: Seat, asking: Asking, kind: int, count: int) -> None:
        if asking.at_ns is not None and not self._clock.driven:
            raise Refused(Reason.INVALID_VALUE, AT_FIELD, "this service keeps its own time (it runs with clock: wall)")
        if self._closed is not None:
            raise self._closed
        if seat.closed is not None:
            raise seat.closed
        try:
            self._arrived.check_room(seat.tenant, asking.sender, count)
        except Overloaded:
            self.meters.count(kind, "OVERLOADED", count)
            raise

    def _note_if_long(self, taken: Taken) -> None:
        if not self._clock.driven and takes_long(taken, behind_long_work=taken.seat in self._apart):
            taken.is_long = True
            self._long_waiting += 1

    def _arrive(self, taken: Taken) -> None:
        self._arrived.put(taken)
        if self._arrived.commands >= self._enough:
            self._wake()

    async def look(self, question: Callable[[], T], seat: Seat | None = None) -> T:
        """Ask an engine something when all that it knows is durable. The question must not change it.

        Args:
            seat: whose engine it is about.
        """
        apart = self._apart.get(seat) if self._apart and seat is not None else None
        if apart is None and not self._uncommitted:
            return question()
        if self._failed and self._closed is not None:
            raise self._closed
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        (self._looks if apart is None else apart.looks).append((future, question))
        return await future

    async def in_worker(self, work: Callable[[], T]) -> T:
        """Run work that writes to the journal where nothing else does."""
        return await self._worker.run(work)

    @property
    def waiting(self) -> int:
        """Commands taken and not yet applied."""
        return self._arrived.commands + self._arrived.commands_held

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    async def _run(self) -> None:
        batch: list[Taken] = []
        try:
            while not self._failed:
                if not self._arrived:
                    if self._closed is not None and not self._apart and not self._tick_is_due():
                        return
                    if self._closed is None or self._apart:
                        await self._sleep()
                        if not self._arrived and not self._tick_is_due():
                            continue
                if self._arrived:
                    await self._gather()
                batch = [*self._long_due(), *self._arrived.take(self._config.batch_commands_max)]
                now, apart = self._set_apart(batch)
                began_s = asyncio.get_running_loop().time()
                now = await self._process(now)
                for taken in apart:
                    self._begin_apart(taken)
                if len({taken.work is None for taken in now}) == 2:
                    await self._let_in(asyncio.get_running_loop().time() - began_s)
                self._ticked_at = asyncio.get_running_loop().time()
        except Exception as error:
            self._fail(error, batch)

    def _first_timer_ns(self) -> int | None:
        return None if self._clock.driven else self._timetable.first_ns()

    def _tick_is_due(self) -> bool:
        due_ns = self._first_timer_ns()
        return due_ns is not None and due_ns <= self._clock.now_ns()

    async def _gather(self) -> None:
        """Wait for more to share a commit with, as long as more are likely to come; not longer than `gather_ms`."""
        arrived = self._arrived
        self._gathering.look(self._busyness.share())
        enough = self._gathering.enough
        if arrived.commands >= enough:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + self._config.gather_ms / 1_000
        while self._closed is None and (now := loop.time()) < until:
            before, busy_ns = arrived.commands, self._busyness.spent_ns()
            await self._pause(enough, min(until - now, _LISTEN_S))
            if arrived.commands >= enough:
                return
            # While the loop is busy, with answers for one, it does not hear who asks.
            busy_s = (self._busyness.spent_ns() - busy_ns) / 1e9
            if arrived.commands == before and busy_s < _LISTEN_S / 2:
                return

    async def _let_in(self, held_s: float) -> None:
        """Have the calls taken up that came meanwhile, as long as they keep coming, but not longer than the batch took.
        gRPC hands over one call in several turns of the event loop: those who send commands one by one would wait
        beside those who send many at once until gRPC turns them away.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + min(held_s, _LET_IN_S_MAX)
        while self._closed is None and (now := loop.time()) < until:
            before = len(self._arrived)
            await self._pause(_ANY, min(until - now, _LISTEN_S))
            if len(self._arrived) == before:
                return

    async def _sleep(self) -> None:
        """Until a command arrives, or a timer is due; timers alone are fired `gather_ms` after the commit before, so
        that they share commits, best with the commands that callers give who have just had their answers.
        """
        due_ns = self._first_timer_ns()
        delay_s = _SLEEP_S_MAX
        if due_ns is not None:
            earliest_s = self._ticked_at + self._config.gather_ms / 1_000 - asyncio.get_running_loop().time()
            delay_s = min(max((due_ns - self._clock.now_ns()) / 1e9, earliest_s, 0), _SLEEP_S_MAX)
        await self._pause(1, delay_s)

    async def _pause(self, enough: int, delay_s: float) -> None:
        """Until so many commands have arrived, the time is over, or somebody calls `_wake`."""
        loop = asyncio.get_running_loop()
        self._wakeup = loop.create_future()
        self._enough = enough
        alarm = loop.call_later(delay_s, self._wake)
        try:
            await self._wakeup
        finally:
            self._wakeup = None
            alarm.cancel()

    async def _process(self, batch: list[Taken]) -> list[Taken]:
        """Apply a batch and let it out when it is durable, and so all that is applied ahead: the last of it."""
        parts = [await self._applied(batch)]
        while parts:
            batch = parts[-1].batch
            parts = await self._committed(parts)
        self._under_way = []
        return batch

    async def _applied(self, batch: list[Taken], failure: EngineFailed | None = None) -> "_Part":
        """Apply a batch; whatever an engine fails on is set aside, and the batch begun again.

        Args:
            failure: one that has come of it already.
        """
        timers_failed = 0
        while True:
            if failure is not None:
                timers_failed += failure.taken is None and isinstance(failure.command, Tick)
                self._uncommitted = True
                seats = [seat for seat in self._seats if seat not in self._apart]
                await self._recover_from(failure, seats, may_set_aside=timers_failed <= _TIMERS_SET_ASIDE_MAX)
            try:
                return self._apply(batch)
            except EngineFailed as failed:
                failure = failed

    def _apply(self, batch: list[Taken]) -> "_Part":
        began_ns = stopwatch_ns()
        made = self._applying.apply(batch, one_by_one=self.observer is not None)
        applied_ns = stopwatch_ns()
        self.meters.count_batch(sum(map(len, batch)), applied_ns - began_ns)
        return _Part(batch, made, began_ns, applied_ns, [(seat, seat.engine.seq) for seat in made.touched])

    async def _committed(self, parts: list["_Part"]) -> list["_Part"]:
        """Have parts committed, and let them out: what was applied meanwhile, which is to be committed next."""
        ahead: list[_Part] = []
        again: list[Taken] = []
        failure: EngineFailed | None = None
        if any(part.made for part in parts):
            self._uncommitted = True
            began_ns = stopwatch_ns()
            commit = self._worker.append(self._journal, batch_of([part.made for part in parts]))
            while failure is None and (batch := await self._taken_ahead(commit, [*parts, *ahead])):
                try:
                    ahead.append(self._apply(batch))
                except EngineFailed as failed:
                    # What was applied before it goes with the engines.
                    again = [*(taken for part in ahead for taken in part.batch), *batch]
                    ahead, failure = [], failed
            await commit
            self.batches += 1
            self.meters.commit_ns.observe(stopwatch_ns() - began_ns)
        # Work apart may have failed meanwhile: what its engine is at is never durable.
        self._uncommitted = self._failed or bool(ahead or again)
        committed_ns = stopwatch_ns()
        for part in parts:
            self._release(part.batch, part.made, part.seqs)
            if self.observer is not None:
                single = [taken for taken in part.batch if taken.work is None]
                self.observer.released(single, BatchTimes(part.began_ns, part.applied_ns, committed_ns))
        if not (ahead or again):
            looks, self._looks = self._looks, []
            _answer(looks)
        return [await self._applied(again, failure)] if again else ahead

    async def _taken_ahead(self, commit: "asyncio.Future[None]", parts: list["_Part"]) -> list[Taken]:
        """Take what has come and is worth being applied while something is committed; nothing when that is done.

        Whoever looks at an engine waits until all that it knows is durable: for them nothing is applied ahead, and
        neither beside calls that come one by one, which are let in between, nor when timers are due, which may be many.
        """
        room = self._config.batch_commands_max - sum(len(taken) for part in parts[1:] for taken in part.batch)
        if self._clock.driven or room <= 0 or any(taken.work is None for part in parts for taken in part.batch):
            return []
        commit.add_done_callback(lambda _: self._wake())
        while not commit.done():
            if self._looks or self._closed is not None or self._apart or self._long_waiting or self._tick_is_due():
                return []
            if self._arrived.commands >= self.ahead_commands_min:
                batch = self._arrived.take(room)
                self._under_way = [*(taken for part in parts for taken in part.batch), *batch]
                return batch
            await self._pause(self.ahead_commands_min, _SLEEP_S_MAX)
        return []

    def _release(self, batch: list[Taken], made: Uncommitted, seqs: list[tuple[Seat, int]]) -> None:
        """Let out what is durable, in order: what ticked, then for each command first whoever asked to be called
        before its events, then its events; the replies last.
        """
        pending: dict[Seat, list[Released]] = {seat: released for seat, released in made.ticked if released}
        for taken in batch:
            if taken.answer is not None and taken.on_release is not None:
                taken.seat.outlet.publish(pending.pop(taken.seat, []))
                taken.on_release(taken.answer)
            if taken.released:
                pending.setdefault(taken.seat, []).extend(taken.released)
        for seat, released in pending.items():
            seat.outlet.publish(released)
        for taken in batch:
            if taken.future.done():
                continue
            if taken.content is not None:
                taken.future.set_result(taken.content)
            elif taken.answer is not None:
                taken.future.set_result(taken.answer if taken.sent is None else taken.response())
            elif taken.work is not None and taken.error is None:
                taken.future.set_result(taken.work.response())
            else:
                taken.future.set_exception(taken.error or Stopping("the command was not applied"))
        if made:
            for seat, seq in seqs:
                seat.on_committed(seq)

    async def _recover_from(self, failure: EngineFailed, seats: Sequence[Seat], *, may_set_aside: bool) -> None:
        """Trust nothing that the engine did in this batch: have it rebuilt from the journal, set the command aside,
        and let the batch begin again. If it was a timer, the contact or agent whose timer it was is set aside; if it
        was to open or close a queue, the queue stays as it is. The engines of other tenants of the batch are rebuilt
        too, since their part of it was not committed.

        Raises:
            EngineFailedOnTimer: the service cannot go on: setting aside whom the timer is about does not help.
            EngineFailed: the service has failed meanwhile, and writes nothing any more.
        """
        fired = failure.seat.engine.last_fired
        for seat in seats:
            if self._failed:
                raise failure
            seat.engine = await self.in_worker(seat.rebuild)
            seat.opening.begin_again()
            if seat not in self._apart:
                self._timetable.look_again(seat)
        if self._failed:
            raise failure
        seat, taken, command = failure.seat, failure.taken, failure.command
        if taken is not None:
            whom = whom_of(command, seat.engine)
            seat.set_aside.add(command, seat.engine.seq, failure.at_ns, failure.error, whom)
            if not taken.future.done() and taken.work is None:
                taken.future.set_exception(CommandSetAside("the engine failed on this command; it was set aside"))
        elif isinstance(command, OpenQueue | CloseQueue):
            about = about_opening(command)
            seat.set_aside.add(command, seat.engine.seq, failure.at_ns, failure.error, Whom(), about)
            seat.opening.leave(command, failure.at_ns)
        else:
            timer = about_timer(fired, seat.engine)
            whom = Whom() if timer.way_past is None else whom_of(timer.way_past, seat.engine)
            seat.set_aside.add(command, seat.engine.seq, failure.at_ns, failure.error, whom, timer.words)
            if timer.way_past is None or not may_set_aside:
                text = f"the engine fails on a timer that is due: {timer.words}"
                raise EngineFailedOnTimer(text) from failure.error
            await self._go_past(seat, timer.way_past)

    async def _go_past(self, seat: Seat, command: Command) -> None:
        """A contact or agent goes on without its timer, durably, so that routing goes on past it. No time passes: what
        fell due meanwhile is fired by the next Tick, each at its own time.

        Raises:
            EngineFailedOnTimer: the engine fails on this too.
        """
        made = Uncommitted()
        try:
            released = made.record(seat, command, seat.engine.apply(seat.engine.now_ns, command))
        except Exception as error:
            raise EngineFailedOnTimer(f"the engine fails on a timer, and on {command} to go past it") from error
        self.meters.accepted[command.kind] += 1
        await self._worker.append(self._journal, made.batch())
        if seat not in self._apart:
            self._timetable.look_again(seat)
        seat.outlet.publish(released)

    def _set_apart(self, batch: list[Taken]) -> tuple[list[Taken], list[Taken]]:
        """What of a batch is applied now, and what is to be begun apart after it; what its tenants sent after that goes
        back to those who wait.
        """
        if not self._long_waiting:
            return batch, []
        now: list[Taken] = []
        apart: dict[str, Taken] = {}
        back: dict[str, list[Taken]] = {}
        for taken in batch:
            if taken.tenant in apart:
                back[taken.tenant].append(taken)
            elif taken.is_long:
                self._long_waiting -= 1
                apart[taken.tenant], back[taken.tenant] = taken, []
            else:
                now.append(taken)
        for tenant, others in back.items():
            self._arrived.hold(tenant, others)
        return now, list(apart.values())

    def _long_due(self) -> list[Taken]:
        """For each tenant of which very much is due: what does nothing but that, apart."""
        late: list[Taken] = []
        if not self._tick_is_due():
            return late
        now_ns = self._clock.now_ns()
        for seat in self._timetable.look_at_due(now_ns):
            if much_is_due(seat, now_ns):
                self._timetable.rest(seat)
                future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                future.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody waits for it
                taken = Taken(seat, _NO_COMMAND, future, OURSELVES, work=LongQuestion(lambda _engine: None))
                taken.is_long = True
                self._long_waiting += 1
                late.append(taken)
        return late

    def _begin_apart(self, taken: Taken) -> None:
        why = taken.seat.closed
        if self._failed:  # something else apart did, while this waited for a commit
            why = self._closed
        elif why is not None:
            self._arrived.let_go(taken.tenant)
        if why is not None:
            if not taken.future.done():
                taken.future.set_exception(why)
            return
        self._timetable.rest(taken.seat)
        apart = self._apart[taken.seat] = _Apart(taken)
        apart.task = asyncio.get_running_loop().create_task(self._work_apart(apart), name="long work")

    async def _work_apart(self, apart: "_Apart") -> None:
        taken, seat = apart.taken, apart.taken.seat
        loop = asyncio.get_running_loop()
        timers_failed = 0
        try:
            while True:
                meters = Meters()
                applying = Applying(self._clock, self._timetable, meters)
                began_ns, now_ns, loop_now = stopwatch_ns(), self._clock.now_ns(), loop.time()
                try:
                    made = await self._long.run(partial(applying.apply_apart, taken, now_ns, loop_now))
                    break
                except EngineFailed as failure:
                    timers_failed += failure.taken is None and isinstance(failure.command, Tick)
                    await self._recover_from(failure, [seat], may_set_aside=timers_failed <= _TIMERS_SET_ASIDE_MAX)
            applied_ns = committed_ns = stopwatch_ns()
            self.meters.add_commands(meters)
            self.meters.apart_ns.observe(applied_ns - began_ns)
            if made and not self._failed:
                await self.in_worker(lambda: self._journal.append(made.batch()))
                self.batches += 1
                committed_ns = stopwatch_ns()
                self.meters.commit_ns.observe(committed_ns - applied_ns)
        except Exception as error:
            self._fail(error, [])
        if self._failed:
            return
        del self._apart[seat]
        self._arrived.let_go(seat.tenant)
        self._timetable.look_again(seat)
        self._release([taken], made, [(seat, seat.engine.seq)])
        _answer(apart.looks)
        if self.observer is not None and taken.work is None:
            self.observer.released([taken], BatchTimes(began_ns, applied_ns, committed_ns))
        self._wake()

    def _fail(self, error: Exception, batch: list[Taken]) -> None:
        is_first = not self._failed
        _log.critical("the service can no longer serve: %s", error, exc_info=error)
        self._failed = self._uncommitted = True
        closed = self._closed = Stopping("the service has failed and is going down")
        apart = [*self._apart.values()]
        waiters: list[asyncio.Future[Any]] = [taken.future for taken in (*batch, *self._under_way, *self._arrived)]
        waiters += (each.taken.future for each in apart)
        looks = (*self._looks, *chain.from_iterable(each.looks for each in apart))
        for future in (*waiters, *(future for future, _ in looks)):
            if not future.done():
                future.set_exception(closed)
        self._arrived.clear()
        self._looks.clear()
        self._apart.clear()
        self._wake()  # whoever stops the service waits for the end of `_run`
        if is_first:  # one that was under way beside it may fail after it
            self._on_fatal(error)


class _Part(NamedTuple):
    """A batch that is applied."""

    batch: list[Taken]
    made: Uncommitted
    began_ns: int
    applied_ns: int
    seqs: list[tuple[Seat, int]]
    """How far the engines of its seats have come with it."""


class _Apart:
    """Something that is done apart, and the questions that wait for the end of it."""

    __slots__ = ("looks", "taken", "task")

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.looks: _Looks = []
        self.task: asyncio.Task[None] | None = None


def _answer(looks: _Looks) -> None:
    for future, question in looks:
        if future.done():
            continue
        try:
            future.set_result(question())
        except Exception as error:
            future.set_exception(error)
