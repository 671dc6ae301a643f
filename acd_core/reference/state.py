"""The state of the reference engine, and what needs nothing but it: events, timers, random draws, skill names."""

from bisect import insort
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from acd_core.command_checks import parse_own_cached
from acd_core.enums import ContactState, EndCause, EventType, Presence, TimerKind
from acd_core.events import EVENT_FIELDS, Event
from acd_core.limits import SKILLS_PER_TENANT_MAX, Limits
from acd_core.plan import Plan
from acd_core.policy import Channel, Policy, QueueSpec
from acd_core.reference.records import Agent, Contact, Entry, QueueFigures, Remembered, Served, Timer

WORD = 2**64 - 1
"""Masks a whole number to 64 bits."""


def mix(hash_value: int, word: int) -> int:
    """One step of the running hash of events (`acd_core.digest` gives the formula and its source)."""
    mixed = ((hash_value ^ (word & WORD)) * 0x9E3779B97F4A7C15) & WORD
    return mixed ^ (mixed >> 32)


@lru_cache(maxsize=65_536)
def text_word(text: str) -> int:
    """A text as one word: its UTF-8 length, then each 8 bytes, little endian and zero padded, mixed in."""
    data = text.encode()
    word = len(data)
    for start in range(0, len(data), 8):
        word = mix(word, int.from_bytes(data[start : start + 8], "little"))
    return word


@lru_cache(maxsize=16_384)
def skill_names(requirement: str) -> frozenset[str]:
    """The skills that a requirement names."""
    return frozenset(term.skill for term in parse_own_cached(requirement).terms())


def skills_of_policy(policy: Policy) -> set[str]:
    """The skills that queues and steps of plans name."""
    names: set[str] = set().union(*(skill_names(queue.requirement) for queue in policy.queues))
    names.update(weight.skill for queue in policy.queues for weight in queue.skill_weights)
    return names.union(*(skill_names(step.requirement) for plan in policy.plans for step in plan.steps))


