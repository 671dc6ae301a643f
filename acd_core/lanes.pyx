# cython: language_level=3
"""Adding to and taking from the lanes of lanes.pxd."""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove


cdef inline bint _precedes(const Turn* a, const Turn* b) noexcept nogil:
    if a.major != b.major:
        return a.major < b.major
    if a.minor != b.minor:
        return a.minor < b.minor
    return a.ordinal < b.ordinal


cdef inline int32_t _chunk_for(const Lane* lane, const Turn* turn) noexcept nogil:
    """The last chunk that does not begin behind a turn, or the first."""
    cdef int32_t low = 0
    cdef int32_t high = lane.count
    cdef int32_t middle
    while high - low > 1:
        middle = (low + high) >> 1
        if _precedes(turn, &lane.chunks[middle].turns[0]):
            high = middle
        else:
            low = middle
    return low


cdef inline int32_t _place_in(const Chunk* chunk, const Turn* turn) noexcept nogil:
    """The first place in a chunk that does not precede a turn."""
    cdef int32_t low = 0
    cdef int32_t high = chunk.size
    cdef int32_t middle
    while low < high:
        middle = (low + high) >> 1
        if _precedes(&chunk.turns[middle], turn):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int32_t _live_place_in(const Chunk* chunk, const Turn* turn) noexcept nogil:
    """The first place in a chunk that is no hole and does not precede a turn."""
    cdef int32_t place = _place_in(chunk, turn)
    while place < chunk.size and chunk.second[place] == HOLE:
        place += 1
    return place


cdef void _move(Chunk* target, int32_t to, const Chunk* source, int32_t start, int32_t count) noexcept nogil:
    memmove(&target.second[to], &source.second[start], <size_t>count * sizeof(int32_t))
    memmove(&target.turns[to], &source.turns[start], <size_t>count * sizeof(Turn))
    memmove(&target.needs[to], &source.needs[start], <size_t>count * sizeof(Need))


cdef void _close_holes(Chunk* chunk) noexcept nogil:
    """Let those that are no holes stand side by side."""
    cdef int32_t at
    cdef int32_t end = 0
    for at in range(chunk.start, chunk.size):
        if chunk.second[at] != HOLE:
            chunk.second[end] = chunk.second[at]
            chunk.turns[end] = chunk.turns[at]
            chunk.needs[end] = chunk.needs[at]
            end += 1
    chunk.start = 0
    chunk.size = end


cdef int32_t _make_place(Chunk* chunk, int32_t where, int32_t room) noexcept nogil:
    """Make a hole just before a place in a chunk that has one or is not full yet: where it is then."""
    cdef int32_t hole = where
    if where and chunk.second[where - 1] == HOLE:
        return where - 1
    while hole < chunk.size and chunk.second[hole] != HOLE:
        hole += 1
    if hole < chunk.size or chunk.size < room:
        _move(chunk, where + 1, chunk, where, hole - where)
        if hole == chunk.size:
            chunk.size += 1
        return where
    hole = where - 1
    while chunk.second[hole] != HOLE:
        hole -= 1
    chunk.start = min(chunk.start, hole)
    _move(chunk, hole, chunk, hole + 1, where - 1 - hole)
    return where - 1


cdef inline void _note_first(Lane* lane) noexcept nogil:
    """After a change in the first chunk of a lane, or of which one that is."""
    lane.head = lane.chunks[0]
    lane.first = lane.chunks[0].turns[lane.chunks[0].start]


cdef void _pass_holes(Lane* lane, int32_t chunk_at) noexcept nogil:
    """After a chunk that is not empty has got a hole."""
    cdef Chunk* chunk = lane.chunks[chunk_at]
    while chunk.second[chunk.start] == HOLE:
        chunk.start += 1
    while chunk.second[chunk.size - 1] == HOLE:
        chunk.size -= 1
    if 2 * chunk.live < chunk.size - chunk.start:
        _close_holes(chunk)
    if chunk_at == 0:
        _note_first(lane)


