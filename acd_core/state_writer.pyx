# cython: language_level=3
"""The compiled engine's state as the canonical bytes of acd_core.snapshot.

Field for field the schema there; numbers are little endian, as on every machine this is built for.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from acd_core.events cimport Answer, text_of
from acd_core.state cimport EngineState, steps_taken, took_step
from acd_core.tables cimport acd_bytes
from acd_core.types cimport *

from acd_core.snapshot import BEHAVIOUR_VERSION, MAGIC

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject** data, Py_ssize_t size) except -1
    PyObject* PyBytes_FromStringAndSize(const char* data, Py_ssize_t size) except NULL
    char* PyBytes_AS_STRING(PyObject* data)

cdef enum:
    PIECE_BYTES = 1048576
    GROWTH_BYTES_MAX = 67108864


cdef class Writer:
    """Canonical bytes as they come about: all together, or in pieces that go to `sink` one after another."""

    cdef PyObject* data  # bytes that nobody else has yet; NULL once they are given away
    cdef char* start
    cdef char* at
    cdef char* end
    cdef object sink

    def __init__(self, sink=None):
        self.sink = sink
        self._begin(PIECE_BYTES)

    def __dealloc__(self):
        Py_XDECREF(self.data)

    cdef int _begin(self, size_t room) except -1:
        self.data = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>room)
        return self._place(0, room)

    cdef int _place(self, size_t size, size_t room) except -1:
        self.start = PyBytes_AS_STRING(self.data)
        self.at = self.start + size
        self.end = self.start + room
        return 0

    cdef int make_room(self, size_t more) except -1:
        cdef size_t size = <size_t>(self.at - self.start)
        cdef size_t room
        if self.sink is not None:
            self.sink(self.take())
            return self._begin(max(<size_t>PIECE_BYTES, more))
        room = size + max(more, min(size, <size_t>GROWTH_BYTES_MAX))
        _PyBytes_Resize(&self.data, <Py_ssize_t>room)
        return self._place(size, room)

    cdef bytes take(self):
        """What has been written, which is no longer the writer's."""
        cdef bytes piece
        _PyBytes_Resize(&self.data, self.at - self.start)
        piece = <bytes>self.data
        Py_XDECREF(self.data)
        self.data = NULL
        return piece

    cdef bytes finish(self):
        """The end of it: the last piece goes to the sink, or all together is returned."""
        cdef bytes last = self.take()
        if self.sink is None:
            return last
        self.sink(last)
        return b""

    cdef int number(self, int64_t value) except -1:
        if self.end - self.at < 8:
            self.make_room(8)
        memcpy(self.at, &value, 8)
        self.at += 8
        return 0

    cdef int length(self, size_t value) except -1:
        cdef uint32_t short_value = <uint32_t>value
        if self.end - self.at < 4:
            self.make_room(4)
        memcpy(self.at, &short_value, 4)
        self.at += 4
        return 0

    cdef int bare(self, const char* value, size_t size) except -1:
        if <size_t>(self.end - self.at) < size:
            self.make_room(size)
        memcpy(self.at, value, size)
        self.at += size
        return 0

    cdef int raw(self, const char* value, size_t size) except -1:
        self.length(size)
        return self.bare(value, size)

    cdef int text(self, PyObject* value) except -1:
        cdef Py_ssize_t size
        cdef const char* data = acd_bytes(value, &size)
        return self.raw(data, <size_t>size)


cdef bytes write_state(Administration engine, object sink):
    """The state as canonical bytes; with a sink they go there in pieces and none are returned."""
    cdef Writer out = Writer(sink)
    cdef bytes magic = MAGIC
    cdef bytes policy
    cdef int32_t slot
    cdef int cause, last
    out.bare(magic, len(magic))
    out.number(BEHAVIOUR_VERSION)
    out.number(engine.now_ns)
    out.number(engine.seq)
    out.number(engine.event_seq)
    out.number(<int64_t>engine.event_hash)
    out.number(<int64_t>engine.random_state)
    out.number(engine.agents_created)
    out.number(engine.contacts_created)
    out.number(engine.segments_opened)
    out.number(engine.offers_made)
    out.number(engine.timers.armed)
    # Nothing has an end that no contact had when the format was made, unless one has ended so.
    last = END_SET_ASIDE if engine.closed[END_SET_ASIDE] else END_LOST
    out.length(last)
    for cause in range(END_HANDLED, last + 1):
        out.number(engine.closed[cause])
    out.number(engine.rules.version)
    policy = engine.rules.policy.to_bytes()
    out.raw(policy, len(policy))
    out.length(engine.roster.count)
    slot = engine.roster.first
    while slot >= 0:
        _write_agent(engine, out, &engine.roster.all[slot])
        slot = engine.roster.all[slot].later
    out.length(engine.desk.count)
    slot = engine.desk.first
    while slot >= 0:
        _write_contact(engine, out, &engine.desk.all[slot])
        slot = engine.desk.links[slot].later
    _write_queues(engine, out)
    out.length(len(engine.served))
    for customer_id, (agent_ordinal, at_ns) in engine.served.items():
        out.text(<PyObject*>customer_id)
        out.number(agent_ordinal)
        out.number(at_ns)
    timers = engine.timers.in_order()
    out.length(len(timers))
    for slot in timers:
        _write_timer(engine, out, &engine.timers.all[slot])
    out.length(len(engine.requests))
    for request_id in engine.request_order:
        word, answer = engine.requests[request_id]
        _write_request(out, request_id, word, answer)
    return out.finish()


