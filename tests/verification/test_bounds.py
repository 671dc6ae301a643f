"""Equality at the bounds that small streams never reach."""

from collections.abc import Iterable

from verification.engines import BOTH
from verification.lockstep import Lockstep

from acd_core.commands import (
    ApplyPolicy,
    Command,
    DeclineOffer,
    EnqueueContact,
    RemoveAgents,
    SetPresence,
    Tick,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import Presence
from acd_core.events import Answer
from acd_core.limits import (
    EXCLUSIONS_PER_CONTACT_MAX,
    REMEMBERED_REQUESTS_MAX,
    SKILLS_PER_AGENT_MAX,
    SKILLS_PER_TENANT_MAX,
)
from acd_core.policy import OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_service.checker import Checker
from bench.workload import EPOCH_NS, NS_PER_MS


def _steps() -> Lockstep:
    return Lockstep({name: kind(1) for name, kind in BOTH.items()}, Checker(1, thorough_every=1))


def _skilled(agent_id: str, names: Iterable[str]) -> AgentSpec:
    return AgentSpec(agent_id, tuple(SkillLevel(name, 1) for name in names))


def _refused(steps: Lockstep, command: Command, reason: Reason, field: str) -> None:
    result = steps.apply(EPOCH_NS, command)
    assert isinstance(result, Refused)
    assert (result.reason, result.field) == (reason, field)


def _accepted(steps: Lockstep, command: Command) -> Answer:
    result = steps.apply(EPOCH_NS, command)
    assert isinstance(result, Answer)
    return result


def test_distinct_skills_of_a_tenant() -> None:
    steps = _steps()
    names = [f"s{number}" for number in range(SKILLS_PER_TENANT_MAX)]
    for first in range(0, SKILLS_PER_TENANT_MAX, SKILLS_PER_AGENT_MAX):
        _accepted(steps, UpsertAgents((_skilled(f"a{first}", names[first : first + SKILLS_PER_AGENT_MAX]),)))
    digest = steps.compare_digests()
    _refused(steps, UpsertAgents((_skilled("b", ["one-more"]),)), Reason.SKILL_LIMIT, "agents")
    more = Policy(queues=(QueueSpec("q", requirement="one-more"),))
    _refused(steps, ApplyPolicy(more), Reason.SKILL_LIMIT, "queues")
    assert steps.compare_digests() == digest
    _accepted(steps, ApplyPolicy(Policy(queues=(QueueSpec("q", requirement="s1 or s2"),))))
    _refused(steps, EnqueueContact("c", "q", requirement="one-more"), Reason.SKILL_LIMIT, "requirement")
    _accepted(steps, EnqueueContact("c", "q", requirement="s5"))
    _refused(steps, UpdateContact("c", requirement="s5 and one-more"), Reason.SKILL_LIMIT, "requirement")
    # A replaced agent gives its names free, in the same command.
    _accepted(steps, UpsertAgents((_skilled("a0", ["one-more"]),)))
    _accepted(steps, UpdateContact("c", requirement="s5 and one-more"))
    _accepted(steps, RemoveAgents((f"a{SKILLS_PER_AGENT_MAX}",)))
    _accepted(steps, UpsertAgents((_skilled("b", names[:SKILLS_PER_AGENT_MAX]),)))
    steps.compare_digests()


def test_exclusions_of_a_contact() -> None:
    steps = _steps()
    outcomes = OfferOutcomes(declined=OutcomePolicy(exclude_ms=60_000))
    _accepted(steps, ApplyPolicy(Policy(queues=(QueueSpec("q"),), offer_outcomes=outcomes)))
    agents = [AgentSpec(f"a{number}") for number in range(EXCLUSIONS_PER_CONTACT_MAX + 5)]
    _accepted(steps, UpsertAgents(tuple(agents)))
    for agent in agents:
        _accepted(steps, SetPresence(agent.agent_id, Presence.READY))
    answer = _accepted(steps, EnqueueContact("c", "q"))
    seen = []
    for number in range(2 * len(agents)):
        assert answer.agent_id, "the oldest exclusion ends early, so somebody may always serve"
        seen.append(answer.agent_id)
        result = steps.apply(EPOCH_NS + number, DeclineOffer("c", answer.agent_id, answer.offer_id))
        assert isinstance(result, Answer)
        answer = result
        steps.compare_digests()
    assert len(set(seen)) > EXCLUSIONS_PER_CONTACT_MAX
    steps.apply(EPOCH_NS + 70_000 * NS_PER_MS, Tick())
    steps.compare_digests()


def test_remembered_requests() -> None:
    engines = {name: kind(1) for name, kind in BOTH.items()}
    for number in range(REMEMBERED_REQUESTS_MAX + 1):
        command = Tick(request_id=f"r{number}")
        for engine in engines.values():
            engine.apply(EPOCH_NS + number, command)
    steps = Lockstep(engines, None)
    at_ns = EPOCH_NS + 2 * REMEMBERED_REQUESTS_MAX
    remembered = steps.apply(at_ns, Tick(request_id="r1"))
    assert isinstance(remembered, Answer)
    assert (remembered.duplicate, remembered.seq, remembered.at_ns) == (True, 2, EPOCH_NS + 1)
    forgotten = steps.apply(at_ns, Tick(request_id="r0"))
    assert isinstance(forgotten, Answer)
    assert (forgotten.duplicate, forgotten.seq) == (False, REMEMBERED_REQUESTS_MAX + 2)
    steps.compare_digests()
