"""Holds, for the streams about one contact or one agent, what concerns them until it is read."""

import asyncio

from acd_core.enums import EventType
from acd_service.seat import Released
from acd_service.service_error import ReaderTooSlow


class Watcher:
    """Holds updates about one contact or agent until its reader takes them; bounded."""

    def __init__(self, updates_max: int) -> None:
        self._updates_max = updates_max
        self._watched: list[tuple[Registry, str]] = []
        self._last_event_seq = 0
        self._updates: list[Released] = []
        self._error: Exception | None = None
        self._ready: asyncio.Future[None] | None = None

    def watch(self, registry: "Registry", name: str) -> None:
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
            wake(self._ready)


class AgentWatcher(Watcher):
    """Also gets what happens to the contacts that the agent holds, from each offer on."""

    def __init__(self, updates_max: int, agent_id: str, contacts: "Registry") -> None:
        super().__init__(updates_max)
        self._agent_id = agent_id
        self._contacts = contacts

    def put(self, released: Released) -> None:
        super().put(released)
        event = released.event
        if event.type in (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED):
            if event.agent_id == self._agent_id:
                self.watch(self._contacts, event.contact_id)
        elif event.type == EventType.CONTACT_CLOSED or (
            # The contact may be offered to others too, whose offers are no matter of this agent's.
            event.type == EventType.OFFER_ENDED and event.agent_id == self._agent_id
        ):
            held = (self._contacts, event.contact_id)
            if held in self._watched:
                self._watched.remove(held)
                self._contacts.discard(event.contact_id, self)


class Registry:
    """Watchers by what they watch: the names of contacts or of agents."""

    def __init__(self) -> None:
        self.watchers: dict[str, list[Watcher]] = {}

    def __bool__(self) -> bool:
        """Whether anybody watches anything."""
        return bool(self.watchers)

    def add(self, name: str, watcher: Watcher) -> None:
        self.watchers.setdefault(name, []).append(watcher)

    def discard(self, name: str, watcher: Watcher) -> None:
        watchers = self.watchers.get(name, [])
        if watcher in watchers:
            watchers.remove(watcher)
        if not watchers:
            self.watchers.pop(name, None)

    def put(self, name: str, released: Released) -> None:
        for watcher in self.watchers.get(name, ())[:]:
            watcher.put(released)

    def end(self, error: Exception) -> None:
        for watchers in self.watchers.values():
            for watcher in watchers:
                watcher.end(error)

    def __contains__(self, name: str) -> bool:
        return name in self.watchers


def wake(sleeper: "asyncio.Future[None]") -> None:
    """Let a waiter go on, if it still waits."""
    if not sleeper.done():
        sleeper.set_result(None)
