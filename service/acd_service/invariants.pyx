# cython: language_level=3
"""Figures that must stay zero, counted from the events as they are released (routing model, section 16).

This is the part of the invariants that costs next to nothing for each event: numbering, time, and what one contact's
life allows. The whole of section 16 is checked in tests.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libcpp.unordered_map cimport unordered_map

from acd_core.tables cimport acd_text_key
from acd_core.types cimport *
from acd_service.codec.event_facts cimport Heading, contact_in, take_heading
from acd_service.codec.wire_fields cimport Span, take_span
from acd_service.released cimport TAG_OF_EVENTS, Released

cdef uint64_t _SECRET = <uint64_t>hash("secret of the keys of contacts") | 1
cdef uint64_t _OTHER_SECRET = <uint64_t>hash("other secret of the keys of contacts") | 1


cdef struct Standing:
    # A live contact: 0 where its state is not known.
    int32_t state
    int32_t offers  # that live; of one that is offered to several agents there are several


cdef class InvariantMonitor:
    """Start it with the contacts that live when the service starts, and their live offers.

    A contact is known by 64 bits that a secret of the process makes of its id, so that this costs little room: beside a
    million that live, one new contact in 18 million millions would be taken for another and be counted in `life`.

    Attributes:
        event_seq: the last event seen.
        numbering: events whose event_seq is not the one after the last, or whose seq went back.
        time: events earlier than the one before.
        life: events that a contact's state does not allow (offered twice, active twice, ended twice).
        conservation: looks at which segments opened were not waiting, held or closed.
    """

    cdef readonly int64_t event_seq
    cdef readonly int64_t numbering
    cdef readonly int64_t time
    cdef readonly int64_t life
    cdef readonly int64_t conservation
    cdef int64_t seq
    cdef int64_t at_ns
    cdef unordered_map[uint64_t, Standing] standings

    def __init__(self, int64_t event_seq, dict states=None, dict offers=None):
        cdef Standing standing
        self.event_seq = event_seq
        offers = offers or {}
        for contact_id, state in (states or {}).items():
            standing.state = state
            standing.offers = offers.get(contact_id, 0)
            self.standings[_key(_span_of(contact_id))] = standing

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
        cdef const uint8_t* at
        cdef const uint8_t* end
        cdef Span span
        for run in released:
            at = <const uint8_t*>PyBytes_AS_STRING(run.chunk)
            end = at + len(run.chunk)
            if not run.is_framed:
                span.at, span.size = at, end - at
                self._look_at_one(span)
                continue
            while at != end:
                at = take_span(at + 1, end, &span) if at[0] == TAG_OF_EVENTS else NULL
                if at == NULL:
                    raise ValueError(f"what stands behind event {self.event_seq} cannot be read")
                self._look_at_one(span)

    cdef int _look_at_one(self, Span span) except -1:
        cdef Heading event
        if not take_heading(span.at, span.size, &event):
            raise ValueError(f"event {self.event_seq + 1} cannot be read")
        if event.event_seq != self.event_seq + 1 or event.seq < self.seq:
            self.numbering += 1
        if event.at_ns < self.at_ns:
            self.time += 1
        self.event_seq = event.event_seq
        self.seq = event.seq
        self.at_ns = event.at_ns
        if _is_of_life(event.type):
            self._live(event.type, _key(contact_in(event.detail)))
        return 0

    cdef int _live(self, int type, uint64_t key) except -1:
        """What the event does to its contact: the states it may come from, and the state after it."""
        cdef Standing* standing = &self.standings[key]
        cdef int state = standing.state
        if type == EVENT_CONTACT_ENQUEUED or type == EVENT_SEGMENT_OPENED:
            self._go(standing, state == 0, STATE_WAITING)
        elif type == EVENT_OFFER_MADE:
            standing.offers += 1
            self._go(standing, state == STATE_WAITING or state == STATE_OFFERED, STATE_OFFERED)
        elif type == EVENT_OFFER_ENDED:
            self._drop_offer(standing)
            # The other offers of a contact that was offered to several agents end when one of them has it.
            if state == STATE_OFFERED and not standing.offers:
                standing.state = STATE_WAITING
        elif type == EVENT_OFFER_ACCEPTED:
            self._drop_offer(standing)
            self._go(standing, state == STATE_OFFERED, STATE_ACTIVE)
        elif type == EVENT_CONTACT_ASSIGNED:
            self._go(standing, state == STATE_WAITING or state == STATE_OFFERED, STATE_ACTIVE)
        elif type == EVENT_CONTACT_SCHEDULED:
            self._go(standing, state == STATE_WAITING or state == STATE_SCHEDULED, STATE_SCHEDULED)
        elif type == EVENT_CALLBACK_DUE:
            self._go(standing, state == STATE_SCHEDULED, STATE_WAITING)
        elif type == EVENT_CONTACT_COMPLETED:
            self._go(standing, state == STATE_ACTIVE, STATE_WRAP_UP)
        else:
            self._go(standing, state == STATE_WAITING or state == STATE_WRAP_UP or state == STATE_SCHEDULED, 0)
        if not standing.state and not standing.offers:
            self.standings.erase(key)
        return 0

    cdef inline void _go(self, Standing* standing, bint allowed, int state) noexcept:
        self.life += not allowed
        standing.state = state

    cdef inline void _drop_offer(self, Standing* standing) noexcept:
        if standing.offers:
            standing.offers -= 1
        else:
            self.life += 1

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


cdef inline uint64_t _key(Span contact_id) noexcept nogil:
    return acd_text_key(<const char*>contact_id.at, contact_id.size, _SECRET, _OTHER_SECRET)


cdef Span _span_of(str text):
    """The bytes of a text, for as long as it lives."""
    cdef Span span
    cdef Py_ssize_t size
    span.at = <const uint8_t*>PyUnicode_AsUTF8AndSize(text, &size)
    span.size = size
    return span
