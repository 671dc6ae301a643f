"""A tenant's policy: channels, queues and what follows a declined or missed offer. Immutable, valid by construction.

>>> policy = Policy(queues=(QueueSpec("sales", requirement="sales>=10"),))
>>> Policy.from_bytes(policy.to_bytes()) == policy
True
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from acd_core.checks import check_duration, check_id, check_range
from acd_core.enums import ClosingRule, Membership, Strategy
from acd_core.limits import (
    AWAY_AFTER_MAX,
    BROADCAST_MAX,
    BROADCAST_MIN,
    CALENDARS_MAX,
    CALLBACK_ATTEMPTS_MAX,
    CHANNEL_COST_MAX,
    CHANNELS_MAX,
    CREDIT_MS_MAX,
    DURATION_MS_MAX,
    OCCUPANCY_TIME_CONSTANT_MS_MIN,
    PLANS_MAX,
    QUEUES_MAX,
    RATE_MAX,
    SKILL_WEIGHT_MAX,
    SKILL_WEIGHTS_MAX,
    TIER_MAX,
    WAITING_CONTACTS_MAX,
)
from acd_core.opening_hours import Calendar, calendar_from
from acd_core.plan import Overflow, Plan, overflow_from, plan_from
from acd_core.refusal import Reason, Refused
from acd_core.requirement import parse


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach the centre. `cost` is what one contact on it takes of an agent's capacity."""

    channel_id: str
    cost: int
    interrupts: tuple[str, ...] = ()
    """Channels whose held contacts do not count against room for this one."""

    def __post_init__(self) -> None:
        check_id(self.channel_id, "channel_id")
        check_range(self.cost, 1, CHANNEL_COST_MAX, "cost")
        if self.channel_id in self.interrupts:
            raise Refused(Reason.INVALID_VALUE, "interrupts", "a channel cannot interrupt itself")
        if len(set(self.interrupts)) != len(self.interrupts):
            raise Refused(Reason.DUPLICATE_ENTRY, "interrupts", "a channel appears more than once")
        object.__setattr__(self, "interrupts", tuple(sorted(self.interrupts)))


CHANNELS_DEFAULT = (Channel("voice", 100), Channel("chat", 25), Channel("mail", 10))
"""What a policy that names no channel has: the field's usual weights for an agent of capacity 100."""


@dataclass(frozen=True, slots=True)
class OutcomePolicy:
    """What follows an offer that ended in one way. 0 means that the consequence does not apply."""

    exclude_ms: int = 0
    """For how long the contact is not offered to this agent again."""
    delay_ms: int = 0
    """For how long the agent gets no contact at all."""
    away_after: int = 0
    """Failed offers in a row after which the agent goes away with the reason `not_responding`."""

    def __post_init__(self) -> None:
        check_duration(self.exclude_ms, "exclude_ms", zero_means_none=True)
        check_duration(self.delay_ms, "delay_ms", zero_means_none=True)
        check_range(self.away_after, 0, AWAY_AFTER_MAX, "away_after")


@dataclass(frozen=True, slots=True)
class OfferOutcomes:
    declined: OutcomePolicy = OutcomePolicy(exclude_ms=60_000)
    busy: OutcomePolicy = OutcomePolicy(delay_ms=10_000)
    unreachable: OutcomePolicy = OutcomePolicy(delay_ms=10_000, away_after=3)
    missed: OutcomePolicy = OutcomePolicy(away_after=3)


class SkillWeight(NamedTuple):
    """What a level of a skill weighs under `best_match`."""

    skill: str
    weight: int


