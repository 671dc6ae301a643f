"""Services that break a promise each: the simulation is worth something if it catches every one of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from acd_core.commands import EnqueueContact
from acd_service.clock import WallClock
from acd_service.fanout import Fanout
from acd_service.journal import JournalWriteFailed
from acd_service.journal_sqlite import SqliteJournal
from acd_service.sequencer import Sequencer


@dataclass(frozen=True)
class Parts:
    """What a service is put together from."""

    journal: type[SqliteJournal] = SqliteJournal
    sequencer: type[Sequencer] = Sequencer
    fanout: type[Fanout] = Fanout
    clock: Callable[[int], WallClock] = WallClock
    synchronous: str = "FULL"
    rebuilds: bool = True
    """Whether an engine that failed is made anew."""
    snapshot_of_memory: bool = False
    """Whether snapshots are taken of what the engine holds, durable or not."""


class _DoneTooSoon(Sequencer):
    """Does to each batch when it is applied what has to wait until it is durable."""

    def __init__(self, *others):
        super().__init__(*others)
        apply = self._applying.apply

        def apply_and_more(batch, **how):
            made = apply(batch, **how)
            self.do_too_soon(batch, made)
            return made

        self._applying.apply = apply_and_more


class _ReplyBeforeCommit(_DoneTooSoon):
    def do_too_soon(self, batch, made):
        for taken in batch:
            if taken.answer is not None and not taken.future.done():
                taken.future.set_result(taken.answer)


class _EventsBeforeCommit(_DoneTooSoon):
    def do_too_soon(self, batch, made):
        for seat, released in made.ticked:
            seat.outlet.publish(released)
        made.ticked.clear()
        for taken in batch:
            taken.seat.outlet.publish(taken.released)
            taken.released = []


class _RequestIdsDropped(Sequencer):
    def submit(self, seat, command, *others, **more):
        if isinstance(command, EnqueueContact) and not command.contact_id:
            command = EnqueueContact("", command.queue_id)
        return super().submit(seat, command, *others, **more)


class _CommitFailureSwallowed(SqliteJournal):
    commit_descriptor = None

    def append(self, batch):
        with suppress(JournalWriteFailed):
            super().append(batch)


class _TornCommit(SqliteJournal):
    commit_descriptor = None

    def append(self, batch):
        super().append(batch._replace(events=(), policies=()))
        super().append(batch._replace(commands=(), stretches=()))


class _LostEventOnResume(Fanout):
    async def _from_journal(self, cursor, wanted):
        contents, after = await super()._from_journal(cursor, wanted)
        return (contents[:-1], after) if len(contents) > 1 else (contents, after)


class _EventTwiceOnResume(Fanout):
    async def _from_journal(self, cursor, wanted):
        contents, after = await super()._from_journal(cursor, wanted)
        return contents, after - 1 if after < self._recent_from and after > cursor + 1 else after


class _FilterForgets(Fanout):
    def _from_recent(self, cursor, wanted):
        contents, after = super()._from_recent(cursor, wanted)
        return (contents if wanted.wants_all else contents[:1]), after


class _WallClockFollowed(WallClock):
    def __init__(self, floor_ns=0):
        super().__init__(floor_ns)

    def now_ns(self):
        from acd_service import clock

        return clock.time.time_ns()


SOUND = Parts()
CANARIES: dict[str, Parts] = {
    "reply before commit": replace(SOUND, sequencer=_ReplyBeforeCommit),
    "events before commit": replace(SOUND, sequencer=_EventsBeforeCommit),
    "request ids dropped": replace(SOUND, sequencer=_RequestIdsDropped),
    "commit failure swallowed": replace(SOUND, journal=_CommitFailureSwallowed),
    "commit in two parts": replace(SOUND, journal=_TornCommit),
    "no sync": replace(SOUND, synchronous="OFF"),
    "sync at checkpoints only": replace(SOUND, synchronous="NORMAL"),
    "lost event on resume": replace(SOUND, fanout=_LostEventOnResume),
    "event twice on resume": replace(SOUND, fanout=_EventTwiceOnResume),
    "filter forgets": replace(SOUND, fanout=_FilterForgets),
    "clock without a floor": replace(SOUND, clock=lambda _floor_ns: WallClock(0)),
    "wall clock followed": replace(SOUND, clock=_WallClockFollowed),
    "failed engine kept": replace(SOUND, rebuilds=False),
    "snapshot of memory": replace(SOUND, snapshot_of_memory=True),
}
