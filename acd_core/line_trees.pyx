# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Inserting into, removing from and counting in the trees of line_trees.pxd; recursion is as deep as a tree."""

from libc.stdlib cimport free, realloc


cdef inline bint _less(const LineNode* node, int64_t major, int64_t minor, int64_t ordinal) noexcept nogil:
    if node.major != major:
        return node.major < major
    if node.minor != minor:
        return node.minor < minor
    return node.ordinal < ordinal


cdef inline void _sum(LineNode* nodes, int32_t at) noexcept nogil:
    cdef int32_t size = 1
    if nodes[at].left >= 0:
        size += nodes[nodes[at].left].size
    if nodes[at].right >= 0:
        size += nodes[nodes[at].right].size
    nodes[at].size = size


cdef void _split(LineNode* nodes, int32_t root, const LineNode* at, int32_t* left, int32_t* right) noexcept nogil:
    if root < 0:
        left[0] = -1
        right[0] = -1
    elif _less(&nodes[root], at.major, at.minor, at.ordinal):
        _split(nodes, nodes[root].right, at, &nodes[root].right, right)
        left[0] = root
        _sum(nodes, root)
    else:
        _split(nodes, nodes[root].left, at, left, &nodes[root].left)
        right[0] = root
        _sum(nodes, root)


cdef int32_t _merge(LineNode* nodes, int32_t left, int32_t right) noexcept nogil:
    if left < 0:
        return right
    if right < 0:
        return left
    if nodes[left].weight > nodes[right].weight:
        nodes[left].right = _merge(nodes, nodes[left].right, right)
        _sum(nodes, left)
        return left
    nodes[right].left = _merge(nodes, left, nodes[right].left)
    _sum(nodes, right)
    return right


cdef class LineTrees:
    def __cinit__(self):
        self.free_first = -1

    def __dealloc__(self):
        free(self.nodes)

    cdef int32_t new_node(self, int64_t major, int64_t minor, int64_t ordinal, int32_t item) except -1:
        cdef int32_t slot, room
        cdef void* grown
        cdef LineNode* node
        cdef uint64_t weight
        if self.free_first < 0:
            room = self.room * 2 or 64
            grown = realloc(self.nodes, <size_t>room * sizeof(LineNode))
            if grown == NULL:
                raise MemoryError
            self.nodes = <LineNode*>grown
            for slot in range(room - 1, self.room - 1, -1):
                self.nodes[slot].left = self.free_first
                self.free_first = slot
            self.room = room
        slot = self.free_first
        node = &self.nodes[slot]
        self.free_first = node.left
        weight = (<uint64_t>ordinal + 1) * <uint64_t>0x9E3779B97F4A7C15
        weight = (weight ^ (weight >> 29)) * <uint64_t>0xBF58476D1CE4E5B9
        node.major = major
        node.minor = minor
        node.ordinal = ordinal
        node.item = item
        node.weight = <uint32_t>(weight >> 32)
        node.left = -1
        node.right = -1
        node.size = 1
        return slot

    cdef int32_t insert(self, int32_t root, int32_t slot) noexcept:
        """The root of the line with a new node."""
        cdef LineNode* nodes = self.nodes
        cdef LineNode* node = &nodes[slot]
        cdef int32_t* link = &root
        cdef int32_t at
        while link[0] >= 0:
            at = link[0]
            if node.weight > nodes[at].weight:
                _split(nodes, at, node, &node.left, &node.right)
                _sum(nodes, slot)
                break
            nodes[at].size += 1
            if _less(&nodes[at], node.major, node.minor, node.ordinal):
                link = &nodes[at].right
            else:
                link = &nodes[at].left
        link[0] = slot
        return root

    cdef int32_t remove(self, int32_t root, int32_t slot) noexcept:
        """The root of the line without a node that is in it; the node is free again."""
        cdef LineNode* nodes = self.nodes
        cdef LineNode* node = &nodes[slot]
        cdef int32_t* link = &root
        while link[0] != slot:
            nodes[link[0]].size -= 1
            if _less(&nodes[link[0]], node.major, node.minor, node.ordinal):
                link = &nodes[link[0]].right
            else:
                link = &nodes[link[0]].left
        link[0] = _merge(nodes, node.left, node.right)
        node.left = self.free_first
        self.free_first = slot
        return root

    cdef void empty(self) noexcept:
        """All nodes of all lines are free again; the caller forgets the roots."""
        cdef int32_t slot
        self.free_first = -1
        for slot in range(self.room - 1, -1, -1):
            self.nodes[slot].left = self.free_first
            self.free_first = slot

    cdef list items(self, int32_t root):
        """The items of all nodes of a line, in no order that means anything."""
        cdef list result = []
        cdef list left = [root]
        while left:
            root = left.pop()
            if root >= 0:
                result.append(self.nodes[root].item)
                left.append(self.nodes[root].left)
                left.append(self.nodes[root].right)
        return result

    cdef int32_t before(self, int32_t root, int64_t major, int64_t minor, int64_t ordinal) noexcept:
        """How many go before that key."""
        cdef LineNode* nodes = self.nodes
        cdef int32_t result = 0
        cdef int32_t right
        while root >= 0:
            if _less(&nodes[root], major, minor, ordinal):
                # All but those on the right, who are looked at next anyway.
                right = nodes[root].right
                result += nodes[root].size - (nodes[right].size if right >= 0 else 0)
                root = right
            else:
                root = nodes[root].left
        return result
