"""What happens to contacts and agents, step by step, with the events that each step calls for.

Written from routing.md and docs/engine.md ("Effects that several commands share").
"""

from acd_core.enums import (
    ContactState,
    EndCause,
    EventType,
    MatchCause,
    OfferOutcome,
    Presence,
    PresenceCause,
    TimerKind,
)
from acd_core.limits import CUSTOMERS_REMEMBERED_MAX, EXCLUSIONS_PER_CONTACT_MAX
from acd_core.policy import OutcomePolicy
from acd_service.checker.choice import Match, score
from acd_service.checker.cursor import Cursor
from acd_service.checker.occupancy import after_busy
from acd_service.checker.timers import Timers
from acd_service.checker.told import NONE, Told
from acd_service.checker.world import SERVED, Agent, Contact, Offer, World

NS_PER_MS = 1_000_000
_TALK_NS_MAX = 1 << 62
_WAITING_KINDS = (TimerKind.PLAN_STEP, TimerKind.HOLD_END)
_CALLBACK_KINDS = (TimerKind.WINDOW_START, TimerKind.WINDOW_END)


class Effects:
    """The checker's picture of a tenant and the ways in which it changes."""

    def __init__(self) -> None:
        self.world = World()
        self.timers = Timers()
        self.cursor = Cursor()
        self.told = Told()
        self.now_ns = 0
        self.policy_version = 0
        self.agents_created = 0
        self.contacts_created = 0
        self.segments_opened = 0
        self.offers_made = 0
        self.closed = dict.fromkeys(EndCause, 0)
        self.touched: list[Contact] = []
        """Contacts that were added, came back, moved or were widened."""
        self.policy_changed = False
        self.gained: dict[int, Agent] = {}
        """Agents with new room or reach, by ordinal."""
        self.served_last: dict[str, tuple[int, int]] = {}
        """Customer -> ordinal of the agent who served it last, and when; oldest first."""

    def take(self, kind: EventType, **fields: object) -> None:
        self.cursor.take(kind, self.now_ns, **fields)

    def wait_again(self, contact: Contact) -> None:
        """What follows when an ended offer has made a contact wait again."""
        raise NotImplementedError

    def touch(self, contact: Contact) -> None:
        if self.world.wants(contact):
            self.touched.append(contact)

    # Contacts

    def add_contact(self, contact: Contact) -> None:
        world = self.world
        world.contacts[contact.contact_id] = contact
        world.by_ordinal[contact.ordinal] = contact
        if contact.customer_id:
            world.by_customer.setdefault(contact.customer_id, {})[contact.ordinal] = contact
        if contact.consults_ordinal >= 0:
            world.consultations.setdefault(contact.consults_ordinal, {})[contact.ordinal] = contact
        world.enter(contact)

    def _forget_contact(self, contact: Contact) -> None:
        world = self.world
        del world.contacts[contact.contact_id]
        del world.by_ordinal[contact.ordinal]
        world.by_customer.get(contact.customer_id, {}).pop(contact.ordinal, None)
        world.consultations.get(contact.consults_ordinal, {}).pop(contact.ordinal, None)
        world.consultations.pop(contact.ordinal, None)

    def end_reservation(self, contact: Contact) -> None:
        """Without an event."""
        contact.reserved_for = []
        self.world.reserved.discard(contact.ordinal)
        self.timers.disarm((TimerKind.HOLD_END, contact.ordinal, -1))

    def forget_prediction(self, contact: Contact) -> None:
        contact.predicted_at_ns = 0
        contact.predicted = (NONE, NONE)

    def end_exclusions(self, contact: Contact) -> None:
        """Without an event."""
        for agent_ordinal in contact.exclusions:
            self.timers.disarm((TimerKind.EXCLUSION_END, contact.ordinal, agent_ordinal))
        contact.exclusions.clear()

    def let_go(self, agent: Agent, contact: Contact) -> None:
        """The agent holds the contact no more."""
        del agent.holds[contact.ordinal]
        self.world.refresh(agent)
        self.gained[agent.ordinal] = agent

    def end_segment(self, contact: Contact, cause: EndCause) -> None:
        """The segment ends; whoever served it is free of it. Live offers have ended before."""
        agent = contact.agent
        self.take(
            EventType.CONTACT_CLOSED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id if agent else "",
            queue_id=contact.queue_id,
            cause=cause,
            wait_ns=(contact.accepted_ns or self.now_ns) - contact.opened_ns,
            duration_ns=self.now_ns - contact.opened_ns,
        )
        self.closed[cause] += 1
        if agent is not None:
            self.bring_occupancy_up_to_date(agent)
            self.told.ends(contact, self.now_ns)
            contact.agent = None
            self.let_go(agent, contact)
            if agent.presence != Presence.OFFLINE and not agent.serves(*SERVED):
                agent.idle_since_ns = self.now_ns
            self.forget_if_gone(agent)

    def close(self, contact: Contact, cause: EndCause) -> None:
        self.end_segment(contact, cause)
        for kind in (*_WAITING_KINDS, *_CALLBACK_KINDS, TimerKind.WRAP_UP_END, TimerKind.REATTACH_END):
            self.timers.disarm((kind, contact.ordinal, -1))
        self.end_exclusions(contact)
        self.end_reservation(contact)
        self.world.leave(contact)
        contact.state = ContactState.CLOSED
        self._forget_contact(contact)

    def end_active_state(self, contact: Contact, until_ns: int) -> None:
        """The conversation is over; wrap-up or the end of the segment follows."""
        agent = contact.agent
        assert agent is not None
        self.cancel_consultations(contact)
        agent.talk_ns = min(agent.talk_ns + self.now_ns - contact.accepted_ns, _TALK_NS_MAX)
        if contact.customer_id and contact.consults_ordinal < 0 and self.world.policy.preference.last_agent_window_ms:
            self.served_last.pop(contact.customer_id, None)
            self.served_last[contact.customer_id] = (agent.ordinal, self.now_ns)
            if len(self.served_last) > CUSTOMERS_REMEMBERED_MAX:
                del self.served_last[next(iter(self.served_last))]
        self.take(
            EventType.CONTACT_COMPLETED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            until_ns=until_ns,
            duration_ns=self.now_ns - contact.accepted_ns,
        )
        contact.held = False

    def cancel_consultations(self, contact: Contact) -> None:
        linked = self.world.consultations.get(contact.ordinal, {})
        for ordinal in sorted(linked):
            consultation = linked[ordinal]
            if consultation.state not in SERVED:
                self.withdraw_offers(consultation)
                self.close(consultation, EndCause.CANCELLED)

    # Matches

    def carry_out(self, match: Match) -> None:
        """A match, as called for; the event is the one at hand."""
        contact, agent = match.contact, match.agent
        queue_id = contact.second_id if match.second else contact.queue_id
        spec = self.world.queues[queue_id].spec
        at_once = spec.auto_accept or match.at_once
        self.offers_made += 1
        until_ns = 0 if at_once else self.now_ns + spec.offer_timeout_ms * NS_PER_MS
        self.take(
            EventType.CONTACT_ASSIGNED if at_once else EventType.OFFER_MADE,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=queue_id,
            offer_id=self.offers_made,
            until_ns=until_ns,
            tier=match.tier,
            priority=contact.now.priority,
            score=score(self.world, contact, queue_id, self.now_ns),
            wait_ns=self.now_ns - contact.opened_ns,
            strategy=spec.strategy,
            chosen_by=match.chosen_by,
            policy_version=self.policy_version,
            step=len(contact.steps_taken),
            cause=match.cause,
            text=match.asked_by,
        )
        broadcast = self.world.is_broadcast(contact) and match.cause in (MatchCause.TURN, MatchCause.PREFERRED)
        if at_once or not broadcast:
            agent.last_offer_id = self.offers_made
        offer = Offer(self.offers_made, agent, match.second, broadcast)
        if at_once:
            self.begin_service(contact, offer)
            return
        self.world.leave(contact)
        contact.state = ContactState.OFFERED
        contact.offers[offer.offer_id] = offer
        self.world.enter(contact)
        agent.holds[contact.ordinal] = contact
        self.world.refresh(agent)
        self.timers.arm((TimerKind.OFFER_EXPIRY, contact.ordinal, agent.ordinal), until_ns)

    def begin_service(self, contact: Contact, offer: Offer) -> None:
        """The contact becomes active with the agent of an offer; its other offers are released."""
        agent = offer.agent
        self.bring_occupancy_up_to_date(agent)
        agent.contacts_begun += 1
        agent.misses_in_row = 0
        agent.last_offer_id = max(agent.last_offer_id, offer.offer_id)
        self.world.leave(contact)
        queue_of_offer = {other.offer_id: self._queue_of(contact, other) for other in contact.offers.values()}
        if offer.second:
            contact.queue_id = contact.second_id
            self.forget_prediction(contact)
        contact.second_id = ""
        contact.state = ContactState.ACTIVE
        contact.agent = agent
        contact.accepted_ns = self.now_ns
        contact.offers.pop(offer.offer_id, None)
        agent.holds[contact.ordinal] = contact
        self.world.refresh(agent)
        self.told.begins(contact, self.now_ns)
        self.timers.disarm((TimerKind.OFFER_EXPIRY, contact.ordinal, agent.ordinal))
        for kind in (*_WAITING_KINDS, *_CALLBACK_KINDS, TimerKind.REATTACH_END):
            self.timers.disarm((kind, contact.ordinal, -1))
        self.end_reservation(contact)
        for other in [contact.offers[offer_id] for offer_id in sorted(contact.offers)]:
            self._offer_over(contact, other, OfferOutcome.RELEASED, queue_of_offer[other.offer_id])

    def bring_occupancy_up_to_date(self, agent: Agent) -> None:
        """Just before each change of the contacts that it serves."""
        if agent.serves(*SERVED):
            constant_ms = self.world.policy.occupancy_time_constant_ms
            agent.occupancy_key = after_busy(agent.occupancy_key, agent.occupancy_at_ns, self.now_ns, constant_ms)
        agent.occupancy_at_ns = self.now_ns

    # Offers

    def _queue_of(self, contact: Contact, offer: Offer) -> str:
        """The queue of the entry that an offer was made for, while the contact still has its entries."""
        return contact.second_id if offer.second and contact.second_id else contact.queue_id

    def _offer_over(self, contact: Contact, offer: Offer, outcome: OfferOutcome, queue_id: str = "") -> None:
        """The event of an offer that ends unaccepted, and that its agent is free of it."""
        agent = offer.agent
        self.take(
            EventType.OFFER_ENDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=queue_id or self._queue_of(contact, offer),
            offer_id=offer.offer_id,
            cause=outcome,
        )
        if outcome != OfferOutcome.RELEASED:
            agent.last_offer_id = max(agent.last_offer_id, offer.offer_id)
        self.timers.disarm((TimerKind.OFFER_EXPIRY, contact.ordinal, agent.ordinal))
        self.world.leave(contact)
        del contact.offers[offer.offer_id]
        if contact.state == ContactState.OFFERED and not contact.offers:
            contact.state = ContactState.WAITING
        self.world.enter(contact)
        self.let_go(agent, contact)

    def end_offer(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        self._offer_over(contact, offer, outcome)
        self.touch(contact)
        if outcome != OfferOutcome.RELEASED:
            self._punish(contact, offer.agent, outcome)
        if contact.state == ContactState.WAITING:
            self.wait_again(contact)

    def withdraw_offers(self, contact: Contact) -> None:
        for offer in [contact.offers[offer_id] for offer_id in sorted(contact.offers)]:
            self._offer_over(contact, offer, OfferOutcome.WITHDRAWN)

    def _punish(self, contact: Contact, agent: Agent, outcome: OfferOutcome) -> None:
        outcomes = self.world.policy.offer_outcomes
        policy: OutcomePolicy = {
            OfferOutcome.DECLINED: outcomes.declined,
            OfferOutcome.BUSY: outcomes.busy,
            OfferOutcome.UNREACHABLE: outcomes.unreachable,
            OfferOutcome.MISSED: outcomes.missed,
        }[outcome]
        if policy.exclude_ms:
            self.exclude(contact, agent, self.now_ns + policy.exclude_ms * NS_PER_MS)
        if policy.delay_ms:
            self._delay(agent, self.now_ns + policy.delay_ms * NS_PER_MS)
        if policy.away_after:
            agent.misses_in_row += 1
            if agent.misses_in_row >= policy.away_after and agent.presence == Presence.READY:
                self.change_presence(agent, Presence.AWAY, "not_responding", PresenceCause.NOT_RESPONDING)

    def exclude(self, contact: Contact, agent: Agent, until_ns: int) -> None:
        contact.exclusions.pop(agent.ordinal, None)
        while len(contact.exclusions) >= EXCLUSIONS_PER_CONTACT_MAX:
            oldest = next(iter(contact.exclusions))
            del contact.exclusions[oldest]
            self.timers.disarm((TimerKind.EXCLUSION_END, contact.ordinal, oldest))
        contact.exclusions[agent.ordinal] = until_ns
        self.timers.arm((TimerKind.EXCLUSION_END, contact.ordinal, agent.ordinal), until_ns)
        self.take(
            EventType.AGENT_EXCLUDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            until_ns=until_ns,
        )

    def _delay(self, agent: Agent, until_ns: int) -> None:
        if until_ns > agent.delayed_until_ns:
            agent.delayed_until_ns = until_ns
            self.timers.arm((TimerKind.DELAY_END, -1, agent.ordinal), until_ns)
        agent.delayed = True
        self.world.refresh(agent)
        self.take(EventType.AGENT_DELAYED, agent_id=agent.spec.agent_id, until_ns=agent.delayed_until_ns)

    def release_offers(self, agent: Agent) -> None:
        for contact in agent.offered():
            offer = contact.offer_to(agent)
            if offer is not None:
                self.end_offer(contact, offer, OfferOutcome.RELEASED)

    # Agents

    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: PresenceCause) -> None:
        """Another presence or another reason; the lease is the caller's business but for going offline."""
        if agent.presence == Presence.OFFLINE:
            agent.contacts_begun = 0
            agent.talk_ns = 0
        if agent.presence == Presence.OFFLINE or (presence == Presence.READY and agent.presence != Presence.READY):
            agent.misses_in_row = 0
        if presence == Presence.READY and agent.presence != Presence.READY:
            self.gained[agent.ordinal] = agent
        agent.presence = presence
        agent.reason = reason
        if presence == Presence.READY and not agent.idle_since_ns:
            agent.idle_since_ns = self.now_ns
        if presence == Presence.OFFLINE:
            agent.idle_since_ns = 0
            agent.lease_ms = 0
            self.end_delay(agent)
            self.timers.disarm((TimerKind.LEASE_END, -1, agent.ordinal))
        self.world.refresh(agent)
        self.take(
            EventType.PRESENCE_CHANGED,
            agent_id=agent.spec.agent_id,
            presence=presence,
            text=reason,
            cause=cause,
            until_ns=self.timers.due_ns((TimerKind.LEASE_END, -1, agent.ordinal)),
        )
        if presence != Presence.READY:
            self.release_offers(agent)

    def start_lease(self, agent: Agent) -> None:
        key = (TimerKind.LEASE_END, -1, agent.ordinal)
        if agent.lease_ms:
            self.timers.arm(key, self.now_ns + agent.lease_ms * NS_PER_MS)
        else:
            self.timers.disarm(key)

    def end_delay(self, agent: Agent) -> None:
        agent.delayed = False
        agent.delayed_until_ns = 0
        self.timers.disarm((TimerKind.DELAY_END, -1, agent.ordinal))
        self.world.refresh(agent)

    def forget_if_gone(self, agent: Agent) -> None:
        """A removed agent's record goes with the last contact that it holds."""
        if agent.leaving and not agent.holds:
            for kind in (TimerKind.LEASE_END, TimerKind.DELAY_END):
                self.timers.disarm((kind, -1, agent.ordinal))
            self.world.forget_agent(agent)
