from libc.stdint cimport int32_t, int64_t

from acd_core.heaps cimport Heap
from acd_core.types cimport Timer


cdef class Timers:
    cdef Timer* all
    cdef int32_t* position
    cdef int32_t room
    cdef int32_t free_first
    cdef Heap heap
    cdef int64_t armed  # the next timer's ordinal

    cdef int32_t arm(self, int32_t old, int64_t due_ns, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1
    cdef int32_t put(self, int64_t due_ns, int64_t ordinal, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1
    cdef int disarm(self, int32_t slot) except -1
    cdef list in_order(self)


cdef inline int32_t first_timer(Timers timers) noexcept nogil:
    """The slot of the timer that is due first, or -1."""
    return timers.heap.data[0].item if timers.heap.size else -1
