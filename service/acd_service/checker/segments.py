"""Preferred agents, callbacks and the segments of a contact (docs/engine/preferred.md, callbacks.md); timers."""

from acd_core.enums import (
    ContactState,
    EndCause,
    EventType,
    OfferOutcome,
    Presence,
    PresenceCause,
    ReservationEnd,
    SegmentCause,
    TimerKind,
)
from acd_service.checker.effects import NS_PER_MS
from acd_service.checker.plans import Plans
from acd_service.checker.world import SERVED, Agent, Contact


class Segments(Plans):
    """What goes beyond one wait in one place."""

    # Preferred agents

    def prefer(self, contact: Contact) -> None:
        """Make the preferred list."""
        world = self.world
        preference = world.policy.preference
        found: list[int] = []
        for agent_id in contact.named:
            agent = world.agents.get(agent_id)
            if agent is not None and not agent.leaving:
                found.append(agent.ordinal)
        if not contact.only_preferred and contact.customer_id:
            last = self.served_last.get(contact.customer_id)
            window_ns = preference.last_agent_window_ms * NS_PER_MS
            if window_ns and last is not None and self.now_ns - last[1] <= window_ns:
                agent = world.agents_by_ordinal.get(last[0])
                if agent is not None and not agent.leaving:
                    found.append(agent.ordinal)
            if preference.agent_of_other_contact:
                others = world.by_customer.get(contact.customer_id, {})
                for ordinal in sorted(others):
                    other = others[ordinal]
                    if other is not contact and other.consults_ordinal < 0 and other.state in SERVED:
                        assert other.agent is not None
                        if not other.agent.leaving:
                            found.append(other.agent.ordinal)
                        break
        contact.preferred = list(dict.fromkeys(found))

    def reserve(self, contact: Contact) -> None:
        """At arrival, after its plan was entered."""
        hold_ms = contact.hold_ms
        if hold_ms == -1:
            own_ms = self.world.queues[contact.queue_id].spec.preferred_hold_ms
            hold_ms = self.world.policy.preference.hold_ms if own_ms is None else own_ms
        if contact.state != ContactState.WAITING or contact.only_preferred or not hold_ms:
            return
        able = [ordinal for ordinal in contact.preferred if self._qualifies(ordinal, contact)]
        if able:
            contact.reserved_for = able
            self.world.reserved.add(contact.ordinal)
            until_ns = self.now_ns + hold_ms * NS_PER_MS
            self.timers.arm((TimerKind.HOLD_END, contact.ordinal, -1), until_ns)
            self.take(EventType.CONTACT_RESERVED, contact_id=contact.contact_id, until_ns=until_ns)

    def _qualifies(self, agent_ordinal: int, contact: Contact) -> bool:
        agent = self.world.agents_by_ordinal.get(agent_ordinal)
        return agent is not None and self.world.qualifies(agent, contact)

    def stop_holding(self, contact: Contact, cause: ReservationEnd) -> None:
        self.end_reservation(contact)
        self.take(EventType.RESERVATION_ENDED, contact_id=contact.contact_id, cause=cause)
        self.touch(contact)

    def judge_reservations(self) -> None:
        """Just before each matching."""
        for ordinal in sorted(self.world.reserved):
            contact = self.world.by_ordinal[ordinal]
            if not any(self._qualifies(agent_ordinal, contact) for agent_ordinal in contact.reserved_for):
                self.stop_holding(contact, ReservationEnd.NOBODY_LEFT)

    # Segments

    def open_segment(self, contact: Contact, cause: SegmentCause) -> None:
        self.segments_opened += 1
        contact.opened_ns = self.now_ns
        contact.accepted_ns = 0
        self.forget_prediction(contact)
        self.take(
            EventType.SEGMENT_OPENED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            text=contact.now.requirement,
            priority=contact.now.priority,
            credit_ms=contact.now.credit_ms,
            cause=cause,
            wait_ns=self.now_ns - contact.arrived_ns,
        )

    # Callbacks

    def tell_callback(self, contact: Contact) -> None:
        self.take(
            EventType.CALLBACK_SET,
            contact_id=contact.contact_id,
            text=contact.callback_address,
            until_ns=contact.window_end_ns,
            ordinal=contact.attempts_max - contact.attempts,
        )

    def take_window(self, contact: Contact) -> None:
        start = (TimerKind.WINDOW_START, contact.ordinal, -1)
        end = (TimerKind.WINDOW_END, contact.ordinal, -1)
        if contact.window_end_ns:
            self.timers.arm(end, contact.window_end_ns)
        else:
            self.timers.disarm(end)
        if contact.window_start_ns > self.now_ns:
            self.timers.disarm((TimerKind.PLAN_STEP, contact.ordinal, -1))
            self.end_reservation(contact)
            self.forget_prediction(contact)
            self.change(contact, state=ContactState.SCHEDULED)
            self.timers.arm(start, contact.window_start_ns)
            self.take(EventType.CONTACT_SCHEDULED, contact_id=contact.contact_id, until_ns=contact.window_start_ns)
            return
        self.timers.disarm(start)
        if contact.state == ContactState.SCHEDULED:
            self._comes_due(contact)

    def _comes_due(self, contact: Contact) -> None:
        self.change(contact, state=ContactState.WAITING)
        self.take(EventType.CALLBACK_DUE, contact_id=contact.contact_id, queue_id=contact.queue_id)
        self.touch(contact)
        self.advance(contact, recall=True)

    # Timers

    def fire(self, kind: TimerKind, contact_ordinal: int, agent_ordinal: int) -> None:
        """Carry out a timer that is due; it is disarmed already."""
        if contact_ordinal < 0:
            self._fire_of_agent(kind, agent_ordinal)
            return
        contact = self.world.by_ordinal[contact_ordinal]
        match kind:
            case TimerKind.OFFER_EXPIRY:
                offer = contact.offer_to(self.world.agents_by_ordinal[agent_ordinal])
                assert offer is not None
                self.end_offer(contact, offer, OfferOutcome.MISSED)
            case TimerKind.WRAP_UP_END:
                self.close(contact, EndCause.HANDLED)
            case TimerKind.REATTACH_END:
                self.withdraw_offers(contact)
                self.close(contact, EndCause.LOST)
            case TimerKind.EXCLUSION_END:
                del contact.exclusions[agent_ordinal]
                agent = self.world.agents_by_ordinal.get(agent_ordinal)
                if agent is not None:
                    self.gained[agent.ordinal] = agent
                agent_id = agent.spec.agent_id if agent else ""
                self.take(EventType.EXCLUSION_ENDED, contact_id=contact.contact_id, agent_id=agent_id)
            case TimerKind.PLAN_STEP:
                self.advance(contact)
            case TimerKind.HOLD_END:
                self.stop_holding(contact, ReservationEnd.TIME_OVER)
            case TimerKind.WINDOW_START:
                self._comes_due(contact)
            case TimerKind.WINDOW_END:
                if contact.state in (ContactState.WAITING, ContactState.SCHEDULED):
                    self.close(contact, EndCause.TIMED_OUT)

    def _fire_of_agent(self, kind: TimerKind, agent_ordinal: int) -> None:
        agent = self.world.agents_by_ordinal[agent_ordinal]
        if kind == TimerKind.LEASE_END:
            self.lose(agent, PresenceCause.LEASE_EXPIRED)
        else:
            self.end_delay(agent)
            self.gained[agent.ordinal] = agent
            self.take(EventType.AGENT_DELAY_ENDED, agent_id=agent.spec.agent_id)

    def lose(self, agent: Agent, cause: PresenceCause) -> None:
        """The agent goes offline without having said so; whom it serves is reported."""
        self.change_presence(agent, Presence.OFFLINE, "", cause)
        for active in agent.serves(ContactState.ACTIVE):
            self.take(EventType.CONTACT_UNATTENDED, contact_id=active.contact_id, agent_id=agent.spec.agent_id)
