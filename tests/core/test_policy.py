"""A policy and a roster entry are valid by construction; what is wrong is named."""

from collections.abc import Callable

import pytest

from acd_core.enums import Membership, Strategy
from acd_core.limits import CREDIT_MS_MAX, DURATION_MS_MAX, RATE_MAX
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel


@pytest.mark.parametrize(
    ("build", "reason", "field"),
    [
        (lambda: QueueSpec(""), Reason.EMPTY, "queue_id"),
        (lambda: QueueSpec("q" * 129), Reason.TOO_LONG, "queue_id"),
        (lambda: QueueSpec("q\n"), Reason.INVALID_CHARACTER, "queue_id"),
        (lambda: QueueSpec("q", requirement="a>="), Reason.MALFORMED_REQUIREMENT, "requirement"),
        (lambda: QueueSpec("q", offer_timeout_ms=0), Reason.OUT_OF_RANGE, "offer_timeout_ms"),
        (lambda: QueueSpec("q", wrap_up_ms=-1), Reason.OUT_OF_RANGE, "wrap_up_ms"),
        (lambda: QueueSpec("q", wrap_up_ms=DURATION_MS_MAX + 1), Reason.OUT_OF_RANGE, "wrap_up_ms"),
        (lambda: QueueSpec("q", rate=RATE_MAX + 1), Reason.OUT_OF_RANGE, "rate"),
        (lambda: QueueSpec("q", credit_ms=-CREDIT_MS_MAX - 1), Reason.OUT_OF_RANGE, "credit_ms"),
        (lambda: QueueSpec("q", max_tier=-1), Reason.OUT_OF_RANGE, "max_tier"),
        (lambda: QueueSpec("q", max_waiting=-1), Reason.OUT_OF_RANGE, "max_waiting"),
        (lambda: QueueSpec("q", strategy=Strategy.BROADCAST, auto_accept=True), Reason.INVALID_VALUE, "auto_accept"),
        (lambda: QueueSpec("q", broadcast_to=1), Reason.OUT_OF_RANGE, "broadcast_to"),
        (lambda: Channel("voice", 0), Reason.OUT_OF_RANGE, "cost"),
        (lambda: Channel("voice", 1, ("voice",)), Reason.INVALID_VALUE, "interrupts"),
        (lambda: Policy(channels=()), Reason.EMPTY, "channels"),
        (lambda: Policy(channels=(Channel("a", 1), Channel("a", 2))), Reason.DUPLICATE_ENTRY, 'channels["a"]'),
        (
            lambda: Policy(channels=(Channel("a", 1, ("b",)),)),
            Reason.UNKNOWN_CHANNEL,
            'channels["a"].interrupts',
        ),
        (lambda: Policy(queues=(QueueSpec("a"), QueueSpec("a"))), Reason.DUPLICATE_ENTRY, 'queues["a"]'),
        (lambda: Policy(reattach_ms=0), Reason.OUT_OF_RANGE, "reattach_ms"),
        (lambda: OutcomePolicy(away_after=-1), Reason.OUT_OF_RANGE, "away_after"),
        (lambda: AgentSpec(""), Reason.EMPTY, "agent_id"),
        (lambda: AgentSpec("a", skills=(SkillLevel("x", 0),)), Reason.OUT_OF_RANGE, 'skills["x"]'),
        (lambda: AgentSpec("a", skills=(SkillLevel("x", 101),)), Reason.OUT_OF_RANGE, 'skills["x"]'),
        (lambda: AgentSpec("a", skills=(SkillLevel("x", 1), SkillLevel("x", 2))), Reason.DUPLICATE_ENTRY, "skills"),
        (lambda: AgentSpec("a", skills=tuple(SkillLevel(f"s{i}", 1) for i in range(257))), Reason.TOO_MANY, "skills"),
        (lambda: AgentSpec("a", capacity=0), Reason.OUT_OF_RANGE, "capacity"),
        (
            lambda: AgentSpec("a", channel_maxima=(ChannelMaximum("voice", -1),)),
            Reason.OUT_OF_RANGE,
            'channel_maxima["voice"]',
        ),
        (
            lambda: AgentSpec("a", memberships=(QueueMembership("q", tier=101),)),
            Reason.OUT_OF_RANGE,
            'memberships["q"].tier',
        ),
    ],
)
def test_refused(build: Callable[[], object], reason: Reason, field: str) -> None:
    with pytest.raises(Refused) as caught:
        build()
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_canonical_bytes() -> None:
    policy = Policy(
        channels=(Channel("voice", 100, ("mail",)), Channel("mail", 10)),
        queues=(
            QueueSpec(
                "продажи",
                requirement="a>=3 or not b",
                membership=Membership.LISTED,
                strategy=Strategy.FIXED_ORDER,
                max_tier=2,
                max_waiting=0,
            ),
        ),
        tier_first=True,
        max_waiting=7,
        offer_outcomes=OfferOutcomes(missed=OutcomePolicy(1, 2, 3)),
    )
    assert Policy.from_bytes(policy.to_bytes()) == policy
    assert Policy.from_bytes(policy.to_bytes()).to_bytes() == policy.to_bytes()


def test_agents_are_equal_whatever_the_order_of_their_lists() -> None:
    one = AgentSpec("a", skills=(SkillLevel("x", 1), SkillLevel("b", 2)))
    other = AgentSpec("a", skills=(SkillLevel("b", 2), SkillLevel("x", 1)))
    assert one == other
