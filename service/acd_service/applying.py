"""A batch of commands applied to the engines of their seats: what is due first, then each command in its turn."""

import asyncio
from collections.abc import Callable
from typing import Final

from acd_core.commands import ApplyPolicy, Command, Tick
from acd_core.engine import Engine
from acd_core.events import Answer
from acd_core.refusal import Refused
from acd_service import codec
from acd_service.batch_taken import BatchWork, count, released_of
from acd_service.batches import BatchFailed, apply_calls
from acd_service.clock import Clock
from acd_service.codec.sent import SentCommand
from acd_service.meters import Meters
from acd_service.seat import Released, Seat
from acd_service.series import Series
from acd_service.service_error import CommandSetAside, DeadlinePassed, ServiceError
from acd_service.taken import Taken
from acd_service.timetable import Timetable
from acd_service.uncommitted import CHUNK_COMMANDS_MIN, Uncommitted

_TICK: Final = SentCommand(Tick(), codec.TICK_FIELD, b"")


class EngineFailed(Exception):
    """The engine of a seat failed in a command, which is that of `taken` if somebody sent it."""

    def __init__(self, seat: Seat, taken: Taken | None, command: Command, at_ns: int, error: Exception) -> None:
        super().__init__(str(error))
        self.seat = seat
        self.taken = taken
        self.command = command
        self.at_ns = at_ns
        self.error = error


