from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.agents cimport Agents
from acd_core.classes cimport Classes
from acd_core.heaps cimport Heap, HeapEntry, HeapSet
from acd_core.tables cimport SlotTable
from acd_core.types cimport Contact, Exclusion


cdef class Waiting:
    cdef Classes classes
    cdef Contact* all
    cdef int32_t room
    cdef int32_t free_first
    cdef int32_t first  # by order of creation
    cdef int32_t last
    cdef readonly int32_t count
    cdef SlotTable ids
    cdef HeapSet heaps  # of waiting contacts, by contact class
    cdef Exclusion* exclusions
    cdef int32_t exclusion_room
    cdef int32_t exclusion_free

    cdef int32_t find(self, str contact_id) except -2
    cdef int32_t add(self, str contact_id, int64_t ordinal) except -1
    cdef int remove(self, int32_t slot) except -1
    cdef int32_t new_exclusion(self) except -1
    cdef void free_exclusion(self, int32_t slot) noexcept
    cdef int enter(self, int32_t slot, int32_t group, int channel, int64_t credit_ms, int64_t rate) except -1
    cdef int leave(self, int32_t slot) except -1
    cdef int rekey(self, int32_t slot, int64_t credit_ms, int64_t rate) except -1
    cdef int32_t first_not_excluding(self, int32_t klass, int64_t agent_ordinal) except -2
    cdef int32_t best_for(self, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -2


cdef inline bint excludes(Waiting room, int32_t contact, int64_t agent_ordinal) noexcept nogil:
    """Is the agent excluded for the contact."""
    cdef int32_t slot = room.all[contact].exclusions
    while slot >= 0:
        if room.exclusions[slot].agent_ordinal == agent_ordinal:
            return True
        slot = room.exclusions[slot].after
    return False
