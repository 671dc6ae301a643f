"""Due times in order.

Most timers are armed as long before they are due as others of their kind just were, so most are due after those armed
before them. Such timers stand in runs, each a ring to whose end a timer is added: arming costs a search among the ends
of the runs, which are few, and disarming leaves a hole. What stands first in each run is in a heap, and so is every
timer for which there is no run left. Most are disarmed long before they are due, so what the heap knows of a run is only
brought up to date when that comes first: until then its key is that of a timer that was first once, which is not later.
A run that is empty keeps its place in the order until places are wanted.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t

from acd_core.heaps cimport Heap
from acd_core.types cimport Timer

cdef enum:
    RUNS_MAX = 64


cdef struct Queued:
    int64_t due_ns
    int64_t ordinal
    int32_t slot  # -1: a hole


cdef struct Run:
    Queued* ring  # in the run that is first in the heap, the first is no hole
    uint32_t first
    uint32_t end  # place behind the last; places count on and are taken modulo the room
    uint32_t room  # a power of two
    uint32_t live


cdef class Timers:
    cdef Timer* all
    cdef int32_t room
    cdef int32_t free_first
    cdef Run[64] runs
    cdef int64_t[64] ends  # of the runs in use: due time of the last that was added, lowest first
    cdef int32_t[64] order  # the run that each of them belongs to; behind these the runs that are empty
    cdef int32_t used
    cdef int32_t empty  # how many of them have no timer now
    cdef int32_t[16] hints  # by kind of timer: the place in the order of the run that the last one got
    cdef Heap heap  # items: a run, or RUNS_MAX + the slot of a timer that is in none
    cdef int32_t* position  # by item
    cdef int64_t armed  # the next timer's ordinal

    cdef int32_t arm(self, int32_t old, int64_t due_ns, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1
    cdef int32_t put(self, int64_t due_ns, int64_t ordinal, int kind, int32_t contact, int32_t agent,
                     int64_t agent_ordinal, int32_t about) except -1
    cdef int disarm(self, int32_t slot) except -1
    cdef list in_order(self)
    cdef int _grow(self) except -1
    cdef int32_t _run_for(self, int64_t due_ns, int64_t ordinal, int kind) noexcept
    cdef void _drop_empty(self) noexcept
    cdef void _take_run(self, int32_t item) noexcept
    cdef void _settle_first(self) noexcept
    cdef int _append(self, Run* run, int32_t slot) except -1
    cdef int _make_room(self, Run* run) except -1


cdef inline int64_t first_due_ns(Timers timers) noexcept nogil:
    """When the timer that is due first is due, or -1."""
    return timers.heap.data[0].major if timers.heap.size else -1


cdef inline int32_t first_timer(Timers timers) noexcept nogil:
    """The slot of the timer that is due first, or -1."""
    cdef int32_t item
    cdef const Run* run
    if timers.heap.size == 0:
        return -1
    item = timers.heap.data[0].item
    if item >= RUNS_MAX:
        return item - RUNS_MAX
    run = &timers.runs[item]
    return run.ring[run.first & (run.room - 1)].slot
