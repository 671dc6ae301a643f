from libc.stdint cimport int64_t


cdef int ensure_id(str value, str field) except -1
cdef bint is_reserved(str contact_id) except -1
cdef int ensure_offer_id(int64_t offer_id) except -1
cdef int ensure_requirement(str text) except -1
cdef int ensure_priority(int64_t priority) except -1
cdef int ensure_credit(int64_t credit_ms) except -1
cdef int ensure_attributes(bytes attributes) except -1
cdef int ensure_preference(tuple agent_ids, int64_t hold_ms, bint only) except -1
cdef int ensure_callback(str address, int64_t window_start_ns, int64_t window_end_ns, int64_t attempts_max,
                         bint required) except -1
cdef int ensure_agent_ids(tuple agent_ids) except -1
cdef int ensure_contact_ids(tuple contact_ids) except -1
