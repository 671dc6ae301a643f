# cython: language_level=3
"""Arming and disarming the timers of timers.pxd."""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove

from acd_core.heaps cimport HeapEntry, heap_place, heap_push, heap_take


cdef inline Queued* _at(const Run* run, uint32_t place) noexcept nogil:
    return &run.ring[place & (run.room - 1)]


cdef class Timers:
    def __cinit__(self):
        cdef int32_t number
        self.free_first = -1
        for number in range(RUNS_MAX):
            self.order[number] = number

    def __dealloc__(self):
        cdef int32_t number
        for number in range(RUNS_MAX):
            free(self.runs[number].ring)
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

    cdef int _grow(self) except -1:
        cdef int32_t room = self.room * 2 or 16
        cdef int32_t slot
        cdef void* grown = realloc(self.all, <size_t>room * sizeof(Timer))
        if grown == NULL:
            raise MemoryError
        self.all = <Timer*>grown
        grown = realloc(self.position, <size_t>(RUNS_MAX + room) * sizeof(int32_t))
        if grown == NULL:
            raise MemoryError
        self.position = <int32_t*>grown
        for slot in range(room - 1, self.room - 1, -1):
            self.all[slot].ordinal = -1
            self.all[slot].contact = self.free_first
            self.free_first = slot
        self.room = room
        return 0

    cdef int32_t put(self, int64_t due_ns, int64_t ordinal, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1:
        cdef int32_t slot
        cdef Timer* timer
        if self.free_first < 0:
            self._grow()
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
        self._enqueue(slot)
        return slot

    cdef int _enqueue(self, int32_t slot) except -1:
        """Add a timer to the run whose end is the latest that is not behind it; to an empty one, or the heap."""
        cdef Timer* timer = &self.all[slot]
        cdef int32_t low = 0
        cdef int32_t high = self.used
        cdef int32_t middle
        cdef Run* run
        cdef Queued* last
        cdef HeapEntry entry
        entry.major = timer.due_ns
        entry.minor = 0
        entry.ordinal = timer.ordinal
        entry.klass = 0
        while low < high:
            middle = (low + high) >> 1
            if self.ends[middle] <= timer.due_ns:
                low = middle + 1
            else:
                high = middle
        while low:
            # Of those due at the same time one armed later may be there already, in an engine that is being restored.
            run = &self.runs[self.order[low - 1]]
            last = _at(run, run.end - 1)
            if last.due_ns < timer.due_ns or last.ordinal < timer.ordinal:
                break
            low -= 1
        if low == 0:
            if self.used == RUNS_MAX:
                timer.run = -1
                entry.item = RUNS_MAX + slot
                return heap_push(&self.heap, self.position, entry)
            middle = self.order[self.used]
            memmove(&self.ends[1], &self.ends[0], <size_t>self.used * sizeof(int64_t))
            memmove(&self.order[1], &self.order[0], <size_t>self.used * sizeof(int32_t))
            self.order[0] = middle
            self.used += 1
            low = 1
            entry.item = middle
            heap_push(&self.heap, self.position, entry)
        self.ends[low - 1] = timer.due_ns
        timer.run = self.order[low - 1]
        run = &self.runs[timer.run]
        if run.end - run.first == run.room:
            self._make_room(run)
        timer.place = run.end
        last = _at(run, run.end)
        last.due_ns = timer.due_ns
        last.ordinal = timer.ordinal
        last.slot = slot
        run.end += 1
        run.live += 1
        return 0

    cdef int _make_room(self, Run* run) except -1:
        """One more place in a run that has none: where half are holes they go, else it grows."""
        cdef uint32_t room, place
        cdef uint32_t end = run.first
        cdef Queued* larger
        if run.room and run.live <= run.room >> 1:
            for place in range(run.room):
                if _at(run, run.first + place).slot < 0:
                    continue
                _at(run, end)[0] = _at(run, run.first + place)[0]
                self.all[_at(run, end).slot].place = end
                end += 1
            run.end = end
            return 0
        room = run.room * 2 or 16
        larger = <Queued*>malloc(<size_t>room * sizeof(Queued))
        if larger == NULL:
            raise MemoryError
        for place in range(run.room):
            larger[(run.first + place) & (room - 1)] = _at(run, run.first + place)[0]
        free(run.ring)
        run.ring = larger
        run.room = room
        return 0

    cdef int disarm(self, int32_t slot) except -1:
        cdef Timer* timer = &self.all[slot]
        cdef Run* run
        cdef Queued* first
        cdef HeapEntry entry
        cdef int32_t at
        if timer.ordinal < 0:
            raise AssertionError("a timer that is not armed was disarmed")
        if timer.run < 0:
            heap_take(&self.heap, self.position, RUNS_MAX + slot)
        else:
            run = &self.runs[timer.run]
            _at(run, timer.place).slot = -1
            run.live -= 1
            if run.live == 0:
                heap_take(&self.heap, self.position, timer.run)
                run.first = run.end
                if run.room > 1024:
                    free(run.ring)
                    run.ring = NULL
                    run.room = 0
                at = 0
                while self.order[at] != timer.run:
                    at += 1
                self.used -= 1
                memmove(&self.ends[at], &self.ends[at + 1], <size_t>(self.used - at) * sizeof(int64_t))
                memmove(&self.order[at], &self.order[at + 1], <size_t>(self.used - at) * sizeof(int32_t))
                self.order[self.used] = timer.run
            elif timer.place == run.first:
                while _at(run, run.first).slot < 0:
                    run.first += 1
                first = _at(run, run.first)
                entry.major = first.due_ns
                entry.minor = 0
                entry.ordinal = first.ordinal
                entry.item = timer.run
                entry.klass = 0
                heap_place(&self.heap, self.position, self.position[timer.run], entry)
        timer.ordinal = -1
        timer.contact = self.free_first
        self.free_first = slot
        return 0

    cdef list in_order(self):
        """Slots of all timers by (due, ordinal)."""
        cdef int32_t slot
        cdef list keyed = [
            (self.all[slot].due_ns, self.all[slot].ordinal, slot)
            for slot in range(self.room) if self.all[slot].ordinal >= 0
        ]
        keyed.sort()
        return [key[2] for key in keyed]
