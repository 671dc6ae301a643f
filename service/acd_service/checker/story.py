"""What each command calls for, from routing.md section 10 and docs/engine.md ("Commands: checks and effects").

A command that must have been refused is a violation like any other: the journal holds accepted commands only.
"""

from typing import Any

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    DetachContact,
    EnqueueContact,
    FinishWrapUp,
    Heartbeat,
    RemoveAgents,
    SetPresence,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import ContactState, EndCause, EventType, OfferOutcome, Presence, PresenceCause, TimerKind
from acd_service.checker.effects import NS_PER_MS, Effects
from acd_service.checker.violation import BrokenError, Invariant
from acd_service.checker.world import Agent, Contact

_UNSERVED = (ContactState.WAITING, ContactState.OFFERED)


def _demand(true: bool, refusal: str) -> None:
    if not true:
        raise BrokenError(Invariant.STORY, f"the command had to be refused: {refusal}")


class Story(Effects):
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
        _demand(command.expected_version in (-1, self.policy_version), "another policy version is in force")
        queues = {queue.queue_id for queue in command.policy.queues}
        channels = {channel.channel_id for channel in command.policy.channels}
        for contact in self.world.contacts.values():
            _demand(contact.queue_id in queues, f"{contact.contact_id} is in a queue that the policy drops")
            _demand(contact.channel_id in channels, f"{contact.contact_id} uses a channel that the policy drops")
        self.world.set_policy(command.policy)
        self.policy_version += 1
        self.policy_changed = True
        self.take(EventType.POLICY_APPLIED, policy_version=self.policy_version)

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
        ordinal = self.contacts_created
        self.contacts_created += 1
        contact = Contact(
            ordinal=ordinal,
            contact_id=command.contact_id or f"acd:{ordinal}",
            queue_id=command.queue_id,
            channel_id=command.channel_id,
            requirement=command.requirement,
            priority=command.priority,
            credit_ms=command.credit_ms,
            arrived_ns=self.now_ns,
            attached=command.attached,
        )
        self.world.contacts[contact.contact_id] = contact
        self.world.by_ordinal[ordinal] = contact
        self.world.enter_waiting(contact)
        self.touched.append(contact)
        self.take(
            EventType.CONTACT_ENQUEUED,
            contact_id=contact.contact_id,
            ordinal=ordinal,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            text=contact.requirement,
            priority=contact.priority,
            credit_ms=contact.credit_ms,
            customer_id=command.customer_id,
            attributes=command.attributes,
        )

    def refuse_if_full(self, contact_id: str) -> None:
        """After matching: a newcomer who still waits finds its queue or the whole centre full."""
        contact = self.world.contacts[contact_id or f"acd:{self.contacts_created - 1}"]
        if contact.state != ContactState.WAITING:
            return
        in_queue = self.world.queues[contact.queue_id].spec.max_waiting
        in_all = self.world.policy.max_waiting
        full = in_queue is not None and self.world.waiting_by_queue[contact.queue_id] - 1 >= in_queue
        if full or (in_all is not None and self.world.waiting - 1 >= in_all):
            self.close(contact, EndCause.REFUSED_FULL)

    def _tell_UpdateContact(self, command: UpdateContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        routing: tuple[Any, ...] = (command.requirement, command.priority, command.credit_ms)
        if any(value is not None for value in routing):
            _demand(contact.state in _UNSERVED, "the contact is served already")
        _demand(command.held is None or contact.state == ContactState.ACTIVE, "the contact is not active")
        if any(value is not None for value in routing) or command.attributes is not None:
            waits = contact.state == ContactState.WAITING
            if waits:
                self.world.leave_waiting(contact)
            if command.requirement is not None:
                contact.requirement = command.requirement
            if command.priority is not None:
                contact.priority = command.priority
            if command.credit_ms is not None:
                contact.credit_ms = command.credit_ms
            if waits:
                self.world.enter_waiting(contact)
                if command.requirement is not None:
                    self.touched.append(contact)
            self.take(
                EventType.CONTACT_UPDATED,
                contact_id=contact.contact_id,
                text=contact.requirement,
                priority=contact.priority,
                credit_ms=contact.credit_ms,
            )
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
        _demand(contact.state in _UNSERVED, "the contact is served already")
        if contact.state == ContactState.OFFERED:
            self.end_offer(contact, OfferOutcome.WITHDRAWN)
        cause = EndCause.CANCELLED
        if command.abandoned:
            short_ns = self.world.policy.short_abandon_ms * NS_PER_MS
            short = self.now_ns - contact.arrived_ns < short_ns
            cause = EndCause.SHORT_ABANDON if short else EndCause.ABANDONED
        self.close(contact, cause)

    def _offered(self, command: AcceptOffer | DeclineOffer) -> tuple[Contact, Agent]:
        contact = self._contact(command.contact_id)
        agent = contact.agent
        if (
            agent is None
            or contact.state != ContactState.OFFERED
            or contact.offer_id != command.offer_id
            or agent.spec.agent_id != command.agent_id
        ):
            raise BrokenError(Invariant.ONCE, "the command had to be refused: this offer to this agent is not live")
        return contact, agent

    def _tell_AcceptOffer(self, command: AcceptOffer) -> None:  # noqa: N802
        contact, agent = self._offered(command)
        self.take(
            EventType.OFFER_ACCEPTED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            offer_id=contact.offer_id,
            wait_ns=self.now_ns - contact.arrived_ns,
        )
        self.begin_service(contact, agent)

    def _tell_DeclineOffer(self, command: DeclineOffer) -> None:  # noqa: N802
        contact, _ = self._offered(command)
        self.end_offer(contact, OfferOutcome(command.outcome))

    def _tell_CompleteContact(self, command: CompleteContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        agent = contact.agent
        if agent is None or contact.state != ContactState.ACTIVE:
            raise BrokenError(Invariant.STORY, "the command had to be refused: the contact is not active")
        _demand(command.agent_id in ("", agent.spec.agent_id), "another agent serves the contact")
        wrap_up_ms = command.wrap_up_ms
        if wrap_up_ms == -1:
            wrap_up_ms = self.world.queues[contact.queue_id].spec.wrap_up_ms
        until_ns = self.now_ns + wrap_up_ms * NS_PER_MS if wrap_up_ms else 0
        self.take(
            EventType.CONTACT_COMPLETED,
            contact_id=contact.contact_id,
            agent_id=agent.spec.agent_id,
            queue_id=contact.queue_id,
            until_ns=until_ns,
            duration_ns=self.now_ns - contact.accepted_ns,
        )
        contact.held = False
        if until_ns:
            contact.state = ContactState.WRAP_UP
            self.timers.arm((TimerKind.WRAP_UP_END, contact.ordinal, -1), until_ns)
        else:
            self.close(contact, EndCause.HANDLED)

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
        ending = self._agent(command.agent_id, leaving=True).held(ContactState.WRAP_UP)
        _demand(bool(ending), "the agent is not in wrap-up")
        for contact in ending:
            self.close(contact, EndCause.HANDLED)

    def _tell_DetachContact(self, command: DetachContact) -> None:  # noqa: N802
        contact = self._contact(command.contact_id)
        _demand(contact.state in _UNSERVED and contact.attached, "no stream follows the contact")
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
