from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from acd_core.key_skills cimport KEY_SKILLS, STACK_ROOM, Narrowing, Op
from acd_core.orders cimport Name
from acd_core.programs cimport OP_AND, OP_NOT, OP_OR, OP_TERM
from acd_core.tables cimport SlotTable
from acd_core.types cimport Weight

cdef enum:
    LEVEL_BITS = 7  # levels go to 100
    PLANE_STRIDE = 8  # one cache line for the planes of 64 agent classes


cdef struct Skill:
    PyObject* name  # NULL: the slot is free
    uint64_t* planes  # by 64 agent classes: bit i of their levels in word i
    uint64_t* have  # agent classes that have it at all, one bit each
    int32_t words
    int32_t uses  # agents, and requirements in use, that name it
    int32_t pins  # programs and agent classes that refer to the slot


cdef struct Requirement:
    PyObject* text  # NULL: the slot is free
    uint64_t text_word
    Op* ops  # postfix
    int32_t* skills  # the distinct ones
    Narrowing* narrowing
    int32_t size
    int32_t skill_count
    int32_t live  # queues and live contacts that have it
    int32_t pins  # contact classes that refer to it
    int32_t idle_before
    int32_t idle_after
    bint idle


cdef class Skills:
    cdef Skill* skills
    cdef Requirement* requirements
    cdef int32_t skill_room
    cdef int32_t requirement_room
    cdef int32_t requirement_count
    cdef int32_t idle_first
    cdef int32_t idle_last
    cdef int32_t idle_count
    cdef readonly int32_t distinct
    cdef int32_t* rarity  # by skill slot: how many agent classes have it
    cdef dict skill_slots
    cdef dict requirement_slots
    cdef SlotTable requirement_texts
    cdef list skill_free
    cdef list requirement_free

    cdef int32_t skill(self, str name) except -1
    cdef int set_level(self, int32_t skill, int32_t klass, int level) except -1
    cdef int unpin_skill(self, int32_t skill) except -1
    cdef int32_t find(self, str text) except -1
    cdef int32_t find_named(self, const Name* text) except -2
    cdef int hold(self, int32_t requirement) except -1
    cdef int release(self, int32_t requirement) except -1
    cdef int pin(self, int32_t requirement) except -1
    cdef int unpin(self, int32_t requirement) except -1
    cdef int use(self, str name, int change) except -1
    cdef int distinct_after(self, dict changes) except -1
    cdef int add_changes(self, dict changes, int32_t requirement, int change) except -1
    cdef str text_of(self, int32_t requirement)
    cdef int32_t _compile(self, str text) except -1
    cdef int32_t _refer(self, Requirement* requirement, str name) except -1
    cdef int32_t _new_requirement(self, int32_t size) except -1
    cdef int _set_idle(self, int32_t requirement) except -1
    cdef void _unset_idle(self, int32_t requirement) noexcept
    cdef int _forget(self, int32_t requirement) except -1


cdef struct Outline:
    # A requirement as far as its key skills go, ready to be held against many words of agent classes.
    const uint64_t* have[12]  # by set and place; NULL: no skill
    int32_t words[4]  # by set: behind these nobody has all of it
    int32_t count  # 0: anybody might meet it


cdef inline void outline_of(Skills room, int32_t requirement, Outline* outline) noexcept nogil:
    cdef const Narrowing* narrowing = room.requirements[requirement].narrowing
    cdef const Skill* skill
    cdef int32_t index, at
    outline.count = narrowing.count
    for index in range(narrowing.count):
        outline.words[index] = 1 << 30
        for at in range(KEY_SKILLS):
            outline.have[index * KEY_SKILLS + at] = NULL
            if narrowing.sets[index].skills[at] < 0:
                continue
            skill = &room.skills[narrowing.sets[index].skills[at]]
            outline.have[index * KEY_SKILLS + at] = skill.have
            if skill.words < outline.words[index]:
                outline.words[index] = skill.words


cdef inline uint64_t may_meet(const Outline* outline, int32_t word) noexcept nogil:
    """All of the 64 agent classes of a word that meet the requirement, and some that do not."""
    cdef uint64_t result = 0
    cdef uint64_t found
    cdef int32_t index
    cdef const uint64_t* const* have
    if outline.count == 0:
        return ~<uint64_t>0
    for index in range(outline.count):
        if word >= outline.words[index]:
            continue
        have = &outline.have[index * KEY_SKILLS]
        found = have[0][word]
        if have[1] != NULL:
            found &= have[1][word]
            if have[2] != NULL:
                found &= have[2][word]
        result |= found
    return result


cdef inline uint64_t _at_least(const uint64_t* planes, int level) noexcept nogil:
    """Which of 64 agent classes have at least a level, from the bits of their levels, lowest first."""
    cdef uint64_t result = ~<uint64_t>0
    cdef int bit
    for bit in range(LEVEL_BITS):
        if level >> bit & 1:
            result &= planes[bit]
        else:
            result |= planes[bit]
    return result


cdef inline uint64_t _term(const Skill* skill, const Op* op, int32_t word) noexcept nogil:
    cdef uint64_t result = ~<uint64_t>0
    cdef const uint64_t* planes
    if word >= skill.words:
        result = result if op.low == 0 else 0
    else:
        planes = skill.planes + <int64_t>word * PLANE_STRIDE
        if op.low > 0:
            result = _at_least(planes, op.low)
        if op.high < 100:
            result &= ~_at_least(planes, op.high + 1)
    return ~result if op.outside else result


cdef inline uint64_t meets(Skills room, int32_t requirement, int32_t word) noexcept nogil:
    """Which of the 64 agent classes of a word meet a requirement (bits of free classes mean nothing)."""
    cdef const Requirement* program = &room.requirements[requirement]
    cdef const Op* op
    cdef uint64_t stack[STACK_ROOM]
    cdef int32_t top = 0
    cdef int32_t index
    if program.size == 0:
        return ~<uint64_t>0
    for index in range(program.size):
        op = &program.ops[index]
        if op.code == OP_TERM:
            stack[top] = _term(&room.skills[op.skill], op, word)
            top += 1
        elif op.code == OP_NOT:
            stack[top - 1] = ~stack[top - 1]
        else:
            top -= 1
            if op.code == OP_AND:
                stack[top - 1] &= stack[top]
            else:
                stack[top - 1] |= stack[top]
    return stack[0]


cdef inline bint met_by(Skills room, int32_t requirement, const uint8_t* levels) noexcept nogil:
    """Does somebody with these levels, by skill slot, meet a requirement."""
    cdef const Requirement* program = &room.requirements[requirement]
    cdef const Op* op
    cdef uint8_t stack[STACK_ROOM]
    cdef int32_t top = 0
    cdef int32_t index
    if program.size == 0:
        return True
    for index in range(program.size):
        op = &program.ops[index]
        if op.code == OP_TERM:
            stack[top] = (op.low <= levels[op.skill] <= op.high) != op.outside
            top += 1
        elif op.code == OP_NOT:
            stack[top - 1] = not stack[top - 1]
        else:
            top -= 1
            if op.code == OP_AND:
                stack[top - 1] &= stack[top]
            else:
                stack[top - 1] |= stack[top]
    return stack[0]


cdef Weight* weights_of(Skills room, tuple weights) except NULL
cdef int drop_weights(Skills room, Weight* weights, int32_t count) except -1
cdef uint64_t heaviest(Skills room, const Weight* weights, int32_t count, int32_t word, uint64_t mask,
                       int64_t* total) noexcept nogil
