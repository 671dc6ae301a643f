# cython: language_level=3
"""The state of an engine: its rooms and counters, what an agent holds, and how an event is made and hashed."""

from collections import deque

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdlib cimport free, realloc

from acd_core.classes cimport AgentClass
from acd_core.digest cimport mix, text_word
from acd_core.events cimport clear_event, data_of, is_ours_alone, new_event, new_reference, taken
from acd_core.heaps cimport acd_lowest_bit
from acd_core.memory cimport acd_prefetch
from acd_core.types cimport PRESENCE_OFFLINE, STATE_ACTIVE, STATE_WAITING, STATE_WRAP_UP, Channel, Extra

from acd_core.policy import Policy

cdef enum:
    _EVENTS_KEPT_MAX = 256  # while commands with more come now and then
    _COMMANDS_WITHOUT_MAX = 1024  # so many commands without more are not now and then


cdef inline EventData* _begin(EngineState engine, int type) except NULL:
    cdef EventData* event
    cdef uint64_t value
    if engine.out_count == engine.out_made or not is_ours_alone(engine.out[engine.out_count]):
        engine._renew_event()
    event = data_of(engine.out[engine.out_count])
    clear_event(event)
    engine.out_count += 1
    engine.event_seq += 1
    event.type = type
    event.event_seq = engine.event_seq
    event.seq = engine.seq
    event.at_ns = engine.now_ns
    value = mix(engine.event_hash, <uint64_t>type)
    value = mix(value, <uint64_t>engine.event_seq)
    value = mix(value, <uint64_t>engine.seq)
    engine.event_hash = mix(value, <uint64_t>engine.now_ns)
    return event


cdef inline EventData* _contact_event(EngineState engine, int type, const Contact* contact) except NULL:
    cdef EventData* event = _begin(engine, type)
    event.contact_id = taken(contact.id)
    engine.event_hash = mix(engine.event_hash, contact.id_word)
    return event


cdef inline bint _is_serving(int state) noexcept nogil:
    return state == STATE_ACTIVE or state == STATE_WRAP_UP


