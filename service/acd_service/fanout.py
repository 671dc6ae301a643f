"""Carries durable events to whoever follows them, without ever waiting for one of them.

Recent events are kept in memory as the bytes that were written of them, bounded by number and bytes. A follower has a
cursor: as long as it is within what is recent it reads there, and when it lags more it reads the journal in chunks
until it has caught up. It holds one chunk at a time, so that a slow reader costs the same memory as a fast one and
slows nobody. Events are decoded only where a reader wants some of them and not others.

Watchers are for the streams about one contact or one agent: they are handed what concerns them as it is released.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Final

from acd_core.events import Event
from acd_service import codec
from acd_service.config import Config
from acd_service.journal import EventRecord, Journal
from acd_service.lanes import Lane
from acd_service.recent_room import RecentRoom
from acd_service.released import Released
from acd_service.service_error import EventSeqAhead, EventsNoLongerKept, Stopping
from acd_service.watchers import AgentWatcher, Registry, Watcher, wake

_event_seq: Final = attrgetter("event_seq")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a follower wants. An empty set wants all; an event that lacks a field is not in a set of it."""

    types: frozenset[int] = frozenset()
    queue_ids: frozenset[str] = frozenset()
    agent_ids: frozenset[str] = frozenset()
    contact_ids: frozenset[str] = frozenset()

    def wants(self, event: Event) -> bool:
        return (
            (not self.types or event.type in self.types)
            and (not self.queue_ids or event.queue_id in self.queue_ids)
            and (not self.agent_ids or event.agent_id in self.agent_ids)
            and (not self.contact_ids or event.contact_id in self.contact_ids)
        )

    @property
    def wants_all(self) -> bool:
        return not (self.types or self.queue_ids or self.agent_ids or self.contact_ids)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events in order, and where to go on: nothing between was left out but what the filter did not want."""

    contents: Sequence[bytes]
    next_event_seq: int


@dataclass(eq=False, slots=True)
class Follower:
    """One reader of the stream, and the next event that it will be given."""

    peer: str
    next_event_seq: int


class Fanout:
    """One for each tenant; used on the event loop only.

    Args:
        readers: where the journal is read for those who lag.
        room: what all tenants' recent events share; None: one of its own.

    Attributes:
        next_event_seq: the event_seq of the next event to be released.
    """

    def __init__(
        self,
        tenant: str,
        journal: Journal,
        config: Config,
        last_event_seq: int,
        readers: Lane,
        room: RecentRoom | None = None,
    ) -> None:
        self._tenant = tenant
        self._journal = journal
        self._config = config
        self._recent: list[Released] = []
        self._recent_from = last_event_seq + 1
        self.next_event_seq = last_event_seq + 1
        self._room = room or RecentRoom(config.recent_bytes_all_max)
        self.recent_bytes = 0
        self._sleepers: dict[asyncio.Future[None], int] = {}
        """Who waits for news, and for which event."""
        self._by_contact = Registry()
        self._by_agent = Registry()
        self._by_contact_held = Registry()
        self._followers: set[Follower] = set()
        self._closed: Stopping | None = None
        self._is_cut = False
        self._readers = readers

    @property
    def is_stopping(self) -> bool:
        return self._closed is not None

    def followers(self) -> list[Follower]:
        """Who follows, and how far each has come."""
        return list(self._followers)

    def publish(self, events: list[Released]) -> None:
        """Release events, in order. Never waits."""
        if not events:
            return
        self._recent += events
        size_bytes = sum(released.size_bytes for released in events)
        self.recent_bytes += size_bytes
        self.next_event_seq = events[-1].event_seq + len(events[-1])
        if self._by_agent or self._by_contact or self._by_contact_held:
            self._hand_out(events)
        self._forget_the_oldest()
        self._tell_room(size_bytes)
        for sleeper, event_seq in list(self._sleepers.items()):
            if event_seq < self.next_event_seq:
                del self._sleepers[sleeper]
                wake(sleeper)

    def _hand_out(self, events: list[Released]) -> None:
        names = (self._by_agent.watchers, self._by_contact.watchers, self._by_contact_held.watchers)
        for released in chain.from_iterable(each.concerning(*names) for each in events):
            event = released.event
            self._by_agent.put(event.agent_id, released)
            self._by_contact.put(event.contact_id, released)
            self._by_contact_held.put(event.contact_id, released)

    def forget_recent(self) -> None:
        """Events up to now are read from the journal from now on: some were replaced there."""
        size_bytes = self.recent_bytes
        self._recent = []
        self.recent_bytes = 0
        self._recent_from = self.next_event_seq
        self._tell_room(-size_bytes)

    def _forget_the_oldest(self) -> None:
        # Drops a quarter at a time, so that the cost of moving the rest is spread over many events.
        while self._recent and (
            self.next_event_seq - self._recent_from > self._config.recent_events_max
            or self.recent_bytes > self._config.recent_bytes_max
        ):
            self.forget_some()

    def forget_some(self) -> None:
        """Forget the oldest quarter of what is recent; whoever wants it reads the journal."""
        count = max(len(self._recent) // 4, 1)
        size_bytes = 0
        for released in self._recent[:count]:
            size_bytes += released.size_bytes
            self._recent_from += len(released)
        del self._recent[:count]
        self.recent_bytes -= size_bytes
        self._tell_room(-size_bytes)

    def _tell_room(self, by_bytes: int) -> None:
        if self._closed is None:
            self._room.change(self, by_bytes)

    def watch_contact(self, contact_id: str) -> Watcher:
        """Be given every event about a contact from now on."""
        watcher = Watcher(self._config.watch_updates_max)
        watcher.watch(self._by_contact, contact_id)
        if self._closed is not None:
            watcher.end(self._closed)
        return watcher

    def watch_agent(self, agent_id: str, holding: Iterable[str] = ()) -> Watcher:
        """Be given every event about an agent, and about the contacts that it holds, from now on."""
        watcher = AgentWatcher(self._config.watch_updates_max, agent_id, self._by_contact_held)
        watcher.watch(self._by_agent, agent_id)
        for contact_id in holding:
            watcher.watch(self._by_contact_held, contact_id)
        if self._closed is not None:
            watcher.end(self._closed)
        return watcher

    def contact_is_watched(self, contact_id: str) -> bool:
        """Whether a stream about this contact itself is open."""
        return contact_id in self._by_contact

    async def follow(self, from_event_seq: int, wanted: EventFilter, peer: str = "") -> AsyncIterator[Chunk]:
        """All events from `from_event_seq` on that are wanted, as they come; an empty chunk when there were none for
        a while, so that the reader can resume from later.

        Raises:
            EventsNoLongerKept, EventSeqAhead: `from_event_seq` is not kept any more, or lies beyond the next event.
            Stopping: the service stops, and everything released before has been given; or the tenant is suspended.
        """
        cursor = from_event_seq
        if cursor > self.next_event_seq:
            raise EventSeqAhead(cursor, self.next_event_seq)
        loop = asyncio.get_running_loop()
        tell_at = loop.time() + self._config.progress_s
        follower = Follower(peer, cursor)
        self._followers.add(follower)
        try:
            while True:
                if cursor < self._recent_from:
                    contents, cursor = await self._from_journal(cursor, wanted)
                elif cursor < self.next_event_seq:
                    contents, cursor = self._from_recent(cursor, wanted)
                elif self._closed is not None:
                    raise self._closed
                else:
                    await self._sleep(cursor, tell_at - loop.time())
                    contents = []
                if self._is_cut and self._closed is not None:
                    raise self._closed
                follower.next_event_seq = cursor
                if contents or loop.time() >= tell_at:
                    yield Chunk(contents, cursor)
                    tell_at = loop.time() + self._config.progress_s
                elif cursor < self.next_event_seq:
                    await asyncio.sleep(0)  # a filter that wants little must not hold up the loop
        finally:
            self._followers.discard(follower)

    async def released_from(self, event_seq: int, events_max: int) -> list[Released]:
        """All events from one on that was released, for the service's own readers: about `events_max`, at least one.
        The first may begin before it.

        Raises:
            EventsNoLongerKept: they are not kept any more.
        """
        if event_seq < self._recent_from:
            return await self._readers.run(lambda: self._runs_from(event_seq, events_max))
        start = self._place(event_seq)
        return self._recent[start : bisect_right(self._recent, event_seq + events_max, start + 1, key=_event_seq)]

    async def wait_for(self, event_seq: int, timeout_s: float | None = None) -> bool:
        """Wait until an event is released, or for so long; false if it was not. When the service stops, nobody waits
        any more.
        """
        if event_seq >= self.next_event_seq and self._closed is None:
            await self._sleep(event_seq, timeout_s)
        return event_seq < self.next_event_seq

    async def _sleep(self, event_seq: int, timeout_s: float | None) -> None:
        """Until an event is released, or for so long; None: only until it is."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[None] = loop.create_future()
        alarm = None if timeout_s is None else loop.call_later(max(timeout_s, 0), wake, news)
        self._sleepers[news] = event_seq
        try:
            await news
        finally:
            if alarm is not None:
                alarm.cancel()
            self._sleepers.pop(news, None)

    def _place(self, event_seq: int) -> int:
        """Where in what is recent an event is."""
        return bisect_right(self._recent, event_seq, key=_event_seq) - 1

    def _from_recent(self, cursor: int, wanted: EventFilter) -> tuple[list[bytes], int]:
        contents: list[bytes] = []
        size, left = 0, self._config.message_events_max
        for place in range(self._place(cursor), len(self._recent)):
            if not left:
                break
            released = self._recent[place]
            found = released.contents(cursor, left)
            events = [None] * len(found) if wanted.wants_all else released.events(cursor, left)
            for content, event in zip(found, events, strict=True):
                if event is None or wanted.wants(event):
                    size += len(content)
                    if contents and size > self._config.message_bytes_max:
                        return contents, cursor
                    contents.append(content)
                cursor += 1
            left -= len(found)
        return contents, cursor

    async def _from_journal(self, cursor: int, wanted: EventFilter) -> tuple[list[bytes], int]:
        # The journal may be ahead by what is not released yet: who heard of that, and came back at once to go on from
        # there, would be told that there is no such event.
        events_max = min(self._config.message_events_max, self.next_event_seq - cursor)

        def read() -> tuple[list[bytes], int]:
            self._check_kept(cursor)
            records = self._journal.read_events(
                self._tenant,
                cursor,
                events_max=events_max,
                bytes_max=self._config.message_bytes_max,
            )
            if not records and self._closed is not None:
                raise self._closed  # the tenant was removed while its last streams caught up
            assert records, "what is not recent is in the journal"
            return list(_wanted_contents(records, wanted)), cursor + len(records)

        return await self._readers.run(read)

    def _runs_from(self, event_seq: int, events_max: int) -> list[Released]:
        self._check_kept(event_seq)
        runs = self._journal.read_event_runs(self._tenant, event_seq, events_max=events_max)
        assert runs, "what is not recent is in the journal"
        return [Released.of_chunk(run.content, run.first_event_seq, run.last_event_seq) for run in runs]

    def _check_kept(self, event_seq: int) -> None:
        oldest = self._journal.extent(self._tenant).oldest_event_seq
        if event_seq < oldest:
            raise EventsNoLongerKept(event_seq, oldest)

    def stop(self, *, at_once: bool = False) -> None:
        """End every stream once it has been given what was released; or at once, since the journal may soon be that of
        another tenant of the same name.
        """
        self._is_cut = at_once
        self._closed = Stopping("the service is stopping")
        self._room.leave(self)
        self._by_contact.end(self._closed)
        self._by_agent.end(self._closed)
        for sleeper in self._sleepers:
            wake(sleeper)
        self._sleepers.clear()


def _wanted_contents(records: Iterable[EventRecord], wanted: EventFilter) -> Iterable[bytes]:
    for record in records:
        if wanted.wants_all or wanted.wants(codec.decode_event(record.content)):
            yield record.content
