"""Engines that are wrong in one rule each. The verification is worth something if it catches every one of them.

Each is the reference with one small method replaced; its own assertions are switched off, so that the judging is
done from outside. Score mutants change the order only: the figure in the event stays right.
"""

from collections.abc import Callable
from typing import Any

from acd_core.enums import ChosenBy, ContactState, EndCause, Membership, OfferOutcome, Presence, Strategy
from acd_core.policy import QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.reference.records import Agent, Contact, Entry, Offer

NS_PER_MS = 1_000_000
MUTANTS: dict[str, type["Mutant"]] = {}
"""Every mutant by its name."""


class Mutant(ReferenceEngine):
    """The reference, unsuspecting."""

    rule = ""
    """Which rule of the routing model is broken."""
    strategies: tuple[Strategy, ...] = ()
    """What its streams have; any if empty."""

    def check_invariants(self) -> None:
        pass

    def in_turn(self) -> list[Contact]:
        """Contacts that want by their home entries' places."""
        return sorted(self.wanting_contacts(), key=lambda contact: self.waiting_order(contact, self.queue_of(contact)))


def breaks(rule: str) -> Callable[[type[Mutant]], type[Mutant]]:
    """Enter a mutant under the rule that it breaks."""

    def enter(mutant: type[Mutant]) -> type[Mutant]:
        mutant.rule = rule
        assert mutant.__name__ not in MUTANTS
        MUTANTS[mutant.__name__] = mutant
        return mutant

    return enter


# Section 3


@breaks("3.1: presence is ready")
class PresenceIgnored(Mutant):
    def rule_1_presence(self, agent: Agent) -> bool:
        return not agent.leaving and not self.delayed(agent)


@breaks("3.1: presence is ready")
class AwayIsReady(Mutant):
    def rule_1_presence(self, agent: Agent) -> bool:
        return self.signed_on(agent) and not agent.leaving and not self.delayed(agent)


@breaks("3.1: a delayed agent gets nothing")
class DelayIgnored(Mutant):
    def delayed(self, agent: Agent) -> bool:
        return False


@breaks("3.2: room")
class RoomIgnored(Mutant):
    def room_for(self, agent: Agent, channel_id: str) -> bool:
        return True


@breaks("3.3: the agent is a member")
class MembershipForgotten(Mutant):
    def tier_in(self, agent: Agent, queue: QueueSpec) -> int | None:
        tier = super().tier_in(agent, queue)
        return 0 if tier is None else tier

    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        if entry.queue.queue_id not in agent.memberships:
            return 0, agent.ordinal
        return super().fixed_order_key(agent, entry)


@breaks("3.3: an open queue needs no membership")
class OpenQueueWantsMembers(Mutant):
    def tier_in(self, agent: Agent, queue: QueueSpec) -> int | None:
        return super().tier_in(agent, queue) if queue.queue_id in agent.memberships else None


@breaks("3.3: an open queue has tier 0")
class OpenQueueHasTiers(Mutant):
    def tier_in(self, agent: Agent, queue: QueueSpec) -> int | None:
        if queue.membership is Membership.OPEN and queue.queue_id in agent.memberships:
            return agent.memberships[queue.queue_id].tier
        return super().tier_in(agent, queue)


@breaks("3.3: the highest tier allowed")
class TierOneTooHigh(Mutant):
    def tier_limit(self, contact: Contact, queue: QueueSpec) -> int | None:
        limit = super().tier_limit(contact, queue)
        return None if limit is None else limit + 1


@breaks("3.3: the highest tier allowed")
class TierOneTooLow(Mutant):
    def tier_limit(self, contact: Contact, queue: QueueSpec) -> int | None:
        limit = super().tier_limit(contact, queue)
        return None if limit is None else limit - 1


@breaks("3.3: the highest tier allowed")
class TierLimitForgotten(Mutant):
    def tier_limit(self, contact: Contact, queue: QueueSpec) -> int | None:
        return None


