"""A tenant's policy: channels, queues and what follows a declined or missed offer. Immutable, valid by construction.

>>> policy = Policy(queues=(QueueSpec("sales", requirement="sales>=10"),))
>>> Policy.from_bytes(policy.to_bytes()) == policy
True
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from acd_core.checks import check_duration, check_id, check_range
from acd_core.enums import STRATEGIES_BUILT, Membership, Strategy
from acd_core.limits import (
    AWAY_AFTER_MAX,
    CHANNEL_COST_MAX,
    CHANNELS_MAX,
    CREDIT_MS_MAX,
    QUEUES_MAX,
    RATE_MAX,
    TIER_MAX,
    WAITING_CONTACTS_MAX,
)
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

    def __post_init__(self) -> None:
        check_id(self.queue_id, "queue_id")
        try:
            parse(self.requirement)
        except Refused as refused:
            raise refused.within("requirement") from None
        if self.strategy not in STRATEGIES_BUILT:
            raise Refused(Reason.NOT_BUILT, "strategy", f"the strategy {self.strategy.name.lower()} is not built yet")
        check_duration(self.service_level_target_ms, "service_level_target_ms")
        check_duration(self.offer_timeout_ms, "offer_timeout_ms")
        check_duration(self.wrap_up_ms, "wrap_up_ms", zero_means_none=True)
        check_range(self.credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
        check_range(self.rate, 0, RATE_MAX, "rate")
        if self.max_tier is not None:
            check_range(self.max_tier, 0, TIER_MAX, "max_tier")
        if self.max_waiting is not None:
            check_range(self.max_waiting, 0, WAITING_CONTACTS_MAX, "max_waiting")


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

    def to_bytes(self) -> bytes:
        """Canonical bytes: equal policies have equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Policy":
        """The policy that `to_bytes` wrote."""
        raw: dict[str, Any] = json.loads(data)
        raw["channels"] = tuple(Channel(**{**c, "interrupts": tuple(c["interrupts"])}) for c in raw["channels"])
        raw["queues"] = tuple(
            QueueSpec(**{**q, "membership": Membership(q["membership"]), "strategy": Strategy(q["strategy"])})
            for q in raw["queues"]
        )
        raw["offer_outcomes"] = OfferOutcomes(**{k: OutcomePolicy(**v) for k, v in raw["offer_outcomes"].items()})
        return cls(**raw)


def _check_names(names: list[str], most: int, path: str) -> None:
    if len(names) > most:
        raise Refused(Reason.TOO_MANY, path, f"{len(names)} entries are more than the {most} allowed")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refused(Reason.DUPLICATE_ENTRY, f'{path}["{name}"]', f'"{name}" appears more than once')
        seen.add(name)
