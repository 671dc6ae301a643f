"""What the checker knows: agents, contacts, who waits and who has room, put together from commands and events.

Agents with equal skills and memberships form a class, waiting contacts with equal queue, channel and requirement a
group; whether a class reaches a group is judged once. So a command costs about (groups + classes), not (contacts x
agents).
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from functools import lru_cache

from acd_core.enums import ContactState, Membership, Presence
from acd_core.policy import Channel, Policy, QueueSpec
from acd_core.requirement import Node, parse
from acd_core.roster import AgentSpec

OrderKey = tuple[int, int, int]
"""(-priority, -score at time 0, ordinal): section 5 within one queue, where the rate is the same for all."""

NOT_REACHED = -1
_REACH_CACHE_MAX = 4_096
_NEWCOMERS_MAX = 4_096
parsed = lru_cache(maxsize=16_384)(parse)


@dataclass(eq=False, slots=True)
class Queue:
    """A queue and what was worked out from it once."""

    spec: QueueSpec
    requirement: Node


@dataclass(eq=False, slots=True)
class Contact:
    ordinal: int
    contact_id: str
    queue_id: str
    channel_id: str
    requirement: str
    priority: int
    credit_ms: int
    arrived_ns: int
    attached: bool
    state: ContactState = ContactState.WAITING
    agent: "Agent | None" = None
    offer_id: int = 0
    accepted_ns: int = 0
    held: bool = False
    exclusions: dict[int, int] = field(default_factory=dict)
    """Agent's ordinal -> until when; oldest first."""
    key: OrderKey = (0, 0, 0)
    """Its place while it waits."""
    group: "Group | None" = None


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
    holds: dict[int, Contact] = field(default_factory=dict)
    """By contact's ordinal: offered to it, active with it, in its wrap-up."""
    room_on: set[str] = field(default_factory=set)
    """Channels on which it could take one more contact now; empty unless it is available."""

    def available(self) -> bool:
        return self.presence == Presence.READY and not self.delayed and not self.leaving

    def held(self, *states: ContactState) -> list[Contact]:
        return [self.holds[ordinal] for ordinal in sorted(self.holds) if self.holds[ordinal].state in states]


@dataclass(eq=False, slots=True)
class AgentClass:
    """Agents with the same skills and memberships: they reach the same contacts."""

    skills: dict[str, int]
    tiers: dict[str, int]
    """Queue -> tier."""
    agents: int = 0
    reach: dict[tuple[str, str], int] = field(default_factory=dict)
    """(queue, requirement) -> tier, or NOT_REACHED."""


@dataclass(eq=False, slots=True)
class Group:
    """Waiting contacts with the same queue, channel and requirement, in the order of section 5."""

    queue: Queue
    channel_id: str
    requirement: str
    reach_key: tuple[str, str]
    """Queue and requirement: what a class's reach of the group hangs on."""
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
        self.groups: dict[tuple[str, str, str], Group] = {}
        self.with_room: dict[str, dict[AgentClass, dict[int, Agent]]] = {}
        """Channel -> class -> ordinal -> agent, for agents who are available and have room on it."""
        self.newcomers: dict[str, list[AgentClass]] = {}
        """Channel -> classes in the order in which they came to have room on it, the latest last."""
        self.changed_agents: dict[int, Agent] = {}
        """Agents whose room, presence or class was looked at again since the list was last emptied."""
        self.waiting_by_queue: dict[str, int] = {}
        self.waiting = 0
        self.set_policy(Policy())

    def set_policy(self, policy: Policy) -> None:
        """Put another policy in force and judge everything anew under it."""
        self.policy = policy
        self.queues = {spec.queue_id: Queue(spec, parsed(spec.requirement)) for spec in policy.queues}
        self.channels: dict[str, Channel] = {channel.channel_id: channel for channel in policy.channels}
        waiting = [contact for contact in self.contacts.values() if contact.group is not None]
        for contact in waiting:
            self.leave_waiting(contact)
        for kind in self.classes.values():
            kind.reach.clear()
        self.with_room = {channel_id: {} for channel_id in self.channels}
        self.newcomers = {channel_id: [] for channel_id in self.channels}
        for agent in self.agents.values():
            agent.room_on.clear()
            self.refresh(agent)
        for contact in waiting:
            self.enter_waiting(contact)

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

    def room(self, agent: Agent, channel_id: str) -> bool:
        """Section 4."""
        wanted = self.channels[channel_id]
        count = 0
        counted = wanted.cost
        for contact in agent.holds.values():
            count += contact.channel_id == channel_id
            if contact.channel_id not in wanted.interrupts:
                counted += self.channels[contact.channel_id].cost
        if counted > agent.spec.capacity:
            return False
        return all(maximum > count for name, maximum in agent.spec.channel_maxima if name == channel_id)

    # Contacts

    def enter_waiting(self, contact: Contact) -> None:
        """Put a contact in its place by section 5."""
        spec = self.queues[contact.queue_id].spec
        key = (contact.queue_id, contact.channel_id, contact.requirement)
        group = self.groups.get(key)
        if group is None:
            reach_key = (contact.queue_id, contact.requirement)
            group = Group(self.queues[contact.queue_id], contact.channel_id, contact.requirement, reach_key)
            self.groups[key] = group
        score_at_zero = 1_000 * (contact.credit_ms + spec.credit_ms) - spec.rate * (contact.arrived_ns // 1_000_000)
        contact.key = (-contact.priority, -score_at_zero, contact.ordinal)
        contact.group = group
        insort(group.order, contact.key)
        self.waiting += 1
        self.waiting_by_queue[contact.queue_id] = self.waiting_by_queue.get(contact.queue_id, 0) + 1

    def leave_waiting(self, contact: Contact) -> None:
        group = contact.group
        assert group is not None
        del group.order[bisect_left(group.order, contact.key)]
        if not group.order:
            del self.groups[(contact.queue_id, contact.channel_id, contact.requirement)]
        contact.group = None
        self.waiting -= 1
        self.waiting_by_queue[contact.queue_id] -= 1

    # Section 3, rules 3 and 4

    def reach(self, kind: AgentClass, group: Group) -> int:
        """The tier at which agents of a class may serve a group's contacts, or NOT_REACHED."""
        tier = kind.reach.get(group.reach_key)
        if tier is None:
            tier = self.judge_reach(kind, group.queue, group.requirement)
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

    def judge_reach(self, kind: AgentClass, queue: Queue, requirement: str) -> int:
        tier = 0
        if queue.spec.membership == Membership.LISTED:
            if queue.spec.queue_id not in kind.tiers:
                return NOT_REACHED
            tier = kind.tiers[queue.spec.queue_id]
            if queue.spec.max_tier is not None and tier > queue.spec.max_tier:
                return NOT_REACHED
        if not queue.requirement.met_by(kind.skills) or not parsed(requirement).met_by(kind.skills):
            return NOT_REACHED
        return tier
