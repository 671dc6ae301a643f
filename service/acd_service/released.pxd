from libc.stdint cimport int64_t

from acd_core.events cimport Event
from acd_service.codec.wire_fields cimport Span

cdef enum:
    TAG_OF_EVENTS = 0x12  # EventChunk.events


cdef class Released:
    cdef readonly str asked_by
    cdef readonly int64_t event_seq
    cdef bytes chunk
    cdef Py_ssize_t count
    cdef Span* spans  # of each event in a chunk; NULL: they have not been looked for
    cdef bint is_framed  # the bytes are an EventChunk; otherwise an event
    cdef Event only

    cdef Span span(self, Py_ssize_t place) except *
    cdef int _find_spans(self) except -1
    cdef Event _event(self, Py_ssize_t place)
