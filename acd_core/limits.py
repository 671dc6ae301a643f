"""Every bound of the engine and why it is that. Reaching one is a named refusal, never a silent loss."""

from dataclasses import dataclass
from typing import Final

ID_BYTES_MAX: Final = 128
"""UTF-8 bytes of an id (contact, agent, queue, channel, customer, request): fits any UUID, SIP Call-ID or URI."""

REASON_BYTES_MAX: Final = 256
"""UTF-8 bytes of a free-text reason for being away."""

ATTRIBUTE_BYTES_MAX: Final = 16_384
"""Bytes of a contact's attributes: a generous screen pop; a million of them still fit one machine's memory."""

REQUIREMENT_BYTES_MAX: Final = 4_096
REQUIREMENT_TERMS_MAX: Final = 64
"""Terms of one requirement. The largest published peer allows 10 steps of 10 terms."""
REQUIREMENT_DEPTH_MAX: Final = 32
"""Nesting of parentheses and `not`: keeps the recursive parser far from any stack limit."""

SKILL_LEVEL_MIN: Final = 1
SKILL_LEVEL_MAX: Final = 100
SKILLS_PER_AGENT_MAX: Final = 256
SKILLS_PER_TENANT_MAX: Final = 4_096
"""Distinct skill names that agents, queues and live contacts of a tenant may use at once."""

MEMBERSHIPS_PER_AGENT_MAX: Final = 1_024
TIER_MAX: Final = 100
POSITION_MAX: Final = 1_000_000
CAPACITY_MAX: Final = 10_000
CHANNEL_COST_MAX: Final = 10_000
CHANNELS_MAX: Final = 16
CHANNEL_COUNT_MAX: Final = 1_000
"""The largest maximum that an agent may have on one channel."""

WEIGHT_MAX: Final = 10_000
"""An agent's weight; those of all agents add up to 1e9."""
SKILL_WEIGHT_MAX: Final = 1_000
SKILL_WEIGHTS_MAX: Final = 64
"""Skills that a queue or a contact may weigh: as many as a requirement has terms."""
BROADCAST_MIN: Final = 2
BROADCAST_MAX: Final = 64
"""Agents to whom one contact may be offered at once, and ended offers that a broadcast contact remembers."""
OCCUPANCY_TIME_CONSTANT_MS_MIN: Final = 1_000
"""Keeps the occupancy keys inside 64 bits (docs/engine/strategies.md)."""

PLANS_MAX: Final = 50_000
PLAN_STEPS_MAX: Final = 256
"""Steps of a plan; the largest published peer allows 10."""
STEPS_JUDGED_MAX: Final = 512
"""What one contact remembers of steps that conditions and side effects are about; oldest forgotten first."""
OVERFLOW_QUEUES_MAX: Final = 8
"""Queues that a contact may be sent on through by overflow; then it is refused."""
TREATMENT_NAME_BYTES_MAX: Final = 256

CALENDARS_MAX: Final = 10_000
OPENING_HOURS_MAX: Final = 256
"""Stretches of opening hours of one calendar."""
CALENDAR_EXCEPTIONS_MAX: Final = 4_096
"""Days of one calendar that differ from the week: ten years of them and more."""

CALLBACK_ATTEMPTS_MAX: Final = 100
FORGOTTEN_ADDRESS: Final = "forgotten"
"""Stands for the address of a callback whose customer was forgotten: it is a callback still, and keeps its place."""
PREFERRED_AGENTS_MAX: Final = 16
"""Agents that one contact may ask for; the largest published peer allows 20 scored ones, most allow one."""
CUSTOMERS_REMEMBERED_MAX: Final = 1_000_000
"""Customers of whom it is known who served them last; the one served longest ago is forgotten first."""

AGENTS_MAX: Final = 100_000
WAITING_CONTACTS_MAX: Final = 1_000_000
"""Contacts of a tenant that are waiting or offered; those being served are bounded by the agents' capacity."""
QUEUES_MAX: Final = 50_000

AGENTS_PER_COMMAND_MAX: Final = 10_000
"""Agents in one upsert, removal or heartbeat: keeps one command short enough not to hold up the others."""
CONTACTS_PER_COMMAND_MAX: Final = 10_000
"""Contacts that are over of one customer who is forgotten, in one command; a customer with more takes several."""
EXCLUSIONS_PER_CONTACT_MAX: Final = 64
"""Agents excluded for one contact at a time; at the bound the oldest exclusion ends early."""
REMEMBERED_REQUESTS_MAX: Final = 100_000
"""Request ids whose answers are kept, oldest forgotten first. At 400 calls a second and six commands a call this is
forty seconds of retries."""

PRIORITY_MAX: Final = 1_000_000
"""Priorities lie in [-PRIORITY_MAX, PRIORITY_MAX]."""
CREDIT_MS_MAX: Final = 10**12
"""Credits lie in [-CREDIT_MS_MAX, CREDIT_MS_MAX], contact and queue each. 1000 * 2e12 = 2e15."""
RATE_MAX: Final = 1_000_000
"""Ageing rate in thousandths, 0 to a thousandfold."""
AT_NS_MAX: Final = 4 * 10**18
"""Latest time (October 2096). rate * at_ms <= 1e6 * 4e12 = 4e18, and with the credits every score and every
static key stays below 2**63 = 9.22e18."""
DURATION_MS_MAX: Final = 30 * 24 * 3_600 * 1_000
"""Longest duration a policy or a command may name: 30 days."""
DURATION_MS_MIN: Final = 1
AWAY_AFTER_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that an operator may lower for a tenant. They only refuse; they are not part of the engine's state."""

    agents: int = AGENTS_MAX
    waiting_contacts: int = WAITING_CONTACTS_MAX
    queues: int = QUEUES_MAX
