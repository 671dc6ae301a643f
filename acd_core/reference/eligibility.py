"""Sections 3 and 4 of the routing model: who may serve whom, and who has room. A method for each rule."""

from acd_core.command_checks import parse_own_cached
from acd_core.enums import ContactState, Membership, Presence, Strategy
from acd_core.policy import QueueSpec
from acd_core.reference.records import Agent, Contact, Entry
from acd_core.reference.state import State


class Eligibility(State):
    def may_serve(self, agent: Agent, contact: Contact) -> bool:
        """Section 3: all rules hold, rules 3 and 4 by one of the contact's entries."""
        return self.may_serve_but_for_entry(agent, contact) and self.able_entry(agent, contact) is not None

    def may_serve_by(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        """Section 3 for one entry."""
        return self.able_by(agent, contact, entry) and self.may_serve_but_for_entry(agent, contact)

    def may_serve_but_for_entry(self, agent: Agent, contact: Contact) -> bool:
        """All rules hold but those that are about an entry."""
        return (
            self.rule_1_presence(agent)
            and self.rule_2_room(agent, contact)
            and self.rule_5_exclusion(agent, contact)
            and not contact.offered_to(agent)
            and self.rule_6_reservation(agent, contact)
            and self.rule_7_named(agent, contact)
        )

    def able_by(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        """Rules 3 and 4 hold for this entry."""
        return self.rule_3_reach(agent, contact, entry) and self.rule_4_skills(agent, contact, entry)

    def able_entry(self, agent: Agent, contact: Contact) -> Entry | None:
        """The entry for which rules 3 and 4 hold, the home entry if they do for both."""
        return next((entry for entry in self.entries(contact) if self.able_by(agent, contact, entry)), None)

    def rule_1_presence(self, agent: Agent) -> bool:
        """The agent's presence is ready, and nothing keeps it from contacts: it is available."""
        return agent.presence is Presence.READY and not agent.leaving and not self.delayed(agent)

    def delayed(self, agent: Agent) -> bool:
        return agent.delayed_until_ns != 0

    def rule_2_room(self, agent: Agent, contact: Contact) -> bool:
        """The agent has room on the contact's channel."""
        return self.has_room(agent, contact.channel_id)

    def rule_3_reach(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        """The queue is open, or the agent is a member with a tier that the contact may use now."""
        tier = self.tier_in(agent, entry.queue)
        if tier is None:
            return False
        limit = self.tier_limit(contact, entry.queue)
        return limit is None or tier <= limit

    def rule_4_skills(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        """The agent's skills meet the queue's requirement and the contact's own as it is now."""
        return self.meets(agent, entry.queue.requirement) and self.meets(agent, contact.requirement_now)

    def rule_5_exclusion(self, agent: Agent, contact: Contact) -> bool:
        """The agent is not excluded for the contact, nor the one who asked for this consultation."""
        if agent.ordinal == contact.asked_by_ordinal:
            return False
        return all(exclusion.agent_ordinal != agent.ordinal for exclusion in contact.exclusions)

    def rule_6_reservation(self, agent: Agent, contact: Contact) -> bool:
        """The contact is not held for preferred agents, or the agent is one of those it is held for."""
        return not contact.reserved_for or agent.ordinal in contact.reserved_for

    def rule_7_named(self, agent: Agent, contact: Contact) -> bool:
        """The contact is not for named agents only, or the agent is one of them."""
        return not contact.only_preferred or agent.ordinal in contact.preferred

    # Which contacts look for agents

    def wants(self, contact: Contact) -> bool:
        """It waits, or is an open broadcast."""
        return contact.state is ContactState.WAITING or self.open_broadcast(contact)

    def open_broadcast(self, contact: Contact) -> bool:
        """It is offered by broadcast, and to fewer agents than it may be."""
        queue = self.queue_of(contact)
        return (
            contact.state is ContactState.OFFERED
            and queue.strategy is Strategy.BROADCAST
            and all(offer.broadcast for offer in contact.offers)
            and len(contact.offers) < queue.broadcast_to
        )

    def wanting_contacts(self) -> list[Contact]:
        """In order of creation."""
        return [contact for contact in self.contacts_by_ordinal.values() if self.wants(contact)]

    # Rule 3: tiers

    def tier_in(self, agent: Agent, queue: QueueSpec) -> int | None:
        """0 in an open queue, the membership's tier in a listed one, None without a membership."""
        if queue.membership is Membership.OPEN:
            return 0
        member = agent.memberships.get(queue.queue_id)
        return None if member is None else member.tier

    def tier_limit(self, contact: Contact, queue: QueueSpec) -> int | None:
        """The highest tier that the contact may use now in a queue; None for no limit."""
        return None if queue.max_tier is None else max(queue.max_tier, contact.raised_tier)

    # Rule 4: skills

    def meets(self, agent: Agent, requirement: str) -> bool:
        if not requirement:
            return True
        known = agent.meets.get(requirement)
        if known is None:
            known = agent.meets[requirement] = parse_own_cached(requirement).met_by(agent.skills)
        return known

    # Rule 2: section 4, capacity and channels

    def has_room(self, agent: Agent, channel_id: str) -> bool:
        """`room_for`, judged once for as long as nothing that it depends on changes."""
        known = agent.room.get(channel_id)
        if known is None:
            known = agent.room[channel_id] = self.room_for(agent, channel_id)
        return known

    def room_for(self, agent: Agent, channel_id: str) -> bool:
        """Both the capacity and the channel's maximum leave room for one more."""
        return self.fits_capacity(agent, channel_id) and self.below_maximum(agent, channel_id)

    def fits_capacity(self, agent: Agent, channel_id: str) -> bool:
        held = sum(self.channels[c.channel_id].cost for c in agent.holding if self.counts_against(c, channel_id))
        return held + self.channels[channel_id].cost <= agent.spec.capacity

    def counts_against(self, contact: Contact, channel_id: str) -> bool:
        """What the agent holds counts against room on a channel unless that channel interrupts it."""
        return contact.channel_id not in self.channels[channel_id].interrupts

    def below_maximum(self, agent: Agent, channel_id: str) -> bool:
        for limit in agent.spec.channel_maxima:
            if limit.channel_id == channel_id:
                return self.count_on(agent, channel_id) < limit.maximum
        return True

    def count_on(self, agent: Agent, channel_id: str) -> int:
        """Offers, active contacts and wrap-up on a channel."""
        return sum(contact.channel_id == channel_id for contact in agent.holding)

    def used(self, agent: Agent) -> int:
        """Capacity held, under the policy in force."""
        return sum(self.channels[contact.channel_id].cost for contact in agent.holding)
