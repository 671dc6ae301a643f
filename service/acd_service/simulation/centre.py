"""A scenario as a contact centre: what each type, pool and unit of time becomes in the engine's commands.

- A type is an open queue that asks for the type's skill; its arrivals are that queue's contacts, with the type's
  priority and credit. The queue has the scenario's strategy, accepts at once and has no wrap-up.
- A server is an agent of its own with the skills of the types that its pool serves, created pool by pool: in an open
  queue `fixed_order` goes by order of creation, so it takes the pools in the order listed.
- `max_waiting` is the policy's, over all queues.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acd_core.commands import ApplyPolicy, Command, SetPresence, UpsertAgents
from acd_core.enums import Presence, Strategy
from acd_core.limits import (
    AGENTS_PER_COMMAND_MAX,
    AT_NS_MAX,
    CREDIT_MS_MAX,
    DURATION_MS_MAX,
    OCCUPANCY_TIME_CONSTANT_MS_MIN,
    RATE_MAX,
)
from acd_core.policy import Policy, QueueSpec, SkillWeight
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel
from acd_service.simulation.scenario import RateCurve, Scenario, ScenarioError

START_NS: Final = 1_000_000_000
"""When a run begins: time 0 of the scenario. A whole millisecond, so that flooring treats all alike."""

OCCUPANCY_TIME_CONSTANT_DEFAULT_MS: Final = Policy().occupancy_time_constant_ms

_HORIZON_NS: Final = AT_NS_MAX // 4
"""Where the last arrival is expected at the latest; the rest is for what drains after it."""

_SPACING_NS_MIN: Final = 10_000_000
"""The least mean time between arrivals, or of a service: ten of the milliseconds in which the engine keeps scores."""


@dataclass(frozen=True, slots=True)
class Centre:
    """What a run gives to the engine."""

    scenario: Scenario
    unit_ns: int
    """Nanoseconds that one unit of the scenario's time becomes."""
    policy: Policy
    credits_ms: tuple[int, ...]
    """Each type's credit, as its contacts carry it."""
    agents: tuple[AgentSpec, ...]
    agent_pools: tuple[int, ...]
    """The pool of each agent."""
    queue_ids: tuple[str, ...]
    """The queue of each type."""
    channel_id: str = "voice"
    timers: bool = False
    """Whether the engine may have timers in this centre."""
    notes: tuple[str, ...] = ()
    """What of a policy file does not act."""

    def queue_id(self, contact_type: int) -> str:
        return self.queue_ids[contact_type]

    def opening(self) -> Iterator[Command]:
        """The commands that open the centre: policy, agents, everyone ready."""
        yield ApplyPolicy(self.policy)
        for first in range(0, len(self.agents), AGENTS_PER_COMMAND_MAX):
            yield UpsertAgents(self.agents[first : first + AGENTS_PER_COMMAND_MAX])
        for agent in self.agents:
            yield SetPresence(agent.agent_id, Presence.READY)


def build_centre(scenario: Scenario) -> Centre:
    """The centre of a scenario.

    Raises:
        ScenarioError: the scores cannot be told apart in the engine's integers.
    """
    scale = _score_scale(scenario)
    unit_ns = _unit_ns(scenario, scale)
    # All types weigh alike, so that the best match for any of them is the highest level in it.
    best_match = scenario.strategy is Strategy.BEST_MATCH
    queues = tuple(
        QueueSpec(
            f"type{index}",
            requirement=f"type{index}",
            strategy=scenario.strategy,
            auto_accept=True,
            rate=round(contact_type.score_rate * 1_000 * scale),
            skill_weights=(SkillWeight(f"type{index}", 1),) if best_match else (),
        )
        for index, contact_type in enumerate(scenario.types)
    )
    time_constant_ms = OCCUPANCY_TIME_CONSTANT_DEFAULT_MS
    if scenario.strategy is Strategy.LEAST_OCCUPIED:
        time_constant_ms = max(round(_time_constant(scenario) * unit_ns / 1_000_000), OCCUPANCY_TIME_CONSTANT_MS_MIN)
    agents, agent_pools = pool_agents(scenario, [f"type{t}" for t in range(len(scenario.types))])
    return Centre(
        scenario=scenario,
        unit_ns=unit_ns,
        policy=Policy(queues=queues, max_waiting=scenario.max_waiting, occupancy_time_constant_ms=time_constant_ms),
        credits_ms=tuple(round(t.credit * scale * unit_ns / 1_000_000) for t in scenario.types),
        agents=agents,
        agent_pools=agent_pools,
        queue_ids=tuple(queue.queue_id for queue in queues),
    )


