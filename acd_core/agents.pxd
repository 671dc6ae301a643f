from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint16_t, uint64_t

from acd_core.heaps cimport HeapEntry, HeapSet
from acd_core.order_trees cimport TreeNode
from acd_core.tables cimport SlotTable
from acd_core.types cimport CHANNELS_BOUND, Agent

cdef enum:
    INDEX_IDLE  # longest_idle: by idle_since_ns
    INDEX_OFFER  # round_robin: by last_offer_id
    INDEX_ORDER  # fixed_order: by ordinal alone
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
    cdef HeapSet index[48]  # channel * INDEX_KINDS + kind
    cdef TreeNode* trees[16]  # by channel: nodes by agent
    cdef int32_t* roots[16]  # by channel: root by class
    cdef int32_t classes
    cdef bint kinds[3]
    cdef int lead  # an index kind that is in use
    cdef bint trees_used
    cdef uint16_t channels

    cdef int32_t find(self, str agent_id) except -2
    cdef int32_t add(self, str agent_id, int64_t ordinal) except -1
    cdef int remove(self, int32_t slot) except -1
    cdef int reserve_classes(self, int32_t classes) except -1
    cdef int configure(self, uint16_t channels, bint idle, bint offer, bint order, bint trees) except -1
    cdef int set_room(self, int32_t slot, uint16_t room) except -1
    cdef int _grow(self) except -1
    cdef int _free_index(self) except -1
    cdef int _init_roots(self) except -1
    cdef int _reserve(self) except -1


cdef inline bint is_available(const Agent* agent) noexcept nogil:
    return agent.presence == 2 and agent.delayed_until_ns == 0 and not agent.leaving


cdef inline int64_t index_key(const Agent* agent, int kind) noexcept nogil:
    if kind == INDEX_IDLE:
        return agent.idle_since_ns
    if kind == INDEX_OFFER:
        return agent.last_offer_id
    return 0