cdef int _write_agent(EngineState engine, Writer out, const Agent* agent) except -1:
    spec = <object>agent.spec
    display_name = spec.display_name
    out.number(agent.ordinal)
    out.text(agent.id)
    out.text(<PyObject*>display_name)
    out.length(len(spec.skills))
    for name, level in spec.skills:
        out.text(<PyObject*>name)
        out.number(level)
    out.number(agent.capacity)
    out.length(len(spec.channel_maxima))
    for name, maximum in spec.channel_maxima:
        out.text(<PyObject*>name)
        out.number(maximum)
    out.length(len(spec.memberships))
    for name, tier, position in spec.memberships:
        out.text(<PyObject*>name)
        out.number(tier)
        out.number(position)
    out.number(agent.leaving)
    out.number(agent.presence)
    out.text(agent.reason)
    out.number(agent.idle_since_ns)
    out.number(agent.last_offer_id)
    out.number(agent.misses_in_row)
    out.number(agent.lease_ms)
    out.number(agent.delayed_until_ns)
    out.number(agent.weight)
    out.number(agent.contacts_begun)
    out.number(agent.talk_ns)
    out.number(agent.occupancy_key)
    out.number(agent.occupancy_at_ns)
    return 0


cdef int _write_queues(EngineState engine, Writer out) except -1:
    """Those that are closed, then what was learnt of those of which something was."""
    cdef int32_t slot
    cdef const Queue* queue
    cdef list closed = []
    cdef list learnt = []
    cdef int predictor
    for queue_id, number in engine.rules.queue_slots.items():
        slot = number
        if engine.rules.queues[slot].closed:
            closed.append((queue_id.encode(), slot))
        if engine.rules.queues[slot].served > 0 or engine.rules.queues[slot].last_wait_ns >= 0:
            learnt.append((queue_id.encode(), slot))
    closed.sort()
    learnt.sort()
    out.length(len(closed))
    for _, slot in closed:
        out.text(engine.rules.queues[slot].id)
    out.length(len(learnt))
    for _, slot in learnt:
        queue = &engine.rules.queues[slot]
        out.text(queue.id)
        out.number(queue.served)
        out.number(queue.service_us)
        out.number(queue.last_wait_ns)
        for predictor in range(2):
            out.number(queue.scored[predictor])
            out.number(queue.error[predictor])
    return 0


cdef int _write_ordinals(Writer out, PyObject* ordinals) except -1:
    if ordinals == NULL:
        return out.length(0)
    out.length(len(<tuple>ordinals))
    for ordinal in <tuple>ordinals:
        out.number(ordinal)
    return 0


cdef int _write_text(Writer out, PyObject* text) except -1:
    return out.length(0) if text == NULL else out.text(text)


