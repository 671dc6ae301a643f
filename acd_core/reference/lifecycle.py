"""Section 10 of the routing model: what happens to contacts and agents, whichever command or timer brings it about.

Each method is one paragraph of docs/engine.md, "Effects that several commands share" and "Timers".
"""

from acd_core.enums import ContactState, EventType, OfferOutcome, Presence, PresenceCause, TimerKind
from acd_core.limits import EXCLUSIONS_PER_CONTACT_MAX
from acd_core.policy import OutcomePolicy
from acd_core.reference.matching import Matching
from acd_core.reference.records import Agent, Contact, Exclusion, Offer
from acd_core.reference.told import NS_IN_MS

NOT_RESPONDING = "not_responding"
"""The reason of an agent who missed too many offers in a row."""


class Lifecycle(Matching):
    # Offers

    def end_offer(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        """A live offer ends without having been accepted; what its outcome's policy asks for follows."""
        self.take_offer_back(contact, offer, outcome)
        self.touch_if_wanting(contact)
        self.follow_outcome(contact, offer.agent, outcome)
        if contact.state is ContactState.WAITING:
            self.waits_again(contact)

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
            for offer in list(contact.offers):
                if offer.agent is agent:
                    self.end_offer(contact, offer, OfferOutcome.RELEASED)

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
        if not self.signed_on(agent):
            agent.contacts_begun = 0
            agent.talk_ns = 0
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

    # Timers

    def end_lease(self, agent: Agent) -> None:
        """Nothing was heard of the agent."""
        self.lose(agent, PresenceCause.LEASE_EXPIRED)

    def lose(self, agent: Agent, cause: PresenceCause) -> None:
        """The agent goes offline without having said so; whom it serves is reported."""
        self.go_offline(agent, cause)
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
