from libc.stdint cimport int32_t, int64_t

from acd_core.matching cimport Matching


cdef class Lifecycle(Matching):
    cdef int accept(self, int32_t contact) except -1
    cdef int end_offer(self, int32_t contact, int outcome) except -1
    cdef int _exclude(self, int32_t contact, int32_t agent, int64_t until_ns) except -1
    cdef int _delay(self, int32_t agent, int64_t until_ns) except -1
    cdef int release_offers(self, int32_t agent) except -1
    cdef int complete(self, int32_t contact, int64_t wrap_up_ms) except -1
    cdef int close(self, int32_t contact, int cause) except -1
    cdef int drop_exclusion(self, int32_t contact, int32_t exclusion) except -1
    cdef int change_presence(self, int32_t agent, int presence, str reason, int cause, int64_t lease_ms) except -1
    cdef int arm_lease(self, int32_t agent) except -1
    cdef int forget_agent(self, int32_t agent) except -1
    cdef int fire(self, int32_t timer) except -1
