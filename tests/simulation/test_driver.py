"""What the driver adds to the engine: the same every time, nothing lost, rates that change when they should."""

import json
from typing import Any

import pytest

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_service.engine_interface import RoutingEngine
from acd_service.simulation.centre import START_NS, build_centre
from acd_service.simulation.driver import Driver
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario

MIXED: dict[str, Any] = {
    "arrivals": 3000,
    "types": [
        {"rate": 1.5, "patience_rate": 0.3, "priority": 1},
        {"rate": {"t": [0, 50], "rate": [1, 3]}, "score_rate": 0.7, "credit": 1.5},
    ],
    "pools": [
        {"servers": 2, "service_rate": 0.8, "service": "lognormal", "cv2": 1.5},
        {"servers": 2, "service_rate": 1, "service": "deterministic"},
    ],
    "serves": [[1, 1], [0, 1]],
    "strategy": "random",
    "max_waiting": 6,
    "tails": [1],
}


def run(scenario: dict[str, Any], engine: RoutingEngine | None = None) -> dict[str, Any]:
    parsed = parse_scenario(json.dumps(scenario))
    return simulate(parsed, engine or Engine(seed=parsed.seed))


def without_pace(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name != "commands_per_second"}


def test_a_seed_gives_the_same_run_again_and_another_seed_another() -> None:
    first = run(MIXED)
    assert without_pace(run(MIXED)) == without_pace(first)
    other = run(MIXED | {"seed": 2})
    assert other["event_hash"] != first["event_hash"]
    assert other["digest"] != first["digest"]


def test_both_engines_give_the_same_run() -> None:
    assert without_pace(run(MIXED)) == without_pace(run(MIXED, ReferenceEngine(seed=1)))


@pytest.mark.parametrize("warmup", [0, 100, 2999])
def test_every_counted_arrival_ends_in_one_way(warmup: int) -> None:
    figures = run(MIXED | {"warmup": warmup})
    types = figures["types"]
    assert sum(row["arrived"] for row in types) == 3000 - warmup
    for row in types:
        assert row["arrived"] == row["served"] + row["abandoned"] + row["blocked"]
    if warmup == 0:
        assert all(row["blocked"] for row in types)
        assert types[0]["abandoned"] > 0
        assert types[1]["abandoned"] == 0
    assert figures["immediate"][1][0]["value"] in (0, None)


def test_steps_do_not_change_a_run() -> None:
    scenario = parse_scenario(json.dumps(MIXED))
    engine = Engine(seed=1)
    driver = Driver(engine, build_centre(scenario))
    steps = 0
    while driver.advance(7):
        steps += 1
        assert driver.arrivals == 7 * steps
    assert driver.arrivals == 3000
    assert engine.state_digest() == run(MIXED)["digest"]


def test_nobody_is_left_at_the_end() -> None:
    engine = Engine(seed=1)
    run(MIXED, engine)
    counts = engine.counts()
    assert (counts.waiting, counts.offered, counts.active, counts.wrap_up) == (0, 0, 0, 0)
    assert counts.opened == 3000
    assert engine.now_ns > START_NS


def test_a_tiny_run_gives_values_without_half_widths() -> None:
    figures = run(MIXED | {"arrivals": 10})
    assert figures["types"][0]["mean_wait"]["value"] is not None
    assert figures["types"][0]["mean_wait"]["half_width"] is None


def test_arrivals_follow_the_rate_of_the_time() -> None:
    curve = {"t": [0, 100, 200, 300], "rate": [20, 0, 50, 0]}
    figures = run({
        "arrivals": 1_000_000, "types": [{"rate": curve}], "serves": [[1]],
        "pools": [{"servers": 1, "service_rate": 1e6}],
    })  # fmt: skip
    # 7,000 expected, then no more: the run ends by itself. Four standard deviations are 335.
    assert abs(figures["arrivals"] - 7000) < 335
    # Between the first arrival and the last lie about 300 units of time, whatever came when.
    starts = figures["immediate"][0][0]["value"] + figures["delayed"][0][0]["value"]
    assert starts * 300 == pytest.approx(figures["arrivals"], rel=0.01)


def test_service_follows_the_rate_of_the_time() -> None:
    """A server that is always busy completes the integral of its rate: 100 by time 100, 300 more by 200."""
    figures = run({
        "arrivals": 10**7, "types": [{"rate": {"t": [0, 200], "rate": [500, 0]}}], "serves": [[1]],
        "pools": [{"servers": 1, "service_rate": {"t": [0, 100], "rate": [1, 3]}, "service": "deterministic"}],
        "max_waiting": 1,
    })  # fmt: skip
    assert abs(figures["types"][0]["served"] - 401) <= 2
    assert figures["pools"][0]["utilisation"]["value"] == pytest.approx(1, abs=0.001)


def test_patience_follows_the_rate_of_the_time() -> None:
    """Nobody serves them and all give up at 10: they wait half of that on average."""
    figures = run({
        "arrivals": 10**6, "types": [{"rate": {"t": [0, 10], "rate": [2000, 0]},
                                      "patience_rate": {"t": [0, 10], "rate": [0, 1e5]}}, {"rate": 0}],
        "pools": [{"servers": 1, "service_rate": 1}], "serves": [[0], [1]],
    })  # fmt: skip
    row = figures["types"][0]
    assert row["abandoned"] == row["arrived"] > 19_000
    assert row["mean_wait"]["value"] == pytest.approx(5, rel=0.02)


def test_a_type_without_arrivals_has_no_figures() -> None:
    row = run(MIXED | {"types": [MIXED["types"][0], {"rate": 0}]})["types"][1]
    assert row["arrived"] == 0
    assert row["mean_wait"] == {"value": None, "half_width": None}
