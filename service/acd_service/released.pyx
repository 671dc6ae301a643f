# cython: language_level=3
"""Events that are durable, as the bytes that the journal holds of them: an object for a run of them, not for each.

Nobody looks at most of them one by one. Who does has them decoded then.
"""

import cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc

from acd_core.events cimport Event
from acd_service.codec.event_facts cimport Facts, take_facts
from acd_service.codec.wire_fields cimport Span, take_span

from acd_service.codec.records import decode_event

@cython.final
@cython.no_gc
cdef class Released:
    """Durable events of one tenant that follow each other: one event, or the run of them that a batch caused.

    Attributes:
        event_seq: of the first.
        asked_by: the name of the identity whose call caused them; empty if the service itself did.
    """

    def __init__(self, Event event not None, bytes content not None, str asked_by not None=""):
        """One event, and the bytes that the journal holds of it and that subscribers are sent."""
        self.only = event
        self.event_seq = event.data.event_seq
        self.asked_by = asked_by
        self.chunk = content
        self.count = 1
        self.is_framed = False

    @classmethod
    def of_chunk(cls, bytes chunk not None, int64_t first_event_seq, int64_t last_event_seq,
                 str asked_by not None="", /):
        """The events of an `acd.v1.EventChunk`, which has these numbers.

        Raises:
            ValueError: there is no event.
        """
        cdef Released run = Released.__new__(Released)
        if last_event_seq < first_event_seq or not chunk:
            raise ValueError("there is no event")
        run.event_seq = first_event_seq
        run.asked_by = asked_by
        run.chunk = chunk
        run.count = last_event_seq - first_event_seq + 1
        run.is_framed = True
        return run

    def __dealloc__(self):
        free(self.spans)

    def __len__(self):
        """How many events."""
        return self.count

    @property
    def size_bytes(self):
        """How much room the bytes take."""
        return len(self.chunk)

    @property
    def event(self):
        """The event, where there is one only.

        Raises:
            ValueError: there are several.
        """
        if self.count != 1:
            raise ValueError(f"there are {self.count} events, not one")
        return self._event(0)

    @property
    def content(self):
        """The bytes of the event, where there is one only.

        Raises:
            ValueError: there are several.
        """
        if self.count != 1:
            raise ValueError(f"there are {self.count} events, not one")
        return self.contents(self.event_seq, 1)[0]

    def events(self, int64_t from_event_seq, Py_ssize_t events_max):
        """At most so many events, from one of these on."""
        cdef Py_ssize_t start = self._place(from_event_seq)
        return [self._event(place) for place in range(start, min(start + events_max, self.count))]

    def contents(self, int64_t from_event_seq, Py_ssize_t events_max):
        """The bytes of at most so many events, from one of these on."""
        cdef Py_ssize_t start = self._place(from_event_seq)
        cdef Py_ssize_t place
        cdef Span span
        cdef list found = []
        if not self.is_framed:
            return [self.chunk]
        for place in range(start, min(start + events_max, self.count)):
            span = self.span(place)
            found.append(PyBytes_FromStringAndSize(<const char*>span.at, span.size))
        return found

    def concerning(self, dict agents not None, dict contacts not None, dict held not None):
        """Those events, one by one, whose agent or contact is a key of one of these, which are looked at anew for
        each: what is done about one event may change them.

        Raises:
            ValueError: an event cannot be read.
        """
        cdef Py_ssize_t place
        cdef Facts facts
        cdef Span span
        for place in range(self.count):
            if self.only is not None:
                agent_id, contact_id = self.only.agent_id, self.only.contact_id
            else:
                span = self.span(place)
                if not take_facts(span.at, span.size, &facts):
                    raise ValueError(f"event {self.event_seq + place} cannot be read")
                agent_id = _text_of(facts.agent_id) if agents else None
                contact_id = _text_of(facts.contact_id) if contacts or held else None
            if agent_id in agents or contact_id in contacts or contact_id in held:
                yield self._one(place)

    def __eq__(self, other):
        if not isinstance(other, Released):
            return NotImplemented
        return self._as_tuple() == (<Released>other)._as_tuple()

    __hash__ = None

    def __repr__(self):
        return f"Released{self._as_tuple()!r}"

    def _as_tuple(self):
        return self.event_seq, self.contents(self.event_seq, self.count), self.asked_by

    def _one(self, Py_ssize_t place):
        cdef Span span
        if self.count == 1 and not self.is_framed:
            return self
        span = self.span(place)
        return Released(self._event(place), PyBytes_FromStringAndSize(<const char*>span.at, span.size), self.asked_by)

    def _place(self, int64_t event_seq):
        if not self.event_seq <= event_seq < self.event_seq + self.count:
            raise IndexError(event_seq)
        return event_seq - self.event_seq

    cdef Event _event(self, Py_ssize_t place):
        cdef Span span
        if self.only is not None:
            return self.only
        span = self.span(place)
        return decode_event(PyBytes_FromStringAndSize(<const char*>span.at, span.size))

    cdef Span span(self, Py_ssize_t place) except *:
        """Where the bytes of an event are.

        Raises:
            ValueError: the chunk is none, or has not so many events as it should.
        """
        cdef Span whole
        if not self.is_framed:
            whole.at = <const uint8_t*>PyBytes_AS_STRING(self.chunk)
            whole.size = len(self.chunk)
            return whole
        if self.spans == NULL:
            self._find_spans()
        return self.spans[place]

    cdef int _find_spans(self) except -1:
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(self.chunk)
        cdef const uint8_t* end = at + len(self.chunk)
        cdef Py_ssize_t place = 0
        cdef Span* spans = <Span*>malloc(<size_t>self.count * sizeof(Span))
        if spans == NULL:
            raise MemoryError
        while at < end and place < self.count and at[0] == TAG_OF_EVENTS:
            at = take_span(at + 1, end, &spans[place])
            if at == NULL:
                break
            place += 1
        if at != end or place != self.count:
            free(spans)
            raise ValueError(f"the events from {self.event_seq} on are not {self.count}")
        self.spans = spans
        return 0


cdef str _text_of(Span span):
    return PyUnicode_DecodeUTF8(<const char*>span.at, span.size, NULL) if span.size else ""
