"""Who must be matched with whom: sections 3, 5, 6, 7 and 9 of the routing model, as the checker understands them."""

import heapq
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from acd_core.enums import ChosenBy, MatchCause, Membership, Presence, Strategy
from acd_core.policy import QueueSpec
from acd_service.checker.world import NOT_REACHED, Agent, Contact, Group, OrderKey, World, barred

_MASK = 0xFFFF_FFFF_FFFF_FFFF


class Draws:
    """SplitMix64 (Steele, Lea and Flood 2014), as the routing model has it for random picks."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, count: int) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) * count) >> 64


@dataclass(slots=True)
class Match:
    """A contact, the agent it must go to, by which entry, at which tier, who chose, and why."""

    contact: Contact
    agent: Agent
    second: bool
    tier: int
    chosen_by: ChosenBy
    cause: MatchCause = MatchCause.TURN
    asked_by: str = ""
    at_once: bool = False
    """Without an offer, whatever the queue says."""


def score(world: World, contact: Contact, queue_id: str, now_ns: int) -> int:
    """Section 5, rule 3, by the entry in a queue."""
    spec = world.queues[queue_id].spec
    waited_ms = now_ns // 1_000_000 - contact.arrived_ns // 1_000_000
    return 1_000 * (contact.now.credit_ms + spec.credit_ms) + spec.rate * waited_ms


def obstacle(world: World, agent: Agent, contact: Contact) -> str:
    """The first rule of section 3 that keeps the agent from the contact, or nothing; judged from scratch."""
    who = agent.spec.agent_id
    if agent.leaving:
        return f"{who} was removed"
    if agent.presence != Presence.READY:
        return f"rule 1: {who} is {agent.presence.name.lower()}"
    if agent.delayed:
        return f"rule 1: {who} is delayed"
    if not world.room(agent, contact.channel_id):
        return f"rule 2: {who} has no room for {contact.channel_id}"
    by_entries = [_entry_obstacle(world, agent, contact, queue_id) for _, queue_id in contact.entries()]
    if all(by_entries):
        return by_entries[0]
    if agent.ordinal in contact.exclusions:
        return f"rule 5: {who} is excluded for the contact"
    if agent.ordinal == contact.asked_by:
        return f"rule 5: {who} asked for this consultation"
    if contact.offer_to(agent) is not None:
        return f"rule 5: {who} has an offer of the contact already"
    if contact.reserved_for and agent.ordinal not in contact.reserved_for:
        return f"rule 6: the contact is held for others than {who}"
    if contact.only_preferred and agent.ordinal not in contact.preferred:
        return f"rule 7: {who} is none of the named agents"
    return ""


def _entry_obstacle(world: World, agent: Agent, contact: Contact, queue_id: str) -> str:
    who = agent.spec.agent_id
    queue = world.queues[queue_id]
    if queue.spec.membership == Membership.LISTED:
        tiers = [member.tier for member in agent.spec.memberships if member.queue_id == queue_id]
        if not tiers:
            return f"rule 3: {who} is no member of {queue_id}"
        if queue.spec.max_tier is not None and tiers[0] > max(queue.spec.max_tier, contact.now.raised_tier):
            return f"rule 3: {who} has tier {tiers[0]} in {queue_id}, above what is allowed"
    if not queue.requirement.met_by(dict(agent.spec.skills)):
        return f"rule 4: {who} does not meet the requirement of {queue_id}"
    if world.reaches(agent, contact, queue_id) == NOT_REACHED:
        return f"rule 4: {who} does not meet the contact's requirement"
    return ""


def _cause(agent: Agent, contact: Contact) -> MatchCause:
    return MatchCause.PREFERRED if agent.ordinal in contact.preferred else MatchCause.TURN


def first_for(world: World, agent: Agent, now_ns: int) -> Match | None:
    """The contact that an agent who chooses must take (section 5), and by which entry."""
    now_ms = now_ns // 1_000_000
    best: tuple[int, int, int, int, bool] | None = None
    best_tier = 0
    for group in world.groups.values():
        if group.channel_id not in agent.room_on:
            continue
        tier = world.reach(agent.kind, group)
        if tier == NOT_REACHED:
            continue
        queue_id = group.queue.spec.queue_id
        for priority, at_zero, ordinal in group.order:
            contact = world.by_ordinal[ordinal]
            if barred(agent, contact):
                continue
            shown_tier = tier if world.policy.tier_first else 0
            second = contact.queue_id != queue_id
            rank = (shown_tier, priority, at_zero - group.queue.spec.rate * now_ms, ordinal, second)
            if best is None or rank < best:
                best, best_tier = rank, tier
            break
    if best is None:
        return None
    contact = world.by_ordinal[best[3]]
    return Match(contact, agent, best[4], best_tier, ChosenBy.AGENT, _cause(agent, contact))


def candidates(world: World, contact: Contact, group: Group) -> tuple[int, list[Agent]]:
    """Those of the lowest tier among the agents who may serve a contact by one entry."""
    lowest = NOT_REACHED
    found: list[Agent] = []
    for kind, members in world.with_room[contact.channel_id].items():
        tier = world.reach(kind, group)
        if tier == NOT_REACHED or (lowest != NOT_REACHED and tier > lowest):
            continue
        able = [agent for agent in members.values() if not barred(agent, contact)]
        if able:
            found = found + able if tier == lowest else able
            lowest = tier
    return lowest, found


def somebody_for(world: World, contact: Contact) -> Agent | None:
    """An agent who may serve a contact that wants, if there is one."""
    for group, _ in contact.places:
        able = candidates(world, contact, group)[1]
        if able:
            return able[0]
    return None


def contact_chooses(world: World, contact: Contact, draws: Draws) -> Match | None:
    """Whom a contact must choose (sections 6 and 7)."""
    for ordinal in contact.preferred:
        agent = world.agents_by_ordinal.get(ordinal)
        if agent is None or contact.channel_id not in agent.room_on or barred(agent, contact):
            continue
        for second, (group, _) in enumerate(contact.places):
            tier = world.reach(agent.kind, group)
            if tier != NOT_REACHED:
                return Match(contact, agent, bool(second), tier, ChosenBy.CONTACT, MatchCause.PREFERRED)
    for second, (group, _) in enumerate(contact.places):
        tier, found = candidates(world, contact, group)
        if found:
            spec = group.queue.spec
            agent = found[0] if len(found) == 1 else _by_strategy(world, contact, spec, found, draws)
            return Match(contact, agent, bool(second), tier, ChosenBy.CONTACT)
    return None


def _by_strategy(world: World, contact: Contact, spec: QueueSpec, found: list[Agent], draws: Draws) -> Agent:
    """Section 6: two or more agents of the same tier."""
    found = sorted(found, key=lambda agent: agent.ordinal)
    match spec.strategy:
        case Strategy.LONGEST_IDLE | Strategy.BROADCAST:
            return min(found, key=lambda agent: agent.idle_since_ns)
        case Strategy.ROUND_ROBIN:
            return min(found, key=_last_offer)
        case Strategy.LEAST_OCCUPIED:
            return min(found, key=lambda agent: agent.occupancy_key)
        case Strategy.FEWEST_CONTACTS:
            return min(found, key=lambda agent: agent.contacts_begun)
        case Strategy.LEAST_TALK_TIME:
            return min(found, key=lambda agent: agent.talk_ns)
        case Strategy.LEAST_LOADED:
            return min(found, key=lambda agent: (Fraction(world.used(agent), agent.spec.capacity), agent.idle_since_ns))
        case Strategy.BEST_MATCH:
            weights = contact.skill_weights or spec.skill_weights
            return min(
                found,
                key=lambda agent: (
                    -sum(weight * agent.kind.skills.get(skill, 0) for skill, weight in weights),
                    agent.idle_since_ns,
                ),
            )
        case Strategy.LEAST_SKILLED:
            return min(found, key=lambda agent: (len(agent.spec.skills), agent.idle_since_ns))
        case Strategy.FIXED_ORDER:
            if spec.membership == Membership.OPEN:
                return found[0]
            return min(found, key=lambda agent: _position(agent, spec.queue_id))
        case Strategy.RANDOM:
            return found[draws.below(len(found))]
        case Strategy.WEIGHTED:
            pick = draws.below(sum(agent.spec.weight for agent in found))
            for agent in found:
                pick -= agent.spec.weight
                if pick < 0:
                    return agent
    raise AssertionError("a strategy has no way to choose")


def _last_offer(agent: Agent) -> int:
    """The last offer that counts for good, or a live broadcast offer that is later."""
    live = (contact.offer_to(agent) for contact in agent.holds.values())
    return max([agent.last_offer_id, *(offer.offer_id for offer in live if offer is not None and offer.broadcast)])


def _position(agent: Agent, queue_id: str) -> int:
    return next(member.position for member in agent.spec.memberships if member.queue_id == queue_id)


def agent_chooses(world: World, agent: Agent, now_ns: int) -> Iterator[Match]:
    """What one agent takes until it has no room or no choice. Each match must be carried out before the next."""
    while (choice := first_for(world, agent, now_ns)) is not None:
        yield choice


def contacts_choose(world: World, now_ns: int, draws: Draws) -> Iterator[Match]:
    """The pass over all entries, in order. Each match must be carried out before the next is asked for.

    A group that nobody with room reaches is passed over as a whole: in a pass room only shrinks.
    """
    turns: list[tuple[int, int, int, bool, OrderKey, Group]] = []
    now_ms = now_ns // 1_000_000

    def queue_up(group: Group, index: int) -> None:
        if index < len(group.order) and world.reached(group):
            key = group.order[index]
            second = world.by_ordinal[key[2]].queue_id != group.queue.spec.queue_id
            heapq.heappush(turns, (key[0], key[1] - group.queue.spec.rate * now_ms, key[2], second, key, group))

    for group in world.groups.values():
        queue_up(group, 0)
    gone_through: set[int] = set()
    while turns:
        _, _, ordinal, _, key, group = heapq.heappop(turns)
        contact = world.by_ordinal.get(ordinal)
        if contact is not None and ordinal not in gone_through and _may_choose_by(world, contact, group):
            gone_through.add(ordinal)
            while (choice := contact_chooses(world, contact, draws)) is not None:
                yield choice
                if not world.wants(contact):
                    break
        queue_up(group, bisect_right(group.order, key))


def _may_choose_by(world: World, contact: Contact, group: Group) -> bool:
    return any(place is group for place, _ in contact.places) and bool(candidates(world, contact, group)[1])