@breaks("3.4: the queue's requirement")
class QueueRequirementForgotten(Mutant):
    def rule_4_skills(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        return self.meets(agent, contact.requirement_now)


@breaks("3.4: the contact's requirement")
class ContactRequirementForgotten(Mutant):
    def rule_4_skills(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        return self.meets(agent, entry.queue.requirement)


@breaks("3.4: both requirements, not one of them")
class EitherRequirementWillDo(Mutant):
    def rule_4_skills(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        return self.meets(agent, entry.queue.requirement) or self.meets(agent, contact.requirement_now)


@breaks("3.4: the skills that the agent has now")
class OldSkillsRemembered(Mutant):
    def upsert_agents(self, command: Any) -> None:
        before = {agent.ordinal: (agent.skills, agent.meets) for agent in self.agents_by_ordinal.values()}
        super().upsert_agents(command)
        for agent in self.agents_by_ordinal.values():
            agent.skills, agent.meets = before.get(agent.ordinal, (agent.skills, agent.meets))


@breaks("3.5: exclusion")
class ExclusionForgotten(Mutant):
    def rule_5_exclusion(self, agent: Agent, contact: Contact) -> bool:
        return True


@breaks("3.5: exclusion is for this contact only")
class ExcludedForAll(Mutant):
    def rule_5_exclusion(self, agent: Agent, contact: Contact) -> bool:
        return all(super(ExcludedForAll, self).rule_5_exclusion(agent, other) for other in self.wanting_contacts())


@breaks("3.5: exclusion as long as the policy says")
class ExclusionNeverMade(Mutant):
    def exclude(self, contact: Contact, agent: Agent, exclude_ms: int) -> None:
        pass


# Section 4 (rule 2 of section 3)


@breaks("4: costs held plus this one at most the capacity")
class RoomOneTooSmall(Mutant):
    def fits_capacity(self, agent: Agent, channel_id: str) -> bool:
        held = sum(self.channels[c.channel_id].cost for c in agent.holding if self.counts_against(c, channel_id))
        return held + self.channels[channel_id].cost < agent.spec.capacity


@breaks("4: costs held plus this one at most the capacity")
class RoomOneTooLarge(Mutant):
    def fits_capacity(self, agent: Agent, channel_id: str) -> bool:
        held = sum(self.channels[c.channel_id].cost for c in agent.holding if self.counts_against(c, channel_id))
        return held + self.channels[channel_id].cost <= agent.spec.capacity + 1


@breaks("4: interrupts")
class InterruptsIgnored(Mutant):
    def counts_against(self, contact: Contact, channel_id: str) -> bool:
        return True


@breaks("4: interrupts, the right way round")
class InterruptsReversed(Mutant):
    def counts_against(self, contact: Contact, channel_id: str) -> bool:
        return channel_id not in self.channels[contact.channel_id].interrupts


@breaks("4: a maximum for each channel")
class ChannelMaximumIgnored(Mutant):
    def below_maximum(self, agent: Agent, channel_id: str) -> bool:
        return True


@breaks("4: the count on a channel is below its maximum")
class ChannelMaximumOneTooHigh(Mutant):
    def count_on(self, agent: Agent, channel_id: str) -> int:
        return super().count_on(agent, channel_id) - 1


@breaks("4: the maximum counts its own channel only")
class ChannelMaximumCountsAll(Mutant):
    def count_on(self, agent: Agent, channel_id: str) -> int:
        return len(agent.holding)


@breaks("4: offers hold their channel's cost")
class OffersHoldNothing(Mutant):
    def room_for(self, agent: Agent, channel_id: str) -> bool:
        held = agent.holding
        agent.holding = [contact for contact in held if contact.state is not ContactState.OFFERED]
        room = super().room_for(agent, channel_id)
        agent.holding = held
        return room

    def has_room(self, agent: Agent, channel_id: str) -> bool:
        return self.room_for(agent, channel_id)


@breaks("4: wrap-up holds its channel's cost")
class WrapUpHoldsNothing(Mutant):
    def has_room(self, agent: Agent, channel_id: str) -> bool:
        held = agent.holding
        agent.holding = [contact for contact in held if contact.state is not ContactState.WRAP_UP]
        room = self.room_for(agent, channel_id)
        agent.holding = held
        return room


@breaks("4: costs are those of the policy in force")
class OldCostsRemembered(Mutant):
    def adopt_policy(self, policy: Any) -> None:
        known = [(agent, agent.room) for agent in self.agents_by_ordinal.values()]
        super().adopt_policy(policy)
        for agent, room in known:
            agent.room = room


# Section 5


class OrderMutant(Mutant):
    """Wrong in the order of those who wait; the score that events carry stays right."""

    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return self.score(contact, queue)

    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        return -contact.priority_now, -self.order_score(contact, queue), contact.ordinal


@breaks("5.1: tier first if the policy says so")
class TierFirstIgnored(Mutant):
    def agent_order(self, agent: Agent, contact: Contact, entry: Entry) -> tuple[int, ...]:
        return self.waiting_order(contact, entry.queue)


@breaks("5.1: tier first only if the policy says so")
class TierFirstAlways(Mutant):
    def agent_order(self, agent: Agent, contact: Contact, entry: Entry) -> tuple[int, ...]:
        return (self.tier_in(agent, entry.queue) or 0, *self.waiting_order(contact, entry.queue))


@breaks("5.1: tier before priority")
class TierAfterPriority(Mutant):
    def agent_order(self, agent: Agent, contact: Contact, entry: Entry) -> tuple[int, ...]:
        priority, score, ordinal = self.waiting_order(contact, entry.queue)
        tier = (self.tier_in(agent, entry.queue) or 0) if self.policy.tier_first else 0
        return priority, tier, score, ordinal


@breaks("5.2: the highest priority")
class PriorityReversed(OrderMutant):
    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        return contact.priority_now, -self.score(contact, queue), contact.ordinal


@breaks("5.2: priority classes are strict")
class PriorityIgnored(OrderMutant):
    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        return 0, -self.score(contact, queue), contact.ordinal


@breaks("5.3: the highest score")
class ScoreReversed(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return -self.score(contact, queue)


@breaks("5.3: the highest score")
class ScoreIgnored(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return 0


@breaks("5.3: both times floored separately")
class ScoreFloorsTogether(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        waited_ms = (self.now_ns - contact.arrived_ns) // NS_PER_MS
        return 1_000 * self.credit_ms(contact, queue) + queue.rate * waited_ms


@breaks("5.3: times floored to milliseconds")
class ScoreInNanoseconds(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        waited_ns = self.now_ns - contact.arrived_ns
        return NS_PER_MS * 1_000 * self.credit_ms(contact, queue) + queue.rate * waited_ns


@breaks("5.3: credit of the contact")
class ContactCreditForgotten(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return self.score(contact, queue) - 1_000 * contact.credit_now_ms


@breaks("5.3: credit of the queue")
class QueueCreditForgotten(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return self.score(contact, queue) - 1_000 * queue.credit_ms


@breaks("5.3: the queue's rate")
class RateIgnored(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return 1_000 * self.credit_ms(contact, queue) + 1_000 * self.waited_ms(contact)


@breaks("5.3: rate is in thousandths, as credit is times a thousand")
class CreditWeighsLittle(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        return self.credit_ms(contact, queue) + queue.rate * self.waited_ms(contact)


@breaks("5.4: the earliest ordinal")
class LatestContactOnTies(OrderMutant):
    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        return -contact.priority_now, -self.score(contact, queue), -contact.ordinal


@breaks("5: a contact that comes back keeps its arrival")
class ReturnedLosesItsArrival(OrderMutant):
    def order_score(self, contact: Contact, queue: QueueSpec) -> int:
        since_ms = contact.state_since_ns // NS_PER_MS
        return 1_000 * self.credit_ms(contact, queue) + queue.rate * (self.now_ns // NS_PER_MS - since_ms)


@breaks("5: a contact that comes back keeps its ordinal")
class ReturnedLosesItsOrdinal(OrderMutant):
    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        came_back = bool(contact.ended_offers)
        return -contact.priority_now, -self.score(contact, queue), came_back * 1_000_000 + contact.ordinal


# Section 6


@breaks("6: the lowest tier")
class TierIgnoredByContacts(Mutant):
    def lowest_tier(self, able: list[Agent], entry: Entry) -> list[Agent]:
        return able


@breaks("6: the lowest tier")
class HighestTierTaken(Mutant):
    def lowest_tier(self, able: list[Agent], entry: Entry) -> list[Agent]:
        queue = entry.queue
        highest = max(self.tier_in(agent, queue) or 0 for agent in able)
        return [agent for agent in able if self.tier_in(agent, queue) == highest]


@breaks("6: longest idle")
class ShortestIdle(Mutant):
    def longest_idle_key(self, agent: Agent) -> tuple[int, int]:
        return -agent.idle_since_ns, agent.ordinal


@breaks("6: longest idle, then the earliest ordinal")
class LongestIdleLatestOnTies(Mutant):
    def longest_idle_key(self, agent: Agent) -> tuple[int, int]:
        return agent.idle_since_ns, -agent.ordinal


@breaks("6: longest idle in nanoseconds")
class LongestIdleInMilliseconds(Mutant):
    def longest_idle_key(self, agent: Agent) -> tuple[int, int]:
        return agent.idle_since_ns // NS_PER_MS, agent.ordinal


@breaks("6: a declined or missed offer does not change idle time")
class IdleChangedByAMiss(Mutant):
    def end_offer(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        agent = offer.agent
        super().end_offer(contact, offer, outcome)
        if outcome is OfferOutcome.MISSED and agent.presence is Presence.READY:
            agent.idle_since_ns = self.now_ns


@breaks("6: idle time is set when the agent comes to hold nothing")
class IdleNotResetAtTheEnd(Mutant):
    def end_service(self, contact: Contact, agent: Agent) -> None:
        before = agent.idle_since_ns
        super().end_service(contact, agent)
        agent.idle_since_ns = before


@breaks("6: idle time is set when the last one ends")
class IdleResetAtEveryEnd(Mutant):
    def end_service(self, contact: Contact, agent: Agent) -> None:
        super().end_service(contact, agent)
        if self.signed_on(agent):
            agent.idle_since_ns = self.now_ns


@breaks("6: idle time is set when wrap-up ended")
class IdleIgnoresWrapUp(Mutant):
    def end_service(self, contact: Contact, agent: Agent) -> None:
        before = agent.idle_since_ns
        super().end_service(contact, agent)
        if agent.held_in(ContactState.WRAP_UP) and not agent.held_in(ContactState.ACTIVE) and self.signed_on(agent):
            before = self.now_ns
        if agent.holding:
            agent.idle_since_ns = before


@breaks("6: idle time is set at sign-on")
class IdleKeptWhileOffline(Mutant):
    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: Any) -> None:
        before = agent.idle_since_ns
        super().change_presence(agent, presence, reason, cause)
        if presence is Presence.OFFLINE:
            agent.idle_since_ns = before


@breaks("6: idle time is set when ready after sign-on, not after each break")
class IdleResetByABreak(Mutant):
    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: Any) -> None:
        super().change_presence(agent, presence, reason, cause)
        if presence is Presence.READY:
            agent.idle_since_ns = self.now_ns


@breaks("6: round robin")
class RoundRobinNewestOffer(Mutant):
    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        return -agent.last_offer_id, agent.ordinal


@breaks("6: round robin goes by the last offer")
class RoundRobinByIdleTime(Mutant):
    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        return self.longest_idle_key(agent)


@breaks("6: round robin, then the earliest ordinal")
class RoundRobinLatestOnTies(Mutant):
    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        return agent.last_offer_id, -agent.ordinal


@breaks("6: round robin counts offers, not accepts")
class RoundRobinCountsAccepts(Mutant):
    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.last_accepted: dict[int, int] = {}

    def accept_offer(self, command: Any) -> Contact:
        contact = super().accept_offer(command)
        assert contact.agent is not None
        self.last_accepted[contact.agent.ordinal] = contact.offer_id
        return contact

    def assign(self, contact: Contact, agent: Agent, *rest: Any, **more: Any) -> None:
        super().assign(contact, agent, *rest, **more)
        if contact.state is ContactState.ACTIVE:
            self.last_accepted[agent.ordinal] = contact.offer_id

    def round_robin_key(self, agent: Agent) -> tuple[int, int]:
        return self.last_accepted.get(agent.ordinal, 0), agent.ordinal


@breaks("6: round robin counts offers from any queue")
class RoundRobinForEachQueue(Mutant):
    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.last_in_queue: dict[tuple[int, str], int] = {}

    def assign(self, contact: Contact, agent: Agent, entry: Entry, *rest: Any, **more: Any) -> None:
        super().assign(contact, agent, entry, *rest, **more)
        self.last_in_queue[agent.ordinal, entry.queue.queue_id] = self.offers_made

    def by_strategy(self, able: list[Agent], contact: Contact, entry: Entry) -> Agent:
        if entry.queue.strategy is not Strategy.ROUND_ROBIN:
            return super().by_strategy(able, contact, entry)
        queue_id = entry.queue.queue_id
        return min(able, key=lambda agent: (self.last_in_queue.get((agent.ordinal, queue_id), 0), agent.ordinal))


@breaks("6: fixed order goes by position")
class FixedOrderIgnoresPosition(Mutant):
    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        return 0, agent.ordinal


@breaks("6: fixed order, the lowest position")
class FixedOrderHighestPosition(Mutant):
    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        position, ordinal = super().fixed_order_key(agent, entry)
        return -position, ordinal


@breaks("6: fixed order, then the earliest ordinal")
class FixedOrderLatestOnTies(Mutant):
    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        position, ordinal = super().fixed_order_key(agent, entry)
        return position, -ordinal


@breaks("6: fixed order in an open queue goes by ordinal")
class FixedOrderInOpenQueuesByPosition(Mutant):
    def fixed_order_key(self, agent: Agent, entry: Entry) -> tuple[int, int]:
        member = agent.memberships.get(entry.queue.queue_id)
        return (member.position if member else 0), agent.ordinal


@breaks("6, 2: one draw for each decision that needs one")
class RandomDrawsForOneToo(Mutant):
    def choice_by_entry(self, contact: Contact, entry: Entry, candidates: list[Agent]) -> Agent:
        return self.by_strategy(self.lowest_tier(candidates, entry), contact, entry)


@breaks("6, 2: candidates in order of creation")
class RandomOverLatestFirst(Mutant):
    def random_agent(self, able: list[Agent]) -> Agent:
        return able[len(able) - 1 - self.draw(len(able))]


@breaks("6, 2: the generator of the model")
class RandomByRemainder(Mutant):
    def draw(self, candidates: int) -> int:
        return super().draw(2**64) % candidates


@breaks("6, 2: exactly one draw")
class RandomDrawsTwice(Mutant):
    def random_agent(self, able: list[Agent]) -> Agent:
        self.draw(len(able))
        return super().random_agent(able)


@breaks("6: the strategy is the queue's")
class StrategyIgnored(Mutant):
    def by_strategy(self, able: list[Agent], contact: Contact, entry: Entry) -> Agent:
        return min(able, key=self.longest_idle_key)


# Section 9


@breaks("9: the pass goes in the order of section 5")
class PassInArrivalOrder(Mutant):
    def let_contacts_choose(self) -> None:
        honest = self.waiting_order
        self.waiting_order = lambda contact, queue: (0, 0, contact.ordinal)  # type: ignore[method-assign]
        super().let_contacts_choose()
        self.waiting_order = honest  # type: ignore[method-assign]


@breaks("9: contacts choose unless exactly one agent gained and nothing else changed")
class AgentChoosesThoughTouched(Mutant):
    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        return gaining[0] if len(gaining) == 1 else None


@breaks("9: contacts choose when several agents gained")
class FirstOfSeveralAgentsChooses(Mutant):
    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        return gaining[0] if gaining and not self.touched else None


@breaks("9: the one agent that gained chooses")
class AgentNeverChooses(Mutant):
    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        return None


@breaks("9: only agents who are available count")
class UnavailableAgentsCount(Mutant):
    def choosing_agent(self, gaining: list[Agent]) -> Agent | None:
        return super().choosing_agent(gaining) if len(self.gained) == 1 else None


@breaks("9: the agent chooses until it has no room or no choice")
class AgentTakesOnlyOne(Mutant):
    def let_agent_choose(self, agent: Agent) -> None:
        choice = self.choice_for_agent(agent)
        if choice is not None:
            contact, entry = choice
            self.assign(contact, agent, entry, ChosenBy.AGENT, self.cause_of(agent, contact))


@breaks("9: the pass goes through all who wait")
class PassStopsAtTheFirstMatch(Mutant):
    def let_contacts_choose(self) -> None:
        for contact in self.in_turn():
            before = self.offers_made
            self.let_contact_choose(contact, self.agents_with_room(contact.channel_id))
            if self.offers_made > before:
                return


@breaks("9: the pass goes on past whom nobody can serve")
class PassStopsAtTheFirstUnserved(Mutant):
    def let_contacts_choose(self) -> None:
        for contact in self.in_turn():
            before = self.offers_made
            self.let_contact_choose(contact, self.agents_with_room(contact.channel_id))
            if self.offers_made == before:
                return


@breaks("9: matching after each timer of a tick")
class MatchesOnceATick(Mutant):
    def tick(self, at_ns: int) -> None:
        honest = self.match
        self.match = lambda: None  # type: ignore[method-assign]
        super().tick(at_ns)
        self.match = honest  # type: ignore[method-assign]
        self.match()


@breaks("9: no matching is left out")
class NoMatchAfterAReturn(Mutant):
    def end_offer(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        before = self.touched
        super().end_offer(contact, offer, outcome)
        self.touched = before


@breaks("9: a widened contact is matched")
class NoMatchAfterAnUpdate(Mutant):
    def update_contact(self, command: Any) -> Contact:
        contact = super().update_contact(command)
        self.touched = False
        return contact


@breaks("8, 9: a new policy is matched in the same command")
class NoMatchAfterAPolicy(Mutant):
    def apply_policy(self, command: Any) -> None:
        super().apply_policy(command)
        self.touched = False


@breaks("8, 9: changes of skills take effect in the same command")
class NoMatchAfterNewSkills(Mutant):
    def upsert_agents(self, command: Any) -> None:
        super().upsert_agents(command)
        self.gained.clear()


@breaks("9: an agent whose delay ended has reach again")
class NoMatchAfterADelay(Mutant):
    def end_delay(self, agent: Agent) -> None:
        super().end_delay(agent)
        self.gained.clear()


@breaks("9: an agent whose exclusion ended has reach again")
class NoMatchAfterAnExclusion(Mutant):
    def end_exclusion(self, contact: Contact, agent_ordinal: int) -> None:
        super().end_exclusion(contact, agent_ordinal)
        self.gained.clear()


@breaks("9: an agent that became free has room again")
class NoMatchAfterAnEnd(Mutant):
    def end_service(self, contact: Contact, agent: Agent) -> None:
        super().end_service(contact, agent)
        self.gained.clear()


@breaks("9: an agent whose offer was withdrawn has room again")
class NoMatchAfterAWithdrawal(Mutant):
    def end_unserved(self, contact: Contact, cause: EndCause) -> None:
        super().end_unserved(contact, cause)
        self.gained.clear()


@breaks("9: an agent who became ready chooses")
class NoMatchAtReady(Mutant):
    def set_presence(self, command: Any) -> None:
        super().set_presence(command)
        self.gained.clear()


@breaks("9: a contact that ends was not returned to waiting")
class WithdrawalTouches(Mutant):
    def end_unserved(self, contact: Contact, cause: EndCause) -> None:
        if contact.state is ContactState.OFFERED:
            self.touch()
        super().end_unserved(contact, cause)


@breaks("9: wrap-up releases no capacity")
class CompletionGains(Mutant):
    def complete_contact(self, command: Any) -> Contact:
        contact = super().complete_contact(command)
        if contact.agent is not None:
            self.gain(contact.agent)
            self.touch()
        return contact
