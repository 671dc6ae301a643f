"""Carries durable events to whoever follows them, without ever waiting for one of them.

Recent events are kept in memory, bounded by number and bytes. A follower has a cursor: as long as it is within what is
recent it reads there, and when it lags more it reads the journal in chunks until it has caught up. It holds one chunk
at a time, so that a slow reader costs the same memory as a fast one and slows nobody.

Watchers are for the streams about one contact or one agent: they are handed what concerns them as it is released.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from acd_core.events import Event
from acd_service import codec
from acd_service.config import Config
from acd_service.journal import EventRecord, Journal
from acd_service.lanes import Lane
from acd_service.released import Released, bytes_in
from acd_service.service_error import EventSeqAhead, EventsNoLongerKept, Stopping
from acd_service.watchers import AgentWatcher, Registry, Watcher, wake


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
    """

    def __init__(self, tenant: str, journal: Journal, config: Config, last_event_seq: int, readers: Lane) -> None:
        self._tenant = tenant
        self._journal = journal
        self._config = config
        self._recent: list[Released] = []
        self._recent_from = last_event_seq + 1
        self._recent_bytes = 0
        self._sleepers: set[asyncio.Future[None]] = set()
        self._by_contact = Registry()
        self._by_agent = Registry()
        self._by_contact_held = Registry()
        self._followers: set[Follower] = set()
        self._closed: Stopping | None = None
        self._readers = readers

    @property
    def next_event_seq(self) -> int:
        """The event_seq of the next event to be released."""
        return self._recent_from + len(self._recent)

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
        self._recent_bytes += bytes_in(events)
        if self._by_agent or self._by_contact or self._by_contact_held:
            self._hand_out(events)
        self._forget_the_oldest()
        sleepers, self._sleepers = self._sleepers, set()
        for sleeper in sleepers:
            wake(sleeper)

    def _hand_out(self, events: list[Released]) -> None:
        for released in events:
            event = released.event
            if event.agent_id in self._by_agent:
                self._by_agent.put(event.agent_id, released)
            if event.contact_id in self._by_contact:
                self._by_contact.put(event.contact_id, released)
            if event.contact_id in self._by_contact_held:
                self._by_contact_held.put(event.contact_id, released)

    def _forget_the_oldest(self) -> None:
        # Drops a quarter at a time, so that the cost of moving the rest is spread over many events.
        while len(self._recent) > self._config.recent_events_max or self._recent_bytes > self._config.recent_bytes_max:
            count = max(len(self._recent) // 4, 1)
            self._recent_bytes -= bytes_in(self._recent[:count])
            del self._recent[:count]
            self._recent_from += count

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
            Stopping: the service stops; everything released before has been given.
        """
        cursor = from_event_seq
        if cursor > self.next_event_seq:
            raise EventSeqAhead(cursor, self.next_event_seq)
        loop = asyncio.get_running_loop()
        told_at = loop.time()
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
                    await self._sleep(told_at + self._config.progress_s - loop.time())
                    contents = []
                follower.next_event_seq = cursor
                if contents or loop.time() - told_at >= self._config.progress_s:
                    yield Chunk(contents, cursor)
                    told_at = loop.time()
                elif cursor < self.next_event_seq:
                    await asyncio.sleep(0)  # a filter that wants little must not hold up the loop
        finally:
            self._followers.discard(follower)

    async def follow_released(self, from_event_seq: int) -> AsyncIterator[list[Released]]:
        """As `follow`, of all events, for the service's own readers: what was released, at least one at a time.

        Raises:
            EventsNoLongerKept, EventSeqAhead, Stopping: as `follow`.
        """
        cursor = from_event_seq
        if cursor > self.next_event_seq:
            raise EventSeqAhead(cursor, self.next_event_seq)
        while True:
            if cursor < self._recent_from:
                contents, _ = await self._from_journal(cursor, EventFilter())
                released = [Released(codec.decode_event(content), content) for content in contents]
            elif cursor < self.next_event_seq:
                start = cursor - self._recent_from
                released = self._recent[start : start + self._config.message_events_max]
            elif self._closed is not None:
                raise self._closed
            else:
                await self._sleep(None)
                continue
            cursor += len(released)
            yield released

    async def _sleep(self, timeout_s: float | None) -> None:
        """Until there is news, or for so long; None: only until there is news."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[None] = loop.create_future()
        alarm = None if timeout_s is None else loop.call_later(max(timeout_s, 0), wake, news)
        self._sleepers.add(news)
        try:
            await news
        finally:
            if alarm is not None:
                alarm.cancel()
            self._sleepers.discard(news)

    def _from_recent(self, cursor: int, wanted: EventFilter) -> tuple[list[bytes], int]:
        start = cursor - self._recent_from
        contents: list[bytes] = []
        size = 0
        for released in self._recent[start : start + self._config.message_events_max]:
            if wanted.wants(released.event):
                size += len(released.content)
                if contents and size > self._config.message_bytes_max:
                    break
                contents.append(released.content)
            cursor += 1
        return contents, cursor

    async def _from_journal(self, cursor: int, wanted: EventFilter) -> tuple[list[bytes], int]:
        def read() -> tuple[list[bytes], int]:
            oldest = self._journal.extent(self._tenant).oldest_event_seq
            if cursor < oldest:
                raise EventsNoLongerKept(cursor, oldest)
            records = self._journal.read_events(
                self._tenant,
                cursor,
                events_max=self._config.message_events_max,
                bytes_max=self._config.message_bytes_max,
            )
            assert records, "what is not recent is in the journal"
            return list(_wanted_contents(records, wanted)), cursor + len(records)

        return await self._readers.run(read)

    def stop(self) -> None:
        """End every stream once it has been given what was released."""
        self._closed = Stopping("the service is stopping")
        self._by_contact.end(self._closed)
        self._by_agent.end(self._closed)
        sleepers, self._sleepers = self._sleepers, set()
        for sleeper in sleepers:
            wake(sleeper)


def _wanted_contents(records: Iterable[EventRecord], wanted: EventFilter) -> Iterable[bytes]:
    for record in records:
        if wanted.wants_all or wanted.wants(codec.decode_event(record.content)):
            yield record.content
