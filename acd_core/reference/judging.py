"""Whether a command is taken: each method is one command's checks of docs/engine.md, in their order."""

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
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
from acd_core.enums import ContactState, OfferOutcome
from acd_core.policy import Policy
from acd_core.reference.lifecycle import Lifecycle
from acd_core.reference.records import Agent, Contact
from acd_core.reference.state import skill_names
from acd_core.refusal import Reason, Refused

UNSERVED = (ContactState.WAITING, ContactState.OFFERED)


class Judging(Lifecycle):
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
        coming = {name for queue in policy.queues for name in skill_names(queue.requirement)}
        self.check_skill_limit(self.too_many_skills(coming, without_queues=True), "queues")

    def check_nothing_in_use_is_absent(self, policy: Policy) -> None:
        channels = {channel.channel_id for channel in policy.channels}
        queues = {queue.queue_id for queue in policy.queues}
        for contact in self.contacts_by_ordinal.values():
            user = f'the contact "{contact.contact_id}"'
            self.check_still_there([contact.channel_id], channels, Reason.CHANNEL_IN_USE, "channels", user)
            self.check_still_there([contact.queue_id], queues, Reason.QUEUE_IN_USE, "queues", user)
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
        unserved = sum(contact.state in UNSERVED for contact in self.contacts_by_ordinal.values())
        if unserved >= self.limits.waiting_contacts:
            raise Refused(Reason.WAITING_LIMIT, "contact_id", f"{unserved} contacts wait, and no more are allowed")
        self.check_skill_limit(self.too_many_skills(skill_names(command.requirement)), "requirement")

    def check_update_contact(self, command: UpdateContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in UNSERVED:
            for field in ("requirement", "priority", "credit_ms"):
                if getattr(command, field) is not None:
                    raise Refused(Reason.CONTACT_NOT_WAITING, field, f'"{contact.contact_id}" is served already')
        if command.held is not None and contact.state is not ContactState.ACTIVE:
            raise Refused(Reason.CONTACT_NOT_ACTIVE, "held", f'"{contact.contact_id}" is not active')
        if command.requirement is not None:
            coming = skill_names(command.requirement)
            self.check_skill_limit(self.too_many_skills(coming, without_contact=contact), "requirement")

    def check_cancel_contact(self, command: CancelContact) -> None:
        contact = self.live_contact(command.contact_id)
        if contact.state not in UNSERVED:
            text = f'"{contact.contact_id}" is served already'
            raise Refused(Reason.CONTACT_NOT_WAITING, "contact_id", text)

    def check_offer(self, command: AcceptOffer | DeclineOffer) -> None:
        """The offer is live, and the agent's own."""
        contact = self.live_contact(command.contact_id)
        agent = self.agents_by_id.get(command.agent_id)
        if agent is None or (agent.leaving and contact.agent is not agent):
            raise Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{command.agent_id}"')
        if command.offer_id == contact.offer_id:
            if contact.agent is not agent:
                raise self.another_agents_offer(command)
            if contact.state is not ContactState.OFFERED:
                raise Refused(Reason.OFFER_ALREADY_ACCEPTED, "offer_id", f"offer {command.offer_id} was accepted")
            return
        if command.offer_id == contact.last_offer_id:
            if contact.last_offer_agent_ordinal != agent.ordinal:
                raise self.another_agents_offer(command)
            raise self.ended_offer(contact)
        raise Refused(
            Reason.OFFER_NOT_LIVE, "offer_id", f'offer {command.offer_id} is no live offer of "{contact.contact_id}"'
        )

    def another_agents_offer(self, command: AcceptOffer | DeclineOffer) -> Refused:
        text = f'offer {command.offer_id} was not made to "{command.agent_id}"'
        return Refused(Reason.NOT_OFFERED_TO_AGENT, "agent_id", text)

    def ended_offer(self, contact: Contact) -> Refused:
        offer_id = contact.last_offer_id
        match contact.last_offer_outcome:
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
        if contact.state not in UNSERVED or not contact.attached:
            text = f'no stream that matters follows "{contact.contact_id}"'
            raise Refused(Reason.CONTACT_NOT_ATTACHED, "contact_id", text)

    def check_attach_contact(self, command: AttachContact) -> None:
        self.live_contact(command.contact_id)
