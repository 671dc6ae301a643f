from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.choosing cimport Choosing, Match
from acd_core.heaps cimport Heap, HeapEntry
from acd_core.types cimport Agent


cdef inline int64_t floor_div(int64_t value, int64_t divisor) noexcept nogil:
    """Division that floors, by a divisor above 0."""
    return value // divisor if value >= 0 else -((-value + divisor - 1) // divisor)


cdef class Matching(Choosing):
    # Scratch memory that keeps its size from one use to the next
    cdef uint64_t* pass_classes
    cdef int32_t pass_words
    cdef Heap pass_heap
    cdef int32_t* pass_position
    cdef int32_t pass_items

    cdef list skipped

    cdef int32_t match(self, int32_t contact, const Match* found, int chosen_by, str asker, bint assign) except -1
    cdef int32_t tie(self, int32_t contact, const Match* found, int chosen_by, str asker, bint assign) except -1
    cdef int become_active(self, int32_t contact, int32_t offer) except -1
    cdef int disarm_wait(self, int32_t contact) except -1
    cdef int release_others(self, int32_t contact, int32_t offer) except -1
    cdef int before_matching(self) except -1
    cdef int match_all(self) except -1
    cdef int _agent_takes(self, int32_t agent) except -1
    cdef int _pass(self) except -1
    cdef bint _turn(self, int32_t contact, int second) except -1
    cdef int _reserve_pass(self) except -1
    cdef int _push_entry(self, int32_t contact, int second) except -1
    cdef int _collect_pass(self) except -1
    cdef int _collect_for(self, const Agent* agent) except -1
    cdef int _push_head(self, int32_t klass) except -1
