"""The report runs, has its keys, and notices a wrong end; the recorded hashes are those of the reference engine."""

from typing import Any

import pytest

from acd_core.reference import ReferenceEngine
from bench.batches import Batches, read_messages
from bench.digests import hashes, matches, recorded
from bench.floor import Floor
from bench.instructions import lines
from bench.recording import QUICK_COMMANDS, SEED, Recording
from bench.report import report, text
from bench.shapes import SHAPES, SMALL
from bench.targets import targets

KEYS = {
    "commands_per_s",
    "floor_ratio",
    "batch_commands_per_s",
    "batch_floor_ratio",
    "rss_bytes",
    "bytes_per_agent",
    "bytes_per_contact",
    "digest_ok",
}


def test_the_short_report_on_the_smallest_workload() -> None:
    found = report(["small"], quick=True, tenants=10)
    row = found["workloads"]["small"]
    assert row.keys() >= KEYS
    assert row["digest_ok"]
    assert row["commands_per_s"] > 0
    assert row["batch_commands_per_s"] > 0
    assert row["rss_bytes"] > 2**20
    assert found["growth_large_over_small"] is None, "not measured without the other workload"
    assert found["unique_over_profiles"] is None
    assert found["mixed_over_profiles"] is None
    assert found["tenants"]["tenants"] == 10
    assert {target["number"] for target in found["targets"]} == {"1", "2", "3", "4", "5", "6", "10", "12"}
    assert found["machine"].keys() >= {"cpu", "cores", "load", "python", "compiler"}
    page = text(found)
    assert "small" in page
    assert "not measured" in page


def test_a_wrong_end_is_noticed() -> None:
    right = recorded()["small"][str(QUICK_COMMANDS)]
    assert matches("small", QUICK_COMMANDS, right)
    assert matches("small", QUICK_COMMANDS, {"event_hash": right["event_hash"]})
    assert not matches("small", QUICK_COMMANDS, {**right, "event_hash": "0" * 16})
    assert not matches("small", QUICK_COMMANDS, {"batch_event_hash": "0" * 16})
    assert not matches("small", QUICK_COMMANDS + 1, right)
    assert not matches("small", QUICK_COMMANDS, {})


def test_every_workload_has_recorded_ends() -> None:
    assert {name: sorted(map(int, ends)) for name, ends in recorded().items()} == {
        name: [0, QUICK_COMMANDS, 300_000] for name in SHAPES
    }


def _reference(commands: int) -> dict[str, str]:
    engine: Any = ReferenceEngine(SEED)
    recording = Recording.of(SMALL)
    for at_ns, command in recording.start():
        engine.apply(at_ns, command)
    for at_ns, command in recording.steady(commands):
        engine.apply(at_ns, command)
    return hashes(engine)


def test_the_recorded_start_state_is_the_references() -> None:
    assert _reference(0) == recorded()["small"]["0"]


@pytest.mark.slow
def test_the_recorded_end_is_the_references() -> None:
    # What batches come to is a stream of its own, with one time for each message.
    reference = _reference(QUICK_COMMANDS)
    assert reference
    assert reference.items() <= recorded()["small"][str(QUICK_COMMANDS)].items()


def test_batches_come_to_what_single_commands_come_to() -> None:
    recording = Recording.of(SMALL)
    messages, event_hash = read_messages(recording.messages_path)
    batches = Batches(recording.built(), messages)
    took_ns, commands = batches.run(len(messages))
    assert took_ns > 0
    assert commands == 256 * len(messages)
    assert batches.engine.event_hash == event_hash


def test_targets_are_judged() -> None:
    row = {"floor_ratio": 7.5, "batch_floor_ratio": 3.5, "rss_bytes": 2**30}
    found: dict[str, Any] = {
        "workloads": {"profiles": row},
        "growth_large_over_small": None,
        "unique_over_profiles": 3.0,
        "mixed_over_profiles": 2.5,
        "policy_change": {"profiles": {"changes": {"a": {"median_ms": 1.0}, "b": {"median_ms": 101.0}}}},
        "tenants": {"rss_bytes": 2**20},
    }
    verdicts = {target.what: target.met for target in targets(found)}
    assert verdicts["profiles, one call a command, over the floor"] is False
    assert verdicts["profiles, in batches, over the floor"] is True
    assert verdicts["unique over profiles"] is True
    assert verdicts["mixed over profiles"] is False
    assert verdicts["policy change, worst kind, profiles"] is False
    assert verdicts["policy change, worst kind, mixed"] is None
    assert verdicts["large, resident"] is None


def test_the_floor_does_what_it_says() -> None:
    live = 1_000
    floor = Floor(live)
    assert floor.run(live) > 0
    assert floor.answer == live * (live - 1) // 2, "what was first on the heap, in order of arrival"
    again = Floor(live)
    again.run(live)
    floor.run(500)
    again.run(500)
    assert 0 < floor.answer == again.answer < 500 * live
    with pytest.raises(ValueError, match="two"):
        Floor(1)


def test_instruction_counts_are_compared() -> None:
    page = lines({"small": {"accept": 110, "tick": 5}}, {"small": {"accept": 100}})
    assert "+10.0 %" in page[1]
    assert "new" in page[2]
