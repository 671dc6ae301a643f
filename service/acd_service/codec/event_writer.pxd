from acd_core.events cimport Answer, Event
from acd_service.codec.wire_writer cimport Back, Buffer


cdef class EventWriter:
    cdef Back back
    cdef unsigned char at[32]  # the last time that was written, as a field
    cdef Py_ssize_t at_size
    cdef long long at_ns

    cdef int _write_time(self, long long at_ns) except -1
    cdef bint write(self, Event event) except -1
    cdef bint _write_detail(self, Event event) except -1


cdef bint write_standing(Back* back, int field, Answer answer) except -1
