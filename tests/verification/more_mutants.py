"""Engines that are wrong in one rule each: preference, strategies, plans, queues, callbacks, transfers, positions."""

from typing import Any

from verification.mutants import MUTANTS, Mutant, breaks

from acd_core.enums import OfferOutcome, Presence, Strategy
from acd_core.fixed_point import key_after_busy
from acd_core.policy import QueueSpec, SkillWeight
from acd_core.reference.records import Agent, Contact, Entry, Offer

__all__ = ["MUTANTS"]

# Section 3 with plans, consultations and preference


@breaks("3.3: a step may raise the highest tier")
class RaisedTierForgotten(Mutant):
    def tier_limit(self, contact: Contact, queue: QueueSpec) -> int | None:
        return queue.max_tier


@breaks("3.4: the contact's current requirement")
class BaseRequirementAsked(Mutant):
    def rule_4_skills(self, agent: Agent, contact: Contact, entry: Entry) -> bool:
        return self.meets(agent, entry.queue.requirement) and self.meets(agent, contact.requirement)


@breaks("3.5: who asked for a consultation is not consulted")
class AskerIsConsulted(Mutant):
    def rule_5_exclusion(self, agent: Agent, contact: Contact) -> bool:
        return all(exclusion.agent_ordinal != agent.ordinal for exclusion in contact.exclusions)


@breaks("3.6: a contact held for preferred agents")
class HoldIgnored(Mutant):
    def rule_6_reservation(self, agent: Agent, contact: Contact) -> bool:
        return True


@breaks("3.7: a contact for named agents only")
class NamedOnlyIgnored(Mutant):
    def rule_7_named(self, agent: Agent, contact: Contact) -> bool:
        return True


# Sections 5 and 6 with two entries


@breaks("5, 6: a contact may wait in two queues")
class SecondEntryIgnored(Mutant):
    def entries(self, contact: Contact) -> Any:
        return super().entries(contact)[:1]


@breaks("6: the home queue's agents first")
class SecondEntryFirst(Mutant):
    def choice_for_contact(self, contact: Contact, among: list[Agent]) -> tuple[Agent, Entry] | None:
        honest = self.entries
        self.entries = lambda one: honest(one)[::-1]  # type: ignore[method-assign]
        choice = super().choice_for_contact(contact, among)
        self.entries = honest  # type: ignore[method-assign]
        return choice


# Section 6, every strategy


@breaks("6: least occupied, recomputed at each change")
class OccupancyNeverUpdated(Mutant):
    def update_occupancy(self, agent: Agent) -> None:
        agent.occupancy_at_ns = self.now_ns


@breaks("6: least occupied counts contacts, not offers")
class OccupancyCountsOffers(Mutant):
    def update_occupancy(self, agent: Agent) -> None:
        if agent.holding:
            constant_ms = self.policy.occupancy_time_constant_ms
            agent.occupancy_key = key_after_busy(agent.occupancy_key, agent.occupancy_at_ns, self.now_ns, constant_ms)
        agent.occupancy_at_ns = self.now_ns


@breaks("6: least occupied by the policy's time constant")
class OldTimeConstantKept(Mutant):
    strategies = (Strategy.LEAST_OCCUPIED,)

    def change_time_constant(self, new_ms: int) -> None:
        pass


@breaks("6: fewest contacts and least talk time since sign-on")
class CountsKeptOverSignOn(Mutant):
    def change_presence(self, agent: Agent, presence: Presence, reason: str, cause: Any) -> None:
        begun, talk_ns = agent.contacts_begun, agent.talk_ns
        super().change_presence(agent, presence, reason, cause)
        agent.contacts_begun, agent.talk_ns = begun, talk_ns


@breaks("6: fewest contacts counts at accept")
class FewestContactsNotCounted(Mutant):
    def begin(self, contact: Contact, agent: Agent, offer_id: int, *, second: bool) -> Any:
        others = super().begin(contact, agent, offer_id, second=second)
        agent.contacts_begun -= 1
        return others


@breaks("6: least talk time counts at the end of a contact")
class TalkTimeNotCounted(Mutant):
    def end_active_state(self, contact: Contact, agent: Agent) -> None:
        before = agent.talk_ns
        super().end_active_state(contact, agent)
        agent.talk_ns = before


@breaks("6: least loaded goes by used over capacity")
class LeastUsed(Mutant):
    strategies = (Strategy.LEAST_LOADED,)

    def compare_load(self, one: Agent, other: Agent) -> int:
        return self.used(one) - self.used(other) or one.idle_since_ns - other.idle_since_ns


@breaks("6: best match is weighed")
class BestMatchUnweighted(Mutant):
    strategies = (Strategy.BEST_MATCH,)

    def best_match_key(self, agent: Agent, weights: tuple[SkillWeight, ...]) -> tuple[int, int]:
        return -sum(agent.skills.get(skill, 0) for skill, _ in weights), agent.idle_since_ns


@breaks("6: least skilled, the fewest skills")
class MostSkilled(Mutant):
    def by_strategy(self, able: list[Agent], contact: Contact, entry: Entry) -> Agent:
        if entry.queue.strategy is Strategy.LEAST_SKILLED:
            return min(able, key=lambda agent: (-len(agent.skills), agent.idle_since_ns))
        return super().by_strategy(able, contact, entry)


@breaks("6: weighted by the agents' weights")
class WeightedIsEven(Mutant):
    def weighted_agent(self, able: list[Agent]) -> Agent:
        return self.random_agent(able)


