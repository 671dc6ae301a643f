from libc.stdint cimport int32_t, int64_t

from acd_core.estimates cimport Estimates
from acd_core.types cimport Offer


cdef class Lifecycle(Estimates):
    cdef int accept(self, int32_t offer) except -1
    cdef int touch(self, int32_t contact) except -1
    cdef int end_offer(self, int32_t offer, int outcome) except -1
    cdef int _remember_ended(self, int32_t contact, const Offer* offer, int outcome) except -1
    cdef int forget_ended(self, int32_t contact) except -1
    cdef int withdraw(self, int32_t contact) except -1
    cdef int exclude(self, int32_t contact, int64_t ordinal, str agent_id, int64_t until_ns) except -1
    cdef int _delay(self, int32_t agent, int64_t until_ns) except -1
    cdef int release_offers(self, int32_t agent) except -1
    cdef int complete(self, int32_t contact, int64_t wrap_up_ms) except -1
    cdef int end_active(self, int32_t contact, int64_t until_ns) except -1
    cdef int close(self, int32_t contact, int cause) except -1
    cdef int end_segment(self, int32_t contact, int cause) except -1
    cdef int forget_contact(self, int32_t contact) except -1
    cdef int waits_again(self, int32_t contact) except -1
    cdef int reach_changed(self, int32_t contact) except -1
    cdef int agent_changed(self, int32_t agent) except -1
    cdef int service_ends(self, int32_t contact) except -1
    cdef int fire_wait(self, int kind, int32_t contact) except -1
    cdef int drop_exclusion(self, int32_t contact, int32_t exclusion) except -1
    cdef int change_presence(self, int32_t agent, int presence, str reason, int cause, int64_t lease_ms) except -1
    cdef int lose(self, int32_t agent, int cause) except -1
    cdef int arm_lease(self, int32_t agent) except -1
    cdef int forget_agent(self, int32_t agent) except -1
    cdef int fetch_next(self) noexcept
    cdef int fire(self, int32_t timer) except -1
