"""`acd demo`, run for real on a small centre: the figures add up, repeat, and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from acd_service.demo.ledger import NAMES_OF_ENDS

REQUIRED = {
    "offered",
    "handled",
    "abandoned",
    "short_abandoned",
    "in_progress",
    "service_level",
    "asa_seconds",
    "rpc_calls",
    "events",
    "invariant_violations",
}


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "acd_service.cli", "demo", *args]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """In which temporary directories are made where the test can see them."""
    return os.environ | {"TMPDIR": str(tmp_path)}


def run(environment: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*args), capture_output=True, text=True, timeout=300, env=environment)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(what: Any, seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")


def pid_of_service(tmp_path: Path) -> int:
    """The process that holds the lock of the demo's data directory, once there is one."""
    for lock in tmp_path.glob("acd-demo-*/data/lock"):
        text = lock.read_text().strip()
        if text:
            return int(text)
    return 0


def test_figures_add_up_and_repeat(environment: dict[str, str], tmp_path: Path) -> None:
    ran = run(environment, "--json", "--scale", "0.05", "--seed", "3")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    figures = json.loads(ran.stdout)
    assert figures.keys() >= REQUIRED | set(NAMES_OF_ENDS)
    parts = [figures, *figures["by_queue"].values(), *figures["by_channel"].values()]
    for part in parts:
        assert part["offered"] == part["in_progress"] + sum(part[name] for name in NAMES_OF_ENDS)
    for name in ("offered", "in_progress", "answered", *NAMES_OF_ENDS):
        assert figures[name] == sum(part[name] for part in figures["by_queue"].values())
        assert figures[name] == sum(part[name] for part in figures["by_channel"].values())
    assert figures["offered"] > 200
    assert figures["invariant_violations"] == 0
    assert figures["stream_gaps"] == 0
    assert figures["agrees_with_service"] is True
    assert figures["next_event_seq"] == figures["events"] + 1
    assert figures["rpc_calls"] > 3 * figures["handled"]
    assert 0 < figures["service_level"] < 1
    assert list(tmp_path.iterdir()) == [], "the temporary directory is gone"

    again = json.loads(run(environment, "--json", "--scale", "0.05", "--seed", "3", "--engine", "reference").stdout)
    del figures["timing"], again["timing"]
    assert again == figures, "a seed has one day, whichever engine routes it"


def test_for_people(environment: dict[str, str]) -> None:
    ran = run(environment, "--scale", "0.02", "--engine", "reference")
    assert ran.returncode == 0, ran.stderr
    assert "The day's figures" in ran.stdout
    assert "No invariant broken" in ran.stdout
    assert "answered within" in ran.stdout, "the service level says what it is"
    assert "\x1b" not in ran.stdout + ran.stderr, "no colour and no live view where nobody watches"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ending_it_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path, number: int) -> None:
    demo = subprocess.Popen(command("--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    pid = wait_for(lambda: pid_of_service(tmp_path))
    time.sleep(1.0)
    demo.send_signal(number)
    out, err = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert not is_running(pid)
    assert list(tmp_path.iterdir()) == []


def test_service_ends_with_a_demo_that_is_killed(environment: dict[str, str], tmp_path: Path) -> None:
    demo = subprocess.Popen(command("--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    pid = wait_for(lambda: pid_of_service(tmp_path))
    time.sleep(1.0)
    demo.kill()
    demo.wait()
    wait_for(lambda: not is_running(pid))
