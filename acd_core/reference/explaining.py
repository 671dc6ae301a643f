"""Section 14 of the routing model: why a contact waits, why an agent has none, why it did not get that contact."""

from acd_core.enums import ServeRule
from acd_core.reference.records import Agent, Contact
from acd_core.reference.stored import Stored
from acd_core.views import Explanation


class Explaining(Stored):
    def explain(self, contact_id: str = "", agent_id: str = "") -> Explanation | None:
        """Of the state as it stands; None if what is named is not there. docs/engine/told.md says what is said."""
        contact = self.contacts_by_id.get(contact_id)
        agent = self.agents_by_id.get(agent_id)
        if (contact_id and contact is None) or (agent_id and agent is None):
            return None
        if contact is not None and agent is not None:
            return self.explain_pair(contact, agent)
        if contact is not None:
            return self.explain_contact(contact)
        return None if agent is None else self.explain_agent(agent)

    def explain_pair(self, contact: Contact, agent: Agent) -> Explanation:
        rule = ServeRule.NONE_FAILS if contact in agent.holding else self.first_failing(agent, contact)
        if rule is ServeRule.ROOM:
            return Explanation(rule, contact_ahead_id=self.last_matched(agent))
        if rule is not ServeRule.NONE_FAILS:
            return Explanation(rule)
        holders = [contact.agent] if contact.agent is not None else [offer.agent for offer in contact.offers]
        holder = holders[0] if holders and holders[0] is not agent else None
        choice = self.choice_for_agent(agent) if self.wants(contact) else None
        return Explanation(
            rule,
            contact_ahead_id="" if choice is None or choice[0] is contact else choice[0].contact_id,
            agent_ahead_id="" if holder is None else holder.spec.agent_id,
        )

    def first_failing(self, agent: Agent, contact: Contact) -> ServeRule:
        """The first rule of section 3 that fails, judged for a contact in any state."""
        home = self.entries(contact)[0]
        able = self.able_entry(agent, contact) is not None
        rules = (
            (ServeRule.READY, self.rule_1_presence(agent)),
            (ServeRule.ROOM, self.rule_2_room(agent, contact)),
            (ServeRule.MEMBER, able or self.rule_3_reach(agent, contact, home)),
            (ServeRule.SKILLS, able),
            (ServeRule.NOT_EXCLUDED, self.rule_5_exclusion(agent, contact)),
            (ServeRule.HELD_FOR_PREFERRED, self.rule_6_reservation(agent, contact)),
            (ServeRule.NAMED_ONLY, self.rule_7_named(agent, contact)),
        )
        return next((rule for rule, holds in rules if not holds), ServeRule.NONE_FAILS)

    def last_matched(self, agent: Agent) -> str:
        """Of what the agent holds, the contact it was matched with last."""
        matched = [(self.offer_with(contact, agent), contact.contact_id) for contact in agent.holding]
        return max(matched, default=(0, ""))[1]

    def offer_with(self, contact: Contact, agent: Agent) -> int:
        live = (offer.offer_id for offer in contact.offers if offer.agent is agent)
        return next(live, contact.offer_id)

    def explain_contact(self, contact: Contact) -> Explanation:
        able = [
            agent
            for agent in self.agents_by_ordinal.values()
            if not agent.leaving
            and self.able_entry(agent, contact) is not None
            and self.rule_5_exclusion(agent, contact)
            and self.rule_6_reservation(agent, contact)
            and self.rule_7_named(agent, contact)
        ]
        with_room = sum(self.rule_1_presence(agent) and self.rule_2_room(agent, contact) for agent in able)
        return Explanation(agents_able=len(able), agents_with_room=with_room)

    def explain_agent(self, agent: Agent) -> Explanation:
        choice = self.choice_for_agent(agent)
        if not self.rule_1_presence(agent):
            rule = ServeRule.READY
        elif not any(self.has_room(agent, channel_id) for channel_id in self.channels):
            rule = ServeRule.ROOM
        else:
            rule = ServeRule.NONE_FAILS
        return Explanation(rule, contact_ahead_id="" if choice is None else choice[0].contact_id)
