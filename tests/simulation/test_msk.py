"""The published multi-skill model, in fewer days than `make msk` runs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_service.simulation.msk import BUSYNESS_SHAPE, compare, figures, run_days
from acd_service.simulation.msk_day import MINUTE_NS, DayTally, Model

PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "oracles" / "simple_msk.json"

SMALL = Model(
    period_lengths=(10.0, 10.0),
    arrival_rates=((2.0, 1.0), (2.0, 1.0), (2.0, 1.0)),
    service_rates=(0.5, 0.6),
    patience_rates=(0.3, 0.4),
    staffing=((6, 1), (5, 2)),
    busyness_shape=BUSYNESS_SHAPE,
)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the oracles folder (../shared) is not here")
def test_the_published_figures() -> None:
    raw = json.loads(PUBLISHED.read_text())
    model = Model.from_json(raw["model"], BUSYNESS_SHAPE)
    assert str(BUSYNESS_SHAPE) in raw["model"]["busyness"]
    days = run_days(model, Engine(seed=1), 64, seed=1)
    rows = compare(raw["published"], figures(days))
    assert [row.figure for row in rows] == ["served", "abandoned", "service_level", "occupancy_group0"]
    assert [row for row in rows if not row.passes] == []
    for row in rows:
        assert row.ours["half_width"] is not None
        assert row.ours["half_width"] < 0.2 * row.published


def test_both_engines_have_the_same_days() -> None:
    compiled, plain = Engine(seed=1), ReferenceEngine(seed=1)
    assert run_days(SMALL, compiled, 3, seed=1) == run_days(SMALL, plain, 3, seed=1)
    assert compiled.event_hash == plain.event_hash


def test_nobody_is_present_or_served_after_the_day() -> None:
    engine = Engine(seed=1)
    days = run_days(SMALL, engine, 4, seed=3)
    counts = engine.counts()
    assert (counts.waiting, counts.active, counts.agents_ready) == (0, 0, 0)
    assert counts.opened == sum(day.served + day.abandoned for day in days)


def test_whoever_is_above_the_staffing_leaves_after_its_contact() -> None:
    """Six are served for about a day each; only the first is staffed after ten minutes, the others stay to the end."""
    model = Model(
        period_lengths=(10.0, 10.0),
        arrival_rates=((1000.0, 1e-9), (1e-9, 1e-9), (1e-9, 1e-9)),
        service_rates=(0.001, 0.001),
        patience_rates=(100.0, 100.0),
        staffing=((6, 1), (1, 1)),
        busyness_shape=0,
    )
    day = run_days(model, Engine(seed=1), 1, seed=1)[0]
    assert day.served >= 6
    # Five go with their contacts, so that only the one who is staffed can be present without one, until the day ends.
    assert day.busy_ns[0] > 6 * 60 * MINUTE_NS
    assert 0.5 < day.busy_ns[0] / day.present_ns[0] <= 1


def test_a_day_ends_with_its_last_contact() -> None:
    """Callers who would have waited for ever, and are served at once, do not make the day longer."""
    patient = replace(SMALL, patience_rates=(1e-6, 1e-6), busyness_shape=0)
    day = run_days(patient, Engine(seed=1), 1, seed=1)[0]
    assert day.abandoned == 0
    assert day.present_ns[0] < 6 * 120 * MINUTE_NS


def test_a_figure_outside_the_widened_interval_fails() -> None:
    days = [
        DayTally(served=100 + i % 2, abandoned=1, served_in_time=50, busy_ns=[9], present_ns=[10]) for i in range(32)
    ]
    published = {"served": [200.0, 199.0, 201.0], "abandoned": [1.0, 0.9, 1.1]}
    assert [row.passes for row in compare(published, figures(days))] == [False, True]
