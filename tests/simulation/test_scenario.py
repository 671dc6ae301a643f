import json
from pathlib import Path
from typing import Any

import pytest

from acd_core.enums import Strategy
from acd_service.simulation.centre import build_centre
from acd_service.simulation.scenario import RateCurve, ScenarioError, load_scenario, parse_scenario

GOOD: dict[str, Any] = {
    "arrivals": 1000,
    "types": [{"rate": 1}, {"rate": 2}],
    "pools": [{"servers": 2, "service_rate": 1}, {"servers": 1, "service_rate": 3}],
    "serves": [[1, 0], [1, 1]],
}


def changed(path: str, value: Any) -> str:
    """The good scenario with one place set, given as `types.0.rate`; None takes it out."""
    scenario = json.loads(json.dumps(GOOD))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = scenario
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(scenario)


def test_what_is_left_out_has_its_default() -> None:
    scenario = parse_scenario(json.dumps(GOOD))
    assert (scenario.seed, scenario.warmup, scenario.max_waiting, scenario.tails) == (1, 0, None, ())
    assert scenario.strategy is Strategy.LONGEST_IDLE
    first = scenario.types[0]
    assert (first.priority, first.score_rate, first.credit) == (0, 1.0, 0.0)
    assert first.patience_rate == RateCurve((0.0,), (0.0,))
    assert scenario.pools[0].law == "exponential"


