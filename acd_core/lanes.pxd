"""Lanes: waiting entries in the order in which agents take them.

A lane is in chunks: adding takes a binary search and a move within one chunk, removing leaves a hole.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t

cdef enum:
    CHUNK_ROOM = 64
    HOLE = -1


cdef struct Turn:
    # When an entry is taken: the lower, the sooner. Within one rate that stands still as time goes by.
    int64_t major
    int64_t minor
    int64_t ordinal


cdef struct Need:
    # What besides its second demand an entry asks for.
    int32_t item
    int32_t group
    int32_t requirement  # -1: met by who has what is asked for here
    int32_t third  # skill
    uint8_t first_low
    uint8_t second_low
    uint8_t third_low


cdef struct Chunk:
    int32_t start  # its first place that is no hole
    int32_t size  # places used, up to the last that is no hole
    int32_t live
    int32_t second[64]  # the second demand, or HOLE; apart from the rest, since it turns most agents away
    Turn turns[64]
    Need needs[64]


cdef struct Lane:
    Turn first  # of the first entry, at hand for those whom it does not concern
    Chunk* head  # the first chunk
    Chunk** chunks  # none is empty
    int32_t count  # 0: nobody is in the lane
    int32_t room


cdef int lane_add(Lane* lane, const Turn* turn, int32_t second, const Need* need, int32_t chunk_room) except -1
cdef int lane_take(Lane* lane, const Turn* turn, int32_t item, int32_t chunk_room) except -1
cdef void lane_empty(Lane* lane) noexcept
