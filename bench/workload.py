"""Seeded streams of commands, shared by benches, simulation, load and verification.

A workload is a start state (commands that build it) and a steady stream of commands that keeps it in shape. Everything
is drawn from an integer generator of our own, so that a seed means the same on every machine, under every Python and
every `PYTHONHASHSEED`.

The stream reacts to what the engine answers (an offer that was made is accepted), so it is made against an engine:

    workload = Workload(SMALL, seed=1)
    for at_ns, command in workload.start(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)
    for at_ns, command in workload.stream(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)

`record` does that once and returns plain lists, which can then be timed against any engine.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    Tick,
    UpsertAgents,
)
from acd_core.enums import EventType, Presence
from acd_core.events import Event
from bench.draws import Draws
from bench.shapes import IDLE, LARGE, MIXED, PROFILES, SHAPES, SMALL, UNIQUE, Shape
from bench.site import Site

__all__ = [
    "EPOCH_NS",
    "IDLE",
    "LARGE",
    "MIXED",
    "NS_PER_MS",
    "PROFILES",
    "SHAPES",
    "SMALL",
    "UNIQUE",
    "Applies",
    "Draws",
    "Shape",
    "Timed",
    "Workload",
    "record",
]

Timed = tuple[int, Command]

NS_PER_MS = 1_000_000
EPOCH_NS = 1_700_000_000_000_000_000
"""When every workload starts; any time would do, as long as it stays the same."""

AGENTS_PER_COMMAND = 1_000


class _Bag:
    """Ids of which a random one can be taken in constant time."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, item: str) -> None:
        if item not in self._places:
            self._places[item] = len(self._ids)
            self._ids.append(item)

    def discard(self, item: str) -> None:
        place = self._places.pop(item, None)
        if place is not None:
            last = self._ids.pop()
            if last != item:
                self._ids[place] = last
                self._places[last] = place

    def __contains__(self, item: str) -> bool:
        return item in self._places

    def pick(self, draws: Draws) -> str:
        return self._ids[draws.below(len(self._ids))]


