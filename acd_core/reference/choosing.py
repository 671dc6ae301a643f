"""Sections 5 and 6 of the routing model: which contact an agent gets, which agent a contact gets."""

from functools import cmp_to_key

from acd_core.enums import MatchCause, Membership, Strategy
from acd_core.policy import SkillWeight
from acd_core.reference.records import Agent, Contact, Entry
from acd_core.reference.told import Told


class Choosing(Told):
    # Section 5: which contact an agent gets

    def agent_order(self, agent: Agent, contact: Contact, entry: Entry) -> tuple[int, ...]:
        """Section 5, rules 1 to 4: how an agent orders the entries by which it may serve; the lowest goes first."""
        order = self.waiting_order(contact, entry.queue)
        if not self.policy.tier_first:
            return order
        tier = self.tier_in(agent, entry.queue)
        assert tier is not None, "an agent who may serve a contact has a tier in its queue"
        return (tier, *order)

    def choice_for_agent(self, agent: Agent) -> tuple[Contact, Entry] | None:
        """The contact that the agent gets among those it may serve, and by which entry."""
        servable = [
            (contact, entry)
            for contact in self.wanting_contacts()
            if self.may_serve_but_for_entry(agent, contact)
            for entry in self.entries(contact)
            if self.able_by(agent, contact, entry)
        ]
        # Home entries come before second ones, and min takes the first of equals.
        return min(servable, key=lambda one: self.agent_order(agent, *one), default=None)

    # Section 6: which agent a contact gets

    def choice_for_contact(self, contact: Contact, among: list[Agent]) -> tuple[Agent, Entry] | None:
        """The agent that the contact gets, and by which entry: a preferred one, else by the home entry if it can.

        `among` are the agents to look at, in order of creation.
        """
        able = [agent for agent in among if self.may_serve_but_for_entry(agent, contact)]
        preferred = self.preferred_choice(contact, able)
        if preferred is not None:
            return preferred
        for entry in self.entries(contact):
            candidates = [agent for agent in able if self.able_by(agent, contact, entry)]
            if candidates:
                return self.choice_by_entry(contact, entry, candidates), entry
        return None

    def preferred_choice(self, contact: Contact, able: list[Agent]) -> tuple[Agent, Entry] | None:
        """The first preferred agent who may serve the contact."""
        by_ordinal = {agent.ordinal: agent for agent in able}
        for ordinal in contact.preferred:
            agent = by_ordinal.get(ordinal)
            if agent is not None and (entry := self.able_entry(agent, contact)) is not None:
                return agent, entry
        return None

    def choice_by_entry(self, contact: Contact, entry: Entry, candidates: list[Agent]) -> Agent:
        """The lowest tier in the entry's queue, then the queue's strategy, then the earliest ordinal."""
        first = self.lowest_tier(candidates, entry)
        return self.by_strategy(first, contact, entry) if len(first) > 1 else first[0]

    def lowest_tier(self, able: list[Agent], entry: Entry) -> list[Agent]:
        tiers = [self.tier_in(agent, entry.queue) for agent in able]
        lowest = min(tier for tier in tiers if tier is not None)
        return [agent for agent, tier in zip(able, tiers, strict=True) if tier == lowest]

    def by_strategy(self, able: list[Agent], contact: Contact, entry: Entry) -> Agent:
        """`able` are two or more, in order of creation, so that the first of equals is the earliest."""
        match entry.queue.strategy:
            case Strategy.LONGEST_IDLE | Strategy.BROADCAST:
                return min(able, key=self.longest_idle_key)
            case Strategy.ROUND_ROBIN:
                return min(able, key=self.round_robin_key)
            case Strategy.LEAST_OCCUPIED:
                return min(able, key=lambda agent: agent.occupancy_key)
            case Strategy.FEWEST_CONTACTS:
                return min(able, key=lambda agent: agent.contacts_begun)
            case Strategy.LEAST_TALK_TIME:
                return min(able, key=lambda agent: agent.talk_ns)
            case Strategy.LEAST_LOADED:
                return min(able, key=cmp_to_key(self.compare_load))
            case Strategy.BEST_MATCH:
                weights = contact.skill_weights or entry.queue.skill_weights
                return min(able, key=lambda agent: self.best_match_key(agent, weights))
            case Strategy.LEAST_SKILLED:
                return min(able, key=lambda agent: (len(agent.skills), agent.idle_since_ns))
            case Strategy.FIXED_ORDER:
                return min(able, key=lambda agent: self.fixed_order_key(agent, entry))
            case Strategy.RANDOM:
                return self.random_agent(able)
            case Strategy.WEIGHTED:
                return self.weighted_agent(able)

    def longest_idle_key(self, agent: Agent) -> tuple[int, int]:
        return agent.idle_since_ns, agent.ordinal

    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        """By the last offer: live broadcast offers count while they live."""
        live = [
            offer.offer_id
            for contact in agent.holding
            for offer in contact.offers
            if offer.agent is agent and offer.broadcast
        ]
        return max([agent.last_offer_id, *live]), agent.ordinal

    def compare_load(self, one: Agent, other: Agent) -> int:
        """By used / capacity as exact fractions, then longest idle: negative if `one` goes first."""
        load = self.used(one) * other.spec.capacity - self.used(other) * one.spec.capacity
        return load or one.idle_since_ns - other.idle_since_ns

    def best_match_key(self, agent: Agent, weights: tuple[SkillWeight, ...]) -> tuple[int, int]:
        return -sum(weight * agent.skills.get(skill, 0) for skill, weight in weights), agent.idle_since_ns

    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        """By position in a listed queue; an open one has no list, and so no positions."""
        if entry.queue.membership is Membership.OPEN:
            return 0, agent.ordinal
        return agent.memberships[entry.queue.queue_id].position, agent.ordinal

    def random_agent(self, able: list[Agent]) -> Agent:
        """One even draw."""
        return able[self.draw(len(able))]

    def weighted_agent(self, able: list[Agent]) -> Agent:
        """One draw by weight."""
        pick = self.draw(sum(agent.spec.weight for agent in able))
        for agent in able:
            pick -= agent.spec.weight
            if pick < 0:
                return agent
        raise AssertionError("a draw lies below the sum of the weights")

    def cause_of(self, agent: Agent, contact: Contact) -> MatchCause:
        """Of a match in its turn."""
        return MatchCause.PREFERRED if agent.ordinal in contact.preferred else MatchCause.TURN
