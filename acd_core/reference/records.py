"""What the reference engine keeps of each agent, contact and timer. Field meanings: `acd_core.snapshot`."""

from dataclasses import dataclass, field
from typing import NamedTuple

from acd_core.enums import ContactState, OfferOutcome, Presence, TimerKind
from acd_core.roster import AgentSpec, QueueMembership


class Exclusion(NamedTuple):
    """An agent who is not offered a contact until `until_ns`. It knows the ordinal, and so outlives the agent."""

    agent_ordinal: int
    until_ns: int


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
    agent: Agent | None = None
    """To whom it is offered, who serves it, or who wraps it up."""
    offer_id: int = 0
    offer_expires_ns: int = 0
    accepted_ns: int = 0
    held: bool = False
    last_offer_id: int = 0
    last_offer_agent_ordinal: int = -1
    last_offer_outcome: OfferOutcome | None = None
    exclusions: list[Exclusion] = field(default_factory=list)


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