class Workload:
    """One shape drawn from one seed."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape = shape
        self._draws = Draws(seed)
        self._site = Site(shape, self._draws)
        self._now_ns = EPOCH_NS
        self._contacts = 0
        self._waiting = _Bag()
        self._channels: dict[str, str] = {}
        """Channels of the contacts that are alive; empty while there is only one."""
        self._active = {channel.channel_id: _Bag() for channel in shape.channels}
        self._offers: dict[tuple[str, int], str] = {}
        """Live offers: contact and offer id -> agent, oldest first."""
        self._offered: dict[str, int] = {}
        """Contact -> how many live offers."""
        self._wrapping: dict[str, str] = {}
        """Contacts in wrap-up, oldest first, with their agents."""

    def start(self, next_timer: Callable[[], int | None]) -> Iterator[Timed]:
        """Commands that build the start state: policy, agents, agents ready, contacts until enough wait or are served.

        Contacts come at the pace of the steady stream, so that their ages are those of the steady state.
        """
        return self._with_ticks(self._start(), next_timer)

    def stream(self, next_timer: Callable[[], int | None]) -> Iterator[Timed]:
        """The steady stream, without end: each round one contact arrives and one is done with.

        While as many wait as the shape has, or as many are served, none arrives: an end of a cheap contact need not
        make room for a dear one.
        """
        return self._with_ticks(self._rounds(), next_timer)

    def _with_ticks(self, commands: Iterator[Timed], next_timer: Callable[[], int | None]) -> Iterator[Timed]:
        for at_ns, command in commands:
            due_ns = next_timer()
            if due_ns is not None and due_ns <= at_ns:
                yield at_ns, Tick()
                if not self._stands(command):
                    continue
            yield at_ns, command

    def _stands(self, command: Command) -> bool:
        """Whether a tick just before it has left a command what it is about."""
        if isinstance(command, AcceptOffer):
            return (command.contact_id, command.offer_id) in self._offers
        if isinstance(command, CancelContact):
            return command.contact_id in self._waiting or command.contact_id in self._offered
        return True

    def _start(self) -> Iterator[Timed]:
        agents, shape = self._site.agents, self.shape
        yield self._at(0), ApplyPolicy(self._site.policy())
        for first in range(0, len(agents), AGENTS_PER_COMMAND):
            yield self._at(1), UpsertAgents(tuple(agents[first : first + AGENTS_PER_COMMAND]))
        for agent in agents:
            yield self._at(1), SetPresence(agent.agent_id, Presence.READY)
        busy = shape.agents * shape.busy_thousandths // 1_000
        while len(self._waiting) < shape.waiting if shape.waiting else self._served() < busy:
            yield self._at(self._draws.below(20)), self._arrival()
            yield from self._accepts()

    def _rounds(self) -> Iterator[Timed]:
        while True:
            yield from self._round()

    def _round(self) -> Iterator[Timed]:
        shape, draws, site = self.shape, self._draws, self._site
        if self._has_place():
            yield self._at(draws.below(20)), self._arrival()
        if draws.chance(shape.cancel_thousandths) and (len(self._waiting) or self._offered):
            # A caller who hangs up is one who waits, or, where nobody does, one whose call is ringing.
            gone = self._waiting.pick(draws) if len(self._waiting) else next(iter(self._offered))
            yield self._at(draws.below(5)), CancelContact(gone)
        else:
            yield from self._accepts()
            active = draws.pick(tuple(self._active.values()))
            if len(active):
                yield self._at(draws.below(5)), CompleteContact(active.pick(draws))
                yield from self._accepts()
                while self._wrapping:
                    contact_id, agent_id = next(iter(self._wrapping.items()))
                    yield self._at(draws.below(5)), FinishWrapUp(agent_id, contact_id)
        yield from self._accepts()
        if draws.chance(shape.reskill_thousandths):
            yield self._at(1), UpsertAgents((site.reskill(),))
            yield from self._accepts()
        if draws.chance(shape.away_thousandths):
            agent = draws.pick(site.agents)
            yield self._at(1), SetPresence(agent.agent_id, Presence.AWAY)
            yield from self._accepts()
            yield self._at(draws.below(50)), SetPresence(agent.agent_id, Presence.READY)
            yield from self._accepts()

    def _has_place(self) -> bool:
        shape = self.shape
        if shape.waiting:
            return len(self._waiting) < shape.waiting
        return self._served() <= shape.agents * shape.busy_thousandths // 1_000

    def _served(self) -> int:
        return sum(len(bag) for bag in self._active.values())

    def _accepts(self) -> Iterator[Timed]:
        while self._offers:
            (contact_id, offer_id), agent_id = next(iter(self._offers.items()))
            yield self._at(self._draws.below(3)), AcceptOffer(contact_id, agent_id, offer_id)

    def _arrival(self) -> EnqueueContact:
        self._contacts += 1
        draws, site = self._draws, self._site
        queue_id = draws.pick(site.queues)
        channel_id = draws.pick(self.shape.channels).channel_id
        requirement = site.requirement_for(queue_id)
        return EnqueueContact(
            f"contact{self._contacts}",
            queue_id,
            channel_id,
            requirement,
            draws.pick((0, 0, 0, 1, 5)),
            preferred_agents=site.preferred_for(requirement),
        )

    def _at(self, later_ms: int) -> int:
        self._now_ns += later_ms * NS_PER_MS
        return self._now_ns

    def learn(self, events: Sequence[Event]) -> None:
        """Take in what the engine answered."""
        for event in events:
            contact_id = event.contact_id
            match event.type:
                case EventType.CONTACT_ENQUEUED:
                    self._waiting.add(contact_id)
                    if len(self._active) > 1:
                        self._channels[contact_id] = event.channel_id
                case EventType.OFFER_MADE:
                    self._waiting.discard(contact_id)
                    self._offers[contact_id, event.offer_id] = event.agent_id
                    self._offered[contact_id] = self._offered.get(contact_id, 0) + 1
                case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                    self._waiting.discard(contact_id)
                    self._offer_over(contact_id, event.offer_id)
                    self._active_on(contact_id).add(contact_id)
                case EventType.OFFER_ENDED:
                    if self._offer_over(contact_id, event.offer_id) and contact_id not in self._active_on(contact_id):
                        self._waiting.add(contact_id)
                case EventType.CONTACT_COMPLETED:
                    self._active_on(contact_id).discard(contact_id)
                    self._wrapping[contact_id] = event.agent_id
                case EventType.CONTACT_CLOSED:
                    self._waiting.discard(contact_id)
                    self._active_on(contact_id).discard(contact_id)
                    self._wrapping.pop(contact_id, None)
                    self._channels.pop(contact_id, None)

    def _active_on(self, contact_id: str) -> _Bag:
        """The contacts being served on the contact's channel."""
        if not self._channels:
            return next(iter(self._active.values()))
        return self._active[self._channels[contact_id]]

    def _offer_over(self, contact_id: str, offer_id: int) -> bool:
        """True if it was the contact's last live offer."""
        if self._offers.pop((contact_id, offer_id), None) is None:
            return False
        self._offered[contact_id] -= 1
        if self._offered[contact_id]:
            return False
        del self._offered[contact_id]
        return True


class Applies(Protocol):
    """Either engine, as far as a workload needs it."""

    def apply(self, at_ns: int, command: Command) -> Any: ...

    def next_timer(self) -> int | None: ...


def record(shape: Shape, seed: int, engine: Applies, commands: int) -> tuple[list[Timed], list[Timed]]:
    """The start state's commands and so many of the steady stream's, made against a new engine."""
    workload = Workload(shape, seed)
    start: list[Timed] = []
    steady: list[Timed] = []
    for at_ns, command in workload.start(engine.next_timer):
        start.append((at_ns, command))
        workload.learn(engine.apply(at_ns, command).events)
    stream = workload.stream(engine.next_timer)
    while len(steady) < commands:
        at_ns, command = next(stream)
        steady.append((at_ns, command))
        workload.learn(engine.apply(at_ns, command).events)
    return start, steady