cdef int _write_contact(EngineState engine, Writer out, const Contact* contact) except -1:
    cdef int32_t exclusion = contact.exclusions
    cdef int32_t offer, ended
    cdef size_t count = 0
    cdef bytes attributes = <bytes>contact.attributes
    out.number(contact.ordinal)
    out.text(contact.id)
    out.text(engine.rules.queues[contact.queue].id)
    out.text(engine.rules.channels[contact.channel].id)
    out.text(engine.skills.requirements[contact.base_requirement].text)
    out.number(contact.base_priority)
    out.number(contact.base_credit_ms)
    out.text(contact.customer_id)
    out.raw(attributes, len(attributes))
    out.number(<int64_t>contact.content_word)
    out.number(contact.arrived_ns)
    out.number(contact.state)
    out.number(contact.state_since_ns)
    out.number(engine.roster.all[contact.agent].ordinal if contact.agent >= 0 else -1)
    out.number(engine.desk.offers[contact.offers].id if contact.agent >= 0 else 0)
    out.number(contact.accepted_ns)
    out.number(contact.held)
    offer = contact.offers if contact.agent < 0 else -1
    while offer >= 0:
        count += 1
        offer = engine.desk.offers[offer].after
    out.length(count)
    offer = contact.offers if contact.agent < 0 else -1
    while offer >= 0:
        out.number(engine.desk.offers[offer].id)
        out.number(engine.desk.offers[offer].agent_ordinal)
        out.number(engine.desk.offers[offer].expires_ns)
        out.number(engine.desk.offers[offer].second)
        out.number(engine.desk.offers[offer].broadcast)
        offer = engine.desk.offers[offer].after
    count = 0
    ended = contact.ended
    while ended >= 0:
        count += 1
        ended = engine.desk.ended[ended].after
    out.length(count)
    ended = contact.ended
    while ended >= 0:
        out.number(engine.desk.ended[ended].offer_id)
        out.number(engine.desk.ended[ended].agent_ordinal)
        out.number(engine.desk.ended[ended].outcome)
        ended = engine.desk.ended[ended].after
    count = 0
    out.number(contact.attached)
    while exclusion >= 0:
        count += 1
        exclusion = engine.desk.exclusions[exclusion].after
    out.length(count)
    exclusion = contact.exclusions
    while exclusion >= 0:
        out.number(engine.desk.exclusions[exclusion].agent_ordinal)
        out.number(engine.desk.exclusions[exclusion].until_ns)
        exclusion = engine.desk.exclusions[exclusion].after
    if contact.second_queue < 0:
        out.length(0)
    else:
        out.text(engine.rules.queues[contact.second_queue].id)
    out.text(engine.skills.requirements[contact.requirement].text)
    out.number(contact.priority)
    out.number(contact.credit_ms)
    out.number(contact.raised_tier)
    out.number(contact.next_step)
    _write_trail(out, contact)
    _write_extra(out, contact)
    out.number(contact.predicted_at_ns)
    out.number(contact.predicted_ns[0])
    out.number(contact.predicted_ns[1])
    return 0


cdef int _write_trail(Writer out, const Contact* contact) except -1:
    cdef const Trail* trail = contact.trail
    cdef int32_t index
    out.length(<size_t>steps_taken(contact))
    if contact.taken or trail != NULL:
        for index in range(256):
            if took_step(contact, index):
                out.number(index)
    if trail == NULL:
        return out.length(0)
    out.length(<size_t>trail.judged_count)
    for index in range(trail.judged_count):
        out.number(<int64_t>trail.judged[index].word)
        out.number(trail.judged[index].verdict)
    return 0


cdef int _write_extra(Writer out, const Contact* contact) except -1:
    """Weights, preference, times of segment and plan, callback, consultation."""
    cdef const Extra* extra = contact.extra
    cdef Extra none
    if extra == NULL:
        memset(&none, 0, sizeof(Extra))
        none.hold_ms = -1
        none.consults_ordinal = -1
        none.asked_by_ordinal = -1
        extra = &none
    out.length(0 if extra.weights == NULL else len(<tuple>extra.weights))
    if extra.weights != NULL:
        for name, weight in <tuple>extra.weights:
            out.text(<PyObject*>name)
            out.number(weight)
    out.length(0 if extra.named == NULL else len(<tuple>extra.named))
    if extra.named != NULL:
        for name in <tuple>extra.named:
            out.text(<PyObject*>name)
    out.number(extra.hold_ms)
    out.number(extra.only_preferred)
    _write_ordinals(out, extra.preferred)
    _write_ordinals(out, extra.reserved)
    out.number(contact.opened_ns)
    out.number(contact.plan_from_ns)
    _write_text(out, extra.address)
    out.number(extra.window_start_ns)
    out.number(extra.window_end_ns)
    out.number(extra.attempts_max)
    out.number(extra.attempts)
    out.number(extra.consults_ordinal)
    _write_text(out, extra.consults_id)
    out.number(extra.asked_by_ordinal)
    return 0


cdef int _write_timer(EngineState engine, Writer out, const Timer* timer) except -1:
    out.number(timer.due_ns)
    out.number(timer.ordinal)
    out.number(timer.kind)
    out.number(engine.desk.all[timer.contact].ordinal if timer.contact >= 0 else -1)
    out.number(timer.agent_ordinal)
    return 0


cdef int _write_request(Writer out, str request_id, uint64_t word, Answer answer) except -1:
    cdef str contact_id = text_of(answer.data.contact_id)
    cdef str agent_id = text_of(answer.data.agent_id)
    out.text(<PyObject*>request_id)
    out.number(<int64_t>word)
    out.number(answer.data.seq)
    out.number(answer.data.at_ns)
    out.text(<PyObject*>contact_id)
    out.number(answer.data.contact_state)
    out.text(<PyObject*>agent_id)
    out.number(answer.data.offer_id)
    out.number(answer.data.offer_expires_ns)
    out.number(answer.data.policy_version)
    return 0
