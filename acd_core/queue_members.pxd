"""Which agent classes are members of a queue: bits by 64 classes, in order of tiers, so that who asks stops at a tier."""

from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memmove

from acd_core.types cimport MemberWord, QueueMembers


cdef inline int set_member(QueueMembers* members, int32_t tier, int32_t klass, bint member) except -1:
    """An agent class becomes a member of the queue at a tier, or is one no more."""
    cdef uint64_t bit = <uint64_t>1 << (klass & 63)
    cdef int32_t word = klass >> 6
    cdef int32_t low = 0
    cdef int32_t high = members.size
    cdef int32_t middle
    cdef MemberWord* entry
    cdef void* grown
    while low < high:
        middle = (low + high) >> 1
        entry = &members.words[middle]
        if entry.tier < tier or (entry.tier == tier and entry.word < word):
            low = middle + 1
        else:
            high = middle
    entry = NULL
    if low < members.size and members.words[low].tier == tier and members.words[low].word == word:
        entry = &members.words[low]
    if member:
        if entry == NULL:
            if members.size == members.room:
                grown = realloc(members.words, <size_t>(members.room * 2 or 4) * sizeof(MemberWord))
                if grown == NULL:
                    raise MemoryError
                members.words = <MemberWord*>grown
                members.room = members.room * 2 or 4
            entry = &members.words[low]
            memmove(entry + 1, entry, <size_t>(members.size - low) * sizeof(MemberWord))
            entry.mask = 0
            entry.tier = tier
            entry.word = word
            members.size += 1
        entry.mask |= bit
        members.classes += 1
        return 0
    if entry == NULL or not entry.mask & bit:
        raise AssertionError("a membership to take out is not there")
    entry.mask &= ~bit
    members.classes -= 1
    if entry.mask == 0:
        members.size -= 1
        memmove(entry, entry + 1, <size_t>(members.size - low) * sizeof(MemberWord))
    return 0
