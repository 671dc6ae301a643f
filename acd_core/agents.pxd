from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint16_t, uint64_t

from acd_core.heaps cimport HeapEntry, HeapSet
from acd_core.order_trees cimport TreeNode
from acd_core.orders cimport Name
from acd_core.tables cimport SlotTable
from acd_core.types cimport CHANNELS_BOUND, Agent

cdef enum:
    INDEX_IDLE  # longest_idle, best_match, broadcast: by idle_since_ns
    INDEX_OFFER  # round_robin: by the last offer
    INDEX_ORDER  # fixed_order: by ordinal alone
    INDEX_OCCUPIED  # least_occupied: by occupancy_key
    INDEX_BEGUN  # fewest_contacts: by contacts_begun
    INDEX_TALK  # least_talk_time: by talk_ns
    INDEX_LOADED  # least_loaded: by used over capacity, then idle_since_ns
    INDEX_SKILLED  # least_skilled: by number of skills, then idle_since_ns
    INDEX_KINDS


cdef class Agents:
    cdef Agent* all
    cdef int32_t room
    cdef int32_t free_first
    cdef int32_t first  # by order of creation
    cdef int32_t last
    cdef readonly int32_t count
    cdef readonly int32_t ready
    cdef SlotTable ids
    cdef SlotTable ordinals
    cdef HeapSet index[128]  # channel * INDEX_KINDS + kind
    cdef TreeNode* trees[16]  # by channel: nodes by agent
    cdef int32_t* roots[16]  # by channel: root by class
    cdef int32_t classes
    cdef bint kinds[8]
    cdef int kind_list[8]  # those in use
    cdef int kind_count
    cdef bint keys_change  # by what an agent does with contacts other than beginning to hold nothing
    cdef int lead  # an index kind that is in use
    cdef bint trees_used
    cdef uint16_t channels

    cdef int32_t find(self, str agent_id) except -2
    cdef int32_t find_named(self, const Name* name) except -2
    cdef int32_t add(self, str agent_id, int64_t ordinal) except -1
    cdef int remove(self, int32_t slot) except -1
    cdef int reserve_classes(self, int32_t classes) except -1
    cdef int32_t of_ordinal(self, int64_t ordinal) noexcept
    cdef int configure(self, uint16_t channels, const bint* strategies) except -1
    cdef int set_room(self, int32_t slot, uint16_t room) except -1
    cdef int _grow(self) except -1
    cdef int _free_index(self) except -1
    cdef int _init_roots(self) except -1
    cdef int _reserve(self) except -1


cdef inline bint is_available(const Agent* agent) noexcept nogil:
    return agent.presence == 2 and agent.delayed_until_ns == 0 and not agent.leaving


cdef inline void index_key(const Agent* agent, int kind, HeapEntry* entry) noexcept nogil:
    """Fractions of used over capacity differ by at least 1e-8, so their floors at 2**32 have their order."""
    entry.minor = 0
    if kind == INDEX_IDLE:
        entry.major = agent.idle_since_ns
    elif kind == INDEX_OFFER:
        entry.major = agent.round_key
    elif kind == INDEX_OCCUPIED:
        entry.major = agent.occupancy_key
    elif kind == INDEX_BEGUN:
        entry.major = agent.contacts_begun
    elif kind == INDEX_TALK:
        entry.major = agent.talk_ns
    elif kind == INDEX_LOADED:
        entry.major = (<int64_t>agent.used << 32) // agent.capacity
        entry.minor = agent.idle_since_ns
    elif kind == INDEX_SKILLED:
        entry.major = agent.skills
        entry.minor = agent.idle_since_ns
    else:
        entry.major = 0
