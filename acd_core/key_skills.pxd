"""What one must have to meet a requirement: one of a few sets of key skills, up to three at a level or more."""

from libc.stdint cimport int32_t, uint8_t

from acd_core.programs cimport OP_AND, OP_NOT, OP_OR, OP_TERM

cdef enum:
    KEY_SETS_MAX = 4
    KEY_SKILLS = 3
    LEVEL_BEST = 100
    STACK_ROOM = 136  # more than twice limits.REQUIREMENT_TERMS_MAX, since lowering may double a requirement


cdef struct Op:
    int32_t skill
    uint8_t code
    uint8_t low
    uint8_t high
    uint8_t outside


cdef struct KeySkills:
    int32_t skills[3]  # slots, the rarest first; -1 for none
    uint8_t lows[3]
    uint8_t exact  # who has all of it meets the requirement


cdef struct Narrowing:
    # Who meets the requirement has all of at least one of the sets. None: anybody might.
    KeySkills sets[4]
    int32_t count


cdef int find_narrowing(const Op* ops, int32_t size, const int32_t* rarity, Narrowing* result) except -1 nogil
