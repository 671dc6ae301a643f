from libc.stdint cimport uint64_t

from acd_service.codec.wire_fields cimport Span


cdef class Frame:
    cdef bytes content
    cdef readonly uint64_t batch_id
    cdef Span* commands
    cdef Py_ssize_t count
    cdef Py_ssize_t room

    cdef int _grow(self) except -1
