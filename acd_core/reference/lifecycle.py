"""Section 10 of the routing model: what happens to contacts and agents, whichever command or timer brings it about.

Each method is one paragraph of docs/engine.md, "Effects that several commands share" and "Timers".
"""

from acd_core.enums import ContactState, EndCause, EventType, OfferOutcome, Presence, PresenceCause, TimerKind
from acd_core.limits import EXCLUSIONS_PER_CONTACT_MAX
from acd_core.policy import OutcomePolicy
from acd_core.reference.matching import NS_IN_MS, Matching
from acd_core.reference.records import Agent, Contact, Exclusion, Timer

NOT_RESPONDING = "not_responding"
"""The reason of an agent who missed too many offers in a row."""


class Lifecycle(Matching):
    # Offers

    def end_offer(self, contact: Contact, outcome: OfferOutcome) -> None:
        """A live offer ends without having been accepted; what its outcome's policy asks for follows."""
        agent = self.take_offer_back(contact, outcome)
        self.touch()
        self.follow_outcome(contact, agent, outcome)

    def take_offer_back(self, contact: Contact, outcome: OfferOutcome) -> Agent:
        """The contact waits again in its old place, and its agent is free of it. Returns the agent."""
        agent = contact.agent
        assert contact.state is ContactState.OFFERED, "only a live offer ends"
        assert agent is not None, "an offered contact has an agent"
        self.disarm(TimerKind.OFFER_EXPIRY, contact)
        offer_id = contact.offer_id
        contact.last_offer_id = offer_id
        contact.last_offer_agent_ordinal = agent.ordinal
        contact.last_offer_outcome = outcome
        contact.agent = None
        contact.offer_id = 0
        contact.offer_expires_ns = 0
        contact.state = ContactState.WAITING
        contact.state_since_ns = self.now_ns
        agent.give_back(contact)
        self.gain(agent)
        self.emit(
            EventType.OFFER_ENDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            offer_id=offer_id,
            cause=outcome,
        )
        return agent

    def outcome_policy(self, outcome: OfferOutcome) -> OutcomePolicy | None:
        """What follows an outcome; None for those that are nobody's fault."""
        outcomes = self.policy.offer_outcomes
        match outcome:
            case OfferOutcome.DECLINED:
                return outcomes.declined
            case OfferOutcome.BUSY:
                return outcomes.busy
            case OfferOutcome.UNREACHABLE:
                return outcomes.unreachable
            case OfferOutcome.MISSED:
                return outcomes.missed
            case _:
                return None

    def follow_outcome(self, contact: Contact, agent: Agent, outcome: OfferOutcome) -> None:
        policy = self.outcome_policy(outcome)
        if policy is None:
            return
        if policy.exclude_ms > 0:
            self.exclude(contact, agent, policy.exclude_ms)
        if policy.delay_ms > 0:
            self.delay(agent, policy.delay_ms)
        if policy.away_after > 0:
            self.count_miss(agent, policy.away_after)

    def exclude(self, contact: Contact, agent: Agent, exclude_ms: int) -> None:
        """The contact is not offered to the agent for a time."""
        until_ns = self.now_ns + exclude_ms * NS_IN_MS
        others = [exclusion for exclusion in contact.exclusions if exclusion.agent_ordinal != agent.ordinal]
        if len(others) >= EXCLUSIONS_PER_CONTACT_MAX:
            oldest = others.pop(0)
            self.disarm_for(TimerKind.EXCLUSION_END, contact.ordinal, oldest.agent_ordinal)
        contact.exclusions = [*others, Exclusion(agent.ordinal, until_ns)]
        self.arm(TimerKind.EXCLUSION_END, until_ns, contact, agent)
        self.emit(
            EventType.AGENT_EXCLUDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            until_ns=until_ns,
        )

    def delay(self, agent: Agent, delay_ms: int) -> None:
        """The agent gets no contact for a time; a longer delay that runs already stays."""
        until_ns = self.now_ns + delay_ms * NS_IN_MS
        if until_ns > agent.delayed_until_ns:
            agent.delayed_until_ns = until_ns
            self.arm(TimerKind.DELAY_END, until_ns, agent=agent)
        self.emit(EventType.AGENT_DELAYED, agent_id=agent.spec.agent_id, until_ns=agent.delayed_until_ns)

    def count_miss(self, agent: Agent, away_after: int) -> None:
        """One more failed offer in a row; at `away_after` of them the agent goes away, its lease running on."""
        agent.misses_in_row += 1
        if agent.misses_in_row < away_after or agent.presence is not Presence.READY:
            return
        agent.presence = Presence.AWAY
        agent.reason = NOT_RESPONDING
        self.emit_presence(agent, PresenceCause.NOT_RESPONDING)
        self.release_offers(agent)

    def release_offers(self, agent: Agent) -> None:
        """All offers to the agent go back, by no fault of its own."""
        for contact in agent.held_in(ContactState.OFFERED):
            self.end_offer(contact, OfferOutcome.RELEASED)

    # Presence

    def emit_presence(self, agent: Agent, cause: PresenceCause) -> None:
        lease = self.armed.get((TimerKind.LEASE_END, -1, agent.ordinal))
        self.emit(
            EventType.PRESENCE_CHANGED,
            agent_id=agent.spec.agent_id,
            presence=agent.presence,
            text=agent.reason,
            cause=cause,
            until_ns=0 if lease is None else lease.due_ns,
        )

    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: PresenceCause) -> None:
        """Presence or reason become others than they were. `agent.lease_ms` is already what it is to be."""
        if not self.signed_on(agent) or (presence is Presence.READY and agent.presence is not Presence.READY):
            agent.misses_in_row = 0
        agent.presence = presence
        agent.reason = reason
        if presence is Presence.READY:
            self.gain(agent)
            if agent.idle_since_ns == 0:
                agent.idle_since_ns = self.now_ns
        if presence is Presence.OFFLINE:
            agent.idle_since_ns = 0
            agent.delayed_until_ns = 0
            self.disarm(TimerKind.DELAY_END, agent=agent)
        self.renew_lease(agent)
        self.emit_presence(agent, cause)
        if presence is not Presence.READY:
            self.release_offers(agent)

    def renew_lease(self, agent: Agent) -> None:
        """The lease starts anew, or there is none."""
        if agent.lease_ms > 0:
            self.arm(TimerKind.LEASE_END, self.now_ns + agent.lease_ms * NS_IN_MS, agent=agent)
        else:
            self.disarm(TimerKind.LEASE_END, agent=agent)

    def go_offline(self, agent: Agent, cause: PresenceCause) -> None:
        agent.lease_ms = 0
        self.change_presence(agent, Presence.OFFLINE, "", cause)

    # Ends

    def close(self, contact: Contact, cause: EndCause) -> None:
        """The contact ends and is forgotten. A live offer has been taken back before."""
        assert contact.state in (ContactState.WAITING, ContactState.ACTIVE, ContactState.WRAP_UP)
        agent = contact.agent
        for kind in (TimerKind.WRAP_UP_END, TimerKind.REATTACH_END):
            self.disarm(kind, contact)
        for exclusion in contact.exclusions:
            self.disarm_for(TimerKind.EXCLUSION_END, contact.ordinal, exclusion.agent_ordinal)
        contact.state = ContactState.CLOSED
        contact.state_since_ns = self.now_ns
        del self.contacts_by_ordinal[contact.ordinal]
        del self.contacts_by_id[contact.contact_id]
        self.closed[cause] += 1
        self.emit(
            EventType.CONTACT_CLOSED,
            contact_id=contact.contact_id,
            agent_id="" if agent is None else agent.spec.agent_id,
            queue_id=contact.queue_id,
            cause=cause,
            wait_ns=self.wait_ns(contact),
            duration_ns=self.now_ns - contact.arrived_ns,
        )
        if agent is not None:
            self.end_service(contact, agent)

    def end_service(self, contact: Contact, agent: Agent) -> None:
        """The agent is free of a contact that was active or in wrap-up."""
        agent.give_back(contact)
        self.gain(agent)
        if self.signed_on(agent) and not agent.held_in(ContactState.ACTIVE, ContactState.WRAP_UP):
            agent.idle_since_ns = self.now_ns
        if agent.leaving and not agent.holding:
            self.forget_agent(agent)

    def end_unserved(self, contact: Contact, cause: EndCause) -> None:
        """A waiting or offered contact ends; a live offer is withdrawn first."""
        if contact.state is ContactState.OFFERED:
            self.take_offer_back(contact, OfferOutcome.WITHDRAWN)
        self.close(contact, cause)

    def forget_agent(self, agent: Agent) -> None:
        """The record goes, and the agent's own timers with it; exclusions stay."""
        assert not agent.holding, "an agent who holds contacts keeps its record"
        self.disarm(TimerKind.LEASE_END, agent=agent)
        self.disarm(TimerKind.DELAY_END, agent=agent)
        del self.agents_by_ordinal[agent.ordinal]
        del self.agents_by_id[agent.spec.agent_id]

    # Timers

    def fire(self, timer: Timer) -> None:
        """Carry out a timer; it is no longer armed."""
        match timer.kind:
            case TimerKind.OFFER_EXPIRY:
                self.end_offer(self.contacts_by_ordinal[timer.contact_ordinal], OfferOutcome.MISSED)
            case TimerKind.WRAP_UP_END:
                self.close(self.contacts_by_ordinal[timer.contact_ordinal], EndCause.HANDLED)
            case TimerKind.LEASE_END:
                self.end_lease(self.agents_by_ordinal[timer.agent_ordinal])
            case TimerKind.DELAY_END:
                self.end_delay(self.agents_by_ordinal[timer.agent_ordinal])
            case TimerKind.EXCLUSION_END:
                self.end_exclusion(self.contacts_by_ordinal[timer.contact_ordinal], timer.agent_ordinal)
            case TimerKind.REATTACH_END:
                self.end_unserved(self.contacts_by_ordinal[timer.contact_ordinal], EndCause.LOST)

    def end_lease(self, agent: Agent) -> None:
        """Nothing was heard of the agent: it goes offline, and whom it serves is reported."""
        self.go_offline(agent, PresenceCause.LEASE_EXPIRED)
        for contact in agent.held_in(ContactState.ACTIVE):
            self.emit(EventType.CONTACT_UNATTENDED, contact_id=contact.contact_id, agent_id=agent.spec.agent_id)

    def end_delay(self, agent: Agent) -> None:
        agent.delayed_until_ns = 0
        self.emit(EventType.AGENT_DELAY_ENDED, agent_id=agent.spec.agent_id)
        self.gain(agent)

    def end_exclusion(self, contact: Contact, agent_ordinal: int) -> None:
        contact.exclusions = [e for e in contact.exclusions if e.agent_ordinal != agent_ordinal]
        agent = self.agents_by_ordinal.get(agent_ordinal)
        self.emit(
            EventType.EXCLUSION_ENDED,
            contact_id=contact.contact_id,
            agent_id="" if agent is None else agent.spec.agent_id,
        )
        if agent is not None:
            self.gain(agent)
