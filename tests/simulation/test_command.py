import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from acd_core.engine import Engine
from acd_core.limits import Limits
from acd_service.cli.simulate import simulate_command

SCENARIO = {
    "name": "small", "arrivals": 2000, "warmup": 100, "types": [{"rate": 0.8}], "tails": [0.5],
    "pools": [{"servers": 1, "service_rate": 1}], "serves": [[1]],
}  # fmt: skip


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(SCENARIO))
    return path


def test_json_is_one_object_and_nothing_else(scenario_file: Path) -> None:
    done = CliRunner().invoke(simulate_command, [str(scenario_file), "--json"])
    assert done.exit_code == 0
    figures = json.loads(done.stdout)
    assert {"types", "pools", "immediate", "delayed", "commands_per_second", "seed", "digest"} <= figures.keys()
    row = figures["types"][0]
    assert row["arrived"] == 1900
    assert set(row) == {
        "arrived", "served", "abandoned", "blocked", "blocked_share", "abandoned_share", "p_wait", "mean_wait",
        "p_wait_over",
    }  # fmt: skip
    assert set(row["p_wait_over"]) == {"0.5"}
    assert set(row["mean_wait"]) == {"value", "half_width"}
    assert figures["seed"] == 1


def test_tables_for_a_person(scenario_file: Path) -> None:
    done = CliRunner().invoke(simulate_command, [str(scenario_file)])
    assert done.exit_code == 0
    for text in ("small", "utilisation", "mean wait", "digest"):
        assert text in done.stdout


def test_bad_input_names_file_and_field_and_leaves_with_2(scenario_file: Path) -> None:
    scenario_file.write_text(json.dumps(SCENARIO | {"max_waiting": -1}))
    done = CliRunner().invoke(simulate_command, [str(scenario_file), "--json"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "scenario.json: max_waiting: -1 is out of range" in done.stderr


def test_an_endless_queue_is_told_as_such(scenario_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small_engine(seed: int) -> Engine:
        engine = Engine(seed=seed)
        engine.limits = Limits(waiting_contacts=500)
        return engine

    monkeypatch.setattr("acd_service.cli.simulate.engine_maker", lambda kind: small_engine)
    scenario_file.write_text(json.dumps(SCENARIO | {"types": [{"rate": 1000}]}))
    done = CliRunner().invoke(simulate_command, [str(scenario_file), "--json"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "scenario.json: more wait than the engine takes; is the centre overloaded" in done.stderr


def test_a_server_that_starts_long_after_the_last_arrival(scenario_file: Path) -> None:
    pool = {"servers": 1, "service_rate": {"t": [0, 1e9], "rate": [0, 1]}}
    scenario_file.write_text(json.dumps(SCENARIO | {"pools": [pool], "types": [{"rate": 1, "patience_rate": 1}]}))
    done = CliRunner().invoke(simulate_command, [str(scenario_file), "--json"])
    assert done.exit_code == 0
    row = json.loads(done.stdout)["types"][0]
    assert row["served"] <= 1  # the one that begins at once and is done long after all others gave up
    assert row["abandoned"] == row["arrived"] - row["served"]


def test_a_missing_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(simulate_command, [str(tmp_path / "none.json")])
    assert done.exit_code == 2
    assert "none.json" in done.stderr
