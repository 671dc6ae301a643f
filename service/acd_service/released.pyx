# cython: language_level=3
"""Events that are durable, with the bytes that the journal holds of them; of a large batch there are hundreds."""

import cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t

from acd_core.events cimport Event
from acd_service.codec.wire_fields cimport Span, take_span


@cython.final
@cython.no_gc
cdef class Released:
    """An event that is durable.

    Attributes:
        event: the event itself.
        content: the bytes that the journal holds of it, and that subscribers are sent.
        asked_by: the name of the identity whose call caused it; empty if the service itself did.
    """

    cdef readonly Event event
    cdef readonly str asked_by
    cdef bytes chunk
    cdef Py_ssize_t start
    cdef Py_ssize_t size

    def __init__(self, Event event not None, bytes content not None, str asked_by not None=""):
        self.event = event
        self.asked_by = asked_by
        self.chunk = content
        self.start = 0
        self.size = len(content)

    @property
    def content(self):
        if self.size == len(self.chunk):
            return self.chunk
        return PyBytes_FromStringAndSize(PyBytes_AS_STRING(self.chunk) + self.start, self.size)

    def __eq__(self, other):
        if not isinstance(other, Released):
            return NotImplemented
        return (self.event, self.content, self.asked_by) == (other.event, other.content, other.asked_by)

    __hash__ = None

    def __repr__(self):
        return f"Released({self.event!r}, {self.content!r}, {self.asked_by!r})"


def released_of(events, bytes chunk not None, ends, str asked_by not None, /):
    """The events of an `acd.v1.EventChunk`, which end at `ends` in it; their bytes are cut out when they are asked for."""
    cdef list found = []
    cdef Released released
    cdef Event event
    cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(chunk)
    cdef Py_ssize_t start = 0
    cdef Py_ssize_t end
    cdef Span span
    if len(events) != len(ends) or (ends and ends[len(ends) - 1] != len(chunk)):
        raise ValueError("there is an end for each event, and the last is that of the chunk")
    for event, end in zip(events, ends):
        if not start < end <= len(chunk) or take_span(data + start + 1, data + end, &span) != data + end:
            raise ValueError("an event does not end where it should")
        released = Released.__new__(Released)
        released.event = event
        released.asked_by = asked_by
        released.chunk = chunk
        released.start = span.at - data
        released.size = span.size
        found.append(released)
        start = end
    return found


def bytes_in(events, /):
    """How many bytes the contents of some events are together."""
    cdef Released released
    cdef Py_ssize_t total = 0
    for released in events:
        total += released.size
    return total
