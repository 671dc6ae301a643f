# cython: language_level=3
"""Skills and requirements: names interned to slots, requirements compiled to programs over bit planes.

The level of every agent class in a skill is kept in seven bit planes, so that a term is judged for 64 agent classes
at once with a handful of word operations (bit-sliced comparison, after O'Neil and Quass, Improved query performance
with variant indexes, 1997). A requirement that nobody uses is kept for a while, since texts recur; how many are kept
follows how many are in use.
"""

from cpython.ref cimport Py_INCREF, Py_DECREF
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from acd_core.key_skills cimport find_narrowing
from acd_core.digest cimport text_word
from acd_core.orders cimport slot_named
from acd_core.programs cimport SYMBOLS_MAX, Symbol, read_program
from acd_core.tables cimport table_add_text, table_clear, table_drop, table_init, text_key

from acd_core.command_checks import parse_own_cached
from acd_core.requirement import And, Not, Or, Term

cdef extern from "Python.h":
    str PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)

cdef enum:
    IDLE_LEAST = 256  # unused requirements that are always kept
    WEIGHT_BITS = 10  # limits.SKILL_WEIGHT_MAX is 1,000
    SUM_BITS = 24


cdef class Skills:
    """Slots of skills and requirements. Slot 0 of the requirements is the empty one and never goes."""

    def __cinit__(self):
        self.skill_slots = {}
        self.requirement_slots = {}
        table_init(&self.requirement_texts)
        self.skill_free = []
        self.requirement_free = []
        self.idle_first = -1
        self.idle_last = -1
        self._compile("")
        self.requirements[0].pins = 1
        self._unset_idle(0)

    def __dealloc__(self):
        cdef int32_t slot
        for slot in range(self.skill_room):
            if self.skills[slot].name != NULL:
                Py_DECREF(<object>self.skills[slot].name)
            free(self.skills[slot].planes)
            free(self.skills[slot].have)
        for slot in range(self.requirement_room):
            if self.requirements[slot].text != NULL:
                Py_DECREF(<object>self.requirements[slot].text)
            free(self.requirements[slot].ops)
            free(self.requirements[slot].skills)
            free(self.requirements[slot].narrowing)
        table_clear(&self.requirement_texts)
        free(self.rarity)
        free(self.skills)
        free(self.requirements)

    cdef int32_t skill(self, str name) except -1:
        """The slot of a skill, pinned once more."""
        cdef int32_t slot
        cdef int32_t room
        cdef Skill* grown
        cdef int32_t* rarity
        known = self.skill_slots.get(name)
        if known is not None:
            slot = known
        else:
            if not self.skill_free:
                room = self.skill_room * 2 or 16
                grown = <Skill*>realloc(self.skills, <size_t>room * sizeof(Skill))
                if grown == NULL:
                    raise MemoryError
                memset(grown + self.skill_room, 0, <size_t>(room - self.skill_room) * sizeof(Skill))
                self.skills = grown
                rarity = <int32_t*>realloc(self.rarity, <size_t>room * sizeof(int32_t))
                if rarity == NULL:
                    raise MemoryError
                memset(rarity + self.skill_room, 0, <size_t>(room - self.skill_room) * sizeof(int32_t))
                self.rarity = rarity
                self.skill_free.extend(range(room - 1, self.skill_room - 1, -1))
                self.skill_room = room
            slot = self.skill_free.pop()
            self.skill_slots[name] = slot
            Py_INCREF(name)
            self.skills[slot].name = <PyObject*>name
        self.skills[slot].pins += 1
        return slot

    cdef int unpin_skill(self, int32_t slot) except -1:
        cdef Skill* skill = &self.skills[slot]
        skill.pins -= 1
        if skill.pins == 0:
            if skill.uses != 0:
                raise AssertionError("a skill in use has nothing that refers to it")
            del self.skill_slots[<str>skill.name]
            Py_DECREF(<object>skill.name)
            free(skill.planes)
            free(skill.have)
            self.rarity[slot] = 0
            memset(skill, 0, sizeof(Skill))
            self.skill_free.append(slot)
        return 0

    cdef int set_level(self, int32_t slot, int32_t klass, int level) except -1:
        """Note the level of an agent class in a skill; 0 takes it away."""
        cdef Skill* skill = &self.skills[slot]
        cdef int32_t word = klass >> 6
        cdef int32_t words
        cdef uint64_t bit = <uint64_t>1 << (klass & 63)
        cdef uint64_t* grown
        cdef int plane
        if word >= skill.words:
            if level == 0:
                return 0
            words = max(word + 1, skill.words * 2)
            grown = <uint64_t*>realloc(skill.planes, <size_t>words * PLANE_STRIDE * sizeof(uint64_t))
            if grown == NULL:
                raise MemoryError
            memset(grown + <int64_t>skill.words * PLANE_STRIDE, 0,
                   <size_t>(words - skill.words) * PLANE_STRIDE * sizeof(uint64_t))
            skill.planes = grown
            grown = <uint64_t*>realloc(skill.have, <size_t>words * sizeof(uint64_t))
            if grown == NULL:
                raise MemoryError
            memset(grown + skill.words, 0, <size_t>(words - skill.words) * sizeof(uint64_t))
            skill.have = grown
            skill.words = words
        if (level > 0) != (skill.have[word] & bit != 0):
            skill.have[word] ^= bit
            self.rarity[slot] += 1 if level > 0 else -1
        for plane in range(LEVEL_BITS):
            if level >> plane & 1:
                skill.planes[<int64_t>word * PLANE_STRIDE + plane] |= bit
            else:
                skill.planes[<int64_t>word * PLANE_STRIDE + plane] &= ~bit
        return 0

    cdef int use(self, str name, int change) except -1:
        """An agent begins (1) or ceases (-1) to have a skill. The skill's slot must be pinned at that moment."""
        cdef Skill* skill = &self.skills[<int32_t>self.skill_slots[name]]
        if skill.uses == 0:
            self.distinct += 1
        skill.uses += change
        if skill.uses < 0:
            raise AssertionError("a skill is used less than never")
        if skill.uses == 0:
            self.distinct -= 1
        return 0

    cdef int distinct_after(self, dict changes) except -1:
        """How many distinct skills there would be after changes of their use, given by name."""
        cdef int result = self.distinct
        cdef int uses
        for name, change in changes.items():
            slot = self.skill_slots.get(name)
            uses = 0 if slot is None else self.skills[<int32_t>slot].uses
            result += <int>(uses + change > 0) - <int>(uses > 0)
        return result

    cdef int add_changes(self, dict changes, int32_t requirement, int change) except -1:
        cdef int32_t index
        for index in range(self.requirements[requirement].skill_count):
            name = <str>self.skills[self.requirements[requirement].skills[index]].name
            changes[name] = changes.get(name, 0) + change
        return 0

    cdef str text_of(self, int32_t requirement):
        return <str>self.requirements[requirement].text

    cdef int32_t find(self, str text) except -1:
        """The slot of a requirement. It stays for as long as it is held or pinned, and a while longer."""
        if not text:
            return 0
        known = self.requirement_slots.get(text)
        if known is not None:
            return known
        return self._compile(text)

    cdef int32_t find_named(self, const Name* text) except -2:
        """The slot of a requirement that is known, by its name in `requirement_texts`, else -1."""
        return slot_named(&self.requirement_texts, text, self.requirements, sizeof(Requirement)) if text.size else 0

    cdef int hold(self, int32_t slot) except -1:
        """A queue or a live contact has it from now on; its skills count as in use."""
        cdef Requirement* requirement = &self.requirements[slot]
        cdef Skill* skill
        cdef int32_t index
        requirement.live += 1
        if requirement.live == 1:
            if requirement.idle:
                self._unset_idle(slot)
            for index in range(requirement.skill_count):
                skill = &self.skills[requirement.skills[index]]
                skill.uses += 1
                if skill.uses == 1:
                    self.distinct += 1
        return 0

    cdef int release(self, int32_t slot) except -1:
        cdef Requirement* requirement = &self.requirements[slot]
        cdef Skill* skill
        cdef int32_t index
        requirement.live -= 1
        if requirement.live < 0:
            raise AssertionError("a requirement was released more often than held")
        if requirement.live == 0:
            for index in range(requirement.skill_count):
                skill = &self.skills[requirement.skills[index]]
                skill.uses -= 1
                if skill.uses == 0:
                    self.distinct -= 1
            if requirement.pins == 0:
                self._set_idle(slot)
        return 0

    cdef int pin(self, int32_t slot) except -1:
        cdef Requirement* requirement = &self.requirements[slot]
        requirement.pins += 1
        if requirement.idle:
            self._unset_idle(slot)
        return 0

    cdef int unpin(self, int32_t slot) except -1:
        cdef Requirement* requirement = &self.requirements[slot]
        requirement.pins -= 1
        if requirement.pins == 0 and requirement.live == 0:
            self._set_idle(slot)
        return 0

    cdef int _set_idle(self, int32_t slot) except -1:
        cdef Requirement* requirement = &self.requirements[slot]
        requirement.idle = True
        requirement.idle_before = self.idle_last
        requirement.idle_after = -1
        if self.idle_last >= 0:
            self.requirements[self.idle_last].idle_after = slot
        else:
            self.idle_first = slot
        self.idle_last = slot
        self.idle_count += 1
        while self.idle_count > IDLE_LEAST and self.idle_count > self.requirement_count - self.idle_count:
            self._forget(self.idle_first)
        return 0

    cdef void _unset_idle(self, int32_t slot) noexcept:
        cdef Requirement* requirement = &self.requirements[slot]
        requirement.idle = False
        if requirement.idle_before >= 0:
            self.requirements[requirement.idle_before].idle_after = requirement.idle_after
        else:
            self.idle_first = requirement.idle_after
        if requirement.idle_after >= 0:
            self.requirements[requirement.idle_after].idle_before = requirement.idle_before
        else:
            self.idle_last = requirement.idle_before
        self.idle_count -= 1

    cdef int _forget(self, int32_t slot) except -1:
        cdef Requirement* requirement = &self.requirements[slot]
        cdef int32_t index
        self._unset_idle(slot)
        for index in range(requirement.skill_count):
            self.unpin_skill(requirement.skills[index])
        del self.requirement_slots[<str>requirement.text]
        table_drop(&self.requirement_texts, text_key(&self.requirement_texts, requirement.text), slot)
        Py_DECREF(<object>requirement.text)
        free(requirement.ops)
        free(requirement.skills)
        free(requirement.narrowing)
        memset(requirement, 0, sizeof(Requirement))
        self.requirement_free.append(slot)
        self.requirement_count -= 1
        return 0

    cdef int32_t _compile(self, str text) except -1:
        cdef Symbol[SYMBOLS_MAX] symbols
        cdef int32_t size = read_program(text, 2, symbols)
        cdef int32_t slot, index
        cdef list ops = []
        cdef Requirement* requirement
        if size < 0:
            _flatten(parse_own_cached(text), ops)
            size = len(ops)
        slot = self._new_requirement(size)
        requirement = &self.requirements[slot]
        for index in range(size):
            if ops:
                code, term = ops[index]
                requirement.ops[index].code = code
                if code == OP_TERM:
                    requirement.ops[index].low = term.low
                    requirement.ops[index].high = term.high
                    requirement.ops[index].outside = term.outside
                    requirement.ops[index].skill = self._refer(requirement, term.skill)
                continue
            requirement.ops[index].code = symbols[index].code
            if symbols[index].code == OP_TERM:
                requirement.ops[index].low = symbols[index].low
                requirement.ops[index].high = symbols[index].high
                requirement.ops[index].outside = symbols[index].outside
                requirement.ops[index].skill = self._refer(requirement, PyUnicode_Substring(
                    text, symbols[index].name_at, symbols[index].name_at + symbols[index].name_size))
        find_narrowing(requirement.ops, size, self.rarity, requirement.narrowing)
        requirement.text_word = text_word(text)
        Py_INCREF(text)
        requirement.text = <PyObject*>text
        self.requirement_slots[text] = slot
        table_add_text(&self.requirement_texts, text_key(&self.requirement_texts, <PyObject*>text), slot, <PyObject*>text)
        self.requirement_count += 1
        self._set_idle(slot)
        return slot

    cdef int32_t _refer(self, Requirement* requirement, str name) except -1:
        """The slot of a skill that a requirement names, pinned once by it."""
        cdef int32_t slot = self.skill(name)
        cdef int32_t index
        for index in range(requirement.skill_count):
            if requirement.skills[index] == slot:
                self.unpin_skill(slot)
                return slot
        requirement.skills[requirement.skill_count] = slot
        requirement.skill_count += 1
        return slot

    cdef int32_t _new_requirement(self, int32_t size) except -1:
        """A free slot with room for a program of that size."""
        cdef Requirement* grown
        cdef Requirement* requirement
        cdef int32_t room, slot
        if not self.requirement_free:
            room = self.requirement_room * 2 or 16
            grown = <Requirement*>realloc(self.requirements, <size_t>room * sizeof(Requirement))
            if grown == NULL:
                raise MemoryError
            memset(grown + self.requirement_room, 0, <size_t>(room - self.requirement_room) * sizeof(Requirement))
            self.requirements = grown
            self.requirement_free.extend(range(room - 1, self.requirement_room - 1, -1))
            self.requirement_room = room
        slot = self.requirement_free.pop()
        requirement = &self.requirements[slot]
        requirement.size = size
        requirement.ops = <Op*>calloc(max(1, size), sizeof(Op))
        requirement.skills = <int32_t*>calloc(max(1, size), sizeof(int32_t))
        requirement.narrowing = <Narrowing*>calloc(1, sizeof(Narrowing))
        if requirement.ops == NULL or requirement.skills == NULL or requirement.narrowing == NULL:
            raise MemoryError
        return slot


