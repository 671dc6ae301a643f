from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t

from acd_core.classes cimport Classes
from acd_core.skills cimport Skills
from acd_core.types cimport Channel, Queue


cdef struct Outcome:
    # What follows an offer that ended in one way; 0 for what does not apply.
    int64_t exclude_ms
    int64_t delay_ms
    int64_t away_after


cdef class Rules:
    cdef readonly object policy
    cdef readonly int64_t version
    cdef Skills skills
    cdef Classes classes
    cdef Queue* queues
    cdef int32_t queue_room
    cdef list queue_free
    cdef dict queue_slots
    cdef Channel channels[16]
    cdef uint16_t channels_used
    cdef bint interrupts_used
    cdef bint tier_first
    cdef int64_t short_abandon_ms
    cdef int64_t presence_lease_ms
    cdef int64_t reattach_ms
    cdef int64_t max_waiting  # -1: no limit
    cdef Outcome outcomes[8]  # by OfferOutcome
    cdef bint strategies[16]  # in use

    cdef int32_t find_queue(self, str queue_id) except -2
    cdef int32_t find_channel(self, str channel_id) except -2
    cdef int apply(self, object policy) except -1
    cdef int _apply_channels(self, tuple channels) except -1
    cdef int _apply_queues(self, tuple queues) except -1
    cdef int32_t _new_queue(self, str queue_id) except -1
