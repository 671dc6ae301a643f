# cython: language_level=3
"""Due times in order: an indexed heap by (due, ordinal)."""

from libc.stdlib cimport free, realloc

from acd_core.heaps cimport HeapEntry, heap_push, heap_take


cdef class Timers:
    def __cinit__(self):
        self.free_first = -1

    def __dealloc__(self):
        free(self.all)
        free(self.position)
        free(self.heap.data)

    cdef int32_t arm(self, int32_t old, int64_t due_ns, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1:
        """Arm a timer in place of an old one (-1 for none), with the next ordinal; its slot."""
        cdef int64_t ordinal = self.armed
        if old >= 0:
            self.disarm(old)
        self.armed += 1
        return self.put(due_ns, ordinal, kind, contact, agent, agent_ordinal, about)

    cdef int32_t put(self, int64_t due_ns, int64_t ordinal, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1:
        cdef int32_t slot, room
        cdef void* grown
        cdef Timer* timer
        cdef HeapEntry entry
        if self.free_first < 0:
            room = self.room * 2 or 16
            grown = realloc(self.all, <size_t>room * sizeof(Timer))
            if grown == NULL:
                raise MemoryError
            self.all = <Timer*>grown
            grown = realloc(self.position, <size_t>room * sizeof(int32_t))
            if grown == NULL:
                raise MemoryError
            self.position = <int32_t*>grown
            for slot in range(room - 1, self.room - 1, -1):
                self.all[slot].ordinal = -1
                self.all[slot].contact = self.free_first
                self.position[slot] = -1
                self.free_first = slot
            self.room = room
        slot = self.free_first
        timer = &self.all[slot]
        self.free_first = timer.contact
        timer.due_ns = due_ns
        timer.ordinal = ordinal
        timer.kind = kind
        timer.contact = contact
        timer.agent = agent
        timer.agent_ordinal = agent_ordinal
        timer.about = about
        entry.major = due_ns
        entry.minor = 0
        entry.ordinal = ordinal
        entry.item = slot
        entry.klass = 0
        heap_push(&self.heap, self.position, entry)
        return slot

    cdef int disarm(self, int32_t slot) except -1:
        if self.all[slot].ordinal < 0:
            raise AssertionError("a timer that is not armed was disarmed")
        heap_take(&self.heap, self.position, slot)
        self.all[slot].ordinal = -1
        self.all[slot].contact = self.free_first
        self.free_first = slot
        return 0

    cdef list in_order(self):
        """Slots of all timers by (due, ordinal)."""
        cdef int32_t index
        cdef list keyed = [
            (self.heap.data[index].major, self.heap.data[index].ordinal, self.heap.data[index].item)
            for index in range(self.heap.size)
        ]
        keyed.sort()
        return [key[2] for key in keyed]
