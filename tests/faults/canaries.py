"""Services that break a promise each: the simulation is worth something if it catches every one of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from acd.v1.command_pb2 import Command
from acd.v1.routing_service_pb2 import DispatchRequest, DispatchResponse
from acd_core.commands import EnqueueContact
from acd_service.batches import read_batch
from acd_service.clock import WallClock
from acd_service.fanout import Fanout
from acd_service.hosting import Hosting
from acd_service.inbound import Inbound
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
    hosting: type[Hosting] = Hosting
    synchronous: str = "FULL"
    rebuilds: bool = True
    """Whether an engine that failed is made anew."""
    keeps_quotas: bool = True
    """Whether an engine is told its tenant's bounds."""
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


class _LookBeforeCommit(Sequencer):
    async def look(self, question, seat=None):
        return question()


class _RequestIdsDropped(Sequencer):
    def submit(self, seat, command, *others, **more):
        if isinstance(command, EnqueueContact) and not command.contact_id:
            command = EnqueueContact("", command.queue_id)
        return super().submit(seat, command, *others, **more)


class _TenantsMixedUp(Sequencer):
    def submit(self, seat, command, *others, **more):
        if isinstance(command, EnqueueContact) and not command.contact_id:
            seat = self._seats[0]
        return super().submit(seat, command, *others, **more)


class _FirstComeFirstServed(Sequencer):
    def __init__(self, *others):
        super().__init__(*others)
        self._arrived = _OneLine(self._config.waiting_commands_max)


class _OneLine(Inbound):
    def take(self, commands_max):
        line = sorted(self, key=lambda waiting: waiting.arrival)
        self.clear()
        for waiting in line[commands_max:]:
            self.put(waiting)
        return line[:commands_max]


class _LongWorkOvertaken(Sequencer):
    def __init__(self, *others):
        super().__init__(*others)
        self._arrived = _HeldByNobody(self._config.waiting_commands_max)


class _HeldByNobody(Inbound):
    def hold(self, tenant, back):
        for waiting in back:
            self.put(waiting)

    def let_go(self, tenant):
        pass


class _Batches(Sequencer):
    """Applies other batches than were sent, and answers as if they were those."""

    def submit_batch(self, seat, batch, *others, **more):
        contents = [Command.FromString(batch.frame.command(place)) for place in range(len(batch))]
        futures = [
            super(_Batches, self).submit_batch(seat, read_batch(DispatchRequest(commands=part).SerializeToString()),
                                               *others, **more)
            for part in self.parts(contents) if part
        ]  # fmt: skip

        async def answer():
            results = []
            for future in futures:
                results += DispatchResponse.FromString(await future).results
            return DispatchResponse(results=self.in_order(results)).SerializeToString()

        return asyncio.ensure_future(answer())


class _BatchInTwo(_Batches):
    def parts(self, contents):
        return contents[: len(contents) // 2], contents[len(contents) // 2 :]

    def in_order(self, results):
        return results


class _BatchBackwards(_Batches):
    def parts(self, contents):
        return (contents[::-1],)

    def in_order(self, results):
        return results[::-1]


class _SetAsideInMemory(Sequencer):
    async def _go_past(self, seat, command):
        seat.engine.apply(seat.engine.now_ns, command)
        self._timetable.look_again(seat)


class _SuspendedGoesOn(Hosting):
    async def _close(self, hosted):
        hosted.tenant = None
        del self._open[hosted.name]


class _RemovalUndone(SqliteJournal):
    def remove_some(self, tenant):
        return False


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
    "look before commit": replace(SOUND, sequencer=_LookBeforeCommit),
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
    "set aside in memory": replace(SOUND, sequencer=_SetAsideInMemory),
    "batch in two": replace(SOUND, sequencer=_BatchInTwo),
    "batch backwards": replace(SOUND, sequencer=_BatchBackwards),
    "first come, first served": replace(SOUND, sequencer=_FirstComeFirstServed),
    "long work overtaken": replace(SOUND, sequencer=_LongWorkOvertaken),
    "tenants mixed up": replace(SOUND, sequencer=_TenantsMixedUp),
    "suspended goes on": replace(SOUND, hosting=_SuspendedGoesOn),
    "removal undone": replace(SOUND, journal=_RemovalUndone),
    "quota forgotten": replace(SOUND, keeps_quotas=False),
    "failed engine kept": replace(SOUND, rebuilds=False),
    "snapshot of memory": replace(SOUND, snapshot_of_memory=True),
}
