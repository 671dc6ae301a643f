"""Who must be matched with whom: sections 3, 5, 6 and 9 of the routing model, as the checker understands them."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from acd_core.enums import ChosenBy, ContactState, Membership, Presence, Strategy
from acd_service.checker.world import NOT_REACHED, Agent, Contact, Group, World

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
    """A contact, the agent it must go to, at which tier, and who chose."""

    contact: Contact
    agent: Agent
    tier: int
    chosen_by: ChosenBy


def score(world: World, contact: Contact, now_ns: int) -> int:
    """Section 5, rule 3."""
    spec = world.queues[contact.queue_id].spec
    waited_ms = now_ns // 1_000_000 - contact.arrived_ns // 1_000_000
    return 1_000 * (contact.credit_ms + spec.credit_ms) + spec.rate * waited_ms


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
    queue = world.queues[contact.queue_id]
    if queue.spec.membership == Membership.LISTED:
        tiers = [member.tier for member in agent.spec.memberships if member.queue_id == contact.queue_id]
        if not tiers:
            return f"rule 3: {who} is no member of {contact.queue_id}"
        if queue.spec.max_tier is not None and tiers[0] > queue.spec.max_tier:
            return f"rule 3: {who} has tier {tiers[0]}, above the {queue.spec.max_tier} allowed"
    if not queue.requirement.met_by(dict(agent.spec.skills)):
        return f"rule 4: {who} does not meet the queue's requirement"
    if world.judge_reach(agent.kind, queue, contact.requirement) == NOT_REACHED:
        return f"rule 4: {who} does not meet the contact's requirement"
    if agent.ordinal in contact.exclusions:
        return f"rule 5: {who} is excluded for the contact"
    return ""


def first_for(world: World, agent: Agent, now_ns: int) -> tuple[Contact, int] | None:
    """The contact that an agent who chooses must take (section 5), and its tier there."""
    now_ms = now_ns // 1_000_000
    best: tuple[int, int, int, int] | None = None
    best_tier = 0
    for group in world.groups.values():
        if group.channel_id not in agent.room_on:
            continue
        tier = world.reach(agent.kind, group)
        if tier == NOT_REACHED:
            continue
        for priority, at_zero, ordinal in group.order:
            if agent.ordinal in world.by_ordinal[ordinal].exclusions:
                continue
            rank = (tier if world.policy.tier_first else 0, priority, at_zero - group.queue.spec.rate * now_ms, ordinal)
            if best is None or rank < best:
                best, best_tier = rank, tier
            break
    return None if best is None else (world.by_ordinal[best[3]], best_tier)


def candidates(world: World, contact: Contact) -> tuple[int, list[Agent]]:
    """Those of the lowest tier among the agents who may serve a waiting contact."""
    group = contact.group
    assert group is not None
    lowest = NOT_REACHED
    found: list[Agent] = []
    for kind, members in world.with_room[contact.channel_id].items():
        tier = world.reach(kind, group)
        if tier == NOT_REACHED or (lowest != NOT_REACHED and tier > lowest):
            continue
        able = [agent for agent in members.values() if agent.ordinal not in contact.exclusions]
        if able:
            found = found + able if tier == lowest else able
            lowest = tier
    return lowest, found


def chosen(world: World, contact: Contact, found: list[Agent], draws: Draws) -> Agent:
    """Whom a contact must choose by its queue's strategy (section 6)."""
    spec = world.queues[contact.queue_id].spec
    match spec.strategy:
        case Strategy.LONGEST_IDLE:
            return min(found, key=lambda agent: (agent.idle_since_ns, agent.ordinal))
        case Strategy.ROUND_ROBIN:
            return min(found, key=lambda agent: (agent.last_offer_id, agent.ordinal))
        case Strategy.FIXED_ORDER if spec.membership == Membership.OPEN:
            return min(found, key=lambda agent: agent.ordinal)
        case Strategy.FIXED_ORDER:
            return min(found, key=lambda agent: (_position(agent, contact.queue_id), agent.ordinal))
        case Strategy.RANDOM:
            if len(found) == 1:
                return found[0]
            return sorted(found, key=lambda agent: agent.ordinal)[draws.below(len(found))]
    raise AssertionError(f"the checker does not know the strategy {spec.strategy.name}")


def _position(agent: Agent, queue_id: str) -> int:
    return next(member.position for member in agent.spec.memberships if member.queue_id == queue_id)


def agent_chooses(world: World, agent: Agent, now_ns: int) -> Iterator[Match]:
    """What one agent takes until it has no room or no choice. Each match must be carried out before the next."""
    while (choice := first_for(world, agent, now_ns)) is not None:
        yield Match(choice[0], agent, choice[1], ChosenBy.AGENT)


def contacts_choose(world: World, now_ns: int, draws: Draws) -> Iterator[Match]:
    """The pass over all who wait, in order. Each match must be carried out before the next is asked for.

    A group that nobody with room reaches is passed over as a whole: in a pass room only shrinks.
    """
    turns: list[tuple[int, int, int, int, Group]] = []
    now_ms = now_ns // 1_000_000

    def take_turn(group: Group, index: int) -> None:
        if index < len(group.order) and world.reached(group):
            priority, at_zero, ordinal = group.order[index]
            heapq.heappush(turns, (priority, at_zero - group.queue.spec.rate * now_ms, ordinal, index, group))

    for group in world.groups.values():
        take_turn(group, 0)
    while turns:
        _, _, ordinal, index, group = heapq.heappop(turns)
        contact = world.by_ordinal[ordinal]
        tier, found = candidates(world, contact)
        if found:
            yield Match(contact, chosen(world, contact, found, draws), tier, ChosenBy.CONTACT)
            assert contact.state != ContactState.WAITING, "a match is carried out before the next is asked for"
            take_turn(group, index)
        else:
            take_turn(group, index + 1)
