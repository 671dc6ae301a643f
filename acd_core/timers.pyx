# cython: language_level=3
"""Arming and disarming the timers of timers.pxd."""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove

from acd_core.heaps cimport HeapEntry, heap_place, heap_push, heap_take


cdef inline Queued* _at(const Run* run, uint32_t place) noexcept nogil:
    return &run.ring[place & (run.room - 1)]


cdef inline HeapEntry _entry(int64_t due_ns, int64_t ordinal, int32_t item) noexcept nogil:
    cdef HeapEntry entry
    entry.major = due_ns
    entry.minor = 0
    entry.ordinal = ordinal
    entry.item = item
    entry.klass = 0
    return entry


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
        if self.room == 0:
            for slot in range(RUNS_MAX):
                self.position[slot] = -1
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
        timer.run = self._run_for(due_ns, ordinal, kind)
        if timer.run < 0:
            heap_push(&self.heap, self.position, _entry(due_ns, ordinal, RUNS_MAX + slot))
        else:
            self._append(&self.runs[timer.run], slot)
        return slot

    cdef int32_t _run_for(self, int64_t due_ns, int64_t ordinal, int kind) noexcept:
        """The run whose end is the latest that is not behind a timer, or an empty one; -1 if there is none."""
        cdef int32_t low = 0
        cdef int32_t high = self.used
        cdef int32_t middle = self.hints[kind]
        cdef const Run* run
        if middle < high and self.ends[middle] <= due_ns and (middle + 1 == high or self.ends[middle + 1] > due_ns):
            # The last of this kind had as long to go.
            low = high = middle + 1
        while low < high:
            middle = (low + high) >> 1
            if self.ends[middle] <= due_ns:
                low = middle + 1
            else:
                high = middle
        while low and self.ends[low - 1] == due_ns:
            # Of those due at the same time one armed later may be there already, in an engine that is being restored.
            run = &self.runs[self.order[low - 1]]
            if run.live == 0 or _at(run, run.end - 1).ordinal < ordinal:
                break
            low -= 1
        if low == 0:
            if self.used == RUNS_MAX:
                if self.empty == 0:
                    return -1
                self._drop_empty()
            middle = self.order[self.used]
            memmove(&self.ends[1], &self.ends[0], <size_t>self.used * sizeof(int64_t))
            memmove(&self.order[1], &self.order[0], <size_t>self.used * sizeof(int32_t))
            self.order[0] = middle
            self.used += 1
            self.empty += 1
            low = 1
        self.hints[kind] = low - 1
        self.ends[low - 1] = due_ns
        return self.order[low - 1]

    cdef void _drop_empty(self) noexcept:
        """Take the runs that are empty out of the order."""
        cdef int32_t at, run
        cdef int32_t kept = 0
        cdef int32_t dropped = 0
        cdef int32_t[64] empty
        for at in range(self.used):
            run = self.order[at]
            if self.runs[run].live:
                self.ends[kept] = self.ends[at]
                self.order[kept] = run
                kept += 1
            else:
                if self.position[run] >= 0:
                    self._take_run(run)
                empty[dropped] = run
                dropped += 1
        for at in range(dropped):
            self.order[kept + at] = empty[at]
        self.used = kept
        self.empty = 0

    cdef void _take_run(self, int32_t item) noexcept:
        """An empty run leaves the heap."""
        cdef Run* run = &self.runs[item]
        heap_take(&self.heap, self.position, item)
        run.first = run.end
        if run.room > 1024:
            free(run.ring)
            run.ring = NULL
            run.room = 0

    cdef int _append(self, Run* run, int32_t slot) except -1:
        """Put a timer behind those of its run."""
        cdef Timer* timer = &self.all[slot]
        cdef Queued* last
        if run.end - run.first == run.room:
            self._make_room(run)
        timer.place = run.end
        last = _at(run, run.end)
        last.due_ns = timer.due_ns
        last.ordinal = timer.ordinal
        last.slot = slot
        run.end += 1
        if run.live == 0:
            self.empty -= 1
        run.live += 1
        if self.position[timer.run] < 0:
            heap_push(&self.heap, self.position, _entry(timer.due_ns, timer.ordinal, timer.run))
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
        if timer.ordinal < 0:
            raise AssertionError("a timer that is not armed was disarmed")
        if timer.run < 0:
            heap_take(&self.heap, self.position, RUNS_MAX + slot)
            self._settle_first()
        else:
            run = &self.runs[timer.run]
            _at(run, timer.place).slot = -1
            run.live -= 1
            if run.live == 0:
                self.empty += 1
            if self.heap.data[0].item == timer.run and timer.place == run.first:
                self._settle_first()
        timer.ordinal = -1
        timer.contact = self.free_first
        self.free_first = slot
        return 0

    cdef void _settle_first(self) noexcept:
        """Bring the heap's first item up to date: holes at the start of its run go, and it may have to make way."""
        cdef Run* run
        cdef const Queued* first
        cdef int32_t item
        while self.heap.size:
            item = self.heap.data[0].item
            if item >= RUNS_MAX:
                return
            run = &self.runs[item]
            if run.live == 0:
                self._take_run(item)
                continue
            while _at(run, run.first).slot < 0:
                run.first += 1
            first = _at(run, run.first)
            if first.ordinal == self.heap.data[0].ordinal:
                return
            heap_place(&self.heap, self.position, 0, _entry(first.due_ns, first.ordinal, item))

    cdef list in_order(self):
        """Slots of all timers by (due, ordinal)."""
        cdef int32_t slot
        cdef list keyed = [
            (self.all[slot].due_ns, self.all[slot].ordinal, slot)
            for slot in range(self.room) if self.all[slot].ordinal >= 0
        ]
        keyed.sort()
        return [key[2] for key in keyed]
