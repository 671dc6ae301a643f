"""Figures that must stay zero, counted from the events as they are released (routing model, section 16).

This is the part of the invariants that costs next to nothing for each event: numbering, time, and what one contact's
life allows. The whole of section 16 is checked in tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from acd_core.enums import ContactState, EventType
from acd_core.events import Event
from acd_core.views import Counts

_WAITING: Final = int(ContactState.WAITING)
_OFFERED: Final = int(ContactState.OFFERED)
_ACTIVE: Final = int(ContactState.ACTIVE)
_WRAP_UP: Final = int(ContactState.WRAP_UP)

# What an event does to its contact: the states it may come from, and the state after it (0: gone).
_STEPS: Final[dict[int, tuple[tuple[int, ...], int]]] = {
    int(EventType.OFFER_MADE): ((_WAITING,), _OFFERED),
    int(EventType.OFFER_ACCEPTED): ((_OFFERED,), _ACTIVE),
    int(EventType.CONTACT_ASSIGNED): ((_WAITING,), _ACTIVE),
    int(EventType.OFFER_ENDED): ((_OFFERED,), _WAITING),
    int(EventType.CONTACT_COMPLETED): ((_ACTIVE,), _WRAP_UP),
    int(EventType.CONTACT_CLOSED): ((_WAITING, _WRAP_UP), 0),
}
_ENQUEUED: Final = int(EventType.CONTACT_ENQUEUED)


@dataclass(slots=True)
class InvariantMonitor:
    """Start it with the contacts that live when the service starts.

    Attributes:
        numbering: events whose event_seq is not the one after the last, or whose seq went back.
        time: events earlier than the one before.
        life: events that a contact's state does not allow (offered twice, active twice, ended twice).
        conservation: looks at which segments opened were not waiting, held or closed.
    """

    event_seq: int
    states: dict[str, int] = field(default_factory=dict)
    seq: int = 0
    at_ns: int = 0
    numbering: int = 0
    time: int = 0
    life: int = 0
    conservation: int = 0

    def observe(self, events: Iterable[Event]) -> None:
        states = self.states
        for event in events:
            if event.event_seq != self.event_seq + 1 or event.seq < self.seq:
                self.numbering += 1
            if event.at_ns < self.at_ns:
                self.time += 1
            self.event_seq, self.seq, self.at_ns = event.event_seq, event.seq, event.at_ns
            kind = event.type
            if kind == _ENQUEUED:
                if event.contact_id in states:
                    self.life += 1
                states[event.contact_id] = _WAITING
            elif kind in _STEPS:
                allowed, after = _STEPS[kind]
                if states.get(event.contact_id) not in allowed:
                    self.life += 1
                if after:
                    states[event.contact_id] = after
                else:
                    states.pop(event.contact_id, None)

    def look_at(self, counts: Counts) -> None:
        """Check that every segment opened is somewhere."""
        somewhere = counts.waiting + counts.offered + counts.active + counts.wrap_up + sum(counts.closed)
        if somewhere != counts.opened:
            self.conservation += 1

    def figures(self) -> dict[str, int]:
        return {
            "numbering": self.numbering,
            "time": self.time,
            "life": self.life,
            "conservation": self.conservation,
        }
