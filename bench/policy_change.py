"""How long a policy change takes with the workload's contacts waiting, for several kinds of change.

    python -m bench.policy_change NAME REPEATS

Each kind is changed to and fro on one engine; timed is `apply` of the finished command, during which nothing is routed.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from statistics import median

from acd_core.commands import ApplyPolicy, Tick
from acd_core.engine import Engine
from acd_core.enums import StepAction, Strategy
from acd_core.plan import Plan, PlanStep
from acd_core.policy import Policy, QueueSpec, SkillWeight
from bench.recording import Recording
from bench.workload import SHAPES

STEP_MS = 3_600_000


def changes(policy: Policy) -> dict[str, Policy]:
    """The kinds of change: each a policy that differs from this one in that."""
    first, *others = policy.queues
    plans = (*policy.plans, Plan("other", (PlanStep(STEP_MS, StepAction.ADD_CREDIT, credit_ms=60_000),)))
    if policy.plans:
        # Its first step, due for many by now, says something else.
        plan, *rest = policy.plans
        changed = replace(plan.steps[0], action=StepAction.ADD_CREDIT, tier=0, credit_ms=1_000)
        one_plan = (Plan(plan.plan_id, (changed, *plan.steps[1:])), *rest)
    else:
        one_plan = plans
    return {
        "nothing": policy,
        "one_strategy": replace(policy, queues=(replace(first, strategy=Strategy.ROUND_ROBIN), *others)),
        "one_rate": replace(policy, queues=(replace(first, rate=2_000), *others)),
        "one_requirement": replace(policy, queues=(replace(first, requirement="skill1>=20"), *others)),
        "one_plan": replace(
            policy,
            plans=one_plan,
            queues=policy.queues if policy.plans else (replace(first, plan_id="other"), *others),
        ),
        "all_strategies": replace(
            policy, queues=tuple(replace(queue, strategy=Strategy.LEAST_OCCUPIED) for queue in policy.queues)
        ),
        "all_rates": replace(policy, queues=tuple(replace(queue, rate=2_000) for queue in policy.queues)),
        "everything": replace(
            policy,
            plans=plans,
            queues=tuple(_all_else(number, queue) for number, queue in enumerate(policy.queues)),
        ),
    }


def _all_else(number: int, queue: QueueSpec) -> QueueSpec:
    return replace(
        queue,
        strategy=Strategy.BEST_MATCH,
        requirement=f"skill{number % 1_000}>=1 or skill{number % 1_000 + 1}>=1",  # within the bound of distinct skills
        rate=2_000,
        credit_ms=5_000,
        max_tier=2,
        plan_id="other",
        skill_weights=(SkillWeight("skill1", 3),),
    )


def change_ms(engine: Engine, at_ns: int, policy: Policy) -> float:
    """Milliseconds of processor time until the policy is in force."""
    command = ApplyPolicy(policy)
    from_ns = time.thread_time_ns()
    engine.apply(at_ns, command)
    return (time.thread_time_ns() - from_ns) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.policy_change")
    parser.add_argument("name", choices=SHAPES)
    parser.add_argument("repeats", type=int)
    args = parser.parse_args()
    engine = Recording.of(SHAPES[args.name]).built()
    policy = engine.policy
    at_ns = engine.now_ns
    due_ns = engine.next_timer()
    if due_ns is not None and due_ns <= at_ns:
        engine.apply(at_ns, Tick())
    found: dict[str, dict[str, float]] = {}
    waiting = engine.counts().waiting
    for kind, other in changes(policy).items():
        took = []
        for _ in range(args.repeats):
            took += [change_ms(engine, at_ns, other), change_ms(engine, at_ns, policy)]
        found[kind] = {"median_ms": round(median(took), 2), "max_ms": round(max(took), 2)}
    print(json.dumps({"waiting": waiting, "changes": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
