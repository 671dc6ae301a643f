from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.heaps cimport Heap, HeapEntry, HeapSet
from acd_core.state cimport EngineState
from acd_core.types cimport Contact, Queue


cdef struct Choice:
    # The best agent found so far for a contact.
    HeapEntry entry  # item -1: nobody yet
    int32_t position  # in the member list, for fixed_order


cdef class Matching(EngineState):
    # Scratch memory that keeps its size from one use to the next
    cdef int32_t* chosen_classes
    cdef int32_t* below_low
    cdef int32_t* below_high
    cdef int32_t chosen_count
    cdef int32_t chosen_room
    cdef uint64_t* pass_classes
    cdef int32_t pass_words
    cdef Heap pass_heap
    cdef int32_t* pass_position
    cdef int32_t pass_items

    cdef int32_t choose_agent(self, int32_t contact, int32_t* tier, bint anybody) except -2
    cdef int _consider(self, Choice* choice, int32_t contact, int32_t word, uint64_t mask, bint anybody) except -1
    cdef int32_t _first_not_excluded(self, HeapSet* heaps, int32_t klass, int32_t contact) except -2
    cdef int32_t _draw(self, int32_t contact) except -2
    cdef int32_t _select(self, int channel, int64_t rank, int64_t total) except -1
    cdef int enter_waiting(self, int32_t contact) except -1
    cdef int match(self, int32_t contact, int32_t agent, int32_t tier, int chosen_by) except -1
    cdef int match_all(self) except -1
    cdef int _agent_takes(self, int32_t agent) except -1
    cdef int _pass(self) except -1
    cdef int _collect_pass(self) except -1
    cdef int _push_head(self, int32_t klass) except -1