def pool_agents(
    scenario: Scenario, skill_of_type: Sequence[str], queues: Collection[str] = ()
) -> tuple[tuple[AgentSpec, ...], tuple[int, ...]]:
    """The servers as agents, and the pool of each.

    Args:
        scenario: its pools and who serves what.
        skill_of_type: the skill that serving a type gives, at the pool's level.
        queues: those of these skills that name queues with a list: it gives a membership there too.

    Raises:
        ScenarioError: a skill is given twice, or cannot be one.
    """
    agents: list[AgentSpec] = []
    agent_pools: list[int] = []
    for index, pool in enumerate(scenario.pools):
        served = {skill_of_type[t] for t, row in enumerate(scenario.serves) if row[index]}
        skills = dict.fromkeys(sorted(served), pool.level) | dict(pool.skills)
        try:
            agents.extend(
                AgentSpec(
                    f"pool{index}-{number}",
                    tuple(SkillLevel(skill, level) for skill, level in skills.items()),
                    memberships=tuple(QueueMembership(name) for name in sorted(served) if name in queues),
                    weight=pool.weight,
                )
                for number in range(pool.servers)
            )
        except Refused as refused:
            raise ScenarioError(f"pools[{index}].{refused.field}", refused.message) from None
        agent_pools.extend([index] * pool.servers)
    return tuple(agents), tuple(agent_pools)


def _time_constant(scenario: Scenario) -> float:
    """The average of `least_occupied` reaches over a hundred of the longest mean service times."""
    return 100 / min(rate for pool in scenario.pools for rate in pool.service_rate.rates if rate > 0)


def _score_scale(scenario: Scenario) -> float:
    """A factor on all scores, which changes no order, so that the rates keep their ratios as whole thousandths."""
    rates = [contact_type.score_rate for contact_type in scenario.types]
    if max(rates) == 0:
        return 1.0
    if max(rates) <= RATE_MAX / 1_000 and all((rate * 1_000).is_integer() for rate in rates):
        return 1.0
    scale = RATE_MAX / 1_000 / max(rates)
    for index, rate in enumerate(rates):
        if rate > 0 and round(rate * 1_000 * scale) < 1_000:
            raise ScenarioError(f"types[{index}].score_rate", f"{rate:g} is too small beside the largest to be kept")
    return scale


def _unit_ns(scenario: Scenario, scale: float) -> int:
    """The largest power of ten that keeps the run inside the engine's bounds of time and credit."""
    longest_service = max(_longest_service(pool.service_rate) for pool in scenario.pools)
    horizon = 2 * _end_of_arrivals(scenario) + longest_service
    largest_ns = _HORIZON_NS / horizon
    if scenario.strategy is Strategy.LEAST_OCCUPIED:
        largest_ns = min(largest_ns, DURATION_MS_MAX * 1e6 / _time_constant(scenario))
    for contact_type in scenario.types:
        if contact_type.credit:
            largest_ns = min(largest_ns, CREDIT_MS_MAX * 1e6 / (abs(contact_type.credit) * scale))
    unit_ns: int = 10 ** math.floor(math.log10(largest_ns)) if largest_ns >= 1 else 0
    fastest = max(rate for t in scenario.types for rate in t.arrival_rate.rates)
    fastest = max(fastest, *(rate for pool in scenario.pools for rate in pool.service_rate.rates))
    if unit_ns / fastest < _SPACING_NS_MIN:
        raise ScenarioError("types", "rates, credits and number of arrivals span more than the engine's clock can hold")
    return unit_ns


def _end_of_arrivals(scenario: Scenario) -> float:
    """About when the last arrival comes: when the expected number of arrivals reaches what is asked for."""
    wanted = scenario.expected_arrivals() * (1 - 1e-9)
    curves = [contact_type.arrival_rate for contact_type in scenario.types]
    end = max(curve.starts[-1] for curve in curves) or 1.0
    while sum(curve.expected(end) for curve in curves) < wanted:
        end *= 2
    low = 0.0
    for _ in range(60):
        middle = (low + end) / 2
        if sum(curve.expected(middle) for curve in curves) < wanted:
            low = middle
        else:
            end = middle
    return end


def _longest_service(curve: RateCurve) -> float:
    """Longer than any service is likely to take, whenever it begins."""
    return curve.starts[-1] + 1_000 / min(rate for rate in curve.rates if rate > 0)
