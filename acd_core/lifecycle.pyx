# cython: language_level=3
"""The life of a contact and of an agent: what several commands and the timers share (docs/engine.md, "Effects")."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF

from acd_core.digest cimport mix, text_word
from acd_core.events cimport Event
from acd_core.types cimport *

from acd_core.limits import EXCLUSIONS_PER_CONTACT_MAX

cdef int32_t _EXCLUSIONS_MAX = EXCLUSIONS_PER_CONTACT_MAX
cdef enum:
    KEEP_LEASE = -1


cdef class Lifecycle(Matching):
    cdef int accept(self, int32_t contact) except -1:
        cdef Contact* accepted = &self.desk.all[contact]
        cdef Agent* agent = &self.roster.all[accepted.agent]
        cdef Queue* queue = &self.rules.queues[accepted.queue]
        cdef Event event
        self.timers.disarm(accepted.timer)
        accepted.timer = -1
        if accepted.reattach_timer >= 0:
            self.timers.disarm(accepted.reattach_timer)
            accepted.reattach_timer = -1
        self.set_state(contact, STATE_ACTIVE)
        accepted.accepted_ns = self.now_ns
        accepted.offer_expires_ns = 0
        agent.misses_in_row = 0
        agent.serving += 1
        event = self.contact_event(EVENT_OFFER_ACCEPTED, contact)
        event.agent_id = <str>agent.id
        event.queue_id = <str>queue.id
        event.offer_id = accepted.offer_id
        event.wait_ns = self.now_ns - accepted.arrived_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, agent.id_word), queue.id_word),
                                  <uint64_t>event.offer_id), <uint64_t>event.wait_ns)
        return 0

    cdef int end_offer(self, int32_t contact, int outcome) except -1:
        """The live offer of a contact ends without being accepted."""
        cdef Contact* offered = &self.desk.all[contact]
        cdef int32_t agent = offered.agent
        cdef Agent* offeree = &self.roster.all[agent]
        cdef Event event
        self.timers.disarm(offered.timer)
        offered.timer = -1
        offered.last_offer_id = offered.offer_id
        offered.last_offer_agent_ordinal = offeree.ordinal
        offered.last_offer_outcome = outcome
        offered.offer_id = 0
        offered.offer_expires_ns = 0
        self.unhold(contact)
        self.set_state(contact, STATE_WAITING)
        event = self.contact_event(EVENT_OFFER_ENDED, contact)
        event.agent_id = <str>offeree.id
        event.queue_id = <str>self.rules.queues[offered.queue].id
        event.offer_id = offered.last_offer_id
        event.cause = outcome
        self.event_hash = mix(mix(mix(mix(self.event_hash, offeree.id_word),
                                      self.rules.queues[offered.queue].id_word),
                                  <uint64_t>event.offer_id), <uint64_t>outcome)
        if outcome == OUTCOME_WITHDRAWN:
            return 0
        self.enter_waiting(contact)
        self.note(&self.touched, contact, offered.ordinal)
        if outcome == OUTCOME_RELEASED:
            return 0
        if self.rules.outcomes[outcome].exclude_ms:
            self._exclude(contact, agent, self.now_ns + self.rules.outcomes[outcome].exclude_ms * 1000000)
        if self.rules.outcomes[outcome].delay_ms:
            self._delay(agent, self.now_ns + self.rules.outcomes[outcome].delay_ms * 1000000)
        if self.rules.outcomes[outcome].away_after:
            offeree.misses_in_row += 1
            if offeree.misses_in_row >= self.rules.outcomes[outcome].away_after and \
                    offeree.presence == PRESENCE_READY:
                self.change_presence(agent, PRESENCE_AWAY, "not_responding", CAUSE_NOT_RESPONDING, KEEP_LEASE)
        return 0

    cdef int _exclude(self, int32_t contact, int32_t agent, int64_t until_ns) except -1:
        cdef Contact* excluder = &self.desk.all[contact]
        cdef int64_t ordinal = self.roster.all[agent].ordinal
        cdef int32_t exclusion = excluder.exclusions
        cdef int32_t count = 0
        cdef int32_t last = -1
        cdef int32_t added
        cdef Event event
        while exclusion >= 0:
            if self.desk.exclusions[exclusion].agent_ordinal == ordinal:
                self.drop_exclusion(contact, exclusion)
                break
            exclusion = self.desk.exclusions[exclusion].after
        added = self.desk.new_exclusion()
        exclusion = excluder.exclusions
        while exclusion >= 0:
            count += 1
            last = exclusion
            exclusion = self.desk.exclusions[exclusion].after
        if last >= 0:
            self.desk.exclusions[last].after = added
        else:
            excluder.exclusions = added
        if count >= _EXCLUSIONS_MAX:
            self.drop_exclusion(contact, excluder.exclusions)
        self.desk.exclusions[added].agent_ordinal = ordinal
        self.desk.exclusions[added].until_ns = until_ns
        self.desk.exclusions[added].agent = agent
        self.desk.exclusions[added].timer = self.timers.arm(
            -1, until_ns, TIMER_EXCLUSION_END, contact, agent, ordinal, added)
        event = self.contact_event(EVENT_AGENT_EXCLUDED, contact)
        event.agent_id = <str>self.roster.all[agent].id
        event.until_ns = until_ns
        self.event_hash = mix(mix(self.event_hash, self.roster.all[agent].id_word), <uint64_t>until_ns)
        return 0

    cdef int drop_exclusion(self, int32_t contact, int32_t exclusion) except -1:
        """An exclusion goes, with its timer."""
        cdef int32_t* link = &self.desk.all[contact].exclusions
        while link[0] != exclusion:
            if link[0] < 0:
                raise AssertionError("an exclusion is not on its contact's list")
            link = &self.desk.exclusions[link[0]].after
        link[0] = self.desk.exclusions[exclusion].after
        self.timers.disarm(self.desk.exclusions[exclusion].timer)
        self.desk.free_exclusion(exclusion)
        return 0

    cdef int _delay(self, int32_t agent, int64_t until_ns) except -1:
        cdef Agent* delayed = &self.roster.all[agent]
        cdef Event event
        if until_ns > delayed.delayed_until_ns:
            delayed.delayed_until_ns = until_ns
            delayed.delay_timer = self.timers.arm(
                delayed.delay_timer, until_ns, TIMER_DELAY_END, -1, agent, delayed.ordinal, -1)
        event = self.agent_event(EVENT_AGENT_DELAYED, agent)
        event.until_ns = delayed.delayed_until_ns
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return self.refresh_room(agent)

    cdef int release_offers(self, int32_t agent) except -1:
        cdef int32_t contact
        if self.roster.all[agent].holds < 0:
            return 0
        for contact in self.held_in_order(agent):
            if self.desk.all[contact].state == STATE_OFFERED:
                self.end_offer(contact, OUTCOME_RELEASED)
        return 0

    cdef int complete(self, int32_t contact, int64_t wrap_up_ms) except -1:
        """The conversation is over; `wrap_up_ms` -1 for the queue's."""
        cdef Contact* completed = &self.desk.all[contact]
        cdef Agent* agent = &self.roster.all[completed.agent]
        cdef Queue* queue = &self.rules.queues[completed.queue]
        cdef int64_t until_ns = 0
        cdef Event event
        if wrap_up_ms < 0:
            wrap_up_ms = queue.wrap_up_ms
        if wrap_up_ms > 0:
            until_ns = self.now_ns + wrap_up_ms * 1000000
            completed.timer = self.timers.arm(-1, until_ns, TIMER_WRAP_UP_END, contact, -1, -1, -1)
        completed.held = False
        event = self.contact_event(EVENT_CONTACT_COMPLETED, contact)
        event.agent_id = <str>agent.id
        event.queue_id = <str>queue.id
        event.until_ns = until_ns
        event.duration_ns = self.now_ns - completed.accepted_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, agent.id_word), queue.id_word), <uint64_t>until_ns),
                              <uint64_t>event.duration_ns)
        if until_ns:
            self.set_state(contact, STATE_WRAP_UP)
            return 0
        return self.close(contact, END_HANDLED)

    cdef int close(self, int32_t contact, int cause) except -1:
        """The contact ends and is forgotten. A live offer must have been withdrawn before."""
        cdef Contact* closing = &self.desk.all[contact]
        cdef int32_t agent = closing.agent
        cdef Queue* queue = &self.rules.queues[closing.queue]
        cdef Agent* server
        cdef uint64_t value
        cdef Event event
        if closing.state == STATE_OFFERED:
            raise AssertionError("a contact closes while it is offered")
        if closing.timer >= 0:
            self.timers.disarm(closing.timer)
            closing.timer = -1
        if closing.reattach_timer >= 0:
            self.timers.disarm(closing.reattach_timer)
            closing.reattach_timer = -1
        while closing.exclusions >= 0:
            self.drop_exclusion(contact, closing.exclusions)
        event = self.contact_event(EVENT_CONTACT_CLOSED, contact)
        value = self.event_hash
        if agent >= 0:
            event.agent_id = <str>self.roster.all[agent].id
            value = mix(value, self.roster.all[agent].id_word)
        else:
            value = mix(value, 0)
        event.queue_id = <str>queue.id
        event.cause = cause
        event.wait_ns = (closing.accepted_ns if closing.accepted_ns else self.now_ns) - closing.arrived_ns
        event.duration_ns = self.now_ns - closing.arrived_ns
        value = mix(value, queue.id_word)
        value = mix(value, <uint64_t>cause)
        value = mix(value, <uint64_t>event.wait_ns)
        self.event_hash = mix(value, <uint64_t>event.duration_ns)
        self.closed[cause] += 1
        if agent >= 0:
            server = &self.roster.all[agent]
            self.unhold(contact)
            server.serving -= 1
            if server.serving == 0 and server.presence != PRESENCE_OFFLINE:
                server.idle_since_ns = self.now_ns
            if server.leaving and server.holds < 0:
                self.forget_agent(agent)
        if closing.klass >= 0:
            self.desk.leave(contact)
        self.in_state[closing.state] -= 1
        if closing.state == STATE_WAITING:
            queue.waiting -= 1
        queue.contacts -= 1
        self.rules.channels[closing.channel].contacts -= 1
        self.skills.release(closing.requirement)
        return self.desk.remove(contact)

    cdef int change_presence(self, int32_t agent, int presence, str reason, int cause, int64_t lease_ms) except -1:
        """Presence, reason and lease (KEEP_LEASE: the running one stays) change; offers go back if not ready."""
        cdef Agent* changed = &self.roster.all[agent]
        cdef int before = changed.presence
        cdef int64_t until_ns = 0
        cdef Event event
        if before == PRESENCE_OFFLINE or (presence == PRESENCE_READY and before != PRESENCE_READY):
            changed.misses_in_row = 0
        if before == PRESENCE_READY:
            self.roster.ready -= 1
        if presence == PRESENCE_READY:
            self.roster.ready += 1
        changed.presence = presence
        Py_INCREF(reason)
        Py_DECREF(<object>changed.reason)
        changed.reason = <PyObject*>reason
        if presence == PRESENCE_READY:
            if changed.idle_since_ns == 0:
                changed.idle_since_ns = self.now_ns
            if before != PRESENCE_READY:
                self.gain(agent)
        if presence == PRESENCE_OFFLINE:
            changed.idle_since_ns = 0
            if changed.delay_timer >= 0:
                self.timers.disarm(changed.delay_timer)
                changed.delay_timer = -1
            changed.delayed_until_ns = 0
        if lease_ms != KEEP_LEASE:
            changed.lease_ms = lease_ms
            self.arm_lease(agent)
        if changed.lease_timer >= 0:
            until_ns = self.timers.all[changed.lease_timer].due_ns
        event = self.agent_event(EVENT_PRESENCE_CHANGED, agent)
        event.presence = presence
        event.text = reason
        event.cause = cause
        event.until_ns = until_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, <uint64_t>presence), text_word(reason)),
                                  <uint64_t>cause), <uint64_t>until_ns)
        if presence != PRESENCE_READY:
            self.refresh_room(agent)
            self.release_offers(agent)
        return 0

    cdef int arm_lease(self, int32_t agent) except -1:
        """The presence lease starts anew, or ends if the agent has none."""
        cdef Agent* leased = &self.roster.all[agent]
        if leased.lease_ms:
            leased.lease_timer = self.timers.arm(
                leased.lease_timer, self.now_ns + leased.lease_ms * 1000000, TIMER_LEASE_END, -1, agent,
                leased.ordinal, -1)
        elif leased.lease_timer >= 0:
            self.timers.disarm(leased.lease_timer)
            leased.lease_timer = -1
        return 0

    cdef int forget_agent(self, int32_t agent) except -1:
        """The record of an agent who holds nothing goes."""
        cdef Agent* gone = &self.roster.all[agent]
        cdef int channel
        spec = <object>gone.spec
        if gone.room:
            self.roster.set_room(agent, 0)
        for channel in range(CHANNELS_BOUND):
            if gone.maximum[channel] >= 0:
                self.rules.channels[channel].maxima -= 1
        for name, _ in spec.skills:
            self.skills.use(name, -1)
        self.classes.leave_agent_class(gone.klass)
        if gone.lease_timer >= 0:
            self.timers.disarm(gone.lease_timer)
            gone.lease_timer = -1
        if gone.delay_timer >= 0:
            self.timers.disarm(gone.delay_timer)
            gone.delay_timer = -1
        return self.roster.remove(agent)

    cdef int fire(self, int32_t slot) except -1:
        """What a timer that is due brings about; matching is the caller's."""
        cdef Timer timer = self.timers.all[slot]
        cdef Agent* agent
        cdef Event event
        cdef int32_t contact = timer.contact
        if timer.kind == TIMER_OFFER_EXPIRY:
            return self.end_offer(contact, OUTCOME_MISSED)
        if timer.kind == TIMER_WRAP_UP_END:
            return self.close(contact, END_HANDLED)
        if timer.kind == TIMER_REATTACH_END:
            if self.desk.all[contact].state == STATE_OFFERED:
                self.end_offer(contact, OUTCOME_WITHDRAWN)
            return self.close(contact, END_LOST)
        if timer.kind == TIMER_EXCLUSION_END:
            self.drop_exclusion(contact, timer.exclusion)
            if timer.agent >= 0 and self.roster.all[timer.agent].ordinal == timer.agent_ordinal:
                self.gain(timer.agent)
                return self.emit_contact_agent(EVENT_EXCLUSION_ENDED, contact, timer.agent)
            event = self.contact_event(EVENT_EXCLUSION_ENDED, contact)
            self.event_hash = mix(self.event_hash, 0)
            return 0
        agent = &self.roster.all[timer.agent]
        if timer.kind == TIMER_DELAY_END:
            self.timers.disarm(slot)
            agent.delay_timer = -1
            agent.delayed_until_ns = 0
            self.gain(timer.agent)
            self.agent_event(EVENT_AGENT_DELAY_ENDED, timer.agent)
            return 0
        if timer.kind == TIMER_LEASE_END:
            self.change_presence(timer.agent, PRESENCE_OFFLINE, "", CAUSE_LEASE_EXPIRED, 0)
            for contact in self.held_in_order(timer.agent):
                if self.desk.all[contact].state == STATE_ACTIVE:
                    self.emit_contact_agent(EVENT_CONTACT_UNATTENDED, contact, timer.agent)
            return 0
        raise AssertionError("a timer of no known kind")
