"""A scenario as a contact centre: what each type, pool and unit of time becomes in the engine's commands.

- A type is an open queue that asks for the type's skill; its arrivals are that queue's contacts, with the type's
  priority and credit. The queue has the scenario's strategy, accepts at once and has no wrap-up.
- A server is an agent of its own with the skills of the types that its pool serves, created pool by pool: in an open
  queue `fixed_order` goes by order of creation, so it takes the pools in the order listed.
- `max_waiting` is the policy's, over all queues.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acd_core.commands import ApplyPolicy, Command, SetPresence, UpsertAgents
from acd_core.enums import Presence
from acd_core.limits import AGENTS_PER_COMMAND_MAX, AT_NS_MAX, CREDIT_MS_MAX, RATE_MAX
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec, SkillLevel
from acd_service.simulation.scenario import RateCurve, Scenario, ScenarioError

START_NS: Final = 1_000_000_000
"""When a run begins: time 0 of the scenario. A whole millisecond, so that flooring treats all alike."""

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

    def queue_id(self, contact_type: int) -> str:
        return self.policy.queues[contact_type].queue_id

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
    queues = tuple(
        QueueSpec(
            f"type{index}",
            requirement=f"type{index}",
            strategy=scenario.strategy,
            auto_accept=True,
            rate=round(contact_type.score_rate * 1_000 * scale),
        )
        for index, contact_type in enumerate(scenario.types)
    )
    agents: list[AgentSpec] = []
    agent_pools: list[int] = []
    for index, pool in enumerate(scenario.pools):
        skills = tuple(SkillLevel(f"type{t}", 1) for t, row in enumerate(scenario.serves) if row[index])
        agents.extend(AgentSpec(f"pool{index}-{number}", skills) for number in range(pool.servers))
        agent_pools.extend([index] * pool.servers)
    return Centre(
        scenario=scenario,
        unit_ns=unit_ns,
        policy=Policy(queues=queues, max_waiting=scenario.max_waiting),
        credits_ms=tuple(round(t.credit * scale * unit_ns / 1_000_000) for t in scenario.types),
        agents=tuple(agents),
        agent_pools=tuple(agent_pools),
    )


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