def sorted_weights(weights: tuple[SkillWeight, ...], field: str) -> tuple[SkillWeight, ...]:
    """The weights by skill.

    Raises:
        Refused: too many, a skill twice, or a weight out of its bounds, at `field`.
    """
    if len(weights) > SKILL_WEIGHTS_MAX:
        raise Refused(Reason.TOO_MANY, field, f"{len(weights)} entries are more than the {SKILL_WEIGHTS_MAX} allowed")
    for weight in weights:
        check_id(weight.skill, field)
        check_range(weight.weight, 0, SKILL_WEIGHT_MAX, f'{field}["{weight.skill}"]')
    if len({weight.skill for weight in weights}) != len(weights):
        raise Refused(Reason.DUPLICATE_ENTRY, field, "a skill appears more than once")
    return tuple(sorted(weights))


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue as the policy describes it."""

    queue_id: str
    requirement: str = ""
    membership: Membership = Membership.OPEN
    strategy: Strategy = Strategy.LONGEST_IDLE
    service_level_target_ms: int = 20_000
    offer_timeout_ms: int = 20_000
    auto_accept: bool = False
    wrap_up_ms: int = 0
    """Longest wrap-up after a contact; 0 for none."""
    credit_ms: int = 0
    rate: int = 1_000
    """Ageing in thousandths of a point a millisecond."""
    max_tier: int | None = None
    """The highest tier a contact may use before any plan step raises it; no limit if unset."""
    max_waiting: int | None = None
    """Contacts that may wait here; one more that cannot be served at once is refused as full. No limit if unset."""
    plan_id: str = ""
    """The plan that its contacts go through; none if empty."""
    skill_weights: tuple[SkillWeight, ...] = ()
    """For `best_match`."""
    broadcast_to: int = BROADCAST_MIN
    """For `broadcast`: to how many agents at once."""
    preferred_hold_ms: int | None = None
    """How long a contact is held for the agents preferred for it, 0 for not at all; the policy's if unset."""
    calendar_id: str = ""
    """When it is open, which the shell turns into OpenQueue and CloseQueue; always if empty."""
    at_closing: ClosingRule = ClosingRule.SERVE
    overflow: Overflow | None = None
    """Where a contact goes when the queue is full or closed; refused if unset."""

    def __post_init__(self) -> None:
        check_id(self.queue_id, "queue_id")
        try:
            parse(self.requirement)
        except Refused as refused:
            raise refused.within("requirement") from None
        check_duration(self.service_level_target_ms, "service_level_target_ms")
        check_duration(self.offer_timeout_ms, "offer_timeout_ms")
        check_duration(self.wrap_up_ms, "wrap_up_ms", zero_means_none=True)
        check_range(self.credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
        check_range(self.rate, 0, RATE_MAX, "rate")
        if self.max_tier is not None:
            check_range(self.max_tier, 0, TIER_MAX, "max_tier")
        if self.max_waiting is not None:
            check_range(self.max_waiting, 0, WAITING_CONTACTS_MAX, "max_waiting")
        object.__setattr__(self, "skill_weights", sorted_weights(self.skill_weights, "skill_weights"))
        check_range(self.broadcast_to, BROADCAST_MIN, BROADCAST_MAX, "broadcast_to")
        if self.strategy is Strategy.BROADCAST and self.auto_accept:
            raise Refused(Reason.INVALID_VALUE, "auto_accept", "a broadcast queue makes offers and cannot accept them")
        if self.preferred_hold_ms is not None:
            check_duration(self.preferred_hold_ms, "preferred_hold_ms", zero_means_none=True)
        if self.overflow is not None and self.overflow.queue_id == self.queue_id:
            raise Refused(Reason.INVALID_VALUE, "overflow.queue_id", "a queue cannot overflow to itself")


@dataclass(frozen=True, slots=True)
class PreferencePolicy:
    """Which agents are preferred for a contact besides those that it names, and for how long it is held for them."""

    last_agent_window_ms: int = 0
    """The agent who last served the customer, not longer ago than this; 0 for not at all."""
    agent_of_other_contact: bool = False
    """The agent who has the customer's other live contact."""
    hold_ms: int = 0
    """0 for not at all."""

    def __post_init__(self) -> None:
        check_duration(self.last_agent_window_ms, "last_agent_window_ms", zero_means_none=True)
        check_duration(self.hold_ms, "hold_ms", zero_means_none=True)


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """For callbacks that do not say otherwise."""

    attempts_max: int = 3
    retry_delay_ms: int = 300_000
    """How long after a failed attempt the next one may come."""

    def __post_init__(self) -> None:
        check_range(self.attempts_max, 1, CALLBACK_ATTEMPTS_MAX, "attempts_max")
        check_duration(self.retry_delay_ms, "retry_delay_ms")


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything an operator sets for a tenant, applied as a whole.

    Raises:
        Refused: naming the field (`queues["sales"].requirement`).
    """

    channels: tuple[Channel, ...] = CHANNELS_DEFAULT
    queues: tuple[QueueSpec, ...] = ()
    tier_first: bool = False
    """An agent who chooses takes the lowest tier first, before priority."""
    short_abandon_ms: int = 5_000
    """A caller who gives up sooner than this is counted as a short abandon; 0 counts none as short."""
    presence_lease_ms: int = 0
    """An agent that is signed on and not heard of for this long goes offline; 0 for no lease."""
    reattach_ms: int = 10_000
    """How long a contact whose stream broke stays before it ends as lost."""
    max_waiting: int | None = None
    """Contacts that may wait in all queues together; no limit if unset."""
    offer_outcomes: OfferOutcomes = field(default_factory=OfferOutcomes)
    plans: tuple[Plan, ...] = ()
    preference: PreferencePolicy = PreferencePolicy()
    callback: CallbackPolicy = CallbackPolicy()
    calendars: tuple[Calendar, ...] = ()
    """Kept for the shell: the engine knows no time zones."""
    occupancy_time_constant_ms: int = 1_800_000
    """Of the average that `least_occupied` goes by."""

    def __post_init__(self) -> None:
        channels = [channel.channel_id for channel in self.channels]
        _check_names(channels, CHANNELS_MAX, "channels")
        if not channels:
            raise Refused(Reason.EMPTY, "channels", "a policy has at least one channel")
        for channel in self.channels:
            for other in channel.interrupts:
                if other not in channels:
                    path = f'channels["{channel.channel_id}"].interrupts'
                    raise Refused(Reason.UNKNOWN_CHANNEL, path, f'there is no channel "{other}"')
        _check_names([queue.queue_id for queue in self.queues], QUEUES_MAX, "queues")
        check_duration(self.short_abandon_ms, "short_abandon_ms", zero_means_none=True)
        check_duration(self.presence_lease_ms, "presence_lease_ms", zero_means_none=True)
        check_duration(self.reattach_ms, "reattach_ms")
        if self.max_waiting is not None:
            check_range(self.max_waiting, 0, WAITING_CONTACTS_MAX, "max_waiting")
        _check_names([plan.plan_id for plan in self.plans], PLANS_MAX, "plans")
        _check_names([calendar.calendar_id for calendar in self.calendars], CALENDARS_MAX, "calendars")
        low, high = OCCUPANCY_TIME_CONSTANT_MS_MIN, DURATION_MS_MAX
        check_range(self.occupancy_time_constant_ms, low, high, "occupancy_time_constant_ms")
        self._check_references()

    def _check_references(self) -> None:
        """What queues and steps name exists."""
        queue_ids = {queue.queue_id for queue in self.queues}
        plan_ids = {plan.plan_id for plan in self.plans}
        calendar_ids = {calendar.calendar_id for calendar in self.calendars}
        for queue in self.queues:
            path = f'queues["{queue.queue_id}"]'
            if queue.plan_id:
                _check_known(queue.plan_id, plan_ids, Reason.UNKNOWN_PLAN, f"{path}.plan_id")
            if queue.calendar_id:
                _check_known(queue.calendar_id, calendar_ids, Reason.UNKNOWN_CALENDAR, f"{path}.calendar_id")
            if queue.overflow is not None and queue.overflow.queue_id:
                _check_known(queue.overflow.queue_id, queue_ids, Reason.UNKNOWN_QUEUE, f"{path}.overflow.queue_id")
        for plan in self.plans:
            for index, step in enumerate(plan.steps):
                if step.queue_id:
                    path = f'plans["{plan.plan_id}"].steps[{index}].queue_id'
                    _check_known(step.queue_id, queue_ids, Reason.UNKNOWN_QUEUE, path)

    def to_bytes(self) -> bytes:
        """Canonical bytes: equal policies have equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Policy":
        """The policy that `to_bytes` wrote."""
        raw: dict[str, Any] = json.loads(data)
        raw["channels"] = tuple(Channel(**{**c, "interrupts": tuple(c["interrupts"])}) for c in raw["channels"])
        raw["queues"] = tuple(
            QueueSpec(
                **{
                    **q,
                    "membership": Membership(q["membership"]),
                    "strategy": Strategy(q["strategy"]),
                    "skill_weights": tuple(SkillWeight(*weight) for weight in q["skill_weights"]),
                    "at_closing": ClosingRule(q["at_closing"]),
                    "overflow": overflow_from(q["overflow"]),
                }
            )
            for q in raw["queues"]
        )
        raw["offer_outcomes"] = OfferOutcomes(**{k: OutcomePolicy(**v) for k, v in raw["offer_outcomes"].items()})
        raw["plans"] = tuple(plan_from(plan) for plan in raw["plans"])
        raw["preference"] = PreferencePolicy(**raw["preference"])
        raw["callback"] = CallbackPolicy(**raw["callback"])
        raw["calendars"] = tuple(calendar_from(calendar) for calendar in raw["calendars"])
        return cls(**raw)


def _check_known(name: str, known: set[str], reason: Reason, path: str) -> None:
    if name not in known:
        raise Refused(reason, path, f'there is no "{name}" in the policy')


def _check_names(names: list[str], most: int, path: str) -> None:
    if len(names) > most:
        raise Refused(Reason.TOO_MANY, path, f"{len(names)} entries are more than the {most} allowed")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refused(Reason.DUPLICATE_ENTRY, f'{path}["{name}"]', f'"{name}" appears more than once')
        seen.add(name)
