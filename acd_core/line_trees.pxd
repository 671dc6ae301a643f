"""Order statistics of those who wait out of turn in the lines of queues (lines.pxd).

Treaps (Seidel and Aragon, Randomized search trees, 1996) over shared nodes; a line has the root of its own. The heap
key is a hash of the node's ordinal, so the shape depends on the content alone.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t


cdef struct LineNode:
    int64_t major
    int64_t minor
    int64_t ordinal
    int32_t left  # next free node while free
    int32_t right
    int32_t size
    uint32_t weight
    int32_t item


cdef class LineTrees:
    cdef LineNode* nodes
    cdef int32_t room
    cdef int32_t free_first

    cdef int32_t new_node(self, int64_t major, int64_t minor, int64_t ordinal, int32_t item) except -1
    cdef int32_t insert(self, int32_t root, int32_t node) noexcept
    cdef int32_t remove(self, int32_t root, int32_t node) noexcept
    cdef void empty(self) noexcept
    cdef list items(self, int32_t root)
    cdef int32_t before(self, int32_t root, int64_t major, int64_t minor, int64_t ordinal) noexcept
