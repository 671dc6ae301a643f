"""Equality at a size nearer to a real site: the shared workloads, whose state is wide where the adversary's is wild."""

from dataclasses import replace

import pytest
from verification.engines import BOTH
from verification.lockstep import Lockstep

from acd_core.commands import Tick
from acd_service.checker import Checker
from bench.workload import MIXED, SMALL, Shape, Workload, record

SHAPES = (
    SMALL,
    replace(
        MIXED,
        name="mixed-reduced",
        agents=40,
        waiting=80,
        skills=12,
        queues=12,
        profiles=9,
        requirements=30,
        steps_after_ms=(1_500, 3_000, 4_500),
    ),
    replace(SMALL, name="idle-reduced", agents=150, waiting=0, profiles=0, requirements=0),
)
COMMANDS = 1_200


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_engines_are_equal_on_a_workload(shape: Shape) -> None:
    workload = Workload(shape, seed=3)
    steps = Lockstep({name: kind(3) for name, kind in BOTH.items()}, Checker(3, thorough_every=500), shape.name)
    for at_ns, command in workload.start(steps.lead.next_timer):
        workload.learn(steps.apply(at_ns, command).events)
    steps.compare_digests()
    waiting = steps.lead.counts().waiting
    stream = workload.stream(steps.lead.next_timer)
    for _ in range(COMMANDS):
        at_ns, command = next(stream)
        workload.learn(steps.apply(at_ns, command).events)
    steps.compare_digests()
    assert waiting >= shape.waiting
    assert not steps.coverage.refusals
    assert steps.coverage.ends["HANDLED"] > COMMANDS // 10
    assert bool(steps.coverage.events["PLAN_STEP_TAKEN"]) == bool(shape.steps_after_ms)
    if shape.waiting:
        assert abs(steps.lead.counts().waiting - waiting) < waiting // 4, "the stream keeps the workload in shape"


def test_a_workload_is_the_same_each_time() -> None:
    one, two = (record(SMALL, 5, BOTH["fast"](5), 500) for _ in range(2))
    assert one == two
    assert len(one[1]) == 500
    assert record(SMALL, 6, BOTH["fast"](6), 500) != one


def test_a_recorded_workload_replays() -> None:
    live = BOTH["fast"](5)
    start, steady = record(SMALL, 5, live, 500)
    again = BOTH["fast"](5)
    for at_ns, command in start + steady:
        again.apply(at_ns, command)
    assert again.state_digest() == live.state_digest()
    assert not any(isinstance(command, Tick) for _, command in start)
