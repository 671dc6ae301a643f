"""The workloads are what the table of performance targets says, and their steady streams are steady."""

from collections import Counter
from dataclasses import replace

import pytest

from acd_core.commands import (
    AcceptOffer,
    CancelContact,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.enums import Membership, Strategy
from acd_core.requirement import parse
from bench.draws import Draws
from bench.recording import pack, unpack
from bench.shapes import IDLE, LARGE, MIXED, PROFILES, SHAPES, SMALL, UNIQUE, Shape
from bench.site import Site
from bench.workload import record

TABLE = {
    # name: agents, waiting, skills, queues, profiles, requirements
    "small": (100, 200, 10, 10, 12, 20),
    "profiles": (10_000, 50_000, 200, 200, 300, 500),
    "idle": (10_000, 0, 200, 200, 300, 500),
    "unique": (10_000, 50_000, 200, 200, 0, 0),
    "large": (100_000, 1_000_000, 1_000, 5_000, 1_000, 3_000),
    "mixed": (10_000, 50_000, 200, 200, 300, 500),
}


def test_the_table() -> None:
    assert {
        name: (s.agents, s.waiting, s.skills, s.queues, s.profiles, s.requirements) for name, s in SHAPES.items()
    } == TABLE
    assert all(shape.cancel_thousandths == 50 and shape.reskill_thousandths == 1 for shape in SHAPES.values())
    assert {shape.skills_per_agent for shape in SHAPES.values() if shape is not SMALL} == {8}


@pytest.mark.parametrize("shape", [SMALL, PROFILES], ids=lambda shape: shape.name)
def test_profiles_and_requirements_are_as_many_as_said(shape: Shape) -> None:
    site = Site(shape, Draws(1))
    sets = {agent.skills for agent in site.agents}
    assert len(sets) == shape.profiles
    asked = {site.requirement_for(queue_id) for queue_id in site.queues[:2] for _ in range(10 * shape.requirements)}
    assert len(asked) == shape.requirements
    assert sum(" or " in text for text in asked) > len(asked) // 10
    assert len({skill.level for skills in sets for skill in skills}) > 30
    levels = [dict(skills) for skills in sets]
    assert all(any(map(parse(text).met_by, levels)) for text in asked)


def test_nothing_is_shared_in_unique() -> None:
    site = Site(replace(UNIQUE, agents=2_000), Draws(1))
    assert len({agent.skills for agent in site.agents}) == 2_000
    asked = [site.requirement_for("queue1") for _ in range(3_000)]
    assert len(set(asked)) > 2_000, "a single term of 200 skills and 100 levels comes twice now and then"
    assert {sum(1 for _ in parse(text).terms()) for text in asked} == {1, 2, 3}


def test_mixed_has_everything() -> None:
    policy = Site(replace(MIXED, agents=10), Draws(1)).policy()
    assert {queue.strategy for queue in policy.queues} == set(Strategy)
    assert {queue.membership for queue in policy.queues} == set(Membership)
    assert len(policy.channels) == 4
    assert {len(plan.steps) for plan in policy.plans} == {3}
    assert all(queue.plan_id for queue in policy.queues)


REDUCED_MIXED = replace(
    MIXED,
    agents=300,
    waiting=600,
    queues=24,
    skills=20,
    profiles=20,
    requirements=60,
    steps_after_ms=(500, 900, 2_000),
    reskill_thousandths=10,
)
REDUCED_IDLE = replace(IDLE, agents=300, queues=10, skills=40, profiles=15, requirements=30)
REDUCED_LARGE = replace(LARGE, agents=300, waiting=3_000, queues=50, skills=40, profiles=15, requirements=30)


def test_agents_are_preferred_where_there_are_fewer_of_them_than_profiles() -> None:
    shape = replace(REDUCED_MIXED, agents=5, preferred_thousandths=1_000)
    site = Site(shape, Draws(11))
    agents = {agent.agent_id for agent in site.agents}
    preferred = {site.preferred_for(site.requirement_for(site.queues[0])) for _ in range(300)}
    assert {agent_id for (agent_id,) in preferred} == agents


@pytest.mark.parametrize("shape", [SMALL, REDUCED_IDLE, REDUCED_LARGE, REDUCED_MIXED], ids=lambda shape: shape.name)
def test_the_stream_is_steady(shape: Shape) -> None:
    engine = Engine(1)
    start, steady = record(shape, 7, engine, 8_000)
    assert all(unpack(pack(*timed)) == timed for timed in start + steady)
    counts = engine.counts()
    assert abs(counts.waiting - shape.waiting) <= shape.waiting // 10 + 5
    if shape is REDUCED_MIXED:
        assert counts.active > shape.agents
    else:
        assert abs(counts.active - shape.agents * shape.busy_thousandths // 1_000) <= shape.agents // 10
    kinds = Counter(type(command) for _, command in steady)
    arrivals = kinds[EnqueueContact]
    assert 0.03 < kinds[CancelContact] / arrivals < 0.08
    assert kinds[CompleteContact] == pytest.approx(0.95 * arrivals, rel=0.1)
    assert kinds[FinishWrapUp] == pytest.approx(kinds[CompleteContact], abs=2)
    assert kinds[AcceptOffer] == pytest.approx(kinds[CompleteContact], rel=0.1)
    assert kinds[UpsertAgents] >= 1
    assert kinds[SetPresence] >= 10
    if shape.preferred_thousandths:
        preferring = sum(isinstance(c, EnqueueContact) and bool(c.preferred_agents) for _, c in start + steady)
        all_arrivals = sum(isinstance(c, EnqueueContact) for _, c in start + steady)
        assert 0.15 < preferring / all_arrivals < 0.25
