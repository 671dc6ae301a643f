# cython: language_level=3
"""The commands about contacts that are there: checks in the order of docs/engine.md, then effects."""

from libc.stdint cimport int32_t, int64_t, uint64_t

from cpython.object cimport PyObject

from acd_core.agents cimport Agents
from acd_core.choosing cimport Match
from acd_core.digest cimport mix, text_word
from acd_core.events cimport EventData, new_reference
from acd_core.orders cimport Name, is_named, text_named
from acd_core.overflow cimport FOLLOWED_TO_QUEUE, Followed
from acd_core.types cimport *
from acd_core.waiting cimport excluded, put_object

from acd_core.enums import ReservationEnd
from acd_core.limits import FORGOTTEN_ADDRESS
from acd_core.refusal import Reason, Refused

cdef int _REPLACED = ReservationEnd.REPLACED


cdef inline int32_t _agent_named(Agents roster, const Name* name, int32_t expected) except -2:
    """The slot of the agent that a command names (leaving ones too), or -1. Mostly it is the one who holds the contact:
    that one (-1 for nobody) is looked at first."""
    if expected >= 0 and is_named(roster.all[expected].id, name):
        return expected
    return roster.find_named(name)


cdef class ContactCommands(Arrivals):
    """The layer of commands about contacts."""

    cdef int do_update(self, int64_t at_ns, UpdateContact command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int state = contact.state
        cdef int32_t requirement = -1
        cdef bint held
        if state != STATE_WAITING and state != STATE_OFFERED and state != STATE_SCHEDULED:
            for field in ("requirement", "priority", "credit_ms", "preferred_agents"):
                if getattr(command, field) is not None:
                    raise Refused(Reason.CONTACT_NOT_WAITING, field, f'contact "{command.contact_id}" waits no more')
        if command.preferred_agents is not None:
            self.check_preferred(command.preferred_agents, command.only_preferred)
        if command.held is not None and state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "held", f'contact "{command.contact_id}" is not being served')
        if command.requirement is not None:
            requirement = self.skills.find(command.requirement)
            self.check_base_skills(slot, requirement)
        self.about(slot)
        self.step_to(at_ns)
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
            put_object(&contact.attributes, command.attributes)
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

    cdef int do_cancel(self, int64_t at_ns, const Order* order) except -1:
        cdef int32_t slot = self.contact_named(&order.contact)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int cause = END_CANCELLED
        if contact.state != STATE_WAITING and contact.state != STATE_OFFERED and contact.state != STATE_SCHEDULED:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id",
                          f'contact "{text_named(&order.contact)}" waits no more')
        self.about(slot)
        self.step_to(at_ns)
        self.withdraw(slot)
        if order.abandoned:
            cause = END_ABANDONED
            if at_ns - contact.opened_ns < self.rules.short_abandon_ms * 1000000:
                cause = END_SHORT_ABANDON
        self.close(slot, cause)
        return self.match_all()

    cdef int do_set_aside(self, int64_t at_ns, SetContactAside command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        self.about(slot)
        self.step_to(at_ns)
        self.withdraw(slot)
        if self.desk.all[slot].state == STATE_ACTIVE:
            self.end_active(slot, 0)
        self.close(slot, END_SET_ASIDE)
        return self.match_all()

    cdef int do_forget_customer(self, int64_t at_ns, ForgetCustomer command) except -1:
        cdef int32_t slot = self.desk.first
        cdef dict forgotten = {}
        self.step_to(at_ns)
        # Whatever was hashed before could be tried for what is forgotten, as long as its hash goes into those to come.
        self.event_hash = 0
        self.served.pop(command.customer_id, None)
        while slot >= 0:
            if <str>self.desk.all[slot].customer_id == command.customer_id:
                self._forget_in(slot)
                forgotten[<str>self.desk.all[slot].id] = None
            slot = self.desk.links[slot].later
        for contact_id in command.contact_ids:
            forgotten[contact_id] = None
        for contact_id in forgotten or ("",):
            self._emit_forgotten(contact_id)
        for request_id, (_, answer) in self.requests.items():
            if answer.contact_id and answer.contact_id in forgotten:
                self.requests[request_id] = (0, answer)
        return self.match_all()

    cdef int _forget_in(self, int32_t slot) except -1:
        """A live contact goes on without what it has of its customer."""
        cdef Contact* contact = &self.desk.all[slot]
        self.note_service(slot, False)
        put_object(&contact.customer_id, "")
        put_object(&contact.attributes, b"")
        contact.content_word = 0
        if contact.extra != NULL and contact.extra.address != NULL:
            put_object(&contact.extra.address, FORGOTTEN_ADDRESS)
        return 0

    cdef int _emit_forgotten(self, str contact_id) except -1:
        cdef EventData* event = self.begin(EVENT_CUSTOMER_FORGOTTEN)
        if contact_id:
            event.contact_id = new_reference(contact_id)
        self.event_hash = mix(self.event_hash, text_word(contact_id))
        return 0

    cdef int32_t check_offer(self, const Order* order) except -1:
        """The live offer of the contact to the agent, or the refusal that says what became of it."""
        cdef const Ended* ended
        cdef int64_t offer_id = order.offer_id
        cdef int32_t slot = self.contact_named(&order.contact)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int32_t offer = contact.offers
        cdef int32_t agent = _agent_named(
            self.roster, &order.agent, self.desk.offers[offer].agent if offer >= 0 else -1)
        cdef bint holds = False
        while offer >= 0:
            holds |= self.desk.offers[offer].agent == agent
            offer = self.desk.offers[offer].after
        if agent < 0 or (self.roster.all[agent].leaving and not holds):
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{text_named(&order.agent)}"')
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
        raise Refused(Reason.OFFER_NOT_LIVE, "offer_id",
                      f'contact "{text_named(&order.contact)}" has no live offer {offer_id}')

    cdef int do_complete(self, int64_t at_ns, const Order* order) except -1:
        cdef int32_t slot = self.contact_named(&order.contact)
        cdef Contact* contact = &self.desk.all[slot]
        if contact.state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id",
                          f'contact "{text_named(&order.contact)}" is not being served')
        if order.agent.size and _agent_named(self.roster, &order.agent, contact.agent) != contact.agent:
            raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id",
                          f'"{text_named(&order.agent)}" does not serve this contact')
        if order.not_reached and not self.is_callback(slot):
            raise Refused(Reason.CONTACT_NOT_CALLBACK, "not_reached",
                          f'contact "{text_named(&order.contact)}" is no callback')
        self.about(slot)
        self.step_to(at_ns)
        if not order.not_reached or not self.not_reached(slot):
            self.complete(slot, order.wrap_up_ms)
        return self.match_all()

    cdef int do_request_callback(self, int64_t at_ns, RequestCallback command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        if contact.state != STATE_WAITING and contact.state != STATE_SCHEDULED:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'contact "{command.contact_id}" waits no more')
        self.check_window(at_ns, command.window_end_ns)
        self.about(slot)
        self.step_to(at_ns)
        self.request_callback(slot, command.callback_address, command.window_start_ns, command.window_end_ns,
                              command.attempts_max)
        return self.match_all()

    cdef int do_pick(self, int64_t at_ns, PickContact command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
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
        self.about(slot)
        self.step_to(at_ns)
        found.cause = MATCH_PICKED
        self.match(slot, &found, CHOSEN_BY_AGENT, command.requested_by, False)
        return self.match_all()

    cdef int do_transfer(self, int64_t at_ns, TransferContact command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef int32_t requirement = -1
        cdef int32_t target = -1
        cdef Followed found
        if contact.state != STATE_ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id", f'contact "{command.contact_id}" is not being served')
        if self.roster.find(command.agent_id) != contact.agent:
            raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", f'"{command.agent_id}" does not serve this contact')
        if self.is_consultation(slot):
            raise Refused(Reason.CONTACT_IS_CONSULTATION, "contact_id", "a consultation is not transferred")
        if command.queue_id:
            self.follow(-1, self.known_queue(command.queue_id), &found)
            if found.outcome != FOLLOWED_TO_QUEUE:
                if found.closed:
                    raise Refused(Reason.QUEUE_CLOSED, "queue_id", f'the queue "{command.queue_id}" is closed')
                raise Refused(Reason.QUEUE_FULL, "queue_id", f'the queue "{command.queue_id}" is full')
            if self.waits_enough():
                self.refuse_waiting()
            if command.requirement is not None:
                requirement = self.skills.find(command.requirement)
                self.check_base_skills(slot, requirement)
            self.about(slot)
            self.step_to(at_ns)
            self.transfer_to_queue(slot, found.queue, requirement, command.priority, command.restart_wait)
        elif command.to_agent_id:
            target = self.known_agent(command.to_agent_id, "to_agent_id")
            if self.roster.all[target].presence == PRESENCE_OFFLINE:
                raise Refused(Reason.AGENT_NOT_SIGNED_ON, "to_agent_id",
                              f'agent "{command.to_agent_id}" is not signed on')
            if not self.has_room(target, contact.channel, -1):
                raise Refused(Reason.AGENT_HAS_NO_ROOM, "to_agent_id",
                              f'agent "{command.to_agent_id}" has no room for it')
            self.about(slot)
            self.step_to(at_ns)
            self.transfer_to_agent(slot, target)
        else:
            target = self._check_consulted(slot, command.consultation_contact_id)
            self.about(slot)
            self.step_to(at_ns)
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
        if not self.is_consultation(target) or \
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

    cdef int do_finish(self, int64_t at_ns, const Order* order) except -1:
        cdef int32_t slot, agent
        cdef list finished
        if order.contact.size:
            slot = self.contact_named(&order.contact)
            if self.desk.all[slot].state != STATE_WRAP_UP:
                raise Refused(Reason.CONTACT_NOT_IN_WRAP_UP, "contact_id",
                              f'contact "{text_named(&order.contact)}" is not in wrap-up')
            agent = self.desk.all[slot].agent
            if _agent_named(self.roster, &order.agent, agent) != agent:
                raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id",
                              f'contact "{text_named(&order.contact)}" is in another agent\'s wrap-up')
            self.about(slot)
            self.step_to(at_ns)
            self.close(slot, END_HANDLED)
            return self.match_all()
        agent = self.roster.find_named(&order.agent)
        if agent < 0:
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{text_named(&order.agent)}"')
        finished = [slot for slot in self.held_in_order(agent) if self.desk.all[slot].state == STATE_WRAP_UP]
        if not finished:
            raise Refused(Reason.AGENT_NOT_IN_WRAP_UP, "agent_id",
                          f'agent "{text_named(&order.agent)}" is not in wrap-up')
        self.step_to(at_ns)
        for slot in finished:
            self.close(slot, END_HANDLED)
        return self.match_all()

    cdef int do_detach(self, int64_t at_ns, DetachContact command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        cdef EventData* event
        if contact.state == STATE_ACTIVE or contact.state == STATE_WRAP_UP or not contact.attached:
            raise Refused(Reason.CONTACT_NOT_ATTACHED, "contact_id",
                          f'no stream follows the contact "{command.contact_id}"')
        self.about(slot)
        self.step_to(at_ns)
        contact.attached = False
        contact.reattach_timer = self.timers.arm(
            contact.reattach_timer, at_ns + self.rules.reattach_ms * 1000000, TIMER_REATTACH_END, slot, -1, -1, -1)
        event = self.contact_event(EVENT_CONTACT_DETACHED, slot)
        event.until_ns = at_ns + self.rules.reattach_ms * 1000000
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return 0

    cdef int do_attach(self, int64_t at_ns, AttachContact command) except -1:
        cdef int32_t slot = self.known_contact(command.contact_id)
        cdef Contact* contact = &self.desk.all[slot]
        self.about(slot)
        self.step_to(at_ns)
        if not contact.attached:
            contact.attached = True
            if contact.reattach_timer >= 0:
                self.timers.disarm(contact.reattach_timer)
                contact.reattach_timer = -1
            self.emit_plain_contact(EVENT_CONTACT_ATTACHED, slot)
        return 0
