# cython: language_level=3
"""The outside world of a scenario: arrivals, service times and patience, given to an engine as commands.

Under a policy file the engine has timers of its own (steps of plans, wrap-ups): the driver ticks it when they are due,
and a contact's place is free only once the engine has closed it.

Nothing is routed here. The driver learns from the engine's events alone who starts with whom and who is refused; what
it adds is when the next thing happens. Each contact has at most one thing ahead of it (it gives up while it waits, it
ends while it is served), each type its next arrival: one heap over both holds them, changed in place.

Time runs in whole nanoseconds of the engine; figures are collected in the scenario's unit.
"""

from array import array

from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint64_t
from libc.math cimport log, sqrt
from libc.stdlib cimport free, realloc

from acd_core.events cimport Answer, Event
from acd_service.simulation.randomness cimport (
    Stream,
    exponential,
    lognormal,
    seed_stream,
)

from acd_core.commands import CancelContact, CompleteContact, EnqueueContact, Tick
from acd_core.enums import EndCause, EventType
from acd_service.simulation.centre import START_NS
from acd_service.simulation.scenario import LAWS

BATCHES = 32
"""Stretches of a run, equal in arrivals, that the figures are collected by."""

cdef int _BATCHES = BATCHES
cdef int _ASSIGNED = EventType.CONTACT_ASSIGNED
cdef int _CLOSED = EventType.CONTACT_CLOSED
cdef int _REFUSED_FULL = EndCause.REFUSED_FULL
cdef int _REFUSED_CLOSED = EndCause.REFUSED_CLOSED
cdef int _EXPONENTIAL = LAWS.index("exponential")
cdef int _LOGNORMAL = LAWS.index("lognormal")

cdef int64_t _NEVER = INT64_MAX

cdef enum:
    FREE = 0
    WAITING = 1
    ACTIVE = 2
    WRAP_UP = 3


cdef struct Slot:
    # A place for one live contact at a time.
    int64_t arrived_ns
    int32_t state
    int32_t contact_type
    int32_t pool        # while active
    int32_t batch       # of its arrival; -1 in the warm-up


cdef struct Entry:
    int64_t due_ns
    int64_t entity      # a type, or a slot after the types


cdef class Curve:
    """A piecewise constant rate, asked for at times that never go back."""

    cdef double[::1] starts_ns
    cdef double[::1] rates_per_ns
    cdef Py_ssize_t pieces
    cdef Py_ssize_t piece

    def __init__(self, curve, int64_t start_ns, double unit_ns):
        self.starts_ns = array("d", [start_ns + t * unit_ns for t in curve.starts])
        self.rates_per_ns = array("d", [rate / unit_ns for rate in curve.rates])
        self.pieces = len(curve.starts)
        self.piece = 0

    cdef int64_t due_ns(self, int64_t now_ns, double work) noexcept:
        """When the rate, summed from now on, comes to `work`; or never."""
        cdef double at = <double>now_ns
        cdef double elapsed = 0.0
        cdef double span
        cdef double rate
        while self.piece + 1 < self.pieces and self.starts_ns[self.piece + 1] <= at:
            self.piece += 1
        cdef Py_ssize_t piece = self.piece
        while True:
            rate = self.rates_per_ns[piece]
            if piece + 1 == self.pieces:
                if rate == 0.0:
                    return _NEVER
                break
            span = self.starts_ns[piece + 1] - at
            if work <= rate * span:
                break
            work -= rate * span
            elapsed += span
            piece += 1
            at = self.starts_ns[piece]
        if rate > 0.0:
            elapsed += work / rate
        if elapsed >= <double>(_NEVER - 1 - now_ns):
            return _NEVER - 1
        return now_ns + <int64_t>elapsed


