"""The lines of queues: who waits there in order, and how many go before one, without a scan.

Almost everybody joins a line at its end: behind all of the same priority. So a line has a row for each of a few
priorities, a log to whose end a newcomer is added; who leaves is a hole in it. Those whom a step of their plan has given
credit come in order too, but before others who wait: they are behind all of another row of the priority. Counting in a
row goes by a bit for each place and a binary indexed tree (Fenwick, A new data structure for cumulative frequency
tables, 1994) over blocks of 64 places. Who comes back to an earlier place, or has a priority for which there is no row
any more, is a stray: those are in a search tree.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.line_trees cimport LineTrees
from acd_core.memory cimport acd_prefetch
from acd_core.types cimport Contact, Queue

cdef enum:
    LINE_ROWS = 24  # rows of a line
    PRIORITY_ROWS = 3  # of them for one priority
    ROWS_FETCHED = 4
    STRAY = 1 << 30  # set in the place of a stray; the place of another is its row and, below that, where in it
    ROW_SHIFT = 25


cdef struct Block:
    uint64_t waiting  # which of the 64 places are not holes
    int32_t before  # node of the binary indexed tree; only of blocks before the last
    int32_t spare


cdef struct Row:
    # A line of 64 bytes.
    int64_t major  # priority, negated
    int64_t last_minor  # key of the last who waits in it
    int64_t last_ordinal
    int32_t* items
    Block* blocks
    int32_t count
    int32_t tail  # places used, up to the last who waits
    int32_t room  # a multiple of 64
    int32_t spare
    int64_t unused


cdef struct Line:
    Row* rows
    int32_t row_count
    int32_t strays  # root of their tree


cdef class Lines:
    cdef Line* lines  # by queue slot
    cdef int32_t room
    cdef LineTrees trees

    cdef int join(self, int32_t line, Contact* contacts, const Queue* queue, int32_t item) except -1
    cdef int leave(self, int32_t line, Contact* contacts, const Queue* queue, int32_t item) except -1
    cdef void empty(self) noexcept
    cdef int64_t before(self, int32_t line, const Contact* contacts, const Queue* queue, int64_t major, int64_t minor,
                        int64_t ordinal) noexcept
    cdef list waiting(self, int32_t line)
    cdef int _reserve(self, int32_t line) except -1
    cdef int32_t _row_for(self, Line* line, int64_t major, int64_t minor, int64_t ordinal) except -2
    cdef int _make_room(self, Line* line, int32_t at, Contact* contacts) except -1


cdef inline void fetch_line(Lines lines, int32_t slot) noexcept nogil:
    """Have the first rows of a line fetched that is joined or left soon: most lines have no others."""
    cdef int32_t index
    if slot < lines.room:
        for index in range(min(lines.lines[slot].row_count, ROWS_FETCHED)):
            acd_prefetch(&lines.lines[slot].rows[index])


cdef inline int64_t static_score(const Contact* contact, const Queue* queue) noexcept nogil:
    """What the score of an entry falls short of rate * now by: the lower, the sooner."""
    return queue.rate * (contact.arrived_ns // 1000000) - 1000 * (contact.credit_ms + queue.credit_ms)
