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
    int32_t own  # the agent's weight
    int64_t mass  # sum of weights


cdef inline int32_t tree_size(const TreeNode* nodes, int32_t root) noexcept nogil:
    return nodes[root].size if root >= 0 else 0


cdef inline int64_t tree_mass(const TreeNode* nodes, int32_t root) noexcept nogil:
    return nodes[root].mass if root >= 0 else 0


cdef inline int64_t tree_amount(const TreeNode* nodes, int32_t root, bint by_mass) noexcept nogil:
    return tree_mass(nodes, root) if by_mass else tree_size(nodes, root)


cdef inline void _tree_sum(TreeNode* nodes, int32_t at) noexcept nogil:
    nodes[at].size = 1 + tree_size(nodes, nodes[at].left) + tree_size(nodes, nodes[at].right)
    nodes[at].mass = nodes[at].own + tree_mass(nodes, nodes[at].left) + tree_mass(nodes, nodes[at].right)


cdef int32_t tree_insert(TreeNode* nodes, int32_t root, int32_t item, int64_t ordinal, int32_t own) noexcept nogil
cdef int32_t tree_remove(TreeNode* nodes, int32_t root, int64_t ordinal) noexcept nogil


cdef inline int32_t tree_from(const TreeNode* nodes, int32_t root, int64_t ordinal) noexcept nogil:
    """The item with the lowest ordinal that is not below a given one, or -1."""
    cdef int32_t result = -1
    while root >= 0:
        if nodes[root].ordinal < ordinal:
            root = nodes[root].right
        else:
            result = root
            root = nodes[root].left
    return result


cdef inline int64_t tree_before(const TreeNode* nodes, int32_t root, int64_t ordinal, bint by_mass) noexcept nogil:
    """How many have a lower ordinal, or how much they weigh."""
    cdef int64_t result = 0
    while root >= 0:
        if nodes[root].ordinal < ordinal:
            result += tree_amount(nodes, nodes[root].left, by_mass) + (nodes[root].own if by_mass else 1)
            root = nodes[root].right
        else:
            root = nodes[root].left
    return result
