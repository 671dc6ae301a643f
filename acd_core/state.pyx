# cython: language_level=3
"""The state of an engine: its rooms and counters, what an agent holds, and how an event is made and hashed."""

from collections import deque

from cpython.object cimport PyObject
from libc.stdlib cimport free, realloc

from acd_core.digest cimport mix
from acd_core.types cimport CHANNELS_BOUND, STATE_WAITING

from acd_core.policy import Policy


cdef class EngineState:
    """What the layers above (matching, lifecycle, engine) work on."""

    def __cinit__(self):
        self.skills = Skills()
        self.classes = Classes(self.skills)
        self.roster = Agents()
        self.desk = Waiting(self.classes)
        self.timers = Timers()
        self.rules = Rules(self.skills, self.classes)
        self.events = []
        self.requests = {}
        self.request_order = deque()
        self.rules.apply(Policy())
        self.match_round = 1
        self.roster.configure(self.rules.channels_used, True, False, False, False)

    def __dealloc__(self):
        free(self.touched.data)
        free(self.gained.data)

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
        if gainer.noted != self.match_round:
            gainer.noted = self.match_round
            self.note(&self.gained, agent, gainer.ordinal)
        return 0

    # What an agent holds

    cdef uint16_t room_of(self, const Agent* agent) noexcept:
        """The channels on which the agent may get a contact now, as bits (routing model, section 4)."""
        cdef uint16_t result = 0
        cdef int channel, other
        cdef int64_t used
        if not (agent.presence == 2 and agent.delayed_until_ns == 0 and not agent.leaving):
            return 0
        for channel in range(CHANNELS_BOUND):
            if not self.rules.channels_used >> channel & 1:
                continue
            if agent.maximum[channel] >= 0 and agent.count[channel] >= agent.maximum[channel]:
                continue
            used = agent.used
            if self.rules.channels[channel].interrupts:
                for other in range(CHANNELS_BOUND):
                    if self.rules.channels[channel].interrupts >> other & 1:
                        used -= <int64_t>agent.count[other] * self.rules.channels[other].cost
            if used + self.rules.channels[channel].cost <= agent.capacity:
                result |= 1 << channel
        return result

    cdef int refresh_room(self, int32_t agent) except -1:
        """Bring the indexes up to date after a change in what the agent holds, its presence or its keys."""
        cdef uint16_t room = self.room_of(&self.roster.all[agent])
        if room or self.roster.all[agent].room:
            self.roster.set_room(agent, room)
        return 0

    cdef void set_state(self, int32_t contact, int state) noexcept:
        cdef Contact* changed = &self.desk.all[contact]
        self.in_state[changed.state] -= 1
        self.in_state[state] += 1
        if changed.state == STATE_WAITING:
            self.rules.queues[changed.queue].waiting -= 1
        if state == STATE_WAITING:
            self.rules.queues[changed.queue].waiting += 1
        changed.state = state
        changed.state_since_ns = self.now_ns

    cdef int hold(self, int32_t agent, int32_t contact) except -1:
        """The agent holds the contact from now on; the indexes are the caller's business."""
        cdef Agent* holder = &self.roster.all[agent]
        cdef Contact* held = &self.desk.all[contact]
        if held.agent >= 0:
            raise AssertionError("a contact is held twice")
        held.agent = agent
        held.held_before = -1
        held.held_after = holder.holds
        if holder.holds >= 0:
            self.desk.all[holder.holds].held_before = contact
        holder.holds = contact
        holder.count[held.channel] += 1
        holder.used += self.rules.channels[held.channel].cost
        return 0

    cdef int unhold(self, int32_t contact) except -1:
        """Its agent holds the contact no more, and is noted as having gained."""
        cdef Contact* held = &self.desk.all[contact]
        cdef int32_t agent = held.agent
        cdef Agent* holder = &self.roster.all[agent]
        if held.held_before >= 0:
            self.desk.all[held.held_before].held_after = held.held_after
        else:
            holder.holds = held.held_after
        if held.held_after >= 0:
            self.desk.all[held.held_after].held_before = held.held_before
        held.agent = -1
        held.held_before = -1
        held.held_after = -1
        holder.count[held.channel] -= 1
        holder.used -= self.rules.channels[held.channel].cost
        if holder.count[held.channel] < 0 or holder.used < 0:
            raise AssertionError("an agent holds less than nothing")
        self.gain(agent)
        return 0

    cdef list held_in_order(self, int32_t agent):
        """Slots of the contacts that an agent holds, by ordinal."""
        cdef list result = []
        cdef int32_t contact = self.roster.all[agent].holds
        while contact >= 0:
            result.append((self.desk.all[contact].ordinal, contact))
            contact = self.desk.all[contact].held_after
        result.sort()
        return [slot for _, slot in result]

    # Events

    cdef Event begin(self, int type):
        """The next event, with what all events have in it and in the hash."""
        cdef Event event = Event.__new__(Event)
        cdef uint64_t value
        self.event_seq += 1
        event.type = type
        event.event_seq = self.event_seq
        event.seq = self.seq
        event.at_ns = self.now_ns
        value = mix(self.event_hash, <uint64_t>type)
        value = mix(value, <uint64_t>self.event_seq)
        value = mix(value, <uint64_t>self.seq)
        self.event_hash = mix(value, <uint64_t>self.now_ns)
        self.events.append(event)
        return event

    cdef Event contact_event(self, int type, int32_t contact):
        """An event whose first hashed field is the contact's id."""
        cdef Event event = self.begin(type)
        event.contact_id = <str>self.desk.all[contact].id
        self.event_hash = mix(self.event_hash, self.desk.all[contact].id_word)
        return event

    cdef Event agent_event(self, int type, int32_t agent):
        """An event whose first hashed field is the agent's id."""
        cdef Event event = self.begin(type)
        event.agent_id = <str>self.roster.all[agent].id
        self.event_hash = mix(self.event_hash, self.roster.all[agent].id_word)
        return event

    cdef int emit_plain_contact(self, int type, int32_t contact) except -1:
        self.contact_event(type, contact)
        return 0

    cdef int emit_contact_agent(self, int type, int32_t contact, int32_t agent) except -1:
        cdef Event event = self.contact_event(type, contact)
        event.agent_id = <str>self.roster.all[agent].id
        self.event_hash = mix(self.event_hash, self.roster.all[agent].id_word)
        return 0

    cdef int emit_match(self, int type, int32_t contact, int64_t until_ns, int tier, int64_t score,
                        int chosen_by) except -1:
        """OFFER_MADE or CONTACT_ASSIGNED, of a contact that its agent holds already."""
        cdef Event event = self.contact_event(type, contact)
        cdef Contact* matched = &self.desk.all[contact]
        cdef Agent* agent = &self.roster.all[matched.agent]
        cdef Queue* queue = &self.rules.queues[matched.queue]
        cdef uint64_t value
        event.agent_id = <str>agent.id
        event.queue_id = <str>queue.id
        event.offer_id = matched.offer_id
        event.until_ns = until_ns
        event.tier = tier
        event.priority = matched.priority
        event.score = score
        event.wait_ns = self.now_ns - matched.arrived_ns
        event.strategy = queue.strategy
        event.chosen_by = chosen_by
        event.policy_version = self.rules.version
        value = mix(self.event_hash, agent.id_word)
        value = mix(value, queue.id_word)
        value = mix(value, <uint64_t>matched.offer_id)
        value = mix(value, <uint64_t>until_ns)
        value = mix(value, <uint64_t>tier)
        value = mix(value, <uint64_t>matched.priority)
        value = mix(value, <uint64_t>score)
        value = mix(value, <uint64_t>event.wait_ns)
        value = mix(value, queue.strategy)
        value = mix(value, <uint64_t>chosen_by)
        self.event_hash = mix(value, <uint64_t>self.rules.version)
        return 0
