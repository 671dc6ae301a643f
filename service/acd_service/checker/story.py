"""What each command calls for, from routing.md and docs/engine.md ("Commands: checks and effects").

A command that must have been refused is a violation like any other: the journal holds accepted commands only.
"""

from typing import Any

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
    SetAgentAside,
    SetContactAside,
    SetPresence,
    TransferContact,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import (
    ChosenBy,
    ContactState,
    EndCause,
    EventType,
    MatchCause,
    Membership,
    OfferOutcome,
    Presence,
    PresenceCause,
    ReservationEnd,
    SegmentCause,
    TimerKind,
)
from acd_core.limits import FORGOTTEN_ADDRESS
from acd_service.checker.choice import Match
from acd_service.checker.effects import NS_PER_MS
from acd_service.checker.folding import Wants
from acd_service.checker.occupancy import under_another_constant
from acd_service.checker.segments import Segments
from acd_service.checker.violation import BrokenError, Invariant
from acd_service.checker.world import NOT_REACHED, Agent, Contact, Offer

_UNSERVED = (ContactState.WAITING, ContactState.OFFERED)
_NOT_BEGUN = (*_UNSERVED, ContactState.SCHEDULED)


def _demand(true: bool, refusal: str) -> None:
    if not true:
        raise BrokenError(Invariant.STORY, f"the command had to be refused: {refusal}")


