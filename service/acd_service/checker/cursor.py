"""Reading one command's events in order, each held against what is called for at its place."""

from collections.abc import Sequence
from typing import Any

from acd_core.enums import EventType
from acd_core.events import Event
from acd_service.checker.violation import BrokenError, Invariant


class Cursor:
    """Where the checker is in the event stream."""

    def __init__(self) -> None:
        self.event_seq = 0
        self._seq = 0
        self._events: Sequence[Event] = ()
        self._index = 0

    def begin(self, seq: int, events: Sequence[Event]) -> None:
        self._seq = seq
        self._events = events
        self._index = 0

    def peek(self) -> Event | None:
        """The next event, if there is one."""
        return self._events[self._index] if self._index < len(self._events) else None

    def take(self, kind: EventType, now_ns: int, **fields: Any) -> Event:
        """Pass over the next event, which must be of this kind, at this time, with these fields."""
        event = self.peek()
        if event is None:
            raise BrokenError(Invariant.STORY, f"{_shown(kind, fields)} is called for, but no event is left")
        if event.event_seq != self.event_seq + 1 or event.seq != self._seq:
            raise BrokenError(
                Invariant.SEQUENCE,
                f"event {self.event_seq + 1} of seq {self._seq} is due, not event {event.event_seq} of {event.seq}",
            )
        if event.type != kind:
            raise BrokenError(Invariant.STORY, f"{_shown(kind, fields)} is called for, not {event!r}")
        if event.at_ns != now_ns:
            raise BrokenError(Invariant.SEQUENCE, f"the event carries the time {event.at_ns}, not {now_ns}")
        for name, value in fields.items():
            if getattr(event, name) != value:
                raise BrokenError(Invariant.STORY, f"{name} is {getattr(event, name)!r} where {value!r} is called for")
        self._index += 1
        self.event_seq += 1
        return event

    def take_end(self) -> None:
        """Make sure that no event is left."""
        event = self.peek()
        if event is not None:
            raise BrokenError(Invariant.STORY, f"nothing called for {event!r}")


def _shown(kind: EventType, fields: dict[str, Any]) -> str:
    return f"{kind.name}({', '.join(f'{name}={value!r}' for name, value in fields.items())})"
