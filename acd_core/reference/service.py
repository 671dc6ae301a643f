"""Who holds which contact: offers come and go, service begins and ends, segments close."""

from acd_core.enums import ContactState, EndCause, EventType, OfferOutcome, TimerKind
from acd_core.fixed_point import key_after_busy, key_under
from acd_core.limits import BROADCAST_MAX
from acd_core.reference.choosing import Choosing
from acd_core.reference.records import Agent, Contact, EndedOffer, Offer
from acd_core.reference.told import SERVED_STATES

TALK_NS_MAX = 2**62

UNSERVED = (ContactState.WAITING, ContactState.OFFERED)
PENDING = (*UNSERVED, ContactState.SCHEDULED)
"""Not with an agent yet."""

TIMERS_OF_PENDING = (
    TimerKind.REATTACH_END,
    TimerKind.PLAN_STEP,
    TimerKind.HOLD_END,
    TimerKind.WINDOW_START,
    TimerKind.WINDOW_END,
)
"""Timers of a contact that mean nothing once an agent serves it."""


class Service(Choosing):
    # What calls for matching

    def touch(self) -> None:
        """A contact was added, returned or widened, or the policy changed."""
        self.touched = True

    def touch_if_wanting(self, contact: Contact) -> None:
        if self.wants(contact):
            self.touch()

    def gain(self, agent: Agent) -> None:
        """The agent released capacity, became ready, had a delay or an exclusion end, or its spec was replaced."""
        self.gained[agent.ordinal] = None

    # Occupancy

    def busy(self, agent: Agent) -> bool:
        return any(contact.state in SERVED_STATES for contact in agent.holding)

    def update_occupancy(self, agent: Agent) -> None:
        """Bring the key up to date, just before the set of contacts that the agent serves changes."""
        if self.busy(agent):
            constant_ms = self.policy.occupancy_time_constant_ms
            agent.occupancy_key = key_after_busy(agent.occupancy_key, agent.occupancy_at_ns, self.now_ns, constant_ms)
        agent.occupancy_at_ns = self.now_ns

    def change_time_constant(self, new_ms: int) -> None:
        """All keys as another time constant has them; the old one is still in force."""
        old_ms = self.policy.occupancy_time_constant_ms
        if old_ms == new_ms:
            return
        for agent in self.agents_by_ordinal.values():
            self.update_occupancy(agent)
            agent.occupancy_key = key_under(agent.occupancy_key, self.now_ns, old_ms, new_ms)

    # Offers

    def put_offer(self, contact: Contact, offer: Offer) -> None:
        if not offer.broadcast:
            offer.agent.last_offer_id = offer.offer_id
        contact.offers.append(offer)
        offer.agent.take(contact)
        self.arm(TimerKind.OFFER_EXPIRY, offer.expires_ns, contact, offer.agent)

    def queue_of_offer(self, contact: Contact, offer: Offer) -> str:
        return contact.second_queue_id if offer.second else contact.queue_id

    def take_offer_back(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        """The agent is free of the contact, which waits again in its old place unless it has other offers."""
        contact.offers.remove(offer)
        if not contact.offers:
            contact.state = ContactState.WAITING
            contact.state_since_ns = self.now_ns
        self.note_ended(contact, offer, outcome, self.queue_of_offer(contact, offer))

    def note_ended(self, contact: Contact, offer: Offer, outcome: OfferOutcome, queue_id: str) -> None:
        agent = offer.agent
        self.disarm(TimerKind.OFFER_EXPIRY, contact, agent)
        ended = EndedOffer(offer.offer_id, agent.ordinal, outcome)
        contact.ended_offers = [*contact.ended_offers, ended][-BROADCAST_MAX:] if offer.broadcast else [ended]
        if offer.broadcast and outcome is not OfferOutcome.RELEASED:
            agent.last_offer_id = max(agent.last_offer_id, offer.offer_id)
        agent.give_back(contact)
        self.gain(agent)
        self.emit(
            EventType.OFFER_ENDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=queue_id,
            offer_id=offer.offer_id,
            cause=outcome,
        )

    def live_offer(self, contact: Contact, offer_id: int) -> Offer | None:
        return next((offer for offer in contact.offers if offer.offer_id == offer_id), None)

    # Service

    def begin(self, contact: Contact, agent: Agent, offer_id: int, *, second: bool) -> list[tuple[Offer, str]]:
        """The contact becomes active with the agent, who holds it already or takes it now.

        Returns the other live offers with their queues, for `release_others` to end.
        """
        others = [(offer, self.queue_of_offer(contact, offer)) for offer in contact.offers if offer.agent is not agent]
        accepted = next((offer for offer in contact.offers if offer.agent is agent), None)
        if accepted is not None:
            self.disarm(TimerKind.OFFER_EXPIRY, contact, agent)
            agent.last_offer_id = max(agent.last_offer_id, accepted.offer_id)
        self.update_occupancy(agent)
        if second:
            contact.queue_id = contact.second_queue_id
        contact.second_queue_id = ""
        contact.offers = []
        contact.agent = agent
        contact.offer_id = offer_id
        contact.state = ContactState.ACTIVE
        contact.state_since_ns = self.now_ns
        contact.accepted_ns = self.now_ns
        contact.reserved_for = []
        if contact not in agent.holding:
            agent.take(contact)
        agent.forget_room()
        agent.misses_in_row = 0
        agent.contacts_begun += 1
        for kind in TIMERS_OF_PENDING:
            self.disarm(kind, contact)
        self.learn_wait(contact, as_predicted=not second)
        return others

    def release_others(self, contact: Contact, others: list[tuple[Offer, str]]) -> None:
        """Somebody else was first: no miss."""
        for offer, queue_id in others:
            self.note_ended(contact, offer, OfferOutcome.RELEASED, queue_id)

    def end_active_state(self, contact: Contact, agent: Agent) -> None:
        """The conversation is over: its time counts, and it is remembered who served the customer."""
        agent.talk_ns = min(agent.talk_ns + self.now_ns - contact.accepted_ns, TALK_NS_MAX)
        self.note_served(contact, agent)

    def note_served(self, contact: Contact, agent: Agent) -> None:
        """Remember who served the customer last."""
        raise NotImplementedError

    # Ends

    def close_segment(self, contact: Contact, cause: EndCause) -> None:
        """The segment is over; its agent, if it has one, is free of it. The contact itself is as it was."""
        agent = contact.agent
        self.closed[cause] += 1
        if agent is not None:
            self.learn_service(contact)
        self.emit(
            EventType.CONTACT_CLOSED,
            contact_id=contact.contact_id,
            agent_id="" if agent is None else agent.spec.agent_id,
            queue_id=contact.queue_id,
            cause=cause,
            wait_ns=self.wait_ns(contact),
            duration_ns=self.now_ns - contact.opened_ns,
        )
        if agent is not None:
            self.end_service(contact, agent)

    def close(self, contact: Contact, cause: EndCause) -> None:
        """The contact ends and is forgotten. Live offers have been taken back before."""
        assert contact.state is not ContactState.OFFERED, "offers end before their contact does"
        for kind in (TimerKind.WRAP_UP_END, *TIMERS_OF_PENDING):
            self.disarm(kind, contact)
        self.drop_exclusions(contact)
        del self.contacts_by_ordinal[contact.ordinal]
        del self.contacts_by_id[contact.contact_id]
        self.close_segment(contact, cause)
        contact.state = ContactState.CLOSED
        contact.state_since_ns = self.now_ns

    def drop_exclusions(self, contact: Contact) -> None:
        """Silently, with their timers."""
        for exclusion in contact.exclusions:
            self.disarm_for(TimerKind.EXCLUSION_END, contact.ordinal, exclusion.agent_ordinal)
        contact.exclusions = []

    def end_service(self, contact: Contact, agent: Agent) -> None:
        """The agent is free of a contact that was active or in wrap-up."""
        self.update_occupancy(agent)
        agent.give_back(contact)
        contact.agent = None
        self.gain(agent)
        if self.signed_on(agent) and not self.busy(agent):
            agent.idle_since_ns = self.now_ns
        if agent.leaving and not agent.holding:
            self.forget_agent(agent)

    def end_unserved(self, contact: Contact, cause: EndCause) -> None:
        """A contact that is not yet served ends; live offers are withdrawn first."""
        for offer in list(contact.offers):
            self.take_offer_back(contact, offer, OfferOutcome.WITHDRAWN)
        self.close(contact, cause)

    def forget_agent(self, agent: Agent) -> None:
        """The record goes, and the agent's own timers with it; exclusions stay."""
        assert not agent.holding, "an agent who holds contacts keeps its record"
        self.disarm(TimerKind.LEASE_END, agent=agent)
        self.disarm(TimerKind.DELAY_END, agent=agent)
        del self.agents_by_ordinal[agent.ordinal]
        del self.agents_by_id[agent.spec.agent_id]
