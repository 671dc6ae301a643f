"""The report names whatever is wrong; a demo that finds something says so and fails."""

from typing import Any

import pytest

from acd.v1.admin_service_pb2 import ClosedCount, GetStatusResponse, StateCounts
from acd_core.enums import EndCause, EventType
from acd_core.events import Event
from acd_service.demo.centre import policy
from acd_service.demo.day import draw_day
from acd_service.demo.ledger import Ledger
from acd_service.demo.report import Report, report_of

DAY = draw_day(1, 0.01)


def ledger(*event_seqs: int) -> Ledger:
    """One contact that came and was cancelled, told by events with these numbers."""
    first, second = event_seqs
    seen = Ledger(policy())
    seen.apply(Event(EventType.CONTACT_ENQUEUED, first, 1, 1, contact_id="c", queue_id="sales", channel_id="voice"))
    seen.apply(
        Event(EventType.CONTACT_CLOSED, second, 2, 2, contact_id="c", queue_id="sales", cause=EndCause.CANCELLED)
    )
    return seen


def status(**differences: Any) -> GetStatusResponse:
    closed = [ClosedCount(cause=EndCause.CANCELLED.value, count=1)]
    fields = {"event_seq": 2, "seq": 2, "counts": StateCounts(opened=1, closed=closed)} | differences
    return GetStatusResponse(**fields)


def report(seen: Ledger, told: GetStatusResponse, violation: str = "") -> Report:
    return report_of(DAY, seen, told, violation=violation, next_event_seq=3, rpc_calls=2, wall_s=1.0)


def test_nothing_is_wrong() -> None:
    good = report(ledger(1, 2), status())
    assert good.problems == ()
    assert good.figures["cancelled"] == 1
    assert good.figures["agrees_with_service"] is True
    assert good.figures["invariant_violations"] == 0


@pytest.mark.parametrize(
    ("bad", "problem", "violations"),
    [
        (report(ledger(1, 3), status()), "gap", 0),
        (report(ledger(1, 2), status(), "nobody overtaken"), "nobody overtaken", 1),
        (report(ledger(1, 2), status(invariant_violations={"life": 3})), "3 violations of life", 3),
        (report(ledger(1, 2), status(event_seq=3)), "3 events", 0),
        (report(ledger(1, 2), status(counts=StateCounts(opened=1, waiting=1))), "1 live", 0),
    ],
    ids=["gap", "checker", "service", "events", "counts"],
)
def test_what_is_wrong_is_named(bad: Report, problem: str, violations: int) -> None:
    assert any(problem in said for said in bad.problems)
    assert bad.figures["problems"] == list(bad.problems)
    assert bad.figures["invariant_violations"] == violations
