from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from acd_core.heaps cimport HeapEntry, HeapSet
from acd_core.state cimport EngineState
from acd_core.types cimport Queue


cdef enum:
    PICK  # take one, with a draw where the strategy has one
    SOMEBODY  # is there one
    ANYBODY  # is there one, exclusions and offers of the contact aside


cdef struct Choice:
    # The best agent found so far for a contact.
    HeapEntry entry  # item -1: nobody yet
    int64_t total  # weighted levels, for best_match
    int32_t position  # in the member list, for fixed_order


cdef struct Match:
    # Who gets a contact, by which entry.
    int32_t agent  # -1: nobody
    int32_t tier
    int second
    int cause


cdef class Choosing(EngineState):
    # Scratch memory that keeps its size from one use to the next
    cdef int32_t* chosen_classes
    cdef int64_t* below_low
    cdef int64_t* below_high
    cdef int32_t chosen_count
    cdef int32_t chosen_room

    cdef int32_t choose_agent(self, int32_t contact, int second, int32_t* tier, int mode) except -2
    cdef int _consider(self, Choice* choice, int32_t contact, int second, int32_t word, uint64_t mask, int mode) except -1
    cdef int _take_best(self, Choice* choice, HeapSet* heaps, int32_t contact, const Queue* queue, int32_t word,
                        uint64_t mask) except -1
    cdef int _take_head(self, Choice* choice, HeapSet* heaps, int32_t contact, int32_t klass, int32_t position) except -1
    cdef const HeapEntry* _first_not_excluded(self, const HeapSet* heaps, int32_t klass, int32_t contact) except? NULL
    cdef int _note_class(self, int32_t klass) except -1
    cdef int32_t _draw(self, int32_t contact, bint by_weight) except -2
    cdef int _set_aside(self, int32_t contact, int64_t agent_ordinal, list aside) except -1
    cdef int32_t _select(self, int channel, int64_t rank, int64_t total, bint by_weight) except -1
    cdef int choose(self, int32_t contact, Match* found) except -1
    cdef int32_t tier_by(self, int32_t contact, int second, int32_t agent) noexcept
    cdef bint is_member(self, int32_t contact, int second, int32_t agent) noexcept
    cdef int32_t member_tier(self, int32_t contact, int second, int32_t agent) noexcept
    cdef bint somebody_serves(self, int32_t contact, int second, int mode) except -1
    cdef bint is_preferred(self, int32_t contact, int32_t agent) except -1
