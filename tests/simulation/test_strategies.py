"""Every strategy that can be simulated, against theory and against the strategy that it comes down to."""

import json
import math
from typing import Any

import pytest

from acd_core.engine import Engine
from acd_core.enums import Strategy
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario

SIMULATED = sorted(strategy for strategy in Strategy if strategy is not Strategy.BROADCAST)


def run(**scenario: Any) -> dict[str, Any]:
    parsed = parse_scenario(json.dumps({"arrivals": 60_000, "warmup": 2_000} | scenario))
    return simulate(parsed, Engine(seed=parsed.seed))


def of_the_world(figures: dict[str, Any]) -> dict[str, Any]:
    """What callers and agents see, without the engine's own state."""
    return {name: figures[name] for name in ("types", "pools", "immediate", "delayed")}


def erlang_c(servers: int, load: float) -> float:
    """The share that waits in M/M/c, by Erlang's recursion for the loss formula."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


@pytest.mark.parametrize("strategy", SIMULATED, ids=lambda strategy: strategy.name.lower())
def test_equal_agents_make_the_same_queue_under_any_strategy(strategy: Strategy) -> None:
    figures = run(
        types=[{"rate": 6.0}], pools=[{"servers": 8, "service_rate": 1.0}], serves=[[1]],
        strategy=strategy.name.lower(), arrivals=200_000,
    )  # fmt: skip
    row = figures["types"][0]
    p_wait = erlang_c(8, 6.0)
    for name, exact in (("p_wait", p_wait), ("mean_wait", p_wait / (8 - 6.0))):
        value, half_width = row[name]["value"], row[name]["half_width"]
        assert abs(value - exact) <= 3 * half_width
        assert half_width <= 0.1 * exact
    utilisation = figures["pools"][0]["utilisation"]
    assert abs(utilisation["value"] - 0.75) <= 3 * utilisation["half_width"]


def test_the_best_match_is_the_pool_of_the_highest_level() -> None:
    pools = [
        {"servers": 3, "service_rate": 1.2, "level": 90},
        {"servers": 3, "service_rate": 1.0, "level": 40},
        {"servers": 3, "service_rate": 0.8, "level": 10},
    ]
    shared: dict[str, Any] = {"types": [{"rate": 5.0}], "pools": pools, "serves": [[1, 1, 1]]}
    assert of_the_world(run(**shared, strategy="best_match")) == of_the_world(run(**shared, strategy="fixed_order"))


def test_the_least_skilled_keep_the_others_free() -> None:
    pools = [{"servers": 3, "service_rate": 1.0}, {"servers": 3, "service_rate": 1.0}]
    shared: dict[str, Any] = {"types": [{"rate": 2.0}, {"rate": 2.0}], "pools": pools, "serves": [[1, 1], [0, 1]]}
    assert of_the_world(run(**shared, strategy="least_skilled")) == of_the_world(run(**shared, strategy="fixed_order"))


def test_with_one_contact_at_a_time_the_least_loaded_is_the_longest_idle() -> None:
    pools = [{"servers": 3, "service_rate": 1.2}, {"servers": 2, "service_rate": 0.7}]
    shared: dict[str, Any] = {"types": [{"rate": 3.5}], "pools": pools, "serves": [[1, 1]]}
    assert of_the_world(run(**shared, strategy="least_loaded")) == of_the_world(run(**shared, strategy="longest_idle"))


def test_weights_by_pool() -> None:
    """Two agents, hardly ever busy: each is chosen as often as its weight says."""
    pools = [{"servers": 1, "service_rate": 100.0, "weight": 30}, {"servers": 1, "service_rate": 100.0, "weight": 10}]
    figures = run(types=[{"rate": 0.1}], pools=pools, serves=[[1, 1]], strategy="weighted", arrivals=40_000)
    first, second = (cell["value"] for cell in figures["immediate"][0])
    assert first / (first + second) == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / 38_000))
