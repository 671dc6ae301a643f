"""The bench of the door runs: every call is an accepted command, and the keys are there. No figure is judged here."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "bench.door", "--quick", "--rounds", "1", "--json", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_unary_calls_beside_the_echo():
    if shutil.which("h2load") is None:
        pytest.skip("h2load is not installed (Debian: nghttp2-client)")
    ran = run("--only", "deep", "--only", "shallow")
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    for name, key in (("deep", "unary_ratio"), ("shallow", "unary_ratio_shallow")):
        compared = figures["unary"][name]
        assert figures[key] == compared["rate_ratio"] > 0
        assert compared["service"]["p99_ms"] >= compared["service"]["p50_ms"] > 0
    assert figures["unary_p99_ratio"] > 0
    assert figures["machine"]["cores"] > 0
    assert figures["quick"] is True
    assert figures["dispatch_commands_per_s"] is None
    assert figures["restart_seconds"] is None


def test_dispatch_and_restart():
    ran = run("--only", "dispatch", "--only", "restart")
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert figures["dispatch_commands_per_s"] > 0
    assert figures["restart_seconds"] > 0
    assert figures["restart"]["tail_commands"] == 20_000
    assert figures["unary_ratio"] is None


def test_says_how_to_install_what_is_missing(tmp_path):
    command = [sys.executable, "-m", "bench.door", "--only", "deep"]
    ran = subprocess.run(command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "apt-get install nghttp2-client" in ran.stderr
    assert ran.stdout == ""
