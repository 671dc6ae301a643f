# cython: language_level=3
"""What may be asked of an engine: views, positions, expected waits, explanations. Asking changes nothing."""

from libc.stdlib cimport calloc, free

from math import isqrt

from acd_core.agents cimport is_available
from acd_core.state cimport breathe, entry_queue, steps_taken, wants
from acd_core.timers cimport RUNS_MAX, Queued, Run, Timers, first_due_ns
from acd_core.types cimport *
from acd_core.waiting cimport excluded

from acd_core.enums import ServeRule, WaitPredictor
from acd_core.views import AgentCounts, AgentView, ContactView, Counts, Explanation, Line, WaitEstimate


cdef enum:
    CHANNELS_MAX = 16  # as Rules.channels has places


cdef struct _Line:
    int64_t since_ns  # 0: nobody
    int32_t waiting
    int32_t offered


cdef int64_t _due_below(Timers timers, int32_t index, int64_t at_ns, int64_t count_max) noexcept:
    """How many timers of the heap's entry and of those below it are due, counted up to `count_max`."""
    cdef int64_t count = 0
    cdef int32_t child
    cdef uint32_t place
    cdef const Run* run
    cdef const Queued* queued
    if index >= timers.heap.size or timers.heap.data[index].major > at_ns:
        return 0
    if timers.heap.data[index].item >= RUNS_MAX:
        count = 1
    else:
        run = &timers.runs[timers.heap.data[index].item]
        place = run.first
        while place != run.end and count < count_max:
            queued = &run.ring[place & (run.room - 1)]
            if queued.due_ns > at_ns:
                break
            count += queued.slot >= 0
            place += 1
    for child in range(4 * index + 1, 4 * index + 5):
        if count >= count_max:
            return count_max
        count += _due_below(timers, child, at_ns, count_max - count)
    return count


