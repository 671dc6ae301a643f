"""Whether a command is taken: each method is one command's checks of docs/engine.md, in their order."""

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    CloseQueue,
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
from acd_core.enums import ContactState, EndCause, OfferOutcome, Presence
from acd_core.plan import EndWait
from acd_core.policy import Policy, QueueSpec
from acd_core.reference.records import Agent, Contact, EndedOffer
from acd_core.reference.segments import Segments
from acd_core.reference.service import PENDING
from acd_core.reference.state import skill_names, skills_of_policy
from acd_core.refusal import Reason, Refused


class Judging(Segments):
    at_ns = 0
    """Time of the command that is being judged."""

    # Look-ups that several checks share

    def live_contact(self, contact_id: str) -> Contact:
        contact = self.contacts_by_id.get(contact_id)
        if contact is None:
            raise Refused(Reason.UNKNOWN_CONTACT, "contact_id", f'there is no live contact "{contact_id}"')
        return contact

    def present_agent(self, agent_id: str, field: str) -> Agent:
        agent = self.known_agent(agent_id)
        if agent is None:
            raise Refused(Reason.UNKNOWN_AGENT, field, f'there is no agent "{agent_id}"')
        return agent

    def check_skill_limit(self, too_many: bool, field: str) -> None:
        if too_many:
            raise Refused(Reason.SKILL_LIMIT, field, "more distinct skills than a tenant may use")

    # Policy and roster

    def check_apply_policy(self, command: ApplyPolicy) -> None:
        if command.expected_version >= 0 and command.expected_version != self.policy_version:
            raise Refused(
                Reason.POLICY_VERSION_MISMATCH,
                "expected_version",
                f"version {self.policy_version} is in force, not {command.expected_version}",
                {"version": str(self.policy_version)},
            )
        policy: Policy = command.policy
        if len(policy.queues) > self.limits.queues:
            raise Refused(Reason.QUEUE_LIMIT, "queues", f"{len(policy.queues)} queues, {self.limits.queues} allowed")
        self.check_nothing_in_use_is_absent(policy)
        coming = skills_of_policy(policy)
        self.check_skill_limit(self.too_many_skills(coming, without_queues=True), "queues")

    def check_nothing_in_use_is_absent(self, policy: Policy) -> None:
        channels = {channel.channel_id for channel in policy.channels}
        queues = {queue.queue_id for queue in policy.queues}
        for contact in self.contacts_by_ordinal.values():
            user = f'the contact "{contact.contact_id}"'
            self.check_still_there([contact.channel_id], channels, Reason.CHANNEL_IN_USE, "channels", user)
            of_contact = [queue_id for queue_id in (contact.queue_id, contact.second_queue_id) if queue_id]
            self.check_still_there(of_contact, queues, Reason.QUEUE_IN_USE, "queues", user)
        for agent in self.agents_by_ordinal.values():
            user = f'the agent "{agent.spec.agent_id}"'
            maxima = [maximum.channel_id for maximum in agent.spec.channel_maxima]
            self.check_still_there(maxima, channels, Reason.CHANNEL_IN_USE, "channels", user)
            self.check_still_there(list(agent.memberships), queues, Reason.QUEUE_IN_USE, "queues", user)

    def check_still_there(self, used: list[str], there: set[str], reason: Reason, field: str, user: str) -> None:
        for name in used:
            if name not in there:
                raise Refused(reason, field, f'"{name}" is used by {user}')

    def check_upsert_agents(self, command: UpsertAgents) -> None:
        for index, spec in enumerate(command.agents):
            for maximum in spec.channel_maxima:
                name = maximum.channel_id
                if name not in self.channels:
                    path = f'agents[{index}].channel_maxima["{name}"]'
                    raise Refused(Reason.UNKNOWN_CHANNEL, path, f'there is no channel "{name}"')
            for member in spec.memberships:
                name = member.queue_id
                if name not in self.queues:
                    path = f'agents[{index}].memberships["{name}"]'
                    raise Refused(Reason.UNKNOWN_QUEUE, path, f'there is no queue "{name}"')
        new = sum(spec.agent_id not in self.agents_by_id for spec in command.agents)
        agents = len(self.agents_by_ordinal) + new
        if agents > self.limits.agents:
            raise Refused(Reason.AGENT_LIMIT, "agents", f"{agents} agents, {self.limits.agents} allowed")
        replaced = [agent for spec in command.agents if (agent := self.agents_by_id.get(spec.agent_id)) is not None]
        coming = {skill.skill for spec in command.agents for skill in spec.skills}
        self.check_skill_limit(self.too_many_skills(coming, without_agents=replaced), "agents")

    def check_remove_agents(self, command: RemoveAgents) -> None:
        for index, agent_id in enumerate(command.agent_ids):
            self.present_agent(agent_id, f"agent_ids[{index}]")

    def check_set_presence(self, command: SetPresence) -> None:
        self.present_agent(command.agent_id, "agent_id")

    def check_heartbeat(self, command: Heartbeat) -> None:
        for index, agent_id in enumerate(command.agent_ids):
            self.present_agent(agent_id, f"agent_ids[{index}]")

    # Contacts

    def check_enqueue_contact(self, command: EnqueueContact) -> None:
        if command.contact_id in self.contacts_by_id:
            text = f'"{command.contact_id}" is a live contact with other content'
            raise Refused(Reason.CONTACT_EXISTS, "contact_id", text)
        if command.queue_id not in self.queues:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{command.queue_id}"')
        if command.channel_id not in self.channels:
            raise Refused(Reason.UNKNOWN_CHANNEL, "channel_id", f'there is no channel "{command.channel_id}"')
        self.check_waiting_limit()
        if command.consults_contact_id:
            self.check_consulted(command.consults_contact_id)
        if command.only_preferred:
            self.check_somebody_named(command.preferred_agents)
        self.check_window_end(command.window_end_ns)
        names = skill_names(command.requirement)
        self.check_skill_limit(self.too_many_skills(names), "requirement")
        names = names | {weight.skill for weight in command.skill_weights}
        self.check_skill_limit(self.too_many_skills(names), "skill_weights")

    def check_waiting_limit(self) -> None:
        pending = sum(contact.state in PENDING for contact in self.contacts_by_ordinal.values())
        if pending >= self.limits.waiting_contacts:
            raise Refused(Reason.WAITING_LIMIT, "contact_id", f"{pending} contacts wait, and no more are allowed")

    def check_consulted(self, contact_id: str) -> None:
        """An active contact that is no consultation itself."""
        field = "consults_contact_id"
        about = self.contacts_by_id.get(contact_id)
        if about is None:
            raise Refused(Reason.UNKNOWN_CONTACT, field, f'there is no live contact "{contact_id}"')
        if about.state is not ContactState.ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, field, f'"{contact_id}" is not active')
        if about.consults_ordinal != -1:
            raise Refused(Reason.CONTACT_IS_CONSULTATION, field, f'"{contact_id}" is a consultation itself')

    def check_somebody_named(self, agent_ids: tuple[str, ...]) -> None:
        if all(self.known_agent(agent_id) is None for agent_id in agent_ids):
            raise Refused(Reason.UNKNOWN_AGENT, "preferred_agents", "none of the agents it is only for exists")

    def check_window_end(self, window_end_ns: int) -> None:
        if window_end_ns and window_end_ns <= self.at_ns:
            raise Refused(Reason.OUT_OF_RANGE, "callback.window_end", "the window is over already")

    def check_update_contact(self, command: UpdateContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in PENDING:
            for field in ("requirement", "priority", "credit_ms", "preferred_agents"):
                if getattr(command, field) is not None:
                    raise Refused(Reason.CONTACT_NOT_WAITING, field, f'"{contact.contact_id}" is served already')
        if command.only_preferred:
            assert command.preferred_agents is not None, "agents are named where a contact is for them only"
            self.check_somebody_named(command.preferred_agents)
        if command.held is not None and contact.state is not ContactState.ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "held", f'"{contact.contact_id}" is not active')
        if command.requirement is not None:
            coming = skill_names(command.requirement) | {weight.skill for weight in contact.skill_weights}
            self.check_skill_limit(self.too_many_skills(coming, without_contact=contact), "requirement")

    def check_nothing(self, command: ForgetCustomer) -> None:
        """What depends on the state can refuse nothing of it: a customer of whom nothing is known is forgotten, too."""

    def check_set_contact_aside(self, command: SetContactAside) -> None:
        self.live_contact(command.contact_id)

    def check_set_agent_aside(self, command: SetAgentAside) -> None:
        self.present_agent(command.agent_id, "agent_id")

    def check_cancel_contact(self, command: CancelContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in PENDING:
            text = f'"{contact.contact_id}" is served already'
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", text)

    def check_offer(self, command: AcceptOffer | DeclineOffer) -> None:
        """The offer is live, and the agent's own."""
        contact = self.live_contact(command.contact_id)
        agent = self.agents_by_id.get(command.agent_id)
        if agent is None or (agent.leaving and contact.agent is not agent):
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{command.agent_id}"')
        live = self.live_offer(contact, command.offer_id)
        if live is not None:
            if live.agent is not agent:
                raise self.another_agents_offer(command)
            return
        if command.offer_id == contact.offer_id:
            if contact.agent is not agent:
                raise self.another_agents_offer(command)
            raise Refused(Reason.OFFER_ALREADY_ACCEPTED, "offer_id", f"offer {command.offer_id} was accepted")
        for ended in contact.ended_offers:
            if command.offer_id == ended.offer_id:
                if ended.agent_ordinal != agent.ordinal:
                    raise self.another_agents_offer(command)
                raise self.ended_offer(ended)
        raise Refused(
            Reason.OFFER_NOT_LIVE, "offer_id", f'offer {command.offer_id} is no live offer of "{contact.contact_id}"'
        )

    def another_agents_offer(self, command: AcceptOffer | DeclineOffer) -> Refused:
        text = f'offer {command.offer_id} was not made to "{command.agent_id}"'
        return Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", text)

    def ended_offer(self, ended: EndedOffer) -> Refused:
        offer_id = ended.offer_id
        match ended.outcome:
            case OfferOutcome.MISSED:
                return Refused(Reason.OFFER_EXPIRED, "offer_id", f"offer {offer_id} has expired")
            case OfferOutcome.RELEASED | OfferOutcome.WITHDRAWN:
                return Refused(Reason.OFFER_RELEASED, "offer_id", f"offer {offer_id} was released")
            case _:
                return Refused(Reason.OFFER_DECLINED, "offer_id", f"offer {offer_id} was declined")

    def check_complete_contact(self, command: CompleteContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state is not ContactState.ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id", f'"{contact.contact_id}" is not active')
        self.check_served_by(contact, command.agent_id)
        if command.not_reached and not self.is_callback(contact):
            raise Refused(Reason.CONTACT_NOT_CALLBACK, "not_reached", f'"{contact.contact_id}" is no callback')

    def check_served_by(self, contact: Contact, agent_id: str) -> None:
        """The agent named, if one is, is the contact's."""
        if agent_id and (contact.agent is None or contact.agent.spec.agent_id != agent_id):
            text = f'"{contact.contact_id}" is not with "{agent_id}"'
            raise Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", text)

    def check_finish_wrap_up(self, command: FinishWrapUp) -> None:
        if command.contact_id:
            contact = self.live_contact(command.contact_id)
            if contact.state is not ContactState.WRAP_UP:
                text = f'"{contact.contact_id}" is not in wrap-up'
                raise Refused(Reason.CONTACT_NOT_IN_WRAP_UP, "contact_id", text)
            self.check_served_by(contact, command.agent_id)
            return
        agent = self.agents_by_id.get(command.agent_id)
        if agent is None:
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{command.agent_id}"')
        if not agent.held_in(ContactState.WRAP_UP):
            raise Refused(Reason.AGENT_NOT_IN_WRAP_UP, "agent_id", f'"{command.agent_id}" is not in wrap-up')

    def check_detach_contact(self, command: DetachContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in PENDING or not contact.attached:
            text = f'no stream that matters follows "{contact.contact_id}"'
            raise Refused(Reason.CONTACT_NOT_ATTACHED, "contact_id", text)

    def check_attach_contact(self, command: AttachContact) -> None:
        self.live_contact(command.contact_id)

    # Callbacks, transfers, picks

    def check_request_callback(self, command: RequestCallback) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in (ContactState.WAITING, ContactState.SCHEDULED):
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'"{contact.contact_id}" does not wait')
        self.check_window_end(command.window_end_ns)

    def check_pick_contact(self, command: PickContact) -> None:
        contact = self.live_contact(command.contact_id)
        agent = self.present_agent(command.agent_id, "agent_id")
        if contact.state is not ContactState.WAITING:
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", f'"{contact.contact_id}" does not wait')
        self.check_can_be_given(agent, contact, "agent_id")
        who = f'"{command.agent_id}"'
        if self.able_entry(agent, contact) is None:
            home = self.entries(contact)[0]
            if not self.rule_3_reach(agent, contact, home):
                raise Refused(Reason.AGENT_NOT_MEMBER, "agent_id", f"{who} does not belong to the queue, or not yet")
            raise Refused(Reason.SKILLS_NOT_MET, "agent_id", f"{who} does not meet the requirement")
        if not self.rule_5_exclusion(agent, contact):
            raise Refused(Reason.AGENT_EXCLUDED, "agent_id", f"{who} is excluded for the contact")

    def check_can_be_given(self, agent: Agent, contact: Contact, field: str) -> None:
        """Signed on, with room."""
        who = f'"{agent.spec.agent_id}"'
        if agent.presence is Presence.OFFLINE:
            raise Refused(Reason.AGENT_NOT_SIGNED_ON, field, f"{who} is not signed on")
        if not self.rule_2_room(agent, contact):
            raise Refused(Reason.AGENT_HAS_NO_ROOM, field, f"{who} has no room for the contact")

    def check_transfer_contact(self, command: TransferContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state is not ContactState.ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "contact_id", f'"{contact.contact_id}" is not active')
        self.check_served_by(contact, command.agent_id)
        if contact.consults_ordinal != -1:
            raise Refused(Reason.CONTACT_IS_CONSULTATION, "contact_id", "a consultation is not transferred")
        if command.queue_id:
            self.check_transfer_to_queue(command, contact)
        elif command.to_agent_id:
            self.check_can_be_given(self.present_agent(command.to_agent_id, "to_agent_id"), contact, "to_agent_id")
        else:
            self.check_transfer_to_consultation(command, contact)

    def check_transfer_to_queue(self, command: TransferContact, contact: Contact) -> None:
        if command.queue_id not in self.queues:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{command.queue_id}"')
        to = self.follow(command.queue_id, contact)
        if not isinstance(to, QueueSpec):
            cause = self.refusal_by(command.queue_id, contact) if isinstance(to, EndWait) else to
            closed = cause is EndCause.REFUSED_CLOSED
            reason = Reason.QUEUE_CLOSED if closed else Reason.QUEUE_FULL
            raise Refused(reason, "queue_id", f'"{command.queue_id}" is {"closed" if closed else "full"}')
        self.check_waiting_limit()
        if command.requirement is not None:
            coming = skill_names(command.requirement) | {weight.skill for weight in contact.skill_weights}
            self.check_skill_limit(self.too_many_skills(coming, without_contact=contact), "requirement")

    def check_transfer_to_consultation(self, command: TransferContact, contact: Contact) -> None:
        field = "consultation_contact_id"
        consultation = self.contacts_by_id.get(command.consultation_contact_id)
        if consultation is None:
            text = f'there is no live contact "{command.consultation_contact_id}"'
            raise Refused(Reason.UNKNOWN_CONTACT, field, text)
        if consultation.consults_ordinal != contact.ordinal:
            raise Refused(Reason.NOT_ITS_CONSULTATION, field, "it is no consultation about this contact")
        agent = consultation.agent
        if consultation.state is not ContactState.ACTIVE or agent is None:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, field, f'"{consultation.contact_id}" is not active')
        if agent.leaving:
            raise Refused(Reason.UNKNOWN_AGENT, field, f'"{agent.spec.agent_id}" was removed')
        agent.give_back(consultation)
        room = self.rule_2_room(agent, contact)
        agent.take(consultation)
        if not room:
            text = f'"{agent.spec.agent_id}" has no room for the contact'
            raise Refused(Reason.AGENT_HAS_NO_ROOM, field, text)

    # Opening and closing

    def check_known_queue(self, command: OpenQueue | CloseQueue) -> None:
        if command.queue_id not in self.queues:
            raise Refused(Reason.UNKNOWN_QUEUE, "queue_id", f'there is no queue "{command.queue_id}"')
