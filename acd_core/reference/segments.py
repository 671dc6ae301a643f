"""Sections 10 and 11 of the routing model: callbacks, transfers, consultations; and what each timer does."""

from acd_core.enums import (
    ChosenBy,
    ContactState,
    EndCause,
    EventType,
    MatchCause,
    OfferOutcome,
    ReservationEnd,
    SegmentCause,
    TimerKind,
)
from acd_core.reference.lifecycle import Lifecycle
from acd_core.reference.records import Agent, Contact, Timer
from acd_core.reference.service import PENDING
from acd_core.reference.told import NS_IN_MS


class Segments(Lifecycle):
    def open_segment(self, contact: Contact, cause: SegmentCause) -> None:
        """The next segment of a contact whose last one has been closed."""
        contact.opened_ns = self.now_ns
        self.segments_opened += 1
        self.forget_prediction(contact)
        self.emit(
            EventType.SEGMENT_OPENED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            text=contact.requirement_now,
            priority=contact.priority_now,
            credit_ms=contact.credit_now_ms,
            cause=cause,
            wait_ns=self.now_ns - contact.arrived_ns,
        )

    def leave_agent(self, contact: Contact, cause: EndCause) -> None:
        """The segment ends while the contact is active; it waits, with nobody."""
        self.close_segment(contact, cause)
        contact.state = ContactState.WAITING
        contact.state_since_ns = self.now_ns
        contact.offer_id = 0
        contact.accepted_ns = 0
        contact.held = False

    # Callbacks

    def become_callback(self, contact: Contact) -> None:
        """The line is freed, the place kept: a segment of its own."""
        self.close_segment(contact, EndCause.MOVED_TO_CALLBACK)
        contact.attached = False
        self.disarm(TimerKind.REATTACH_END, contact)
        self.open_segment(contact, SegmentCause.CALLBACK)

    def set_callback(
        self, contact: Contact, address: str, window_start_ns: int, window_end_ns: int, attempts_max: int
    ) -> None:
        contact.callback_address = address
        contact.window_start_ns = window_start_ns
        contact.window_end_ns = window_end_ns
        contact.attempts_max = attempts_max or self.policy.callback.attempts_max
        contact.attempts = 0
        self.emit_callback(contact)

    def emit_callback(self, contact: Contact) -> None:
        self.emit(
            EventType.CALLBACK_SET,
            contact_id=contact.contact_id,
            text=contact.callback_address,
            until_ns=contact.window_end_ns,
            ordinal=contact.attempts_max - contact.attempts,
        )

    def take_window(self, contact: Contact) -> None:
        """In its place while the window is open, scheduled before."""
        if contact.window_end_ns:
            self.arm(TimerKind.WINDOW_END, contact.window_end_ns, contact)
        else:
            self.disarm(TimerKind.WINDOW_END, contact)
        if contact.window_start_ns > self.now_ns:
            self.schedule(contact)
        else:
            self.disarm(TimerKind.WINDOW_START, contact)
            if contact.state is ContactState.SCHEDULED:
                self.come_due(contact)

    def schedule(self, contact: Contact) -> None:
        if contact.state is ContactState.WAITING:
            self.disarm(TimerKind.PLAN_STEP, contact)
            self.drop_reservation(contact)
            self.forget_prediction(contact)
            contact.state = ContactState.SCHEDULED
            contact.state_since_ns = self.now_ns
        self.arm(TimerKind.WINDOW_START, contact.window_start_ns, contact)
        self.emit(EventType.CONTACT_SCHEDULED, contact_id=contact.contact_id, until_ns=contact.window_start_ns)

    def come_due(self, contact: Contact) -> None:
        contact.state = ContactState.WAITING
        contact.state_since_ns = self.now_ns
        self.emit(EventType.CALLBACK_DUE, contact_id=contact.contact_id, queue_id=contact.queue_id)
        self.touch()
        self.advance(contact, recall=True)

    def may_try_again(self, contact: Contact) -> bool:
        """After an attempt that was counted already."""
        next_ns = self.now_ns + self.policy.callback.retry_delay_ms * NS_IN_MS
        in_window = contact.window_end_ns == 0 or contact.window_end_ns > next_ns
        return contact.attempts < contact.attempts_max and in_window

    def try_again_later(self, contact: Contact) -> None:
        self.leave_agent(contact, EndCause.HANDLED)
        self.forget_steps(contact)
        contact.window_start_ns = self.now_ns + self.policy.callback.retry_delay_ms * NS_IN_MS
        self.open_segment(contact, SegmentCause.RETRY)
        self.emit_callback(contact)
        self.take_window(contact)

    def end_window(self, contact: Contact) -> None:
        """A contact that is offered just now is left to its agent."""
        if contact.state in (ContactState.WAITING, ContactState.SCHEDULED):
            self.close(contact, EndCause.TIMED_OUT)

    # Transfers

    def emit_completed(self, contact: Contact, agent: Agent, wrap_up_end_ns: int) -> None:
        self.emit(
            EventType.CONTACT_COMPLETED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            until_ns=wrap_up_end_ns,
            duration_ns=self.now_ns - contact.accepted_ns,
        )

    def end_for_transfer(
        self, contact: Contact, queue_id: str, requirement: str | None, priority: int | None, *, restart_wait: bool
    ) -> Agent:
        """The segment ends, the next is open and waits in a queue. Returns the agent who had the contact."""
        agent = contact.agent
        assert agent is not None, "an active contact has an agent"
        self.end_consultations(contact)
        self.end_active_state(contact, agent)
        self.emit_completed(contact, agent, 0)
        self.leave_agent(contact, EndCause.TRANSFERRED)
        self.base_on_values_now(contact)
        if requirement is not None:
            contact.requirement = requirement
        if priority is not None:
            contact.priority = priority
        contact.judged = []
        self.drop_exclusions(contact)
        contact.ended_offers = []
        contact.preferred_agents, contact.preferred_hold_ms, contact.only_preferred = (), -1, False
        contact.preferred = []
        contact.callback_address = ""
        contact.window_start_ns = contact.window_end_ns = contact.attempts_max = contact.attempts = 0
        contact.plan_from_ns = self.now_ns
        if restart_wait:
            contact.arrived_ns = self.now_ns
        contact.queue_id = queue_id
        self.forget_steps(contact)
        self.open_segment(contact, SegmentCause.TRANSFER)
        return agent

    def exclude_who_transferred(self, contact: Contact, agent: Agent) -> None:
        exclude_ms = self.policy.offer_outcomes.declined.exclude_ms
        if exclude_ms > 0:
            self.exclude(contact, agent, exclude_ms)

    def transfer_to_agent(self, contact: Contact, agent: Agent, asked_by: str, *, at_once: bool = False) -> None:
        """Out of turn: a person asked for that person."""
        home = self.entries(contact)[0]
        cause = MatchCause.TRANSFERRED
        self.assign(contact, agent, home, ChosenBy.AGENT, cause, asked_by=asked_by, at_once=at_once)

    # Consultations

    def end_consultations(self, contact: Contact) -> None:
        """Those about the contact that nobody has taken yet."""
        for other in list(self.contacts_by_ordinal.values()):
            if other.consults_ordinal == contact.ordinal and other.state in PENDING:
                self.end_unserved(other, EndCause.CANCELLED)

    def end_consultation_with(self, consultation: Contact) -> Agent:
        """It ends because its agent takes over the contact that it is about."""
        agent = consultation.agent
        assert agent is not None, "an active consultation has an agent"
        self.end_active_state(consultation, agent)
        self.emit_completed(consultation, agent, 0)
        self.close(consultation, EndCause.HANDLED)
        return agent

    # Timers

    def fire(self, timer: Timer) -> None:
        """Carry out a timer; it is no longer armed."""
        match timer.kind:
            case TimerKind.LEASE_END:
                self.end_lease(self.agents_by_ordinal[timer.agent_ordinal])
            case TimerKind.DELAY_END:
                self.end_delay(self.agents_by_ordinal[timer.agent_ordinal])
            case _:
                self.fire_for_contact(self.contacts_by_ordinal[timer.contact_ordinal], timer)

    def fire_for_contact(self, contact: Contact, timer: Timer) -> None:
        match timer.kind:
            case TimerKind.OFFER_EXPIRY:
                offer = next(offer for offer in contact.offers if offer.agent.ordinal == timer.agent_ordinal)
                self.end_offer(contact, offer, OfferOutcome.MISSED)
            case TimerKind.WRAP_UP_END:
                self.close(contact, EndCause.HANDLED)
            case TimerKind.EXCLUSION_END:
                self.end_exclusion(contact, timer.agent_ordinal)
            case TimerKind.REATTACH_END:
                self.end_unserved(contact, EndCause.LOST)
            case TimerKind.PLAN_STEP:
                self.advance(contact)
            case TimerKind.HOLD_END:
                self.end_reservation(contact, ReservationEnd.TIME_OVER)
            case TimerKind.WINDOW_START:
                self.come_due(contact)
            case TimerKind.WINDOW_END:
                self.end_window(contact)
            case _:
                raise AssertionError(f"{timer.kind.name} is not about a contact")
