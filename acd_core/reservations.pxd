from libc.stdint cimport int32_t, int64_t

from acd_core.audiences cimport Audiences
from acd_core.plans cimport Plans


cdef class Reservations(Plans):
    cdef object served  # customer -> (agent's ordinal, at), the one served longest ago first
    cdef dict in_service  # customer -> its active and wrap-up contacts; kept while the policy asks for it
    cdef Audiences reserved_of  # reserved contacts by the agents whom they are for
    cdef dict doubtful  # reserved contacts whose reservation may have ended

    cdef int prefer(self, int32_t contact, tuple named, int64_t hold_ms, bint only) except -1
    cdef bint qualifies(self, int32_t contact, int64_t agent_ordinal) noexcept
    cdef int reserve(self, int32_t contact) except -1
    cdef int lift_reservation(self, int32_t contact) except -1
    cdef int end_reservation(self, int32_t contact, int cause) except -1
    cdef int note_service(self, int32_t contact, bint begins) except -1
    cdef int remember_served(self, int32_t contact) except -1
    cdef int adopt_preference(self) except -1
    cdef bint names_nobody(self, tuple named) except -1
