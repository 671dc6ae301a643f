# cython: language_level=3
"""Callbacks, transfers and consultations: the segments of a contact (docs/engine/callbacks.md)."""

from acd_core.digest cimport mix, text_word
from acd_core.choosing cimport Match
from acd_core.events cimport EventData, new_reference, taken
from acd_core.skills cimport drop_weights
from acd_core.types cimport *
from acd_core.waiting cimport drop_trail, extra_of, put_object

from acd_core.enums import SegmentCause

cdef int _CALLBACK = SegmentCause.CALLBACK
cdef int _RETRY = SegmentCause.RETRY
cdef int _TRANSFER = SegmentCause.TRANSFER


cdef class Segments(Reservations):
    def __cinit__(self):
        self.consultations = {}

    # Segments

    cdef int _emit_segment(self, int32_t contact, int cause) except -1:
        cdef EventData* event = self.contact_event(EVENT_SEGMENT_OPENED, contact)
        cdef const Contact* opened = &self.desk.all[contact]
        cdef uint64_t value
        event.queue_id = taken(self.rules.queues[opened.queue].id)
        event.channel_id = taken(self.rules.channels[opened.channel].id)
        event.text = taken(self.skills.requirements[opened.requirement].text)
        event.priority = opened.priority
        event.credit_ms = opened.credit_ms
        event.cause = cause
        event.wait_ns = self.now_ns - opened.arrived_ns
        value = mix(self.event_hash, self.rules.queues[opened.queue].id_word)
        value = mix(value, self.rules.channels[opened.channel].id_word)
        value = mix(value, self.skills.requirements[opened.requirement].text_word)
        value = mix(value, <uint64_t>opened.priority)
        value = mix(value, <uint64_t>opened.credit_ms)
        value = mix(value, <uint64_t>cause)
        self.event_hash = mix(value, <uint64_t>event.wait_ns)
        return 0

    cdef int open_segment(self, int32_t contact, int cause) except -1:
        """The next segment of a contact whose last one has ended."""
        self.desk.all[contact].opened_ns = self.now_ns
        self.segments_opened += 1
        self.forget_prediction(contact)
        return self._emit_segment(contact, cause)

    cdef int leave_agent(self, int32_t contact, int cause) except -1:
        """The segment of an active contact ends; it waits, in no order yet."""
        cdef Contact* left = &self.desk.all[contact]
        self.end_segment(contact, cause)
        self.set_state(contact, STATE_WAITING)
        left.accepted_ns = 0
        left.held = False
        return 0

    # Callbacks

    cdef int set_callback(self, int32_t contact, str address, int64_t start_ns, int64_t end_ns,
                          int64_t attempts) except -1:
        cdef Extra* extra = extra_of(&self.desk.all[contact])
        put_object(&extra.address, address)
        extra.window_start_ns = start_ns
        extra.window_end_ns = end_ns
        extra.attempts_max = attempts or self.rules.attempts_max
        extra.attempts = 0
        return self.emit_callback(contact)

    cdef int emit_callback(self, int32_t contact) except -1:
        cdef EventData* event = self.contact_event(EVENT_CALLBACK_SET, contact)
        cdef const Extra* extra = self.desk.all[contact].extra
        event.text = taken(extra.address)
        event.until_ns = extra.window_end_ns
        event.ordinal = extra.attempts_max - extra.attempts
        self.event_hash = mix(mix(mix(self.event_hash, text_word(<str>event.text)), <uint64_t>event.until_ns),
                              <uint64_t>event.ordinal)
        return 0

    cdef int take_window(self, int32_t contact) except -1:
        """A callback that waits or is scheduled is in its place while its window is open, else scheduled."""
        cdef Contact* waiting = &self.desk.all[contact]
        cdef Extra* extra = waiting.extra
        cdef EventData* event
        if extra.window_end_ns:
            extra.end_timer = self.timers.arm(
                extra.end_timer, extra.window_end_ns, TIMER_WINDOW_END, contact, -1, -1, -1)
        elif extra.end_timer >= 0:
            self.timers.disarm(extra.end_timer)
            extra.end_timer = -1
        if extra.window_start_ns <= self.now_ns:
            if extra.start_timer >= 0:
                self.timers.disarm(extra.start_timer)
                extra.start_timer = -1
            return self.come_due(contact) if waiting.state == STATE_SCHEDULED else 0
        if waiting.state == STATE_WAITING:
            self.lift(contact)
            if waiting.plan_timer >= 0:
                self.timers.disarm(waiting.plan_timer)
                waiting.plan_timer = -1
            self.lift_reservation(contact)
            self.forget_prediction(contact)
            self.set_state(contact, STATE_SCHEDULED)
        extra.start_timer = self.timers.arm(
            extra.start_timer, extra.window_start_ns, TIMER_WINDOW_START, contact, -1, -1, -1)
        event = self.contact_event(EVENT_CONTACT_SCHEDULED, contact)
        event.until_ns = extra.window_start_ns
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return 0

    cdef int come_due(self, int32_t contact) except -1:
        cdef EventData* event
        self.set_state(contact, STATE_WAITING)
        self.settle(contact)
        event = self.contact_event(EVENT_CALLBACK_DUE, contact)
        event.queue_id = taken(self.rules.queues[self.desk.all[contact].queue].id)
        self.event_hash = mix(self.event_hash, self.rules.queues[self.desk.all[contact].queue].id_word)
        self.touch(contact)
        return self.advance(contact, True, False)

    cdef int request_callback(self, int32_t contact, str address, int64_t start_ns, int64_t end_ns,
                              int64_t attempts) except -1:
        """A waiting contact becomes a callback and keeps its place, or a callback changes its data."""
        cdef Contact* waiting = &self.desk.all[contact]
        if not self.is_callback(contact):
            self.end_segment(contact, END_MOVED_TO_CALLBACK)
            waiting.attached = False
            if waiting.reattach_timer >= 0:
                self.timers.disarm(waiting.reattach_timer)
                waiting.reattach_timer = -1
            self.open_segment(contact, _CALLBACK)
        self.set_callback(contact, address, start_ns, end_ns, attempts)
        return self.take_window(contact)

    cdef int not_reached(self, int32_t contact) except -1:
        """An attempt of an active callback found nobody: 1 if it is tried again, 0 if it was the last."""
        cdef Contact* tried = &self.desk.all[contact]
        cdef Extra* extra = tried.extra
        cdef int64_t next_ns = self.now_ns + self.rules.retry_delay_ns
        extra.attempts += 1
        if extra.attempts >= extra.attempts_max or (extra.window_end_ns and extra.window_end_ns <= next_ns):
            return 0
        self.end_active(contact, 0)
        self.leave_agent(contact, END_HANDLED)
        extra.window_start_ns = next_ns
        self.forget_steps(contact, True)
        self.open_segment(contact, _RETRY)
        self.emit_callback(contact)
        self.take_window(contact)
        return 1

    cdef int waits_again(self, int32_t contact) except -1:
        cdef const Extra* extra = self.desk.all[contact].extra
        if extra != NULL and extra.address != NULL and extra.window_end_ns and extra.window_end_ns <= self.now_ns:
            return self.close(contact, END_TIMED_OUT)
        return Reservations.waits_again(self, contact)

    cdef int fire_wait(self, int kind, int32_t contact) except -1:
        cdef Contact* waiting = &self.desk.all[contact]
        if kind == TIMER_WINDOW_START:
            self.timers.disarm(waiting.extra.start_timer)
            waiting.extra.start_timer = -1
            return self.come_due(contact)
        if kind == TIMER_WINDOW_END:
            self.timers.disarm(waiting.extra.end_timer)
            waiting.extra.end_timer = -1
            if waiting.state == STATE_WAITING or waiting.state == STATE_SCHEDULED:
                return self.close(contact, END_TIMED_OUT)
            return 0
        return Reservations.fire_wait(self, kind, contact)

    # Consultations

    cdef int consult(self, int32_t contact, int32_t about) except -1:
        """A newcomer is a consultation about an active contact."""
        cdef Extra* extra = extra_of(&self.desk.all[contact])
        cdef const Contact* subject = &self.desk.all[about]
        put_object(&extra.consults_id, <str>subject.id)
        extra.consults_ordinal = subject.ordinal
        extra.asked_by_ordinal = self.roster.all[subject.agent].ordinal
        self.consultations.setdefault(subject.ordinal, {})[contact] = None
        return 0

    cdef int end_consultations(self, int32_t contact) except -1:
        """Consultations about a contact that nobody has taken yet are cancelled, by ordinal."""
        cdef int32_t other
        for other in sorted(self.consultations.get(self.desk.all[contact].ordinal, ()), key=self._ordinal_of):
            if self.desk.all[other].state != STATE_ACTIVE and self.desk.all[other].state != STATE_WRAP_UP:
                self.withdraw(other)
                self.close(other, END_CANCELLED)
        return 0

    def _ordinal_of(self, int32_t contact):
        return self.desk.all[contact].ordinal

    cdef int service_ends(self, int32_t contact) except -1:
        Reservations.service_ends(self, contact)
        return self.end_consultations(contact) if self.consultations else 0

    cdef int forget_contact(self, int32_t contact) except -1:
        cdef const Extra* extra = self.desk.all[contact].extra
        if extra != NULL and extra.consults_ordinal >= 0:
            contacts = self.consultations[extra.consults_ordinal]
            del contacts[contact]
            if not contacts:
                del self.consultations[extra.consults_ordinal]
        return Reservations.forget_contact(self, contact)

    # Transfers

    cdef bint has_room(self, int32_t slot, int channel, int32_t without) noexcept:
        """Room on a channel whatever the presence (section 4), as if a contact (-1: none) were gone."""
        cdef const Agent* agent = &self.roster.all[slot]
        cdef int64_t used = agent.used
        cdef int64_t count
        cdef int other
        cdef int gone = -1
        if without >= 0:
            gone = self.desk.all[without].channel
            used -= self.rules.channels[gone].cost
        count = agent.count[channel] - (1 if gone == channel else 0)
        if agent.maximum[channel] >= 0 and count >= agent.maximum[channel]:
            return False
        for other in range(CHANNELS_BOUND):
            if self.rules.channels[channel].interrupts >> other & 1:
                used -= <int64_t>(agent.count[other] - (1 if gone == other else 0)) * self.rules.channels[other].cost
        return used + self.rules.channels[channel].cost <= agent.capacity

    cdef int end_for_transfer(self, int32_t contact, int32_t queue, int32_t requirement, object priority,
                              bint restart_wait) except -1:
        """The segment of an active contact ends and the next opens: it waits in a queue, in no order yet."""
        cdef Contact* moved = &self.desk.all[contact]
        cdef Extra* extra = moved.extra
        if self.consultations:
            self.end_consultations(contact)
        self.end_active(contact, 0)
        self.leave_agent(contact, END_TRANSFERRED)
        if requirement >= 0:
            self.set_requirement(contact, requirement)
        if priority is not None:
            moved.priority = priority
        self.skills.hold(moved.requirement)
        self.skills.release(moved.base_requirement)
        moved.base_requirement = moved.requirement
        moved.base_priority = moved.priority
        moved.base_credit_ms = moved.credit_ms
        moved.raised_tier = -1
        moved.next_step = 0
        drop_trail(moved)
        while moved.exclusions >= 0:
            self.drop_exclusion(contact, moved.exclusions)
        self.forget_ended(contact)
        if extra != NULL:
            put_object(&extra.named, None)
            put_object(&extra.preferred, None)
            put_object(&extra.address, None)
            extra.hold_ms = -1
            extra.only_preferred = False
            extra.window_start_ns = 0
            extra.window_end_ns = 0
            extra.attempts_max = 0
            extra.attempts = 0
        moved.plan_from_ns = self.now_ns
        if restart_wait:
            moved.arrived_ns = self.now_ns
        self.rules.queues[moved.queue].contacts -= 1
        self.rules.queues[queue].contacts += 1
        moved.queue = queue
        return self.open_segment(contact, _TRANSFER)

    cdef int transfer_to_queue(self, int32_t contact, int32_t queue, int32_t requirement, object priority,
                               bint restart_wait) except -1:
        cdef int32_t agent = self.desk.all[contact].agent
        cdef int64_t ordinal = self.roster.all[agent].ordinal
        cdef str giver = <str>self.roster.all[agent].id
        self.end_for_transfer(contact, queue, requirement, priority, restart_wait)
        self.settle(contact)
        if self.rules.outcomes[OUTCOME_DECLINED].exclude_ms:
            self.exclude(contact, ordinal, giver, self.now_ns + self.rules.outcomes[OUTCOME_DECLINED].exclude_ms * 1000000)
        self.touch(contact)
        return self.enter_plan(contact, False)

    cdef int transfer_to_agent(self, int32_t contact, int32_t agent) except -1:
        """Offered to that agent before anything else happens to it in the queue where it was."""
        cdef Contact* moved = &self.desk.all[contact]
        cdef int32_t giver = moved.agent
        cdef int64_t ordinal = self.roster.all[giver].ordinal
        cdef str asker = <str>self.roster.all[giver].id
        cdef Match found
        self.end_for_transfer(contact, moved.queue, -1, None, False)
        self.settle(contact)
        if self.rules.outcomes[OUTCOME_DECLINED].exclude_ms:
            self.exclude(contact, ordinal, asker, self.now_ns + self.rules.outcomes[OUTCOME_DECLINED].exclude_ms * 1000000)
        self.touch(contact)
        found.agent = agent
        found.second = 0
        found.tier = self.member_tier(contact, 0, agent)
        found.cause = MATCH_TRANSFERRED
        self.match(contact, &found, CHOSEN_BY_AGENT, asker, False)
        return self.enter_plan(contact, False)

    cdef int transfer_to_consulted(self, int32_t contact, int32_t consultation) except -1:
        """The agent of an active consultation takes over the contact that it is about."""
        cdef Contact* moved = &self.desk.all[contact]
        cdef int32_t agent = self.desk.all[consultation].agent
        cdef str asker = <str>self.roster.all[moved.agent].id
        cdef Match found
        self.end_for_transfer(contact, moved.queue, -1, None, False)
        self.settle(contact)
        self.end_active(consultation, 0)
        self.close(consultation, END_HANDLED)
        found.agent = agent
        found.second = 0
        found.tier = self.member_tier(contact, 0, agent)
        found.cause = MATCH_TRANSFERRED
        self.match(contact, &found, CHOSEN_BY_AGENT, asker, True)
        return 0
