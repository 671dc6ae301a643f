"""A policy that changes while many wait, in one respect or in all: what is done again and what is left as it stands
gives the reference's answers."""

from dataclasses import replace

import pytest
from verification.engines import BOTH, UNSHARED
from verification.lockstep import Lockstep

from acd_core.commands import ApplyPolicy, Tick
from acd_core.enums import StepAction, Strategy
from acd_core.plan import Plan, PlanStep, StepCondition
from acd_core.policy import Channel, Policy
from bench.policy_change import changes
from bench.workload import Draws, Shape, Workload

SHAPE = Shape(
    "changing",
    agents=30,
    waiting=60,
    skills=8,
    queues=8,
    profiles=6,
    requirements=20,
    skills_per_agent=3,
    terms_max=2,
    strategies=tuple(Strategy),
    channels=(Channel("voice", 100, ("mail",)), Channel("mail", 20)),
    listed_thousandths=500,
    away_thousandths=60,
    steps_after_ms=(1_500, 3_000, 6_000),
    preferred_thousandths=100,
)


def more_changes(policy: Policy) -> list[Policy]:
    """Changes beside those that are timed: of rooms, of steps that widen, narrow or judge."""
    voice, *rest = policy.channels
    plan, *plans = policy.plans
    harder = PlanStep(500, StepAction.SET_REQUIREMENT, requirement="skill1>=90 and skill2>=90")
    judged = PlanStep(2_000, StepAction.ADD_CREDIT, credit_ms=9_000, condition=StepCondition(queue_length_min=5))
    told = PlanStep(2_000, StepAction.OFFER_CALLBACK)
    return [
        replace(policy, channels=(replace(voice, cost=50), *rest)),
        replace(policy, plans=(replace(plan, steps=(harder, *plan.steps)), *plans)),
        replace(policy, plans=tuple(Plan(each.plan_id, (harder,)) for each in policy.plans)),
        replace(policy, plans=tuple(Plan(each.plan_id, (*each.steps[:1], judged, told)) for each in policy.plans)),
        replace(policy, queues=tuple(replace(queue, max_tier=0) for queue in policy.queues)),
        replace(policy, queues=tuple(replace(queue, broadcast_to=3) for queue in policy.queues)),
        replace(policy, queues=tuple(replace(queue, plan_id="") for queue in policy.queues)),
        replace(policy, tier_first=not policy.tier_first, occupancy_time_constant_ms=60_000),
    ]


@pytest.mark.parametrize("kinds", [BOTH, UNSHARED], ids=["classes", "unshared"])
def test_policies_change_while_contacts_wait(kinds: dict[str, type]) -> None:
    steps = Lockstep({name: kind(7) for name, kind in kinds.items()}, None, "policy changes")
    workload = Workload(SHAPE, seed=7)
    for at_ns, command in workload.start(steps.lead.next_timer):
        workload.learn(steps.apply(at_ns, command).events)
    policy = steps.lead.policy
    policies = [policy, *changes(policy).values(), *more_changes(policy)]
    draws = Draws(11)
    stream = workload.stream(steps.lead.next_timer)
    for number in range(700):
        at_ns, command = next(stream)
        workload.learn(steps.apply(at_ns, command).events)
        if number % 8 == 7 and (steps.lead.next_timer() or at_ns + 1) > at_ns:
            workload.learn(steps.apply(at_ns, ApplyPolicy(draws.pick(policies))).events)
    if (steps.lead.next_timer() or at_ns + 1) <= at_ns:
        steps.apply(at_ns, Tick())
    steps.compare_digests()
    assert steps.coverage.events["POLICY_APPLIED"] > 70
    assert not steps.coverage.refusals
