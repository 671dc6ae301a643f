"""What is said of an agent when it is added: skills, capacity, the queues it belongs to. Immutable."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from acd_core.checks import check_id, check_range
from acd_core.limits import (
    CAPACITY_MAX,
    CHANNEL_COUNT_MAX,
    CHANNELS_MAX,
    MEMBERSHIPS_PER_AGENT_MAX,
    POSITION_MAX,
    SKILL_LEVEL_MAX,
    SKILL_LEVEL_MIN,
    SKILLS_PER_AGENT_MAX,
    TIER_MAX,
    WEIGHT_MAX,
)
from acd_core.refusal import Reason, Refused


class SkillLevel(NamedTuple):
    skill: str
    level: int


class ChannelMaximum(NamedTuple):
    """The most contacts (offers and wrap-up counted) that an agent holds on one channel."""

    channel_id: str
    maximum: int


class QueueMembership(NamedTuple):
    """An agent's place in a listed queue; tier 0 is first choice, position orders `fixed_order`."""

    queue_id: str
    tier: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """One agent as its owner describes it. Lists are kept sorted by name, so that equal agents are equal.

    Raises:
        Refused: naming the field (`skills["spanish"]`) when a value is out of its bounds or an entry appears twice.
    """

    agent_id: str
    skills: tuple[SkillLevel, ...] = ()
    capacity: int = 100
    channel_maxima: tuple[ChannelMaximum, ...] = ()
    memberships: tuple[QueueMembership, ...] = ()
    display_name: str = ""
    weight: int = 100
    """Its share under the strategy `weighted`."""

    def __post_init__(self) -> None:
        check_id(self.agent_id, "agent_id")
        check_range(self.capacity, 1, CAPACITY_MAX, "capacity")
        check_range(self.weight, 1, WEIGHT_MAX, "weight")
        if self.display_name:
            check_id(self.display_name, "display_name")
        skills = _in_order(tuple(self.skills))
        _check_entries([m.channel_id for m in self.channel_maxima], CHANNELS_MAX, "channel_maxima")
        _check_entries([m.queue_id for m in self.memberships], MEMBERSHIPS_PER_AGENT_MAX, "memberships")
        for skill in self.skills:
            check_range(skill.level, SKILL_LEVEL_MIN, SKILL_LEVEL_MAX, f'skills["{skill.skill}"]')
        for channel in self.channel_maxima:
            check_range(channel.maximum, 0, CHANNEL_COUNT_MAX, f'channel_maxima["{channel.channel_id}"]')
        for member in self.memberships:
            check_range(member.tier, 0, TIER_MAX, f'memberships["{member.queue_id}"].tier')
            check_range(member.position, 0, POSITION_MAX, f'memberships["{member.queue_id}"].position')
        object.__setattr__(self, "skills", skills)
        object.__setattr__(self, "channel_maxima", tuple(sorted(self.channel_maxima)))
        object.__setattr__(self, "memberships", tuple(sorted(self.memberships)))

    def alike(self, agent_id: str, display_name: str, weight: int) -> "AgentSpec":
        """Another agent with the same skills, capacity, maxima and memberships, which are not checked once more.

        Raises:
            Refused: as for any agent.
        """
        check_id(agent_id, "agent_id")
        check_range(weight, 1, WEIGHT_MAX, "weight")
        if display_name:
            check_id(display_name, "display_name")
        other = object.__new__(AgentSpec)
        put = object.__setattr__
        put(other, "agent_id", agent_id)
        put(other, "skills", self.skills)
        put(other, "capacity", self.capacity)
        put(other, "channel_maxima", self.channel_maxima)
        put(other, "memberships", self.memberships)
        put(other, "display_name", display_name)
        put(other, "weight", weight)
        return other


@lru_cache(maxsize=1_024)
def _in_order(skills: tuple[SkillLevel, ...]) -> tuple[SkillLevel, ...]:
    """Skills in order, if their names are good: looked at once, and one object, for all agents that come with equal
    ones. Many agents share few profiles, and four skills with their names take half a kilobyte.
    """
    _check_entries([s.skill for s in skills], SKILLS_PER_AGENT_MAX, "skills")
    return tuple(sorted(skills))


def _check_entries(names: list[str], most: int, field: str) -> None:
    if len(names) > most:
        raise Refused(Reason.TOO_MANY, field, f"{len(names)} entries are more than the {most} allowed")
    for name in names:
        check_id(name, field)
    if len(set(names)) != len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise Refused(Reason.DUPLICATE_ENTRY, field, f'"{twice}" appears more than once')