cdef int _new_chunk(Lane* lane, int32_t at) except -1:
    """Put an empty chunk at a place among the chunks of a lane."""
    cdef Chunk* chunk
    cdef Chunk** grown
    if lane.count == lane.room:
        grown = <Chunk**>realloc(lane.chunks, <size_t>(lane.room * 2 or 1) * sizeof(Chunk*))
        if grown == NULL:
            raise MemoryError
        lane.chunks = grown
        lane.room = lane.room * 2 or 1
    chunk = <Chunk*>malloc(sizeof(Chunk))
    if chunk == NULL:
        raise MemoryError
    chunk.start = 0
    chunk.size = 0
    chunk.live = 0
    memmove(&lane.chunks[at + 1], &lane.chunks[at], <size_t>(lane.count - at) * sizeof(Chunk*))
    lane.chunks[at] = chunk
    lane.count += 1
    return 0


cdef void _drop_chunk(Lane* lane, int32_t at) noexcept:
    free(lane.chunks[at])
    lane.count -= 1
    memmove(&lane.chunks[at], &lane.chunks[at + 1], <size_t>(lane.count - at) * sizeof(Chunk*))


cdef int lane_add(Lane* lane, const Turn* turn, int32_t second, const Need* need, int32_t chunk_room) except -1:
    """An entry comes to where its turn is."""
    cdef Chunk* chunk
    cdef Chunk* more
    cdef int32_t chunk_at, where
    if lane.count == 0:
        _new_chunk(lane, 0)
    chunk_at = _chunk_for(lane, turn)
    chunk = lane.chunks[chunk_at]
    where = _place_in(chunk, turn)
    if chunk.live == chunk_room:
        _new_chunk(lane, chunk_at + 1)
        if where < chunk.size:
            more = lane.chunks[chunk_at + 1]
            more.size = chunk.size - chunk.size // 2
            more.live = more.size
            chunk.size //= 2
            chunk.live = chunk.size
            _move(more, 0, chunk, chunk.size, more.size)
        if where > chunk.size or chunk.size == chunk_room:
            where -= chunk.size
            chunk = lane.chunks[chunk_at + 1]
    where = _make_place(chunk, where, chunk_room)
    chunk.live += 1
    if where < chunk.start:
        chunk.start = where
    chunk.second[where] = second
    chunk.turns[where] = turn[0]
    chunk.needs[where] = need[0]
    if chunk_at == 0:
        _note_first(lane)
    return 0


cdef int lane_take(Lane* lane, const Turn* turn, int32_t item, int32_t chunk_room) except -1:
    """An entry leaves."""
    cdef int32_t chunk_at = _chunk_for(lane, turn)
    cdef Chunk* chunk = lane.chunks[chunk_at]
    cdef int32_t where = _live_place_in(chunk, turn)
    cdef Chunk* more
    cdef int32_t other
    while (where == chunk.size or chunk.needs[where].item != item) and chunk_at:
        # One may be listed twice under one skill, and chunks may have been parted between the two.
        chunk_at -= 1
        chunk = lane.chunks[chunk_at]
        where = _live_place_in(chunk, turn)
    if where == chunk.size or chunk.needs[where].item != item:
        raise AssertionError("an entry is not where it was listed")
    chunk.second[where] = HOLE
    chunk.live -= 1
    if chunk.live == 0:
        _drop_chunk(lane, chunk_at)
        if lane.count:
            _note_first(lane)
        else:
            lane_empty(lane)
        return 0
    _pass_holes(lane, chunk_at)
    if chunk.live > chunk_room // 4:
        return 0
    other = chunk_at + 1 if chunk_at + 1 < lane.count else chunk_at - 1
    if other < 0 or chunk.live + lane.chunks[other].live > 3 * chunk_room // 4:
        return 0
    if other < chunk_at:
        other = chunk_at
        chunk_at -= 1
    chunk = lane.chunks[chunk_at]
    more = lane.chunks[other]
    _close_holes(chunk)
    _close_holes(more)
    _move(chunk, chunk.size, more, 0, more.size)
    chunk.size += more.size
    chunk.live += more.live
    _drop_chunk(lane, other)
    _note_first(lane)
    return 0


cdef void lane_empty(Lane* lane) noexcept:
    """All entries leave; the lane takes no memory any more."""
    cdef int32_t at
    for at in range(lane.count):
        free(lane.chunks[at])
    free(lane.chunks)
    lane.chunks = NULL
    lane.head = NULL
    lane.count = 0
    lane.room = 0
