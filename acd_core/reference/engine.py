"""The reference engine: commands in, events out. Section 2 of the routing model and the commands of docs/engine.md."""

from collections.abc import Callable
from typing import Any

from acd_core.command_checks import GENERATED_ID_PREFIX
from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    CloseQueue,
    Command,
    CompleteContact,
    DeclineOffer,
    DetachContact,
    EnqueueContact,
    FinishWrapUp,
    ForgetCustomer,
    Heartbeat,
    OpenQueue,
    PickContact,
    RemoveAgents,
    RequestCallback,
    Resume,
    SetAgentAside,
    SetContactAside,
    SetPresence,
    Tick,
    TransferContact,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import (
    ChosenBy,
    ClosingRule,
    CommandKind,
    ContactState,
    EndCause,
    EventType,
    MatchCause,
    OfferOutcome,
    Presence,
    PresenceCause,
    ReservationEnd,
    TimerKind,
)
from acd_core.events import Answer
from acd_core.limits import AT_NS_MAX, FORGOTTEN_ADDRESS, REMEMBERED_REQUESTS_MAX
from acd_core.policy import QueueSpec
from acd_core.reference.explaining import Explaining
from acd_core.reference.records import Agent, Contact, Remembered
from acd_core.reference.service import PENDING, UNSERVED
from acd_core.reference.told import NS_IN_MS
from acd_core.refusal import Reason, Refused
from acd_core.views import Fired

INVARIANTS_EVERY = 64
"""The dear checks are made at each command whose seq is a multiple of this."""


