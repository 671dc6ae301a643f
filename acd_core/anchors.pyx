# cython: language_level=3
"""Which skills narrow down a requirement: found once, when it is compiled.

`a>=5 and b and c<9` has the anchor (a>=5, b); `a or b and c` has two, (a) and (b, c); `not a` has none: anybody might
meet it. Anchors only say whom to look at; whoever is looked at is judged by the whole requirement, unless the anchor
is exact.
"""


cdef void _add_skill(Anchor* anchor, int32_t skill, uint8_t low, const int32_t* rarity) noexcept nogil:
    """One more skill that is asked for; the most common one goes if there are too many."""
    cdef int at, place
    for at in range(ANCHOR_SKILLS):
        if anchor.skills[at] == skill:
            anchor.lows[at] = max(anchor.lows[at], low)
            return
    place = ANCHOR_SKILLS
    for at in range(ANCHOR_SKILLS - 1, -1, -1):
        if anchor.skills[at] < 0 or rarity[skill] < rarity[anchor.skills[at]]:
            place = at
    if place == ANCHOR_SKILLS or anchor.skills[ANCHOR_SKILLS - 1] >= 0:
        anchor.exact = False
    for at in range(ANCHOR_SKILLS - 1, place, -1):
        anchor.skills[at] = anchor.skills[at - 1]
        anchor.lows[at] = anchor.lows[at - 1]
    if place < ANCHOR_SKILLS:
        anchor.skills[place] = skill
        anchor.lows[place] = low


cdef void _both(const Cover* left, const Cover* right, const int32_t* rarity, Cover* result) noexcept nogil:
    cdef const Cover* kept
    cdef const Anchor* more
    cdef int one, other, at
    if left.count == 0 or right.count == 0 or left.count * right.count > ANCHORS_MAX:
        kept = right if left.count == 0 or 0 < right.count < left.count else left
        result[0] = kept[0]
        for one in range(result.count):
            result.anchors[one].exact = False
        return
    result.count = 0
    for one in range(left.count):
        for other in range(right.count):
            more = &right.anchors[other]
            result.anchors[result.count] = left.anchors[one]
            result.anchors[result.count].exact &= more.exact
            for at in range(ANCHOR_SKILLS):
                if more.skills[at] >= 0:
                    _add_skill(&result.anchors[result.count], more.skills[at], more.lows[at], rarity)
            result.count += 1


cdef void _either(const Cover* left, const Cover* right, Cover* result) noexcept nogil:
    cdef int at
    if left.count == 0 or right.count == 0 or left.count + right.count > ANCHORS_MAX:
        result.count = 0
        return
    result[0] = left[0]
    for at in range(right.count):
        result.anchors[left.count + at] = right.anchors[at]
    result.count = left.count + right.count


cdef int find_cover(const Op* ops, int32_t size, const int32_t* rarity, Cover* result) except -1 nogil:
    """The anchors of a program. `rarity` says of skills how many have them, by slot."""
    cdef Cover[STACK_ROOM] stack
    cdef Cover made
    cdef Anchor* anchor
    cdef int32_t index, at
    cdef int32_t top = 0
    result.count = 0
    for index in range(size):
        if ops[index].code == OP_TERM:
            stack[top].count = 0
            if ops[index].low > 0 and not ops[index].outside:
                stack[top].count = 1
                anchor = &stack[top].anchors[0]
                for at in range(ANCHOR_SKILLS):
                    anchor.skills[at] = -1
                    anchor.lows[at] = 0
                anchor.skills[0] = ops[index].skill
                anchor.lows[0] = ops[index].low
                anchor.exact = ops[index].high >= LEVEL_BEST
            top += 1
        elif ops[index].code == OP_NOT:
            stack[top - 1].count = 0
        else:
            top -= 1
            if ops[index].code == OP_AND:
                _both(&stack[top - 1], &stack[top], rarity, &made)
            else:
                _either(&stack[top - 1], &stack[top], &made)
            stack[top - 1] = made
    if size:
        result[0] = stack[0]
    return 0
