"""What the checker knows: agents, contacts, who waits and who has room, put together from commands and events.

Agents with equal skills and memberships form a class, entries of contacts with equal queue, channel, requirement and
raised tier a group; whether a class reaches a group is judged once. So a command costs about (groups + classes), not
(contacts x agents).
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from acd_core.enums import ContactState, Membership, Presence, Strategy
from acd_core.policy import Channel, Policy, QueueSpec, SkillWeight
from acd_core.requirement import Node
from acd_core.roster import AgentSpec
from acd_service.checker.folding import Wants, parsed
from acd_service.checker.occupancy import NEVER_BUSY

OrderKey = tuple[int, int, int]
"""(-priority, -score at time 0, ordinal): section 5 within one queue, where the rate is the same for all."""

NOT_REACHED = -1
_REACH_CACHE_MAX = 4_096
_NEWCOMERS_MAX = 4_096
SERVED = (ContactState.ACTIVE, ContactState.WRAP_UP)


@dataclass(eq=False, slots=True)
class Queue:
    """A queue and what was worked out from it once."""

    spec: QueueSpec
    requirement: Node
    line: list[OrderKey] = field(default_factory=list)
    """Entries of the contacts that wait in it, in order."""


@dataclass(eq=False, slots=True)
class Offer:
    offer_id: int
    agent: "Agent"
    second: bool
    """Made for the contact's second entry."""
    broadcast: bool


@dataclass(eq=False, slots=True)
class Contact:
    ordinal: int
    contact_id: str
    customer_id: str
    queue_id: str
    """The home queue."""
    channel_id: str
    base: Wants
    now: Wants
    arrived_ns: int
    opened_ns: int
    plan_from_ns: int
    attached: bool
    second_id: str = ""
    """The second queue, or empty."""
    state: ContactState = ContactState.WAITING
    offers: dict[int, Offer] = field(default_factory=dict)
    """Live ones by id."""
    agent: "Agent | None" = None
    """Who serves it."""
    accepted_ns: int = 0
    held: bool = False
    exclusions: dict[int, int] = field(default_factory=dict)
    """Agent's ordinal -> until when; oldest first."""
    next_step: int = 0
    steps_taken: list[int] = field(default_factory=list)
    judged: dict[object, bool] = field(default_factory=dict)
    """Content of steps and of actions -> verdict, oldest first."""
    hold_ms: int = -1
    named: tuple[str, ...] = ()
    only_preferred: bool = False
    preferred: list[int] = field(default_factory=list)
    reserved_for: list[int] = field(default_factory=list)
    callback_address: str = ""
    window_start_ns: int = 0
    window_end_ns: int = 0
    attempts_max: int = 0
    attempts: int = 0
    consults_ordinal: int = -1
    asked_by: int = -1
    skill_weights: tuple[SkillWeight, ...] = ()
    predicted_at_ns: int = 0
    predicted: tuple[int, int] = (-1, -1)
    places: "list[tuple[Group, OrderKey]]" = field(default_factory=list)
    """Where it is found by those who choose: home first."""
    lines: list[tuple[Queue, OrderKey]] = field(default_factory=list)

    def entries(self) -> Iterator[tuple[bool, str]]:
        """Whether second, and queue."""
        yield False, self.queue_id
        if self.second_id:
            yield True, self.second_id

    def offer_to(self, agent: "Agent") -> Offer | None:
        return next((offer for offer in self.offers.values() if offer.agent is agent), None)


@dataclass(eq=False, slots=True)
class Agent:
    ordinal: int
    spec: AgentSpec
    kind: "AgentClass"
    presence: Presence = Presence.OFFLINE
    reason: str = ""
    idle_since_ns: int = 0
    last_offer_id: int = 0
    misses_in_row: int = 0
    lease_ms: int = 0
    delayed: bool = False
    delayed_until_ns: int = 0
    leaving: bool = False
    contacts_begun: int = 0
    talk_ns: int = 0
    occupancy_key: int = NEVER_BUSY
    occupancy_at_ns: int = 0
    holds: dict[int, Contact] = field(default_factory=dict)
    """By contact's ordinal: offered to it, active with it, in its wrap-up."""
    room_on: set[str] = field(default_factory=set)
    """Channels on which it could take one more contact now; empty unless it is available."""

    def signed_on(self) -> bool:
        return self.presence != Presence.OFFLINE and not self.leaving

    def available(self) -> bool:
        return self.presence == Presence.READY and not self.delayed and not self.leaving

    def serves(self, *states: ContactState) -> list[Contact]:
        """Contacts that it serves, by ordinal."""
        found = [self.holds[ordinal] for ordinal in sorted(self.holds)]
        return [contact for contact in found if contact.agent is self and contact.state in states]

    def offered(self) -> list[Contact]:
        found = [self.holds[ordinal] for ordinal in sorted(self.holds)]
        return [contact for contact in found if contact.offer_to(self) is not None]


