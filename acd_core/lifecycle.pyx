# cython: language_level=3
"""The life of a contact and of an agent: what several commands and the timers share (docs/engine.md, "Effects")."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF

from acd_core.digest cimport mix, text_word
from acd_core.events cimport EventData, new_reference, taken
from acd_core.matching cimport floor_div
from acd_core.skills cimport drop_weights
from acd_core.state cimport entry_queue, wants
from acd_core.tables cimport acd_prefetch
from acd_core.timers cimport first_timer
from acd_core.types cimport *
from acd_core.waiting cimport drop_extra, drop_trail

from acd_core.limits import BROADCAST_MAX, EXCLUSIONS_PER_CONTACT_MAX

cdef int32_t _ENDED_MAX = BROADCAST_MAX
cdef int32_t _EXCLUSIONS_MAX = EXCLUSIONS_PER_CONTACT_MAX
cdef enum:
    KEEP_LEASE = -1


cdef class Lifecycle(Estimates):
    cdef int accept(self, int32_t slot) except -1:
        """A live offer is accepted; the others of its contact are taken back."""
        cdef Offer* offer = &self.desk.offers[slot]
        cdef int32_t contact = offer.contact
        cdef int32_t agent = offer.agent
        cdef Contact* accepted = &self.desk.all[contact]
        cdef Agent* taker = &self.roster.all[agent]
        cdef bint broadcast = offer.broadcast
        cdef Queue* queue
        cdef EventData* event
        self.become_active(contact, slot)
        if broadcast:
            offer.broadcast = False
            if offer.id > taker.last_offer_id:
                taker.last_offer_id = offer.id
            self.set_round_key(agent)
        queue = &self.rules.queues[accepted.queue]
        event = self.contact_event(EVENT_OFFER_ACCEPTED, contact)
        event.agent_id = taken(taker.id)
        event.queue_id = taken(queue.id)
        event.offer_id = offer.id
        event.wait_ns = self.now_ns - accepted.opened_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, taker.id_word), queue.id_word),
                                  <uint64_t>event.offer_id), <uint64_t>event.wait_ns)
        self.release_others(contact, slot)
        return self.refresh_keys(agent)

    cdef int release_others(self, int32_t contact, int32_t slot) except -1:
        cdef int32_t other = self.desk.all[contact].offers
        while other >= 0:
            if other == slot:
                other = self.desk.offers[other].after
            else:
                self.end_offer(other, OUTCOME_RELEASED)
                other = self.desk.all[contact].offers
        return 0

    cdef int touch(self, int32_t contact) except -1:
        """The contact may find agents now whom it could not find before, if it wants any."""
        if wants(self, &self.desk.all[contact]):
            self.note(&self.touched, contact, self.desk.all[contact].ordinal)
        return 0

    cdef int end_offer(self, int32_t slot, int outcome) except -1:
        """A live offer ends without being accepted."""
        cdef Offer offer = self.desk.offers[slot]
        cdef int32_t contact = offer.contact
        cdef Contact* offered = &self.desk.all[contact]
        cdef int32_t agent = offer.agent
        cdef Agent* offeree = &self.roster.all[agent]
        cdef Queue* queue = &self.rules.queues[offer.queue]
        cdef EventData* event
        self.timers.disarm(offer.timer)
        self._remember_ended(contact, &offer, outcome)
        self.lift(contact)
        self.unhold(slot)
        if offer.broadcast:
            if outcome != OUTCOME_RELEASED and offer.id > offeree.last_offer_id:
                offeree.last_offer_id = offer.id
            self.set_round_key(agent)
        if offered.state == STATE_OFFERED and offered.offers < 0:
            self.set_state(contact, STATE_WAITING)
        event = self.contact_event(EVENT_OFFER_ENDED, contact)
        event.agent_id = taken(offeree.id)
        event.queue_id = taken(queue.id)
        event.offer_id = offer.id
        event.cause = outcome
        self.event_hash = mix(mix(mix(mix(self.event_hash, offeree.id_word), queue.id_word),
                                  <uint64_t>event.offer_id), <uint64_t>outcome)
        if outcome == OUTCOME_WITHDRAWN or offered.state == STATE_ACTIVE:
            return 0
        self.settle(contact)
        self.touch(contact)
        if outcome != OUTCOME_RELEASED:
            if self.rules.outcomes[outcome].exclude_ms:
                self.exclude(contact, offeree.ordinal, <str>offeree.id, self.now_ns + self.rules.outcomes[outcome].exclude_ms * 1000000)
            if self.rules.outcomes[outcome].delay_ms:
                self._delay(agent, self.now_ns + self.rules.outcomes[outcome].delay_ms * 1000000)
            if self.rules.outcomes[outcome].away_after:
                offeree.misses_in_row += 1
                if offeree.misses_in_row >= self.rules.outcomes[outcome].away_after and \
                        offeree.presence == PRESENCE_READY:
                    self.change_presence(agent, PRESENCE_AWAY, "not_responding", CAUSE_NOT_RESPONDING, KEEP_LEASE)
        if offered.state == STATE_WAITING:
            return self.waits_again(contact)
        return 0

    cdef int _remember_ended(self, int32_t contact, const Offer* offer, int outcome) except -1:
        """What became of an offer is remembered: of broadcast ones many, of others the last."""
        cdef Contact* offered = &self.desk.all[contact]
        cdef int32_t added, last
        cdef int32_t count = 0
        if not offer.broadcast:
            self.forget_ended(contact)
        added = self.desk.new_ended()
        self.desk.ended[added].offer_id = offer.id
        self.desk.ended[added].agent_ordinal = offer.agent_ordinal
        self.desk.ended[added].outcome = outcome
        if offered.ended < 0:
            offered.ended = added
            return 0
        last = offered.ended
        while True:
            count += 1
            if self.desk.ended[last].after < 0:
                break
            last = self.desk.ended[last].after
        self.desk.ended[last].after = added
        if count >= _ENDED_MAX:
            last = offered.ended
            offered.ended = self.desk.ended[last].after
            self.desk.free_ended(last)
        return 0

    cdef int forget_ended(self, int32_t contact) except -1:
        cdef Contact* offered = &self.desk.all[contact]
        cdef int32_t slot
        while offered.ended >= 0:
            slot = offered.ended
            offered.ended = self.desk.ended[slot].after
            self.desk.free_ended(slot)
        return 0

    cdef int withdraw(self, int32_t contact) except -1:
        """The live offers of a contact that ends are withdrawn."""
        while self.desk.all[contact].state == STATE_OFFERED:
            self.end_offer(self.desk.all[contact].offers, OUTCOME_WITHDRAWN)
        return 0

    # What the rooms above do at moments that arise here

    cdef int waits_again(self, int32_t contact) except -1:
        """An offer's end has made a contact wait again."""
        return 0

    cdef int reach_changed(self, int32_t contact) except -1:
        """What the contact asks for, its queues or its exclusions have changed."""
        return 0

    cdef int agent_changed(self, int32_t agent) except -1:
        """An agent's presence, skills or memberships have changed, or its record goes."""
        return 0

    cdef int service_ends(self, int32_t contact) except -1:
        """An active contact ends its active state, just before CONTACT_COMPLETED."""
        return 0

    cdef int fire_wait(self, int kind, int32_t contact) except -1:
        """A timer of a waiting or scheduled contact fires."""
        raise AssertionError("a timer of no known kind")

    # Consequences

    cdef int exclude(self, int32_t contact, int64_t ordinal, str agent_id, int64_t until_ns) except -1:
        """The agent, who may be gone already, is not to get the contact until then."""
        cdef Contact* excluder = &self.desk.all[contact]
        cdef int32_t exclusion = excluder.exclusions
        cdef int32_t count = 0
        cdef int32_t last = -1
        cdef int32_t added
        cdef EventData* event
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
        self.desk.exclusions[added].timer = self.timers.arm(
            -1, until_ns, TIMER_EXCLUSION_END, contact, -1, ordinal, added)
        event = self.contact_event(EVENT_AGENT_EXCLUDED, contact)
        event.agent_id = new_reference(agent_id)
        event.until_ns = until_ns
        self.event_hash = mix(mix(self.event_hash, text_word(agent_id)), <uint64_t>until_ns)
        return self.reach_changed(contact)

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
        cdef EventData* event
        if until_ns > delayed.delayed_until_ns:
            delayed.delayed_until_ns = until_ns
            delayed.delay_timer = self.timers.arm(
                delayed.delay_timer, until_ns, TIMER_DELAY_END, -1, agent, delayed.ordinal, -1)
        event = self.agent_event(EVENT_AGENT_DELAYED, agent)
        event.until_ns = delayed.delayed_until_ns
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return self.refresh_room(agent)

    cdef int release_offers(self, int32_t agent) except -1:
        cdef int32_t contact, offer
        if self.roster.all[agent].holds < 0:
            return 0
        for contact in self.held_in_order(agent):
            offer = self.desk.all[contact].offers
            while offer >= 0 and self.desk.offers[offer].agent != agent:
                offer = self.desk.offers[offer].after
            if offer >= 0 and self.desk.offers[offer].expires_ns:
                self.end_offer(offer, OUTCOME_RELEASED)
        return 0

    cdef int complete(self, int32_t contact, int64_t wrap_up_ms) except -1:
        """The conversation is over; `wrap_up_ms` -1 for the queue's."""
        cdef Contact* completed = &self.desk.all[contact]
        cdef int64_t until_ns = 0
        if wrap_up_ms < 0:
            wrap_up_ms = self.rules.queues[completed.queue].wrap_up_ms
        if wrap_up_ms > 0:
            until_ns = self.now_ns + wrap_up_ms * 1000000
            completed.timer = self.timers.arm(-1, until_ns, TIMER_WRAP_UP_END, contact, -1, -1, -1)
        self.end_active(contact, until_ns)
        if until_ns:
            self.set_state(contact, STATE_WRAP_UP)
            return 0
        return self.close(contact, END_HANDLED)

    cdef int end_active(self, int32_t contact, int64_t until_ns) except -1:
        """An active contact ends its active state: CONTACT_COMPLETED; the agent holds it still."""
        cdef Contact* completed = &self.desk.all[contact]
        cdef Agent* agent = &self.roster.all[completed.agent]
        cdef Queue* queue = &self.rules.queues[completed.queue]
        cdef EventData* event
        agent.talk_ns = min(agent.talk_ns + self.now_ns - completed.accepted_ns, <int64_t>1 << 62)
        self.service_ends(contact)
        completed.held = False
        event = self.contact_event(EVENT_CONTACT_COMPLETED, contact)
        event.agent_id = taken(agent.id)
        event.queue_id = taken(queue.id)
        event.until_ns = until_ns
        event.duration_ns = self.now_ns - completed.accepted_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, agent.id_word), queue.id_word), <uint64_t>until_ns),
                              <uint64_t>event.duration_ns)
        return self.refresh_keys(completed.agent)

    cdef int close(self, int32_t contact, int cause) except -1:
        """The contact ends and is forgotten. Live offers must have been withdrawn before."""
        self.end_segment(contact, cause)
        return self.forget_contact(contact)

    cdef int end_segment(self, int32_t contact, int cause) except -1:
        """A segment of a contact ends: CONTACT_CLOSED, counted; an agent who served it is free of it.

        What the caller puts the contact into next is the caller's business; it is in no order and has no agent.
        """
        cdef Contact* closing = &self.desk.all[contact]
        cdef int32_t agent = closing.agent
        cdef Queue* queue = &self.rules.queues[closing.queue]
        cdef int64_t service_us
        cdef uint64_t value
        cdef EventData* event
        if closing.state == STATE_OFFERED:
            raise AssertionError("a contact closes while it is offered")
        if closing.timer >= 0:
            self.timers.disarm(closing.timer)
            closing.timer = -1
        if cause != END_MOVED_TO_CALLBACK:
            self.disarm_wait(contact)
        event = self.contact_event(EVENT_CONTACT_CLOSED, contact)
        value = self.event_hash
        if agent >= 0:
            event.agent_id = taken(self.roster.all[agent].id)
            value = mix(value, self.roster.all[agent].id_word)
        else:
            value = mix(value, 0)
        event.queue_id = taken(queue.id)
        event.cause = cause
        event.wait_ns = (closing.accepted_ns if closing.accepted_ns else self.now_ns) - closing.opened_ns
        event.duration_ns = self.now_ns - closing.opened_ns
        value = mix(value, queue.id_word)
        value = mix(value, <uint64_t>cause)
        value = mix(value, <uint64_t>event.wait_ns)
        self.event_hash = mix(value, <uint64_t>event.duration_ns)
        self.closed[cause] += 1
        if cause == END_MOVED_TO_CALLBACK:
            return 0
        self.lift(contact)
        if agent >= 0:
            service_us = min((self.now_ns - closing.accepted_ns) // 1000, <int64_t>1 << 41)
            queue.served = min(queue.served + 1, 256)
            queue.service_us += floor_div(service_us - queue.service_us, queue.served)
            self.unhold(closing.offers)
            closing.agent = -1
            self.end_service(agent)
            if self.roster.all[agent].leaving and self.roster.all[agent].holds < 0:
                self.forget_agent(agent)
        return 0

    cdef int forget_contact(self, int32_t contact) except -1:
        """The record of a contact whose last segment has ended goes."""
        cdef Contact* gone = &self.desk.all[contact]
        if gone.state == STATE_ACTIVE or gone.state == STATE_WRAP_UP:
            self.rules.queues[gone.queue].serving -= 1
        self.in_state[gone.state] -= 1
        while gone.exclusions >= 0:
            self.drop_exclusion(contact, gone.exclusions)
        self.forget_ended(contact)
        self.rules.queues[gone.queue].contacts -= 1
        if gone.second_queue >= 0:
            self.rules.queues[gone.second_queue].contacts -= 1
        self.rules.channels[gone.channel].contacts -= 1
        self.skills.release(gone.requirement)
        self.skills.release(gone.base_requirement)
        if gone.extra != NULL:
            drop_weights(self.skills, gone.extra.weight_list, gone.extra.weight_count)
            gone.extra.weight_list = NULL
            gone.extra.weight_count = 0
            drop_extra(gone)
        drop_trail(gone)
        return self.desk.remove(contact)

    cdef int change_presence(self, int32_t agent, int presence, str reason, int cause, int64_t lease_ms) except -1:
        """Presence, reason and lease (KEEP_LEASE: the running one stays) change; offers go back if not ready."""
        cdef Agent* changed = &self.roster.all[agent]
        cdef int before = changed.presence
        cdef int64_t until_ns = 0
        cdef EventData* event
        if before == PRESENCE_OFFLINE or (presence == PRESENCE_READY and before != PRESENCE_READY):
            changed.misses_in_row = 0
        if before == PRESENCE_OFFLINE and presence != PRESENCE_OFFLINE:
            changed.contacts_begun = 0
            changed.talk_ns = 0
            self.classes.sign(changed.klass, 1)
        elif before != PRESENCE_OFFLINE and presence == PRESENCE_OFFLINE:
            self.classes.sign(changed.klass, -1)
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
        event.text = new_reference(reason)
        event.cause = cause
        event.until_ns = until_ns
        self.event_hash = mix(mix(mix(mix(self.event_hash, <uint64_t>presence), text_word(reason)),
                                  <uint64_t>cause), <uint64_t>until_ns)
        self.agent_changed(agent)
        if presence != PRESENCE_READY:
            self.refresh_room(agent)
            self.release_offers(agent)
        return 0

    cdef int lose(self, int32_t agent, int cause) except -1:
        """The agent goes offline without having said so; whom it serves is reported."""
        cdef int32_t contact
        self.change_presence(agent, PRESENCE_OFFLINE, "", cause, 0)
        for contact in self.held_in_order(agent):
            if self.desk.all[contact].state == STATE_ACTIVE:
                self.emit_contact_agent(EVENT_CONTACT_UNATTENDED, contact, agent)
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
        self.agent_changed(agent)
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

    cdef int fetch_next(self) noexcept:
        """Fetch the contact whose timer is due next: timers come in order, contacts lie anywhere in memory."""
        cdef int32_t slot = first_timer(self.timers)
        cdef const char* contact
        if slot >= 0 and self.timers.all[slot].contact >= 0:
            contact = <const char*>&self.desk.all[self.timers.all[slot].contact]
            acd_prefetch(contact)
            acd_prefetch(contact + 64)
            acd_prefetch(contact + 128)
            acd_prefetch(contact + 192)
        return 0

    cdef int fire(self, int32_t slot) except -1:
        """What a timer that is due brings about; matching is the caller's."""
        cdef Timer timer = self.timers.all[slot]
        cdef Agent* agent
        cdef EventData* event
        cdef int32_t contact = timer.contact
        cdef int32_t known
        if contact >= 0:
            acd_prefetch(self.desk.all[contact].id)
        if timer.kind == TIMER_OFFER_EXPIRY:
            return self.end_offer(timer.about, OUTCOME_MISSED)
        if timer.kind == TIMER_WRAP_UP_END:
            return self.close(contact, END_HANDLED)
        if timer.kind == TIMER_REATTACH_END:
            self.withdraw(contact)
            return self.close(contact, END_LOST)
        if timer.kind == TIMER_EXCLUSION_END:
            self.drop_exclusion(contact, timer.about)
            known = self.roster.of_ordinal(timer.agent_ordinal)
            if known >= 0:
                self.gain(known)
                return self.emit_contact_agent(EVENT_EXCLUSION_ENDED, contact, known)
            event = self.contact_event(EVENT_EXCLUSION_ENDED, contact)
            self.event_hash = mix(self.event_hash, 0)
            return 0
        if timer.kind >= TIMER_PLAN_STEP:
            self.fire_wait(timer.kind, contact)
            return self.fetch_next()
        agent = &self.roster.all[timer.agent]
        if timer.kind == TIMER_DELAY_END:
            self.timers.disarm(slot)
            agent.delay_timer = -1
            agent.delayed_until_ns = 0
            self.gain(timer.agent)
            self.agent_event(EVENT_AGENT_DELAY_ENDED, timer.agent)
            return 0
        if timer.kind == TIMER_LEASE_END:
            return self.lose(timer.agent, CAUSE_LEASE_EXPIRED)
        raise AssertionError("a timer of no known kind")