@breaks("6: broadcast to up to n at once")
class BroadcastToOne(Mutant):
    def open_broadcast(self, contact: Contact) -> bool:
        return False


@breaks("6: broadcast to no more than n")
class BroadcastToOneMore(Mutant):
    def open_broadcast(self, contact: Contact) -> bool:
        full = len(contact.offers) == self.queue_of(contact).broadcast_to
        return super().open_broadcast(contact) or (full and all(offer.broadcast for offer in contact.offers))


@breaks("6: a released broadcast offer does not count for round robin")
class ReleasedOffersCount(Mutant):
    strategies = (Strategy.BROADCAST, Strategy.ROUND_ROBIN)

    def note_ended(self, contact: Contact, offer: Offer, outcome: OfferOutcome, queue_id: str) -> None:
        super().note_ended(contact, offer, outcome, queue_id)
        offer.agent.last_offer_id = max(offer.agent.last_offer_id, offer.offer_id)


# Section 7


@breaks("7: the preferred first")
class PreferredIgnored(Mutant):
    def preferred_choice(self, contact: Contact, able: list[Agent]) -> tuple[Agent, Entry] | None:
        return None


@breaks("7: preferred agents in order")
class PreferredReversed(Mutant):
    def make_preferred(self, contact: Contact) -> None:
        super().make_preferred(contact)
        contact.preferred.reverse()


@breaks("7: the agent who last served the customer")
class LastAgentForgotten(Mutant):
    def last_agent(self, customer_id: str) -> Agent | None:
        return None


@breaks("7: the agent who has the customer's other contact")
class OtherContactForgotten(Mutant):
    def agent_of_other_contact(self, contact: Contact) -> Agent | None:
        return None


@breaks("7: held if the policy gives a hold time")
class NeverHeld(Mutant):
    def reserve(self, contact: Contact) -> None:
        pass


@breaks("7: held until none of them is left")
class HeldForNobody(Mutant):
    def review_reservations(self) -> None:
        pass


# Section 8


@breaks("8: a step may carry a condition")
class ConditionsIgnored(Mutant):
    def holds(self, condition: Any, contact: Contact) -> bool:
        return True


@breaks("8: what has happened is not repeated")
class SideEffectsRepeated(Mutant):
    def recalled(self, contact: Contact, word: int) -> bool | None:
        return None


@breaks("8: steps taken are folded over new base values")
class UpdateForgetsSteps(Mutant):
    def fold_again(self, contact: Contact) -> None:
        self.fold_base(contact)


@breaks("8: what is asked for stays in a move")
class MoveForgetsSteps(Mutant):
    def base_on_values_now(self, contact: Contact) -> None:
        pass


@breaks("8: arrival kept or not in a move")
class MoveKeepsArrival(Mutant):
    def move(self, contact: Contact, queue_id: str, cause: Any, *, restart_wait: bool = False, **more: Any) -> None:
        super().move(contact, queue_id, cause, restart_wait=False, **more)


@breaks("8: a full queue answers at once")
class FullIgnored(Mutant):
    def is_full(self, queue_id: str, contact: Contact) -> bool:
        return False


@breaks("8: a closed queue answers at once")
class ClosedIgnored(Mutant):
    def is_closed(self, queue_id: str) -> bool:
        return False


@breaks("8: who still waits at closing is released as the policy says")
class NobodyReleasedAtClosing(Mutant):
    def release_at_closing(self, contact: Contact, queue_id: str) -> None:
        pass


@breaks("8: a widened contact is matched in the same command")
class NoMatchAfterAStep(Mutant):
    def take_step(self, contact: Contact, step: Any, index: int, *, silently: bool) -> None:
        before = self.touched
        super().take_step(contact, step, index, silently=silently)
        self.touched = before


# Sections 10 and 11


@breaks("10: an agent who transferred is not offered the contact at once")
class WhoTransferredIsNotExcluded(Mutant):
    def exclude_who_transferred(self, contact: Contact, agent: Agent) -> None:
        pass


@breaks("10: a consultation ends with what it is about")
class ConsultationsGoOn(Mutant):
    def end_consultations(self, contact: Contact) -> None:
        pass


@breaks("11: a callback keeps its arrival")
class CallbackLosesItsArrival(Mutant):
    def become_callback(self, contact: Contact) -> None:
        contact.arrived_ns = self.now_ns
        super().become_callback(contact)


@breaks("11: a number of attempts")
class OneAttemptTooMany(Mutant):
    def may_try_again(self, contact: Contact) -> bool:
        contact.attempts_max += 1
        again = super().may_try_again(contact)
        contact.attempts_max -= 1
        return again


@breaks("11: a callback waits no longer than its window")
class WindowNeverEnds(Mutant):
    def end_window(self, contact: Contact) -> None:
        pass


@breaks("11: outside its window a callback is scheduled")
class WindowStartIgnored(Mutant):
    def take_window(self, contact: Contact) -> None:
        start_ns, contact.window_start_ns = contact.window_start_ns, 0
        super().take_window(contact)
        contact.window_start_ns = start_ns


# Section 12


@breaks("12: position is one more than those before")
class PositionFromZero(Mutant):
    def position(self, contact: Contact) -> int:
        return super().position(contact) - 1


@breaks("12: expected wait from service times")
class ServiceTimesForgotten(Mutant):
    def learn_service(self, contact: Contact) -> None:
        pass


@breaks("12: the better predictor is used")
class FirstPredictorAlways(Mutant):
    def learn_error(self, score: Any, predicted_ns: int, waited_ns: int) -> None:
        pass
