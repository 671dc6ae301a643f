# cython: language_level=3
"""The compiled engine: one command in, its events out. See docs/engine.md for the contract."""

from cpython.object cimport PyObject

from acd_core.commands cimport AcceptOffer, ApplyPolicy, AttachContact, CancelContact, CloseQueue, CompleteContact, \
    DeclineOffer, DetachContact, EnqueueContact, FinishWrapUp, ForgetCustomer, Heartbeat, OpenQueue, PickContact, \
    RemoveAgents, RequestCallback, SetAgentAside, SetContactAside, SetPresence, TransferContact, UpdateContact, \
    UpsertAgents
from acd_core.digest cimport mix
from acd_core.events cimport EventData, clear_answer, events_of, is_ours_alone, new_answer, repeated
from acd_core.orders cimport look_ahead, name_text
from acd_core.state cimport EVENTS_KEPT, breathe
from acd_core.state_reader cimport read_state
from acd_core.state_source cimport Source
from acd_core.state_writer cimport write_state
from acd_core.timers cimport first_due_ns, first_timer
from acd_core.types cimport *

from acd_core.limits import AT_NS_MAX, REMEMBERED_REQUESTS_MAX
from acd_core.refusal import Reason, Refused
from acd_core.snapshot import new_digest
from acd_core.views import Fired

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
cdef Py_ssize_t _REQUESTS_MAX = REMEMBERED_REQUESTS_MAX


