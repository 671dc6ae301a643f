"""Figures that must stay zero, counted from the events as they are released (routing model, section 16).

This is the part of the invariants that costs next to nothing for each event: numbering, time, and what one contact's
life allows. The whole of section 16 is checked in tests.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from acd_core.enums import ContactState, EventType
from acd_core.events import Event
from acd_core.views import Counts
from acd_service.engine_interface import RoutingEngine

_WAITING: Final = int(ContactState.WAITING)
_OFFERED: Final = int(ContactState.OFFERED)
_ACTIVE: Final = int(ContactState.ACTIVE)
_WRAP_UP: Final = int(ContactState.WRAP_UP)
_SCHEDULED: Final = int(ContactState.SCHEDULED)

# What an event does to its contact: the states it may come from, and the state after it (0: gone).
_STEPS: Final[dict[int, tuple[tuple[int, ...], int]]] = {
    int(EventType.OFFER_MADE): ((_WAITING, _OFFERED), _OFFERED),
    int(EventType.OFFER_ACCEPTED): ((_OFFERED,), _ACTIVE),
    int(EventType.CONTACT_ASSIGNED): ((_WAITING, _OFFERED), _ACTIVE),
    int(EventType.CONTACT_SCHEDULED): ((_WAITING, _SCHEDULED), _SCHEDULED),
    int(EventType.CALLBACK_DUE): ((_SCHEDULED,), _WAITING),
    int(EventType.CONTACT_COMPLETED): ((_ACTIVE,), _WRAP_UP),
    int(EventType.CONTACT_CLOSED): ((_WAITING, _WRAP_UP, _SCHEDULED), 0),
}
_BEGINNINGS: Final = (int(EventType.CONTACT_ENQUEUED), int(EventType.SEGMENT_OPENED))
_OFFER_MADE: Final = int(EventType.OFFER_MADE)
_OFFER_ACCEPTED: Final = int(EventType.OFFER_ACCEPTED)
_OFFER_ENDED: Final = int(EventType.OFFER_ENDED)


@dataclass(slots=True)
class InvariantMonitor:
    """Start it with the contacts that live when the service starts, and their live offers.

    Attributes:
        numbering: events whose event_seq is not the one after the last, or whose seq went back.
        time: events earlier than the one before.
        life: events that a contact's state does not allow (offered twice, active twice, ended twice).
        conservation: looks at which segments opened were not waiting, held or closed.
    """

    event_seq: int
    states: dict[str, int] = field(default_factory=dict)
    offers: dict[str, int] = field(default_factory=dict)
    """How many live offers, where there are any; a contact that is offered to several agents has several."""
    seq: int = 0
    at_ns: int = 0
    numbering: int = 0
    time: int = 0
    life: int = 0
    conservation: int = 0

    @classmethod
    def of(cls, engine: RoutingEngine) -> "InvariantMonitor":
        """A monitor of an engine as it stands."""
        states = {contact.contact_id: contact.state for contact in engine.contacts()}
        held = Counter(contact_id for agent in engine.agents() for contact_id in agent.contact_ids)
        offers = {contact_id: held[contact_id] for contact_id, state in states.items() if state == _OFFERED}
        return cls(engine.event_seq, states, offers)

    def observe(self, events: Iterable[Event]) -> None:
        states = self.states
        for event in events:
            if event.event_seq != self.event_seq + 1 or event.seq < self.seq:
                self.numbering += 1
            if event.at_ns < self.at_ns:
                self.time += 1
            self.event_seq, self.seq, self.at_ns = event.event_seq, event.seq, event.at_ns
            kind = event.type
            if kind in _BEGINNINGS:
                if event.contact_id in states:
                    self.life += 1
                states[event.contact_id] = _WAITING
            elif kind == _OFFER_ENDED:
                self._offer_ended(event)
            elif kind in _STEPS:
                if kind == _OFFER_MADE:
                    self.offers[event.contact_id] = self.offers.get(event.contact_id, 0) + 1
                elif kind == _OFFER_ACCEPTED:
                    self._drop_offer(event)
                allowed, after = _STEPS[kind]
                if states.get(event.contact_id) not in allowed:
                    self.life += 1
                if after:
                    states[event.contact_id] = after
                else:
                    states.pop(event.contact_id, None)

    def _offer_ended(self, event: Event) -> None:
        self._drop_offer(event)
        # The other offers of a contact that was offered to several agents end when one of them has it.
        if self.states.get(event.contact_id) == _OFFERED and event.contact_id not in self.offers:
            self.states[event.contact_id] = _WAITING

    def _drop_offer(self, event: Event) -> None:
        live = self.offers.pop(event.contact_id, 0)
        if live == 0:
            self.life += 1
        elif live > 1:
            self.offers[event.contact_id] = live - 1

    def look_at(self, counts: Counts) -> None:
        """Check that every segment opened is somewhere."""
        alive = counts.waiting + counts.offered + counts.active + counts.wrap_up + counts.scheduled
        somewhere = alive + sum(counts.closed)
        if somewhere != counts.opened:
            self.conservation += 1

    def figures(self) -> dict[str, int]:
        return {
            "numbering": self.numbering,
            "time": self.time,
            "life": self.life,
            "conservation": self.conservation,
        }
