from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from acd_core.audiences cimport Audiences
from acd_core.heaps cimport HeapSet, acd_lowest_bit
from acd_core.skills cimport Outline, Skills, may_meet, meets, outline_of
from acd_core.tables cimport SlotTable
from acd_core.types cimport Member, MemberWord, QueueMembers


cdef struct AgentClass:
    PyObject* key  # (skills, memberships); NULL: the slot is free
    uint64_t* row  # which contact classes it may serve; NULL when the matrix is at its bound
    Member* members  # by queue slot
    int32_t* skills  # slots
    uint8_t* levels  # of those skills
    int32_t skill_count
    int32_t member_count
    int32_t agents
    int32_t signed_on


cdef struct ContactClass:
    uint64_t key  # of one for few agents others may have the same
    PyObject* audience  # tuple of the ordinals of those whom it is for; NULL: for all
    int32_t link  # its first in private_of
    int32_t group
    int32_t requirement
    int32_t channel
    int32_t idle_before
    int32_t idle_after
    bint idle
    bint used


cdef struct QueueGroup:
    # What matters of a queue for who may serve: queues alike in this share their contact classes.
    int64_t rate
    int32_t listed  # the queue itself if it is listed, else -1
    int32_t requirement
    int32_t max_tier


cdef class Classes:
    cdef Skills skills
    cdef AgentClass* agent_classes
    cdef int32_t agent_class_room  # a multiple of 64
    cdef uint64_t* agent_class_used
    cdef dict agent_class_slots
    cdef list agent_class_free
    cdef QueueMembers* members  # by queue slot
    cdef int32_t queue_room
    cdef QueueGroup* groups
    cdef int32_t group_room
    cdef dict group_slots
    cdef SlotTable raised_groups  # by listed queue and tier limit, of those that were asked for under this policy
    cdef dict groups_before  # of the policy that is being replaced
    cdef list group_free
    cdef bint in_bulk  # while a policy is replaced: idle classes are kept, rows of the matrix brought up to date at the end
    cdef uint64_t* rows_due  # contact classes that rows are to have a bit for, one bit each; only in bulk
    cdef uint64_t* rows_stale  # those that rows may have a bit for still
    cdef uint64_t* served  # scratch: agent classes, one bit each, that a contact class is served by; 64 times
    cdef uint8_t* verdicts  # scratch: by requirement, then by group
    cdef int32_t verdict_room
    cdef ContactClass* contact_classes
    cdef int32_t contact_class_room  # a multiple of 64
    cdef SlotTable contact_class_slots
    cdef uint64_t* block_free  # by 64 contact classes: which are free
    cdef int64_t* block_rate
    cdef uint8_t* block_channel
    cdef list blocks_unassigned
    cdef dict blocks_open  # (channel, rate) -> blocks with a free class
    cdef int32_t contact_class_count
    cdef int32_t idle_first
    cdef int32_t idle_last
    cdef int32_t idle_count
    cdef int64_t matrix_bytes
    cdef uint64_t* signed_on  # agent classes with somebody signed on
    cdef SlotTable private_slots  # contact classes for few agents
    cdef Audiences private_of  # the same by agent

    cdef int32_t join_agent_class(self, tuple skills, tuple memberships, dict queue_slots) except -1
    cdef int leave_agent_class(self, int32_t klass) except -1
    cdef int reserve_queues(self, int32_t queues) except -1
    cdef int32_t group(self, int64_t rate, int32_t listed, int32_t requirement, int32_t max_tier) except -1
    cdef int32_t raised_group(self, int64_t rate, int32_t queue, int32_t requirement, int32_t max_tier) except -1
    cdef int32_t contact_class(self, int32_t group, int32_t requirement, int channel) except -1
    cdef int32_t private_class(self, int32_t group, int32_t requirement, int channel, tuple audience) except -1
    cdef int32_t _new_contact_class(self, int32_t group, int32_t requirement, int channel) except -1
    cdef int sign(self, int32_t agent_class, int change) except -1
    cdef int set_class_idle(self, int32_t klass) except -1
    cdef void unset_class_idle(self, int32_t klass) noexcept
    cdef int begin_policy(self) except -1
    cdef int end_policy(self) except -1
    cdef int trim(self) except -1
    cdef bint serves(self, int32_t agent_class, int32_t contact_class) noexcept
    cdef bint admits(self, int32_t agent_class, int32_t group) noexcept
    cdef int _find_served(self, int32_t klass, uint64_t* found) noexcept
    cdef int _mark(self, int32_t klass, bint served) except -1
    cdef int _mark_due(self) except -1
    cdef int _fill_row(self, int32_t agent_class) except -1
    cdef int _grow_agent_classes(self) except -1
    cdef int _grow_contact_classes(self) except -1
    cdef int _forget(self, int32_t klass) except -1


cdef inline uint64_t class_key(int32_t group, int32_t requirement, int channel) noexcept nogil:
    return (<uint64_t>group << 40) | (<uint64_t>requirement << 8) | <uint64_t>channel


cdef inline const Member* membership(Classes room, int32_t agent_class, int32_t queue) noexcept nogil:
    """The membership of an agent class in a queue, or NULL (binary search)."""
    cdef const AgentClass* klass = &room.agent_classes[agent_class]
    cdef int32_t low = 0
    cdef int32_t high = klass.member_count
    cdef int32_t middle
    while low < high:
        middle = (low + high) >> 1
        if klass.members[middle].queue < queue:
            low = middle + 1
        else:
            high = middle
    if low < klass.member_count and klass.members[low].queue == queue:
        return &klass.members[low]
    return NULL
