"""What happens to contacts and agents, step by step, with the events that each step calls for.

Written from routing.md and docs/engine.md ("Effects that several commands share").
"""

from acd_core.enums import ContactState, EndCause, EventType, OfferOutcome, Presence, PresenceCause, TimerKind
from acd_core.limits import EXCLUSIONS_PER_CONTACT_MAX
from acd_core.policy import OutcomePolicy
from acd_service.checker.choice import Match, score
from acd_service.checker.cursor import Cursor
from acd_service.checker.timers import Timers
from acd_service.checker.world import Agent, Contact, World

NS_PER_MS = 1_000_000
_SERVED = (ContactState.ACTIVE, ContactState.WRAP_UP)


class Effects:
    """The checker's picture of a tenant and the ways in which it changes."""

    def __init__(self) -> None:
        self.world = World()
        self.timers = Timers()
        self.cursor = Cursor()
        self.now_ns = 0
        self.policy_version = 0
        self.agents_created = 0
        self.contacts_created = 0
        self.offers_made = 0
        self.closed = dict.fromkeys(EndCause, 0)
        self.touched: list[Contact] = []
        """Contacts that were added, came back or had their requirement set while waiting."""
        self.policy_changed = False
        self.gained: dict[int, Agent] = {}
        """Agents with new room or reach, by ordinal."""

    def take(self, kind: EventType, **fields: object) -> None:
        self.cursor.take(kind, self.now_ns, **fields)

    # Contacts

    def put_back(self, contact: Contact) -> None:
        contact.state = ContactState.WAITING
        contact.agent = None
        contact.offer_id = 0
        self.world.enter_waiting(contact)

    def let_go(self, agent: Agent, contact: Contact) -> None:
        """The agent holds the contact no more."""
        del agent.holds[contact.ordinal]
        self.world.refresh(agent)
        self.gained[agent.ordinal] = agent

    def close(self, contact: Contact, cause: EndCause) -> None:
        wait_ns = (contact.accepted_ns or self.now_ns) - contact.arrived_ns
        agent = contact.agent
        self.take(
            EventType.CONTACT_CLOSED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id if agent else "",
            queue_id=contact.queue_id,
            cause=cause,
            wait_ns=wait_ns,
            duration_ns=self.now_ns - contact.arrived_ns,
        )
        for kind in (TimerKind.OFFER_EXPIRY, TimerKind.WRAP_UP_END, TimerKind.REATTACH_END):
            self.timers.disarm((kind, contact.ordinal, -1))
        for agent_ordinal in contact.exclusions:
            self.timers.disarm((TimerKind.EXCLUSION_END, contact.ordinal, agent_ordinal))
        if contact.group is not None:
            self.world.leave_waiting(contact)
        contact.state = ContactState.CLOSED
        self.closed[cause] += 1
        del self.world.contacts[contact.contact_id]
        del self.world.by_ordinal[contact.ordinal]
        if agent is not None:
            self.let_go(agent, contact)
            if agent.presence != Presence.OFFLINE and not agent.held(*_SERVED):
                agent.idle_since_ns = self.now_ns
            self.forget_if_gone(agent)

    def carry_out(self, match: Match) -> None:
        """A match, as called for; the event is the one at hand."""
        contact, agent = match.contact, match.agent
        spec = self.world.queues[contact.queue_id].spec
        self.offers_made += 1
        until_ns = 0 if spec.auto_accept else self.now_ns + spec.offer_timeout_ms * NS_PER_MS
        self.take(
            EventType.CONTACT_ASSIGNED if spec.auto_accept else EventType.OFFER_MADE,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            offer_id=self.offers_made,
            until_ns=until_ns,
            tier=match.tier,
            priority=contact.priority,
            score=score(self.world, contact, self.now_ns),
            wait_ns=self.now_ns - contact.arrived_ns,
            strategy=spec.strategy,
            chosen_by=match.chosen_by,
            policy_version=self.policy_version,
        )
        self.world.leave_waiting(contact)
        contact.agent = agent
        contact.offer_id = self.offers_made
        agent.last_offer_id = self.offers_made
        agent.holds[contact.ordinal] = contact
        if spec.auto_accept:
            self.begin_service(contact, agent)
        else:
            contact.state = ContactState.OFFERED
            self.timers.arm((TimerKind.OFFER_EXPIRY, contact.ordinal, -1), until_ns)
        self.world.refresh(agent)

    def begin_service(self, contact: Contact, agent: Agent) -> None:
        contact.state = ContactState.ACTIVE
        contact.accepted_ns = self.now_ns
        agent.misses_in_row = 0
        self.timers.disarm((TimerKind.OFFER_EXPIRY, contact.ordinal, -1))
        self.timers.disarm((TimerKind.REATTACH_END, contact.ordinal, -1))

    # Offers

    def end_offer(self, contact: Contact, outcome: OfferOutcome) -> None:
        agent = contact.agent
        assert agent is not None
        self.take(
            EventType.OFFER_ENDED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            offer_id=contact.offer_id,
            cause=outcome,
        )
        self.timers.disarm((TimerKind.OFFER_EXPIRY, contact.ordinal, -1))
        self.put_back(contact)
        self.let_go(agent, contact)
        if outcome == OfferOutcome.WITHDRAWN:
            return
        self.touched.append(contact)
        if outcome != OfferOutcome.RELEASED:
            self._punish(contact, agent, outcome)

    def _punish(self, contact: Contact, agent: Agent, outcome: OfferOutcome) -> None:
        outcomes = self.world.policy.offer_outcomes
        policy: OutcomePolicy = {
            OfferOutcome.DECLINED: outcomes.declined,
            OfferOutcome.BUSY: outcomes.busy,
            OfferOutcome.UNREACHABLE: outcomes.unreachable,
            OfferOutcome.MISSED: outcomes.missed,
        }[outcome]
        if policy.exclude_ms:
            self._exclude(contact, agent, self.now_ns + policy.exclude_ms * NS_PER_MS)
        if policy.delay_ms:
            self._delay(agent, self.now_ns + policy.delay_ms * NS_PER_MS)
        if policy.away_after:
            agent.misses_in_row += 1
            if agent.misses_in_row >= policy.away_after and agent.presence == Presence.READY:
                self.change_presence(agent, Presence.AWAY, "not_responding", PresenceCause.NOT_RESPONDING)

    def _exclude(self, contact: Contact, agent: Agent, until_ns: int) -> None:
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
        for contact in agent.held(ContactState.OFFERED):
            self.end_offer(contact, OfferOutcome.RELEASED)

    # Agents

    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: PresenceCause) -> None:
        """Another presence or another reason; the lease is the caller's business but for going offline."""
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

    # Timers

    def fire(self, kind: TimerKind, contact_ordinal: int, agent_ordinal: int) -> None:
        """Carry out a timer that is due; it is disarmed already."""
        contact = self.world.by_ordinal.get(contact_ordinal)
        agent = self.world.agents_by_ordinal.get(agent_ordinal)
        match kind:
            case TimerKind.OFFER_EXPIRY:
                assert contact is not None
                self.end_offer(contact, OfferOutcome.MISSED)
            case TimerKind.WRAP_UP_END:
                assert contact is not None
                self.close(contact, EndCause.HANDLED)
            case TimerKind.REATTACH_END:
                assert contact is not None
                if contact.state == ContactState.OFFERED:
                    self.end_offer(contact, OfferOutcome.WITHDRAWN)
                self.close(contact, EndCause.LOST)
            case TimerKind.LEASE_END:
                assert agent is not None
                self.change_presence(agent, Presence.OFFLINE, "", PresenceCause.LEASE_EXPIRED)
                for active in agent.held(ContactState.ACTIVE):
                    self.take(EventType.CONTACT_UNATTENDED, contact_id=active.contact_id, agent_id=agent.spec.agent_id)
            case TimerKind.DELAY_END:
                assert agent is not None
                self.end_delay(agent)
                self.gained[agent.ordinal] = agent
                self.take(EventType.AGENT_DELAY_ENDED, agent_id=agent.spec.agent_id)
            case TimerKind.EXCLUSION_END:
                assert contact is not None
                del contact.exclusions[agent_ordinal]
                if agent is not None:
                    self.gained[agent.ordinal] = agent
                self.take(
                    EventType.EXCLUSION_ENDED,
                    contact_id=contact.contact_id,
                    agent_id=agent.spec.agent_id if agent else "",
                )
