# cython: language_level=3
"""Where a contact goes on, or how its wait ends, when a queue is full or closed (docs/engine/plans.md)."""

from acd_core.digest cimport mix, text_word
from acd_core.events cimport EventData, new_reference, taken
from acd_core.types cimport *

from acd_core.limits import OVERFLOW_QUEUES_MAX

cdef int _OVERFLOW_MAX = OVERFLOW_QUEUES_MAX


cdef class Overflow(Lifecycle):
    cdef bint is_full(self, int32_t contact, int32_t slot) noexcept:
        """Do as many entries of others wait in the queue as may. `contact` -1: of all."""
        cdef const Queue* queue = &self.rules.queues[slot]
        cdef int64_t others = queue.waiting
        if queue.max_waiting < 0:
            return False
        if contact >= 0 and self.desk.all[contact].state == STATE_WAITING:
            if self.desk.all[contact].line[0] >= 0 and self.desk.all[contact].queue == slot:
                others -= 1
            if self.desk.all[contact].line[1] >= 0 and self.desk.all[contact].second_queue == slot:
                others -= 1
        return others >= queue.max_waiting

    cdef int follow(self, int32_t contact, int32_t slot, Followed* found) except -1:
        """Where a contact comes to that is to wait in a queue, through overflow."""
        cdef const Queue* queue
        cdef int left = 0
        while True:
            queue = &self.rules.queues[slot]
            found.queue = slot
            found.closed = queue.closed
            if not queue.closed and not self.is_full(contact, slot):
                found.outcome = FOLLOWED_TO_QUEUE
                return 0
            left += 1
            if queue.overflow_target != NULL:
                found.outcome = FOLLOWED_TO_END
                return 0
            if queue.overflow < 0 or left == _OVERFLOW_MAX:
                found.outcome = FOLLOWED_TO_REFUSAL
                return 0
            slot = queue.overflow

    cdef bint is_callback(self, int32_t contact) noexcept:
        return self.desk.all[contact].extra != NULL and self.desk.all[contact].extra.address != NULL

    cdef int enter_plan(self, int32_t contact, bint quiet) except -1:
        """Begin the plan of the home queue; for the room above."""
        return 0

    # Moves and ends

    cdef int emit_moved(self, int32_t contact, int cause) except -1:
        cdef EventData* event = self.contact_event(EVENT_CONTACT_MOVED, contact)
        cdef const Contact* moved = &self.desk.all[contact]
        cdef uint64_t value = mix(self.event_hash, self.rules.queues[moved.queue].id_word)
        event.queue_id = taken(self.rules.queues[moved.queue].id)
        if moved.second_queue >= 0:
            event.text = taken(self.rules.queues[moved.second_queue].id)
            value = mix(value, self.rules.queues[moved.second_queue].id_word)
        else:
            value = mix(value, 0)
        event.cause = cause
        event.wait_ns = self.now_ns - moved.arrived_ns
        self.event_hash = mix(mix(value, <uint64_t>cause), <uint64_t>event.wait_ns)
        return 0

    cdef int move(self, int32_t contact, int32_t queue, int cause, bint restart_wait, bint enter) except -1:
        """The contact's home queue is another from now on, whose plan it enters unless the caller sees to that."""
        cdef Contact* moved = &self.desk.all[contact]
        self.lift(contact)
        self.skills.hold(moved.requirement)
        self.skills.release(moved.base_requirement)
        moved.base_requirement = moved.requirement
        moved.base_priority = moved.priority
        moved.base_credit_ms = moved.credit_ms
        self.rules.queues[moved.queue].contacts -= 1
        if moved.second_queue == queue:
            moved.second_queue = -1
        else:
            self.rules.queues[queue].contacts += 1
        moved.queue = queue
        if restart_wait:
            moved.arrived_ns = self.now_ns
            moved.plan_from_ns = self.now_ns
        self.forget_prediction(contact)
        self.settle(contact)
        self.emit_moved(contact, cause)
        self.touch(contact)
        self.reach_changed(contact)
        if enter:
            self.enter_plan(contact, False)
        return 0

    cdef int end_wait(self, int32_t contact, int kind, str target, int refused) except -1:
        """The wait ends other than by an agent; `refused` is what a hang-up counts as."""
        cdef const Queue* queue = &self.rules.queues[self.desk.all[contact].queue]
        cdef EventData* event = self.contact_event(EVENT_WAIT_ENDED, contact)
        event.queue_id = taken(queue.id)
        event.cause = kind
        event.text = new_reference(target)
        self.event_hash = mix(mix(mix(self.event_hash, queue.id_word), <uint64_t>kind), text_word(target))
        return self.close(contact, refused if kind == END_KIND_HANG_UP else END_OVERFLOWED)

    cdef int end_by_overflow(self, int32_t contact, int32_t slot, bint closed) except -1:
        """The wait ends as the overflow of a full or closed queue says."""
        cdef const Queue* queue = &self.rules.queues[slot]
        return self.end_wait(contact, queue.overflow_end, <str>queue.overflow_target,
                             END_REFUSED_CLOSED if closed else END_REFUSED_FULL)

    # Queues without room and closed ones

    cdef int release_at_closing(self, int32_t contact, int32_t slot) except -1:
        """A waiting contact that is no callback leaves a queue that closes."""
        cdef Contact* waiting = &self.desk.all[contact]
        cdef Followed found
        if waiting.second_queue == slot:
            self.lift(contact)
            waiting.second_queue = -1
            self.rules.queues[slot].contacts -= 1
            self.settle(contact)
            self.reach_changed(contact)
            return self.emit_moved(contact, MOVE_CLOSED)
        if waiting.second_queue >= 0:
            return self.move(contact, waiting.second_queue, MOVE_CLOSED, False, True)
        self.follow(contact, slot, &found)
        if found.outcome == FOLLOWED_TO_QUEUE:
            return self.move(contact, found.queue, MOVE_CLOSED, False, True)
        if found.outcome == FOLLOWED_TO_END:
            return self.end_by_overflow(contact, found.queue, found.closed)
        return self.close(contact, END_REFUSED_CLOSED)

    cdef int leave_closed(self, int32_t contact, int* left, bint* ended) except -1:
        """A newcomer goes on through closed queues, without entering a plan."""
        cdef Contact* coming = &self.desk.all[contact]
        cdef const Queue* queue
        ended[0] = False
        while True:
            queue = &self.rules.queues[coming.queue]
            if not queue.closed:
                return 0
            if left[0] == _OVERFLOW_MAX or (queue.overflow < 0 and queue.overflow_target == NULL):
                ended[0] = True
                return self.close(contact, END_REFUSED_CLOSED)
            if queue.overflow < 0:
                ended[0] = True
                return self.end_by_overflow(contact, coming.queue, True)
            left[0] += 1
            self.move(contact, queue.overflow, MOVE_CLOSED, False, False)

    cdef int settle_full(self, int32_t contact, int64_t ordinal) except -1:
        """What becomes of a newcomer whom matching has left waiting where there is no room to wait."""
        cdef Contact* coming = &self.desk.all[contact]
        cdef int left = 0
        cdef const Queue* queue
        cdef bint ended
        if coming.ordinal != ordinal or coming.state != STATE_WAITING:
            return 0
        if self.rules.max_waiting >= 0 and self.in_state[STATE_WAITING] > self.rules.max_waiting:
            return self.close(contact, END_REFUSED_FULL)
        while coming.ordinal == ordinal and coming.state == STATE_WAITING and self.is_full(contact, coming.queue):
            queue = &self.rules.queues[coming.queue]
            if left == _OVERFLOW_MAX or (queue.overflow < 0 and queue.overflow_target == NULL):
                return self.close(contact, END_REFUSED_FULL)
            if queue.overflow < 0:
                return self.end_by_overflow(contact, coming.queue, False)
            left += 1
            self.move(contact, queue.overflow, MOVE_FULL, False, False)
            self.leave_closed(contact, &left, &ended)
            if not ended:
                self.enter_plan(contact, False)
            self.match_all()
            coming = &self.desk.all[contact]
        return 0

    # Queues that open and close

    cdef int do_open_queue(self, int32_t slot) except -1:
        cdef EventData* event
        if self.rules.queues[slot].closed:
            self.rules.queues[slot].closed = False
            event = self.begin(EVENT_QUEUE_OPENED)
            event.queue_id = taken(self.rules.queues[slot].id)
            self.event_hash = mix(self.event_hash, self.rules.queues[slot].id_word)
        return 0

    cdef int do_close_queue(self, int32_t slot) except -1:
        cdef EventData* event
        cdef int32_t contact
        cdef list waiting = []
        if self.rules.queues[slot].closed:
            return 0
        self.rules.queues[slot].closed = True
        event = self.begin(EVENT_QUEUE_CLOSED)
        event.queue_id = taken(self.rules.queues[slot].id)
        self.event_hash = mix(self.event_hash, self.rules.queues[slot].id_word)
        if self.rules.queues[slot].at_closing != CLOSING_RELEASE or self.rules.queues[slot].waiting == 0:
            return 0
        for contact in self.lines.waiting(slot):
            if not self.is_callback(contact):
                waiting.append((self.desk.all[contact].ordinal, contact))
        waiting.sort()
        for _, contact in waiting:
            self.release_at_closing(contact, slot)
        return 0
