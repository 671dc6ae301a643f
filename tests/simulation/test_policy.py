"""Scenarios under a policy file."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_service.cli.simulate import simulate_command
from acd_service.policy_file import parse_policy
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import ScenarioError, parse_scenario

SCENARIO: dict[str, Any] = {
    "arrivals": 4000, "warmup": 200, "unit": "minute",
    "types": [{"rate": 2.0, "queue": "sales"}, {"rate": 1.5, "patience_rate": 0.5}],
    "pools": [{"servers": 7, "service_rate": 0.5}, {"servers": 5, "service_rate": 0.5, "skills": {"spanish": 60}}],
    "serves": [[1, 0], [1, 1]],
}  # fmt: skip


def run(policy: str, engine: Any = None, **changes: Any) -> dict[str, Any]:
    scenario = parse_scenario(json.dumps(SCENARIO | changes))
    return simulate(scenario, engine or Engine(seed=1), policy=parse_policy(policy))


def test_listed_queues_are_served_by_the_pools_that_serve_the_type() -> None:
    figures = run("queues: {sales: {membership: listed}, type1: {membership: listed}}")
    assert figures["immediate"][0][1]["value"] == 0
    assert figures["immediate"][1][0]["value"] > 0


def test_open_queues_are_served_by_whoever_meets_the_requirement() -> None:
    figures = run("queues: {sales: {requirement: spanish>=50}, type1: {requirement: type1}}")
    assert figures["immediate"][0][0]["value"] == 0
    assert figures["immediate"][0][1]["value"] > 0
    anybody = run("queues: {sales: , type1: }")
    assert anybody["immediate"][0][1]["value"] > 0


def test_wrap_up_takes_capacity() -> None:
    short = run("queues: {sales: {membership: listed}, type1: {membership: listed}}")
    long = run("queues: {sales: {membership: listed, wrap_up: 1m}, type1: {membership: listed, wrap_up: 1m}}")
    assert long["types"][0]["mean_wait"]["value"] > 2 * short["types"][0]["mean_wait"]["value"]


def test_full_queues_and_plans_end_waits() -> None:
    figures = run(
        "queues: {sales: {membership: listed, max_waiting: 0}, type1: {membership: listed, plan: short}}\n"
        "plans: {short: [{after: 10s, end: {kind: hang_up}}]}"
    )
    assert figures["types"][0]["blocked"] > 0
    assert figures["types"][1]["diverted"] > 0
    for row in figures["types"]:
        assert row["arrived"] == row["served"] + row["abandoned"] + row["blocked"] + row["diverted"]


def test_both_engines_and_notes() -> None:
    policy = (
        "queues: {sales: {strategy: least_occupied, wrap_up: 20s}, type1: {strategy: broadcast, plan: p}}\n"
        "plans: {p: [{after: 20s, offer_callback: call you back}]}\npresence_lease: 1m\n"
    )
    compiled, plain = run(policy), run(policy, ReferenceEngine(seed=1))
    del compiled["commands_per_second"], plain["commands_per_second"]
    assert compiled == plain
    assert [note.split(":")[0] for note in compiled["notes"]] == ["offers", "broadcast", "presence_lease", "callbacks"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unit": ""}, "unit"),
        ({"strategy": "random"}, "strategy"),
        ({"max_waiting": 3}, "max_waiting"),
        ({"types": [{"rate": 1, "queue": "none"}, {"rate": 1}]}, "types[0].queue"),
        ({"types": [{"rate": 1, "queue": "sales"}, {"rate": 1, "score_rate": 2}]}, "types[1].score_rate"),
        ({"types": [{"rate": 1, "queue": "sales"}, {"rate": 1, "credit": 1e9}]}, "types[1].credit"),
    ],
)
def test_a_scenario_that_does_not_fit(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        run("queues: {sales: , type1: }", **changes)
    assert caught.value.field == field


def test_on_the_command_line(tmp_path: Path) -> None:
    scenario, policy = tmp_path / "scenario.json", tmp_path / "policy.yaml"
    scenario.write_text(json.dumps(SCENARIO))
    policy.write_text("queues: {sales: , type1: }\n")
    done = CliRunner().invoke(simulate_command, [str(scenario), "--policy", str(policy), "--json"])
    assert done.exit_code == 0, done.stderr
    assert "policy.yaml: offers:" in done.stderr
    assert json.loads(done.stdout)["types"][0]["diverted"] == 0
    policy.write_text("queues: {sales: {strategy: best}}\n")
    done = CliRunner().invoke(simulate_command, [str(scenario), "--policy", str(policy)])
    assert done.exit_code == 2
    assert "policy.yaml:1:" in done.stderr
