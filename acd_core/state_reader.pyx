# cython: language_level=3
"""The canonical bytes of acd_core.snapshot read into the compiled engine's memory.

Field for field the schema of acd_core.snapshot. What is read is held to what the engine relies on, so that no bytes
whatever do more than raise `BadSnapshot`.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.events cimport Answer, new_reference
from acd_core.plans cimport judge
from acd_core.skills cimport weights_of
from acd_core.state cimport EngineState
from acd_core.state_source cimport Source, between, length, number
from acd_core.types cimport *
from acd_core.waiting cimport extra_of, put_object, take_step, trail_of

from acd_core.limits import TIER_MAX
from acd_core.policy import Policy, SkillWeight
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import BEHAVIOUR_VERSION, BEHAVIOUR_VERSIONS_READ, MAGIC, BadSnapshot

cdef enum:
    PROFILES_KEPT = 4096
    CONTACT_BYTES_MIN = 308  # 29 numbers and 19 lengths

cdef int64_t _TIER_MAX = TIER_MAX


cdef int read_state(Administration engine, Source source) except -1:
    """Bring a new engine into the state that the bytes hold."""
    cdef int64_t index, count
    cdef dict profiles = {}
    cdef int32_t slot
    cdef int cause
    _read_versions(source)
    engine.now_ns = number(source)
    engine.seq = number(source)
    engine.event_seq = number(source)
    engine.event_hash = <uint64_t>number(source)
    engine.random_state = <uint64_t>number(source)
    engine.agents_created = number(source)
    engine.contacts_created = number(source)
    engine.segments_opened = number(source)
    engine.offers_made = number(source)
    engine.timers.armed = number(source)
    count = length(source)
    if count != END_LOST and count != END_SET_ASIDE:
        raise source.damaged("another number of causes")
    for cause in range(END_HANDLED, count + 1):
        engine.closed[cause] = number(source)
    if count == END_SET_ASIDE and not engine.closed[END_SET_ASIDE]:
        raise source.damaged("a cause that need not be there")
    engine.rules.version = number(source)
    try:
        engine.settle_all(engine.put_in_force(Policy.from_bytes(source.raw())))
        for index in range(length(source)):
            _read_agent(engine, source, profiles)
        count = length(source)
        engine.desk.reserve(min(count, source.left() // CONTACT_BYTES_MIN))
        for index in range(count):
            _read_contact(engine, source)
        _read_queues(engine, source)
        for index in range(length(source)):
            customer_id = source.text()
            engine.served[customer_id] = (number(source), number(source))
        for index in range(length(source)):
            _read_timer(engine, source)
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
        for index in range(length(source)):
            _read_request(engine, source)
    except (Refused, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError) as error:
        if isinstance(error, BadSnapshot):
            raise
        raise source.damaged(f"{error}") from None
    if source.left():
        raise BadSnapshot(f"{source.left()} bytes follow the end of the state")
    engine.gained.size = 0
    engine.match_round += 1
    return 0


cdef int _read_versions(Source source) except -1:
    """What a state of this format and behaviour begins with."""
    cdef bytes magic = MAGIC
    cdef Py_ssize_t size = min(len(magic), source.left())
    source.need(<size_t>size)
    found = PyBytes_FromStringAndSize(source.at, size)
    source.at += size
    if found != magic:
        if found == magic[:-1]:
            raise BadSnapshot("cut short: it ends before the format's version")
        if found[:-1] == magic[:-1]:
            raise BadSnapshot(
                f"snapshot format {found[len(found) - 1]} is not the format {magic[len(magic) - 1]} of this version")
        raise BadSnapshot("not a snapshot: the first bytes are foreign")
    behaviour = number(source)
    if behaviour not in BEHAVIOUR_VERSIONS_READ:
        raise BadSnapshot(f"made under behaviour version {behaviour}, this is {BEHAVIOUR_VERSION}")
    return 0


cdef int _skip_entries(Source source, size_t numbers) except -1:
    """A list of texts, each with so many numbers."""
    cdef int64_t index, size
    for index in range(length(source)):
        size = length(source)
        source.need(<size_t>size + 8 * numbers)
        source.at += <size_t>size + 8 * numbers
    return 0


cdef tuple _skills_in(Source source):
    return tuple([SkillLevel(source.recurring_text(), number(source)) for _ in range(length(source))])


cdef object _read_profile(Administration engine, Source source, str agent_id, dict profiles):
    """Skills, capacity, maxima and memberships, in the spec of the first agent who has just these.

    Their bytes are looked up before they are read: few profiles are shared by many agents, and those who share one
    share its objects too.
    """
    cdef bytes content
    source.mark = source.at
    _skip_entries(source, 1)
    number(source)
    _skip_entries(source, 1)
    _skip_entries(source, 2)
    content = PyBytes_FromStringAndSize(source.mark, source.at - source.mark)
    profile = profiles.get(content)
    if profile is None:
        source.at = source.mark
        skills = _skills_in(source)
        capacity = number(source)
        maxima = tuple([ChannelMaximum(source.recurring_text(), number(source)) for _ in range(length(source))])
        memberships = tuple(
            [QueueMembership(source.recurring_text(), number(source), number(source)) for _ in range(length(source))])
        for maximum in maxima:
            if engine.rules.find_channel(maximum.channel_id) < 0:
                raise source.damaged(f'no channel "{maximum.channel_id}"')
        profile = AgentSpec(agent_id, skills, capacity, maxima, memberships)
        if len(profiles) == PROFILES_KEPT:
            profiles.clear()
        profiles[content] = profile
    source.mark = NULL
    return profile


cdef int _read_agent(Administration engine, Source source, dict profiles) except -1:
    cdef int64_t ordinal = between(source, 0, engine.agents_created - 1)
    cdef str agent_id = source.text()
    cdef str display_name = source.text()
    cdef int32_t slot
    cdef Agent* agent
    if engine.roster.last >= 0 and engine.roster.all[engine.roster.last].ordinal >= ordinal:
        raise source.damaged("agents out of order")
    if engine.roster.find(agent_id) >= 0:
        raise source.damaged(f'two agents "{agent_id}"')
    profile = _read_profile(engine, source, agent_id, profiles)
    leaving = between(source, 0, 1)
    presence = between(source, PRESENCE_OFFLINE, PRESENCE_AWAY)
    reason = source.recurring_text()
    idle_since_ns = number(source)
    last_offer_id = number(source)
    misses_in_row = number(source)
    lease_ms = number(source)
    delayed_until_ns = number(source)
    weight = number(source)
    spec = profile.alike(agent_id, display_name, weight)
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
    agent.contacts_begun = number(source)
    agent.talk_ns = number(source)
    agent.occupancy_key = number(source)
    agent.occupancy_at_ns = number(source)
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


cdef int _read_contact(Administration engine, Source source) except -1:
    cdef int64_t ordinal = between(source, 0, engine.contacts_created - 1)
    cdef str contact_id = source.text()
    cdef str queue_id = source.recurring_text()
    cdef str channel_id = source.recurring_text()
    cdef str requirement = source.recurring_text()
    cdef str requirement_now
    cdef str customer_id
    cdef bytes attributes
    cdef int32_t slot, agent, exclusion, ended, offer, last
    cdef int64_t agent_ordinal, index, count, offer_id, expires_ns
    cdef int state, channel
    cdef Contact* contact
    if engine.desk.last >= 0 and engine.desk.all[engine.desk.last].ordinal >= ordinal:
        raise source.damaged("contacts out of order")
    if engine.desk.find(contact_id) >= 0:
        raise source.damaged(f'two contacts "{contact_id}"')
    slot = engine.desk.add(contact_id, ordinal)
    contact = &engine.desk.all[slot]
    contact.queue = engine.rules.find_queue(queue_id)
    channel = engine.rules.find_channel(channel_id)
    if contact.queue < 0 or channel < 0:
        raise source.damaged(f'no queue "{queue_id}" or no channel "{channel_id}"')
    contact.channel = channel
    contact.base_requirement = engine.skills.find(requirement)
    engine.skills.hold(contact.base_requirement)
    contact.base_priority = number(source)
    contact.base_credit_ms = number(source)
    customer_id = source.text()
    if customer_id:
        put_object(&contact.customer_id, customer_id)
    attributes = source.raw()
    if attributes:
        put_object(&contact.attributes, attributes)
    contact.content_word = <uint64_t>number(source)
    contact.arrived_ns = number(source)
    state = between(source, STATE_WAITING, STATE_SCHEDULED)
    if state == STATE_CLOSED:
        raise source.damaged(f'contact "{contact_id}" has closed')
    engine.rules.queues[contact.queue].contacts += 1
    engine.rules.channels[contact.channel].contacts += 1
    engine.set_state(slot, state)
    contact.state_since_ns = number(source)
    agent_ordinal = number(source)
    offer_id = number(source)
    contact.accepted_ns = number(source)
    contact.held = between(source, 0, 1)
    agent = _agent_slot(engine, agent_ordinal) if agent_ordinal >= 0 else -1
    if (agent >= 0) != (state == STATE_ACTIVE or state == STATE_WRAP_UP):
        raise source.damaged(f'contact "{contact_id}" and its agent do not agree')
    if agent >= 0:
        engine.hold(agent, slot, offer_id, False, False)
        contact.agent = agent
        engine.roster.all[agent].serving += 1
    count = length(source)
    if (count > 0) != (state == STATE_OFFERED):
        raise source.damaged(f'contact "{contact_id}" and its offers do not agree')
    seconds = 0
    for index in range(count):
        offer_id = number(source)
        agent = _agent_slot(engine, number(source))
        if agent < 0:
            raise source.damaged(f'contact "{contact_id}" is offered to nobody')
        expires_ns = number(source)
        seconds += between(source, 0, 1) << index
        offer = engine.hold(agent, slot, offer_id, False, between(source, 0, 1))
        engine.desk.offers[offer].expires_ns = expires_ns
        if offer_id > engine.roster.all[agent].round_key:
            engine.roster.all[agent].round_key = offer_id
    last = -1
    for index in range(length(source)):
        ended = engine.desk.new_ended()
        engine.desk.ended[ended].offer_id = number(source)
        engine.desk.ended[ended].agent_ordinal = number(source)
        engine.desk.ended[ended].outcome = between(source, OUTCOME_DECLINED, OUTCOME_ACCEPTED)
        if last < 0:
            contact.ended = ended
        else:
            engine.desk.ended[last].after = ended
        last = ended
    contact.attached = between(source, 0, 1)
    last = -1
    for index in range(length(source)):
        exclusion = engine.desk.new_exclusion()
        engine.desk.exclusions[exclusion].agent_ordinal = number(source)
        engine.desk.exclusions[exclusion].until_ns = number(source)
        engine.desk.exclusions[exclusion].timer = -1
        if last < 0:
            contact.exclusions = exclusion
        else:
            engine.desk.exclusions[last].after = exclusion
        last = exclusion
    queue_id = source.recurring_text()
    if queue_id:
        contact.second_queue = engine.rules.find_queue(queue_id)
        if contact.second_queue < 0:
            raise source.damaged(f'no queue "{queue_id}"')
        engine.rules.queues[contact.second_queue].contacts += 1
    offer = contact.offers
    while offer >= 0 and state == STATE_OFFERED:
        if seconds & 1:
            if contact.second_queue < 0:
                raise source.damaged(f'contact "{contact_id}" has no second queue')
            engine.desk.offers[offer].second = True
            engine.desk.offers[offer].queue = contact.second_queue
        seconds >>= 1
        offer = engine.desk.offers[offer].after
    requirement_now = source.recurring_text()
    contact.requirement = contact.base_requirement
    if requirement_now != requirement:
        contact.requirement = engine.skills.find(requirement_now)
    engine.skills.hold(contact.requirement)
    contact.priority = number(source)
    contact.credit_ms = number(source)
    contact.raised_tier = between(source, -1, _TIER_MAX)
    contact.next_step = between(source, 0, 256)
    _read_trail(contact, source)
    _read_extra(engine, slot, source)
    contact.predicted_at_ns = number(source)
    contact.predicted_ns[0] = number(source)
    contact.predicted_ns[1] = number(source)
    return 0


cdef int _read_trail(Contact* contact, Source source) except -1:
    cdef int64_t index, step, count
    cdef uint64_t word
    for index in range(length(source)):
        step = between(source, 0, 255)
        take_step(contact, <int32_t>step)
    for index in range(length(source)):
        word = <uint64_t>number(source)
        judge(trail_of(contact), word, number(source))
    return 0


cdef tuple _read_ordinals(Source source):
    """None for none."""
    cdef int64_t count = length(source)
    return tuple([number(source) for _ in range(count)]) if count else None


cdef int _read_extra(Administration engine, int32_t slot, Source source) except -1:
    cdef Contact* contact = &engine.desk.all[slot]
    cdef Extra* extra
    cdef int64_t count = length(source)
    cdef int64_t hold_ms, window_start_ns, window_end_ns, attempts_max, attempts, consults_ordinal, asked_by_ordinal
    cdef int64_t only
    cdef tuple weights = None
    cdef tuple named = None
    cdef tuple preferred, reserved
    cdef str address, consults_id
    if count:
        weights = tuple([SkillWeight(source.recurring_text(), number(source)) for _ in range(count)])
    count = length(source)
    if count:
        named = tuple([source.text() for _ in range(count)])
    hold_ms = number(source)
    only = between(source, 0, 1)
    preferred = _read_ordinals(source)
    reserved = _read_ordinals(source)
    if only and preferred is None:
        raise source.damaged("a contact is for its preferred agents alone and has none")
    contact.opened_ns = number(source)
    contact.plan_from_ns = number(source)
    address = source.text()
    window_start_ns = number(source)
    window_end_ns = number(source)
    attempts_max = number(source)
    attempts = number(source)
    consults_ordinal = number(source)
    consults_id = source.text()
    asked_by_ordinal = number(source)
    if not (weights or named or hold_ms != -1 or only or preferred or reserved or address or consults_ordinal >= 0):
        return 0
    extra = extra_of(contact)
    put_object(&extra.weights, weights)
    if weights:
        extra.weight_list = weights_of(engine.skills, weights)
        extra.weight_count = len(weights)
    put_object(&extra.named, named)
    extra.hold_ms = hold_ms
    extra.only_preferred = only
    put_object(&extra.preferred, preferred)
    put_object(&extra.reserved, reserved)
    if reserved:
        extra.reserved_link = engine.reserved_of.add(slot, reserved)
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


cdef int _read_queues(Administration engine, Source source) except -1:
    cdef int64_t index
    cdef int32_t slot
    cdef int predictor
    cdef Queue* queue
    for index in range(length(source)):
        slot = engine.rules.find_queue(source.text())
        if slot < 0:
            raise source.damaged("an unknown queue is closed")
        engine.rules.queues[slot].closed = True
    for index in range(length(source)):
        slot = engine.rules.find_queue(source.text())
        if slot < 0:
            raise source.damaged("something was learnt of an unknown queue")
        queue = &engine.rules.queues[slot]
        queue.served = number(source)
        queue.service_us = number(source)
        queue.last_wait_ns = number(source)
        for predictor in range(2):
            queue.scored[predictor] = number(source)
            queue.error[predictor] = number(source)
    return 0


cdef int _read_timer(Administration engine, Source source) except -1:
    cdef int64_t due_ns = number(source)
    cdef int64_t ordinal = between(source, 0, engine.timers.armed - 1)
    cdef int kind = between(source, TIMER_OFFER_EXPIRY, TIMER_WINDOW_END)
    cdef int64_t contact_ordinal = number(source)
    cdef int64_t agent_ordinal = number(source)
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
        raise source.damaged("a timer is about nothing, or one of two alike")
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


cdef int _read_request(EngineState engine, Source source) except -1:
    cdef Answer answer = Answer.__new__(Answer)
    cdef str request_id = source.text()
    cdef str text
    cdef uint64_t word = <uint64_t>number(source)
    answer.events = ()
    answer.data.duplicate = True
    answer.data.seq = number(source)
    answer.data.at_ns = number(source)
    text = source.text()
    if text:
        answer.data.contact_id = new_reference(text)
    answer.data.contact_state = number(source)
    text = source.text()
    if text:
        answer.data.agent_id = new_reference(text)
    answer.data.offer_id = number(source)
    answer.data.offer_expires_ns = number(source)
    answer.data.policy_version = number(source)
    engine.requests[request_id] = (word, answer)
    engine.request_order.append(request_id)
    return 0
