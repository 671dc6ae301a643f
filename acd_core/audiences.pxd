"""What is for few agents alone, by agent: contact classes, reserved contacts."""

from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.tables cimport SlotTable, table_find


cdef struct AudienceLink:
    int64_t agent_ordinal
    int32_t item
    int32_t before  # among the links of the agent
    int32_t after
    int32_t other  # the next link of the same item; next free one while free


cdef class Audiences:
    cdef SlotTable firsts  # by the agent's ordinal
    cdef AudienceLink* links
    cdef int32_t room
    cdef int32_t free_first

    cdef int32_t add(self, int32_t item, tuple agents) except -1
    cdef int drop(self, int32_t link) except -1
    cdef int32_t _new_link(self) except -1


cdef inline int32_t first_link(Audiences room, int64_t agent_ordinal) noexcept nogil:
    """The first link of an agent, or -1; `after` leads to its others, in no order that means anything."""
    return table_find(&room.firsts, <uint64_t>agent_ordinal)
