"""Replays under policy files, and two of them side by side, on logs that can be followed by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acd_core.engine import Engine
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec, SkillLevel
from acd_service.cli.replay import replay_command
from acd_service.replay.call_log import CallLog, parse_call_log
from acd_service.replay.centre import CentreError
from acd_service.replay.run import replay

HEADER = "arrived,queue,agent,answered,consulted,transferred,ended\n"


def row(queue: str, agent: str, arrived: str, answered: str, ended: str) -> str:
    stamps = [f"2014-01-02T{time}" if time else "" for time in (arrived, answered, ended)]
    return f"{stamps[0]},{queue},{agent},{stamps[1]},,,{stamps[2]}\n"


# One agent; while it serves the first call, one of each queue comes, "low" before "high"; then one that is answered.
LINES = (
    row("low", "a", "08:00:00", "08:00:00", "08:01:00"),
    row("low", "a", "08:00:10", "08:02:00", "08:03:00"),
    row("high", "a", "08:00:20", "08:01:00", "08:02:00"),
    row("high", "b", "09:00:00", "09:00:00", "09:01:00"),
)  # fmt: skip


@pytest.fixture
def log() -> CallLog:
    return parse_call_log(HEADER + "".join(LINES))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(HEADER + "".join(LINES))
    (tmp_path / "fifo.yaml").write_text("queues: {low: {membership: listed}, high: {membership: listed}}\n")
    (tmp_path / "first.yaml").write_text(
        "queues: {low: {membership: listed}, high: {membership: listed, credit: 1m}}\n"
    )
    return tmp_path


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(replay_command, [str(folder / "log.csv"), *arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_without_a_credit_the_longest_wait_goes_first(folder: Path) -> None:
    fifo = run(folder, "--policy", str(folder / "fifo.yaml"))
    # Waits 0, 50, 100, 0.
    assert fifo["replay"]["asa_seconds"] == 37.5
    assert fifo["by_queue"]["low"]["replay"]["asa_seconds"] == 25
    first = run(folder, "--policy", str(folder / "first.yaml"))
    # Waits 0, 110, 40, 0.
    assert first["by_queue"]["low"]["replay"]["asa_seconds"] == 55
    assert first["by_queue"]["high"]["replay"]["asa_seconds"] == 20


def test_side_by_side(folder: Path) -> None:
    both = run(folder, "--compare", str(folder / "fifo.yaml"), str(folder / "first.yaml"), "--most", "1")
    assert both["by_queue"]["low"]["a"]["asa_seconds"] == 25
    assert both["by_queue"]["low"]["b"]["asa_seconds"] == 55
    assert both["by_day"]["2014-01-02"]["b"]["offered"] == 4
    assert both["contacts"] == {
        "shorter_wait": 1, "longer_wait": 1, "same_wait": 2,
        "answered_in_b_only": 0, "answered_in_a_only": 0, "answered_in_neither": 0,
    }  # fmt: skip
    assert both["different"] == 2
    # Both changed by 60 s; the earlier arrival is listed.
    assert both["most_different"] == [
        {
            "line": 3, "arrived": "2014-01-02T08:00:10", "queue": "low", "fate": "longer_wait",
            "a": {"end": "answered", "waited_seconds": 50.0, "agent": "a"},
            "b": {"end": "answered", "waited_seconds": 110.0, "agent": "a"},
        }
    ]  # fmt: skip


def test_side_by_side_for_a_person(folder: Path) -> None:
    arguments = [str(folder / "log.csv"), "--compare", str(folder / "fifo.yaml"), str(folder / "first.yaml")]
    done = CliRunner().invoke(replay_command, arguments)
    assert done.exit_code == 0, done.stderr
    for text in ("fifo", "first", "by queue", "by day", "longer wait", "those that differ most", "110 s"):
        assert text in done.stdout


def test_a_policy_against_itself_changes_nothing(folder: Path) -> None:
    both = run(folder, "--compare", str(folder / "fifo.yaml"), str(folder / "fifo.yaml"))
    assert both["a"] == both["b"]
    assert both["contacts"]["same_wait"] == 4
    assert both["most_different"] == []
    assert both["digests"]["a"] == both["digests"]["b"]


def test_a_full_queue_answers_one_less(folder: Path) -> None:
    full = folder / "full.yaml"
    full.write_text("queues: {low: {membership: listed, max_waiting: 0}, high: {membership: listed}}\n")
    both = run(folder, "--compare", str(folder / "fifo.yaml"), str(full))
    assert both["contacts"]["answered_in_a_only"] == 1
    # The one that is refused had waited 50 s; the one behind it now waits 60 s less.
    assert [call["line"] for call in both["most_different"]] == [4, 3]
    assert both["most_different"][1]["b"] == {"end": "refused", "waited_seconds": 0.0, "agent": ""}


def test_wrap_up_keeps_the_agent(folder: Path) -> None:
    wrap = folder / "wrap.yaml"
    wrap.write_text("queues: {low: {membership: listed, wrap_up: 30s}, high: {membership: listed, wrap_up: 30s}}\n")
    routed = run(folder, "--policy", str(wrap))
    # Waits 0 and 80; the third finds the agent gone at 08:03:00.
    assert routed["by_queue"]["low"]["replay"]["asa_seconds"] == 40


def test_queues_that_the_policy_lacks_are_listed(log: CallLog, folder: Path) -> None:
    with pytest.raises(CentreError) as caught:
        replay(log, Engine(seed=1), policy=Policy(queues=(QueueSpec("other"),)))
    assert caught.value.reason == "QUEUES_MISSING"
    assert caught.value.missing == ["high", "low"]
    other = folder / "other.yaml"
    other.write_text("queues: {low: }\n")
    done = CliRunner().invoke(replay_command, [str(folder / "log.csv"), "--policy", str(other)])
    assert done.exit_code == 2
    assert "other.yaml: QUEUES_MISSING: the log has queues that are not here: high" in done.stderr


def test_requirements_and_rosters(log: CallLog) -> None:
    policy = Policy(queues=(QueueSpec("low", requirement="patience>=50"), QueueSpec("high", requirement="high>=100")))
    inferred = replay(log, Engine(seed=1), policy=policy)
    assert [note for note in inferred["policy_notes"] if note.startswith("low: no agent")]
    assert not [note for note in inferred["policy_notes"] if note.startswith("high: ")]
    assert inferred["by_queue"]["low"]["replay"]["abandoned_share"] == 1
    assert inferred["by_queue"]["high"]["replay"]["abandoned_share"] == 0
    skilled = AgentSpec("a", (SkillLevel("patience", 60), SkillLevel("high", 100)))
    with pytest.raises(CentreError) as caught:
        replay(log, Engine(seed=1), policy=policy, roster={"a": skilled})
    assert caught.value.reason == "AGENTS_MISSING"
    assert caught.value.missing == ["b"]
    roster = {"a": skilled, "b": AgentSpec("b", (SkillLevel("high", 100),)), "c": AgentSpec("c")}
    assert replay(log, Engine(seed=1), policy=policy, roster=roster)["replay"]["abandoned_share"] == 0


def test_a_roster_from_a_file(folder: Path) -> None:
    skills = folder / "skills.yaml"
    skills.write_text("queues: {low: {requirement: low>=50}, high: {requirement: high>=50}}\n")
    roster = folder / "agents.csv"
    roster.write_text("agent_id,skills\na,low=60\nb,high=60\n")
    routed = run(folder, "--policy", str(skills), "--roster", str(roster))
    assert routed["by_queue"]["low"]["replay"]["abandoned_share"] == 0
    # Only b could have served the one that came at eight, and came at nine itself.
    assert routed["by_queue"]["high"]["replay"]["abandoned_share"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--policy", "fifo.yaml", "--compare", "fifo.yaml", "first.yaml"), "do not go together"),
        (("--roster", "agents.csv"), "--roster needs"),
        (("--policy", "none.yaml"), "none.yaml"),
        (("--policy", "bad.yaml"), "UNKNOWN_KEY"),
    ],
)
def test_bad_use(folder: Path, arguments: tuple[str, ...], text: str) -> None:
    (folder / "bad.yaml").write_text("queues: {low: {colour: red}}\n")
    given = [word if word.startswith("--") else str(folder / word) for word in arguments]
    done = CliRunner().invoke(replay_command, [str(folder / "log.csv"), *given])
    assert done.exit_code == 2
    assert text in done.stderr