class State:
    """Everything the engine remembers between commands."""

    def __init__(self, seed: int = 0) -> None:
        if not 0 <= seed <= WORD:
            raise ValueError(f"seed {seed} is outside 0 to 2**64 - 1")
        self.limits = Limits()
        self.now_ns = 0
        self.seq = 0
        self.event_seq = 0
        self.event_hash = 0
        self.random_state = seed
        self.agents_created = 0
        self.contacts_created = 0
        self.segments_opened = 0
        self.offers_made = 0
        self.timers_armed = 0
        self.closed = dict.fromkeys(EndCause, 0)
        self.policy_version = 0
        self.policy = Policy()
        self.queues: dict[str, QueueSpec] = {}
        self.channels: dict[str, Channel] = {}
        self.plans: dict[str, Plan] = {}
        self.closed_queues: set[str] = set()
        self.figures: dict[str, QueueFigures] = {}
        """Of queues of which something was learnt."""
        self.served: dict[str, Served] = {}
        """By customer, oldest first."""
        self.agents_by_ordinal: dict[int, Agent] = {}
        """In order of creation, as are all contacts."""
        self.agents_by_id: dict[str, Agent] = {}
        self.contacts_by_ordinal: dict[int, Contact] = {}
        self.contacts_by_id: dict[str, Contact] = {}
        self.timers: list[Timer] = []
        """In the order in which they fire."""
        self.armed: dict[tuple[TimerKind, int, int], Timer] = {}
        """The same timers by kind, contact and agent."""
        self.requests: dict[str, Remembered] = {}
        """Oldest first."""
        self.events: list[Event] = []
        """Of the command being applied."""
        self.touched = False
        self.gained: dict[int, None] = {}
        """Ordinals of agents; a set that keeps its order."""
        self.skills_seen: set[str] = set()
        """At least the skills in use; see `too_many_skills`."""
        self.adopt_policy(Policy())

    # What there is

    def adopt_policy(self, policy: Policy) -> None:
        self.policy = policy
        self.queues = {queue.queue_id: queue for queue in policy.queues}
        self.channels = {channel.channel_id: channel for channel in policy.channels}
        self.plans = {plan.plan_id: plan for plan in policy.plans}
        self.closed_queues &= self.queues.keys()
        self.figures = {queue_id: of for queue_id, of in self.figures.items() if queue_id in self.queues}
        if not policy.preference.last_agent_window_ms:
            self.served.clear()
        for agent in self.agents_by_ordinal.values():
            agent.forget_room()

    def known_agent(self, agent_id: str) -> Agent | None:
        """The agent of that id, unless it is leaving: then it counts as unknown."""
        agent = self.agents_by_id.get(agent_id)
        return None if agent is None or agent.leaving else agent

    def signed_on(self, agent: Agent) -> bool:
        return agent.presence is not Presence.OFFLINE

    def waiting_contacts(self) -> list[Contact]:
        """Contacts that wait, in order of creation."""
        return [c for c in self.contacts_by_ordinal.values() if c.state is ContactState.WAITING]

    def queue_of(self, contact: Contact) -> QueueSpec:
        """The home queue."""
        return self.queues[contact.queue_id]

    def entries(self, contact: Contact) -> list[Entry]:
        """The contact's places in queues, home first."""
        home = Entry(self.queue_of(contact), second=False)
        if not contact.second_queue_id:
            return [home]
        return [home, Entry(self.queues[contact.second_queue_id], second=True)]

    def waiting_in(self, queue_id: str) -> int:
        """How many entries of waiting contacts a queue has."""
        return sum(queue_id in (c.queue_id, c.second_queue_id) for c in self.waiting_contacts())

    def is_open(self, queue_id: str) -> bool:
        """Whether there is such a queue and it is open."""
        return queue_id in self.queues and queue_id not in self.closed_queues

    def is_callback(self, contact: Contact) -> bool:
        return contact.callback_address != ""

    def wait_ns(self, contact: Contact) -> int:
        """From the segment's begin to acceptance, or to now while it has not been accepted."""
        return (contact.accepted_ns or self.now_ns) - contact.opened_ns

    # Bound on skill names

    def too_many_skills(
        self,
        coming: Iterable[str],
        without_agents: Iterable[Agent] = (),
        without_contact: Contact | None = None,
        without_queues: bool = False,
    ) -> bool:
        """Whether the names `coming`, with those in use but for what they replace, pass the bound for a tenant.

        Names are counted only when all that were seen since the last count would pass it.
        """
        names = set(coming)
        if len(self.skills_seen | names) <= SKILLS_PER_TENANT_MAX:
            self.skills_seen |= names
            return False
        names |= self.skills_in_use(without_agents, without_contact, without_queues)
        if len(names) > SKILLS_PER_TENANT_MAX:
            return True
        self.skills_seen = names
        return False

    def skills_in_use(
        self,
        without_agents: Iterable[Agent] = (),
        without_contact: Contact | None = None,
        without_queues: bool = False,
    ) -> set[str]:
        """The names in agents' skills, queues' and live contacts' requirements and weights, plans' requirements."""
        names: set[str] = set()
        replaced = set(without_agents)
        for agent in self.agents_by_ordinal.values():
            if agent not in replaced:
                names.update(agent.skills)
        if not without_queues:
            names |= skills_of_policy(self.policy)
        for contact in self.contacts_by_ordinal.values():
            if contact is not without_contact:
                names |= skill_names(contact.requirement) | skill_names(contact.requirement_now)
                names.update(weight.skill for weight in contact.skill_weights)
        return names

    # Events

    def emit(self, type_: EventType, **fields: Any) -> None:
        """One more event, at `now_ns`, caused by the command that has `seq`."""
        self.event_seq += 1
        event = Event(type_, self.event_seq, self.seq, self.now_ns, **fields)
        word = self.event_hash
        for value in (type_, self.event_seq, self.seq, self.now_ns):
            word = mix(word, value)
        for name in EVENT_FIELDS[type_]:
            value = fields[name]
            word = mix(word, text_word(value) if isinstance(value, str) else value)
        self.event_hash = word
        self.events.append(event)

    # Timers

    def timer_key(self, timer: Timer) -> tuple[int, int]:
        """Timers fire in this order."""
        return timer.due_ns, timer.ordinal

    def arm(self, kind: TimerKind, due_ns: int, contact: Contact | None = None, agent: Agent | None = None) -> None:
        """Start a timer, in place of one of the same kind about the same."""
        self.arm_for(kind, due_ns, -1 if contact is None else contact.ordinal, -1 if agent is None else agent.ordinal)

    def arm_for(self, kind: TimerKind, due_ns: int, contact_ordinal: int, agent_ordinal: int) -> None:
        self.disarm_for(kind, contact_ordinal, agent_ordinal)
        timer = Timer(due_ns, self.timers_armed, kind, contact_ordinal, agent_ordinal)
        self.timers_armed += 1
        self.put_timer(timer)

    def put_timer(self, timer: Timer) -> None:
        insort(self.timers, timer, key=self.timer_key)
        self.armed[timer.kind, timer.contact_ordinal, timer.agent_ordinal] = timer

    def disarm(self, kind: TimerKind, contact: Contact | None = None, agent: Agent | None = None) -> None:
        """Stop a timer; nothing if there is none."""
        self.disarm_for(kind, -1 if contact is None else contact.ordinal, -1 if agent is None else agent.ordinal)

    def disarm_for(self, kind: TimerKind, contact_ordinal: int, agent_ordinal: int) -> None:
        timer = self.armed.pop((kind, contact_ordinal, agent_ordinal), None)
        if timer is not None:
            self.timers.remove(timer)

    def next_timer(self) -> int | None:
        """When the next timer is due, in ns since the Unix epoch; None if there is none."""
        return self.timers[0].due_ns if self.timers else None

    def due_timers(self, at_ns: int, count_max: int) -> int:
        """How many timers are due by a time, counted up to `count_max`."""
        return min(sum(timer.due_ns <= at_ns for timer in self.timers), count_max)

    # Chance

    def draw(self, candidates: int) -> int:
        """One random pick among so many candidates, from 0 (SplitMix64: Steele, Lea and Flood 2014)."""
        self.random_state = (self.random_state + 0x9E3779B97F4A7C15) & WORD
        z = self.random_state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        z ^= z >> 31
        return (z * candidates) >> 64
