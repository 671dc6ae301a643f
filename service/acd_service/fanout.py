"""Carries durable events to whoever follows them, without ever waiting for one of them.

Recent events are kept in memory, bounded by number and bytes. A follower has a cursor: as long as it is within what is
recent it reads there, and when it lags more it reads the journal in chunks until it has caught up. It holds one chunk
at a time, so that a slow reader costs the same memory as a fast one and slows nobody.

Watchers are for the streams about one contact or one agent: they are handed what concerns them as it is released.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from acd_core.enums import EventType
from acd_core.events import Event
from acd_service import codec
from acd_service.config import Config
from acd_service.journal import EventRecord, Journal
from acd_service.sequencer import Released
from acd_service.service_error import EventSeqAhead, EventsNoLongerKept, ReaderTooSlow, Stopping


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


class Watcher:
    """Holds updates about one contact or agent until its reader takes them; bounded."""

    def __init__(self, updates_max: int) -> None:
        self._updates_max = updates_max
        self._watched: list[tuple[_Registry, str]] = []
        self._last_event_seq = 0
        self._updates: list[Released] = []
        self._error: Exception | None = None
        self._ready: asyncio.Future[None] | None = None

    def watch(self, registry: "_Registry", name: str) -> None:
        if (registry, name) not in self._watched:
            self._watched.append((registry, name))
            registry.add(name, self)

    def put(self, released: Released) -> None:
        """Take an update; one that concerns the reader in two ways is taken once."""
        if released.event.event_seq <= self._last_event_seq or self._error is not None:
            return
        self._last_event_seq = released.event.event_seq
        if len(self._updates) >= self._updates_max:
            self.end(ReaderTooSlow(f"{self._updates_max} updates were not read; open the stream again"))
            return
        self._updates.append(released)
        self._wake()

    def end(self, error: Exception) -> None:
        """Make the reader's next `take` raise, once it has taken what is there."""
        self._error = self._error or error
        self._wake()

    async def take(self) -> list[Released]:
        """The updates since the last time; waits for the first."""
        while not self._updates:
            if self._error is not None:
                raise self._error
            self._ready = asyncio.get_running_loop().create_future()
            await self._ready
        updates, self._updates = self._updates, []
        return updates

    def close(self) -> None:
        for registry, name in self._watched:
            registry.discard(name, self)
        self._watched.clear()

    def _wake(self) -> None:
        if self._ready is not None:
            _wake(self._ready)


class _AgentWatcher(Watcher):
    """Also gets what happens to the contacts that the agent holds, from each offer on."""

    def __init__(self, updates_max: int, agent_id: str, contacts: "_Registry") -> None:
        super().__init__(updates_max)
        self._agent_id = agent_id
        self._contacts = contacts

    def put(self, released: Released) -> None:
        super().put(released)
        event = released.event
        if event.type in (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED):
            if event.agent_id == self._agent_id:
                self.watch(self._contacts, event.contact_id)
        elif event.type in (EventType.OFFER_ENDED, EventType.CONTACT_CLOSED):
            held = (self._contacts, event.contact_id)
            if held in self._watched:
                self._watched.remove(held)
                self._contacts.discard(event.contact_id, self)


class _Registry:
    """Watchers by what they watch."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}

    def add(self, name: str, watcher: Watcher) -> None:
        self._watchers.setdefault(name, []).append(watcher)

    def discard(self, name: str, watcher: Watcher) -> None:
        watchers = self._watchers.get(name, [])
        if watcher in watchers:
            watchers.remove(watcher)
        if not watchers:
            self._watchers.pop(name, None)

    def put(self, name: str, released: Released) -> None:
        for watcher in self._watchers.get(name, ())[:]:
            watcher.put(released)

    def end(self, error: Exception) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.end(error)

    def __contains__(self, name: str) -> bool:
        return name in self._watchers


class Fanout:
    """One for each tenant; used on the event loop only."""

    def __init__(self, tenant: str, journal: Journal, config: Config, last_event_seq: int) -> None:
        self._tenant = tenant
        self._journal = journal
        self._config = config
        self._recent: list[Released] = []
        self._recent_from = last_event_seq + 1
        self._recent_bytes = 0
        self._sleepers: set[asyncio.Future[None]] = set()
        self._by_contact = _Registry()
        self._by_agent = _Registry()
        self._by_contact_held = _Registry()
        self._followers: set[Follower] = set()
        self._closed: Stopping | None = None
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="catch-up")

    @property
    def next_event_seq(self) -> int:
        """The event_seq of the next event to be released."""
        return self._recent_from + len(self._recent)

    def followers(self) -> list[Follower]:
        """Who follows, and how far each has come."""
        return list(self._followers)

    def publish(self, events: list[Released]) -> None:
        """Release events, in order. Never waits."""
        if not events:
            return
        self._recent += events
        for released in events:
            self._recent_bytes += len(released.content)
            event = released.event
            if event.agent_id in self._by_agent:
                self._by_agent.put(event.agent_id, released)
            if event.contact_id in self._by_contact:
                self._by_contact.put(event.contact_id, released)
            if event.contact_id in self._by_contact_held:
                self._by_contact_held.put(event.contact_id, released)
        self._forget_the_oldest()
        sleepers, self._sleepers = self._sleepers, set()
        for sleeper in sleepers:
            _wake(sleeper)

    def _forget_the_oldest(self) -> None:
        # Drops a quarter at a time, so that the cost of moving the rest is spread over many events.
        while len(self._recent) > self._config.recent_events_max or self._recent_bytes > self._config.recent_bytes_max:
            count = max(len(self._recent) // 4, 1)
            self._recent_bytes -= sum(len(released.content) for released in self._recent[:count])
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
        watcher = _AgentWatcher(self._config.watch_updates_max, agent_id, self._by_contact_held)
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

    async def _sleep(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        news: asyncio.Future[None] = loop.create_future()
        alarm = loop.call_later(max(timeout_s, 0), _wake, news)
        self._sleepers.add(news)
        try:
            await news
        finally:
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

        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    def stop(self) -> None:
        """End every stream once it has been given what was released."""
        self._closed = Stopping("the service is stopping")
        self._by_contact.end(self._closed)
        self._by_agent.end(self._closed)
        sleepers, self._sleepers = self._sleepers, set()
        for sleeper in sleepers:
            _wake(sleeper)

    def close(self) -> None:
        self._readers.shutdown()


def _wake(sleeper: "asyncio.Future[None]") -> None:
    if not sleeper.done():
        sleeper.set_result(None)


def _wanted_contents(records: Iterable[EventRecord], wanted: EventFilter) -> Iterable[bytes]:
    for record in records:
        if wanted.wants_all or wanted.wants(codec.decode_event(record.content)):
            yield record.content
