from libc.stdint cimport int64_t, uint64_t


cdef class Event:
    cdef readonly int type
    cdef readonly int cause
    cdef readonly int tier
    cdef readonly int strategy
    cdef readonly int chosen_by
    cdef readonly int presence
    cdef readonly int step
    cdef readonly int64_t event_seq
    cdef readonly int64_t seq
    cdef readonly int64_t at_ns
    cdef readonly int64_t offer_id
    cdef readonly int64_t ordinal
    cdef readonly int64_t priority
    cdef readonly int64_t credit_ms
    cdef readonly int64_t score
    cdef readonly int64_t wait_ns
    cdef readonly int64_t until_ns
    cdef readonly int64_t duration_ns
    cdef readonly int64_t policy_version
    cdef readonly int64_t position
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly str queue_id
    cdef readonly str channel_id
    cdef readonly str customer_id
    cdef readonly str text
    cdef readonly bytes attributes
    cdef readonly object agent


cdef class Answer:
    cdef readonly int64_t seq
    cdef readonly int64_t at_ns
    cdef readonly bint duplicate
    cdef readonly str contact_id
    cdef readonly int contact_state
    cdef readonly str agent_id
    cdef readonly int64_t offer_id
    cdef readonly int64_t offer_expires_ns
    cdef readonly int64_t policy_version
    cdef readonly tuple events
