"""The drivers from the command line, very short, against a real service. No time is judged."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from load.front import haproxy

ROOT = Path(__file__).resolve().parents[2]


def run(module: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", module, "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("call", ["enqueue", "echo"])
def test_open_loop_accounts_for_every_call(call: str) -> None:
    result = run("load.open_loop", "--rate", "100", "--seconds", "1", "--call", call, "--deadline-ms", "20000")
    assert (result["planned"], result["sent"], result["answered"], result["good"]) == (100, 100, 100, 100)
    assert result["refused"] == {}
    assert 0 < result["p50_ms"] <= result["p99_ms"] <= result["p999_ms"] <= result["max_ms"]


BEYOND = ("load.overload", "--seconds", "0.3", "--rounds", "1", "--steps", "2", "--deadline-ms", "5000")


def test_beyond_its_peak_the_service_loses_nothing_that_it_acknowledged() -> None:
    result = run(*BEYOND)
    assert result["acknowledged"] > 0
    assert (result["lost"], result["disagreements"], result["invariant_violations"]) == (0, 0, {})


@pytest.mark.skipif(not haproxy(), reason="haproxy is not installed")
def test_behind_its_front_what_is_too_much_is_refused_by_name_alone() -> None:
    result = run(*BEYOND, "--front", "--front-calls", "10", "--factor", "8", "--deadline-ms", "60000")
    assert result["acknowledged"] > 0
    assert (result["lost"], result["disagreements"], result["invariant_violations"]) == (0, 0, {})
    assert result["refused"].keys() == {"RESOURCE_EXHAUSTED"}


def test_latency_puts_service_and_echo_side_by_side() -> None:
    result = run("load.latency", "--rate", "100", "--seconds", "0.3", "--rounds", "2", "--deadline-ms", "20000")
    assert result["service"]["answered"] == result["echo"]["answered"] == 60
    assert result["service"]["refused"] == result["echo"]["refused"] == 0
    assert result["p99_ratio_lowest"] <= result["p99_ratio"] <= result["p99_ratio_highest"]


@pytest.mark.parametrize("arguments", [[], ["--rate", "0"], ["--rate", "10", "--connections", "0"]])
def test_bad_usage_is_refused(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "load.open_loop", *arguments]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).returncode == 2
