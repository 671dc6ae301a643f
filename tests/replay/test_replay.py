"""Logs small enough to follow by hand, and the real one."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_service.cli.replay import replay_command
from acd_service.replay.call_log import parse_call_log, read_call_log
from acd_service.replay.run import replay

HEADER = "arrived,queue,agent,answered,consulted,transferred,ended\n"
REAL_LOG = Path(__file__).parents[2] / ".." / "shared" / "data" / "call-log-2014-01" / "calls_2014-01-02_to_18.csv.gz"


def row(queue: str, agent: str, arrived: str, answered: str, ended: str, transferred: str = "") -> str:
    """A row of 2 January 2014, times as 08:00:00."""
    stamps = [f"2014-01-02T{time}" if time else "" for time in (arrived, answered, transferred, ended)]
    return f"{stamps[0]},{queue},{agent},{stamps[1]},,{stamps[2]},{stamps[3]}\n"


def run(*rows: str, seed: int = 1) -> dict[str, Any]:
    return replay(parse_call_log(HEADER + "".join(rows)), Engine(seed=seed), seed)


def test_one_agent_who_could_have_answered_sooner() -> None:
    comparison = run(
        row("q", "anna", "08:00:00", "08:00:00", "08:10:00"),
        # Waited 130 s, although the agent was free after 100 s: paused, as it seems. The replay does not know why.
        row("q", "anna", "08:08:20", "08:10:30", "08:20:00", transferred="08:15:00"),
    )
    assert comparison["log"] == {
        "offered": 2,
        "abandoned_share": 0.0,
        "asa_seconds": 65.0,
        "service_level_20s": 0.5,
        "handle_seconds": (600 + 570) / 2,
        "agent_seconds": (600 + 270) / 2,
        "occupancy": 870 / 900,
    }
    assert comparison["replay"] == comparison["log"] | {"asa_seconds": 50.0, "occupancy": 870 / 900}
    assert comparison["by_queue"] == {"q": {"log": comparison["log"], "replay": comparison["replay"]}}
    assert comparison["by_day"] == {"2014-01-02": {"log": comparison["log"], "replay": comparison["replay"]}}


def test_an_end_comes_before_an_arrival_in_the_same_second() -> None:
    comparison = run(
        row("q", "anna", "08:00:00", "08:00:00", "08:10:00"),
        row("q", "anna", "08:10:00", "08:10:25", "08:12:00"),
    )
    assert comparison["log"]["asa_seconds"] == 12.5
    assert comparison["replay"]["asa_seconds"] == 0.0
    assert comparison["replay"]["service_level_20s"] == 1.0


def test_a_caller_who_gave_up_has_the_patience_that_the_log_shows() -> None:
    calls = [
        row("q", "anna", "08:00:00", "08:00:00", "08:10:00"),
        row("q", "", "08:05:00", "", "08:07:00"),
        row("q", "anna", "08:11:00", "08:12:00", "08:20:00"),
    ]
    comparison = run(*calls)
    assert comparison["replay"]["abandoned_share"] == pytest.approx(1 / 3)
    # Had there been somebody else, the caller would have been served, for as long as another call of the queue took.
    helped = run(*calls, row("q", "bert", "08:00:00", "08:00:00", "08:20:00"))
    assert helped["log"]["abandoned_share"] == 0.25
    assert helped["replay"]["abandoned_share"] == 0.25
    free = run(*calls, row("q", "bert", "08:00:00", "08:00:00", "08:06:00"), row("q", "bert", "08:21:00", "08:21:00",
                                                                               "08:22:00"))  # fmt: skip
    assert free["log"]["abandoned_share"] == 0.2
    assert free["replay"]["abandoned_share"] == 0.0
    assert free["replay"]["asa_seconds"] < free["log"]["asa_seconds"] + 60


def test_agents_serve_their_own_queues_only() -> None:
    comparison = run(
        row("sales", "anna", "08:00:00", "08:00:00", "08:10:00"),
        row("help", "bert", "08:00:00", "08:00:00", "08:01:00"),
        row("help", "bert", "08:30:00", "08:30:00", "08:31:00"),
        row("sales", "", "08:05:00", "", "08:06:00"),
        row("nobody", "", "08:20:00", "", "08:20:05"),
    )
    sales, lonely = comparison["by_queue"]["sales"], comparison["by_queue"]["nobody"]
    assert sales["replay"]["abandoned_share"] == 0.5  # bert is free, but not for sales
    assert sales["log"]["occupancy"] == 1.0
    assert lonely["replay"] == lonely["log"]
    assert lonely["log"]["asa_seconds"] is None
    assert lonely["log"]["occupancy"] is None


def test_who_is_still_with_a_call_when_the_shift_ends_is_there_until_it_is_over() -> None:
    # In the replay bert, idle since before anna came, gets the long call that anna had; his day ends at 08:10.
    comparison = run(
        row("q", "bert", "08:00:00", "08:00:00", "08:01:00"),
        row("q", "anna", "08:02:00", "08:02:00", "08:22:00"),
        row("q", "bert", "08:09:00", "08:09:00", "08:10:00"),
    )
    busy = 60 + 1200 + 60
    assert comparison["log"]["occupancy"] == busy / (600 + 1200)
    assert comparison["replay"]["occupancy"] == busy / (600 + 720 + 1200)


def test_figures_do_not_depend_on_the_order_of_rows() -> None:
    generator = random.Random(3)
    rows = [
        row("q", f"a{n % 3}", f"08:{n:02}:00", f"08:{n:02}:{generator.randrange(60):02}", f"08:{n + 2:02}:30")
        for n in range(50)
    ]
    first = run(*rows)
    generator.shuffle(rows)
    second = run(*rows)
    assert first.pop("commands_per_second") > 0
    del second["commands_per_second"]
    assert first == second


def test_a_phone_that_rang_in_vain() -> None:
    comparison = run(
        row("q", "anna", "08:00:00", "08:00:00", "08:10:00"),
        row("q", "anna", "08:10:30", "", "08:11:00"),
    )
    assert comparison["log"]["abandoned_share"] == 0.5
    assert comparison["log"]["occupancy"] == 600 / 660


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    content = HEADER.replace("ended", "ended,colour") + row("q", "a", "08:00:00", "08:00:05", "08:01:00").rstrip()
    path.write_text(content + ",red\n")
    done = CliRunner().invoke(replay_command, [str(path), "--json"])
    assert done.exit_code == 0
    comparison = json.loads(done.stdout)
    assert {"log", "replay", "by_queue", "by_day"} <= comparison.keys()
    assert "columns not used: colour" in done.stderr
    shown = CliRunner().invoke(replay_command, [str(path)])
    assert shown.exit_code == 0
    assert "by queue" in shown.stdout


def test_bad_input_names_file_and_line_and_leaves_with_2(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + row("q", "a", "08:00:00", "08:00:05", "07:59:00"))
    done = CliRunner().invoke(replay_command, [str(path), "--json"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "log.csv: line 2, ended: is before arrived" in done.stderr


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the data folder (../shared) is not here")
def test_the_real_log() -> None:
    log = read_call_log(REAL_LOG)
    comparison = replay(log, Engine(seed=1))
    happened, routed = comparison["log"], comparison["replay"]
    assert happened["offered"] == routed["offered"] == 63_152
    # Near the whole month's: 3.85 % abandoned, ASA 30.4 s, 66.9 % within 20 s, handle time 328.7 s.
    assert happened["abandoned_share"] == pytest.approx(0.0375, abs=5e-5)
    assert happened["asa_seconds"] == pytest.approx(30.4, abs=0.05)
    assert happened["service_level_20s"] == pytest.approx(0.697, abs=5e-4)
    assert happened["handle_seconds"] == pytest.approx(325.7, abs=0.05)
    # Agents who never pause between calls do better than those of the log, with the same work to do.
    assert routed["abandoned_share"] < happened["abandoned_share"]
    assert routed["asa_seconds"] < happened["asa_seconds"]
    assert routed["handle_seconds"] == pytest.approx(happened["handle_seconds"], rel=0.01)
    assert happened["occupancy"] < routed["occupancy"] < 1
    assert sum(sides["log"]["offered"] for sides in comparison["by_day"].values()) == 63_152
    assert sum(sides["replay"]["offered"] for sides in comparison["by_queue"].values()) == 63_152


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the data folder (../shared) is not here")
def test_both_engines_route_the_real_log_alike() -> None:
    log = read_call_log(REAL_LOG)
    first_day = log.calls[0].arrived_ns // (86_400 * 10**9)
    one_day = type(log)(tuple(call for call in log.calls if call.arrived_ns // (86_400 * 10**9) == first_day), ())
    compiled, plain = replay(one_day, Engine(seed=1)), replay(one_day, ReferenceEngine(seed=1))
    del compiled["commands_per_second"], plain["commands_per_second"]
    assert compiled == plain
