"""What a log does not say outright: who was there for which queues, and how long callers would have waited."""

import pytest

from acd_service.replay.call_log import Call, parse_call_log
from acd_service.replay.idleness import share_beside_idle_agents
from acd_service.replay.patience import PAST_THE_END_NS, PatienceCurve
from acd_service.replay.presence import infer_staff

SECOND = 10**9
HEADER = "arrived,queue,agent,answered,consulted,transferred,ended\n"


def wait(seconds: int, *, answered: bool) -> Call:
    """A call that waited so long."""
    start, end = 1000 * SECOND, (1000 + seconds) * SECOND
    return Call(start, end, "q", "a" if answered else "", end if answered else 0, end if answered else 0, line=1)


def test_the_kaplan_meier_curve_of_a_small_log() -> None:
    # Gave up at 2, 4, 4 and 9; answered at 4, 5 and 9. At 2: 6/7. At 4: × 4/6. At 9, of the two left: × 1/2.
    calls = [wait(s, answered=False) for s in (2, 4, 4, 9)] + [wait(s, answered=True) for s in (4, 5, 9)]
    curve = PatienceCurve(calls)
    expected = [(0, 1.0), (2, 6 / 7), (3, 6 / 7), (4, 4 / 7), (8, 4 / 7), (9, 2 / 7), (50, 2 / 7)]
    assert [curve.survival(t * SECOND) for t, _ in expected] == pytest.approx([s for _, s in expected])


def test_a_patience_is_drawn_from_what_is_left_of_the_curve() -> None:
    calls = [wait(s, answered=False) for s in (2, 4, 4, 9)] + [wait(s, answered=True) for s in (4, 5, 9)]
    curve = PatienceCurve(calls)
    # Longer than 3: 4 with chance 1/3, 9 with 1/3, longer than anything seen with 1/3.
    draws = [curve.longer_than(3 * SECOND, draw / 300) for draw in range(300)]
    beyond = 9 * SECOND + PAST_THE_END_NS
    shares = {patience: draws.count(patience) for patience in set(draws)}
    assert shares.keys() == {4 * SECOND, 9 * SECOND, beyond}
    assert all(99 <= share <= 101 for share in shares.values())
    assert curve.longer_than(4 * SECOND, 0.0) == 9 * SECOND
    assert curve.longer_than(9 * SECOND, 0.7) == beyond


def test_nobody_gave_up() -> None:
    curve = PatienceCurve([wait(5, answered=True), wait(7, answered=True)])
    assert curve.survival(100 * SECOND) == 1.0
    assert curve.longer_than(5 * SECOND, 0.5) == 7 * SECOND + PAST_THE_END_NS


def test_presence_is_from_first_to_last_activity_of_each_day() -> None:
    log = parse_call_log(
        HEADER
        + "2014-01-02T08:00:00,sales,anna,2014-01-02T08:00:10,,,2014-01-02T08:05:00\n"
        + "2014-01-02T12:00:00,help,anna,2014-01-02T12:00:10,,2014-01-02T12:03:00,2014-01-02T12:30:00\n"
        + "2014-01-02T12:10:00,sales,anna,,,,2014-01-02T12:11:00\n"  # rang in vain, after her last service
        + "2014-01-03T09:00:00,sales,anna,2014-01-03T09:00:00,,,2014-01-03T09:01:00\n"
        + "2014-01-03T09:00:00,mail,,,,,2014-01-03T09:01:00\n"
    )
    staff = infer_staff(log.calls)
    assert dict(staff.queues_of) == {"anna": {"sales", "help"}}
    first, second = staff.shifts
    assert (first.day.isoformat(), first.length_ns) == ("2014-01-02", (4 * 3600 + 10 * 60 + 50) * SECOND)
    assert (second.day.isoformat(), second.length_ns) == ("2014-01-03", 60 * SECOND)


def test_a_call_past_midnight_belongs_to_the_shift_in_which_it_began() -> None:
    log = parse_call_log(
        HEADER
        + "2014-01-02T23:50:00,q,anna,2014-01-02T23:50:00,,,2014-01-03T00:20:00\n"
        + "2014-01-03T00:19:00,q,anna,2014-01-03T00:20:00,,,2014-01-03T00:30:00\n"
    )
    (shift,) = infer_staff(log.calls).shifts
    assert (shift.day.isoformat(), shift.length_ns) == ("2014-01-02", 40 * 60 * SECOND)


def test_callers_who_waited_beside_an_agent_without_a_call() -> None:
    log = parse_call_log(
        HEADER
        + "2014-01-02T08:00:00,q,anna,2014-01-02T08:00:00,,,2014-01-02T08:05:00\n"
        + "2014-01-02T08:04:00,q,anna,2014-01-02T08:05:00,,,2014-01-02T08:06:00\n"  # anna was with the one before
        + "2014-01-02T08:06:00,q,anna,2014-01-02T08:06:30,,,2014-01-02T08:07:00\n"  # free since this very second
        + "2014-01-02T08:08:00,q,,,,,2014-01-02T08:09:00\n"  # free
        + "2014-01-02T08:08:10,other,,,,,2014-01-02T08:09:00\n"  # not her queue
        + "2014-01-02T08:09:00,q,anna,2014-01-02T08:09:20,,,2014-01-02T08:10:00\n"  # did not wait over 20 s
        + "2014-01-02T08:10:00,q,,,,,2014-01-02T08:11:00\n"  # she goes in this second, after whatever arrives
    )
    assert share_beside_idle_agents(log.calls, infer_staff(log.calls)) == 3 / 5
    assert share_beside_idle_agents(log.calls[:1], infer_staff(log.calls[:1])) is None
