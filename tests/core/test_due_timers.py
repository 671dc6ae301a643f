"""How many timers are due, counted as far as is asked for, in both engines."""

import random

import pytest

from acd_core.commands import SetPresence, UpsertAgents
from acd_core.engine import Engine
from acd_core.enums import Presence
from acd_core.reference import ReferenceEngine
from acd_core.roster import AgentSpec

T0 = 1_700_000_000_000_000_000
MS = 1_000_000


@pytest.mark.parametrize("make", [Engine, ReferenceEngine])
@pytest.mark.parametrize("seed", range(4))
def test_due_timers_are_counted(make, seed):
    draws = random.Random(seed)
    engine = make(1)
    agents = [f"a{number}" for number in range(150)]
    engine.apply(T0, UpsertAgents(tuple(AgentSpec(agent_id) for agent_id in agents)))
    due = {}
    for _ in range(400):
        agent_id, lease_ms = draws.choice(agents), draws.choice([0, 1_000, 2_000, draws.randrange(1_000, 100_000)])
        engine.apply(T0, SetPresence(agent_id, Presence.READY, lease_ms=lease_ms))
        due[agent_id] = T0 + lease_ms * MS if lease_ms else None
    times = sorted(at_ns for at_ns in due.values() if at_ns is not None)
    for at_ns in (T0, times[0] - 1, *draws.sample(times, 20), times[-1], times[-1] + MS):
        expected = sum(each <= at_ns for each in times)
        for count_max in (0, 1, 5, expected, expected + 1, 10_000):
            assert engine.due_timers(at_ns, count_max) == min(expected, count_max)
