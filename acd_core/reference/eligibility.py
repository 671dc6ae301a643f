"""Sections 3 and 4 of the routing model: who may serve whom, and who has room. A method for each rule."""

from acd_core.commands import parse_cached
from acd_core.enums import Membership, Presence
from acd_core.policy import QueueSpec
from acd_core.reference.records import Agent, Contact
from acd_core.reference.state import State


class Eligibility(State):
    """Rules 6 and 7 (held for preferred agents, for named agents only) come with preferred agents."""

    def may_serve(self, agent: Agent, contact: Contact) -> bool:
        """Section 3: all rules hold."""
        return (
            self.rule_1_presence(agent)
            and self.rule_2_room(agent, contact)
            and self.rule_3_reach(agent, contact)
            and self.rule_4_skills(agent, contact)
            and self.rule_5_exclusion(agent, contact)
        )

    def rule_1_presence(self, agent: Agent) -> bool:
        """The agent's presence is ready, and nothing keeps it from contacts: it is available."""
        return agent.presence is Presence.READY and not agent.leaving and not self.delayed(agent)

    def delayed(self, agent: Agent) -> bool:
        return agent.delayed_until_ns != 0

    def rule_2_room(self, agent: Agent, contact: Contact) -> bool:
        """The agent has room on the contact's channel."""
        return self.has_room(agent, contact.channel_id)

    def rule_3_reach(self, agent: Agent, contact: Contact) -> bool:
        """The queue is open, or the agent is a member with a tier that the contact may use now."""
        queue = self.queue_of(contact)
        tier = self.tier_in(agent, queue)
        if tier is None:
            return False
        limit = self.tier_limit(queue)
        return limit is None or tier <= limit

    def rule_4_skills(self, agent: Agent, contact: Contact) -> bool:
        """The agent's skills meet the queue's requirement and the contact's own."""
        return self.meets(agent, self.queue_of(contact).requirement) and self.meets(agent, contact.requirement)

    def rule_5_exclusion(self, agent: Agent, contact: Contact) -> bool:
        """The agent is not excluded for the contact."""
        return all(exclusion.agent_ordinal != agent.ordinal for exclusion in contact.exclusions)

    # Rule 3: tiers

    def tier_in(self, agent: Agent, queue: QueueSpec) -> int | None:
        """0 in an open queue, the membership's tier in a listed one, None without a membership."""
        if queue.membership is Membership.OPEN:
            return 0
        member = agent.memberships.get(queue.queue_id)
        return None if member is None else member.tier

    def tier_limit(self, queue: QueueSpec) -> int | None:
        """The highest tier that its contacts may use now; None for no limit."""
        return queue.max_tier

    # Rule 4: skills

    def meets(self, agent: Agent, requirement: str) -> bool:
        if not requirement:
            return True
        known = agent.meets.get(requirement)
        if known is None:
            known = agent.meets[requirement] = parse_cached(requirement).met_by(agent.skills)
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
