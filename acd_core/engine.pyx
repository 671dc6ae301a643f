# cython: language_level=3
"""The compiled engine: one command in, its events out. See docs/engine.md for the contract."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF

from acd_core.commands cimport ApplyPolicy, CloseQueue, Heartbeat, OpenQueue, RemoveAgents, SetPresence, UpsertAgents
from acd_core.digest cimport mix, text_word
from acd_core.choosing cimport PICK, Match
from acd_core.events cimport EventData, clear_answer, events_of, is_ours_alone, new_answer, new_reference, repeated, \
    taken
from acd_core.plans cimport FOLLOWED_TO_QUEUE, Followed
from acd_core.skills cimport weights_of
from acd_core.state_reader cimport read_state
from acd_core.state_source cimport Source
from acd_core.state_writer cimport write_state
from acd_core.tables cimport acd_prefetch
from acd_core.timers cimport first_timer
from acd_core.types cimport *
from acd_core.waiting cimport excluded, extra_of, put_object

from acd_core.commands import GENERATED_ID_PREFIX
from acd_core.enums import ReservationEnd
from acd_core.limits import AT_NS_MAX, REMEMBERED_REQUESTS_MAX, SKILLS_PER_TENANT_MAX
from acd_core.refusal import Reason, Refused
from acd_core.snapshot import new_digest

cdef extern from *:
    """
    /* PyLong_AsLongLongAndOverflow, at hand for the numbers of two and three digits that times are. */
    #if PY_VERSION_HEX < 0x030C0000 && PYLONG_BITS_IN_DIGIT == 30
    static CYTHON_INLINE long long acd_long(PyObject* number, int* overflow) {
        if (PyLong_CheckExact(number)) {
            const digit* digits = ((PyLongObject*)number)->ob_digit;
            Py_ssize_t size = Py_SIZE(number);
            if (size == 3 && digits[2] < 8)
                return ((long long)digits[2] << 60) | ((long long)digits[1] << 30) | digits[0];
            if (size == 2)
                return ((long long)digits[1] << 30) | digits[0];
        }
        return PyLong_AsLongLongAndOverflow(number, overflow);
    }
    #else
    #define acd_long PyLong_AsLongLongAndOverflow
    #endif
    """
    long long acd_long(object number, int* overflow) except? -1

cdef int64_t _AT_NS_MAX = AT_NS_MAX
cdef int _SKILLS_MAX = SKILLS_PER_TENANT_MAX
cdef Py_ssize_t _REQUESTS_MAX = REMEMBERED_REQUESTS_MAX
cdef int _REPLACED = ReservationEnd.REPLACED
cdef str _ID_PREFIX = GENERATED_ID_PREFIX


cdef class Engine(Questions):
    """A deterministic routing engine for one tenant. It reads no clock, draws no outside randomness, does no I/O.

    Args:
        seed: where the engine's own random draws start, 0 <= seed < 2**64.

    An engine that raised anything but `Refused` is not to be trusted again: rebuild it from its journal.
    """

    def __init__(self, seed=0):
        if not 0 <= seed < 1 << 64:
            raise ValueError("a seed is at least 0 and below 2**64")
        if self.seq:
            raise TypeError("an engine is initialised once")
        self.random_state = seed

    def __cinit__(self):
        self.answer = new_answer()

    def apply(self, at_ns, Command command not None):
        """Take a command at a time (nanoseconds since the Unix epoch).

        Raises:
            Refused: the command is not taken and nothing has changed; `reason` and `field` say why.
        """
        cdef int overflow = 0
        cdef long long at = acd_long(at_ns, &overflow)
        if overflow or not 1 <= at <= _AT_NS_MAX:
            raise Refused(Reason.OUT_OF_RANGE, "at", f"{at_ns} is out of range 1 to {_AT_NS_MAX}")
        return self._apply(at, command)

    cdef Answer _apply(self, int64_t at_ns, Command command):
        self.take(at_ns, command)
        self.answer.events = events_of(self.out, self.out_count)
        return self.answer

    cdef int take(self, int64_t at_ns, Command command) except -1:
        """Take a command as `apply` does, at a time that is known to be in range.

        The answer is left in `answer` and `result`, the events in `out`, both until the next command is taken.
        """
        cdef int32_t timer
        self._begin_output()
        if at_ns < self.now_ns:
            raise Refused(Reason.TIME_BACKWARDS, "at", f"{at_ns} is before the engine's {self.now_ns}")
        if command.request_id and self._repeats(command):
            return 0
        if command.kind != CMD_TICK and command.kind != CMD_RESUME:
            timer = first_timer(self.timers)
            if timer >= 0 and self.timers.all[timer].due_ns <= at_ns:
                raise Refused(Reason.TIMER_DUE, "at",
                              f"a timer is due at {self.timers.all[timer].due_ns}: a tick comes first")
        self.answered = -1
        self.answered_ordinal = -1
        self._do(at_ns, command)
        self._answer()
        if command.request_id and not self.result.duplicate:
            self._remember(command)
        return 0

    cdef int _begin_output(self) except -1:
        """Forget the answer and the events of the last command; who kept them keeps them."""
        if is_ours_alone(<PyObject*>self.answer):
            self.answer.events = ()
            clear_answer(&self.answer.data)
        else:
            self.answer = new_answer()
        self.result = &self.answer.data
        self.drop_output()
        return 0

    cdef bint _repeats(self, Command command) except -1:
        """Is the command's request remembered; if so the result is its answer."""
        remembered = self.requests.get(command.request_id)
        if remembered is None:
            return False
        if remembered[0] != command.content_word():
            raise Refused(Reason.REQUEST_ID_REUSED, "request_id",
                          f'the request "{command.request_id}" came before with other content')
        self.answer = repeated(&(<Answer>remembered[1]).data)
        self.result = &self.answer.data
        return True

    cdef int _remember(self, Command command) except -1:
        self.requests[command.request_id] = (command.content_word(), repeated(self.result))
        self.request_order.append(command.request_id)
        if len(self.requests) > _REQUESTS_MAX:
            del self.requests[self.request_order.popleft()]
        return 0

    cdef int _advance(self, int64_t at_ns) except -1:
        """All checks have passed: the command is taken."""
        self.now_ns = at_ns
        self.seq += 1
        return 0

    cdef int _do(self, int64_t at_ns, Command command) except -1:
        cdef int kind = command.kind
        cdef int32_t slot
        if kind == CMD_ENQUEUE_CONTACT:
            return self._enqueue(at_ns, <EnqueueContact>command)
        if kind == CMD_ACCEPT_OFFER:
            slot = self._check_offer((<AcceptOffer>command).contact_id, (<AcceptOffer>command).agent_id,
                                     (<AcceptOffer>command).offer_id)
            self._about(self.desk.offers[slot].contact)
            self._advance(at_ns)
            self.accept(slot)
            return self.match_all()
        if kind == CMD_COMPLETE_CONTACT:
            return self._complete(at_ns, <CompleteContact>command)
        if kind == CMD_FINISH_WRAP_UP:
            return self._finish(at_ns, <FinishWrapUp>command)
        if kind == CMD_TICK:
            return self._tick(at_ns)
        if kind == CMD_CANCEL_CONTACT:
            return self._cancel(at_ns, <CancelContact>command)
        if kind == CMD_DECLINE_OFFER:
            slot = self._check_offer((<DeclineOffer>command).contact_id, (<DeclineOffer>command).agent_id,
                                     (<DeclineOffer>command).offer_id)
            self._about(self.desk.offers[slot].contact)
            self._advance(at_ns)
            self.end_offer(slot, (<DeclineOffer>command).outcome)
            return self.match_all()
        if kind == CMD_SET_PRESENCE:
            slot = self.known_agent((<SetPresence>command).agent_id, "agent_id")
            self._advance(at_ns)
            self.do_set_presence(slot, <SetPresence>command)
            return self.match_all()
        if kind == CMD_UPDATE_CONTACT:
            return self._update(at_ns, <UpdateContact>command)
        if kind == CMD_HEARTBEAT:
            self.check_heartbeat(<Heartbeat>command)
            self._advance(at_ns)
            return self.do_heartbeat(<Heartbeat>command)
        if kind == CMD_UPSERT_AGENTS:
            self.check_upsert_agents(<UpsertAgents>command)
            self._advance(at_ns)
            self.do_upsert_agents(<UpsertAgents>command)
            return self.match_all()
        if kind == CMD_REMOVE_AGENTS:
            self.check_remove_agents(<RemoveAgents>command)
            self._advance(at_ns)
            self.do_remove_agents(<RemoveAgents>command)
            return self.match_all()
        if kind == CMD_APPLY_POLICY:
            self.check_apply_policy(<ApplyPolicy>command)
            self._advance(at_ns)
            self.do_apply_policy(<ApplyPolicy>command)
            return self.match_all()
        if kind == CMD_DETACH_CONTACT:
            return self._detach(at_ns, <DetachContact>command)
        if kind == CMD_ATTACH_CONTACT:
            return self._attach(at_ns, <AttachContact>command)
        if kind == CMD_RESUME:
            return self._resume(at_ns)
        if kind == CMD_TRANSFER_CONTACT:
            return self._transfer(at_ns, <TransferContact>command)
        if kind == CMD_PICK_CONTACT:
            return self._pick(at_ns, <PickContact>command)
        if kind == CMD_REQUEST_CALLBACK:
            return self._request_callback(at_ns, <RequestCallback>command)
        if kind == CMD_OPEN_QUEUE:
            slot = self._known_queue((<OpenQueue>command).queue_id)
            self._advance(at_ns)
            self.do_open_queue(slot)
            return self.match_all()
        if kind == CMD_CLOSE_QUEUE:
            slot = self._known_queue((<CloseQueue>command).queue_id)
            self._advance(at_ns)
            self.do_close_queue(slot)
            return self.match_all()
        raise TypeError("a command of no known kind")

    # Time

    cdef int _tick(self, int64_t at_ns) except -1:
        cdef int32_t timer
        self.seq += 1
        while True:
            timer = first_timer(self.timers)
            if timer < 0 or self.timers.all[timer].due_ns > at_ns:
                break
            if self.timers.all[timer].due_ns > self.now_ns:
                self.now_ns = self.timers.all[timer].due_ns
            self.fire(timer)
            self.match_all()
        self.now_ns = at_ns
        return 0

    cdef int _resume(self, int64_t at_ns) except -1:
        cdef int64_t gap_ns = at_ns - self.now_ns
        cdef int32_t slot
        cdef Timer timer
        cdef EventData* event
        self._advance(at_ns)
        for slot in self.timers.in_order():
            timer = self.timers.all[slot]
            if timer.kind == TIMER_OFFER_EXPIRY:
                self.desk.offers[timer.about].expires_ns = timer.due_ns + gap_ns
                self.desk.offers[timer.about].timer = self.timers.arm(
                    slot, timer.due_ns + gap_ns, timer.kind, timer.contact, timer.agent, timer.agent_ordinal,
                    timer.about)
            elif timer.kind == TIMER_LEASE_END:
                self.roster.all[timer.agent].lease_timer = self.timers.arm(
                    slot, timer.due_ns + gap_ns, timer.kind, -1, timer.agent, timer.agent_ordinal, -1)
        event = self.begin(EVENT_RESUMED)
        event.duration_ns = gap_ns
        self.event_hash = mix(self.event_hash, <uint64_t>gap_ns)
        return 0

    # Contacts

    cdef int _about(self, int32_t slot) except -1:
        """The answer will show this contact."""
        cdef const Contact* contact = &self.desk.all[slot]
        self.answered = slot
        self.answered_ordinal = contact.ordinal
        if contact.agent >= 0:
            # What follows looks at these; asked for at once they are waited for once.
            acd_prefetch(&self.desk.offers[contact.offers])
            acd_prefetch(&self.roster.all[contact.agent])
            acd_prefetch(&self.roster.all[contact.agent].last_offer_id)
            acd_prefetch(&self.roster.all[contact.agent].count)
        self.result.contact_id = taken(contact.id)
        return 0

    cdef int _answer(self) except -1:
        """Fill in the result: how things stand now."""
        cdef const Contact* contact
        cdef const Offer* offer
        self.result.seq = self.seq
        self.result.at_ns = self.now_ns
        self.result.policy_version = self.rules.version
        if self.answered < 0:
            return 0
        contact = &self.desk.all[self.answered]
        if contact.ordinal != self.answered_ordinal:
            self.result.contact_state = STATE_CLOSED
            return 0
        self.result.contact_state = contact.state
        if contact.offers >= 0:
            offer = &self.desk.offers[contact.offers]
            self.result.agent_id = taken(self.roster.all[offer.agent].id)
            self.result.offer_id = offer.id
            self.result.offer_expires_ns = offer.expires_ns
        return 0

    cdef int32_t _known_queue(self, str queue_id) except -1:
        cdef int32_t slot = self.rules.find_queue(queue_id)
        if slot < 0:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{queue_id}"')
        return slot

    cdef int32_t _known_contact(self, str contact_id) except -1:
        cdef int32_t slot = self.desk.find(contact_id)
        if slot < 0:
            raise Refused(Reason.UNKNOWN_CONTACT, "contact_id", f'there is no contact "{contact_id}"')
        return slot

    cdef int _check_skills(self, int32_t old, int32_t new) except -1:
        """Refuse a requirement of a contact that would bring too many skills into use; `old` is what it had, or -1."""
        cdef dict changes = {}
        if self.skills.requirements[new].live:
            return 0
        if self.skills.distinct + self.skills.requirements[new].skill_count <= _SKILLS_MAX:
            return 0
        self.skills.add_changes(changes, new, 1)
        if old >= 0 and self.skills.requirements[old].live == 1:
            self.skills.add_changes(changes, old, -1)
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "requirement", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int _check_base_skills(self, int32_t slot, int32_t new) except -1:
        """As `_check_skills`, for a contact whose base requirement, held apart from the one now, is replaced."""
        cdef const Contact* contact = &self.desk.all[slot]
        cdef dict changes = {}
        if self.skills.requirements[new].live:
            return 0
        if self.skills.distinct + self.skills.requirements[new].skill_count <= _SKILLS_MAX:
            return 0
        self.skills.add_changes(changes, new, 1)
        if self.skills.requirements[contact.base_requirement].live == (
                2 if contact.base_requirement == contact.requirement else 1):
            self.skills.add_changes(changes, contact.base_requirement, -1)
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "requirement", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int _check_weights(self, int32_t requirement, tuple weights) except -1:
        cdef dict changes = {}
        if self.skills.distinct + self.skills.requirements[requirement].skill_count + len(weights) <= _SKILLS_MAX:
            return 0
        if not self.skills.requirements[requirement].live:
            self.skills.add_changes(changes, requirement, 1)
        for weight in weights:
            changes[weight.skill] = changes.get(weight.skill, 0) + 1
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "skill_weights",
                          f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int32_t _check_consultation(self, str contact_id) except -1:
        """The contact that is to be consulted about."""
        cdef int32_t about = self.desk.find(contact_id)
        if about < 0:
            raise Refused(Reason.UNKNOWN_CONTACT, "consults_contact_id", f'there is no contact "{contact_id}"')
        if self.desk.all[about].state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "consults_contact_id",
                          f'contact "{contact_id}" is not being served')
        if self._is_consultation(about):
            raise Refused(Reason.CONTACT_IS_CONSULTATION, "consults_contact_id",
                          f'contact "{contact_id}" is a consultation itself')
        return about

    cdef bint _is_consultation(self, int32_t slot) noexcept:
        return self.desk.all[slot].extra != NULL and self.desk.all[slot].extra.consults_ordinal >= 0

    cdef bint _waits_enough(self) noexcept:
        """May no more contacts wait, be offered or be scheduled."""
        return (self.in_state[STATE_WAITING] + self.in_state[STATE_OFFERED]
                + self.in_state[STATE_SCHEDULED] >= self.waiting_limit)

    cdef int _refuse_waiting(self) except -1:
        raise Refused(Reason.WAITING_LIMIT, "contact_id",
                      f"{self.waiting_limit} contacts wait, are offered or are scheduled, which is the limit")

    cdef int _check_window(self, int64_t at_ns, int64_t end_ns) except -1:
        if end_ns and end_ns <= at_ns:
            raise Refused(Reason.OUT_OF_RANGE, "callback.window_end", "the window has ended already")
        return 0

    cdef int _check_preferred(self, tuple named, bint only) except -1:
        if only and self.names_nobody(named):
            raise Refused(Reason.UNKNOWN_AGENT, "preferred_agents", "none of these agents exists")
        return 0

    cdef int _enqueue(self, int64_t at_ns, EnqueueContact command) except -1:
        cdef int32_t slot = -1
        cdef int32_t about = -1
        cdef int32_t queue_slot, channel, requirement
        cdef Contact* contact
        cdef Queue* queue
        cdef EventData* event
        cdef uint64_t value, word
        cdef str contact_id = command.contact_id
        if contact_id:
            slot = self.desk.find(contact_id)
            if slot >= 0:
                if self.desk.all[slot].content_word != command.content_word():
                    raise Refused(Reason.CONTACT_EXISTS, "contact_id",
                                  f'the contact "{contact_id}" exists with other content')
                self._about(slot)
                self.result.duplicate = True
                return 0
        queue_slot = self.rules.find_queue(command.queue_id)
        if queue_slot < 0:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{command.queue_id}"')
        channel = self.rules.find_channel(command.channel_id)
        if channel < 0:
            raise Refused(Reason.UNKNOWN_CHANNEL, "channel_id", f'there is no channel "{command.channel_id}"')
        if self._waits_enough():
            self._refuse_waiting()
        if command.consults_contact_id:
            about = self._check_consultation(command.consults_contact_id)
        if not command.plain:
            self._check_preferred(command.preferred_agents, command.only_preferred)
            self._check_window(at_ns, command.window_end_ns)
        requirement = self.skills.find(command.requirement)
        self._check_skills(-1, requirement)
        if not command.plain:
            self._check_weights(requirement, command.skill_weights)
        self._advance(at_ns)
        if not contact_id:
            contact_id = f"{_ID_PREFIX}{self.contacts_created}"
        slot = self.desk.add(contact_id, self.contacts_created)
        self.contacts_created += 1
        self.segments_opened += 1
        queue = &self.rules.queues[queue_slot]
        contact = &self.desk.all[slot]
        contact.priority = command.priority
        contact.credit_ms = command.credit_ms
        contact.base_priority = command.priority
        contact.base_credit_ms = command.credit_ms
        contact.arrived_ns = at_ns
        contact.opened_ns = at_ns
        contact.plan_from_ns = at_ns
        contact.requirement = requirement
        contact.base_requirement = requirement
        contact.queue = queue_slot
        contact.channel = channel
        contact.attached = command.attached
        _replace(&contact.customer_id, command.customer_id)
        _replace(&contact.attributes, command.attributes)
        self.skills.hold(requirement)
        self.skills.hold(requirement)
        queue.contacts += 1
        self.rules.channels[channel].contacts += 1
        self.set_state(slot, STATE_WAITING)
        self._about(slot)
        event = self.contact_event(EVENT_CONTACT_ENQUEUED, slot)
        event.ordinal = contact.ordinal
        event.queue_id = taken(queue.id)
        event.channel_id = taken(self.rules.channels[channel].id)
        event.text = taken(self.skills.requirements[requirement].text)
        event.priority = contact.priority
        event.credit_ms = contact.credit_ms
        event.customer_id = new_reference(command.customer_id)
        event.attributes = new_reference(command.attributes)
        value = mix(self.event_hash, <uint64_t>contact.ordinal)
        value = mix(value, queue.id_word)
        value = mix(value, self.rules.channels[channel].id_word)
        value = mix(value, self.skills.requirements[requirement].text_word)
        value = mix(value, <uint64_t>contact.priority)
        value = mix(value, <uint64_t>contact.credit_ms)
        word = text_word(command.customer_id) if command.customer_id else 0
        self.event_hash = mix(value, word)
        contact.content_word = self._content_word(slot, command, word)
        if command.plain and queue.plan < 0 and not queue.closed and queue.strategy != STRATEGY_BROADCAST and (
                not command.customer_id or not (self.rules.last_agent_window_ns or self.rules.agent_of_other_contact)):
            self._seek(slot)
        else:
            self._arrive(slot, about, command)
        if self.desk.all[slot].ordinal == self.answered_ordinal:
            self.predict(slot)
        return 0

    cdef uint64_t _content_word(self, int32_t slot, EnqueueContact command, uint64_t customer_word) except? 0:
        """The command's content word, by the words of texts that the engine knows already.

        A kind of command made of this one may see its content otherwise, so it is asked.
        """
        cdef const Contact* contact = &self.desk.all[slot]
        cdef uint64_t word
        if type(command) is not EnqueueContact or not command.plain or command.attributes or not command.contact_id:
            return command.content_word()
        word = mix(<uint64_t>command.kind, contact.id_word)
        word = mix(word, self.rules.queues[contact.queue].id_word)
        word = mix(word, self.rules.channels[contact.channel].id_word)
        word = mix(word, self.skills.requirements[contact.requirement].text_word)
        word = mix(word, <uint64_t>command.priority)
        word = mix(word, <uint64_t>command.credit_ms)
        word = mix(word, customer_word)
        return mix(word, command.attached)

    cdef int _seek(self, int32_t slot) except -1:
        """A newcomer without anything particular: since nobody gained anything, it alone may find somebody."""
        cdef Contact* contact = &self.desk.all[slot]
        cdef Match found
        found.agent = self.choose_agent(slot, 0, &found.tier, PICK)
        if found.agent >= 0:
            found.second = 0
            found.cause = MATCH_TURN
            self.match(slot, &found, CHOSEN_BY_CONTACT, "", False)
            return 0
        self.settle(slot)
        if self.rules.queues[contact.queue].max_waiting >= 0 or self.rules.max_waiting >= 0:
            self.settle_full(slot, contact.ordinal)
        return 0

    cdef int _arrive(self, int32_t slot, int32_t about, EnqueueContact command) except -1:
        """A newcomer with preferences, a callback, a plan, in a closed or broadcast queue."""
        cdef Contact* contact = &self.desk.all[slot]
        cdef int64_t ordinal = contact.ordinal
        cdef EventData* event
        cdef int left = 0
        cdef bint ended = False
        cdef bint callback = command.callback_address != ""
        if about >= 0:
            self.consult(slot, about)
            event = self.contact_event(EVENT_CONSULTATION_OPENED, slot)
            event.agent_id = taken(self.roster.all[self.desk.all[about].agent].id)
            event.text = new_reference(command.consults_contact_id)
            self.event_hash = mix(mix(self.event_hash, text_word(<str>event.agent_id)), text_word(<str>event.text))
        if command.skill_weights:
            put_object(&extra_of(contact).weights, command.skill_weights)
            contact.extra.weight_list = weights_of(self.skills, command.skill_weights)
            contact.extra.weight_count = len(command.skill_weights)
        self.prefer(slot, command.preferred_agents, command.preferred_hold_ms, command.only_preferred)
        self.settle(slot)
        if callback:
            self.set_callback(slot, command.callback_address, command.window_start_ns, command.window_end_ns,
                              command.attempts_max)
            self.take_window(slot)
        else:
            self.leave_closed(slot, &left, &ended)
        if not ended and contact.state == STATE_WAITING:
            self.touch(slot)
            self.enter_plan(slot, False)
            if contact.ordinal == ordinal:
                self.reserve(slot)
        self.match_all()
        if not callback:
            self.settle_full(slot, ordinal)
        return 0

    cdef int _update(self, int64_t at_ns, UpdateContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int state = contact.state
        cdef int32_t requirement = -1
        cdef bint held
        if state != STATE_WAITING and state != STATE_OFFERED and state != STATE_SCHEDULED:
            for field in ("requirement", "priority", "credit_ms", "preferred_agents"):
                if getattr(command, field) is not None:
                    raise Refused(Reason.CONTACT_NOT_WAITING, field, f'contact "{command.contact_id}" waits no more')
        if command.preferred_agents is not None:
            self._check_preferred(command.preferred_agents, command.only_preferred)
        if command.held is not None and state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "held", f'contact "{command.contact_id}" is not being served')
        if command.requirement is not None:
            requirement = self.skills.find(command.requirement)
            self._check_base_skills(slot, requirement)
        self._about(slot)
        self._advance(at_ns)
        if command.requirement is not None or command.priority is not None or command.credit_ms is not None:
            self.lift(slot)
            if command.priority is not None:
                contact.base_priority = command.priority
            if command.credit_ms is not None:
                contact.base_credit_ms = command.credit_ms
            if requirement >= 0:
                self.skills.hold(requirement)
                self.skills.release(contact.base_requirement)
                contact.base_requirement = requirement
            self.fold(slot)
            self.settle(slot)
            if requirement >= 0:
                self.touch(slot)
                self.reach_changed(slot)
        if command.attributes is not None:
            _replace(&contact.attributes, command.attributes)
        if command.preferred_agents is not None:
            self.lift(slot)
            held = contact.extra != NULL and contact.extra.reserved != NULL
            self.lift_reservation(slot)
            self.prefer(slot, command.preferred_agents, command.preferred_hold_ms, command.only_preferred)
            self.settle(slot)
            self.touch(slot)
            if held:
                self._emit_replaced(slot)
        if (command.requirement is not None or command.priority is not None or command.credit_ms is not None
                or command.attributes is not None or command.preferred_agents is not None):
            self.emit_updated(slot)
        if command.held is not None:
            held = command.held
            if held != contact.held:
                contact.held = held
                self.emit_contact_agent(EVENT_CONTACT_HELD if held else EVENT_CONTACT_RETRIEVED, slot, contact.agent)
        return self.match_all()

    cdef int _emit_replaced(self, int32_t slot) except -1:
        cdef EventData* event = self.contact_event(EVENT_RESERVATION_ENDED, slot)
        event.cause = _REPLACED
        self.event_hash = mix(self.event_hash, <uint64_t>_REPLACED)
        return 0

    cdef int _cancel(self, int64_t at_ns, CancelContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int cause = END_CANCELLED
        if contact.state != STATE_WAITING and contact.state != STATE_OFFERED and contact.state != STATE_SCHEDULED:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'contact "{command.contact_id}" waits no more')
        self._about(slot)
        self._advance(at_ns)
        self.withdraw(slot)
        if command.abandoned:
            cause = END_ABANDONED
            if at_ns - contact.opened_ns < self.rules.short_abandon_ms * 1000000:
                cause = END_SHORT_ABANDON
        self.close(slot, cause)
        return self.match_all()

    cdef int32_t _check_offer(self, str contact_id, str agent_id, int64_t offer_id) except -1:
        """The live offer of the contact to the agent, or the refusal that says what became of it."""
        cdef const Ended* ended
        cdef int32_t slot = self._known_contact(contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int32_t agent = self.roster.find(agent_id)
        cdef int32_t offer = contact.offers
        cdef bint holds = False
        while offer >= 0:
            holds |= self.desk.offers[offer].agent == agent
            offer = self.desk.offers[offer].after
        if agent < 0 or (self.roster.all[agent].leaving and not holds):
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{agent_id}"')
        offer = contact.offers
        while offer >= 0:
            if self.desk.offers[offer].id == offer_id:
                if self.desk.offers[offer].agent != agent:
                    raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", f"offer {offer_id} is another agent's")
                if contact.state == STATE_OFFERED:
                    return offer
                raise Refused(Reason.OFFER_ALREADY_ACCEPTED, "offer_id", f"offer {offer_id} was accepted before")
            offer = self.desk.offers[offer].after
        offer = contact.ended
        while offer >= 0:
            ended = &self.desk.ended[offer]
            if ended.offer_id == offer_id:
                if ended.agent_ordinal != self.roster.all[agent].ordinal:
                    raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", f"offer {offer_id} was another agent's")
                if ended.outcome == OUTCOME_MISSED:
                    raise Refused(Reason.OFFER_EXPIRED, "offer_id", f"offer {offer_id} has run out")
                if ended.outcome == OUTCOME_RELEASED or ended.outcome == OUTCOME_WITHDRAWN:
                    raise Refused(Reason.OFFER_RELEASED, "offer_id", f"offer {offer_id} was taken back")
                raise Refused(Reason.OFFER_DECLINED, "offer_id", f"offer {offer_id} was declined before")
            offer = ended.after
        raise Refused(Reason.OFFER_NOT_LIVE, "offer_id", f'contact "{contact_id}" has no live offer {offer_id}')

    cdef int _complete(self, int64_t at_ns, CompleteContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        if contact.state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id", f'contact "{command.contact_id}" is not being served')
        if command.agent_id and self.roster.find(command.agent_id) != contact.agent:
            raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", f'"{command.agent_id}" does not serve this contact')
        if command.not_reached and not self.is_callback(slot):
            raise Refused(Reason.CONTACT_NOT_CALLBACK, "not_reached", f'contact "{command.contact_id}" is no callback')
        self._about(slot)
        self._advance(at_ns)
        if not command.not_reached or not self.not_reached(slot):
            self.complete(slot, command.wrap_up_ms)
        return self.match_all()

    cdef int _request_callback(self, int64_t at_ns, RequestCallback command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        if contact.state != STATE_WAITING and contact.state != STATE_SCHEDULED:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'contact "{command.contact_id}" waits no more')
        self._check_window(at_ns, command.window_end_ns)
        self._about(slot)
        self._advance(at_ns)
        self.request_callback(slot, command.callback_address, command.window_start_ns, command.window_end_ns,
                              command.attempts_max)
        return self.match_all()

    cdef int _pick(self, int64_t at_ns, PickContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int32_t agent = self.known_agent(command.agent_id, "agent_id")
        cdef Match found
        if contact.state != STATE_WAITING:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'contact "{command.contact_id}" does not wait')
        if self.roster.all[agent].presence == PRESENCE_OFFLINE:
            raise Refused(Reason.AGENT_NOT_SIGNED_ON, "agent_id", f'agent "{command.agent_id}" is not signed on')
        if not self.has_room(agent, contact.channel, -1):
            raise Refused(Reason.AGENT_HAS_NO_ROOM, "agent_id", f'agent "{command.agent_id}" has no room for it')
        found.agent = agent
        found.second = 0
        found.tier = self.tier_by(slot, 0, agent)
        if found.tier < 0 and contact.second_queue >= 0:
            found.second = 1
            found.tier = self.tier_by(slot, 1, agent)
        if found.tier < 0:
            if not self.is_member(slot, 0, agent):
                raise Refused(Reason.AGENT_NOT_MEMBER, "agent_id",
                              f'agent "{command.agent_id}" does not serve the queue at a tier in use')
            raise Refused(Reason.SKILLS_NOT_MET, "agent_id", f'agent "{command.agent_id}" lacks skills')
        if excluded(self.desk, slot, self.roster.all[agent].ordinal):
            raise Refused(Reason.AGENT_EXCLUDED, "agent_id", f'agent "{command.agent_id}" is excluded for it')
        self._about(slot)
        self._advance(at_ns)
        found.cause = MATCH_PICKED
        self.match(slot, &found, CHOSEN_BY_AGENT, command.requested_by, False)
        return self.match_all()

    cdef int _transfer(self, int64_t at_ns, TransferContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int32_t requirement = -1
        cdef int32_t target = -1
        cdef Followed found
        if contact.state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id", f'contact "{command.contact_id}" is not being served')
        if self.roster.find(command.agent_id) != contact.agent:
            raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", f'"{command.agent_id}" does not serve this contact')
        if self._is_consultation(slot):
            raise Refused(Reason.CONTACT_IS_CONSULTATION, "contact_id", "a consultation is not transferred")
        if command.queue_id:
            self.follow(-1, self._known_queue(command.queue_id), &found)
            if found.outcome != FOLLOWED_TO_QUEUE:
                if found.closed:
                    raise Refused(Reason.QUEUE_CLOSED, "queue_id", f'the queue "{command.queue_id}" is closed')
                raise Refused(Reason.QUEUE_FULL, "queue_id", f'the queue "{command.queue_id}" is full')
            if self._waits_enough():
                self._refuse_waiting()
            if command.requirement is not None:
                requirement = self.skills.find(command.requirement)
                self._check_base_skills(slot, requirement)
            self._about(slot)
            self._advance(at_ns)
            self.transfer_to_queue(slot, found.queue, requirement, command.priority, command.restart_wait)
        elif command.to_agent_id:
            target = self.known_agent(command.to_agent_id, "to_agent_id")
            if self.roster.all[target].presence == PRESENCE_OFFLINE:
                raise Refused(Reason.AGENT_NOT_SIGNED_ON, "to_agent_id",
                              f'agent "{command.to_agent_id}" is not signed on')
            if not self.has_room(target, contact.channel, -1):
                raise Refused(Reason.AGENT_HAS_NO_ROOM, "to_agent_id",
                              f'agent "{command.to_agent_id}" has no room for it')
            self._about(slot)
            self._advance(at_ns)
            self.transfer_to_agent(slot, target)
        else:
            target = self._check_consulted(slot, command.consultation_contact_id)
            self._about(slot)
            self._advance(at_ns)
            self.transfer_to_consulted(slot, target)
        self.match_all()
        if self.desk.all[slot].ordinal == self.answered_ordinal:
            self.predict(slot)
        return 0

    cdef int32_t _check_consulted(self, int32_t slot, str contact_id) except -1:
        """The active consultation about a contact whose agent is to take that contact over."""
        cdef int32_t target = self.desk.find(contact_id)
        if target < 0:
            raise Refused(Reason.UNKNOWN_CONTACT, "consultation_contact_id", f'there is no contact "{contact_id}"')
        if not self._is_consultation(target) or \
                self.desk.all[target].extra.consults_ordinal != self.desk.all[slot].ordinal:
            raise Refused(Reason.NOT_ITS_CONSULTATION, "consultation_contact_id",
                          f'"{contact_id}" does not consult about this contact')
        if self.desk.all[target].state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "consultation_contact_id",
                          f'contact "{contact_id}" is not being served')
        if self.roster.all[self.desk.all[target].agent].leaving:
            raise Refused(Reason.UNKNOWN_AGENT, "consultation_contact_id",
                          f'the agent of "{contact_id}" was removed')
        if not self.has_room(self.desk.all[target].agent, self.desk.all[slot].channel, target):
            raise Refused(Reason.AGENT_HAS_NO_ROOM, "consultation_contact_id",
                          f'the agent of "{contact_id}" has no room for it')
        return target

    cdef int _finish(self, int64_t at_ns, FinishWrapUp command) except -1:
        cdef int32_t slot, agent
        cdef list finished
        agent = self.roster.find(command.agent_id)
        if command.contact_id:
            slot = self._known_contact(command.contact_id)
            if self.desk.all[slot].state != STATE_WRAP_UP:
                raise Refused(Reason.CONTACT_NOT_IN_WRAP_UP, "contact_id",
                              f'contact "{command.contact_id}" is not in wrap-up')
            if self.desk.all[slot].agent != agent:
                raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id",
                              f'contact "{command.contact_id}" is in another agent\'s wrap-up')
            self._about(slot)
            self._advance(at_ns)
            self.close(slot, END_HANDLED)
            return self.match_all()
        if agent < 0:
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{command.agent_id}"')
        finished = [slot for slot in self.held_in_order(agent) if self.desk.all[slot].state == STATE_WRAP_UP]
        if not finished:
            raise Refused(Reason.AGENT_NOT_IN_WRAP_UP, "agent_id", f'agent "{command.agent_id}" is not in wrap-up')
        self._advance(at_ns)
        for slot in finished:
            self.close(slot, END_HANDLED)
        return self.match_all()

    cdef int _detach(self, int64_t at_ns, DetachContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef EventData* event
        if contact.state == STATE_ACTIVE or contact.state == STATE_WRAP_UP or not contact.attached:
            raise Refused(Reason.CONTACT_NOT_ATTACHED, "contact_id",
                          f'no stream follows the contact "{command.contact_id}"')
        self._about(slot)
        self._advance(at_ns)
        contact.attached = False
        contact.reattach_timer = self.timers.arm(
            contact.reattach_timer, at_ns + self.rules.reattach_ms * 1000000, TIMER_REATTACH_END, slot, -1, -1, -1)
        event = self.contact_event(EVENT_CONTACT_DETACHED, slot)
        event.until_ns = at_ns + self.rules.reattach_ms * 1000000
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return 0

    cdef int _attach(self, int64_t at_ns, AttachContact command) except -1:
        cdef int32_t slot = self._known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        self._about(slot)
        self._advance(at_ns)
        if not contact.attached:
            contact.attached = True
            if contact.reattach_timer >= 0:
                self.timers.disarm(contact.reattach_timer)
                contact.reattach_timer = -1
            self.emit_plain_contact(EVENT_CONTACT_ATTACHED, slot)
        return 0

    # State as a whole

    def snapshot(self):
        """The state as canonical bytes (acd_core.snapshot)."""
        return write_state(self, None)

    def write_snapshot(self, sink):
        """Give the canonical bytes of the state to `sink` in pieces of about a MiB, so that they never are in memory
        as a whole."""
        write_state(self, sink)

    @classmethod
    def restore(cls, data):
        """The engine whose state `snapshot` wrote.

        Raises:
            BadSnapshot: the bytes cannot be read.
        """
        engine = cls()
        read_state(engine, Source(data))
        return engine

    @classmethod
    def restore_from(cls, file, size):
        """As `restore`, from the next `size` bytes of a file, of which little is in memory at a time.

        The file has `readinto`, whose errors are passed on.

        Raises:
            BadSnapshot: the bytes cannot be read.
        """
        engine = cls()
        read_state(engine, Source(None, file, size))
        return engine

    def state_digest(self):
        """The digest of the state, in hexadecimal."""
        digest = new_digest()
        self.write_snapshot(digest.update)
        return digest.hexdigest()


cdef inline void _replace(PyObject** place, object value):
    cdef PyObject* old = place[0]
    Py_INCREF(value)
    place[0] = <PyObject*>value
    Py_DECREF(<object>old)
