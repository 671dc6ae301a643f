"""The linter's warnings in answers of ApplyPolicy, with a bound on how long it looks.

It looks in a thread of its own, but that thread and routing still take turns at the interpreter; and to read the roster
of a live engine holds routing up for as long as it takes. So there is less looking the more there is to look at.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from acd.v1 import policy_commands_pb2
from acd_core.policy import Policy
from acd_core.roster import AgentSpec
from acd_service.engine_interface import RoutingEngine
from acd_service.policy_lint import lint
from acd_service.tenant import Tenant

AGENTS_READ_LIVE_MAX: Final = 1_000
"""A larger roster is not read from the engine that routes (a thousand agents take a few milliseconds)."""
PLACES_MAX: Final = 1_000_000
"""Places to look at, in about a second: queues and steps of their plans, and each of them again for every agent."""
WARNINGS_MAX: Final = 1_000
"""In one answer."""


def warnings_about(policy: Policy, roster: Sequence[AgentSpec] | None) -> list[policy_commands_pb2.PolicyWarning]:
    """What the linter says, at most `WARNINGS_MAX`; nothing about whom the policy reaches where that would be more than
    `PLACES_MAX` places, and nothing at all where the policy alone has more.
    """
    places = _places(policy)
    if places > PLACES_MAX:
        return []
    if roster is not None and places * max(1, len(roster)) > PLACES_MAX:
        roster = None
    return [
        policy_commands_pb2.PolicyWarning(field=warning.field, reason=warning.reason, message=warning.message)
        for warning in lint(policy, roster)[:WARNINGS_MAX]
    ]


async def warnings_about_applied(tenant: Tenant, policy: Policy) -> list[policy_commands_pb2.PolicyWarning]:
    """The same, with the roster of the engine that routes if that is at most `AGENTS_READ_LIVE_MAX`."""

    def roster_of(engine: RoutingEngine) -> list[AgentSpec] | None:
        if engine.counts().agents > AGENTS_READ_LIVE_MAX:
            return None
        return specs(engine)

    return await asyncio.to_thread(warnings_about, policy, await tenant.look(roster_of))


def specs(engine: RoutingEngine) -> list[AgentSpec]:
    """The roster of an engine, without those who are about to leave it."""
    return [agent.spec for agent in engine.agents() if not agent.leaving]


def _places(policy: Policy) -> int:
    users = Counter(queue.plan_id for queue in policy.queues)
    return len(policy.queues) + sum(len(plan.steps) * max(1, users[plan.plan_id]) for plan in policy.plans)
