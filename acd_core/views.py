"""Read-only pictures of an engine's state, for whoever asks; taking one changes nothing."""

from dataclasses import dataclass
from typing import NamedTuple

from acd_core.enums import ServeRule, WaitPredictor
from acd_core.policy import SkillWeight
from acd_core.roster import AgentSpec


@dataclass(frozen=True, slots=True)
class ContactView:
    """A live contact, with what it asks for now; of several live offers the first.

    Times are nanoseconds since the Unix epoch; 0 where there is none yet.
    """

    contact_id: str
    ordinal: int
    queue_id: str
    channel_id: str
    requirement: str
    priority: int
    credit_ms: int
    customer_id: str
    attributes: bytes
    state: int
    state_since_ns: int
    arrived_ns: int
    agent_id: str
    offer_id: int
    offer_expires_ns: int
    accepted_ns: int
    held: bool
    attached: bool
    second_queue_id: str = ""
    opened_ns: int = 0
    """When its segment began."""
    preferred_agents: tuple[str, ...] = ()
    preferred_hold_ms: int = -1
    """-1: the queue's or the policy's."""
    only_preferred: bool = False
    reserved_for: tuple[str, ...] = ()
    """Agents for whom it is held now; empty if it is not."""
    callback_address: str = ""
    window_start_ns: int = 0
    window_end_ns: int = 0
    attempts_max: int = 0
    attempts: int = 0
    consults_contact_id: str = ""
    plan_steps_taken: int = 0
    skill_weights: tuple[SkillWeight, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent, with the contacts that it holds in order of their ordinals."""

    spec: AgentSpec
    ordinal: int
    presence: int
    reason: str
    idle_since_ns: int
    delayed_until_ns: int
    lease_ms: int
    leaving: bool
    used: int
    """Capacity held by offers, active contacts and wrap-up."""
    contact_ids: tuple[str, ...]
    contacts_begun: int = 0
    talk_ns: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of what, now."""

    agents: int
    agents_ready: int
    waiting: int
    offered: int
    active: int
    wrap_up: int
    scheduled: int
    opened: int
    closed: tuple[int, ...]
    """Segments closed so far by EndCause; index 0 is HANDLED."""


class Fired(NamedTuple):
    """A timer that fired."""

    kind: int
    """A `TimerKind`."""
    contact_ordinal: int
    """-1: it is not about a contact."""
    agent_ordinal: int
    """-1: it is not about an agent."""


class Line(NamedTuple):
    """Who has no agent yet, of one queue and channel. Contacts count in their home queue."""

    queue_id: str
    channel_id: str
    waiting: int
    offered: int
    since_ns: int
    """When the segment began that has been waiting or offered for longest; nanoseconds since the Unix epoch."""


class AgentCounts(NamedTuple):
    """How many agents say what of themselves, and how many of those hold contacts (offered, served or in wrap-up)."""

    offline: int
    ready: int
    away: int
    offline_busy: int
    ready_busy: int
    away_busy: int


@dataclass(frozen=True, slots=True)
class WaitEstimate:
    """What a caller can be told of its wait."""

    position: int
    """How many entries of the same queue go before it, plus one; 0 if it does not wait."""
    expected_wait_ns: int
    """From now; -1 if there is nothing to go on."""
    predictor: WaitPredictor
    error_ms: int
    """Root mean square error of that predictor over the queue's recent contacts; -1 if none was scored yet."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a contact waits, an agent has none, or this agent did not get that contact; see docs/engine/told.md."""

    rule: ServeRule | None = None
    contact_ahead_id: str = ""
    agent_ahead_id: str = ""
    agents_able: int = 0
    agents_with_room: int = 0