cdef class Engine(ContactCommands):
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
        self.result = &self.answer.data

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
        cdef Order order
        self._order_of(command, &order)
        return self.take_order(at_ns, &order)

    cdef int take_order(self, int64_t at_ns, const Order* order) except -1:
        """As `take`."""
        cdef bint has_request = False
        self._begin_output()
        if at_ns < self.now_ns:
            raise Refused(Reason.TIME_BACKWARDS, "at", f"{at_ns} is before the engine's {self.now_ns}")
        if order.command != NULL and (<Command>order.command).request_id:
            has_request = True
            if self._repeats(<Command>order.command):
                return 0
        if self.timers.heap.size and self.timers.heap.data[0].major <= at_ns and _waits_for_timers(order.kind):
            raise Refused(Reason.TIMER_DUE, "at",
                          f"a timer is due at {first_due_ns(self.timers)}: a tick comes first")
        self.answered = -1
        self.answered_ordinal = -1
        self._do(at_ns, order)
        self.make_answer()
        if has_request and not self.result.duplicate:
            self._remember(<Command>order.command)
        return 0

    cdef int _begin_output(self) except -1:
        """Forget the answer and the events of the last command; who kept them keeps them."""
        if not is_ours_alone(<PyObject*>self.answer):
            self.answer = new_answer()
            self.result = &self.answer.data
        else:
            if self.answer.events:
                self.answer.events = ()
            clear_answer(self.result)
        if self.out_made > EVENTS_KEPT:
            self.drop_output()
        self.out_count = 0
        return 0

    cdef bint _repeats(self, Command command) except -1:
        """Is the command's request remembered; if so the result is its answer."""
        remembered = self.requests.get(command.request_id)
        if remembered is None:
            return False
        # A word of 0 was forgotten with the customer that it told of: then the id alone says what is repeated.
        if remembered[0] and remembered[0] != command.content_word():
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

    cdef int _do(self, int64_t at_ns, const Order* order) except -1:
        cdef int kind = order.kind
        cdef int32_t slot
        cdef Command command
        if kind == CMD_ENQUEUE_CONTACT:
            return self.do_enqueue(at_ns, order)
        if kind == CMD_ACCEPT_OFFER:
            slot = self.check_offer(order)
            self.about(self.desk.offers[slot].contact)
            self.step_to(at_ns)
            self.accept(slot)
            return self.match_all()
        if kind == CMD_COMPLETE_CONTACT:
            return self.do_complete(at_ns, order)
        if kind == CMD_FINISH_WRAP_UP:
            return self.do_finish(at_ns, order)
        if kind == CMD_TICK:
            return self._tick(at_ns)
        if kind == CMD_CANCEL_CONTACT:
            return self.do_cancel(at_ns, order)
        if kind == CMD_DECLINE_OFFER:
            slot = self.check_offer(order)
            self.about(self.desk.offers[slot].contact)
            self.step_to(at_ns)
            self.end_offer(slot, order.outcome)
            return self.match_all()
        if kind == CMD_SET_PRESENCE:
            slot = self.agent_named(&order.agent, "agent_id")
            self.step_to(at_ns)
            self.do_set_presence(slot, order)
            return self.match_all()
        command = <Command>order.command
        if kind == CMD_UPDATE_CONTACT:
            return self.do_update(at_ns, <UpdateContact>command)
        if kind == CMD_HEARTBEAT:
            self.check_heartbeat(<Heartbeat>command)
            self.step_to(at_ns)
            return self.do_heartbeat(<Heartbeat>command)
        if kind == CMD_UPSERT_AGENTS:
            self.check_upsert_agents(<UpsertAgents>command)
            self.step_to(at_ns)
            self.do_upsert_agents(<UpsertAgents>command)
            return self.match_all()
        if kind == CMD_REMOVE_AGENTS:
            self.check_remove_agents(<RemoveAgents>command)
            self.step_to(at_ns)
            self.do_remove_agents(<RemoveAgents>command)
            return self.match_all()
        if kind == CMD_APPLY_POLICY:
            self.check_apply_policy(<ApplyPolicy>command)
            self.step_to(at_ns)
            self.do_apply_policy(<ApplyPolicy>command)
            return self.match_all()
        if kind == CMD_DETACH_CONTACT:
            return self.do_detach(at_ns, <DetachContact>command)
        if kind == CMD_ATTACH_CONTACT:
            return self.do_attach(at_ns, <AttachContact>command)
        if kind == CMD_RESUME:
            return self._resume(at_ns)
        if kind == CMD_TRANSFER_CONTACT:
            return self.do_transfer(at_ns, <TransferContact>command)
        if kind == CMD_PICK_CONTACT:
            return self.do_pick(at_ns, <PickContact>command)
        if kind == CMD_REQUEST_CALLBACK:
            return self.do_request_callback(at_ns, <RequestCallback>command)
        if kind == CMD_OPEN_QUEUE:
            slot = self.known_queue((<OpenQueue>command).queue_id)
            self.step_to(at_ns)
            self.do_open_queue(slot)
            return self.match_all()
        if kind == CMD_CLOSE_QUEUE:
            slot = self.known_queue((<CloseQueue>command).queue_id)
            self.step_to(at_ns)
            self.do_close_queue(slot)
            return self.match_all()
        if kind == CMD_SET_CONTACT_ASIDE:
            return self.do_set_aside(at_ns, <SetContactAside>command)
        if kind == CMD_SET_AGENT_ASIDE:
            slot = self.known_agent((<SetAgentAside>command).agent_id, "agent_id")
            self.step_to(at_ns)
            if self.roster.all[slot].presence != PRESENCE_OFFLINE:
                self.lose(slot, CAUSE_SET_ASIDE)
            return self.match_all()
        if kind == CMD_FORGET_CUSTOMER:
            return self.do_forget_customer(at_ns, <ForgetCustomer>command)
        raise TypeError("a command of no known kind")

    cdef int _order_of(self, Command command, Order* order) except -1:
        """Make an order of a command, which has to outlive it."""
        cdef int kind = command.kind
        order.kind = kind
        order.command = <PyObject*>command
        if kind == CMD_ENQUEUE_CONTACT:
            _fill_enqueue(<EnqueueContact>command, order)
            name_text(order.contact_id, &order.contact)
            name_text(<PyObject*>(<EnqueueContact>command).queue_id, &order.queue)
            name_text(<PyObject*>(<EnqueueContact>command).channel_id, &order.channel)
            name_text(<PyObject*>(<EnqueueContact>command).requirement, &order.requirement)
            if not order.contact.size:
                order.contact_id = NULL
            # The three are looked up one after the other, but are waited for together.
            look_ahead(&self.desk.ids, &order.contact)
            look_ahead(&self.rules.queue_ids, &order.queue)
            look_ahead(&self.skills.requirement_texts, &order.requirement)
        elif kind == CMD_ACCEPT_OFFER:
            name_text(<PyObject*>(<AcceptOffer>command).contact_id, &order.contact)
            name_text(<PyObject*>(<AcceptOffer>command).agent_id, &order.agent)
            order.offer_id = (<AcceptOffer>command).offer_id
        elif kind == CMD_COMPLETE_CONTACT:
            name_text(<PyObject*>(<CompleteContact>command).contact_id, &order.contact)
            name_text(<PyObject*>(<CompleteContact>command).agent_id, &order.agent)
            order.wrap_up_ms = (<CompleteContact>command).wrap_up_ms
            order.not_reached = (<CompleteContact>command).not_reached
        elif kind == CMD_FINISH_WRAP_UP:
            name_text(<PyObject*>(<FinishWrapUp>command).contact_id, &order.contact)
            name_text(<PyObject*>(<FinishWrapUp>command).agent_id, &order.agent)
        elif kind == CMD_CANCEL_CONTACT:
            name_text(<PyObject*>(<CancelContact>command).contact_id, &order.contact)
            order.abandoned = (<CancelContact>command).abandoned
        elif kind == CMD_DECLINE_OFFER:
            name_text(<PyObject*>(<DeclineOffer>command).contact_id, &order.contact)
            name_text(<PyObject*>(<DeclineOffer>command).agent_id, &order.agent)
            order.offer_id = (<DeclineOffer>command).offer_id
            order.outcome = (<DeclineOffer>command).outcome
        elif kind == CMD_SET_PRESENCE:
            name_text(<PyObject*>(<SetPresence>command).agent_id, &order.agent)
            order.presence = (<SetPresence>command).presence
            order.reason = <PyObject*>(<SetPresence>command).reason
            order.lease_ms = (<SetPresence>command).lease_ms
        return 0

    # Time

    cdef int _tick(self, int64_t at_ns) except -1:
        cdef int32_t timer
        self.seq += 1
        while True:
            timer = first_timer(self.timers)
            if timer < 0 or self.timers.all[timer].due_ns > at_ns:
                break
            breathe(self)
            if self.timers.all[timer].due_ns > self.now_ns:
                self.now_ns = self.timers.all[timer].due_ns
            self._note_fired(&self.timers.all[timer])
            self.fire(timer)
            self.match_all()
        self.now_ns = at_ns
        return 0

    cdef void _note_fired(self, const Timer* timer) noexcept:
        self.fired_kind = timer.kind
        self.fired_contact = self.desk.all[timer.contact].ordinal if timer.contact >= 0 else -1
        self.fired_agent = timer.agent_ordinal

    @property
    def last_fired(self):
        """The last timer that fired, or is just firing; None before the first. Not part of the state."""
        return Fired(self.fired_kind, self.fired_contact, self.fired_agent) if self.fired_kind else None

    cdef int _resume(self, int64_t at_ns) except -1:
        cdef int64_t gap_ns = at_ns - self.now_ns
        cdef int32_t slot
        cdef Timer timer
        cdef EventData* event
        self.step_to(at_ns)
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


cdef inline bint _waits_for_timers(int kind) noexcept nogil:
    """Whether a command of this kind comes only after what was due before it."""
    return kind != CMD_TICK and kind != CMD_RESUME and kind != CMD_SET_CONTACT_ASIDE and kind != CMD_SET_AGENT_ASIDE


cdef void _fill_enqueue(EnqueueContact command, Order* order) noexcept:
    order.contact_id = <PyObject*>command.contact_id
    order.customer_id = <PyObject*>command.customer_id
    order.attributes = <PyObject*>command.attributes
    order.priority = command.priority
    order.credit_ms = command.credit_ms
    order.attached = command.attached
    order.plain = command.plain
