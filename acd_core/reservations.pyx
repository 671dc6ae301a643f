# cython: language_level=3
"""Preferred agents, and contacts held for them (docs/engine/preferred.md)."""

from collections import OrderedDict

from acd_core.audiences cimport first_link
from acd_core.digest cimport mix
from acd_core.events cimport EventData, new_reference, taken
from acd_core.types cimport *
from acd_core.waiting cimport excluded, extra_of, put_object

from acd_core.enums import ReservationEnd
from acd_core.limits import CUSTOMERS_REMEMBERED_MAX

cdef int _TIME_OVER = ReservationEnd.TIME_OVER
cdef int _NOBODY_LEFT = ReservationEnd.NOBODY_LEFT
cdef Py_ssize_t _CUSTOMERS_MAX = CUSTOMERS_REMEMBERED_MAX


cdef int _list_once(list ordinals, object ordinal) except -1:
    """There are few: what the policy adds, and as many as a command may name."""
    if ordinal not in ordinals:
        ordinals.append(ordinal)
    return 0


cdef class Reservations(Plans):
    def __cinit__(self):
        self.served = OrderedDict()
        self.in_service = {}
        self.reserved_of = Audiences()
        self.doubtful = {}

    # Who is preferred

    cdef bint names_nobody(self, tuple named) except -1:
        """Does none of the agents named exist, or are all of them leaving."""
        cdef int32_t agent
        for agent_id in named:
            agent = self.roster.find(agent_id)
            if agent >= 0 and not self.roster.all[agent].leaving:
                return False
        return True

    cdef int prefer(self, int32_t contact, tuple named, int64_t hold_ms, bint only) except -1:
        """Make the preferred list of a contact that is in no order."""
        cdef Contact* preferring = &self.desk.all[contact]
        cdef Extra* extra = preferring.extra
        cdef int32_t agent, other, first
        cdef list ordinals = []
        if extra == NULL and not named and hold_ms == -1 and not only and not <str>preferring.customer_id:
            return 0
        if named or hold_ms != -1 or only:
            extra = extra_of(preferring)
        if extra != NULL:
            put_object(&extra.named, named or None)
            extra.hold_ms = hold_ms
            extra.only_preferred = only
            put_object(&extra.preferred, None)
        for agent_id in named:
            agent = self.roster.find(agent_id)
            if agent >= 0 and not self.roster.all[agent].leaving:
                _list_once(ordinals, self.roster.all[agent].ordinal)
        customer_id = <str>preferring.customer_id
        if customer_id and not only:
            if self.rules.last_agent_window_ns > 0:
                last = self.served.get(customer_id)
                if last is not None and self.now_ns - last[1] <= self.rules.last_agent_window_ns:
                    agent = self.roster.of_ordinal(last[0])
                    if agent >= 0 and not self.roster.all[agent].leaving:
                        _list_once(ordinals, last[0])
            if self.rules.agent_of_other_contact:
                first = -1
                for other in self.in_service.get(customer_id, ()):
                    if other != contact and (
                            first < 0 or self.desk.all[other].ordinal < self.desk.all[first].ordinal):
                        first = other
                if first >= 0 and not self.roster.all[self.desk.all[first].agent].leaving:
                    _list_once(ordinals, self.roster.all[self.desk.all[first].agent].ordinal)
        if ordinals:
            put_object(&extra_of(preferring).preferred, tuple(ordinals))
        return 0

    # Reservations

    cdef bint qualifies(self, int32_t contact, int64_t agent_ordinal) noexcept:
        cdef int32_t agent = self.roster.of_ordinal(agent_ordinal)
        if agent < 0 or self.roster.all[agent].presence == PRESENCE_OFFLINE or self.roster.all[agent].leaving or \
                excluded(self.desk, contact, agent_ordinal):
            return False
        return self.tier_by(contact, 0, agent) >= 0 or (
            self.desk.all[contact].second_queue >= 0 and self.tier_by(contact, 1, agent) >= 0)

    cdef int reserve(self, int32_t contact) except -1:
        """Hold a newcomer for those of its preferred agents who qualify, if there are any."""
        cdef Contact* waiting = &self.desk.all[contact]
        cdef Extra* extra = waiting.extra
        cdef int64_t hold_ms
        cdef tuple held_for
        cdef EventData* event
        if waiting.state != STATE_WAITING or extra == NULL or extra.preferred == NULL or extra.only_preferred:
            return 0
        hold_ms = extra.hold_ms
        if hold_ms < 0:
            hold_ms = self.rules.queues[waiting.queue].hold_ms
        if hold_ms < 0:
            hold_ms = self.rules.hold_ms
        if hold_ms == 0:
            return 0
        held_for = <tuple>extra.preferred
        for ordinal in held_for:
            if not self.qualifies(contact, ordinal):
                held_for = tuple([each for each in held_for if self.qualifies(contact, each)])
                break
        if not held_for:
            return 0
        self.desk.leave(contact)
        put_object(&extra.reserved, held_for)
        extra.reserved_link = self.reserved_of.add(contact, held_for)
        self.settle(contact)
        extra.hold_timer = self.timers.arm(
            extra.hold_timer, self.now_ns + hold_ms * 1000000, TIMER_HOLD_END, contact, -1, -1, -1)
        event = self.contact_event(EVENT_CONTACT_RESERVED, contact)
        event.until_ns = self.now_ns + hold_ms * 1000000
        self.event_hash = mix(self.event_hash, <uint64_t>event.until_ns)
        return 0

    cdef int lift_reservation(self, int32_t contact) except -1:
        """A contact that is in no class is reserved no more, without an event."""
        cdef Extra* extra = self.desk.all[contact].extra
        if extra == NULL or extra.reserved == NULL:
            return 0
        if extra.hold_timer >= 0:
            self.timers.disarm(extra.hold_timer)
            extra.hold_timer = -1
        self.reserved_of.drop(extra.reserved_link)
        extra.reserved_link = -1
        if self.doubtful:
            self.doubtful.pop(contact, None)
        put_object(&extra.reserved, None)
        return 0

    cdef int end_reservation(self, int32_t contact, int cause) except -1:
        cdef EventData* event
        self.desk.leave(contact)
        self.lift_reservation(contact)
        self.settle(contact)
        event = self.contact_event(EVENT_RESERVATION_ENDED, contact)
        event.cause = cause
        self.event_hash = mix(self.event_hash, <uint64_t>cause)
        return self.touch(contact)

    cdef int reach_changed(self, int32_t contact) except -1:
        if self.desk.all[contact].extra != NULL and self.desk.all[contact].extra.reserved != NULL:
            self.doubtful[contact] = None
        return 0

    cdef int agent_changed(self, int32_t agent) except -1:
        cdef int32_t link = first_link(self.reserved_of, self.roster.all[agent].ordinal)
        while link >= 0:
            self.doubtful[self.reserved_of.links[link].item] = None
            link = self.reserved_of.links[link].after
        return 0

    cdef int before_matching(self) except -1:
        cdef int32_t contact
        if not self.doubtful:
            return 0
        doubtful = sorted([(self.desk.all[contact].ordinal, contact) for contact in self.doubtful])
        self.doubtful = {}
        for _, contact in doubtful:
            for ordinal in <tuple>self.desk.all[contact].extra.reserved:
                if self.qualifies(contact, ordinal):
                    break
            else:
                self.end_reservation(contact, _NOBODY_LEFT)
        return 0

    cdef int disarm_wait(self, int32_t contact) except -1:
        cdef Extra* extra = self.desk.all[contact].extra
        Plans.disarm_wait(self, contact)
        if extra == NULL:
            return 0
        self.lift_reservation(contact)
        if extra.start_timer >= 0:
            self.timers.disarm(extra.start_timer)
            extra.start_timer = -1
        if extra.end_timer >= 0:
            self.timers.disarm(extra.end_timer)
            extra.end_timer = -1
        return 0

    cdef int fire_wait(self, int kind, int32_t contact) except -1:
        if kind == TIMER_HOLD_END:
            return self.end_reservation(contact, _TIME_OVER)
        return Plans.fire_wait(self, kind, contact)

    # Who served whom

    cdef int note_service(self, int32_t contact, bint begins) except -1:
        """A contact begins, or ceases, to be active or in wrap-up."""
        cdef const Contact* served = &self.desk.all[contact]
        cdef str customer_id = <str>served.customer_id
        if not self.rules.agent_of_other_contact or not customer_id or (
                served.extra != NULL and served.extra.consults_ordinal >= 0):
            return 0
        if begins:
            self.in_service.setdefault(customer_id, {})[contact] = None
            return 0
        contacts = self.in_service.get(customer_id)
        if contacts is not None:
            contacts.pop(contact, None)
            if not contacts:
                del self.in_service[customer_id]
        return 0

    cdef int become_active(self, int32_t contact, int32_t offer) except -1:
        Plans.become_active(self, contact, offer)
        return self.note_service(contact, True)

    cdef int end_segment(self, int32_t contact, int cause) except -1:
        if self.desk.all[contact].agent >= 0:
            self.note_service(contact, False)
        return Plans.end_segment(self, contact, cause)

    cdef int remember_served(self, int32_t contact) except -1:
        """The contact's customer was served by its agent until now."""
        cdef const Contact* served = &self.desk.all[contact]
        cdef str customer_id = <str>served.customer_id
        if self.rules.last_agent_window_ns == 0 or not customer_id or (
                served.extra != NULL and served.extra.consults_ordinal >= 0):
            return 0
        self.served.pop(customer_id, None)
        self.served[customer_id] = (self.roster.all[served.agent].ordinal, self.now_ns)
        if len(self.served) > _CUSTOMERS_MAX:
            self.served.popitem(last=False)
        return 0

    cdef int service_ends(self, int32_t contact) except -1:
        return self.remember_served(contact)

    cdef int adopt_preference(self) except -1:
        """After a new policy, or in an engine that is being restored."""
        cdef int32_t contact = self.desk.first
        self.in_service = {}
        if self.rules.last_agent_window_ns == 0:
            self.served = OrderedDict()
        while contact >= 0:
            if self.desk.all[contact].agent >= 0:
                self.note_service(contact, True)
            self.reach_changed(contact)
            contact = self.desk.links[contact].later
        return 0
