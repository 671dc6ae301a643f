"""What the reference engine keeps of each agent, contact, queue and timer. Field meanings: `acd_core.snapshot`."""

from dataclasses import dataclass, field
from typing import NamedTuple

from acd_core.enums import ContactState, OfferOutcome, Presence, TimerKind
from acd_core.fixed_point import OCCUPANCY_NONE
from acd_core.policy import QueueSpec, SkillWeight
from acd_core.roster import AgentSpec, QueueMembership


class Exclusion(NamedTuple):
    """An agent who is not offered a contact until `until_ns`. It knows the ordinal, and so outlives the agent."""

    agent_ordinal: int
    until_ns: int


class Entry(NamedTuple):
    """A contact's place in one of its queues: the home queue, or the second one."""

    queue: QueueSpec
    second: bool


class EndedOffer(NamedTuple):
    offer_id: int
    agent_ordinal: int
    outcome: OfferOutcome


class Judged(NamedTuple):
    """What a contact remembers of a step: whether its condition held, or that its side effect happened."""

    word: int
    taken: bool


class Served(NamedTuple):
    """Who served a customer last, and until when."""

    agent_ordinal: int
    at_ns: int


class Timer(NamedTuple):
    due_ns: int
    ordinal: int
    kind: TimerKind
    contact_ordinal: int
    """-1: not about a contact."""
    agent_ordinal: int
    """-1: not about an agent."""


@dataclass(eq=False, slots=True)
class Agent:
    """An agent. Compared by identity: there is one record for each ordinal."""

    ordinal: int
    spec: AgentSpec
    leaving: bool = False
    presence: Presence = Presence.OFFLINE
    reason: str = ""
    idle_since_ns: int = 0
    last_offer_id: int = 0
    misses_in_row: int = 0
    lease_ms: int = 0
    delayed_until_ns: int = 0
    contacts_begun: int = 0
    talk_ns: int = 0
    occupancy_key: int = OCCUPANCY_NONE
    occupancy_at_ns: int = 0

    holding: list["Contact"] = field(default_factory=list)
    """Contacts offered to it, active with it or in its wrap-up, in no particular order."""
    skills: dict[str, int] = field(default_factory=dict)
    memberships: dict[str, QueueMembership] = field(default_factory=dict)
    meets: dict[str, bool] = field(default_factory=dict)
    """Requirements already judged, by their text: a pure function of the skills, forgotten with them."""
    room: dict[str, bool] = field(default_factory=dict)
    """Room already judged, by channel; forgotten whenever anything it might depend on changes: what is held and in
    which state, the spec, the policy."""

    def __post_init__(self) -> None:
        self.describe(self.spec)

    def describe(self, spec: AgentSpec) -> None:
        """Take over what is said of the agent."""
        self.spec = spec
        self.skills = {skill.skill: skill.level for skill in spec.skills}
        self.memberships = {member.queue_id: member for member in spec.memberships}
        self.meets = {}
        self.forget_room()

    def forget_room(self) -> None:
        self.room = {}

    def take(self, contact: "Contact") -> None:
        self.holding.append(contact)
        self.forget_room()

    def give_back(self, contact: "Contact") -> None:
        self.holding.remove(contact)
        self.forget_room()

    def held_in(self, *states: ContactState) -> list["Contact"]:
        """What it holds in any of these states, in order of ordinals."""
        return sorted((c for c in self.holding if c.state in states), key=lambda contact: contact.ordinal)


@dataclass(eq=False, slots=True)
class Offer:
    """A live offer."""

    offer_id: int
    agent: Agent
    expires_ns: int
    second: bool
    """Made for the contact's second entry."""
    broadcast: bool


@dataclass(eq=False, slots=True)
class Contact:
    """A live contact. Compared by identity."""

    ordinal: int
    contact_id: str
    queue_id: str
    channel_id: str
    requirement: str
    priority: int
    credit_ms: int
    customer_id: str
    attributes: bytes
    content_word: int
    arrived_ns: int
    state: ContactState
    state_since_ns: int
    attached: bool
    opened_ns: int
    plan_from_ns: int
    agent: Agent | None = None
    """Who serves it or wraps it up."""
    offer_id: int = 0
    """The accepted offer."""
    accepted_ns: int = 0
    held: bool = False
    offers: list[Offer] = field(default_factory=list)
    """Live ones, by id."""
    ended_offers: list[EndedOffer] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    second_queue_id: str = ""
    requirement_now: str = ""
    priority_now: int = 0
    credit_now_ms: int = 0
    raised_tier: int = -1
    plans_entered: int = 0
    """Tells a plan being entered anew while one is gone through; no part of the state."""
    next_step: int = 0
    steps_taken: list[int] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    skill_weights: tuple[SkillWeight, ...] = ()
    preferred_agents: tuple[str, ...] = ()
    preferred_hold_ms: int = -1
    only_preferred: bool = False
    preferred: list[int] = field(default_factory=list)
    """Ordinals of agents."""
    reserved_for: list[int] = field(default_factory=list)
    callback_address: str = ""
    window_start_ns: int = 0
    window_end_ns: int = 0
    attempts_max: int = 0
    attempts: int = 0
    consults_ordinal: int = -1
    consults_contact_id: str = ""
    asked_by_ordinal: int = -1
    predicted_at_ns: int = 0
    predicted_queue_length_ns: int = -1
    predicted_last_waits_ns: int = -1

    def values_now(self) -> tuple[str, int, int, int]:
        """What it asks for now."""
        return self.requirement_now, self.priority_now, self.credit_now_ms, self.raised_tier

    def offered_to(self, agent: Agent) -> bool:
        return any(offer.agent is agent for offer in self.offers)


@dataclass(slots=True)
class Score:
    """How well a predictor of waits did of late."""

    scored: int = 0
    error: int = 0
    """Mean square error in square milliseconds."""


@dataclass(slots=True)
class QueueFigures:
    """What was learnt of a queue."""

    served: int = 0
    service_us: int = 0
    last_wait_ns: int = -1
    queue_length: Score = field(default_factory=Score)
    last_waits: Score = field(default_factory=Score)


class Remembered(NamedTuple):
    """The answer to a command that had a request id."""

    content_word: int
    seq: int
    at_ns: int
    contact_id: str
    contact_state: int
    agent_id: str
    offer_id: int
    offer_expires_ns: int
    policy_version: int