cdef class Driver:
    """One run of a centre through an engine. `advance` until it answers False, then read `tallies`."""

    cdef object apply, next_timer
    cdef bint timers    # the engine may have timers
    cdef object centre
    cdef list curves_arrival, curves_patience, curves_service
    cdef Stream* streams_arrival
    cdef Stream* streams_patience
    cdef Stream* streams_service
    cdef int32_t[::1] laws
    cdef double[::1] sigmas
    cdef int types, pools, tails

    cdef dict slot_of, pool_of
    cdef list enqueues, completes, cancels
    cdef Slot* slots
    cdef int64_t slots_made, slots_room
    cdef list slots_free
    cdef Entry* heap
    cdef int64_t heap_size, heap_room
    cdef int64_t* places
    cdef int64_t places_room

    cdef double unit_ns
    cdef double[::1] tails_ns
    cdef int64_t arrivals_wanted, warmup, batch_length, arrivals_seen
    cdef int batch
    cdef bint measuring
    cdef int64_t batch_began_ns
    cdef int64_t[::1] busy, busy_since_ns

    cdef int64_t[::1] arrived, served, abandoned, blocked, diverted, delayed_arrivals, over, immediate, delayed
    cdef double[::1] wait, busy_time, duration

    def __cinit__(self):
        self.streams_arrival = NULL
        self.streams_patience = NULL
        self.streams_service = NULL
        self.slots = NULL
        self.heap = NULL
        self.places = NULL

    def __dealloc__(self):
        free(self.streams_arrival)
        free(self.streams_patience)
        free(self.streams_service)
        free(self.slots)
        free(self.heap)
        free(self.places)

    def __init__(self, engine, centre):
        """Opens the centre in `engine`, which must be new."""
        scenario = centre.scenario
        self.apply = engine.apply
        self.next_timer = engine.next_timer
        self.timers = centre.timers
        self.centre = centre
        self.unit_ns = centre.unit_ns
        self.types = len(scenario.types)
        self.pools = len(scenario.pools)
        self.tails = len(scenario.tails)
        self.arrivals_wanted = scenario.arrivals
        self.warmup = scenario.warmup
        counted = max(scenario.expected_arrivals() - scenario.warmup, 1)
        self.batch_length = max(int(counted) // BATCHES, 1)
        self.batch = -1

        self._seed(scenario.seed)
        self.curves_arrival = [Curve(t.arrival_rate, START_NS, self.unit_ns) for t in scenario.types]
        self.curves_patience = [Curve(t.patience_rate, START_NS, self.unit_ns) for t in scenario.types]
        self.curves_service = [Curve(pool.service_rate, START_NS, self.unit_ns) for pool in scenario.pools]
        self.laws = array("i", [LAWS.index(pool.law) for pool in scenario.pools])
        self.sigmas = array("d", [sqrt(log(1.0 + pool.cv2)) for pool in scenario.pools])
        self.tails_ns = array("d", [tail.time * centre.unit_ns for tail in scenario.tails] or [0.0])

        self._allocate_tallies()
        self.slot_of = {}
        self.pool_of = {agent.agent_id: pool for agent, pool in zip(centre.agents, centre.agent_pools, strict=True)}
        self.enqueues = [{} for _ in scenario.types]
        self.completes = []
        self.cancels = []
        self.slots_free = []
        self.slots_made = self.slots_room = self.heap_size = self.heap_room = self.places_room = 0

        for command in centre.opening():
            self.apply(START_NS, command)
        self._make_places(self.types)
        for contact_type in range(self.types):
            self._schedule_arrival(contact_type, START_NS)

    cdef int _seed(self, uint64_t seed) except -1:
        cdef int index
        self.streams_arrival = <Stream*>realloc(NULL, self.types * sizeof(Stream))
        self.streams_patience = <Stream*>realloc(NULL, self.types * sizeof(Stream))
        self.streams_service = <Stream*>realloc(NULL, self.pools * sizeof(Stream))
        if self.streams_arrival == NULL or self.streams_patience == NULL or self.streams_service == NULL:
            raise MemoryError
        for index in range(self.types):
            seed_stream(&self.streams_arrival[index], &seed)
            seed_stream(&self.streams_patience[index], &seed)
        for index in range(self.pools):
            seed_stream(&self.streams_service[index], &seed)
        return 0

    def _allocate_tallies(self):
        def counts(*shape):
            size = 1
            for length in shape:
                size *= length
            return array("q", bytes(8 * max(size, 1)))

        def sums(*shape):
            return array("d", counts(*shape).tobytes())

        self.arrived = counts(BATCHES, self.types)
        self.served = counts(BATCHES, self.types)
        self.abandoned = counts(BATCHES, self.types)
        self.blocked = counts(BATCHES, self.types)
        self.diverted = counts(BATCHES, self.types)
        self.delayed_arrivals = counts(BATCHES, self.types)
        self.over = counts(BATCHES, self.types, self.tails)
        self.wait = sums(BATCHES, self.types)
        self.immediate = counts(BATCHES, self.types, self.pools)
        self.delayed = counts(BATCHES, self.types, self.pools)
        self.busy_time = sums(BATCHES, self.pools)
        self.duration = sums(BATCHES)
        self.busy = counts(self.pools)
        self.busy_since_ns = counts(self.pools)

    # ---- what the caller sees

    @property
    def arrivals(self):
        """Arrivals so far."""
        return self.arrivals_seen

    def advance(self, int64_t arrivals):
        """Run until so many further arrivals have come; True while there are more to come.

        After the last arrival nothing more comes, and the run goes on until nobody waits or is served.
        """
        cdef int64_t stop = min(self.arrivals_seen + arrivals, self.arrivals_wanted)
        cdef int64_t entity, now_ns
        while True:
            if self.timers and self._tick():
                continue
            if self.heap_size == 0:
                break
            if self.arrivals_seen == stop and stop < self.arrivals_wanted:
                return True
            entity = self.heap[0].entity
            now_ns = self.heap[0].due_ns
            if entity < self.types:
                self._arrive(<int>entity, now_ns)
            elif self.slots[entity - self.types].state == ACTIVE:
                self._end_service(entity - self.types, now_ns)
            else:
                self._give_up(entity - self.types, now_ns)
        return False

    def tallies(self):
        """What was seen, by batch: a dictionary of nested lists, times in the scenario's unit."""
        def table(flat, *shape):
            flat = list(flat)
            for length in reversed(shape):
                flat = [flat[at:at + length] for at in range(0, len(flat), length)] if length else []
            return flat

        rows = {name: table(flat, self.types) for name, flat in (
            ("arrived", self.arrived), ("served", self.served), ("abandoned", self.abandoned),
            ("blocked", self.blocked), ("diverted", self.diverted), ("delayed_arrivals", self.delayed_arrivals),
            ("wait", self.wait))}
        rows["over"] = table(self.over, self.types, self.tails) if self.tails else []
        rows["immediate"] = table(self.immediate, self.types, self.pools)
        rows["delayed"] = table(self.delayed, self.types, self.pools)
        rows["busy_time"] = table(self.busy_time, self.pools)
        rows["duration"] = list(self.duration)
        return rows

    # ---- what happens

    cdef bint _tick(self) except -1:
        """Fire the engine's next timers if nothing of ours comes before; True if there were any."""
        due_ns = self.next_timer()
        if due_ns is None or self.heap_size > 0 and self.heap[0].due_ns < due_ns:
            return False
        self._follow(self.apply(due_ns, Tick()), due_ns, -1)
        return True

    cdef int _schedule_arrival(self, int contact_type, int64_t now_ns) except -1:
        cdef int64_t due_ns = (<Curve>self.curves_arrival[contact_type]).due_ns(
            now_ns, exponential(&self.streams_arrival[contact_type]))
        self._plan(contact_type, due_ns)
        return 0

    cdef int _arrive(self, int contact_type, int64_t now_ns) except -1:
        cdef int64_t number = self.arrivals_seen
        cdef int64_t slot_index
        cdef Slot* slot
        cdef int other
        self.arrivals_seen += 1
        if number >= self.warmup and (number - self.warmup) % self.batch_length == 0 and self.batch + 1 < _BATCHES:
            self._turn_batch(now_ns)
            self.batch += 1
            self.measuring = True

        if self.slots_free:
            slot_index = self.slots_free.pop()
        else:
            slot_index = self._make_slot()
        slot = &self.slots[slot_index]
        slot.arrived_ns = now_ns
        slot.state = WAITING
        slot.contact_type = contact_type
        slot.batch = self.batch
        if slot.batch >= 0:
            self.arrived[slot.batch * self.types + contact_type] += 1
        self._follow(self.apply(now_ns, self._enqueue_command(contact_type, slot_index)), now_ns, slot_index)

        slot = &self.slots[slot_index]
        if slot.state == WAITING:
            if slot.batch >= 0:
                self.delayed_arrivals[slot.batch * self.types + contact_type] += 1
            self._plan(self.types + slot_index, (<Curve>self.curves_patience[contact_type]).due_ns(
                now_ns, exponential(&self.streams_patience[contact_type])))

        if self.arrivals_seen < self.arrivals_wanted:
            self._schedule_arrival(contact_type, now_ns)
        else:
            for other in range(self.types):
                self._plan(other, _NEVER)
        if self.arrivals_seen == self.arrivals_wanted or self.places[contact_type] < 0 and not self._more_arrivals():
            self._turn_batch(now_ns)
            self.measuring = False
        return 0

    cdef bint _more_arrivals(self) noexcept:
        cdef int contact_type
        for contact_type in range(self.types):
            if self.places[contact_type] >= 0:
                return True
        return False

    cdef int _end_service(self, int64_t slot_index, int64_t now_ns) except -1:
        cdef Slot* slot = &self.slots[slot_index]
        self._count_busy(slot.pool, now_ns, -1)
        if self.timers:
            self._plan(self.types + slot_index, _NEVER)
            slot.state = WRAP_UP
        else:
            self._release(slot_index)
        self._follow(self.apply(now_ns, self.completes[slot_index]), now_ns, -1)
        return 0

    cdef int _give_up(self, int64_t slot_index, int64_t now_ns) except -1:
        cdef Slot* slot = &self.slots[slot_index]
        if slot.batch >= 0:
            self.abandoned[slot.batch * self.types + slot.contact_type] += 1
            self._count_wait(slot, now_ns)
        self._release(slot_index)
        self._follow(self.apply(now_ns, self.cancels[slot_index]), now_ns, -1)
        return 0

    cdef int _follow(self, Answer answer, int64_t now_ns, int64_t arriving) except -1:
        """Take over what the engine did: who starts with whom, and whether the arriving contact was refused."""
        cdef Event event
        cdef int64_t slot_index
        for event in answer.events:
            if event.data.type == _ASSIGNED:
                slot_index = self.slot_of[<str>event.data.contact_id]
                self._start(slot_index, self.pool_of[<str>event.data.agent_id], now_ns, slot_index == arriving)
            elif event.data.type == _CLOSED and (self.timers or event.data.cause == _REFUSED_FULL):
                self._close(self.slot_of[<str>event.data.contact_id], now_ns, event.data.cause)
        return 0

    cdef int _close(self, int64_t slot_index, int64_t now_ns, int cause) except -1:
        """The engine closed a contact: it was refused, its plan ended its wait, or its wrap-up is over."""
        cdef Slot* slot = &self.slots[slot_index]
        cdef int64_t row = slot.batch * self.types + slot.contact_type
        if slot.state == FREE:
            return 0    # it gave up
        if slot.state == WAITING and slot.batch >= 0:
            if cause == _REFUSED_FULL or cause == _REFUSED_CLOSED:
                self.blocked[row] += 1
            else:
                self.diverted[row] += 1
                self._count_wait(slot, now_ns)
        self._release(slot_index)
        return 0

    cdef int _start(self, int64_t slot_index, int pool, int64_t now_ns, bint at_once) except -1:
        cdef Slot* slot = &self.slots[slot_index]
        cdef double work
        cdef int64_t cell
        if slot.state != WAITING:
            raise AssertionError("a contact was assigned that does not wait")
        slot.state = ACTIVE
        slot.pool = pool
        if slot.batch >= 0:
            self.served[slot.batch * self.types + slot.contact_type] += 1
            self._count_wait(slot, now_ns)
        if self.measuring:
            cell = (self.batch * self.types + slot.contact_type) * self.pools + pool
            if at_once:
                self.immediate[cell] += 1
            else:
                self.delayed[cell] += 1
        self._count_busy(pool, now_ns, 1)
        if self.laws[pool] == _EXPONENTIAL:
            work = exponential(&self.streams_service[pool])
        elif self.laws[pool] == _LOGNORMAL:
            work = lognormal(&self.streams_service[pool], self.sigmas[pool])
        else:
            work = 1.0
        self._plan(self.types + slot_index, (<Curve>self.curves_service[pool]).due_ns(now_ns, work))
        return 0

    # ---- figures

    cdef void _count_wait(self, Slot* slot, int64_t now_ns) noexcept:
        cdef double wait_ns = <double>(now_ns - slot.arrived_ns)
        cdef int64_t row = slot.batch * self.types + slot.contact_type
        cdef int tail
        self.wait[row] += wait_ns / self.unit_ns
        for tail in range(self.tails):
            if wait_ns > self.tails_ns[tail]:
                self.over[row * self.tails + tail] += 1

    cdef void _count_busy(self, int pool, int64_t now_ns, int change) noexcept:
        if self.measuring:
            self.busy_time[self.batch * self.pools + pool] += (
                <double>(now_ns - self.busy_since_ns[pool]) / self.unit_ns * <double>self.busy[pool])
        self.busy_since_ns[pool] = now_ns
        self.busy[pool] += change

    cdef void _turn_batch(self, int64_t now_ns) noexcept:
        """Close the books of the current batch, if there is one."""
        cdef int pool
        for pool in range(self.pools):
            self._count_busy(pool, now_ns, 0)
        if self.measuring:
            self.duration[self.batch] += <double>(now_ns - self.batch_began_ns) / self.unit_ns
        self.batch_began_ns = now_ns

    # ---- places for contacts

    cdef int64_t _make_slot(self) except -1:
        cdef int64_t index = self.slots_made
        cdef void* grown
        if index == self.slots_room:
            grown = realloc(self.slots, (2 * index + 64) * sizeof(Slot))
            if grown == NULL:
                raise MemoryError
            self.slots = <Slot*>grown
            self.slots_room = 2 * index + 64
        self._make_places(self.types + index + 1)
        self.slots_made += 1
        contact_id = f"c{index}"
        self.slot_of[contact_id] = index
        self.completes.append(CompleteContact(contact_id))
        self.cancels.append(CancelContact(contact_id))
        return index

    cdef object _enqueue_command(self, int contact_type, int64_t slot_index):
        # Commands are immutable and a closed contact's id may be used again: each is made once for a slot.
        cdef dict commands = <dict>self.enqueues[contact_type]
        command = commands.get(slot_index)
        if command is None:
            command = EnqueueContact(f"c{slot_index}", self.centre.queue_id(contact_type),
                                     channel_id=self.centre.channel_id,
                                     priority=self.centre.scenario.types[contact_type].priority,
                                     credit_ms=self.centre.credits_ms[contact_type])
            commands[slot_index] = command
        return command

    cdef int _release(self, int64_t slot_index) except -1:
        self._plan(self.types + slot_index, _NEVER)
        self.slots[slot_index].state = FREE
        self.slots_free.append(slot_index)
        return 0

    # ---- what is ahead: a binary heap by due time, then entity, that knows each entity's place

    cdef int _make_places(self, int64_t entities) except -1:
        cdef int64_t room = self.places_room
        cdef void* grown
        if entities <= room:
            return 0
        grown = realloc(self.places, (2 * entities + 64) * sizeof(int64_t))
        if grown == NULL:
            raise MemoryError
        self.places = <int64_t*>grown
        grown = realloc(self.heap, (2 * entities + 64) * sizeof(Entry))
        if grown == NULL:
            raise MemoryError
        self.heap = <Entry*>grown
        self.places_room = 2 * entities + 64
        while room < self.places_room:
            self.places[room] = -1
            room += 1
        return 0

    cdef void _plan(self, int64_t entity, int64_t due_ns) noexcept:
        """Set when something happens to this entity; never takes it out."""
        cdef int64_t place = self.places[entity]
        cdef Entry moved
        if due_ns == _NEVER:
            if place < 0:
                return
            self.places[entity] = -1
            self.heap_size -= 1
            if place == self.heap_size:
                return
            moved = self.heap[self.heap_size]
        else:
            if place < 0:
                place = self.heap_size
                self.heap_size += 1
            moved.due_ns = due_ns
            moved.entity = entity
        self._settle(place, moved)

    cdef void _settle(self, int64_t place, Entry moved) noexcept:
        cdef int64_t other
        while place > 0:
            other = (place - 1) >> 1
            if not _before(moved, self.heap[other]):
                break
            self.heap[place] = self.heap[other]
            self.places[self.heap[place].entity] = place
            place = other
        while True:
            other = 2 * place + 1
            if other >= self.heap_size:
                break
            if other + 1 < self.heap_size and _before(self.heap[other + 1], self.heap[other]):
                other += 1
            if not _before(self.heap[other], moved):
                break
            self.heap[place] = self.heap[other]
            self.places[self.heap[place].entity] = place
            place = other
        self.heap[place] = moved
        self.places[moved.entity] = place


cdef inline bint _before(Entry one, Entry other) noexcept:
    return one.due_ns < other.due_ns or (one.due_ns == other.due_ns and one.entity < other.entity)
