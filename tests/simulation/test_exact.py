"""The published exact results, each case shortened as far as its half-widths allow."""

import json
from pathlib import Path

import pytest

from acd_core.engine import Engine
from acd_service.simulation.oracles import compare
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario

ORACLES = Path(__file__).parents[2] / ".." / "shared" / "oracles" / "exact.json"

# Arrivals that bring every half-width of a case below 10 % of its figure with room to spare; heavy traffic takes more.
ARRIVALS = {
    "N1": 400_000,
    "W1": 800_000,
    "N10": 1_000_000,
    "erlang-c 50/48": 4_000_000,
    "erlang-c 12/8.4": 400_000,
    "erlang-a 48/50": 400_000,
    "m/m/90 with 30 waiting": 4_000_000,
    "static priority": 1_500_000,
    "linear ageing": 1_000_000,
    "inverted V longest_idle": 300_000,
    "inverted V random": 300_000,
    "inverted V fixed_order": 300_000,
}


@pytest.mark.skipif(not ORACLES.exists(), reason="the oracles folder (../shared) is not here")
@pytest.mark.parametrize("name", ARRIVALS)
def test_exact_result(name: str) -> None:
    case = next(case for case in json.loads(ORACLES.read_text())["cases"] if case["scenario"]["name"] == name)
    raw = case["scenario"]
    raw["warmup"] = max(raw["warmup"] * ARRIVALS[name] // raw["arrivals"], 20_000)
    raw["arrivals"] = ARRIVALS[name]
    scenario = parse_scenario(json.dumps(raw))
    figures = simulate(scenario, Engine(seed=scenario.seed))
    comparisons = list(compare(figures, case["exact"]))
    assert comparisons
    assert [comparison for comparison in comparisons if not comparison.passes] == []


@pytest.mark.skipif(not ORACLES.exists(), reason="the oracles folder (../shared) is not here")
def test_no_case_is_left_out() -> None:
    cases = json.loads(ORACLES.read_text())["cases"]
    assert {case["scenario"]["name"] for case in cases} == set(ARRIVALS)
