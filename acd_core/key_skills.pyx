# cython: language_level=3
"""Which skills narrow down a requirement: found once, when it is compiled.

`a>=5 and b and c<9` has the set of key skills (a>=5, b); `a or b and c` has two, (a) and (b, c); `not a` has none:
anybody might meet it. Key skills only say whom to look at; whoever is looked at is judged by the whole requirement,
unless the set is exact.
"""


cdef void _add_skill(KeySkills* keys, int32_t skill, uint8_t low, const int32_t* rarity) noexcept nogil:
    """One more skill that is asked for; the most common one goes if there are too many."""
    cdef int at, place
    for at in range(KEY_SKILLS):
        if keys.skills[at] == skill:
            keys.lows[at] = max(keys.lows[at], low)
            return
    place = KEY_SKILLS
    for at in range(KEY_SKILLS - 1, -1, -1):
        if keys.skills[at] < 0 or rarity[skill] < rarity[keys.skills[at]]:
            place = at
    if place == KEY_SKILLS or keys.skills[KEY_SKILLS - 1] >= 0:
        keys.exact = False
    for at in range(KEY_SKILLS - 1, place, -1):
        keys.skills[at] = keys.skills[at - 1]
        keys.lows[at] = keys.lows[at - 1]
    if place < KEY_SKILLS:
        keys.skills[place] = skill
        keys.lows[place] = low


cdef void _both(const Narrowing* left, const Narrowing* right, const int32_t* rarity, Narrowing* result) noexcept nogil:
    cdef const Narrowing* kept
    cdef const KeySkills* more
    cdef int one, other, at
    if left.count == 0 or right.count == 0 or left.count * right.count > KEY_SETS_MAX:
        kept = right if left.count == 0 or 0 < right.count < left.count else left
        result[0] = kept[0]
        for one in range(result.count):
            result.sets[one].exact = False
        return
    result.count = 0
    for one in range(left.count):
        for other in range(right.count):
            more = &right.sets[other]
            result.sets[result.count] = left.sets[one]
            result.sets[result.count].exact &= more.exact
            for at in range(KEY_SKILLS):
                if more.skills[at] >= 0:
                    _add_skill(&result.sets[result.count], more.skills[at], more.lows[at], rarity)
            result.count += 1


cdef void _either(const Narrowing* left, const Narrowing* right, Narrowing* result) noexcept nogil:
    cdef int at
    if left.count == 0 or right.count == 0 or left.count + right.count > KEY_SETS_MAX:
        result.count = 0
        return
    result[0] = left[0]
    for at in range(right.count):
        result.sets[left.count + at] = right.sets[at]
    result.count = left.count + right.count


cdef int find_narrowing(const Op* ops, int32_t size, const int32_t* rarity, Narrowing* result) except -1 nogil:
    """The sets of key skills of a program. `rarity` says of skills how many have them, by slot."""
    cdef Narrowing[STACK_ROOM] stack
    cdef Narrowing made
    cdef KeySkills* keys
    cdef int32_t index, at
    cdef int32_t top = 0
    result.count = 0
    for index in range(size):
        if ops[index].code == OP_TERM:
            stack[top].count = 0
            if ops[index].low > 0 and not ops[index].outside:
                stack[top].count = 1
                keys = &stack[top].sets[0]
                for at in range(KEY_SKILLS):
                    keys.skills[at] = -1
                    keys.lows[at] = 0
                keys.skills[0] = ops[index].skill
                keys.lows[0] = ops[index].low
                keys.exact = ops[index].high >= LEVEL_BEST
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
