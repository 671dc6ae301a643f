"""Treaps over agents by ordinal, with sizes: the k-th in order of creation of one class, and how many go before.

(Seidel and Aragon, Randomized search trees, 1996. The heap key is a hash of the ordinal, so the shape depends on the
content alone.) Nodes are indexes into shared arrays; an agent is in one tree at most.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t


cdef struct TreeNode:
    int64_t ordinal
    uint64_t weight
    int32_t left
    int32_t right
    int32_t size


cdef inline int32_t tree_size(const TreeNode* nodes, int32_t root) noexcept nogil:
    return nodes[root].size if root >= 0 else 0


cdef inline void _tree_sum(TreeNode* nodes, int32_t at) noexcept nogil:
    nodes[at].size = 1 + tree_size(nodes, nodes[at].left) + tree_size(nodes, nodes[at].right)


cdef int32_t tree_insert(TreeNode* nodes, int32_t root, int32_t item, int64_t ordinal) noexcept nogil
cdef int32_t tree_remove(TreeNode* nodes, int32_t root, int64_t ordinal) noexcept nogil


cdef inline int32_t tree_select(const TreeNode* nodes, int32_t root, int32_t rank) noexcept nogil:
    """The item with `rank` others before it."""
    cdef int32_t before
    while True:
        before = tree_size(nodes, nodes[root].left)
        if rank == before:
            return root
        if rank < before:
            root = nodes[root].left
        else:
            rank -= before + 1
            root = nodes[root].right


cdef inline int32_t tree_before(const TreeNode* nodes, int32_t root, int64_t ordinal) noexcept nogil:
    """How many have a lower ordinal."""
    cdef int32_t result = 0
    while root >= 0:
        if nodes[root].ordinal < ordinal:
            result += tree_size(nodes, nodes[root].left) + 1
            root = nodes[root].right
        else:
            root = nodes[root].left
    return result
