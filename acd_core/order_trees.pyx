# cython: language_level=3
"""Inserting into and removing from the trees of order_trees.pxd; recursion is as deep as the tree, some 2 log2 n."""


cdef void _split(TreeNode* nodes, int32_t root, int64_t ordinal, int32_t* left, int32_t* right) noexcept nogil:
    if root < 0:
        left[0] = -1
        right[0] = -1
    elif nodes[root].ordinal < ordinal:
        _split(nodes, nodes[root].right, ordinal, &nodes[root].right, right)
        left[0] = root
        _tree_sum(nodes, root)
    else:
        _split(nodes, nodes[root].left, ordinal, left, &nodes[root].left)
        right[0] = root
        _tree_sum(nodes, root)


cdef int32_t _merge(TreeNode* nodes, int32_t left, int32_t right) noexcept nogil:
    if left < 0:
        return right
    if right < 0:
        return left
    if nodes[left].weight > nodes[right].weight:
        nodes[left].right = _merge(nodes, nodes[left].right, right)
        _tree_sum(nodes, left)
        return left
    nodes[right].left = _merge(nodes, left, nodes[right].left)
    _tree_sum(nodes, right)
    return right


cdef int32_t _insert(TreeNode* nodes, int32_t root, int32_t item) noexcept nogil:
    if root < 0:
        return item
    if nodes[item].weight > nodes[root].weight:
        _split(nodes, root, nodes[item].ordinal, &nodes[item].left, &nodes[item].right)
        _tree_sum(nodes, item)
        return item
    if nodes[item].ordinal < nodes[root].ordinal:
        nodes[root].left = _insert(nodes, nodes[root].left, item)
    else:
        nodes[root].right = _insert(nodes, nodes[root].right, item)
    nodes[root].size += 1
    nodes[root].mass += nodes[item].own
    return root


cdef int32_t tree_insert(TreeNode* nodes, int32_t root, int32_t item, int64_t ordinal, int32_t own) noexcept nogil:
    """The tree with an item that was in none."""
    cdef uint64_t weight = (<uint64_t>ordinal + 1) * <uint64_t>0x9E3779B97F4A7C15
    weight = (weight ^ (weight >> 29)) * <uint64_t>0xBF58476D1CE4E5B9
    nodes[item].ordinal = ordinal
    nodes[item].weight = weight ^ (weight >> 32)
    nodes[item].left = -1
    nodes[item].right = -1
    nodes[item].size = 1
    nodes[item].own = own
    nodes[item].mass = own
    return _insert(nodes, root, item)


cdef int32_t tree_remove(TreeNode* nodes, int32_t root, int64_t ordinal) noexcept nogil:
    """The tree without the item of that ordinal, which must be in it."""
    if nodes[root].ordinal == ordinal:
        return _merge(nodes, nodes[root].left, nodes[root].right)
    if ordinal < nodes[root].ordinal:
        nodes[root].left = tree_remove(nodes, nodes[root].left, ordinal)
    else:
        nodes[root].right = tree_remove(nodes, nodes[root].right, ordinal)
    _tree_sum(nodes, root)
    return root
