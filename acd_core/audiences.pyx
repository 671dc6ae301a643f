# cython: language_level=3
"""Lists by agent of what is for few agents alone. Adding and dropping an item takes a step for each of its agents."""

from libc.stdlib cimport free, realloc

from acd_core.tables cimport table_add, table_clear, table_drop


cdef class Audiences:
    def __cinit__(self):
        self.free_first = -1

    def __dealloc__(self):
        free(self.links)
        table_clear(&self.firsts)

    cdef int32_t _new_link(self) except -1:
        cdef int32_t slot, room
        cdef void* grown
        if self.free_first < 0:
            room = self.room * 2 or 16
            grown = realloc(self.links, <size_t>room * sizeof(AudienceLink))
            if grown == NULL:
                raise MemoryError
            self.links = <AudienceLink*>grown
            for slot in range(room - 1, self.room - 1, -1):
                self.links[slot].other = self.free_first
                self.free_first = slot
            self.room = room
        slot = self.free_first
        self.free_first = self.links[slot].other
        return slot

    cdef int32_t add(self, int32_t item, tuple agents) except -1:
        """An item for agents given by their ordinals, at least one: its first link, by which it is dropped."""
        cdef int64_t ordinal
        cdef int32_t slot, first
        cdef int32_t result = -1
        cdef AudienceLink* link
        for ordinal in agents:
            slot = self._new_link()
            link = &self.links[slot]
            link.agent_ordinal = ordinal
            link.item = item
            link.before = -1
            link.after = -1
            link.other = result
            result = slot
            first = first_link(self, ordinal)
            if first < 0:
                table_add(&self.firsts, <uint64_t>ordinal, slot)
                continue
            # Behind the first, which the table says.
            link.before = first
            link.after = self.links[first].after
            if link.after >= 0:
                self.links[link.after].before = slot
            self.links[first].after = slot
        return result

    cdef int drop(self, int32_t slot) except -1:
        """An item goes, given by its first link."""
        cdef AudienceLink* link
        cdef int32_t other
        while slot >= 0:
            link = &self.links[slot]
            if link.after >= 0:
                self.links[link.after].before = link.before
            if link.before >= 0:
                self.links[link.before].after = link.after
            else:
                table_drop(&self.firsts, <uint64_t>link.agent_ordinal, slot)
                if link.after >= 0:
                    table_add(&self.firsts, <uint64_t>link.agent_ordinal, link.after)
            other = link.other
            link.other = self.free_first
            self.free_first = slot
            slot = other
        return 0
