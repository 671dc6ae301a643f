"""Counted in memory and stored now and then: what is lost on the way is counted again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from acd_core.enums import EventType
from acd_core.events import Event
from acd_service import codec
from acd_service.figures import kept as room
from acd_service.figures.counts import QueueKey
from acd_service.figures.kept import KeptFigures, UnsoundCounts
from acd_service.journal import EventRecord, Extent
from acd_service.released import Released


class Events:
    """In place of a journal: arrivals only."""

    def __init__(self, count: int) -> None:
        self.released = []
        for number in range(1, count + 1):
            event = Event(
                EventType.CONTACT_ENQUEUED, number, number, number, contact_id=f"c{number}", queue_id="sales",
                channel_id="voice",
            )  # fmt: skip
            self.released.append(Released(event, codec.encode_event(event)))

    def extent(self, _tenant: str) -> Extent:
        return Extent(1, len(self.released), 0, 1, len(self.released))

    def read_events(self, tenant: str, from_event_seq: int, **_bounds: int) -> Sequence[EventRecord]:
        return [EventRecord(tenant, from_event_seq, 0, self.released[from_event_seq - 1].content)]

    def read_policies(self, _tenant: str, **_bounds: int) -> Sequence[Any]:
        return ()


@pytest.fixture
def events() -> Events:
    return Events(30)


def opened(path: Path, events: Events) -> KeptFigures:
    return KeptFigures.open(path / "figures.sqlite", "t", events)


def waiting(kept: KeptFigures) -> int:
    (row,) = kept.store.counts(QueueKey("sales", "voice"), 0, 900 * 10**9, 900 * 10**9)
    return row.counts.waiting


def test_what_could_not_be_stored_is_counted_again(
    tmp_path: Path, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path, events)
    kept.count(events.released[:10])
    assert (kept.stored_event_seq, waiting(kept)) == (10, 10)
    kept.count(events.released[10:20])
    monkeypatch.setattr(kept.store, "_delete", lambda *_: pytest.fail("the disk is full", pytrace=False))
    with pytest.raises(pytest.fail.Exception):
        kept.save()
    with pytest.raises(UnsoundCounts):
        kept.count(events.released[20:])
    monkeypatch.undo()
    kept.close()
    kept = opened(tmp_path, events)
    assert (kept.counter.event_seq, waiting(kept)) == (10, 10), "half of it was stored"
    kept.count(events.released[20:])
    assert kept.counter.event_seq == 10, "events between were passed over"
    kept.count(events.released[5:])
    kept.close()
    kept = opened(tmp_path, events)
    assert (kept.stored_event_seq, waiting(kept)) == (30, 30)
    kept.close()


def test_storing_rests_and_closing_does_not(tmp_path: Path, events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 10**18
    monkeypatch.setattr(room, "stopwatch_ns", lambda: now_ns)
    kept = opened(tmp_path, events)
    kept.count(events.released[:10])
    kept.count(events.released[10:20])
    assert kept.stored_event_seq == 10
    now_ns += 1_000_000_000
    kept.count(events.released[20:25])
    assert kept.stored_event_seq == 25
    kept.count(events.released[25:])
    kept.close()
    assert waiting(opened(tmp_path, events)) == 30
