"""Sections 5, 6 and 9 of the routing model: which contact an agent gets, which agent a contact gets, who chooses."""

from acd_core.enums import ChosenBy, ContactState, EventType, Membership, Strategy, TimerKind
from acd_core.reference.eligibility import Eligibility
from acd_core.reference.records import Agent, Contact

NS_IN_MS = 1_000_000


class Matching(Eligibility):
    # Section 5: which contact an agent gets

    def credit_ms(self, contact: Contact) -> int:
        return contact.credit_ms + self.queue_of(contact).credit_ms

    def waited_ms(self, contact: Contact) -> int:
        """Both times are floored to milliseconds separately."""
        return self.now_ns // NS_IN_MS - contact.arrived_ns // NS_IN_MS

    def score(self, contact: Contact) -> int:
        """Section 5, rule 3. Bounded below 2**63 by `acd_core.limits`."""
        return 1_000 * self.credit_ms(contact) + self.queue_of(contact).rate * self.waited_ms(contact)

    def waiting_order(self, contact: Contact) -> tuple[int, int, int]:
        """Section 5, rules 2 to 4: the lowest goes first."""
        return -contact.priority, -self.score(contact), contact.ordinal

    def agent_order(self, agent: Agent, contact: Contact) -> tuple[int, ...]:
        """Section 5, rules 1 to 4: how an agent orders the contacts that it may serve; the lowest goes first."""
        if not self.policy.tier_first:
            return self.waiting_order(contact)
        tier = self.tier_in(agent, self.queue_of(contact))
        assert tier is not None, "an agent who may serve a contact has a tier in its queue"
        return (tier, *self.waiting_order(contact))

    def choice_for_agent(self, agent: Agent) -> Contact | None:
        """The contact that the agent gets among those it may serve."""
        servable = [contact for contact in self.waiting_contacts() if self.may_serve(agent, contact)]
        return min(servable, key=lambda contact: self.agent_order(agent, contact), default=None)

    # Section 6: which agent a contact gets

    def choice_for_contact(self, contact: Contact, among: list[Agent]) -> Agent | None:
        """The agent that the contact gets: the lowest tier, then the queue's strategy, then the earliest ordinal.

        `among` are the agents to look at, in order of creation.
        """
        able = [agent for agent in among if self.may_serve(agent, contact)]
        if not able:
            return None
        first = self.lowest_tier(able, contact)
        return self.by_strategy(first, contact) if len(first) > 1 else first[0]

    def lowest_tier(self, able: list[Agent], contact: Contact) -> list[Agent]:
        queue = self.queue_of(contact)
        tiers = [self.tier_in(agent, queue) for agent in able]
        lowest = min(tier for tier in tiers if tier is not None)
        return [agent for agent, tier in zip(able, tiers, strict=True) if tier == lowest]

    def by_strategy(self, able: list[Agent], contact: Contact) -> Agent:
        match self.queue_of(contact).strategy:
            case Strategy.LONGEST_IDLE:
                return min(able, key=self.longest_idle_key)
            case Strategy.ROUND_ROBIN:
                return min(able, key=self.round_robin_key)
            case Strategy.FIXED_ORDER:
                return min(able, key=lambda agent: self.fixed_order_key(agent, contact))
            case Strategy.RANDOM:
                return self.random_agent(able)
            case unbuilt:
                raise AssertionError(f"a policy with the strategy {unbuilt.name} is refused")

    def longest_idle_key(self, agent: Agent) -> tuple[int, int]:
        return agent.idle_since_ns, agent.ordinal

    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        return agent.last_offer_id, agent.ordinal

    def fixed_order_key(self, agent: Agent, contact: Contact) -> tuple[int, int]:
        """By position in a listed queue; an open one has no list, and so no positions."""
        if self.queue_of(contact).membership is Membership.OPEN:
            return 0, agent.ordinal
        return agent.memberships[contact.queue_id].position, agent.ordinal

    def random_agent(self, able: list[Agent]) -> Agent:
        """One draw over the candidates, who are two or more and in order of creation."""
        return able[self.draw(len(able))]

    # Section 9: who chooses

    def touch(self) -> None:
        """A contact was added, returned or widened, or the policy changed."""
        self.touched = True

    def gain(self, agent: Agent) -> None:
        """The agent released capacity, became ready, had a delay or an exclusion end, or its spec was replaced."""
        self.gained[agent.ordinal] = None

    def gaining_agents(self) -> list[Agent]:
        """Those noted by `gain` that are there and available now that the effects are done."""
        agents = [self.agents_by_ordinal.get(ordinal) for ordinal in self.gained]
        return [agent for agent in agents if agent is not None and self.rule_1_presence(agent)]

    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        """The one agent that chooses, or None if contacts do."""
        return gaining[0] if len(gaining) == 1 and not self.touched else None

    def match(self) -> None:
        """Leave no waiting contact with an agent who may serve it; then forget what called for matching."""
        gaining = self.gaining_agents()
        chooser = self.choosing_agent(gaining)
        if chooser is not None:
            self.let_agent_choose(chooser)
        elif self.touched or gaining:
            self.let_contacts_choose()
        self.touched = False
        self.gained.clear()

    def let_agent_choose(self, agent: Agent) -> None:
        """It takes contacts until it has no room or no choice."""
        while (contact := self.choice_for_agent(agent)) is not None:
            self.assign(contact, agent, ChosenBy.AGENT)

    def let_contacts_choose(self) -> None:
        """The pass: each waiting contact in its turn, once."""
        waiting = self.waiting_contacts()
        # Presence stands still during a pass, and room only shrinks: whoever lacks either now need not be looked at.
        channel_ids = dict.fromkeys(contact.channel_id for contact in waiting)
        among = {channel_id: self.agents_with_room(channel_id) for channel_id in channel_ids}
        hopeful = [contact for contact in waiting if among[contact.channel_id]]
        for contact in sorted(hopeful, key=self.waiting_order):
            agent = self.choice_for_contact(contact, among[contact.channel_id])
            if agent is not None:
                self.assign(contact, agent, ChosenBy.CONTACT)

    def agents_with_room(self, channel_id: str) -> list[Agent]:
        """Available agents with room on a channel, in order of creation."""
        return [
            agent
            for agent in self.agents_by_ordinal.values()
            if self.rule_1_presence(agent) and self.has_room(agent, channel_id)
        ]

    def assign(self, contact: Contact, agent: Agent, chosen_by: ChosenBy) -> None:
        """Match the two: an offer, or with auto-accept the contact is active at once."""
        assert contact.state is ContactState.WAITING, "only a waiting contact is matched"
        assert contact.agent is None, "a waiting contact has no agent"
        queue = self.queue_of(contact)
        decision = {
            "contact_id": contact.contact_id,
            "agent_id": agent.spec.agent_id,
            "queue_id": contact.queue_id,
            "tier": self.tier_in(agent, queue),
            "priority": contact.priority,
            "score": self.score(contact),
            "wait_ns": self.now_ns - contact.arrived_ns,
            "strategy": queue.strategy,
            "chosen_by": chosen_by,
            "policy_version": self.policy_version,
        }
        self.offers_made += 1
        agent.last_offer_id = self.offers_made
        contact.offer_id = self.offers_made
        contact.agent = agent
        contact.state_since_ns = self.now_ns
        agent.take(contact)
        if queue.auto_accept:
            contact.state = ContactState.ACTIVE
            contact.accepted_ns = self.now_ns
            agent.misses_in_row = 0
            self.disarm(TimerKind.REATTACH_END, contact)
            self.emit(EventType.CONTACT_ASSIGNED, offer_id=contact.offer_id, until_ns=0, **decision)
        else:
            contact.state = ContactState.OFFERED
            contact.offer_expires_ns = self.now_ns + queue.offer_timeout_ms * NS_IN_MS
            self.arm(TimerKind.OFFER_EXPIRY, contact.offer_expires_ns, contact)
            self.emit(EventType.OFFER_MADE, offer_id=contact.offer_id, until_ns=contact.offer_expires_ns, **decision)
