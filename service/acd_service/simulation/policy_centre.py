"""A scenario under a policy file: its types wait in the policy's queues, its pools are agents with skills.

- A type's contacts go to the policy's queue of the name in `types[].queue`, `type` and its number unless given.
- A pool's agents have a skill named after the queue of each type that the pool serves, at the pool's level, and if that
  queue is listed a membership at tier 0; and the skills in `pools[].skills`. Who serves whom is then the policy's word:
  an open queue without a requirement is served by everybody.
- The scenario says how long its unit of time is; strategy, score rates and bounds are the policy's alone.
"""

from acd_core.enums import Membership, StepAction, Strategy
from acd_core.limits import CREDIT_MS_MAX
from acd_core.policy import Policy
from acd_service.policy_in_simulation import taken_at_once
from acd_service.simulation.centre import Centre, pool_agents
from acd_service.simulation.scenario import UNITS_NS, Scenario, ScenarioError

_ENGINE_UNIT_NS = 1_000_000


def build_policy_centre(scenario: Scenario, policy: Policy) -> Centre:
    """The centre of a scenario under a policy.

    Raises:
        ScenarioError: it names a queue that the policy does not have, does not say how long its unit is, or says what
            is the policy's to say.
    """
    if not scenario.unit:
        raise ScenarioError("unit", f"must be one of {', '.join(UNITS_NS)}: a policy's durations are in real time")
    if scenario.strategy is not Strategy.LONGEST_IDLE:
        raise ScenarioError("strategy", "is each queue's in the policy")
    if scenario.max_waiting is not None:
        raise ScenarioError("max_waiting", "is in the policy")
    queues = {queue.queue_id: queue for queue in policy.queues}
    unit_ns = UNITS_NS[scenario.unit]
    credits_ms = []
    for index, contact_type in enumerate(scenario.types):
        if contact_type.queue_id not in queues:
            raise ScenarioError(f"types[{index}].queue", f'the policy has no queue "{contact_type.queue_id}"')
        if contact_type.score_rate != 1:
            raise ScenarioError(f"types[{index}].score_rate", "is the queue's rate in the policy")
        credit_ms = round(contact_type.credit * unit_ns / _ENGINE_UNIT_NS)
        if abs(credit_ms) > CREDIT_MS_MAX:
            raise ScenarioError(f"types[{index}].credit", f"is more than {CREDIT_MS_MAX} ms")
        credits_ms.append(credit_ms)
    queue_ids = tuple(contact_type.queue_id for contact_type in scenario.types)
    listed = {name for name in queue_ids if queues[name].membership is Membership.LISTED}
    agents, agent_pools = pool_agents(scenario, queue_ids, listed)
    routed, notes = taken_at_once(policy)
    if any(step.action is StepAction.MOVE_TO_QUEUE and step.restart_wait for p in policy.plans for step in p.steps):
        notes = (*notes, "moves that restart the wait: figures count the wait since the arrival")
    channels = [channel.channel_id for channel in policy.channels]
    return Centre(
        scenario=scenario,
        unit_ns=unit_ns,
        policy=routed,
        credits_ms=tuple(credits_ms),
        agents=agents,
        agent_pools=agent_pools,
        queue_ids=queue_ids,
        channel_id="voice" if "voice" in channels else channels[0],
        timers=True,
        notes=notes,
    )