@dataclass(eq=False, slots=True)
class AgentClass:
    """Agents with the same skills and memberships: they reach the same contacts."""

    skills: dict[str, int]
    tiers: dict[str, int]
    """Queue -> tier."""
    agents: int = 0
    reach: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """(queue, requirement, raised tier) -> tier, or NOT_REACHED."""


@dataclass(eq=False, slots=True)
class Group:
    """Entries of wanting contacts with the same queue, channel, requirement and raised tier, in order of section 5."""

    queue: Queue
    channel_id: str
    requirement: str
    raised_tier: int
    reach_key: tuple[str, str, int]
    """Queue, requirement and raised tier: what a class's reach of the group hangs on."""
    order: list[OrderKey] = field(default_factory=list)
    looked_at: int = -1
    """How many of the newcomers to its channel are known not to reach it, as all others with room; -1: not known."""


class World:
    """The state of one tenant as far as routing sees it."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.contacts: dict[str, Contact] = {}
        self.by_ordinal: dict[int, Contact] = {}
        self.agents_by_ordinal: dict[int, Agent] = {}
        self.classes: dict[tuple[object, object], AgentClass] = {}
        self.groups: dict[tuple[str, str, str, int], Group] = {}
        self.with_room: dict[str, dict[AgentClass, dict[int, Agent]]] = {}
        """Channel -> class -> ordinal -> agent, for agents who are available and have room on it."""
        self.newcomers: dict[str, list[AgentClass]] = {}
        """Channel -> classes in the order in which they came to have room on it, the latest last."""
        self.changed_agents: dict[int, Agent] = {}
        """Agents whose room, presence or class was looked at again since the list was last emptied."""
        self.reserved: set[int] = set()
        """Ordinals of contacts held for preferred agents."""
        self.by_customer: dict[str, dict[int, Contact]] = {}
        self.consultations: dict[int, dict[int, Contact]] = {}
        """Contact's ordinal -> its live consultations by ordinal."""
        self.closed_queues: set[str] = set()
        self.queues: dict[str, Queue] = {}
        self.waiting = 0
        self.set_policy(Policy())

    def set_policy(self, policy: Policy) -> None:
        """Put another policy in force and judge everything anew under it."""
        live = [self.by_ordinal[ordinal] for ordinal in sorted(self.by_ordinal)]
        for contact in live:
            self.leave(contact)
        self.policy = policy
        self.queues = {spec.queue_id: Queue(spec, parsed(spec.requirement)) for spec in policy.queues}
        self.channels: dict[str, Channel] = {channel.channel_id: channel for channel in policy.channels}
        self.plans = {plan.plan_id: plan.steps for plan in policy.plans}
        self.closed_queues &= self.queues.keys()
        for kind in self.classes.values():
            kind.reach.clear()
        self.with_room = {channel_id: {} for channel_id in self.channels}
        self.newcomers = {channel_id: [] for channel_id in self.channels}
        for agent in self.agents.values():
            agent.room_on.clear()
            self.refresh(agent)
        for contact in live:
            self.enter(contact)

    # Agents

    def class_of(self, spec: AgentSpec) -> AgentClass:
        key = (spec.skills, spec.memberships)
        kind = self.classes.get(key)
        if kind is None:
            kind = AgentClass(dict(spec.skills), {member.queue_id: member.tier for member in spec.memberships})
            self.classes[key] = kind
        return kind

    def add_agent(self, ordinal: int, spec: AgentSpec) -> Agent:
        agent = Agent(ordinal, spec, self.class_of(spec))
        agent.kind.agents += 1
        self.agents[spec.agent_id] = agent
        self.agents_by_ordinal[ordinal] = agent
        return agent

    def respecify(self, agent: Agent, spec: AgentSpec) -> None:
        self._leave_class(agent)
        agent.spec = spec
        agent.kind = self.class_of(spec)
        agent.kind.agents += 1
        self.refresh(agent)

    def forget_agent(self, agent: Agent) -> None:
        self._leave_class(agent)
        del self.agents[agent.spec.agent_id]
        del self.agents_by_ordinal[agent.ordinal]
        self.changed_agents.pop(agent.ordinal, None)

    def _leave_class(self, agent: Agent) -> None:
        for channel_id in agent.room_on:
            self._without_room(agent, channel_id)
        agent.room_on.clear()
        agent.kind.agents -= 1
        if not agent.kind.agents:
            del self.classes[(agent.spec.skills, agent.spec.memberships)]

    def refresh(self, agent: Agent) -> None:
        """Judge anew where an agent has room; called after every change of what it holds or says of itself."""
        self.changed_agents[agent.ordinal] = agent
        available = agent.available()
        for channel_id in self.channels:
            if available and self.room(agent, channel_id):
                if channel_id not in agent.room_on:
                    agent.room_on.add(channel_id)
                    if agent.kind not in self.with_room[channel_id]:
                        self.with_room[channel_id][agent.kind] = {}
                        self._note_newcomer(channel_id, agent.kind)
                    self.with_room[channel_id][agent.kind][agent.ordinal] = agent
            elif channel_id in agent.room_on:
                agent.room_on.discard(channel_id)
                self._without_room(agent, channel_id)

    def _without_room(self, agent: Agent, channel_id: str) -> None:
        members = self.with_room[channel_id][agent.kind]
        del members[agent.ordinal]
        if not members:
            del self.with_room[channel_id][agent.kind]

    def room(self, agent: Agent, channel_id: str, without: Contact | None = None) -> bool:
        """Section 4, as if the agent did not hold `without`."""
        wanted = self.channels[channel_id]
        count = 0
        counted = wanted.cost
        for contact in agent.holds.values():
            if contact is without:
                continue
            count += contact.channel_id == channel_id
            if contact.channel_id not in wanted.interrupts:
                counted += self.channels[contact.channel_id].cost
        if counted > agent.spec.capacity:
            return False
        return all(maximum > count for name, maximum in agent.spec.channel_maxima if name == channel_id)

    def used(self, agent: Agent) -> int:
        return sum(self.channels[contact.channel_id].cost for contact in agent.holds.values())

    # Contacts

    def is_broadcast(self, contact: Contact) -> bool:
        return self.queues[contact.queue_id].spec.strategy is Strategy.BROADCAST

    def wants(self, contact: Contact) -> bool:
        """Whether the contact is matched with more agents: it waits, or its broadcast is open."""
        if contact.state == ContactState.WAITING:
            return True
        return (
            contact.state == ContactState.OFFERED
            and self.is_broadcast(contact)
            and all(offer.broadcast for offer in contact.offers.values())
            and len(contact.offers) < self.queues[contact.queue_id].spec.broadcast_to
        )

    def key_in(self, contact: Contact, queue: Queue) -> OrderKey:
        spec = queue.spec
        at_zero = 1_000 * (contact.now.credit_ms + spec.credit_ms) - spec.rate * (contact.arrived_ns // 1_000_000)
        return -contact.now.priority, -at_zero, contact.ordinal

    def enter(self, contact: Contact) -> None:
        """Put a contact in its places by section 5, if it has any."""
        if not self.wants(contact):
            return
        waits = contact.state == ContactState.WAITING
        wants = contact.now
        for _, queue_id in contact.entries():
            queue = self.queues[queue_id]
            key = (queue_id, contact.channel_id, wants.requirement, wants.raised_tier)
            group = self.groups.get(key)
            if group is None:
                reach_key = (queue_id, wants.requirement, wants.raised_tier)
                group = Group(queue, contact.channel_id, wants.requirement, wants.raised_tier, reach_key)
                self.groups[key] = group
            place = self.key_in(contact, queue)
            insort(group.order, place)
            contact.places.append((group, place))
            if waits:
                insort(queue.line, place)
                contact.lines.append((queue, place))
        self.waiting += waits

    def leave(self, contact: Contact) -> None:
        """Take a contact out of its places."""
        for group, place in contact.places:
            del group.order[bisect_left(group.order, place)]
            if not group.order:
                del self.groups[(group.queue.spec.queue_id, group.channel_id, group.requirement, group.raised_tier)]
        for queue, place in contact.lines:
            del queue.line[bisect_left(queue.line, place)]
        self.waiting -= bool(contact.lines)
        contact.places.clear()
        contact.lines.clear()

    def replace(self, contact: Contact) -> None:
        """Put a contact into its places anew, after a change of what they go by."""
        self.leave(contact)
        self.enter(contact)

    def others_waiting(self, contact: Contact, queue_id: str) -> int:
        queue = self.queues[queue_id]
        return len(queue.line) - sum(line is queue for line, _ in contact.lines)

    def position(self, contact: Contact) -> int:
        """By section 12, in its home queue; it waits."""
        queue, place = contact.lines[0]
        return bisect_left(queue.line, place) + 1

    # Section 3

    def reach(self, kind: AgentClass, group: Group) -> int:
        """The tier at which agents of a class may serve a group's entries, or NOT_REACHED."""
        tier = kind.reach.get(group.reach_key)
        if tier is None:
            tier = self.judge_reach(kind, group.queue, group.requirement, group.raised_tier)
            if len(kind.reach) >= _REACH_CACHE_MAX:
                kind.reach.clear()
            kind.reach[group.reach_key] = tier
        return tier

    def reached(self, group: Group) -> bool:
        """Whether anyone with room reaches a group, exclusions aside.

        A group that was found out of reach is looked at again only for the classes that came to have room since.
        """
        newcomers = self.newcomers[group.channel_id]
        with_room = self.with_room[group.channel_id]
        if group.looked_at < 0:
            if any(self.reach(kind, group) != NOT_REACHED for kind in with_room):
                return True
        else:
            for place in range(group.looked_at, len(newcomers)):
                kind = newcomers[place]
                if kind in with_room and self.reach(kind, group) != NOT_REACHED:
                    group.looked_at = place
                    return True
        group.looked_at = len(newcomers)
        return False

    def _note_newcomer(self, channel_id: str, kind: AgentClass) -> None:
        newcomers = self.newcomers[channel_id]
        if len(newcomers) >= _NEWCOMERS_MAX:
            newcomers.clear()
            for group in self.groups.values():
                if group.channel_id == channel_id:
                    group.looked_at = -1
        newcomers.append(kind)

    def judge_reach(self, kind: AgentClass, queue: Queue, requirement: str, raised_tier: int) -> int:
        """Rules 3 and 4."""
        tier = 0
        if queue.spec.membership == Membership.LISTED:
            if queue.spec.queue_id not in kind.tiers:
                return NOT_REACHED
            tier = kind.tiers[queue.spec.queue_id]
            if queue.spec.max_tier is not None and tier > max(queue.spec.max_tier, raised_tier):
                return NOT_REACHED
        if not queue.requirement.met_by(kind.skills) or not parsed(requirement).met_by(kind.skills):
            return NOT_REACHED
        return tier

    def reaches(self, agent: Agent, contact: Contact, queue_id: str) -> int:
        """Rules 3 and 4 for an agent and one entry: the tier, or NOT_REACHED."""
        return self.judge_reach(agent.kind, self.queues[queue_id], contact.now.requirement, contact.now.raised_tier)

    def reaches_by_any(self, agent: Agent, contact: Contact) -> bool:
        return any(self.reaches(agent, contact, queue_id) != NOT_REACHED for _, queue_id in contact.entries())

    def qualifies(self, agent: Agent, contact: Contact) -> bool:
        """Whether a contact may be held for an agent (docs/engine/preferred.md)."""
        barred = agent.ordinal in contact.exclusions or agent.ordinal == contact.asked_by
        return agent.signed_on() and not barred and self.reaches_by_any(agent, contact)


def barred(agent: Agent, contact: Contact) -> bool:
    """Whether rule 5, 6 or 7 keeps an agent from a contact."""
    ordinal = agent.ordinal
    return (
        ordinal in contact.exclusions
        or ordinal == contact.asked_by
        or (bool(contact.reserved_for) and ordinal not in contact.reserved_for)
        or (contact.only_preferred and ordinal not in contact.preferred)
        or (bool(contact.offers) and contact.offer_to(agent) is not None)
    )
