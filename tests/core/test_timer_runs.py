"""Many timers armed and disarmed in an order of their own fire as the reference's do, from a snapshot too."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import Command, Heartbeat, SetPresence, Tick, UpsertAgents
from acd_core.engine import Engine
from acd_core.enums import Presence
from acd_core.reference import ReferenceEngine
from acd_core.roster import AgentSpec
from bench.workload import EPOCH_NS

AGENTS = [f"agent{number}" for number in range(400)]
NS_PER_MS = 1_000_000
LEASES_MS: dict[str, Callable[[random.Random, int], int]] = {
    # Nearly no two in order: far more runs would be needed than there are.
    "falling": lambda dice, draw: 40_000_000 - 60_000 * (draw % 400) + dice.randrange(1_000, 40_000),
    # As in life: a few lengths, each after the one before it, and heartbeats that leave holes.
    "few lengths": lambda dice, draw: dice.choice((30_000, 45_000, 60_000)),
    # Due together, in the order in which they were armed.
    "together": lambda dice, draw: 50_000 - draw % 50_000,
}


@pytest.mark.parametrize("lengths", LEASES_MS)
def test_leases_end_in_order(lengths: str) -> None:
    dice = random.Random(f"leases, {lengths}")
    engines: list[Any] = [Engine(), ReferenceEngine()]
    now_ns = EPOCH_NS

    def apply(command: Command) -> None:
        found = [engine.apply(now_ns, command).events for engine in engines]
        assert [repr(event) for event in found[0]] == [repr(event) for event in found[1]]

    apply(UpsertAgents(tuple(AgentSpec(agent_id) for agent_id in AGENTS)))
    for draw in range(2_500):
        now_ns += NS_PER_MS
        due_ns = engines[1].next_timer()
        assert engines[0].next_timer() == due_ns
        if due_ns is not None and due_ns <= now_ns:
            apply(Tick())
        agent_id = AGENTS[draw % 400] if draw < 400 else dice.choice(AGENTS)
        kind = dice.randrange(10)
        if draw < 400 or kind < 5:
            apply(SetPresence(agent_id, Presence.AWAY, lease_ms=LEASES_MS[lengths](dice, draw)))
        elif kind < 8:
            apply(Heartbeat(tuple(dice.sample(AGENTS, 3))))
        else:
            apply(SetPresence(agent_id, Presence.OFFLINE))
        if draw % 600 == 500:
            engines[0] = Engine.restore(engines[0].snapshot())
    while (due_ns := engines[1].next_timer()) is not None:
        now_ns = max(now_ns, due_ns)
        assert engines[0].next_timer() == due_ns
        apply(Tick())
    assert engines[0].state_digest() == engines[1].state_digest()