cdef class EngineState:
    """What the layers above (matching, lifecycle, engine) work on."""

    def __cinit__(self):
        self.skills = Skills()
        self.classes = Classes(self.skills)
        self.roster = Agents()
        self.desk = Waiting(self.classes)
        self.timers = Timers()
        self.rules = Rules(self.skills, self.classes)
        self.lines = Lines()
        self.requests = {}
        self.request_order = deque()
        self.rules.apply(Policy())
        self.match_round = 1
        self.roster.configure(self.rules.channels_used, self.rules.strategies)

    def __dealloc__(self):
        free(self.touched.data)
        free(self.gained.data)
        while self.out_made:
            self.out_made -= 1
            Py_DECREF(<object>self.out[self.out_made])
        free(self.out)

    # Notes for matching

    cdef int note(self, Notes* notes, int32_t slot, int64_t ordinal) except -1:
        cdef void* grown
        if notes.size == notes.room:
            grown = realloc(notes.data, <size_t>(notes.room * 2 or 16) * sizeof(Note))
            if grown == NULL:
                raise MemoryError
            notes.data = <Note*>grown
            notes.room = notes.room * 2 or 16
        notes.data[notes.size].slot = slot
        notes.data[notes.size].ordinal = ordinal
        notes.size += 1
        return 0

    cdef int gain(self, int32_t agent) except -1:
        """The agent gained room or reach in this command."""
        cdef Agent* gainer = &self.roster.all[agent]
        cdef const AgentClass* klass
        cdef int32_t word
        if gainer.noted != self.match_round:
            gainer.noted = self.match_round
            self.note(&self.gained, agent, gainer.ordinal)
            # What matching will look at, wanted in a moment.
            klass = &self.classes.agent_classes[gainer.klass]
            acd_prefetch(klass.skills)
            acd_prefetch(klass.levels)
            if klass.row != NULL:
                for word in range(0, min(self.desk.heaps.classes >> 6, 64), 8):
                    acd_prefetch(&klass.row[word])
        return 0

    # What an agent holds

    cdef uint16_t room_of(self, const Agent* agent) noexcept:
        """The channels on which the agent may get a contact now, as bits (routing model, section 4)."""
        cdef uint16_t result = 0
        cdef int channel, other
        cdef int64_t used
        cdef uint64_t left, interrupted
        cdef const Channel* channels
        if not (agent.presence == 2 and agent.delayed_until_ns == 0 and not agent.leaving):
            return 0
        left = self.rules.channels_used
        channels = self.rules.channels
        while left:
            channel = acd_lowest_bit(left)
            left &= left - 1
            if agent.maximum[channel] >= 0 and agent.count[channel] >= agent.maximum[channel]:
                continue
            used = agent.used
            interrupted = channels[channel].interrupts
            while interrupted:
                other = acd_lowest_bit(interrupted)
                interrupted &= interrupted - 1
                used -= <int64_t>agent.count[other] * channels[other].cost
            if used + channels[channel].cost <= agent.capacity:
                result |= 1 << channel
        return result

    cdef int refresh_room(self, int32_t agent) except -1:
        """Bring the indexes up to date after a change in what the agent holds, its presence or its keys."""
        cdef const Agent* changed = &self.roster.all[agent]
        cdef uint16_t room = self.room_of(changed)
        if room or changed.room:
            self.roster.set_room(agent, room)
        return 0

    cdef int refresh_keys(self, int32_t agent) except -1:
        """As `refresh_room`, when the agent's room is as it was."""
        if self.roster.keys_change and self.roster.all[agent].room:
            self.roster.set_room(agent, self.roster.all[agent].room)
        return 0

    cdef void set_state(self, int32_t contact, int state) noexcept:
        cdef Contact* changed = &self.desk.all[contact]
        cdef Queue* queue = &self.rules.queues[changed.queue]
        self.in_state[changed.state] -= 1
        self.in_state[state] += 1
        queue.serving += _is_serving(state) - _is_serving(changed.state)
        changed.state = state
        changed.state_since_ns = self.now_ns

    cdef int32_t hold(self, int32_t agent, int32_t contact, int64_t offer_id, bint second, bint broadcast) except -1:
        """The agent holds the contact from now on, by a new offer; the indexes are the caller's business."""
        cdef int32_t slot = self.desk.new_offer()
        cdef Agent* holder = &self.roster.all[agent]
        cdef Contact* held = &self.desk.all[contact]
        cdef Offer* offer = &self.desk.offers[slot]
        cdef int32_t* link = &held.offers
        while link[0] >= 0:
            link = &self.desk.offers[link[0]].after
        link[0] = slot
        offer.id = offer_id
        offer.expires_ns = 0
        offer.agent_ordinal = holder.ordinal
        offer.contact = contact
        offer.agent = agent
        offer.second = second
        offer.queue = entry_queue(held, second)
        offer.broadcast = broadcast
        offer.held_before = -1
        offer.held_after = holder.holds
        if holder.holds >= 0:
            self.desk.offers[holder.holds].held_before = slot
        holder.holds = slot
        holder.count[held.channel] += 1
        holder.used += self.rules.channels[held.channel].cost
        return slot

    cdef int unhold(self, int32_t slot) except -1:
        """Its agent holds the contact no more, and is noted as having gained."""
        cdef Offer* offer = &self.desk.offers[slot]
        cdef Contact* held = &self.desk.all[offer.contact]
        cdef int32_t agent = offer.agent
        cdef Agent* holder = &self.roster.all[agent]
        cdef int32_t* link = &held.offers
        while link[0] != slot:
            link = &self.desk.offers[link[0]].after
        link[0] = offer.after
        if offer.held_before >= 0:
            self.desk.offers[offer.held_before].held_after = offer.held_after
        else:
            holder.holds = offer.held_after
        if offer.held_after >= 0:
            self.desk.offers[offer.held_after].held_before = offer.held_before
        holder.count[held.channel] -= 1
        holder.used -= self.rules.channels[held.channel].cost
        if holder.count[held.channel] < 0 or holder.used < 0:
            raise AssertionError("an agent holds less than nothing")
        self.desk.free_offer(slot)
        self.gain(agent)
        return 0

    cdef list held_in_order(self, int32_t agent):
        """Slots of the contacts that an agent holds, by ordinal."""
        cdef list result = []
        cdef int32_t offer = self.roster.all[agent].holds
        cdef int32_t contact
        while offer >= 0:
            contact = self.desk.offers[offer].contact
            result.append((self.desk.all[contact].ordinal, contact))
            offer = self.desk.offers[offer].held_after
        result.sort()
        return [slot for _, slot in result]

    cdef int set_round_key(self, int32_t agent) except -1:
        """After a broadcast offer of the agent has ended."""
        cdef Agent* changed = &self.roster.all[agent]
        cdef int32_t offer = changed.holds
        changed.round_key = changed.last_offer_id
        while offer >= 0:
            if self.desk.offers[offer].broadcast and self.desk.offers[offer].expires_ns and \
                    self.desk.offers[offer].id > changed.round_key:
                changed.round_key = self.desk.offers[offer].id
            offer = self.desk.offers[offer].held_after
        return 0

    cdef int begin_service(self, int32_t agent) except -1:
        """The agent begins with a contact."""
        cdef Agent* server = &self.roster.all[agent]
        bring_up_to_date(self, server)
        server.serving += 1
        server.misses_in_row = 0
        server.contacts_begun += 1
        return 0

    cdef int end_service(self, int32_t agent) except -1:
        """A contact leaves the active and wrap-up ones of the agent; it has been unheld already."""
        cdef Agent* server = &self.roster.all[agent]
        bring_up_to_date(self, server)
        server.serving -= 1
        if server.serving < 0:
            raise AssertionError("an agent serves fewer than no contacts")
        if server.serving == 0 and server.presence != PRESENCE_OFFLINE:
            server.idle_since_ns = self.now_ns
        return 0

    # Where a contact stands

    cdef int32_t entry_group(self, int32_t contact, int second) except -1:
        cdef const Contact* asking = &self.desk.all[contact]
        cdef const Queue* queue = &self.rules.queues[entry_queue(asking, second)]
        if not queue.listed or asking.raised_tier <= queue.max_tier:
            return queue.group
        return self.classes.raised_group(queue.rate, entry_queue(asking, second), queue.requirement, asking.raised_tier)

    cdef tuple audience_of(self, int32_t contact):
        """Ordinals of the agents whom the contact is for alone, or None."""
        cdef const Extra* extra = self.desk.all[contact].extra
        if extra == NULL:
            return None
        if extra.reserved != NULL:
            return <tuple>extra.reserved
        return <tuple>extra.preferred if extra.only_preferred else None

    cdef int lift(self, int32_t contact) except -1:
        """Take a contact out of all orders, before something changes that they go by."""
        cdef Contact* lifted = &self.desk.all[contact]
        cdef Queue* queue
        cdef int second
        self.desk.leave(contact)
        if lifted.line[0] >= 0:
            for second in range(2):
                if lifted.line[second] >= 0:
                    queue = &self.rules.queues[entry_queue(lifted, second)]
                    queue.waiting -= 1
                    self.lines.leave(entry_queue(lifted, second), self.desk.all, queue, 2 * contact + second)
        return 0

    cdef int lift_all(self) except -1:
        """As `lift` of every contact, in one go."""
        cdef int32_t slot = self.desk.first
        while slot >= 0:
            breathe(self)
            self.desk.all[slot].klass[0] = -1
            self.desk.all[slot].klass[1] = -1
            self.desk.all[slot].line[0] = -1
            self.desk.all[slot].line[1] = -1
            slot = self.desk.links[slot].later
        for slot in range(self.rules.queue_room):
            self.rules.queues[slot].waiting = 0
        self.lines.empty()
        return self.desk.forget_order()

    cdef int settle(self, int32_t contact) except -1:
        """Put a contact into those orders where it belongs now and is not yet."""
        cdef Contact* settled = &self.desk.all[contact]
        cdef Queue* queue
        cdef int64_t score
        cdef int second
        cdef tuple audience
        if settled.state != STATE_WAITING and not wants(self, settled):
            return 0
        audience = self.audience_of(contact)
        for second in range(1 if settled.second_queue < 0 else 2):
            queue = &self.rules.queues[entry_queue(settled, second)]
            score = static_score(settled, queue)
            if settled.state == STATE_WAITING and settled.line[second] < 0:
                self.lines.join(entry_queue(settled, second), self.desk.all, queue, 2 * contact + second)
                queue.waiting += 1
            if settled.klass[second] < 0:
                self.desk.enter(contact, second, self.entry_group(contact, second), score, audience)
        return 0

    cdef int64_t position_of(self, int32_t contact, int second) except -1:
        """One more than the entries of waiting contacts in that queue that go before; the contact must wait."""
        cdef const Contact* waiting = &self.desk.all[contact]
        cdef const Queue* queue = &self.rules.queues[entry_queue(waiting, second)]
        return 1 + self.lines.before(entry_queue(waiting, second), self.desk.all, queue, -waiting.priority, static_score(waiting, queue),
                                     2 * waiting.ordinal + second)

    # Events

    cdef EventData* begin(self, int type) except NULL:
        """The next event, with what all events have in it and in the hash."""
        return _begin(self, type)

    cdef int _renew_event(self) except -1:
        """Somebody keeps the event of the next place, or there is none yet: another one takes the place."""
        cdef int32_t room
        cdef void* grown
        if self.out_made == self.out_room:
            room = self.out_room * 2 or 16
            grown = realloc(self.out, <size_t>room * sizeof(PyObject*))
            if grown == NULL:
                raise MemoryError
            self.out = <PyObject**>grown
            self.out_room = room
        if self.out_count < self.out_made:
            Py_DECREF(<object>self.out[self.out_count])
            self.out[self.out_count] = new_event()
        else:
            self.out[self.out_made] = new_event()
            self.out_made += 1
        return 0

    cdef void drop_output(self) noexcept:
        """The events of the last command are not asked for any more; so many as are usual stay to be filled again."""
        cdef int32_t kept = _EVENTS_KEPT_MAX
        if self.out_count > EVENTS_KEPT:
            self.commands_without = 0
        elif self.out_made > EVENTS_KEPT:
            self.commands_without += 1
            if self.commands_without == _COMMANDS_WITHOUT_MAX:
                kept = EVENTS_KEPT
        while self.out_made > kept:
            self.out_made -= 1
            Py_DECREF(<object>self.out[self.out_made])

    cdef EventData* contact_event(self, int type, int32_t contact) except NULL:
        """An event whose first hashed field is the contact's id."""
        return _contact_event(self, type, &self.desk.all[contact])

    cdef EventData* agent_event(self, int type, int32_t agent) except NULL:
        """An event whose first hashed field is the agent's id."""
        cdef EventData* event = _begin(self, type)
        event.agent_id = taken(self.roster.all[agent].id)
        self.event_hash = mix(self.event_hash, self.roster.all[agent].id_word)
        return event

    cdef int emit_plain_contact(self, int type, int32_t contact) except -1:
        self.contact_event(type, contact)
        return 0

    cdef int emit_contact_agent(self, int type, int32_t contact, int32_t agent) except -1:
        cdef EventData* event = _contact_event(self, type, &self.desk.all[contact])
        event.agent_id = taken(self.roster.all[agent].id)
        self.event_hash = mix(self.event_hash, self.roster.all[agent].id_word)
        return 0

    cdef int emit_match(self, int type, int32_t slot, int tier, int64_t score, int chosen_by, int cause,
                        str asker) except -1:
        """OFFER_MADE or CONTACT_ASSIGNED, of an offer that its agent holds already."""
        cdef const Offer* offer = &self.desk.offers[slot]
        cdef const Contact* matched = &self.desk.all[offer.contact]
        cdef EventData* event = _contact_event(self, type, matched)
        cdef const Agent* agent = &self.roster.all[offer.agent]
        cdef const Queue* queue = &self.rules.queues[offer.queue]
        cdef uint64_t value
        event.agent_id = taken(agent.id)
        event.queue_id = taken(queue.id)
        event.offer_id = offer.id
        event.until_ns = offer.expires_ns
        event.tier = tier
        event.priority = matched.priority
        event.score = score
        event.wait_ns = self.now_ns - matched.opened_ns
        event.strategy = queue.strategy
        event.chosen_by = chosen_by
        event.policy_version = self.rules.version
        event.step = steps_taken(matched)
        event.cause = cause
        if asker:
            event.text = new_reference(asker)
        value = mix(self.event_hash, agent.id_word)
        value = mix(value, queue.id_word)
        value = mix(value, <uint64_t>offer.id)
        value = mix(value, <uint64_t>offer.expires_ns)
        value = mix(value, <uint64_t>tier)
        value = mix(value, <uint64_t>matched.priority)
        value = mix(value, <uint64_t>score)
        value = mix(value, <uint64_t>event.wait_ns)
        value = mix(value, queue.strategy)
        value = mix(value, <uint64_t>chosen_by)
        value = mix(value, <uint64_t>self.rules.version)
        value = mix(value, <uint64_t>event.step)
        value = mix(value, <uint64_t>cause)
        self.event_hash = mix(value, text_word(asker) if asker else 0)
        return 0
