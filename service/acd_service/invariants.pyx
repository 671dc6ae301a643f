# cython: language_level=3
"""Figures that must stay zero, counted from the events as they are released (routing model, section 16).

This is the part of the invariants that costs next to nothing for each event: numbering, time, and what one contact's
life allows. The whole of section 16 is checked in tests.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t

from acd_core.types cimport *
from acd_service.codec.event_facts cimport Facts, take_facts
from acd_service.codec.wire_fields cimport Span
from acd_service.released cimport Released


cdef class InvariantMonitor:
    """Start it with the contacts that live when the service starts, and their live offers.

    Attributes:
        event_seq: the last event seen.
        states: the state of each live contact.
        offers: how many live offers, where there are any; a contact that is offered to several agents has several.
        numbering: events whose event_seq is not the one after the last, or whose seq went back.
        time: events earlier than the one before.
        life: events that a contact's state does not allow (offered twice, active twice, ended twice).
        conservation: looks at which segments opened were not waiting, held or closed.
    """

    cdef readonly int64_t event_seq
    cdef readonly dict states
    cdef readonly dict offers
    cdef readonly int64_t numbering
    cdef readonly int64_t time
    cdef readonly int64_t life
    cdef readonly int64_t conservation
    cdef int64_t seq
    cdef int64_t at_ns

    def __init__(self, int64_t event_seq, dict states=None, dict offers=None):
        self.event_seq = event_seq
        self.states = states if states is not None else {}
        self.offers = offers if offers is not None else {}

    @classmethod
    def of(cls, engine):
        """A monitor of an engine as it stands."""
        return cls(engine.event_seq, *engine.contact_states())

    def observe(self, released):
        """Look at events (`Released`), in order, as they are released.

        Raises:
            ValueError: an event cannot be read.
        """
        cdef Released run
        cdef Py_ssize_t place
        cdef Span span
        cdef Facts event
        for run in released:
            for place in range(run.count):
                span = run.span(place)
                if not take_facts(span.at, span.size, &event):
                    raise ValueError(f"event {run.event_seq + place} cannot be read")
                if event.event_seq != self.event_seq + 1 or event.seq < self.seq:
                    self.numbering += 1
                if event.at_ns < self.at_ns:
                    self.time += 1
                self.event_seq = event.event_seq
                self.seq = event.seq
                self.at_ns = event.at_ns
                self._live(&event)

    cdef int _live(self, const Facts* event) except -1:
        """What the event does to its contact: the states it may come from, and the state after it."""
        cdef int type = event.type
        cdef str contact_id
        if not _is_of_life(type):
            return 0
        contact_id = PyUnicode_DecodeUTF8(<const char*>event.contact_id.at, event.contact_id.size, NULL)
        cdef int state
        if type == EVENT_CONTACT_ENQUEUED or type == EVENT_SEGMENT_OPENED:
            if contact_id in self.states:
                self.life += 1
            self.states[contact_id] = STATE_WAITING
            return 0
        if type == EVENT_OFFER_ENDED:
            self._drop_offer(contact_id)
            # The other offers of a contact that was offered to several agents end when one of them has it.
            if self.states.get(contact_id) == STATE_OFFERED and contact_id not in self.offers:
                self.states[contact_id] = STATE_WAITING
            return 0
        if type == EVENT_OFFER_MADE:
            self.offers[contact_id] = self.offers.get(contact_id, 0) + 1
        elif type == EVENT_OFFER_ACCEPTED:
            self._drop_offer(contact_id)
        state = self.states.get(contact_id, 0)
        if type == EVENT_OFFER_MADE:
            self._go(contact_id, state == STATE_WAITING or state == STATE_OFFERED, STATE_OFFERED)
        elif type == EVENT_OFFER_ACCEPTED:
            self._go(contact_id, state == STATE_OFFERED, STATE_ACTIVE)
        elif type == EVENT_CONTACT_ASSIGNED:
            self._go(contact_id, state == STATE_WAITING or state == STATE_OFFERED, STATE_ACTIVE)
        elif type == EVENT_CONTACT_SCHEDULED:
            self._go(contact_id, state == STATE_WAITING or state == STATE_SCHEDULED, STATE_SCHEDULED)
        elif type == EVENT_CALLBACK_DUE:
            self._go(contact_id, state == STATE_SCHEDULED, STATE_WAITING)
        elif type == EVENT_CONTACT_COMPLETED:
            self._go(contact_id, state == STATE_ACTIVE, STATE_WRAP_UP)
        else:
            if state != STATE_WAITING and state != STATE_WRAP_UP and state != STATE_SCHEDULED:
                self.life += 1
            self.states.pop(contact_id, None)
        return 0

    cdef int _go(self, str contact_id, bint allowed, int state) except -1:
        if not allowed:
            self.life += 1
        self.states[contact_id] = state
        return 0

    cdef int _drop_offer(self, str contact_id) except -1:
        cdef int live = self.offers.pop(contact_id, 0)
        if live == 0:
            self.life += 1
        elif live > 1:
            self.offers[contact_id] = live - 1
        return 0

    def look_at(self, counts):
        """Check that every segment opened is somewhere."""
        alive = counts.waiting + counts.offered + counts.active + counts.wrap_up + counts.scheduled
        somewhere = alive + sum(counts.closed)
        if somewhere != counts.opened:
            self.conservation += 1

    def figures(self):
        """The counts by name; all should be 0."""
        return {
            "numbering": self.numbering,
            "time": self.time,
            "life": self.life,
            "conservation": self.conservation,
        }


cdef inline bint _is_of_life(int type) noexcept nogil:
    """Whether such an event takes a contact from one state to another."""
    return EVENT_OFFER_MADE <= type <= EVENT_OFFER_ENDED or type == EVENT_CONTACT_ENQUEUED \
        or type == EVENT_SEGMENT_OPENED or type == EVENT_CONTACT_COMPLETED or type == EVENT_CONTACT_CLOSED \
        or type == EVENT_CONTACT_SCHEDULED or type == EVENT_CALLBACK_DUE
