# cython: language_level=3
"""How the commands about contacts find what they name and what their answers show; and how a contact arrives."""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.choosing cimport PICK, Match
from acd_core.digest cimport bytes_word, mix, text_word
from acd_core.events cimport EventData, new_reference, taken
from acd_core.lines cimport fetch_line
from acd_core.orders cimport ascii_named, name_text, text_named
from acd_core.skills cimport weights_of
from acd_core.tables cimport acd_prefetch
from acd_core.types cimport *
from acd_core.waiting cimport extra_of, put_object

from acd_core.command_checks import GENERATED_ID_PREFIX
from acd_core.limits import SKILLS_PER_TENANT_MAX
from acd_core.refusal import Reason, Refused

cdef int _SKILLS_MAX = SKILLS_PER_TENANT_MAX
cdef str _ID_PREFIX = GENERATED_ID_PREFIX


cdef class Arrivals(Questions):
    """The layer of new contacts."""

    cdef int step_to(self, int64_t at_ns) except -1:
        """All checks have passed: the command is taken."""
        self.now_ns = at_ns
        self.seq += 1
        return 0

    cdef int about(self, int32_t slot) except -1:
        """The answer will show this contact."""
        cdef const Contact* contact = &self.desk.all[slot]
        self.answered = slot
        self.answered_ordinal = contact.ordinal
        if contact.agent >= 0:
            # What follows looks at these; asked for at once they are waited for once.
            acd_prefetch(&self.rules.queues[contact.queue])
            acd_prefetch(&self.rules.queues[contact.queue].serving)
            acd_prefetch(&self.desk.offers[contact.offers])
            acd_prefetch(&self.roster.all[contact.agent])
            acd_prefetch(&self.roster.all[contact.agent].last_offer_id)
            acd_prefetch(&self.roster.all[contact.agent].count)
        self.result.contact_id = taken(contact.id)
        return 0

    cdef int make_answer(self) except -1:
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

    cdef int32_t known_queue(self, str queue_id) except -1:
        cdef int32_t slot = self.rules.find_queue(queue_id)
        if slot < 0:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{queue_id}"')
        return slot

    cdef int32_t known_contact(self, str contact_id) except -1:
        cdef Name name
        name_text(<PyObject*>contact_id, &name)
        return self.contact_named(&name)

    cdef int32_t contact_named(self, const Name* name) except -1:
        cdef int32_t slot = self.desk.find_named(name)
        if slot < 0:
            raise Refused(Reason.UNKNOWN_CONTACT, "contact_id", f'there is no contact "{text_named(name)}"')
        return slot

    cdef int _check_skills(self, int32_t old, int32_t new) except -1:
        """Refuse a requirement of a contact that would bring too many skills into use; `old` is what it had, or -1."""
        cdef dict changes
        if self.skills.requirements[new].live:
            return 0
        if self.skills.distinct + self.skills.requirements[new].skill_count <= _SKILLS_MAX:
            return 0
        changes = {}
        self.skills.add_changes(changes, new, 1)
        if old >= 0 and self.skills.requirements[old].live == 1:
            self.skills.add_changes(changes, old, -1)
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "requirement", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int check_base_skills(self, int32_t slot, int32_t new) except -1:
        """As `_check_skills`, for a contact whose base requirement, held apart from the one now, is replaced."""
        cdef const Contact* contact = &self.desk.all[slot]
        cdef dict changes
        if self.skills.requirements[new].live:
            return 0
        if self.skills.distinct + self.skills.requirements[new].skill_count <= _SKILLS_MAX:
            return 0
        changes = {}
        self.skills.add_changes(changes, new, 1)
        if self.skills.requirements[contact.base_requirement].live == (
                2 if contact.base_requirement == contact.requirement else 1):
            self.skills.add_changes(changes, contact.base_requirement, -1)
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "requirement", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int _check_weights(self, int32_t requirement, tuple weights) except -1:
        cdef dict changes
        if self.skills.distinct + self.skills.requirements[requirement].skill_count + len(weights) <= _SKILLS_MAX:
            return 0
        changes = {}
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
        if self.is_consultation(about):
            raise Refused(Reason.CONTACT_IS_CONSULTATION, "consults_contact_id",
                          f'contact "{contact_id}" is a consultation itself')
        return about

    cdef bint is_consultation(self, int32_t slot) noexcept:
        return self.desk.all[slot].extra != NULL and self.desk.all[slot].extra.consults_ordinal >= 0

    cdef bint waits_enough(self) noexcept:
        """May no more contacts wait, be offered or be scheduled."""
        return (self.in_state[STATE_WAITING] + self.in_state[STATE_OFFERED]
                + self.in_state[STATE_SCHEDULED] >= self.waiting_limit)

    cdef int refuse_waiting(self) except -1:
        raise Refused(Reason.WAITING_LIMIT, "contact_id",
                      f"{self.waiting_limit} contacts wait, are offered or are scheduled, which is the limit")

    cdef int check_window(self, int64_t at_ns, int64_t end_ns) except -1:
        if end_ns and end_ns <= at_ns:
            raise Refused(Reason.OUT_OF_RANGE, "callback.window_end", "the window has ended already")
        return 0

    cdef int check_preferred(self, tuple named, bint only) except -1:
        if only and self.names_nobody(named):
            raise Refused(Reason.UNKNOWN_AGENT, "preferred_agents", "none of these agents exists")
        return 0

    cdef int do_enqueue(self, int64_t at_ns, const Order* order) except -1:
        cdef EnqueueContact command = None
        cdef int32_t slot = -1
        cdef int32_t about = -1
        cdef int32_t queue_slot, channel, requirement
        cdef Contact* contact
        cdef Queue* queue
        cdef EventData* event
        cdef uint64_t value, word
        cdef str contact_id
        if order.command != NULL:
            command = <EnqueueContact>order.command
        if order.contact.size:
            slot = self.desk.find_named(&order.contact)
            if slot >= 0:
                if self.desk.all[slot].content_word != (
                        command.content_word() if command is not None else enqueue_word(order)):
                    raise Refused(Reason.CONTACT_EXISTS, "contact_id",
                                  f'the contact "{text_named(&order.contact)}" exists with other content')
                self.about(slot)
                self.result.duplicate = True
                return 0
        queue_slot = self.rules.queue_named(&order.queue)
        if queue_slot < 0:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{text_named(&order.queue)}"')
        channel = self.rules.channel_named(&order.channel)
        if channel < 0:
            raise Refused(Reason.UNKNOWN_CHANNEL, "channel_id", f'there is no channel "{text_named(&order.channel)}"')
        if self.waits_enough():
            self.refuse_waiting()
        if not order.plain:
            if command.consults_contact_id:
                about = self._check_consultation(command.consults_contact_id)
            self.check_preferred(command.preferred_agents, command.only_preferred)
            self.check_window(at_ns, command.window_end_ns)
        requirement = self.skills.find_named(&order.requirement)
        if requirement < 0:
            requirement = self.skills.find(text_named(&order.requirement))
        fetch_line(self.lines, queue_slot)
        self._check_skills(-1, requirement)
        if not order.plain:
            self._check_weights(requirement, command.skill_weights)
        self.step_to(at_ns)
        if order.contact_id != NULL:
            contact_id = <str>order.contact_id
        elif order.contact.size:
            contact_id = ascii_named(&order.contact)
        else:
            contact_id = f"{_ID_PREFIX}{self.contacts_created}"
        slot = self.desk.add(contact_id, self.contacts_created)
        self.contacts_created += 1
        self.segments_opened += 1
        queue = &self.rules.queues[queue_slot]
        contact = &self.desk.all[slot]
        contact.priority = order.priority
        contact.credit_ms = order.credit_ms
        contact.base_priority = order.priority
        contact.base_credit_ms = order.credit_ms
        contact.arrived_ns = at_ns
        contact.opened_ns = at_ns
        contact.plan_from_ns = at_ns
        contact.requirement = requirement
        contact.base_requirement = requirement
        contact.queue = queue_slot
        contact.channel = channel
        contact.attached = order.attached
        put_object(&contact.customer_id, <object>order.customer_id)
        put_object(&contact.attributes, <object>order.attributes)
        self.skills.hold(requirement)
        self.skills.hold(requirement)
        queue.contacts += 1
        self.rules.channels[channel].contacts += 1
        self.set_state(slot, STATE_WAITING)
        self.about(slot)
        event = self.contact_event(EVENT_CONTACT_ENQUEUED, slot)
        event.ordinal = contact.ordinal
        event.queue_id = taken(queue.id)
        event.channel_id = taken(self.rules.channels[channel].id)
        event.text = taken(self.skills.requirements[requirement].text)
        event.priority = contact.priority
        event.credit_ms = contact.credit_ms
        event.customer_id = taken(order.customer_id)
        event.attributes = taken(order.attributes)
        value = mix(self.event_hash, <uint64_t>contact.ordinal)
        value = mix(value, queue.id_word)
        value = mix(value, self.rules.channels[channel].id_word)
        value = mix(value, self.skills.requirements[requirement].text_word)
        value = mix(value, <uint64_t>contact.priority)
        value = mix(value, <uint64_t>contact.credit_ms)
        word = text_word(<str>order.customer_id) if <str>order.customer_id else 0
        self.event_hash = mix(value, word)
        contact.content_word = self._content_word(slot, order, word)
        if not order.plain:
            self._arrive(slot, about, command)
        elif queue.plan < 0 and not queue.closed and queue.strategy != STRATEGY_BROADCAST and (
                not <str>order.customer_id
                or not (self.rules.last_agent_window_ns or self.rules.agent_of_other_contact)):
            self._seek(slot)
        else:
            self._arrive(slot, -1, None)
        if self.desk.all[slot].ordinal == self.answered_ordinal:
            self.predict(slot)
        return 0

    cdef uint64_t _content_word(self, int32_t slot, const Order* order, uint64_t customer_word) except? 0:
        """The command's content word, by the words of texts that the engine knows already.

        A kind of command made of this one may see its content otherwise, so it is asked.
        """
        cdef const Contact* contact = &self.desk.all[slot]
        cdef uint64_t word
        if order.command == NULL:
            if <bytes>order.attributes or not order.contact.size:
                return enqueue_word(order)
        elif type(<object>order.command) is not EnqueueContact or not order.plain or <bytes>order.attributes \
                or not order.contact.size:
            return (<EnqueueContact>order.command).content_word()
        word = mix(<uint64_t>order.kind, contact.id_word)
        word = mix(word, self.rules.queues[contact.queue].id_word)
        word = mix(word, self.rules.channels[contact.channel].id_word)
        word = mix(word, self.skills.requirements[contact.requirement].text_word)
        word = mix(word, <uint64_t>order.priority)
        word = mix(word, <uint64_t>order.credit_ms)
        word = mix(word, customer_word)
        return mix(word, order.attached)

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
        """A newcomer with preferences, a callback, a plan, in a closed or broadcast queue.

        `command` is None for one that has nothing but its queue to itself.
        """
        cdef Contact* contact = &self.desk.all[slot]
        cdef int64_t ordinal = contact.ordinal
        cdef EventData* event
        cdef int left = 0
        cdef bint ended = False
        cdef bint callback = command is not None and command.callback_address != ""
        if about >= 0:
            self.consult(slot, about)
            event = self.contact_event(EVENT_CONSULTATION_OPENED, slot)
            event.agent_id = taken(self.roster.all[self.desk.all[about].agent].id)
            event.text = new_reference(command.consults_contact_id)
            self.event_hash = mix(mix(self.event_hash, text_word(<str>event.agent_id)), text_word(<str>event.text))
        if command is not None and command.skill_weights:
            put_object(&extra_of(contact).weights, command.skill_weights)
            contact.extra.weight_list = weights_of(self.skills, command.skill_weights)
            contact.extra.weight_count = len(command.skill_weights)
        if command is None:
            self.prefer(slot, (), -1, False)
        else:
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


cdef uint64_t enqueue_word(const Order* order) except? 0:
    """The content word of an EnqueueContact of which there is no command object, as that would tell it."""
    cdef uint64_t word = mix(<uint64_t>order.kind, bytes_word(order.contact.at, order.contact.size))
    word = mix(word, bytes_word(order.queue.at, order.queue.size))
    word = mix(word, bytes_word(order.channel.at, order.channel.size))
    word = mix(word, bytes_word(order.requirement.at, order.requirement.size))
    word = mix(word, <uint64_t>order.priority)
    word = mix(word, <uint64_t>order.credit_ms)
    word = mix(word, text_word(<str>order.customer_id))
    if <bytes>order.attributes:
        word = mix(word, text_word(repr(<bytes>order.attributes)))
    return mix(word, order.attached)
