"""The demo's day: what is drawn, that a seed repeats it, and that it carries the published numbers."""

import json
from collections import Counter
from pathlib import Path

import pytest

from acd_core.requirement import parse
from acd_service.demo import parameters
from acd_service.demo.centre import agents, policy
from acd_service.demo.day import CLOSING_NS, OPENING_NS, Shift, draw_day
from acd_service.demo.parameters import MINUTE_NS, STREAMS

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "oracles" / "simple_msk.json"


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published parameters (../shared/oracles) are not here")
def test_parameters_are_the_published_ones() -> None:
    model = json.loads(PUBLISHED.read_text())["model"]
    calls = [stream for stream in STREAMS if stream.channel_id == "voice"]
    assert [list(stream.arrival_rate) for stream in calls] == list(model["arrival_rate"].values())
    for stream in calls:
        assert list(stream.service_rate) == model["service_rate_by_arrival_period"]
        assert stream.patience_rate is not None
        assert list(stream.patience_rate) == model["patience_rate_by_arrival_period"]
    assert list(parameters.PERIOD_MINUTES) == model["periods_minutes"]
    assert list(parameters.STAFF_GROUP0) == model["agents"]["group0"]
    assert list(parameters.STAFF_GROUP1) == model["agents"]["group1"]
    assert f"shape {parameters.BUSYNESS_SHAPE}, rate {parameters.BUSYNESS_SHAPE}" in model["busyness"]


def test_seed_repeats_the_day_and_another_does_not() -> None:
    assert draw_day(7) == draw_day(7)
    assert draw_day(7).arrivals != draw_day(8).arrivals


def test_arrivals_are_in_order_unique_and_within_the_day() -> None:
    arrivals = draw_day(3).arrivals
    times = [arrival.at_ns for arrival in arrivals]
    assert times == sorted(times)
    assert times[0] > OPENING_NS
    assert times[-1] < CLOSING_NS
    assert len({arrival.contact_id for arrival in arrivals}) == len(arrivals)
    assert min(arrival.talk_ns for arrival in arrivals) > 0


def test_volumes_follow_rates_and_busyness() -> None:
    """Over many days the calls of a type come to rate × minutes; a Poisson mean over 40 days has a 1 % error here."""
    days = [draw_day(seed) for seed in range(40)]
    per_queue = Counter(arrival.queue_id for day in days for arrival in day.arrivals)
    for stream in STREAMS:
        expected = sum(
            rate * minutes * (day.busyness if stream.channel_id == "voice" else 1.0)
            for day in days
            for rate, minutes in zip(stream.arrival_rate, parameters.PERIOD_MINUTES, strict=True)
        )
        assert per_queue[stream.queue_id] == pytest.approx(expected, rel=0.05)


def test_service_times_have_the_published_mean() -> None:
    calls = [
        arrival
        for seed in range(10)
        for arrival in draw_day(seed).arrivals
        if arrival.channel_id == "voice" and arrival.at_ns < OPENING_NS + 120 * MINUTE_NS
    ]
    mean_minutes = sum(call.talk_ns + call.wrap_up_ns for call in calls) / len(calls) / MINUTE_NS
    assert mean_minutes == pytest.approx(1 / 0.5, rel=0.03)


def test_scale_multiplies_arrivals_and_staff() -> None:
    small, whole = draw_day(5, scale=0.1), draw_day(5)
    assert len(small.arrivals) == pytest.approx(len(whole.arrivals) / 10, rel=0.15)
    assert len(agents(small.shifts)) == 2 + 2 + 1


def test_shifts_follow_the_staffing() -> None:
    shifts = draw_day(1).shifts
    for period, start_minutes in enumerate((0, 120, 240)):
        at_ns = OPENING_NS + (start_minutes + 1) * MINUTE_NS
        for group, staff in (
            ("group0", parameters.STAFF_GROUP0),
            ("group1", parameters.STAFF_GROUP1),
            ("desk", parameters.STAFF_DESK),
        ):
            on = [s for s in shifts if s.group == group and s.on_ns <= at_ns and (s.off_ns is None or at_ns < s.off_ns)]
            assert len(on) == staff[period]


def test_every_contact_has_an_agent_who_can_serve_it_in_every_period() -> None:
    day = draw_day(2)
    specs = {agent.agent_id: agent for agent in agents(day.shifts)}
    queues = {queue.queue_id: queue for queue in policy().queues}

    def works(shift: Shift, at_ns: int) -> bool:
        return shift.on_ns <= at_ns and (shift.off_ns is None or at_ns < shift.off_ns)

    for arrival in day.arrivals:
        wanted = parse(queues[arrival.queue_id].requirement), parse(arrival.requirement)
        assert any(
            works(shift, arrival.at_ns) and all(need.met_by(dict(specs[shift.agent_id].skills)) for need in wanted)
            for shift in day.shifts
        )
