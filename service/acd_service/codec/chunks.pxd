from libc.stdint cimport int64_t, uint64_t

from acd_service.codec.wire_fields cimport Span


cdef struct Record:
    # An acd.v1.CommandRecord within a chunk.
    int64_t seq
    int64_t at_ns
    uint64_t event_hash
    Span command
    Span whole


cdef class RecordCursor:
    cdef bytes content
    cdef const unsigned char* at
    cdef const unsigned char* end
    cdef Span hashes
    cdef Py_ssize_t taken

    cdef bint next(self, Record* record) except -1
