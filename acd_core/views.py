"""Read-only pictures of an engine's state, for whoever asks; taking one changes nothing."""

from dataclasses import dataclass

from acd_core.roster import AgentSpec


@dataclass(frozen=True, slots=True)
class ContactView:
    """A live contact. Times are nanoseconds since the Unix epoch; 0 where there is none yet."""

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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of what, now."""

    agents: int
    agents_ready: int
    waiting: int
    offered: int
    active: int
    wrap_up: int
    opened: int
    closed: tuple[int, ...]
    """Segments closed so far by EndCause; index 0 is HANDLED."""
