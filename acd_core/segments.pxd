from libc.stdint cimport int32_t, int64_t

from acd_core.reservations cimport Reservations


cdef class Segments(Reservations):
    cdef dict consultations  # ordinal of a contact -> live contacts that consult about it

    cdef int _emit_segment(self, int32_t contact, int cause) except -1
    cdef int open_segment(self, int32_t contact, int cause) except -1
    cdef int leave_agent(self, int32_t contact, int cause) except -1
    cdef int set_callback(self, int32_t contact, str address, int64_t start_ns, int64_t end_ns, int64_t attempts) except -1
    cdef int emit_callback(self, int32_t contact) except -1
    cdef int take_window(self, int32_t contact) except -1
    cdef int come_due(self, int32_t contact) except -1
    cdef int request_callback(self, int32_t contact, str address, int64_t start_ns, int64_t end_ns,
                              int64_t attempts) except -1
    cdef int not_reached(self, int32_t contact) except -1
    cdef int consult(self, int32_t contact, int32_t about) except -1
    cdef int end_consultations(self, int32_t contact) except -1
    cdef int end_for_transfer(self, int32_t contact, int32_t queue, int32_t requirement, object priority,
                              bint restart_wait) except -1
    cdef int transfer_to_queue(self, int32_t contact, int32_t queue, int32_t requirement, object priority,
                               bint restart_wait) except -1
    cdef int transfer_to_agent(self, int32_t contact, int32_t agent) except -1
    cdef int transfer_to_consulted(self, int32_t contact, int32_t consultation) except -1
    cdef bint has_room(self, int32_t agent, int channel, int32_t without) noexcept
