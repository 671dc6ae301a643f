"""Seeded streams of commands, shared by benches, simulation, load and verification.

A workload is a start state (commands that build it) and a steady stream of commands that keeps it in shape. Everything
is drawn from an integer generator of our own, so that a seed means the same on every machine, under every Python and
every `PYTHONHASHSEED`.

The stream reacts to what the engine answers (an offer that was made is accepted), so it is made against an engine:

    workload = Workload(SMALL, seed=1)
    for at_ns, command in workload.start():
        workload.learn(engine.apply(at_ns, command).events)
    for at_ns, command in workload.stream(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)

`record` does that once and returns plain lists, which can then be timed against any engine.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

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
from acd_core.enums import EventType, Membership, Presence, Strategy
from acd_core.events import Event
from acd_core.policy import Channel, Policy, QueueSpec
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel

Item = TypeVar("Item")
Timed = tuple[int, Command]

NS_PER_MS = 1_000_000
EPOCH_NS = 1_700_000_000_000_000_000
"""When every workload starts; any time would do, as long as it stays the same."""


class Draws:
    """Whole numbers from a seed: SplitMix64 (Steele, Lea and Flood 2014). Good for tests and loads, not for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFF_FFFF_FFFF_FFFF

    def word(self) -> int:
        """64 random bits."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & 0xFFFF_FFFF_FFFF_FFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFF_FFFF_FFFF_FFFF
        return state ^ (state >> 31)

    def below(self, count: int) -> int:
        """One of 0 to count - 1."""
        return (self.word() * count) >> 64

    def between(self, low: int, high: int) -> int:
        """One of low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, thousandths: int) -> bool:
        """True so many times in a thousand."""
        return self.below(1_000) < thousandths

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """So many different ones of the items, in a random order."""
        rest = list(items)
        for index in range(min(count, len(rest))):
            other = index + self.below(len(rest) - index)
            rest[index], rest[other] = rest[other], rest[index]
        return rest[:count]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a workload looks like; the names follow performance.md."""

    name: str
    agents: int
    waiting: int
    skills: int
    queues: int
    profiles: int
    """Distinct skill sets among the agents; 0 when every agent has its own."""
    requirements: int
    """Distinct requirements among the contacts; 0 when every contact has its own."""
    skills_per_agent: int = 4
    terms_max: int = 2
    strategies: tuple[Strategy, ...] = (Strategy.LONGEST_IDLE,)
    channels: tuple[Channel, ...] = (Channel("voice", 100),)
    listed_thousandths: int = 0
    """How many queues in a thousand are listed."""
    cancel_thousandths: int = 50
    reskill_thousandths: int = 1
    away_thousandths: int = 10
    """How many rounds in a thousand have an agent go away and come back."""


SMALL = Shape("small", agents=100, waiting=200, skills=10, queues=10, profiles=12, requirements=20)

MIXED = Shape(
    "mixed",
    agents=10_000,
    waiting=50_000,
    skills=200,
    queues=200,
    profiles=300,
    requirements=500,
    skills_per_agent=8,
    terms_max=3,
    strategies=(Strategy.LONGEST_IDLE, Strategy.ROUND_ROBIN, Strategy.FIXED_ORDER, Strategy.RANDOM),
    channels=(
        Channel("voice", 100, ("mail",)),
        Channel("chat", 25),
        Channel("mail", 10),
        Channel("message", 20),
    ),
    listed_thousandths=300,
)
"""The strategies that are built; plans and preferred agents join when the engine has them."""

SHAPES = {shape.name: shape for shape in (SMALL, MIXED)}


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

    def pick(self, draws: Draws) -> str:
        return self._ids[draws.below(len(self._ids))]


class Workload:
    """One shape drawn from one seed."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape = shape
        self._draws = Draws(seed)
        self._now_ns = EPOCH_NS
        self._contacts = 0
        self._skills = [f"skill{number}" for number in range(shape.skills)]
        self._profiles = [self._profile() for _ in range(shape.profiles)]
        self._requirements = [self._requirement() for _ in range(shape.requirements)]
        self._queues = [f"queue{number}" for number in range(shape.queues)]
        self._listed = [queue_id for queue_id in self._queues if self._draws.chance(shape.listed_thousandths)]
        self._agents = [self._agent(f"agent{number}") for number in range(shape.agents)]
        self._waiting = _Bag()
        self._active = _Bag()
        self._offers: dict[str, tuple[str, int]] = {}
        """Live offers: contact -> agent and offer id, oldest first."""
        self._wrapping: dict[str, str] = {}
        """Contacts in wrap-up, oldest first, with their agents."""

    def _profile(self) -> tuple[SkillLevel, ...]:
        names = self._draws.some(self._skills, self.shape.skills_per_agent)
        return tuple(SkillLevel(name, self._draws.between(1, 100)) for name in names)

    def _requirement(self) -> str:
        names = self._draws.some(self._skills, self._draws.between(1, self.shape.terms_max))
        terms = [f"{name}>={self._draws.pick((1, 20, 40, 60))}" for name in names]
        return " or ".join(terms) if self._draws.chance(250) else " and ".join(terms)

    def _agent(self, agent_id: str) -> AgentSpec:
        skills = self._draws.pick(self._profiles) if self._profiles else self._profile()
        queues = self._draws.some(self._listed, self._draws.between(1, 5)) if self._listed else []
        members = tuple(QueueMembership(queue_id, self._draws.below(3), self._draws.below(100)) for queue_id in queues)
        return AgentSpec(agent_id, skills, memberships=members)

    def policy(self) -> Policy:
        """The policy of the start state: strategies by turns over the queues."""
        strategies = self.shape.strategies
        return Policy(
            channels=self.shape.channels,
            queues=tuple(
                QueueSpec(
                    queue_id,
                    strategy=strategies[number % len(strategies)],
                    membership=Membership.LISTED if queue_id in self._listed else Membership.OPEN,
                    offer_timeout_ms=3_600_000,
                    wrap_up_ms=3_600_000,
                )
                for number, queue_id in enumerate(self._queues)
            ),
        )

    def start(self) -> Iterator[Timed]:
        """Commands that build the start state: policy, agents, agents ready, contacts until enough of them wait."""
        yield self._at(0), ApplyPolicy(self.policy())
        for first in range(0, len(self._agents), 1_000):
            yield self._at(1), UpsertAgents(tuple(self._agents[first : first + 1_000]))
        for agent in self._agents:
            yield self._at(1), SetPresence(agent.agent_id, Presence.READY)
        while len(self._waiting) < self.shape.waiting:
            yield self._at(1), self._arrival()
            yield from self._accepts()

    def stream(self, next_timer: Callable[[], int | None]) -> Iterator[Timed]:
        """The steady stream, without end: each round one contact arrives and one is done with.

        While more wait than the shape has, none arrives: an end of a cheap contact need not make room for a dear one.
        """
        while True:
            for at_ns, command in self._round():
                due_ns = next_timer()
                if due_ns is not None and due_ns <= at_ns:
                    yield at_ns, Tick()
                yield at_ns, command

    def _round(self) -> Iterator[Timed]:
        shape, draws = self.shape, self._draws
        if len(self._waiting) <= shape.waiting + shape.waiting // 50 + 10:
            yield self._at(draws.below(20)), self._arrival()
            yield from self._accepts()
        if len(self._waiting) and draws.chance(shape.cancel_thousandths):
            yield self._at(draws.below(5)), CancelContact(self._waiting.pick(draws))
        elif len(self._active):
            yield self._at(draws.below(5)), CompleteContact(self._active.pick(draws))
            yield from self._accepts()
            while self._wrapping:
                contact_id, agent_id = next(iter(self._wrapping.items()))
                yield self._at(draws.below(5)), FinishWrapUp(agent_id, contact_id)
        yield from self._accepts()
        if draws.chance(shape.reskill_thousandths):
            number = draws.below(len(self._agents))
            self._agents[number] = self._agent(self._agents[number].agent_id)
            yield self._at(1), UpsertAgents((self._agents[number],))
            yield from self._accepts()
        if draws.chance(shape.away_thousandths):
            agent = draws.pick(self._agents)
            yield self._at(1), SetPresence(agent.agent_id, Presence.AWAY)
            yield from self._accepts()
            yield self._at(draws.below(50)), SetPresence(agent.agent_id, Presence.READY)
            yield from self._accepts()

    def _accepts(self) -> Iterator[Timed]:
        while self._offers:
            contact_id, (agent_id, offer_id) = next(iter(self._offers.items()))
            yield self._at(self._draws.below(3)), AcceptOffer(contact_id, agent_id, offer_id)

    def _arrival(self) -> EnqueueContact:
        draws = self._draws
        self._contacts += 1
        return EnqueueContact(
            f"contact{self._contacts}",
            draws.pick(self._queues),
            draws.pick(self.shape.channels).channel_id,
            draws.pick(self._requirements) if self._requirements else self._requirement(),
            draws.pick((0, 0, 0, 1, 5)),
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
                case EventType.OFFER_MADE:
                    self._waiting.discard(contact_id)
                    self._offers[contact_id] = (event.agent_id, event.offer_id)
                case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                    self._waiting.discard(contact_id)
                    self._offers.pop(contact_id, None)
                    self._active.add(contact_id)
                case EventType.OFFER_ENDED:
                    del self._offers[contact_id]
                    self._waiting.add(contact_id)
                case EventType.CONTACT_COMPLETED:
                    self._active.discard(contact_id)
                    self._wrapping[contact_id] = event.agent_id
                case EventType.CONTACT_CLOSED:
                    self._waiting.discard(contact_id)
                    self._active.discard(contact_id)
                    self._wrapping.pop(contact_id, None)


class Applies(Protocol):
    """Either engine, as far as a workload needs it."""

    def apply(self, at_ns: int, command: Command) -> Any: ...

    def next_timer(self) -> int | None: ...


def record(shape: Shape, seed: int, engine: Applies, commands: int) -> tuple[list[Timed], list[Timed]]:
    """The start state's commands and so many of the steady stream's, made against a new engine."""
    workload = Workload(shape, seed)
    start: list[Timed] = []
    steady: list[Timed] = []
    for at_ns, command in workload.start():
        start.append((at_ns, command))
        workload.learn(engine.apply(at_ns, command).events)
    stream = workload.stream(engine.next_timer)
    while len(steady) < commands:
        at_ns, command = next(stream)
        steady.append((at_ns, command))
        workload.learn(engine.apply(at_ns, command).events)
    return start, steady