class Applying:
    """Stamps commands and applies them; knows nothing of commits."""

    def __init__(self, clock: Clock, timetable: Timetable, meters: Meters) -> None:
        self._clock = clock
        self._timetable = timetable
        self._meters = meters

    def apply(self, batch: list[Taken], *, one_by_one: bool = False) -> Uncommitted:
        """Apply what can be; what the batch's callers will hear is left in its members.

        Args:
            one_by_one: leave each command's answer as an object too, for somebody who looks on.

        Raises:
            EngineFailed: nothing of the batch may be kept, and no engine trusted that had a part in it.
        """
        made = Uncommitted()
        loop_now, now_ns = asyncio.get_running_loop().time(), self._clock.now_ns()
        in_runs = not one_by_one and not self._clock.driven
        run_end = _end_of_run(batch, 0) if in_runs else 0
        if not self._clock.driven:
            for seat in self._timetable.due(now_ns):
                made.touched[seat] = None
                if not run_end or seat is not batch[0].seat or seat.opening_is_due(now_ns):
                    made.ticked.append((seat, self.tick(seat, now_ns, made)))
        place = 0
        while place < len(batch):
            if run_end > place:
                self._apply_run(batch[place:run_end], now_ns, loop_now, made)
                place = run_end
            else:
                self._apply_one(batch[place], now_ns, loop_now, made)
                place += 1
            if in_runs:
                run_end = _end_of_run(batch, place)
        for seat in made.touched:
            self._timetable.look_again(seat)
        return made

    def apply_apart(self, taken: Taken, now_ns: int, loop_now: float, breath: Callable[[], object]) -> Uncommitted:
        """As `apply`, of one thing whose seat does nothing else meanwhile; may be called in another thread.

        Args:
            breath: called now and then meanwhile.

        Raises:
            EngineFailed: as `apply`.
        """
        made = Uncommitted()
        seat = taken.seat
        seat.engine.breath = breath
        try:
            made.touched[seat] = None
            made.ticked.append((seat, self.tick(seat, now_ns, made)))
            self._apply_one(taken, now_ns, loop_now, made, apart=True)
        finally:
            seat.engine.breath = None
        return made

    def _can_begin(self, taken: Taken, loop_now: float) -> bool:
        """Whether a command is to be applied; if not its caller has gone, or will hear why."""
        taken.released, taken.error, taken.answer, taken.content = [], None, None, None
        if taken.future.done():
            return False
        if taken.deadline is not None and taken.deadline <= loop_now:
            taken.error = DeadlinePassed("the deadline passed before the command was applied")
            self._meters.count(0 if taken.work else taken.command.kind, "DEADLINE_PASSED", len(taken))
            return False
        set_aside = taken.seat.set_aside
        if set_aside.knows_any and taken.work is None and taken.command in set_aside:
            self._meters.count(taken.command.kind, "SET_ASIDE")
            taken.error = CommandSetAside("the engine failed on this command before")
            return False
        return True

    def _apply_run(self, run: list[Taken], now_ns: int, loop_now: float, made: Uncommitted) -> None:
        """Apply commands of one seat, as they came from one caller, in compiled code; what is due goes with them."""
        seat, asked_by = run[0].seat, run[0].asked_by
        engine = seat.engine
        assert type(engine) is Engine
        made.touched[seat] = None
        ready = [taken for taken in run if self._can_begin(taken, loop_now)]
        calls = [taken.sent for taken in ready if taken.sent is not None]
        who = codec.asked_by_field(asked_by) if asked_by else b""
        start = 0
        while True:
            try:
                applied, outcomes, of_tick = apply_calls(engine, now_ns, calls, start, who)
            except BatchFailed as failed:
                about = ready[failed.place] if failed.place >= 0 else None
                raise EngineFailed(seat, about, failed.command, failed.at_ns, failed.error) from failed.error
            count(applied, seat, self._meters)
            for taken, outcome in zip(ready[start:], outcomes, strict=False):
                if isinstance(outcome, bytes):
                    taken.content = outcome
                else:
                    taken.error = outcome
            if applied.first_seq:
                made.put_run(seat, applied)
                run[0].released += released_of(applied, asked_by, of_tick)
            start = applied.after
            if start >= len(ready):
                return

    def _apply_one(self, taken: Taken, now_ns: int, loop_now: float, made: Uncommitted, *, apart: bool = False) -> None:
        if not self._can_begin(taken, loop_now):
            return
        if isinstance(taken.work, BatchWork):
            self._apply_batch(taken, taken.work, now_ns, made, plainly=apart)
            return
        if taken.work is not None:
            self._apply_series(taken, taken.work, now_ns, made)
            return
        seat, command = taken.seat, taken.command
        at_ns = now_ns
        made.touched[seat] = None
        try:
            if self._clock.driven:
                at_ns = self._drive(taken, made)
            answer = seat.engine.apply(at_ns, command)
            if not answer.duplicate:
                taken.released += made.record(seat, command, answer, taken.asked_by, taken.sent)
                seat.commands += 1
                self._meters.accepted[command.kind] += 1
                if isinstance(command, ApplyPolicy):
                    taken.released += self.tick(seat, at_ns, made)
            else:
                self._meters.count(command.kind, "DUPLICATE")
            taken.answer = answer
        except Refused as refused:
            taken.error = refused
            seat.refused += 1
            self._meters.count(command.kind, refused.reason.value)
        except EngineFailed:
            raise
        except Exception as error:
            raise EngineFailed(seat, taken, command, at_ns, error) from error

    def _apply_batch(self, taken: Taken, work: BatchWork, now_ns: int, made: Uncommitted, *, plainly: bool) -> None:
        seat, at_ns = taken.seat, now_ns
        made.touched[seat] = None
        if self._clock.driven:
            at_ns = self._drive(taken, made)
        try:
            for run in work.run_all(seat, at_ns, plainly=plainly):
                count(run, seat, self._meters)
                if run.first_seq:
                    made.put_run(seat, run)
                    taken.released += work.released(run)
                if run.policy is not None:
                    taken.released += self.tick(seat, at_ns, made)
        except Refused as refused:
            taken.error = refused
        except BatchFailed as failed:
            about = taken if failed.place >= 0 else None
            raise EngineFailed(seat, about, failed.command, failed.at_ns, failed.error) from failed.error

    def _apply_series(self, taken: Taken, series: Series, now_ns: int, made: Uncommitted) -> None:
        seat, at_ns = taken.seat, now_ns
        made.touched[seat] = None
        if self._clock.driven:
            at_ns = self._drive(taken, made)

        def apply(command: Command) -> Answer:
            if command in seat.set_aside:
                raise CommandSetAside("the engine failed on this command before")
            try:
                answer = seat.engine.apply(at_ns, command)
            except Refused as refused:
                seat.refused += 1
                self._meters.count(command.kind, refused.reason.value)
                raise
            except Exception as error:
                raise EngineFailed(seat, taken, command, at_ns, error) from error
            if answer.duplicate:
                self._meters.count(command.kind, "DUPLICATE")
            else:
                taken.released += made.record(seat, command, answer, taken.asked_by)
                seat.commands += 1
                self._meters.accepted[command.kind] += 1
            return answer

        try:
            kept = series.run(seat.engine, apply)
        except (Refused, ServiceError) as error:
            taken.error = error
        else:
            if kept is not None:
                made.keep(seat, kept)

    def _drive(self, taken: Taken, made: Uncommitted) -> int:
        """Move a driven clock to the command's time, firing first what is due by then."""
        at_ns = max(self._clock.now_ns(), taken.seat.engine.now_ns) if taken.at_ns is None else taken.at_ns
        if at_ns >= taken.seat.engine.now_ns:  # if not, the engine refuses it by name
            taken.released += self.tick(taken.seat, at_ns, made)
            self._clock.advance_to(at_ns)
        return at_ns

    def tick(self, seat: Seat, at_ns: int, made: Uncommitted) -> list[Released]:
        """Fire what is due by `at_ns`: timers, and queues that open or close, each at its own time."""
        released: list[Released] = []
        while (due_ns := seat.opening.due_ns(seat.engine)) is not None and due_ns <= at_ns:
            moment_ns = max(due_ns, seat.engine.now_ns)
            released += self._fire(seat, moment_ns, made)
            for command in seat.opening.commands(seat.engine, moment_ns):
                try:
                    released += made.record(seat, command, seat.engine.apply(moment_ns, command))
                except Exception as error:
                    raise EngineFailed(seat, None, command, moment_ns, error) from error
        return released + self._fire(seat, at_ns, made)

    def _fire(self, seat: Seat, at_ns: int, made: Uncommitted) -> list[Released]:
        due_ns = seat.engine.next_timer()
        if due_ns is None or due_ns > at_ns:
            return []
        tick = _TICK.command
        self._meters.accepted[tick.kind] += 1
        try:
            return made.record(seat, tick, seat.engine.apply(at_ns, tick), sent=_TICK)
        except Exception as error:
            raise EngineFailed(seat, None, tick, at_ns, error) from error


def _end_of_run(batch: list[Taken], start: int) -> int:
    """The place behind commands of one seat and one identity, as they came, that follow each other from `start` on;
    0 if they are too few to be worth a piece of their own in the journal, or their engine is not the compiled one.
    """
    if len(batch) - start < CHUNK_COMMANDS_MIN:
        return 0
    seat, asked_by = batch[start].seat, batch[start].asked_by
    if type(seat.engine) is not Engine:
        return 0
    end = start
    for end in range(start, len(batch)):
        taken = batch[end]
        if taken.sent is None or taken.seat is not seat or taken.asked_by != asked_by:
            break
    else:
        end = len(batch)
    return end if end - start >= CHUNK_COMMANDS_MIN else 0
