"""What callers are told, against what can be known."""

from typing import Any

import pytest

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_service.simulation.expected_wait import bounds, measure


def test_a_hundred_agents_at_95_percent() -> None:
    quality = measure(Engine(seed=1), agents=100, load=0.95, arrivals=100_000, warmup=10_000, seed=1)
    best, last_wait = bounds(0.95)
    assert best == pytest.approx(0.2236, abs=1e-4)
    assert last_wait == pytest.approx(0.3162, abs=1e-4)
    assert best <= quality.error_share <= last_wait
    assert quality.untold == 0
    # 180 s of service, 100 agents: those who wait do so for 180 / (100 · 0.05) s on average.
    assert quality.mean_wait_s == pytest.approx(36, rel=0.1)
    assert quality.told > 30_000


def test_both_engines_tell_the_same() -> None:
    arguments: dict[str, Any] = {"agents": 5, "load": 0.9, "arrivals": 1_500, "warmup": 0, "seed": 2}
    assert measure(Engine(seed=1), **arguments) == measure(ReferenceEngine(seed=1), **arguments)