class Story(Segments):
    """Walks a command's effects, before matching."""

    def tell(self, command: Command) -> None:
        getattr(self, f"_tell_{type(command).__name__}")(command)

    def _agent(self, agent_id: str, *, leaving: bool = False) -> Agent:
        agent = self.world.agents.get(agent_id)
        if agent is None or (agent.leaving and not leaving):
            raise BrokenError(Invariant.STORY, f'the command had to be refused: there is no agent "{agent_id}"')
        return agent

    def _contact(self, contact_id: str) -> Contact:
        contact = self.world.contacts.get(contact_id)
        if contact is None:
            raise BrokenError(Invariant.STORY, f'the command had to be refused: there is no contact "{contact_id}"')
        return contact

    def _tell_ApplyPolicy(self, command: ApplyPolicy) -> None:  # noqa: N802
        policy = command.policy
        _demand(command.expected_version in (-1, self.policy_version), "another policy version is in force")
        queues = {queue.queue_id for queue in policy.queues}
        channels = {channel.channel_id for channel in policy.channels}
        for contact in self.world.contacts.values():
            for _, queue_id in contact.entries():
                _demand(queue_id in queues, f"{contact.contact_id} is in a queue that the policy drops")
            _demand(contact.channel_id in channels, f"{contact.contact_id} uses a channel that the policy drops")
        self._change_time_constant(policy.occupancy_time_constant_ms)
        self.world.set_policy(policy)
        self.told.keep(queues)
        if not policy.preference.last_agent_window_ms:
            self.served_last.clear()
        self.policy_version += 1
        self.policy_changed = True
        self.take(EventType.POLICY_APPLIED, policy_version=self.policy_version)
        for ordinal in sorted(self.world.by_ordinal):
            self._enter_new_plan(self.world.by_ordinal.get(ordinal))

    def _change_time_constant(self, new_ms: int) -> None:
        old_ms = self.world.policy.occupancy_time_constant_ms
        if new_ms == old_ms:
            return
        for agent in self.world.agents.values():
            self.bring_occupancy_up_to_date(agent)
            agent.occupancy_key = under_another_constant(agent.occupancy_key, self.now_ns, old_ms, new_ms)

    def _enter_new_plan(self, contact: Contact | None) -> None:
        if contact is None or contact.state not in _NOT_BEGUN:
            return
        if contact.state == ContactState.SCHEDULED:
            self.change(contact, now=contact.base, next_step=0, steps_taken=[])
            return
        before = contact.now
        self.enter_plan(contact, silently=True)
        if contact.state in _UNSERVED and contact.now != before:
            self._tell_updated(contact)

    def _tell_updated(self, contact: Contact) -> None:
        self.take(
            EventType.CONTACT_UPDATED,
            contact_id=contact.contact_id,
            text=contact.now.requirement,
            priority=contact.now.priority,
            credit_ms=contact.now.credit_ms,
            tier=contact.now.raised_tier,
        )

    def _tell_UpsertAgents(self, command: UpsertAgents) -> None:  # noqa: N802
        for spec in command.agents:
            for channel_id, _ in spec.channel_maxima:
                _demand(channel_id in self.world.channels, f'there is no channel "{channel_id}"')
            for member in spec.memberships:
                _demand(member.queue_id in self.world.queues, f'there is no queue "{member.queue_id}"')
        for spec in command.agents:
            agent = self.world.agents.get(spec.agent_id)
            kind = EventType.AGENT_ADDED
            if agent is None:
                agent = self.world.add_agent(self.agents_created, spec)
                self.agents_created += 1
            elif agent.leaving:
                agent.leaving = False
                self.world.respecify(agent, spec)
            elif agent.spec == spec:
                continue
            else:
                kind = EventType.AGENT_UPDATED
                self.world.respecify(agent, spec)
                self.gained[agent.ordinal] = agent
            self.take(kind, agent_id=spec.agent_id, ordinal=agent.ordinal, agent=spec)

    def _tell_RemoveAgents(self, command: RemoveAgents) -> None:  # noqa: N802
        for agent in [self._agent(agent_id) for agent_id in command.agent_ids]:
            self.release_offers(agent)
            if agent.presence != Presence.OFFLINE:
                self.change_presence(agent, Presence.OFFLINE, "", PresenceCause.REMOVED)
            self.take(EventType.AGENT_REMOVED, agent_id=agent.spec.agent_id, ordinal=agent.ordinal)
            agent.leaving = True
            self.world.refresh(agent)
            self.forget_if_gone(agent)

    def _tell_SetPresence(self, command: SetPresence) -> None:  # noqa: N802
        agent = self._agent(command.agent_id)
        presence = Presence(command.presence)
        signed_on = presence != Presence.OFFLINE
        agent.lease_ms = (command.lease_ms or self.world.policy.presence_lease_ms) if signed_on else 0
        self.start_lease(agent)
        if agent.presence != presence or agent.reason != command.reason:
            self.change_presence(agent, presence, command.reason, PresenceCause.REQUESTED)

    def _tell_Heartbeat(self, command: Heartbeat) -> None:  # noqa: N802
        for agent in [self._agent(agent_id) for agent_id in command.agent_ids]:
            if agent.presence != Presence.OFFLINE and agent.lease_ms:
                self.start_lease(agent)

    def _tell_EnqueueContact(self, command: EnqueueContact) -> None:  # noqa: N802
        _demand(command.contact_id not in self.world.contacts, "the contact lives already")
        _demand(command.queue_id in self.world.queues, f'there is no queue "{command.queue_id}"')
        _demand(command.channel_id in self.world.channels, f'there is no channel "{command.channel_id}"')
        asked_by: Agent | None = None
        consulted: Contact | None = None
        if command.consults_contact_id:
            consulted = self._contact(command.consults_contact_id)
            _demand(consulted.state == ContactState.ACTIVE, "what is consulted about is not active")
            _demand(consulted.consults_ordinal < 0, "a consultation is consulted about")
            asked_by = consulted.agent
        ordinal = self.contacts_created
        self.contacts_created += 1
        self.segments_opened += 1
        wants = Wants(command.requirement, command.priority, command.credit_ms)
        contact = Contact(
            ordinal=ordinal,
            contact_id=command.contact_id or f"acd:{ordinal}",
            customer_id=command.customer_id,
            queue_id=command.queue_id,
            channel_id=command.channel_id,
            base=wants,
            now=wants,
            arrived_ns=self.now_ns,
            opened_ns=self.now_ns,
            plan_from_ns=self.now_ns,
            attached=command.attached,
            hold_ms=command.preferred_hold_ms,
            named=command.preferred_agents,
            only_preferred=command.only_preferred,
            consults_ordinal=-1 if consulted is None else consulted.ordinal,
            asked_by=-1 if asked_by is None else asked_by.ordinal,
            skill_weights=command.skill_weights,
        )
        self.add_contact(contact)
        self.touched.append(contact)
        self.take(
            EventType.CONTACT_ENQUEUED,
            contact_id=contact.contact_id,
            ordinal=ordinal,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            text=contact.base.requirement,
            priority=contact.base.priority,
            credit_ms=contact.base.credit_ms,
            customer_id=command.customer_id,
            attributes=command.attributes,
        )
        if asked_by is not None:
            self.take(
                EventType.CONSULTATION_OPENED,
                contact_id=contact.contact_id,
                agent_id=asked_by.spec.agent_id,
                text=command.consults_contact_id,
            )
        self.prefer(contact)
        _demand(not contact.only_preferred or bool(contact.preferred), "none of the named agents exists")
        if command.callback_address:
            self._set_callback(contact, command)
        else:
            self.leave_closed_queues(contact)
        if contact.state == ContactState.WAITING:
            self.enter_plan(contact)
        if contact.state == ContactState.WAITING:
            self.reserve(contact)

    def newcomer(self, command: EnqueueContact) -> Contact | None:
        """The contact that a command brought, if it still lives."""
        return self.world.contacts.get(command.contact_id or f"acd:{self.contacts_created - 1}")

    def predict(self, contact: Contact) -> None:
        """At the end of the command that opened a segment by itself."""
        if contact.state == ContactState.WAITING:
            contact.predicted_at_ns = self.now_ns
            contact.predicted = self.told.predict(self.world, contact, self.now_ns)

    def _set_callback(self, contact: Contact, command: EnqueueContact | RequestCallback) -> None:
        _demand(command.window_end_ns == 0 or command.window_end_ns > self.now_ns, "the window is over")
        contact.callback_address = command.callback_address
        contact.window_start_ns = command.window_start_ns
        contact.window_end_ns = command.window_end_ns
        contact.attempts_max = command.attempts_max or self.world.policy.callback.attempts_max
        contact.attempts = 0
        self.tell_callback(contact)
        self.take_window(contact)

    def _tell_RequestCallback(self, command: RequestCallback) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        waits = contact.state in (ContactState.WAITING, ContactState.SCHEDULED)
        _demand(waits, "the contact does not wait")
        if not contact.callback_address:
            self.end_segment(contact, EndCause.MOVED_TO_CALLBACK)
            self.open_segment(contact, SegmentCause.CALLBACK)
            contact.attached = False
            self.timers.disarm((TimerKind.REATTACH_END, contact.ordinal, -1))
        self._set_callback(contact, command)

    def _tell_UpdateContact(self, command: UpdateContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        values: dict[str, Any] = {
            name: getattr(command, name)
            for name in ("requirement", "priority", "credit_ms")
            if getattr(command, name) is not None
        }
        prefers = command.preferred_agents is not None
        if values or prefers:
            _demand(contact.state in _NOT_BEGUN, "the contact is served already")
        _demand(command.held is None or contact.state == ContactState.ACTIVE, "the contact is not active")
        if values or prefers or command.attributes is not None:
            if values:
                base = Wants(**{**_parts(contact.base), **values})
                steps = self.steps_of(contact)
                now = base.after_all(steps[index] for index in contact.steps_taken)
                self.change(contact, base=base, now=now)
            if command.preferred_agents is not None:
                contact.named = command.preferred_agents
                contact.hold_ms = command.preferred_hold_ms
                contact.only_preferred = command.only_preferred
                self.prefer(contact)
                _demand(not contact.only_preferred or bool(contact.preferred), "none of the named agents exists")
                if contact.reserved_for:
                    self.stop_holding(contact, ReservationEnd.REPLACED)
            if prefers or "requirement" in values:
                self.touch(contact)
            self._tell_updated(contact)
        if command.held is not None and command.held != contact.held:
            contact.held = command.held
            assert contact.agent is not None
            self.take(
                EventType.CONTACT_HELD if contact.held else EventType.CONTACT_RETRIEVED,
                contact_id=contact.contact_id,
                agent_id=contact.agent.spec.agent_id,
            )

    def _tell_CancelContact(self, command: CancelContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        _demand(contact.state in _NOT_BEGUN, "the contact is served already")
        self.withdraw_offers(contact)
        cause = EndCause.CANCELLED
        if command.abandoned:
            short_ns = self.world.policy.short_abandon_ms * NS_PER_MS
            short = self.now_ns - contact.opened_ns < short_ns
            cause = EndCause.SHORT_ABANDON if short else EndCause.ABANDONED
        self.close(contact, cause)

    def _tell_SetContactAside(self, command: SetContactAside) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        self.withdraw_offers(contact)
        if contact.state == ContactState.ACTIVE:
            self.end_active_state(contact, 0)
        self.close(contact, EndCause.SET_ASIDE)

    def _tell_SetAgentAside(self, command: SetAgentAside) -> None:  # noqa: N802
        agent = self._agent(command.agent_id)
        if agent.presence != Presence.OFFLINE:
            self.lose(agent, PresenceCause.SET_ASIDE)

    def _tell_ForgetCustomer(self, command: ForgetCustomer) -> None:  # noqa: N802
        self.served_last.pop(command.customer_id, None)
        theirs = self.world.by_customer.pop(command.customer_id, {})
        forgotten: dict[str, None] = {}
        for _, contact in sorted(theirs.items()):
            contact.customer_id = ""
            if contact.callback_address:
                contact.callback_address = FORGOTTEN_ADDRESS
            forgotten[contact.contact_id] = None
        for contact_id in list(forgotten | dict.fromkeys(command.contact_ids)) or [""]:
            self.take(EventType.CUSTOMER_FORGOTTEN, contact_id=contact_id)

    def _offered(self, command: AcceptOffer | DeclineOffer) -> tuple[Contact, Offer]:
        contact = self._contact(command.contact_id)
        offer = contact.offers.get(command.offer_id)
        if offer is None or offer.agent.spec.agent_id != command.agent_id:
            raise BrokenError(Invariant.ONCE, "the command had to be refused: this offer to this agent is not live")
        return contact, offer

    def _tell_AcceptOffer(self, command: AcceptOffer) -> None:  # noqa: N802
        contact, offer = self._offered(command)
        self.take(
            EventType.OFFER_ACCEPTED,
            contact_id=contact.contact_id,
            agent_id=offer.agent.spec.agent_id,
            queue_id=contact.second_id if offer.second else contact.queue_id,
            offer_id=offer.offer_id,
            wait_ns=self.now_ns - contact.opened_ns,
        )
        self.begin_service(contact, offer)

    def _tell_DeclineOffer(self, command: DeclineOffer) -> None:  # noqa: N802
        contact, offer = self._offered(command)
        self.end_offer(contact, offer, OfferOutcome(command.outcome))

    def _tell_CompleteContact(self, command: CompleteContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        self._served_by(contact, command.agent_id)
        if command.not_reached:
            _demand(bool(contact.callback_address), "the contact is no callback")
            contact.attempts += 1
            again_ns = self.now_ns + self.world.policy.callback.retry_delay_ms * NS_PER_MS
            too_late = contact.window_end_ns and contact.window_end_ns <= again_ns
            if contact.attempts < contact.attempts_max and not too_late:
                self._try_again(contact, again_ns)
                return
        wrap_up_ms = command.wrap_up_ms
        if wrap_up_ms == -1:
            wrap_up_ms = self.world.queues[contact.queue_id].spec.wrap_up_ms
        until_ns = self.now_ns + wrap_up_ms * NS_PER_MS if wrap_up_ms else 0
        self.end_active_state(contact, until_ns)
        if until_ns:
            contact.state = ContactState.WRAP_UP
            self.timers.arm((TimerKind.WRAP_UP_END, contact.ordinal, -1), until_ns)
        else:
            self.close(contact, EndCause.HANDLED)

    def _served_by(self, contact: Contact, agent_id: str) -> Agent:
        agent = contact.agent
        if agent is None or contact.state != ContactState.ACTIVE:
            raise BrokenError(Invariant.STORY, "the command had to be refused: the contact is not active")
        _demand(agent_id in ("", agent.spec.agent_id), "another agent serves the contact")
        return agent

    def _try_again(self, contact: Contact, again_ns: int) -> None:
        self.end_active_state(contact, 0)
        self.end_segment(contact, EndCause.HANDLED)
        self.change(contact, now=contact.base, next_step=0, steps_taken=[])
        self.open_segment(contact, SegmentCause.RETRY)
        contact.window_start_ns = again_ns
        self.tell_callback(contact)
        self.take_window(contact)

    def _tell_FinishWrapUp(self, command: FinishWrapUp) -> None:  # noqa: N802
        if command.contact_id:
            contact = self._contact(command.contact_id)
            _demand(contact.state == ContactState.WRAP_UP, "the contact is not in wrap-up")
            _demand(
                contact.agent is not None and contact.agent.spec.agent_id == command.agent_id,
                "the wrap-up is another agent's",
            )
            self.close(contact, EndCause.HANDLED)
            return
        ending = self._agent(command.agent_id, leaving=True).serves(ContactState.WRAP_UP)
        _demand(bool(ending), "the agent is not in wrap-up")
        for contact in ending:
            self.close(contact, EndCause.HANDLED)

    def _tell_DetachContact(self, command: DetachContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        _demand(contact.state in _NOT_BEGUN and contact.attached, "no stream follows the contact")
        contact.attached = False
        until_ns = self.now_ns + self.world.policy.reattach_ms * NS_PER_MS
        self.timers.arm((TimerKind.REATTACH_END, contact.ordinal, -1), until_ns)
        self.take(EventType.CONTACT_DETACHED, contact_id=contact.contact_id, until_ns=until_ns)

    def _tell_AttachContact(self, command: AttachContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        if not contact.attached:
            contact.attached = True
            self.timers.disarm((TimerKind.REATTACH_END, contact.ordinal, -1))
            self.take(EventType.CONTACT_ATTACHED, contact_id=contact.contact_id)

    # Queues

    def _tell_OpenQueue(self, command: OpenQueue) -> None:  # noqa: N802
        _demand(command.queue_id in self.world.queues, f'there is no queue "{command.queue_id}"')
        if command.queue_id in self.world.closed_queues:
            self.world.closed_queues.discard(command.queue_id)
            self.take(EventType.QUEUE_OPENED, queue_id=command.queue_id)

    def _tell_CloseQueue(self, command: CloseQueue) -> None:  # noqa: N802
        queue_id = command.queue_id
        _demand(queue_id in self.world.queues, f'there is no queue "{queue_id}"')
        if queue_id in self.world.closed_queues:
            return
        self.world.closed_queues.add(queue_id)
        self.take(EventType.QUEUE_CLOSED, queue_id=queue_id)
        if self.releases(queue_id):
            for ordinal in sorted(key[2] for key in self.world.queues[queue_id].line):
                contact = self.world.by_ordinal.get(ordinal)
                if contact is not None:
                    self.release_at_closing(contact, queue_id)

    # Out of turn

    def _tell_PickContact(self, command: PickContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        agent = self._agent(command.agent_id)
        _demand(contact.state == ContactState.WAITING, "the contact does not wait")
        _demand(agent.presence != Presence.OFFLINE, "the agent is not signed on")
        if not self.world.room(agent, contact.channel_id):
            raise BrokenError(Invariant.ROOM, "the command had to be refused: the agent has no room")
        tiers = [(second, self.world.reaches(agent, contact, queue_id)) for second, queue_id in contact.entries()]
        able = [(second, tier) for second, tier in tiers if tier != NOT_REACHED]
        if not able:
            raise BrokenError(Invariant.REACH, "the command had to be refused: rule 3 or 4 fails for the agent")
        if agent.ordinal in contact.exclusions or agent.ordinal == contact.asked_by:
            raise BrokenError(Invariant.REACH, "the command had to be refused: rule 5 fails for the agent")
        second, tier = able[0]
        cause = MatchCause.PICKED
        self.carry_out(Match(contact, agent, second, tier, ChosenBy.AGENT, cause, command.requested_by))

    def _tell_TransferContact(self, command: TransferContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        by = self._served_by(contact, command.agent_id)
        _demand(contact.consults_ordinal < 0, "a consultation is not transferred")
        to: Agent | None = None
        consultation: Contact | None = None
        queue_id = contact.queue_id
        if command.queue_id:
            _demand(command.queue_id in self.world.queues, f'there is no queue "{command.queue_id}"')
            queue_id, _, _ = self.follow(contact, command.queue_id)
            _demand(bool(queue_id), "the queue is closed or full")
        elif command.to_agent_id:
            to = self._agent(command.to_agent_id)
            _demand(to.presence != Presence.OFFLINE, "the agent is not signed on")
            if not self.world.room(to, contact.channel_id):
                raise BrokenError(Invariant.ROOM, "the command had to be refused: the agent has no room")
        else:
            consultation = self._contact(command.consultation_contact_id)
            _demand(consultation.consults_ordinal == contact.ordinal, "it is no consultation about the contact")
            _demand(consultation.state == ContactState.ACTIVE, "the consultation is not active")
            to = consultation.agent
            assert to is not None
            _demand(not to.leaving, "the agent of the consultation was removed")
            if not self.world.room(to, contact.channel_id, without=consultation):
                raise BrokenError(Invariant.ROOM, "the command had to be refused: the agent has no room")
        self._begin_transfer(contact, command, queue_id)
        if consultation is not None:
            self.end_active_state(consultation, 0)
            self.close(consultation, EndCause.HANDLED)
            assert to is not None
            self._hand_over(contact, by, to, at_once=True)
            return
        exclude_ms = self.world.policy.offer_outcomes.declined.exclude_ms
        if exclude_ms:
            self.exclude(contact, by, self.now_ns + exclude_ms * NS_PER_MS)
        self.touch(contact)
        if to is not None:
            self._hand_over(contact, by, to)
        if contact.state in _UNSERVED:
            self.enter_plan(contact)

    def _begin_transfer(self, contact: Contact, command: TransferContact, queue_id: str) -> None:
        """The old segment ends and the next opens; the contact waits."""
        self.cancel_consultations(contact)
        self.end_active_state(contact, 0)
        self.end_segment(contact, EndCause.TRANSFERRED)
        self.end_exclusions(contact)
        self.end_reservation(contact)
        for kind in (TimerKind.WINDOW_START, TimerKind.WINDOW_END):
            self.timers.disarm((kind, contact.ordinal, -1))
        contact.named = ()
        contact.only_preferred = False
        contact.preferred = []
        contact.callback_address = ""
        contact.window_start_ns = contact.window_end_ns = 0
        contact.attempts = contact.attempts_max = 0
        contact.plan_from_ns = self.now_ns
        contact.next_step = 0
        contact.steps_taken = []
        contact.judged = {}
        wants = contact.now
        base = Wants(
            wants.requirement if command.requirement is None else command.requirement,
            wants.priority if command.priority is None else command.priority,
            wants.credit_ms,
        )
        arrived_ns = self.now_ns if command.restart_wait else contact.arrived_ns
        self.change(
            contact,
            base=base,
            now=base,
            queue_id=queue_id,
            second_id="",
            arrived_ns=arrived_ns,
            state=ContactState.WAITING,
        )
        self.open_segment(contact, SegmentCause.TRANSFER)

    def _hand_over(self, contact: Contact, by: Agent, to: Agent, *, at_once: bool = False) -> None:
        tiers = [member.tier for member in to.spec.memberships if member.queue_id == contact.queue_id]
        listed = self.world.queues[contact.queue_id].spec.membership == Membership.LISTED
        tier = tiers[0] if tiers and listed else 0
        cause, asked_by = MatchCause.TRANSFERRED, by.spec.agent_id
        self.carry_out(Match(contact, to, False, tier, ChosenBy.AGENT, cause, asked_by, at_once))


def _parts(wants: Wants) -> dict[str, Any]:
    return {"requirement": wants.requirement, "priority": wants.priority, "credit_ms": wants.credit_ms}
