# cython: language_level=3
"""What may be asked of an engine: pictures of its contacts and agents, counts, the next timer. Asking changes nothing."""

from acd_core.timers cimport first_timer
from acd_core.types cimport *

from acd_core.views import AgentView, ContactView, Counts


cdef class Questions(Administration):
    def next_timer(self):
        """When the earliest timer is due, in nanoseconds since the Unix epoch, or None."""
        cdef int32_t timer = first_timer(self.timers)
        return None if timer < 0 else self.timers.all[timer].due_ns

    @property
    def policy(self):
        """The policy in force."""
        return self.rules.policy

    @property
    def policy_version(self):
        """How many policies have been applied."""
        return self.rules.version

    cdef object _contact_view(self, int32_t slot):
        cdef Contact* contact = &self.desk.all[slot]
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
            agent_id=<str>self.roster.all[contact.agent].id if contact.agent >= 0 else "",
            offer_id=contact.offer_id,
            offer_expires_ns=contact.offer_expires_ns,
            accepted_ns=contact.accepted_ns,
            held=bool(contact.held),
            attached=bool(contact.attached),
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
            slot = self.desk.all[slot].later
        return iter(views)

    def agents(self):
        """The agents in order of creation, as they stood when this was called."""
        cdef int32_t slot = self.roster.first
        cdef list views = []
        while slot >= 0:
            views.append(self._agent_view(slot))
            slot = self.roster.all[slot].later
        return iter(views)

    def waiting_in(self, str queue_id not None):
        """How many contacts wait in a queue; 0 for an unknown one."""
        cdef int32_t slot = self.rules.find_queue(queue_id)
        return 0 if slot < 0 else self.rules.queues[slot].waiting

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
            opened=self.contacts_created,
            closed=tuple([self.closed[cause] for cause in range(END_HANDLED, END_LOST + 1)]),
        )
