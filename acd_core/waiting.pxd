from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from acd_core.agents cimport Agents
from acd_core.classes cimport Classes
from acd_core.heaps cimport Heap, HeapEntry, HeapSet
from acd_core.unshared cimport Unshared
from acd_core.orders cimport Name
from acd_core.tables cimport SlotTable
from acd_core.types cimport Contact, Ended, Exclusion, Extra, Offer, Trail


cdef struct Candidate:
    # The best entry that an agent has found so far.
    HeapEntry entry  # item -1: none yet
    int64_t score
    int32_t tier


cdef struct Links:
    int32_t earlier  # by order of creation
    int32_t later  # by order of creation; next free slot while free


cdef class Waiting:
    cdef Classes classes
    cdef Contact* all
    cdef Links* links
    cdef int32_t room
    cdef int32_t used  # slots that ever had a contact
    cdef int32_t free_first
    cdef int32_t first  # by order of creation
    cdef int32_t last
    cdef readonly int32_t count
    cdef SlotTable ids
    cdef HeapSet heaps  # of waiting contacts, by contact class
    cdef Unshared unshared  # those outside of classes
    cdef Exclusion* exclusions
    cdef int32_t exclusion_room
    cdef int32_t exclusion_free
    cdef Offer* offers
    cdef int32_t offer_used
    cdef int32_t offer_room
    cdef int32_t offer_free
    cdef Ended* ended
    cdef int32_t ended_room
    cdef int32_t ended_free

    cdef int32_t find(self, str contact_id) except -2
    cdef int32_t find_named(self, const Name* name) except -2
    cdef int32_t add(self, str contact_id, int64_t ordinal) except -1
    cdef int reserve(self, int64_t count) except -1
    cdef int remove(self, int32_t slot) except -1
    cdef int32_t new_exclusion(self) except -1
    cdef void free_exclusion(self, int32_t slot) noexcept
    cdef int32_t new_offer(self) except -1
    cdef void free_offer(self, int32_t slot) noexcept
    cdef int32_t new_ended(self) except -1
    cdef void free_ended(self, int32_t slot) noexcept
    cdef int enter(self, int32_t slot, int second, int32_t group, int64_t minor, tuple audience) except -1
    cdef int _put(self, int32_t klass, HeapEntry entry) except -1
    cdef int _gather(self, int32_t klass, uint64_t key) except -1
    cdef int leave_entry(self, int32_t slot, int second) except -1
    cdef int leave(self, int32_t slot) except -1
    cdef int forget_order(self) except -1
    cdef const HeapEntry* first_not_excluding(self, int32_t klass, int64_t agent_ordinal) except? NULL
    cdef int32_t best_for(self, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -2
    cdef int _weigh_classes(self, Candidate* best, int32_t agent_class, int64_t agent_ordinal, int channels,
                            int64_t now_ms, bint tier_first, bint ask) except -1
    cdef int _weigh_unshared(self, Candidate* best, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -1
    cdef int _weigh(self, Candidate* best, int32_t klass, int32_t agent_class, int64_t agent_ordinal, int64_t ageing,
                    bint tier_first, bint ask) except -1


cdef inline bint is_picky(Waiting room, int32_t contact) noexcept nogil:
    """May there be agents whom the contact does not take: excluded ones, or those who have an offer of it already."""
    cdef const Contact* chooser = &room.all[contact]
    return chooser.exclusions >= 0 or chooser.offers >= 0 or (
        chooser.extra != NULL and chooser.extra.asked_by_ordinal >= 0)


cdef inline bint excluded(Waiting room, int32_t contact, int64_t agent_ordinal) noexcept nogil:
    """Is the agent excluded for the contact, or the one who asked for this consultation."""
    cdef const Contact* chooser = &room.all[contact]
    cdef int32_t slot = chooser.exclusions
    while slot >= 0:
        if room.exclusions[slot].agent_ordinal == agent_ordinal:
            return True
        slot = room.exclusions[slot].after
    return chooser.extra != NULL and chooser.extra.asked_by_ordinal == agent_ordinal


cdef inline bint excludes(Waiting room, int32_t contact, int64_t agent_ordinal) noexcept nogil:
    """Does the agent fail rule 5 for the contact."""
    cdef int32_t slot = room.all[contact].offers
    while slot >= 0:
        if room.offers[slot].agent_ordinal == agent_ordinal:
            return True
        slot = room.offers[slot].after
    return excluded(room, contact, agent_ordinal)


cdef Extra* extra_of(Contact* contact) except NULL
cdef Trail* trail_of(Contact* contact) except NULL
cdef void put_object(PyObject** place, object value) noexcept
cdef void drop_extra(Contact* contact) noexcept
cdef void drop_trail(Contact* contact) noexcept


cdef inline int take_step(Contact* contact, int32_t step) except -1:
    """The contact took a step of its plan, or would have taken it."""
    if step < 64:
        contact.taken |= <uint64_t>1 << step
    else:
        trail_of(contact).later_taken[(step >> 6) - 1] |= <uint64_t>1 << (step & 63)
    return 0
