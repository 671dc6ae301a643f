"""The checks behind the criteria: gaps in a stream, contacts that nobody tells of, runs that saw too little."""

from typing import Any

import pytest

from acd.v1.contact_pb2 import END_CAUSE_HANDLED, END_CAUSE_LOST
from acd.v1.event_pb2 import ContactClosed, ContactEnqueued, Event
from acd.v1.event_service_pb2 import SubscribeResponse
from load.gapless import Gapless, MissedEvents
from load.ledger import Ledger
from load.verdict import CALLS_THAT_MUST_OCCUR, reasons_to_fail


def enqueued(contact_id: str, seq: int) -> Event:
    return Event(seq=seq, contact_enqueued=ContactEnqueued(contact_id=contact_id))


def closed(contact_id: str, cause: Any = END_CAUSE_HANDLED) -> Event:
    return Event(contact_closed=ContactClosed(contact_id=contact_id, cause=cause))


def message(next_event_seq: int, *seqs: int) -> SubscribeResponse:
    return SubscribeResponse(next_event_seq=next_event_seq, events=[Event(event_seq=seq) for seq in seqs])


def problems_of(messages: list[SubscribeResponse]) -> list[str]:
    reader, problems = Gapless(1), []
    for one in messages:
        try:
            reader.take(one)
        except MissedEvents as missed:
            problems.append(str(missed))
    assert reader.next_event_seq == messages[-1].next_event_seq
    return problems


@pytest.mark.parametrize(
    ("messages", "problems"),
    [
        ([message(3, 1, 2), message(3), message(5, 3, 4)], []),
        ([message(3, 1, 2), message(6, 4, 5)], ["skipped"]),
        ([message(4, 1, 3)], ["skipped"]),
        ([message(3, 1, 2), message(4, 2, 3), message(5, 4)], ["repeated"]),
        ([message(4, 1, 2)], ["the resume point does not follow the last event"]),
    ],
)
def test_a_gap_is_seen_wherever_it_is_and_told_once(messages: list[SubscribeResponse], problems: list[str]) -> None:
    assert problems_of(messages) == problems


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_contact_is_settled_when_answer_and_events_agree(answer_first: bool) -> None:
    ledger = Ledger("our-")
    if answer_first:
        ledger.acknowledge("our-1", 7)
    ledger.take([enqueued("our-1", 7), enqueued("theirs-1", 8)])
    if not answer_first:
        ledger.acknowledge("our-1", 7)
    assert (ledger.lost(), ledger.live(), ledger.settled) == ([], ["our-1"], 0)
    ledger.take([closed("our-1"), closed("theirs-1")])
    assert (ledger.live(), ledger.settled, ledger.disagreements) == ([], 1, 0)


def test_what_was_acknowledged_and_never_came_is_lost() -> None:
    ledger = Ledger("our-")
    ledger.acknowledge("our-1", 7)
    ledger.acknowledge("our-2", 8)
    ledger.take([enqueued("our-2", 8), closed("our-2")])
    assert (ledger.acknowledged, ledger.lost()) == (2, ["our-1"])


@pytest.mark.parametrize(
    "events",
    [
        [enqueued("our-1", 6)],
        [enqueued("our-1", 7), enqueued("our-1", 9), closed("our-1")],
        [closed("our-1"), enqueued("our-1", 7)],
    ],
)
def test_contacts_that_disagree_with_the_answer_are_counted(events: list[Event]) -> None:
    ledger = Ledger("our-")
    ledger.take(events)
    ledger.acknowledge("our-1", 7)
    assert ledger.disagreements == 1


def test_a_caller_whose_stream_came_back_must_not_end_as_lost() -> None:
    ledger = Ledger("our-")
    ledger.take([enqueued("our-1", 7), closed("our-1", END_CAUSE_LOST)])
    assert ledger.lost_callers == 1


def summary(**changes: Any) -> dict[str, Any]:
    by_name = {name: {"requests": 5, "failures": 0} for name in CALLS_THAT_MUST_OCCUR}
    return {"failures": 0, "errors": [], "exceptions": [], "by_name": by_name} | changes


def test_a_run_without_fault_passes() -> None:
    assert reasons_to_fail(summary()) == []


@pytest.mark.parametrize("name", CALLS_THAT_MUST_OCCUR)
def test_a_run_that_saw_too_little_fails(name: str) -> None:
    short = summary()
    short["by_name"][name] = {"requests": 2, "failures": 2}
    assert reasons_to_fail(short) == [f"{name}: never went well"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (summary(failures=3, errors=[{"name": "X", "error": "UNAVAILABLE", "times": 3}]), "X: UNAVAILABLE (3 times)"),
        (summary(failures=3), "3 calls failed"),
        (summary(exceptions=[{"error": "KeyError", "times": 1}]), "a user failed: KeyError (1 times)"),
    ],
)
def test_each_kind_of_fault_is_a_reason(found: dict[str, Any], reason: str) -> None:
    assert reasons_to_fail(found) == [reason]


def test_a_damaged_journal_is_a_reason() -> None:
    assert reasons_to_fail(summary(), "event 7 is missing") == ["the journal: event 7 is missing"]
