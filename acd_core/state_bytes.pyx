# cython: language_level=3
"""The canonical bytes of acd_core.snapshot, written from and read into the compiled engine's memory.

Field for field the schema of acd_core.snapshot; numbers are little endian, as on every machine this is built for.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from acd_core.events cimport Answer, new_reference, text_of
from acd_core.plans cimport judge
from acd_core.skills cimport weights_of
from acd_core.state cimport EngineState, steps_taken
from acd_core.types cimport *
from acd_core.waiting cimport extra_of, put_object, trail_of

from acd_core.policy import Policy, SkillWeight
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import BEHAVIOUR_VERSION, MAGIC, BadSnapshot

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size) except NULL
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)


cdef class _Writer:
    cdef char* data
    cdef size_t size
    cdef size_t room

    def __dealloc__(self):
        free(self.data)

    cdef int reserve(self, size_t more) except -1:
        cdef size_t room
        cdef char* grown
        if self.size + more > self.room:
            room = (self.size + more) * 2 if self.room < 1 << 26 else self.size + more + (1 << 26)
            grown = <char*>realloc(self.data, room)
            if grown == NULL:
                raise MemoryError
            self.data = grown
            self.room = room
        return 0

    cdef int number(self, int64_t value) except -1:
        self.reserve(8)
        memcpy(self.data + self.size, &value, 8)
        self.size += 8
        return 0

    cdef int length(self, size_t value) except -1:
        cdef uint32_t short_value = <uint32_t>value
        self.reserve(4)
        memcpy(self.data + self.size, &short_value, 4)
        self.size += 4
        return 0

    cdef int raw(self, const char* value, size_t size) except -1:
        self.length(size)
        self.reserve(size)
        memcpy(self.data + self.size, value, size)
        self.size += size
        return 0

    cdef int text(self, PyObject* value) except -1:
        cdef Py_ssize_t size
        cdef const char* data = PyUnicode_AsUTF8AndSize(value, &size)
        return self.raw(data, <size_t>size)


cdef bytes write_state(Administration engine):
    """The state as canonical bytes."""
    cdef _Writer out = _Writer()
    cdef int32_t slot
    cdef int cause
    out.reserve(len(MAGIC))
    memcpy(out.data, PyBytes_AS_STRING(MAGIC), len(MAGIC))
    out.size = len(MAGIC)
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
    out.length(END_LOST)
    for cause in range(END_HANDLED, END_LOST + 1):
        out.number(engine.closed[cause])
    out.number(engine.rules.version)
    policy = engine.rules.policy.to_bytes()
    out.raw(PyBytes_AS_STRING(policy), len(policy))
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
    return PyBytes_FromStringAndSize(out.data, <Py_ssize_t>out.size)


cdef int _write_agent(EngineState engine, _Writer out, const Agent* agent) except -1:
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


cdef int _write_queues(EngineState engine, _Writer out) except -1:
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


cdef int _write_ordinals(_Writer out, PyObject* ordinals) except -1:
    if ordinals == NULL:
        return out.length(0)
    out.length(len(<tuple>ordinals))
    for ordinal in <tuple>ordinals:
        out.number(ordinal)
    return 0


cdef int _write_text(_Writer out, PyObject* text) except -1:
    return out.length(0) if text == NULL else out.text(text)


cdef int _write_contact(EngineState engine, _Writer out, const Contact* contact) except -1:
    cdef int32_t exclusion = contact.exclusions
    cdef int32_t offer, ended
    cdef size_t count = 0
    attributes = <bytes>contact.attributes
    out.number(contact.ordinal)
    out.text(contact.id)
    out.text(engine.rules.queues[contact.queue].id)
    out.text(engine.rules.channels[contact.channel].id)
    out.text(engine.skills.requirements[contact.base_requirement].text)
    out.number(contact.base_priority)
    out.number(contact.base_credit_ms)
    out.text(contact.customer_id)
    out.raw(PyBytes_AS_STRING(attributes), len(attributes))
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


cdef int _write_trail(_Writer out, const Contact* contact) except -1:
    cdef const Trail* trail = contact.trail
    cdef int32_t index
    if trail == NULL:
        out.length(0)
        return out.length(0)
    out.length(<size_t>steps_taken(contact))
    for index in range(256):
        if trail.taken[index >> 6] >> (index & 63) & 1:
            out.number(index)
    out.length(<size_t>trail.judged_count)
    for index in range(trail.judged_count):
        out.number(<int64_t>trail.judged[index].word)
        out.number(trail.judged[index].verdict)
    return 0


cdef int _write_extra(_Writer out, const Contact* contact) except -1:
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


cdef int _write_timer(EngineState engine, _Writer out, const Timer* timer) except -1:
    out.number(timer.due_ns)
    out.number(timer.ordinal)
    out.number(timer.kind)
    out.number(engine.desk.all[timer.contact].ordinal if timer.contact >= 0 else -1)
    out.number(timer.agent_ordinal)
    return 0


cdef int _write_request(_Writer out, str request_id, uint64_t word, Answer answer) except -1:
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


cdef class _Reader:
    cdef const unsigned char[::1] view
    cdef size_t at
    cdef size_t size

    def __init__(self, data):
        self.view = data
        self.size = <size_t>self.view.shape[0]

    cdef int need(self, size_t count) except -1:
        if count > self.size - self.at:
            raise BadSnapshot(f"cut short or damaged near byte {self.at}: {count} bytes announced, "
                              f"{self.size - self.at} there")
        return 0

    cdef int64_t number(self) except? -1:
        cdef int64_t value
        self.need(8)
        memcpy(&value, &self.view[<Py_ssize_t>self.at], 8)
        self.at += 8
        return value

    cdef int64_t between(self, int64_t low, int64_t high) except? -1:
        """A number that must lie in a range for the state to make sense."""
        cdef int64_t value = self.number()
        if not low <= value <= high:
            raise BadSnapshot(f"damaged near byte {self.at}: {value} is not between {low} and {high}")
        return value

    cdef int64_t length(self) except -1:
        cdef uint32_t value
        self.need(4)
        memcpy(&value, &self.view[<Py_ssize_t>self.at], 4)
        self.at += 4
        return value

    cdef bytes raw(self):
        cdef size_t size = <size_t>self.length()
        cdef bytes value
        self.need(size)
        if size == 0:
            return b""
        value = PyBytes_FromStringAndSize(<const char*>&self.view[<Py_ssize_t>self.at], <Py_ssize_t>size)
        self.at += size
        return value

    cdef str text(self):
        cdef size_t size = <size_t>self.length()
        cdef str value
        self.need(size)
        if size == 0:
            return ""
        try:
            value = PyUnicode_DecodeUTF8(<const char*>&self.view[<Py_ssize_t>self.at], <Py_ssize_t>size, NULL)
        except UnicodeDecodeError as error:
            raise BadSnapshot(f"damaged near byte {self.at}: {error}") from None
        self.at += size
        return value


cdef int read_state(Administration engine, object data) except -1:
    """Bring a new engine into the state that the bytes hold."""
    cdef _Reader reader
    cdef bytes magic = MAGIC
    cdef int64_t index, count
    cdef int32_t slot
    cdef int cause
    data = bytes(data)
    if data[: len(magic)] != magic:
        if data[: len(magic) - 1] == magic[:-1]:
            if len(data) < len(magic):
                raise BadSnapshot("cut short: it ends before the format's version")
            raise BadSnapshot(
                f"snapshot format {data[len(magic) - 1]} is not the format {magic[len(magic) - 1]} of this version")
        raise BadSnapshot("not a snapshot: the first bytes are foreign")
    reader = _Reader(data)
    reader.at = len(magic)
    behaviour = reader.number()
    if behaviour != BEHAVIOUR_VERSION:
        raise BadSnapshot(f"made under behaviour version {behaviour}, this is {BEHAVIOUR_VERSION}")
    engine.now_ns = reader.number()
    engine.seq = reader.number()
    engine.event_seq = reader.number()
    engine.event_hash = <uint64_t>reader.number()
    engine.random_state = <uint64_t>reader.number()
    engine.agents_created = reader.number()
    engine.contacts_created = reader.number()
    engine.segments_opened = reader.number()
    engine.offers_made = reader.number()
    engine.timers.armed = reader.number()
    if reader.length() != END_LOST:
        raise BadSnapshot(f"damaged near byte {reader.at}: another number of causes")
    for cause in range(END_HANDLED, END_LOST + 1):
        engine.closed[cause] = reader.number()
    engine.rules.version = reader.number()
    try:
        engine.put_in_force(Policy.from_bytes(reader.raw()))
        for index in range(reader.length()):
            _read_agent(engine, reader)
        for index in range(reader.length()):
            _read_contact(engine, reader)
        _read_queues(engine, reader)
        for index in range(reader.length()):
            customer_id = reader.text()
            engine.served[customer_id] = (reader.number(), reader.number())
        for index in range(reader.length()):
            _read_timer(engine, reader)
        slot = engine.roster.first
        while slot >= 0:
            engine.refresh_room(slot)
            slot = engine.roster.all[slot].later
        slot = engine.desk.first
        while slot >= 0:
            _check_contact(engine, slot)
            engine.settle(slot)
            slot = engine.desk.links[slot].later
        engine.adopt_preference()
    except (Refused, ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, BadSnapshot):
            raise
        raise BadSnapshot(f"damaged near byte {reader.at}: {error}") from None
    for index in range(reader.length()):
        _read_request(engine, reader)
    if reader.at != reader.size:
        raise BadSnapshot(f"{reader.size - reader.at} bytes follow the end of the state")
    engine.gained.size = 0
    engine.match_round += 1
    return 0


cdef int _read_agent(Administration engine, _Reader reader) except -1:
    cdef int64_t ordinal = reader.between(0, engine.agents_created - 1)
    cdef str agent_id = reader.text()
    cdef str display_name = reader.text()
    cdef int32_t slot
    cdef Agent* agent
    if engine.roster.last >= 0 and engine.roster.all[engine.roster.last].ordinal >= ordinal:
        raise BadSnapshot(f"damaged near byte {reader.at}: agents out of order")
    if engine.roster.find(agent_id) >= 0:
        raise BadSnapshot(f'damaged near byte {reader.at}: two agents "{agent_id}"')
    skills = tuple([SkillLevel(reader.text(), reader.number()) for _ in range(reader.length())])
    capacity = reader.number()
    maxima = tuple([ChannelMaximum(reader.text(), reader.number()) for _ in range(reader.length())])
    memberships = tuple(
        [QueueMembership(reader.text(), reader.number(), reader.number()) for _ in range(reader.length())])
    for maximum in maxima:
        if engine.rules.find_channel(maximum.channel_id) < 0:
            raise BadSnapshot(f'damaged near byte {reader.at}: no channel "{maximum.channel_id}"')
    leaving = reader.between(0, 1)
    presence = reader.between(PRESENCE_OFFLINE, PRESENCE_AWAY)
    reason = reader.text()
    idle_since_ns = reader.number()
    last_offer_id = reader.number()
    misses_in_row = reader.number()
    lease_ms = reader.number()
    delayed_until_ns = reader.number()
    weight = reader.number()
    spec = AgentSpec(agent_id, skills, capacity, maxima, memberships, display_name, weight)
    slot = engine.roster.add(agent_id, ordinal)
    engine.set_spec(slot, spec)
    agent = &engine.roster.all[slot]
    agent.leaving = leaving
    agent.presence = presence
    if presence != PRESENCE_OFFLINE:
        engine.classes.sign(agent.klass, 1)
    Py_INCREF(reason)
    Py_DECREF(<object>agent.reason)
    agent.reason = <PyObject*>reason
    agent.idle_since_ns = idle_since_ns
    agent.last_offer_id = last_offer_id
    agent.round_key = last_offer_id
    agent.misses_in_row = misses_in_row
    agent.lease_ms = lease_ms
    agent.delayed_until_ns = delayed_until_ns
    agent.contacts_begun = reader.number()
    agent.talk_ns = reader.number()
    agent.occupancy_key = reader.number()
    agent.occupancy_at_ns = reader.number()
    if agent.presence == PRESENCE_READY:
        engine.roster.ready += 1
    return 0


cdef int32_t _agent_slot(EngineState engine, int64_t ordinal) noexcept:
    """The slot of an agent by ordinal, or -1; in an engine that is being restored slots follow the ordinals."""
    cdef int32_t low = 0
    cdef int32_t high = engine.roster.count
    cdef int32_t middle
    while low < high:
        middle = (low + high) >> 1
        if engine.roster.all[middle].ordinal < ordinal:
            low = middle + 1
        else:
            high = middle
    return low if low < engine.roster.count and engine.roster.all[low].ordinal == ordinal else -1


cdef int32_t _contact_slot(EngineState engine, int64_t ordinal) noexcept:
    """The slot of a contact by ordinal, or -1, as for agents."""
    cdef int32_t low = 0
    cdef int32_t high = engine.desk.count
    cdef int32_t middle
    while low < high:
        middle = (low + high) >> 1
        if engine.desk.all[middle].ordinal < ordinal:
            low = middle + 1
        else:
            high = middle
    return low if low < engine.desk.count and engine.desk.all[low].ordinal == ordinal else -1


cdef int _read_contact(Administration engine, _Reader reader) except -1:
    cdef int64_t ordinal = reader.between(0, engine.contacts_created - 1)
    cdef str contact_id = reader.text()
    cdef str queue_id = reader.text()
    cdef str channel_id = reader.text()
    cdef str requirement = reader.text()
    cdef str customer_id
    cdef bytes attributes
    cdef int32_t slot, agent, exclusion, ended, offer, last
    cdef int64_t agent_ordinal, index, count, offer_id, expires_ns
    cdef int state
    cdef Contact* contact
    if engine.desk.last >= 0 and engine.desk.all[engine.desk.last].ordinal >= ordinal:
        raise BadSnapshot(f"damaged near byte {reader.at}: contacts out of order")
    if engine.desk.find(contact_id) >= 0:
        raise BadSnapshot(f'damaged near byte {reader.at}: two contacts "{contact_id}"')
    slot = engine.desk.add(contact_id, ordinal)
    contact = &engine.desk.all[slot]
    contact.queue = engine.rules.find_queue(queue_id)
    channel = engine.rules.find_channel(channel_id)
    if contact.queue < 0 or channel < 0:
        raise BadSnapshot(f'damaged near byte {reader.at}: no queue "{queue_id}" or no channel "{channel_id}"')
    contact.channel = channel
    contact.base_requirement = engine.skills.find(requirement)
    engine.skills.hold(contact.base_requirement)
    contact.base_priority = reader.number()
    contact.base_credit_ms = reader.number()
    customer_id = reader.text()
    put_object(&contact.customer_id, customer_id)
    attributes = reader.raw()
    put_object(&contact.attributes, attributes)
    contact.content_word = <uint64_t>reader.number()
    contact.arrived_ns = reader.number()
    state = reader.between(STATE_WAITING, STATE_SCHEDULED)
    if state == STATE_CLOSED:
        raise BadSnapshot(f'damaged near byte {reader.at}: contact "{contact_id}" has closed')
    engine.rules.queues[contact.queue].contacts += 1
    engine.rules.channels[contact.channel].contacts += 1
    engine.set_state(slot, state)
    contact.state_since_ns = reader.number()
    agent_ordinal = reader.number()
    offer_id = reader.number()
    contact.accepted_ns = reader.number()
    contact.held = reader.between(0, 1)
    agent = _agent_slot(engine, agent_ordinal) if agent_ordinal >= 0 else -1
    if (agent >= 0) != (state == STATE_ACTIVE or state == STATE_WRAP_UP):
        raise BadSnapshot(f'damaged near byte {reader.at}: contact "{contact_id}" and its agent do not agree')
    if agent >= 0:
        engine.hold(agent, slot, offer_id, False, False)
        contact.agent = agent
        engine.roster.all[agent].serving += 1
    count = reader.length()
    if (count > 0) != (state == STATE_OFFERED):
        raise BadSnapshot(f'damaged near byte {reader.at}: contact "{contact_id}" and its offers do not agree')
    seconds = 0
    for index in range(count):
        offer_id = reader.number()
        agent = _agent_slot(engine, reader.number())
        if agent < 0:
            raise BadSnapshot(f'damaged near byte {reader.at}: contact "{contact_id}" is offered to nobody')
        expires_ns = reader.number()
        seconds += reader.between(0, 1) << index
        offer = engine.hold(agent, slot, offer_id, False, reader.between(0, 1))
        engine.desk.offers[offer].expires_ns = expires_ns
        if offer_id > engine.roster.all[agent].round_key:
            engine.roster.all[agent].round_key = offer_id
    last = -1
    for index in range(reader.length()):
        ended = engine.desk.new_ended()
        engine.desk.ended[ended].offer_id = reader.number()
        engine.desk.ended[ended].agent_ordinal = reader.number()
        engine.desk.ended[ended].outcome = reader.between(OUTCOME_DECLINED, OUTCOME_ACCEPTED)
        if last < 0:
            contact.ended = ended
        else:
            engine.desk.ended[last].after = ended
        last = ended
    contact.attached = reader.between(0, 1)
    last = -1
    for index in range(reader.length()):
        exclusion = engine.desk.new_exclusion()
        engine.desk.exclusions[exclusion].agent_ordinal = reader.number()
        engine.desk.exclusions[exclusion].until_ns = reader.number()
        engine.desk.exclusions[exclusion].timer = -1
        if last < 0:
            contact.exclusions = exclusion
        else:
            engine.desk.exclusions[last].after = exclusion
        last = exclusion
    queue_id = reader.text()
    if queue_id:
        contact.second_queue = engine.rules.find_queue(queue_id)
        if contact.second_queue < 0:
            raise BadSnapshot(f'damaged near byte {reader.at}: no queue "{queue_id}"')
        engine.rules.queues[contact.second_queue].contacts += 1
    offer = contact.offers
    while offer >= 0 and state == STATE_OFFERED:
        if seconds & 1:
            if contact.second_queue < 0:
                raise BadSnapshot(f'damaged near byte {reader.at}: contact "{contact_id}" has no second queue')
            engine.desk.offers[offer].second = True
            engine.desk.offers[offer].queue = contact.second_queue
        seconds >>= 1
        offer = engine.desk.offers[offer].after
    contact.requirement = engine.skills.find(reader.text())
    engine.skills.hold(contact.requirement)
    contact.priority = reader.number()
    contact.credit_ms = reader.number()
    contact.raised_tier = reader.number()
    contact.next_step = reader.number()
    _read_trail(contact, reader)
    _read_extra(engine, slot, reader)
    contact.predicted_at_ns = reader.number()
    contact.predicted_ns[0] = reader.number()
    contact.predicted_ns[1] = reader.number()
    return 0


cdef int _read_trail(Contact* contact, _Reader reader) except -1:
    cdef int64_t index, step, count
    cdef uint64_t word
    for index in range(reader.length()):
        step = reader.between(0, 255)
        trail_of(contact).taken[step >> 6] |= <uint64_t>1 << (step & 63)
    for index in range(reader.length()):
        word = <uint64_t>reader.number()
        judge(trail_of(contact), word, reader.number())
    return 0


cdef tuple _read_ordinals(_Reader reader):
    return tuple([reader.number() for _ in range(reader.length())])


cdef int _read_extra(Administration engine, int32_t slot, _Reader reader) except -1:
    cdef Contact* contact = &engine.desk.all[slot]
    cdef Extra* extra
    weights = tuple([SkillWeight(reader.text(), reader.number()) for _ in range(reader.length())])
    named = tuple([reader.text() for _ in range(reader.length())])
    hold_ms = reader.number()
    only = reader.between(0, 1)
    preferred = _read_ordinals(reader)
    reserved = _read_ordinals(reader)
    contact.opened_ns = reader.number()
    contact.plan_from_ns = reader.number()
    address = reader.text()
    window_start_ns = reader.number()
    window_end_ns = reader.number()
    attempts_max = reader.number()
    attempts = reader.number()
    consults_ordinal = reader.number()
    consults_id = reader.text()
    asked_by_ordinal = reader.number()
    if not (weights or named or hold_ms != -1 or only or preferred or reserved or address or consults_ordinal >= 0):
        return 0
    extra = extra_of(contact)
    put_object(&extra.weights, weights or None)
    if weights:
        extra.weight_list = weights_of(engine.skills, weights)
        extra.weight_count = len(weights)
    put_object(&extra.named, named or None)
    extra.hold_ms = hold_ms
    extra.only_preferred = only
    put_object(&extra.preferred, preferred or None)
    put_object(&extra.reserved, reserved or None)
    for ordinal in reserved:
        engine.reserved_of.setdefault(ordinal, {})[slot] = None
    put_object(&extra.address, address or None)
    extra.window_start_ns = window_start_ns
    extra.window_end_ns = window_end_ns
    extra.attempts_max = attempts_max
    extra.attempts = attempts
    extra.consults_ordinal = consults_ordinal
    extra.asked_by_ordinal = asked_by_ordinal
    if consults_ordinal >= 0:
        put_object(&extra.consults_id, consults_id)
        engine.consultations.setdefault(consults_ordinal, {})[slot] = None
    return 0


cdef int _read_queues(Administration engine, _Reader reader) except -1:
    cdef int64_t index
    cdef int32_t slot
    cdef int predictor
    cdef Queue* queue
    for index in range(reader.length()):
        slot = engine.rules.find_queue(reader.text())
        if slot < 0:
            raise BadSnapshot(f"damaged near byte {reader.at}: an unknown queue is closed")
        engine.rules.queues[slot].closed = True
    for index in range(reader.length()):
        slot = engine.rules.find_queue(reader.text())
        if slot < 0:
            raise BadSnapshot(f"damaged near byte {reader.at}: something was learnt of an unknown queue")
        queue = &engine.rules.queues[slot]
        queue.served = reader.number()
        queue.service_us = reader.number()
        queue.last_wait_ns = reader.number()
        for predictor in range(2):
            queue.scored[predictor] = reader.number()
            queue.error[predictor] = reader.number()
    return 0


cdef int _read_timer(Administration engine, _Reader reader) except -1:
    cdef int64_t due_ns = reader.number()
    cdef int64_t ordinal = reader.between(0, engine.timers.armed - 1)
    cdef int kind = reader.between(TIMER_OFFER_EXPIRY, TIMER_WINDOW_END)
    cdef int64_t contact_ordinal = reader.number()
    cdef int64_t agent_ordinal = reader.number()
    cdef int32_t contact = _contact_slot(engine, contact_ordinal)
    cdef int32_t agent = _agent_slot(engine, agent_ordinal)
    cdef int32_t about = -1
    cdef int32_t* place = NULL
    cdef Contact* owner = NULL
    if contact >= 0:
        owner = &engine.desk.all[contact]
    if kind == TIMER_LEASE_END or kind == TIMER_DELAY_END:
        if agent >= 0 and contact_ordinal < 0:
            place = &engine.roster.all[agent].lease_timer
            if kind == TIMER_DELAY_END:
                place = &engine.roster.all[agent].delay_timer
    elif owner == NULL:
        pass
    elif kind == TIMER_EXCLUSION_END:
        about = owner.exclusions
        while about >= 0 and engine.desk.exclusions[about].agent_ordinal != agent_ordinal:
            about = engine.desk.exclusions[about].after
        if about >= 0:
            place = &engine.desk.exclusions[about].timer
    elif kind == TIMER_OFFER_EXPIRY:
        about = owner.offers if owner.state == STATE_OFFERED else -1
        while about >= 0 and engine.desk.offers[about].agent_ordinal != agent_ordinal:
            about = engine.desk.offers[about].after
        if about >= 0:
            place = &engine.desk.offers[about].timer
    elif agent_ordinal < 0:
        if kind == TIMER_REATTACH_END:
            place = &owner.reattach_timer
        elif kind == TIMER_PLAN_STEP:
            place = &owner.plan_timer
        elif kind == TIMER_WRAP_UP_END:
            if owner.state == STATE_WRAP_UP:
                place = &owner.timer
        elif owner.extra != NULL:
            if kind == TIMER_HOLD_END:
                place = &owner.extra.hold_timer
            elif kind == TIMER_WINDOW_START:
                place = &owner.extra.start_timer
            else:
                place = &owner.extra.end_timer
    if place == NULL or place[0] >= 0:
        raise BadSnapshot(f"damaged near byte {reader.at}: a timer is about nothing, or one of two alike")
    place[0] = engine.timers.put(due_ns, ordinal, kind, contact, agent, agent_ordinal, about)
    return 0


cdef int _check_contact(EngineState engine, int32_t slot) except -1:
    """A contact with an offer, a wrap-up or exclusions has the timers that end them."""
    cdef const Contact* contact = &engine.desk.all[slot]
    cdef int32_t exclusion = contact.exclusions
    cdef int32_t offer = contact.offers
    cdef bint untimed = False
    while offer >= 0 and contact.state == STATE_OFFERED:
        untimed |= engine.desk.offers[offer].timer < 0
        offer = engine.desk.offers[offer].after
    if untimed or (contact.state == STATE_WRAP_UP) != (contact.timer >= 0):
        raise BadSnapshot(f'damaged: contact "{<str>contact.id}" and its timer do not agree')
    while exclusion >= 0:
        if engine.desk.exclusions[exclusion].timer < 0:
            raise BadSnapshot(f'damaged: an exclusion of contact "{<str>contact.id}" has no timer')
        exclusion = engine.desk.exclusions[exclusion].after
    return 0


cdef int _read_request(EngineState engine, _Reader reader) except -1:
    cdef Answer answer = Answer.__new__(Answer)
    cdef str request_id = reader.text()
    cdef str text
    cdef uint64_t word = <uint64_t>reader.number()
    answer.events = ()
    answer.data.duplicate = True
    answer.data.seq = reader.number()
    answer.data.at_ns = reader.number()
    text = reader.text()
    if text:
        answer.data.contact_id = new_reference(text)
    answer.data.contact_state = reader.number()
    text = reader.text()
    if text:
        answer.data.agent_id = new_reference(text)
    answer.data.offer_id = reader.number()
    answer.data.offer_expires_ns = reader.number()
    answer.data.policy_version = reader.number()
    engine.requests[request_id] = (word, answer)
    engine.request_order.append(request_id)
    return 0