def test_tails_keep_their_text() -> None:
    text = json.dumps(GOOD)[:-1] + ', "tails": [0.50, 1, 2e-1, 1.0]}'
    assert [(tail.text, tail.time) for tail in parse_scenario(text).tails] == [
        ("0.50", 0.5), ("1", 1.0), ("2e-1", 0.2), ("1.0", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("arrivals", None, "arrivals"),
        ("arrivals", 0, "arrivals"),
        ("arrivals", 1.5, "arrivals"),
        ("arrivals", "many", "arrivals"),
        ("arrivals", True, "arrivals"),
        ("warmup", 1000, "warmup"),
        ("seed", -1, "seed"),
        ("seed", 2**64, "seed"),
        ("name", 5, "name"),
        ("types", [], "types"),
        ("types", {}, "types"),
        ("types.1", 3, "types[1]"),
        ("types.1.rate", None, "types[1].rate"),
        ("types.1.rate", -1, "types[1].rate"),
        ("types.1.rate", "fast", "types[1].rate"),
        ("types.0.patience_rate", -0.1, "types[0].patience_rate"),
        ("types.0.priority", 0.5, "types[0].priority"),
        ("types.0.priority", 10**7, "types[0].priority"),
        ("types.0.score_rate", -1, "types[0].score_rate"),
        ("types.0.credit", [], "types[0].credit"),
        ("types.0.patience", 1, "types[0].patience"),
        ("types.0.rate", {"t": [0, 1]}, "types[0].rate.rate"),
        ("types.0.rate", {"t": [0, 1], "rate": [1]}, "types[0].rate.rate"),
        ("types.0.rate", {"t": [0, 1], "rate": [1, -1]}, "types[0].rate.rate[1]"),
        ("types.0.rate", {"t": [0, 0], "rate": [1, 2]}, "types[0].rate.t[1]"),
        ("types.0.rate", {"t": [1, 2], "rate": [1, 2]}, "types[0].rate.t[0]"),
        ("types.0.rate", {"t": [], "rate": []}, "types[0].rate.t"),
        ("types.0.rate", {"t": [0], "rate": [1], "until": 3}, "types[0].rate.until"),
        ("pools.0.servers", 0, "pools[0].servers"),
        ("pools.0.servers", 100_001, "pools[0].servers"),
        ("pools.0.service_rate", 0, "pools[0].service_rate"),
        ("pools.0.service", "erlang", "pools[0].service"),
        ("pools.0.service", "lognormal", "pools[0].cv2"),
        ("pools.0.cv2", 1, "pools[0].cv2"),
        ("serves", [[1, 0]], "serves"),
        ("serves", [[1, 0], [1]], "serves[1]"),
        ("serves.1.0", 2, "serves[1][0]"),
        ("serves.0", [0, 0], "serves[0]"),
        ("strategy", "best", "strategy"),
        ("strategy", "broadcast", "strategy"),
        ("pools.0.level", 0, "pools[0].level"),
        ("pools.0.level", 101, "pools[0].level"),
        ("pools.0.weight", 0, "pools[0].weight"),
        ("pools.0.skills", ["spanish"], "pools[0].skills"),
        ("pools.0.skills", {"spanish": 0}, 'pools[0].skills["spanish"]'),
        ("types.0.queue", 5, "types[0].queue"),
        ("unit", "day", "unit"),
        ("unit", 5, "unit"),
        ("strategy", ["longest_idle"], "strategy"),
        ("max_waiting", -1, "max_waiting"),
        ("tails", 0.5, "tails"),
        ("tails", [-1], "tails[0]"),
        ("tails", [0.5, 0.5], "tails[1]"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_fault_is_named_with_its_field(path: str, value: Any, field: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(changed(path, value))
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_broadcast_says_why_it_cannot_be_simulated() -> None:
    with pytest.raises(ScenarioError, match="broadcast makes offers"):
        parse_scenario(changed("strategy", "broadcast"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1"),
        ('{"arrivals": 5,\n oops}', "line 2, column 2"),
        ("[]", "must be an object"),
        ('{"arrivals": 5, "arrivals": 6}', '"arrivals" appears twice'),
        ('{"arrivals": NaN}', "NaN"),
        (json.dumps(GOOD).replace('"rate": 2', '"rate": 1e999'), r"types\[1\]\.rate: is too large"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_scenario_at_all(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse_scenario(text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load_scenario(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load_scenario(tmp_path / "latin.json")


def test_all_types_without_arrivals() -> None:
    scenario = json.loads(changed("types.0.rate", 0))
    scenario["types"][1]["rate"] = 0
    with pytest.raises(ScenarioError, match="no type has an arrival rate above 0"):
        parse_scenario(json.dumps(scenario))


def test_score_rates_keep_their_ratios_as_whole_numbers() -> None:
    scenario = json.loads(changed("types.0.score_rate", 1 / 7))
    scenario["types"][1] |= {"score_rate": 0.5, "credit": 2}
    centre = build_centre(parse_scenario(json.dumps(scenario)))
    slow, fast = (queue.rate for queue in centre.policy.queues)
    assert slow / fast == pytest.approx(2 / 7, rel=1e-5)
    # A credit is worth the time that it takes to gather as many points: 2 points at 0.5 a unit are 4 units.
    assert 1_000 * centre.credits_ms[1] / fast == pytest.approx(4 * centre.unit_ns / 1e6)


def test_score_rates_too_far_apart() -> None:
    scenario = json.loads(changed("types.0.score_rate", 1e-9))
    scenario["types"][1]["score_rate"] = 1e9
    with pytest.raises(ScenarioError, match=r"types\[0\]\.score_rate"):
        build_centre(parse_scenario(json.dumps(scenario)))


def test_more_than_the_clock_can_hold() -> None:
    scenario = json.loads(changed("types.0.rate", 1e-9))
    scenario["types"][1] = {"rate": 0}
    scenario["pools"][0]["service_rate"] = 1e12
    with pytest.raises(ScenarioError, match="clock"):
        build_centre(parse_scenario(json.dumps(scenario)))


def test_the_expected_number_of_points_of_a_curve() -> None:
    curve = RateCurve((0.0, 10.0, 20.0), (1.0, 0.0, 3.0))
    assert [curve.expected(until) for until in (0, 5, 15, 22)] == [0, 5, 10, 16]
