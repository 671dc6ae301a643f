"""Waiting entries outside of contact classes, listed under the rarest skill that they ask for."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from acd_core.classes cimport AgentClass, Classes
from acd_core.heaps cimport HeapEntry
from acd_core.lanes cimport Chunk, Lane, Need, Turn
from acd_core.tables cimport SlotTable

cdef enum:
    UNSHARED_BASE = 268435456  # contact classes from here on are places in `Unshared.entries`
    BANDS_MAX = 64


cdef struct UnsharedEntry:
    Turn turn
    uint64_t key  # of the contact class that it would have
    int32_t item  # twice the contact's slot, one more for the second entry; next free place while free
    int32_t group
    int32_t requirement
    int32_t band
    int32_t alike  # the next place of an entry with the same key, or -1


cdef struct Band:
    # Entries of one channel and one rate.
    Lane* lanes  # by skill
    int64_t rate
    int32_t channel
    int32_t count  # of what is in the lanes


cdef struct Walk:
    # Through the entries that an agent may serve as far as their queue's list and their rarest skills go.
    const AgentClass* walker
    const Lane* lanes  # of the band
    const Lane* lane
    const Chunk* chunk  # NULL: on to the next lane
    const Turn* turn  # of the entry that the walk is at
    const Need* need
    int64_t now_ms
    int64_t ageing  # of the band
    HeapEntry bound  # entries that do not go before are passed over; item -1: none
    int64_t bound_score
    int32_t channels
    int32_t band
    int32_t skill  # index among the agent's
    int32_t chunk_at
    int32_t at
    bint knows_levels


cdef class Unshared:
    cdef Classes classes
    cdef UnsharedEntry* entries
    cdef int32_t entry_room
    cdef int32_t entry_free
    cdef readonly int32_t count
    cdef Band[64] bands
    cdef int32_t band_count
    cdef int32_t skill_room
    cdef int32_t queue_room
    cdef SlotTable firsts  # by key of a contact class: the place of its first entry
    cdef uint8_t* levels  # of the walker by demand, 0 between walks and always 0 for HOLE
    cdef int32_t shared_from
    cdef int32_t agent_classes_min
    cdef int32_t chunk_room

    cdef int32_t add(self, int32_t group, int32_t requirement, int channel, uint64_t key, HeapEntry entry) except -2
    cdef int remove(self, int32_t place) except -1
    cdef void empty(self) noexcept
    cdef int32_t first_of(self, uint64_t key) noexcept
    cdef int begin(self, Walk* walk, int32_t agent_class, int channels, int64_t now_ms) except -1
    cdef bint step(self, Walk* walk) noexcept
    cdef bint _next_lane(self, Walk* walk) noexcept
    cdef int32_t tier_of(self, const Walk* walk, int32_t agent_class) noexcept
    cdef void end(self, Walk* walk) noexcept
    cdef void _set_levels(self, const AgentClass* walker, bint known) noexcept
    cdef int _reserve_demands(self) except -1
    cdef int32_t _band_for(self, int channel, int64_t rate) noexcept
    cdef int _insert(self, int32_t place) except -1
    cdef int _take_out(self, int32_t place) except -1


cdef inline bint is_sooner(int64_t major, int64_t score, int64_t ordinal, const HeapEntry* b, int64_t b_score) noexcept nogil:
    """Does an entry come before b by priority, score and ordinal."""
    if major != b.major:
        return major < b.major
    if score != b_score:
        return score > b_score
    return ordinal < b.ordinal


cdef inline void pass_lane(Walk* walk) noexcept nogil:
    """Nothing more of this lane is wanted."""
    walk.chunk = NULL
