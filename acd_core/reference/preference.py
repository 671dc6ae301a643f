"""Section 7 of the routing model: preferred agents, the memory of who served whom, and reservations (the hold)."""

from acd_core.enums import EventType, ReservationEnd, TimerKind
from acd_core.limits import CUSTOMERS_REMEMBERED_MAX
from acd_core.reference.records import Agent, Contact, Served
from acd_core.reference.service import UNSERVED, Service
from acd_core.reference.told import NS_IN_MS, SERVED_STATES


class Preference(Service):
    # Who is preferred

    def make_preferred(self, contact: Contact) -> None:
        """The preferred list of a contact as things stand now; each agent once, at its first place."""
        agents = [self.known_agent(agent_id) for agent_id in contact.preferred_agents]
        if not contact.only_preferred and contact.customer_id:
            agents += [self.last_agent(contact.customer_id), self.agent_of_other_contact(contact)]
        contact.preferred = list(dict.fromkeys(agent.ordinal for agent in agents if agent is not None))

    def last_agent(self, customer_id: str) -> Agent | None:
        """Who served the customer last, within the policy's window."""
        window_ns = self.policy.preference.last_agent_window_ms * NS_IN_MS
        served = self.served.get(customer_id)
        if served is None or window_ns == 0 or self.now_ns - served.at_ns > window_ns:
            return None
        return self.unless_leaving(self.agents_by_ordinal.get(served.agent_ordinal))

    def agent_of_other_contact(self, contact: Contact) -> Agent | None:
        """Who has the customer's other live contact, if the policy asks for it."""
        if not self.policy.preference.agent_of_other_contact:
            return None
        for other in self.contacts_by_ordinal.values():
            if (
                other is not contact
                and other.customer_id == contact.customer_id
                and other.state in SERVED_STATES
                and other.consults_ordinal == -1
            ):
                return self.unless_leaving(other.agent)
        return None

    def unless_leaving(self, agent: Agent | None) -> Agent | None:
        return None if agent is None or agent.leaving else agent

    def note_served(self, contact: Contact, agent: Agent) -> None:
        window_ms = self.policy.preference.last_agent_window_ms
        if not window_ms or not contact.customer_id or contact.consults_ordinal != -1:
            return
        self.served.pop(contact.customer_id, None)
        self.served[contact.customer_id] = Served(agent.ordinal, self.now_ns)
        while len(self.served) > CUSTOMERS_REMEMBERED_MAX:
            del self.served[next(iter(self.served))]

    # Reservations

    def hold_ms(self, contact: Contact) -> int:
        """How long a contact is held for preferred agents: its own time, else its queue's, else the policy's."""
        if contact.preferred_hold_ms != -1:
            return contact.preferred_hold_ms
        queue = self.queue_of(contact)
        return self.policy.preference.hold_ms if queue.preferred_hold_ms is None else queue.preferred_hold_ms

    def qualifies(self, agent: Agent, contact: Contact) -> bool:
        """Signed on, and rules 3 to 5 hold; room does not matter."""
        return (
            self.signed_on(agent)
            and not agent.leaving
            and self.rule_5_exclusion(agent, contact)
            and self.able_entry(agent, contact) is not None
        )

    def qualifying(self, contact: Contact, ordinals: list[int]) -> list[int]:
        agents = (self.agents_by_ordinal.get(ordinal) for ordinal in ordinals)
        return [agent.ordinal for agent in agents if agent is not None and self.qualifies(agent, contact)]

    def reserve(self, contact: Contact) -> None:
        """At arrival: hold the contact for the preferred agents who could come free."""
        hold_ms = self.hold_ms(contact)
        if contact.only_preferred or hold_ms == 0:
            return
        contact.reserved_for = self.qualifying(contact, contact.preferred)
        if contact.reserved_for:
            until_ns = self.now_ns + hold_ms * NS_IN_MS
            self.arm(TimerKind.HOLD_END, until_ns, contact)
            self.emit(EventType.CONTACT_RESERVED, contact_id=contact.contact_id, until_ns=until_ns)

    def end_reservation(self, contact: Contact, cause: ReservationEnd) -> None:
        contact.reserved_for = []
        self.disarm(TimerKind.HOLD_END, contact)
        self.emit(EventType.RESERVATION_ENDED, contact_id=contact.contact_id, cause=cause)
        self.touch_if_wanting(contact)

    def drop_reservation(self, contact: Contact) -> None:
        """Without an event: the contact is beyond it."""
        contact.reserved_for = []
        self.disarm(TimerKind.HOLD_END, contact)

    def review_reservations(self) -> None:
        """Before matching: a contact that nobody is left for is held no longer."""
        for contact in self.contacts_by_ordinal.values():
            reserved = contact.state in UNSERVED and bool(contact.reserved_for)
            if reserved and not self.qualifying(contact, contact.reserved_for):
                self.end_reservation(contact, ReservationEnd.NOBODY_LEFT)
