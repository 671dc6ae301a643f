"""The monitor of invariants: silent about what the engine does, and loud about what no contact's life allows."""

import pytest

from acd_core.enums import ContactState, EventType
from acd_core.events import Event
from acd_service import codec
from acd_service.codec.chunks import event_chunk
from acd_service.invariants import InvariantMonitor
from acd_service.released import Released

SILENT = {"numbering": 0, "time": 0, "life": 0, "conservation": 0}
LIFE = (
    EventType.CONTACT_ENQUEUED, EventType.OFFER_MADE, EventType.OFFER_ENDED, EventType.OFFER_MADE,
    EventType.OFFER_MADE, EventType.OFFER_ACCEPTED, EventType.OFFER_ENDED, EventType.CONTACT_COMPLETED,
    EventType.CONTACT_CLOSED,
)  # fmt: skip
"""Offered, missed, offered to two agents of whom one accepts, then ended."""


def stream(kinds, *, contact_id="c", start=1):
    return [Event(kind, number, number, number, contact_id=contact_id) for number, kind in enumerate(kinds, start)]


def one_by_one(events):
    return [Released(event, codec.encode_event(event)) for event in events]


def in_one_piece(events):
    content = event_chunk([codec.encode_event(event) for event in events])
    return [Released.of_chunk(content, events[0].event_seq, events[-1].event_seq)]


@pytest.mark.parametrize("released", [one_by_one, in_one_piece])
class TestLife:
    def test_a_life_as_it_should_be_is_silent(self, released):
        monitor = InvariantMonitor(0)
        monitor.observe(released(stream(LIFE)))
        monitor.observe(released(stream(LIFE, start=len(LIFE) + 1)))
        assert monitor.figures() == SILENT
        assert monitor.event_seq == 2 * len(LIFE)

    @pytest.mark.parametrize(
        "kinds",
        [
            (*LIFE, EventType.CONTACT_CLOSED),
            (EventType.CONTACT_ENQUEUED, EventType.CONTACT_ENQUEUED),
            (EventType.CONTACT_ENQUEUED, EventType.CONTACT_ASSIGNED, EventType.CONTACT_ASSIGNED),
            (EventType.CONTACT_ENQUEUED, EventType.CONTACT_ASSIGNED, EventType.CONTACT_CLOSED),
            (EventType.CONTACT_ENQUEUED, EventType.OFFER_ENDED),
            (EventType.CONTACT_ENQUEUED, EventType.CALLBACK_DUE),
            (EventType.CONTACT_ENQUEUED, EventType.CONTACT_COMPLETED),
            (EventType.OFFER_MADE,),
        ],
        ids=lambda kinds: "_".join(kind.name.lower() for kind in kinds[-2:]),
    )
    def test_what_a_contact_cannot_live_through_is_counted(self, released, kinds):
        monitor = InvariantMonitor(0)
        monitor.observe(released(stream(kinds)))
        assert monitor.figures() == SILENT | {"life": 1}

    def test_who_lived_before_is_known(self, released):
        offered = (EventType.OFFER_ENDED, EventType.OFFER_ACCEPTED)
        monitor = InvariantMonitor(7, {"ü": ContactState.OFFERED}, {"ü": 2})
        monitor.observe(released(stream(offered, contact_id="ü", start=8)))
        assert monitor.figures() == SILENT
        monitor.observe(released(stream(offered, contact_id="other", start=10)))
        assert monitor.figures()["life"] == 3, "an offer that was not there ended, and another was accepted"

    def test_contacts_do_not_mix(self, released):
        monitor = InvariantMonitor(0)
        alive = stream([EventType.CONTACT_ENQUEUED] * 500)
        many = [Event(event.type, event.event_seq, 1, 1, contact_id=f"contact-{event.seq}") for event in alive]
        monitor.observe(released(many))
        assert monitor.figures() == SILENT


def test_numbers_and_times_that_do_not_follow_are_counted():
    monitor = InvariantMonitor(0)
    kind = EventType.CONTACT_HELD
    monitor.observe(
        one_by_one([Event(kind, 1, 5, 9), Event(kind, 3, 5, 9), Event(kind, 4, 4, 9), Event(kind, 5, 5, 8)])
    )
    assert monitor.figures() == SILENT | {"numbering": 2, "time": 1}


def test_what_is_no_event_is_an_error():
    monitor = InvariantMonitor(0)
    for wrong in (b"\x12\x03abc", b"\x13", b"\x12\x7f"):
        with pytest.raises(ValueError, match="cannot be read"):
            monitor.observe([Released.of_chunk(wrong, 1, 1)])


def test_contacts_with_ids_of_the_usual_kind_are_told_apart():
    ids = [f"c{number}" for number in range(17_000)]
    events = [
        Event(EventType.CONTACT_ENQUEUED, number, number, number, contact_id=contact_id)
        for number, contact_id in enumerate(ids, 1)
    ]
    monitor = InvariantMonitor(0)
    monitor.observe(one_by_one(events))
    assert monitor.figures() == SILENT
