"""Events as bytes: what is read of them without decoding them is what decoding them gives."""

import pytest
from figures.streams import events_of

from acd_core.events import Event
from acd_service import codec
from acd_service.codec.chunks import event_chunk
from acd_service.released import Released


@pytest.fixture(scope="module")
def stream() -> list[tuple[Event, bytes]]:
    return [pair for seed in (20, 21, 22) for pair in events_of(seed)]


def test_whom_events_concern_is_read_from_their_bytes(stream: list[tuple[Event, bytes]]) -> None:
    assert len({event.type for event, _ in stream}) > 20
    run = Released.of_chunk(event_chunk([content for _, content in stream]), 1, len(stream), "pbx")
    for name in {event.agent_id for event, _ in stream} - {""}:
        found = list(run.concerning({name: None}, {}, {}))
        assert [each.content for each in found] == [content for event, content in stream if event.agent_id == name]
    for name in sorted({event.contact_id for event, _ in stream} - {""})[:50]:
        expected = [event for event, _ in stream if event.contact_id == name]
        assert [each.event for each in run.concerning({}, {name: None}, {})] == expected
        assert [each.event for each in run.concerning({}, {}, {name: None})] == expected
    everybody = dict.fromkeys(event.contact_id for event, _ in stream)
    assert {each.asked_by for each in run.concerning({}, {}, everybody)} == {"pbx"}


def test_what_is_done_about_an_event_is_heeded_at_the_next(stream: list[tuple[Event, bytes]]) -> None:
    run = Released.of_chunk(event_chunk([content for _, content in stream]), 1, len(stream))
    contacts = dict.fromkeys(event.contact_id for event, _ in stream if event.contact_id)
    first = next(each := run.concerning({}, contacts, {}))
    contacts.clear()
    assert first.event.contact_id
    assert not list(each)


def test_a_run_is_read_from_any_event_on(stream: list[tuple[Event, bytes]]) -> None:
    some = stream[:40]
    run = Released.of_chunk(event_chunk([content for _, content in some]), 101, 140)
    assert (len(run), run.event_seq) == (40, 101)
    assert run.contents(110, 5) == [content for _, content in some[9:14]]
    assert run.events(138, 99) == [event for event, _ in some[37:]]
    with pytest.raises(IndexError):
        run.contents(141, 1)
    with pytest.raises(ValueError, match="40 events"):
        _ = run.event


def test_a_run_that_is_not_what_it_should_be_is_refused() -> None:
    chunk = event_chunk([codec.encode_event(Event(23, number, number, number)) for number in (1, 2)])
    assert len(Released.of_chunk(chunk, 1, 2).contents(1, 9)) == 2
    for wrong, last in ((chunk, 1), (chunk, 3), (chunk[:-1], 2), (b"\x0a" + chunk[1:], 2)):
        with pytest.raises(ValueError, match="the events from 1 on are not"):
            Released.of_chunk(wrong, 1, last).contents(1, 9)
    with pytest.raises(ValueError, match="no event"):
        Released.of_chunk(b"", 1, 1)
