"""Section 9 of the routing model: who chooses, and what a match is."""

from acd_core.enums import ChosenBy, ContactState, EventType, MatchCause, Strategy
from acd_core.reference.plans import Plans
from acd_core.reference.records import Agent, Contact, Entry, Offer
from acd_core.reference.told import NS_IN_MS


class Matching(Plans):
    def gaining_agents(self) -> list[Agent]:
        """Those noted by `gain` that are there and available now that the effects are done."""
        agents = [self.agents_by_ordinal.get(ordinal) for ordinal in self.gained]
        return [agent for agent in agents if agent is not None and self.rule_1_presence(agent)]

    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        """The one agent that chooses, or None if contacts do."""
        return gaining[0] if len(gaining) == 1 and not self.touched else None

    def match(self) -> None:
        """Leave no contact that wants with an agent who may serve it.

        What is noted meanwhile (the losers of a broadcast that was assigned) calls for matching again.
        """
        self.match_once()
        while self.touched or self.gained:
            self.match_once()

    def match_once(self) -> None:
        self.review_reservations()
        gaining = self.gaining_agents()
        chooser = self.choosing_agent(gaining)
        touched = self.touched
        self.touched = False
        self.gained.clear()
        if chooser is not None:
            self.let_agent_choose(chooser)
        elif touched or gaining:
            self.let_contacts_choose()

    def let_agent_choose(self, agent: Agent) -> None:
        """It takes contacts until it has no room or no choice."""
        while (choice := self.choice_for_agent(agent)) is not None:
            contact, entry = choice
            self.assign(contact, agent, entry, ChosenBy.AGENT, self.cause_of(agent, contact))

    def let_contacts_choose(self) -> None:
        """The pass: the entries of contacts that want, each contact choosing once, at its first that can be served."""
        wanting = self.wanting_contacts()
        # Presence stands still during a pass, and room only shrinks: whoever lacks either now need not be looked at.
        channel_ids = dict.fromkeys(contact.channel_id for contact in wanting)
        among = {channel_id: self.agents_with_room(channel_id) for channel_id in channel_ids}
        hopeful = [contact for contact in wanting if among[contact.channel_id]]
        places = [(contact, entry) for contact in hopeful for entry in self.entries(contact)]
        chosen: set[Contact] = set()
        for contact, entry in sorted(places, key=lambda place: self.place_in_pass(*place)):
            agents = among[contact.channel_id]
            if contact not in chosen and any(self.may_serve_by(agent, contact, entry) for agent in agents):
                chosen.add(contact)
                self.let_contact_choose(contact, agents)

    def place_in_pass(self, contact: Contact, entry: Entry) -> tuple[tuple[int, int, int], bool]:
        return self.waiting_order(contact, entry.queue), entry.second

    def let_contact_choose(self, contact: Contact, among: list[Agent]) -> None:
        """One agent, or with broadcast as many as it may be offered to."""
        while self.wants(contact):
            choice = self.choice_for_contact(contact, among)
            if choice is None:
                return
            agent, entry = choice
            self.assign(contact, agent, entry, ChosenBy.CONTACT, self.cause_of(agent, contact))

    def agents_with_room(self, channel_id: str) -> list[Agent]:
        """Available agents with room on a channel, in order of creation."""
        return [
            agent
            for agent in self.agents_by_ordinal.values()
            if self.rule_1_presence(agent) and self.has_room(agent, channel_id)
        ]

    def assign(
        self,
        contact: Contact,
        agent: Agent,
        entry: Entry,
        chosen_by: ChosenBy,
        cause: MatchCause,
        *,
        asked_by: str = "",
        at_once: bool = False,
    ) -> None:
        """Match the two: an offer, or with auto-accept (or `at_once`) the contact is active at once."""
        assert contact.agent is None, "a contact that wants has no agent"
        assert not contact.offered_to(agent), "an agent has one offer of a contact at most"
        self.offers_made += 1
        offer_id = self.offers_made
        decision = {
            "contact_id": contact.contact_id,
            "agent_id": agent.spec.agent_id,
            "queue_id": entry.queue.queue_id,
            "offer_id": offer_id,
            "tier": self.tier_in(agent, entry.queue) or 0,
            "priority": contact.priority_now,
            "score": self.score(contact, entry.queue),
            "wait_ns": self.now_ns - contact.opened_ns,
            "strategy": entry.queue.strategy,
            "chosen_by": chosen_by,
            "policy_version": self.policy_version,
            "step": len(contact.steps_taken),
            "cause": cause,
            "text": asked_by,
        }
        if entry.queue.auto_accept or at_once:
            agent.last_offer_id = offer_id
            others = self.begin(contact, agent, offer_id, second=entry.second)
            self.emit(EventType.CONTACT_ASSIGNED, until_ns=0, **decision)
            self.release_others(contact, others)
            return
        until_ns = self.now_ns + entry.queue.offer_timeout_ms * NS_IN_MS
        in_turn = cause in (MatchCause.TURN, MatchCause.PREFERRED)
        broadcast = in_turn and self.queue_of(contact).strategy is Strategy.BROADCAST
        if contact.state is ContactState.WAITING:
            contact.state = ContactState.OFFERED
            contact.state_since_ns = self.now_ns
        self.put_offer(contact, Offer(offer_id, agent, until_ns, entry.second, broadcast))
        self.emit(EventType.OFFER_MADE, until_ns=until_ns, **decision)