class ReferenceEngine(Explaining):
    """The engine in plain Python, to be read beside the routing model, and held against the compiled one.

    A subclass may replace any single rule: sections 3 and 4 are in `eligibility`, 5 and 6 in `choosing`, 7 in
    `preference`, 8 in `plans`, 9 in `matching`, 10 in `service` and `lifecycle`, 11 in `segments`, 12 in `told`, 14 in
    `explaining`, the checks in `judging`, timers and draws in `state`.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.last_fired: Fired | None = None
        self.breath: Callable[[], object] | None = None
        self.checks: dict[int, Callable[[Any], None]] = {
            CommandKind.APPLY_POLICY: self.check_apply_policy,
            CommandKind.UPSERT_AGENTS: self.check_upsert_agents,
            CommandKind.REMOVE_AGENTS: self.check_remove_agents,
            CommandKind.SET_PRESENCE: self.check_set_presence,
            CommandKind.HEARTBEAT: self.check_heartbeat,
            CommandKind.ENQUEUE_CONTACT: self.check_enqueue_contact,
            CommandKind.UPDATE_CONTACT: self.check_update_contact,
            CommandKind.CANCEL_CONTACT: self.check_cancel_contact,
            CommandKind.ACCEPT_OFFER: self.check_offer,
            CommandKind.DECLINE_OFFER: self.check_offer,
            CommandKind.COMPLETE_CONTACT: self.check_complete_contact,
            CommandKind.FINISH_WRAP_UP: self.check_finish_wrap_up,
            CommandKind.DETACH_CONTACT: self.check_detach_contact,
            CommandKind.ATTACH_CONTACT: self.check_attach_contact,
            CommandKind.TRANSFER_CONTACT: self.check_transfer_contact,
            CommandKind.PICK_CONTACT: self.check_pick_contact,
            CommandKind.REQUEST_CALLBACK: self.check_request_callback,
            CommandKind.OPEN_QUEUE: self.check_known_queue,
            CommandKind.CLOSE_QUEUE: self.check_known_queue,
            CommandKind.SET_CONTACT_ASIDE: self.check_set_contact_aside,
            CommandKind.SET_AGENT_ASIDE: self.check_set_agent_aside,
            CommandKind.FORGET_CUSTOMER: self.check_nothing,
        }
        self.effects: dict[int, Callable[[Any], Contact | None]] = {
            CommandKind.APPLY_POLICY: self.apply_policy,
            CommandKind.UPSERT_AGENTS: self.upsert_agents,
            CommandKind.REMOVE_AGENTS: self.remove_agents,
            CommandKind.SET_PRESENCE: self.set_presence,
            CommandKind.HEARTBEAT: self.heartbeat,
            CommandKind.ENQUEUE_CONTACT: self.enqueue_contact,
            CommandKind.UPDATE_CONTACT: self.update_contact,
            CommandKind.CANCEL_CONTACT: self.cancel_contact,
            CommandKind.ACCEPT_OFFER: self.accept_offer,
            CommandKind.DECLINE_OFFER: self.decline_offer,
            CommandKind.COMPLETE_CONTACT: self.complete_contact,
            CommandKind.FINISH_WRAP_UP: self.finish_wrap_up,
            CommandKind.DETACH_CONTACT: self.detach_contact,
            CommandKind.ATTACH_CONTACT: self.attach_contact,
            CommandKind.TRANSFER_CONTACT: self.transfer_contact,
            CommandKind.PICK_CONTACT: self.pick_contact,
            CommandKind.REQUEST_CALLBACK: self.request_callback,
            CommandKind.OPEN_QUEUE: self.open_queue,
            CommandKind.CLOSE_QUEUE: self.close_queue,
            CommandKind.SET_CONTACT_ASIDE: self.set_contact_aside,
            CommandKind.SET_AGENT_ASIDE: self.set_agent_aside,
            CommandKind.FORGET_CUSTOMER: self.forget_customer,
        }

    def apply(self, at_ns: int, command: Command) -> Answer:
        """Take one command at a time in nanoseconds since the Unix epoch.

        Raises:
            Refused: naming the reason and the field; nothing has changed.
        """
        if not 1 <= at_ns <= AT_NS_MAX:
            raise Refused(Reason.OUT_OF_RANGE, "at", f"{at_ns} is out of range 1 to {AT_NS_MAX}")
        if at_ns < self.now_ns:
            raise Refused(Reason.TIME_BACKWARDS, "at", f"{at_ns} is before {self.now_ns}, the last command's time")
        repeated = self.repeated_request(command)
        if repeated is not None:
            return repeated
        if not isinstance(command, Tick | Resume):
            due_ns = self.next_timer()
            if due_ns is not None and due_ns <= at_ns and not isinstance(command, SetContactAside | SetAgentAside):
                raise Refused(Reason.TIMER_DUE, "at", f"a timer is due at {due_ns}: send a Tick first")
            live = self.repeated_contact(command)
            if live is not None:
                return self.answer(live, duplicate=True)
            self.at_ns = at_ns
            self.checks[command.kind](command)
        self.events = []
        self.seq += 1
        subject = self.take(at_ns, command)
        answer = self.answer(subject)
        if command.request_id:
            self.remember(command, answer)
        self.check_invariants()
        return answer

    # Commands sent twice

    def repeated_request(self, command: Command) -> Answer | None:
        """The first answer to a remembered request id."""
        first = self.requests.get(command.request_id) if command.request_id else None
        if first is None:
            return None
        if first.content_word and first.content_word != command.content_word():
            text = f'"{command.request_id}" was the id of another command'
            raise Refused(Reason.REQUEST_ID_REUSED, "request_id", text)
        _, seq, at_ns, *rest = first
        fields: dict[str, Any] = dict(zip(Remembered._fields[3:], rest, strict=True))
        return Answer(seq, at_ns, duplicate=True, **fields)

    def repeated_contact(self, command: Command) -> Contact | None:
        """The live contact that the very same command made."""
        if not isinstance(command, EnqueueContact):
            return None
        live = self.contacts_by_id.get(command.contact_id)
        return live if live is not None and live.content_word == command.content_word() else None

    def remember(self, command: Command, answer: Answer) -> None:
        fields = (getattr(answer, name) for name in Remembered._fields[1:])
        self.requests[command.request_id] = Remembered(command.content_word(), *fields)
        while len(self.requests) > REMEMBERED_REQUESTS_MAX:
            del self.requests[next(iter(self.requests))]

    def answer(self, contact: Contact | None, *, duplicate: bool = False) -> Answer:
        """What the command came to; `contact`: the one that it was about, as it stands now."""
        events = () if duplicate else tuple(self.events)
        about: dict[str, Any] = {}
        if contact is not None:
            about = {"contact_id": contact.contact_id, "contact_state": contact.state}
            if contact.offers:
                first = contact.offers[0]
                about["agent_id"] = first.agent.spec.agent_id
                about["offer_id"] = first.offer_id
                about["offer_expires_ns"] = first.expires_ns
            elif contact.agent is not None:
                about["agent_id"] = contact.agent.spec.agent_id
                about["offer_id"] = contact.offer_id
        return Answer(self.seq, self.now_ns, events, duplicate=duplicate, policy_version=self.policy_version, **about)

    # Time

    def take(self, at_ns: int, command: Command) -> Contact | None:
        """Carry out a command that passed its checks. Returns the contact that it is about."""
        if isinstance(command, Tick):
            self.tick(at_ns)
            return None
        if isinstance(command, Resume):
            self.resume(at_ns)
            return None
        self.now_ns = at_ns
        subject = self.effects[command.kind](command)
        self.match()
        if isinstance(command, EnqueueContact) and subject is not None and not self.is_callback(subject):
            self.settle_full(subject)
        self.predict_for_newcomer(command, subject)
        return subject

    def predict_for_newcomer(self, command: Command, subject: Contact | None) -> None:
        newcomer = isinstance(command, EnqueueContact | TransferContact)
        if newcomer and subject is not None and subject.state is ContactState.WAITING:
            self.predict(subject)

    def tick(self, at_ns: int) -> None:
        """Fire every timer due by `at_ns`, each as if at its own due time."""
        while self.timers and self.timers[0].due_ns <= at_ns:
            timer = self.timers[0]
            self.disarm_for(timer.kind, timer.contact_ordinal, timer.agent_ordinal)
            self.now_ns = max(self.now_ns, timer.due_ns)
            self.last_fired = Fired(timer.kind, timer.contact_ordinal, timer.agent_ordinal)
            self.fire(timer)
            self.match()
        self.now_ns = at_ns

    def resume(self, at_ns: int) -> None:
        """Nobody was there since the last command: live offers and leases are extended by that time."""
        gap_ns = at_ns - self.now_ns
        self.now_ns = at_ns
        for timer in list(self.timers):
            if self.extended_by_resume(timer.kind):
                due_ns = timer.due_ns + gap_ns
                self.arm_for(timer.kind, due_ns, timer.contact_ordinal, timer.agent_ordinal)
                if timer.kind is TimerKind.OFFER_EXPIRY:
                    self.extend_offer(timer.contact_ordinal, timer.agent_ordinal, due_ns)
        self.emit(EventType.RESUMED, duration_ns=gap_ns)

    def extend_offer(self, contact_ordinal: int, agent_ordinal: int, expires_ns: int) -> None:
        for offer in self.contacts_by_ordinal[contact_ordinal].offers:
            if offer.agent.ordinal == agent_ordinal:
                offer.expires_ns = expires_ns

    def extended_by_resume(self, kind: TimerKind) -> bool:
        return kind in (TimerKind.OFFER_EXPIRY, TimerKind.LEASE_END)

    # Policy and roster

    def apply_policy(self, command: ApplyPolicy) -> None:
        self.change_time_constant(command.policy.occupancy_time_constant_ms)
        self.adopt_policy(command.policy)
        self.policy_version += 1
        self.emit(EventType.POLICY_APPLIED, policy_version=self.policy_version)
        self.touch()
        for contact in list(self.contacts_by_ordinal.values()):
            if contact.state in UNSERVED:
                self.replan(contact)
            elif contact.state is ContactState.SCHEDULED:
                self.forget_steps(contact)

    def replan(self, contact: Contact) -> None:
        """Take the steps of the new policy that are due; tell if the contact asks for something else now."""
        before = contact.values_now()
        self.enter_plan(contact, silently=True)
        if contact.state in UNSERVED and contact.values_now() != before:
            self.emit_updated(contact)

    def upsert_agents(self, command: UpsertAgents) -> None:
        for spec in command.agents:
            agent = self.agents_by_id.get(spec.agent_id)
            if agent is None:
                agent = Agent(self.agents_created, spec)
                self.agents_created += 1
                self.agents_by_ordinal[agent.ordinal] = agent
                self.agents_by_id[spec.agent_id] = agent
                type_ = EventType.AGENT_ADDED
            elif agent.leaving:
                agent.leaving = False
                agent.describe(spec)
                type_ = EventType.AGENT_ADDED
            elif agent.spec == spec:
                continue
            else:
                agent.describe(spec)
                type_ = EventType.AGENT_UPDATED
            self.gain(agent)
            self.emit(type_, agent_id=spec.agent_id, ordinal=agent.ordinal, agent=spec)

    def remove_agents(self, command: RemoveAgents) -> None:
        for agent_id in command.agent_ids:
            agent = self.agents_by_id[agent_id]
            self.release_offers(agent)
            if self.signed_on(agent):
                self.go_offline(agent, PresenceCause.REMOVED)
            self.emit(EventType.AGENT_REMOVED, agent_id=agent_id, ordinal=agent.ordinal)
            if agent.holding:
                agent.leaving = True
            else:
                self.forget_agent(agent)

    def set_presence(self, command: SetPresence) -> None:
        agent = self.agents_by_id[command.agent_id]
        presence = Presence(command.presence)
        if presence is Presence.OFFLINE:
            agent.lease_ms = 0
        else:
            agent.lease_ms = command.lease_ms or self.policy.presence_lease_ms
        if (presence, command.reason) == (agent.presence, agent.reason):
            self.renew_lease(agent)
        else:
            self.change_presence(agent, presence, command.reason, PresenceCause.REQUESTED)

    def heartbeat(self, command: Heartbeat) -> None:
        for agent_id in command.agent_ids:
            agent = self.agents_by_id[agent_id]
            if self.signed_on(agent) and agent.lease_ms > 0:
                self.renew_lease(agent)

    # Contacts

    def enqueue_contact(self, command: EnqueueContact) -> Contact:
        ordinal = self.contacts_created
        self.contacts_created += 1
        contact = Contact(
            ordinal=ordinal,
            contact_id=command.contact_id or f"{GENERATED_ID_PREFIX}{ordinal}",
            queue_id=command.queue_id,
            channel_id=command.channel_id,
            requirement=command.requirement,
            priority=command.priority,
            credit_ms=command.credit_ms,
            customer_id=command.customer_id,
            attributes=command.attributes,
            content_word=command.content_word(),
            arrived_ns=self.now_ns,
            state=ContactState.WAITING,
            state_since_ns=self.now_ns,
            attached=command.attached,
            opened_ns=self.now_ns,
            plan_from_ns=self.now_ns,
            skill_weights=command.skill_weights,
            preferred_agents=command.preferred_agents,
            preferred_hold_ms=command.preferred_hold_ms,
            only_preferred=command.only_preferred,
        )
        assert contact.contact_id not in self.contacts_by_id, "no caller may give an id as the engine gives them"
        self.contacts_by_ordinal[ordinal] = contact
        self.contacts_by_id[contact.contact_id] = contact
        self.segments_opened += 1
        self.fold_base(contact)
        self.touch()
        self.emit(
            EventType.CONTACT_ENQUEUED,
            contact_id=contact.contact_id,
            ordinal=ordinal,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            text=contact.requirement,
            priority=contact.priority,
            credit_ms=contact.credit_ms,
            customer_id=contact.customer_id,
            attributes=contact.attributes,
        )
        if command.consults_contact_id:
            self.link_consultation(contact, command.consults_contact_id)
        self.make_preferred(contact)
        if command.callback_address:
            window = (command.window_start_ns, command.window_end_ns, command.attempts_max)
            self.set_callback(contact, command.callback_address, *window)
            self.take_window(contact)
        else:
            self.pass_closed_queues(contact, 0)
        if contact.state is ContactState.WAITING:
            self.enter_plan(contact)
        if contact.state is ContactState.WAITING:
            self.reserve(contact)
        return contact

    def link_consultation(self, contact: Contact, about_id: str) -> None:
        about = self.contacts_by_id[about_id]
        assert about.agent is not None, "an active contact has an agent"
        contact.consults_ordinal = about.ordinal
        contact.consults_contact_id = about_id
        contact.asked_by_ordinal = about.agent.ordinal
        asked_by = about.agent.spec.agent_id
        self.emit(EventType.CONSULTATION_OPENED, contact_id=contact.contact_id, agent_id=asked_by, text=about_id)

    def update_contact(self, command: UpdateContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        changes = {
            name: getattr(command, name)
            for name in ("requirement", "priority", "credit_ms", "attributes")
            if getattr(command, name) is not None
        }
        for name, value in changes.items():
            setattr(contact, name, value)
        if changes.keys() - {"attributes"}:
            self.fold_again(contact)
        if command.preferred_agents is not None:
            self.prefer(contact, command)
        if changes or command.preferred_agents is not None:
            self.emit_updated(contact)
        if "requirement" in changes:
            self.touch_if_wanting(contact)
        if command.held is not None and command.held != contact.held:
            self.hold(contact, command.held)
        return contact

    def prefer(self, contact: Contact, command: UpdateContact) -> None:
        """Other agents are named, or none; a reservation is over."""
        assert command.preferred_agents is not None, "agents are named"
        contact.preferred_agents = command.preferred_agents
        contact.preferred_hold_ms = command.preferred_hold_ms
        contact.only_preferred = command.only_preferred
        self.make_preferred(contact)
        if contact.reserved_for:
            self.end_reservation(contact, ReservationEnd.REPLACED)
        self.touch_if_wanting(contact)

    def emit_updated(self, contact: Contact) -> None:
        self.emit(
            EventType.CONTACT_UPDATED,
            contact_id=contact.contact_id,
            text=contact.requirement_now,
            priority=contact.priority_now,
            credit_ms=contact.credit_now_ms,
            tier=contact.raised_tier,
            attributes=contact.attributes,
        )

    def hold(self, contact: Contact, held: bool) -> None:
        assert contact.agent is not None, "an active contact has an agent"
        contact.held = held
        type_ = EventType.CONTACT_HELD if held else EventType.CONTACT_RETRIEVED
        self.emit(type_, contact_id=contact.contact_id, agent_id=contact.agent.spec.agent_id)

    def cancel_contact(self, command: CancelContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        if not command.abandoned:
            cause = EndCause.CANCELLED
        elif self.wait_ns(contact) < self.policy.short_abandon_ms * NS_IN_MS:
            cause = EndCause.SHORT_ABANDON
        else:
            cause = EndCause.ABANDONED
        self.end_unserved(contact, cause)
        return contact

    def set_contact_aside(self, command: SetContactAside) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        if contact.state is ContactState.ACTIVE:
            agent = contact.agent
            assert agent is not None, "an active contact has an agent"
            self.end_consultations(contact)
            self.end_active_state(contact, agent)
            self.emit_completed(contact, agent, 0)
        self.end_unserved(contact, EndCause.SET_ASIDE)
        return contact

    def set_agent_aside(self, command: SetAgentAside) -> None:
        agent = self.agents_by_id[command.agent_id]
        if self.signed_on(agent):
            self.lose(agent, PresenceCause.SET_ASIDE)

    def forget_customer(self, command: ForgetCustomer) -> None:
        """Nothing that is hashed from now on depends on what is forgotten here."""
        self.event_hash = 0
        self.served.pop(command.customer_id, None)
        theirs = [c for c in self.contacts_by_ordinal.values() if c.customer_id == command.customer_id]
        for contact in theirs:
            contact.customer_id = ""
            contact.attributes = b""
            contact.content_word = 0
            if self.is_callback(contact):
                contact.callback_address = FORGOTTEN_ADDRESS
        forgotten = list(dict.fromkeys([*(contact.contact_id for contact in theirs), *command.contact_ids]))
        for contact_id in forgotten or [""]:
            self.emit(EventType.CUSTOMER_FORGOTTEN, contact_id=contact_id)
        for request_id, remembered in self.requests.items():
            if remembered.contact_id and remembered.contact_id in forgotten:
                self.requests[request_id] = remembered._replace(content_word=0)

    def accept_offer(self, command: AcceptOffer) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        agent = self.agents_by_id[command.agent_id]
        offer = self.live_offer(contact, command.offer_id)
        assert offer is not None, "the offer is live"
        others = self.begin(contact, agent, offer.offer_id, second=offer.second)
        self.emit(
            EventType.OFFER_ACCEPTED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            offer_id=contact.offer_id,
            wait_ns=self.wait_ns(contact),
        )
        self.release_others(contact, others)
        return contact

    def decline_offer(self, command: DeclineOffer) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        offer = self.live_offer(contact, command.offer_id)
        assert offer is not None, "the offer is live"
        self.end_offer(contact, offer, OfferOutcome(command.outcome))
        return contact

    def complete_contact(self, command: CompleteContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        agent = contact.agent
        assert agent is not None, "an active contact has an agent"
        if command.not_reached:
            contact.attempts += 1
        again = command.not_reached and self.may_try_again(contact)
        wrap_up_ms = self.queue_of(contact).wrap_up_ms if command.wrap_up_ms == -1 else command.wrap_up_ms
        wrap_up_end_ns = self.now_ns + wrap_up_ms * NS_IN_MS if wrap_up_ms > 0 and not again else 0
        self.end_consultations(contact)
        self.end_active_state(contact, agent)
        contact.held = False
        if wrap_up_end_ns:
            contact.state = ContactState.WRAP_UP
            contact.state_since_ns = self.now_ns
            agent.forget_room()
            self.arm(TimerKind.WRAP_UP_END, wrap_up_end_ns, contact)
        self.emit_completed(contact, agent, wrap_up_end_ns)
        if again:
            self.try_again_later(contact)
        elif not wrap_up_end_ns:
            self.close(contact, EndCause.HANDLED)
        return contact

    def finish_wrap_up(self, command: FinishWrapUp) -> Contact | None:
        if command.contact_id:
            contact = self.contacts_by_id[command.contact_id]
            self.close(contact, EndCause.HANDLED)
            return contact
        for contact in self.agents_by_id[command.agent_id].held_in(ContactState.WRAP_UP):
            self.close(contact, EndCause.HANDLED)
        return None

    def detach_contact(self, command: DetachContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        contact.attached = False
        until_ns = self.now_ns + self.policy.reattach_ms * NS_IN_MS
        self.arm(TimerKind.REATTACH_END, until_ns, contact)
        self.emit(EventType.CONTACT_DETACHED, contact_id=contact.contact_id, until_ns=until_ns)
        return contact

    def attach_contact(self, command: AttachContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        if not contact.attached:
            contact.attached = True
            self.disarm(TimerKind.REATTACH_END, contact)
            self.emit(EventType.CONTACT_ATTACHED, contact_id=contact.contact_id)
        return contact

    # Callbacks, transfers, picks

    def request_callback(self, command: RequestCallback) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        if not self.is_callback(contact):
            self.become_callback(contact)
        window = (command.window_start_ns, command.window_end_ns, command.attempts_max)
        self.set_callback(contact, command.callback_address, *window)
        self.take_window(contact)
        return contact

    def pick_contact(self, command: PickContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        agent = self.agents_by_id[command.agent_id]
        entry = self.able_entry(agent, contact)
        assert entry is not None, "rules 3 and 4 hold by one of the entries"
        self.assign(contact, agent, entry, ChosenBy.AGENT, MatchCause.PICKED, asked_by=command.requested_by)
        return contact

    def transfer_contact(self, command: TransferContact) -> Contact:
        contact = self.contacts_by_id[command.contact_id]
        queue_id = contact.queue_id
        if command.queue_id:
            to = self.follow(command.queue_id, contact)
            assert isinstance(to, QueueSpec), "it ends in a queue"
            queue_id = to.queue_id
        values = (command.requirement, command.priority)
        agent = self.end_for_transfer(contact, queue_id, *values, restart_wait=command.restart_wait)
        if command.consultation_contact_id:
            consultation = self.contacts_by_id[command.consultation_contact_id]
            taker = self.end_consultation_with(consultation)
            self.transfer_to_agent(contact, taker, command.agent_id, at_once=True)
            return contact
        self.exclude_who_transferred(contact, agent)
        if command.to_agent_id:
            self.transfer_to_agent(contact, self.agents_by_id[command.to_agent_id], command.agent_id)
        self.touch()
        if contact.state in UNSERVED:
            self.enter_plan(contact)
        return contact

    # Opening and closing

    def open_queue(self, command: OpenQueue) -> None:
        if command.queue_id in self.closed_queues:
            self.closed_queues.remove(command.queue_id)
            self.emit(EventType.QUEUE_OPENED, queue_id=command.queue_id)

    def close_queue(self, command: CloseQueue) -> None:
        if command.queue_id in self.closed_queues:
            return
        self.closed_queues.add(command.queue_id)
        self.emit(EventType.QUEUE_CLOSED, queue_id=command.queue_id)
        if self.queues[command.queue_id].at_closing is ClosingRule.RELEASE:
            for contact in self.waiting_contacts():
                self.release_at_closing(contact, command.queue_id)

    # Section 16

    def check_invariants(self) -> None:
        """Section 16, as far as the engine can judge itself; an independent checker does not take its word."""
        live = len(self.contacts_by_ordinal)
        assert self.segments_opened == live + sum(self.closed.values()), "each segment is live or closed, once"
        assert not self.touched, "matching follows whatever calls for it"
        assert not self.gained, "matching follows whatever calls for it"
        if self.seq % INVARIANTS_EVERY == 0:
            self.check_holdings()
            self.check_nobody_left_waiting()

    def check_holdings(self) -> None:
        """Agents and contacts agree on who holds what, and timers are about what is there."""
        for contact in self.contacts_by_ordinal.values():
            assert (contact.state in PENDING) == (contact.agent is None)
            assert (contact.state is ContactState.OFFERED) == bool(contact.offers)
            assert contact.state in PENDING or contact.accepted_ns >= contact.opened_ns
            assert contact.agent is None or contact in contact.agent.holding
            assert all(contact in offer.agent.holding for offer in contact.offers)
        for agent in self.agents_by_ordinal.values():
            assert all(contact.agent is agent or contact.offered_to(agent) for contact in agent.holding)
            assert agent.leaving <= (not self.signed_on(agent) and bool(agent.holding))
            assert all(known == self.room_for(agent, channel_id) for channel_id, known in agent.room.items())
        for timer in self.timers:
            assert timer.contact_ordinal == -1 or timer.contact_ordinal in self.contacts_by_ordinal
            assert (
                timer.agent_ordinal == -1
                or timer.kind is TimerKind.EXCLUSION_END
                or timer.agent_ordinal in self.agents_by_ordinal
            )

    def check_nobody_left_waiting(self) -> None:
        """Section 9: nobody waits whom somebody may serve."""
        for contact in self.wanting_contacts():
            for agent in self.agents_by_ordinal.values():
                assert not self.may_serve(agent, contact), f"{contact.contact_id} waits for {agent.spec.agent_id}"