cdef class Questions(Administration):
    def next_timer(self):
        """When the earliest timer is due, in nanoseconds since the Unix epoch, or None."""
        cdef int64_t due_ns = first_due_ns(self.timers)
        return None if due_ns < 0 else due_ns

    def due_timers(self, int64_t at_ns, int64_t count_max):
        """How many timers are due by a time, in nanoseconds since the Unix epoch; counted up to `count_max`."""
        return _due_below(self.timers, 0, at_ns, count_max)

    @property
    def policy(self):
        """The policy in force."""
        return self.rules.policy

    @property
    def policy_version(self):
        """How many policies have been applied."""
        return self.rules.version

    cdef object _contact_view(self, int32_t slot):
        cdef const Contact* contact = &self.desk.all[slot]
        cdef const Extra* extra = contact.extra
        cdef dict more = {}
        cdef const Offer* offer = NULL
        if contact.offers >= 0:
            offer = &self.desk.offers[contact.offers]
        if extra != NULL:
            more = {
                "preferred_agents": () if extra.named == NULL else <tuple>extra.named,
                "preferred_hold_ms": extra.hold_ms,
                "only_preferred": bool(extra.only_preferred),
                "callback_address": "" if extra.address == NULL else <str>extra.address,
                "window_start_ns": extra.window_start_ns,
                "window_end_ns": extra.window_end_ns,
                "attempts_max": extra.attempts_max,
                "attempts": extra.attempts,
                "consults_contact_id": "" if extra.consults_id == NULL else <str>extra.consults_id,
                "skill_weights": () if extra.weights == NULL else <tuple>extra.weights,
            }
            if extra.reserved != NULL:
                agents = [self.roster.of_ordinal(ordinal) for ordinal in <tuple>extra.reserved]
                more["reserved_for"] = tuple(
                    [<str>self.roster.all[<int32_t>agent].id for agent in agents if agent >= 0])
        return ContactView(
            contact_id=<str>contact.id,
            ordinal=contact.ordinal,
            queue_id=<str>self.rules.queues[contact.queue].id,
            channel_id=<str>self.rules.channels[contact.channel].id,
            requirement=self.skills.text_of(contact.requirement),
            priority=contact.priority,
            credit_ms=contact.credit_ms,
            customer_id=<str>contact.customer_id,
            attributes=<bytes>contact.attributes,
            state=contact.state,
            state_since_ns=contact.state_since_ns,
            arrived_ns=contact.arrived_ns,
            agent_id="" if offer == NULL else <str>self.roster.all[offer.agent].id,
            offer_id=0 if offer == NULL else offer.id,
            offer_expires_ns=0 if offer == NULL else offer.expires_ns,
            accepted_ns=contact.accepted_ns,
            held=bool(contact.held),
            attached=bool(contact.attached),
            second_queue_id="" if contact.second_queue < 0 else <str>self.rules.queues[contact.second_queue].id,
            opened_ns=contact.opened_ns,
            plan_steps_taken=steps_taken(contact),
            **more,
        )

    cdef object _agent_view(self, int32_t slot):
        cdef Agent* agent = &self.roster.all[slot]
        cdef int32_t contact
        return AgentView(
            spec=<object>agent.spec,
            ordinal=agent.ordinal,
            presence=agent.presence,
            reason=<str>agent.reason,
            idle_since_ns=agent.idle_since_ns,
            delayed_until_ns=agent.delayed_until_ns,
            lease_ms=agent.lease_ms,
            leaving=bool(agent.leaving),
            used=agent.used,
            contact_ids=tuple([<str>self.desk.all[contact].id for contact in self.held_in_order(slot)]),
            contacts_begun=agent.contacts_begun,
            talk_ns=agent.talk_ns,
        )

    def contact(self, str contact_id not None):
        """A live contact as it stands, or None."""
        cdef int32_t slot = self.desk.find(contact_id)
        return None if slot < 0 else self._contact_view(slot)

    def agent(self, str agent_id not None):
        """An agent (leaving ones too) as it stands, or None."""
        cdef int32_t slot = self.roster.find(agent_id)
        return None if slot < 0 else self._agent_view(slot)

    def contacts(self):
        """The live contacts in order of creation, as they stood when this was called."""
        cdef int32_t slot = self.desk.first
        cdef list views = []
        while slot >= 0:
            views.append(self._contact_view(slot))
            slot = self.desk.links[slot].later
        return iter(views)

    def agents(self):
        """The agents in order of creation, as they stood when this was called."""
        cdef int32_t slot = self.roster.first
        cdef list views = []
        while slot >= 0:
            views.append(self._agent_view(slot))
            slot = self.roster.all[slot].later
        return iter(views)

    def contacts_from(self, int64_t ordinal, int32_t place, int count, int looks_max, str queue_id not None="",
                      int states=-1, str agent_id not None=""):
        """A page of live contacts, in order of creation, and where the next one starts.

        Args:
            ordinal, place: where to start, as the page before said; 0 and -1 for the first. A wrong place only takes
                longer.
            count: how many contacts at most.
            looks_max: how many are looked at to find them.
            queue_id, agent_id: only those in this queue, held by this agent; empty for all.
            states: bit set: only those in a state.

        Returns:
            The views, perhaps fewer than `count`; the next page's ordinal, or -1 if this is the last; its place.
        """
        cdef int32_t queue = self.rules.find_queue(queue_id) if queue_id else -1
        cdef int32_t agent = self.roster.find(agent_id) if agent_id else -1
        cdef int32_t slot = self.desk.first
        cdef const Contact* contact
        cdef list views = []
        if (queue_id and queue < 0) or (agent_id and agent < 0):
            return (), -1, -1
        if 0 <= place < self.desk.used and ordinal >= 0 and self.desk.all[place].ordinal == ordinal:
            slot = place
        while slot >= 0 and self.desk.all[slot].ordinal < ordinal:
            slot = self.desk.links[slot].later
        while slot >= 0 and looks_max > 0:
            contact = &self.desk.all[slot]
            looks_max -= 1
            if (queue < 0 or contact.queue == queue) and states >> contact.state & 1 and (
                    agent < 0 or (contact.offers >= 0 and self.desk.offers[contact.offers].agent == agent)):
                if len(views) == count:
                    break
                views.append(self._contact_view(slot))
            slot = self.desk.links[slot].later
        return tuple(views), -1 if slot < 0 else self.desk.all[slot].ordinal, slot

    def agents_from(self, int64_t ordinal, int32_t place, int count, int looks_max, str queue_id not None="",
                    int presences=-1):
        """A page of agents, as `contacts_from`.

        Args:
            queue_id: only members of this queue; empty for all.
            presences: bit set: only those with a presence.
        """
        cdef int32_t slot = self.roster.first
        cdef const Agent* agent
        cdef list views = []
        if 0 <= place < self.roster.room and ordinal >= 0 and self.roster.all[place].ordinal == ordinal:
            slot = place
        while slot >= 0 and self.roster.all[slot].ordinal < ordinal:
            slot = self.roster.all[slot].later
        while slot >= 0 and looks_max > 0:
            agent = &self.roster.all[slot]
            looks_max -= 1
            if presences >> agent.presence & 1 and (
                    not queue_id or any([m.queue_id == queue_id for m in (<object>agent.spec).memberships])):
                if len(views) == count:
                    break
                views.append(self._agent_view(slot))
            slot = agent.later
        return tuple(views), -1 if slot < 0 else self.roster.all[slot].ordinal, slot

    def waiting_in(self, str queue_id not None):
        """How many contacts wait in a queue; 0 for an unknown one."""
        cdef int32_t slot = self.rules.find_queue(queue_id)
        return 0 if slot < 0 else self.rules.queues[slot].waiting

    def is_open(self, str queue_id not None):
        """Whether there is such a queue and it is open."""
        cdef int32_t slot = self.rules.find_queue(queue_id)
        return slot >= 0 and not self.rules.queues[slot].closed

    def counts(self):
        """How many there are of what, now."""
        cdef int cause
        return Counts(
            agents=self.roster.count,
            agents_ready=self.roster.ready,
            waiting=self.in_state[STATE_WAITING],
            offered=self.in_state[STATE_OFFERED],
            active=self.in_state[STATE_ACTIVE],
            wrap_up=self.in_state[STATE_WRAP_UP],
            scheduled=self.in_state[STATE_SCHEDULED],
            opened=self.segments_opened,
            closed=tuple([self.closed[cause] for cause in range(END_HANDLED, END_SET_ASIDE + 1)]),
        )

    def lines(self):
        """The queues and channels where contacts wait or are offered, in order of their ids; one pass over all."""
        cdef int32_t size = self.rules.queue_room * CHANNELS_MAX
        cdef int32_t slot
        cdef int32_t place
        cdef const Contact* contact
        cdef _Line* lines = <_Line*>calloc(max(size, 1), sizeof(_Line))
        cdef list found = []
        if lines == NULL:
            raise MemoryError
        try:
            for slot in range(self.desk.used):
                breathe(self)
                contact = &self.desk.all[slot]
                if contact.ordinal < 0 or (contact.state != STATE_WAITING and contact.state != STATE_OFFERED):
                    continue
                place = contact.queue * CHANNELS_MAX + contact.channel
                if contact.state == STATE_WAITING:
                    lines[place].waiting += 1
                else:
                    lines[place].offered += 1
                if lines[place].since_ns == 0 or contact.opened_ns < lines[place].since_ns:
                    lines[place].since_ns = contact.opened_ns
            for place in range(size):
                if lines[place].since_ns:
                    found.append(Line(
                        <str>self.rules.queues[place // CHANNELS_MAX].id,
                        <str>self.rules.channels[place % CHANNELS_MAX].id,
                        lines[place].waiting, lines[place].offered, lines[place].since_ns))
        finally:
            free(lines)
        found.sort()
        return tuple(found)

    def contact_states(self):
        """The state of each live contact, in order of creation, and how many live offers those that are offered have;
        one pass over all."""
        cdef int32_t slot = self.desk.first
        cdef int32_t offer
        cdef int live
        cdef const Contact* contact
        cdef dict states = {}
        cdef dict offers = {}
        while slot >= 0:
            contact = &self.desk.all[slot]
            states[<str>contact.id] = contact.state
            if contact.state == STATE_OFFERED:
                live = 0
                offer = contact.offers
                while offer >= 0:
                    live += 1
                    offer = self.desk.offers[offer].after
                offers[<str>contact.id] = live
            slot = self.desk.links[slot].later
        return states, offers

    def agent_counts(self):
        """How many agents there are by presence, and how many of them hold contacts; one pass over all."""
        cdef int64_t counts[4]
        cdef int64_t busy[4]
        cdef int32_t slot
        cdef const Agent* agent
        for slot in range(4):
            counts[slot] = busy[slot] = 0
        for slot in range(self.roster.room):
            breathe(self)
            agent = &self.roster.all[slot]
            if agent.ordinal >= 0:
                counts[agent.presence] += 1
                busy[agent.presence] += agent.holds >= 0
        return AgentCounts(
            counts[PRESENCE_OFFLINE], counts[PRESENCE_READY], counts[PRESENCE_AWAY],
            busy[PRESENCE_OFFLINE], busy[PRESENCE_READY], busy[PRESENCE_AWAY])

    # What callers are told

    cdef object _estimate_of(self, const Estimate* found):
        error_ms = -1 if found.square_error < 0 else isqrt(found.square_error)
        return WaitEstimate(found.position, found.expected_ns, WaitPredictor(found.predictor), error_ms)

    def estimate_contact(self, str contact_id not None):
        """Position and expected wait of a live contact in its home queue, or None."""
        cdef int32_t slot = self.desk.find(contact_id)
        cdef Estimate found
        if slot < 0:
            return None
        self.estimate(slot, &found)
        return self._estimate_of(&found)

    def estimate_queue(self, str queue_id not None):
        """Position and expected wait of a contact that would come to the queue now, or None for an unknown one."""
        cdef int32_t slot = self.rules.find_queue(queue_id)
        cdef Estimate found
        if slot < 0:
            return None
        self.estimate_newcomer(slot, &found)
        return self._estimate_of(&found)

    # Explanations

    def explain(self, str contact_id not None="", str agent_id not None=""):
        """Why a contact waits, an agent has none, or this agent does not get that contact; None if one is not there."""
        cdef int32_t contact = -1
        cdef int32_t agent = -1
        if contact_id:
            contact = self.desk.find(contact_id)
            if contact < 0:
                return None
        if agent_id:
            agent = self.roster.find(agent_id)
            if agent < 0:
                return None
        if contact >= 0 and agent >= 0:
            return self._explain_pair(contact, agent)
        if contact >= 0:
            return self._explain_contact(contact)
        return None if agent < 0 else self._explain_agent(agent)

    cdef int _rule_of(self, int32_t slot, int32_t agent) except -1:
        """The first rule of section 3 that fails, as a ServeRule; presence and room are the caller's business."""
        cdef const Contact* contact = &self.desk.all[slot]
        if self.tier_by(slot, 0, agent) < 0 and (contact.second_queue < 0 or self.tier_by(slot, 1, agent) < 0):
            return <int>(ServeRule.SKILLS if self.is_member(slot, 0, agent) else ServeRule.MEMBER)
        if excluded(self.desk, slot, self.roster.all[agent].ordinal):
            return <int>ServeRule.NOT_EXCLUDED
        if contact.extra != NULL and contact.extra.reserved != NULL and \
                self.roster.all[agent].ordinal not in <tuple>contact.extra.reserved:
            return <int>ServeRule.HELD_FOR_PREFERRED
        if contact.extra != NULL and contact.extra.only_preferred and (
                contact.extra.preferred == NULL
                or self.roster.all[agent].ordinal not in <tuple>contact.extra.preferred):
            return <int>ServeRule.NAMED_ONLY
        return <int>ServeRule.NONE_FAILS

    cdef int32_t _would_choose(self, int32_t agent) except -2:
        """The contact that an agent would choose now, or -1."""
        cdef int32_t item
        cdef const Agent* chooser = &self.roster.all[agent]
        if not chooser.room:
            return -1
        item = self.desk.best_for(chooser.klass, chooser.ordinal, chooser.room, self.now_ns // 1000000,
                                  self.rules.tier_first)
        return -1 if item < 0 else item >> 1

    cdef object _explain_pair(self, int32_t slot, int32_t agent):
        cdef const Contact* contact = &self.desk.all[slot]
        cdef int rule = <int>ServeRule.NONE_FAILS
        cdef int32_t offer = contact.offers
        cdef int32_t other, last
        cdef str contact_ahead = ""
        cdef str agent_ahead = ""
        cdef bint has = False
        while offer >= 0:
            has |= self.desk.offers[offer].agent == agent
            offer = self.desk.offers[offer].after
        if not has:
            if not is_available(&self.roster.all[agent]):
                rule = <int>ServeRule.READY
            elif not self.has_room(agent, contact.channel, -1):
                rule = <int>ServeRule.ROOM
            else:
                rule = self._rule_of(slot, agent)
        if rule == <int>ServeRule.NONE_FAILS:
            if contact.offers >= 0 and self.desk.offers[contact.offers].agent != agent:
                agent_ahead = <str>self.roster.all[self.desk.offers[contact.offers].agent].id
            if wants(self, contact):
                other = self._would_choose(agent)
                if other >= 0 and other != slot:
                    contact_ahead = <str>self.desk.all[other].id
        elif rule == <int>ServeRule.ROOM:
            last = self.roster.all[agent].holds
            offer = last
            while offer >= 0:
                if self.desk.offers[offer].id > self.desk.offers[last].id:
                    last = offer
                offer = self.desk.offers[offer].held_after
            if last >= 0:
                contact_ahead = <str>self.desk.all[self.desk.offers[last].contact].id
        return Explanation(ServeRule(rule), contact_ahead, agent_ahead)

    cdef object _explain_contact(self, int32_t slot):
        cdef int32_t agent = self.roster.first
        cdef int able = 0
        cdef int with_room = 0
        while agent >= 0:
            if not self.roster.all[agent].leaving and self._rule_of(slot, agent) == <int>ServeRule.NONE_FAILS:
                able += 1
                if self.roster.all[agent].room >> self.desk.all[slot].channel & 1:
                    with_room += 1
            agent = self.roster.all[agent].later
        return Explanation(agents_able=able, agents_with_room=with_room)

    cdef object _explain_agent(self, int32_t agent):
        cdef int32_t other = self._would_choose(agent)
        rule = ServeRule.NONE_FAILS
        if not is_available(&self.roster.all[agent]):
            rule = ServeRule.READY
        elif not self.roster.all[agent].room:
            rule = ServeRule.ROOM
        return Explanation(rule, "" if other < 0 else <str>self.desk.all[other].id)