cdef int _flatten(object node, list ops) except -1:
    """A requirement's tree as postfix operations."""
    cdef int index
    if isinstance(node, Term):
        ops.append((OP_TERM, node))
    elif isinstance(node, Not):
        _flatten(node.operand, ops)
        ops.append((OP_NOT, None))
    else:
        assert isinstance(node, And | Or)
        for index, operand in enumerate(node.operands):
            _flatten(operand, ops)
            if index:
                ops.append((OP_AND if isinstance(node, And) else OP_OR, None))
    return 0


cdef Weight* weights_of(Skills room, tuple weights) except NULL:
    """Weights of skills by slot; the skills count as in use until `drop_weights`."""
    cdef Weight* result = <Weight*>calloc(max(1, len(weights)), sizeof(Weight))
    cdef int32_t index
    if result == NULL:
        raise MemoryError
    for index, (name, weight) in enumerate(weights):
        result[index].skill = room.skill(name)
        result[index].weight = weight
        room.use(name, 1)
    return result


cdef int drop_weights(Skills room, Weight* weights, int32_t count) except -1:
    cdef int32_t index
    for index in range(count):
        room.use(<str>room.skills[weights[index].skill].name, -1)
        room.unpin_skill(weights[index].skill)
    free(weights)
    return 0


cdef uint64_t heaviest(Skills room, const Weight* weights, int32_t count, int32_t word, uint64_t mask,
                       int64_t* total) noexcept nogil:
    """Those of the 64 agent classes of a word in `mask` (not empty) whose weighted sum of levels is highest, and it.

    The sums of all 64 are added up at once, bit plane by bit plane; they stay below 2**23 by the bounds of limits.
    """
    cdef uint64_t sums[SUM_BITS]
    cdef const uint64_t* planes
    cdef uint64_t carry, addend, kept
    cdef int32_t index
    cdef int shift, bit, at
    memset(sums, 0, sizeof(sums))
    for index in range(count):
        if word >= room.skills[weights[index].skill].words:
            continue
        planes = room.skills[weights[index].skill].planes + <int64_t>word * PLANE_STRIDE
        for shift in range(WEIGHT_BITS):
            if not weights[index].weight >> shift & 1:
                continue
            carry = 0
            for at in range(shift, SUM_BITS):
                bit = at - shift
                if bit >= LEVEL_BITS and carry == 0:
                    break
                addend = planes[bit] if bit < LEVEL_BITS else 0
                kept = sums[at]
                sums[at] = kept ^ addend ^ carry
                carry = (kept & addend) | (carry & (kept ^ addend))
    total[0] = 0
    for at in range(SUM_BITS - 1, -1, -1):
        if mask & sums[at]:
            mask &= sums[at]
            total[0] |= <int64_t>1 << at
    return mask
