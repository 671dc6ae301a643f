"""Who works at the site of a workload and what its callers ask for: agents, queues, policy, requirements.

Every requirement that is drawn is met by some agent's skills as they are at the start. Otherwise those whom nobody can
serve would fill the queues, a bit more with each round, and the state would not be steady.
"""

from typing import Any

from acd_core.enums import Membership, StepAction, Strategy
from acd_core.plan import Plan, PlanStep
from acd_core.policy import Policy, PreferencePolicy, QueueSpec, SkillWeight
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from bench.draws import Draws
from bench.shapes import Shape

PLANS = 20
"""How many plans a workload with plans has."""
MEMBERSHIPS_MAX = 5
TIERS = 3
MAILS_MAX = 3
"""The most that an agent has of the last channel, where there are several."""
LEVELS = (1, 20, 40, 60)
"""Levels that shared requirements ask for."""
OFFER_TIMEOUT_MS = 3_600_000
WRAP_UP_MS = 3_600_000
"""Longer than any recording: offers are accepted and wrap-ups are ended by commands."""

Skills = tuple[SkillLevel, ...]


class Site:
    """The people and the settings of one workload."""

    def __init__(self, shape: Shape, draws: Draws) -> None:
        self._shape = shape
        self._draws = draws
        self._skills = [f"skill{number}" for number in range(shape.skills)]
        self._profiles: list[Skills] = []
        while len(self._profiles) < shape.profiles:
            profile = self._drawn_skills()
            if profile not in self._profiles:
                self._profiles.append(profile)
        self._sources: dict[str, int] = {}
        """Shared requirements -> the profile that each was drawn from."""
        while len(self._sources) < shape.requirements:
            source = draws.below(len(self._profiles))
            self._sources.setdefault(self._requirement(self._profiles[source]), source)
        self._requirements = list(self._sources)
        self._brief = ["", *(text for text in self._requirements if " " not in text)]
        """What is asked for in listed queues: nothing or one skill, since the list says most."""
        self.queues = [f"queue{number}" for number in range(shape.queues)]
        self._listed = [queue_id for queue_id in self.queues if draws.chance(shape.listed_thousandths)]
        self._is_listed = set(self._listed)
        self.agents = [self._agent(number, self._first_skills(number)) for number in range(shape.agents)]

    def _drawn_skills(self) -> Skills:
        names = self._draws.some(self._skills, self._shape.skills_per_agent)
        return tuple(SkillLevel(name, self._draws.between(1, 100)) for name in names)

    def _first_skills(self, number: int) -> Skills:
        """By turns, so that each profile has agents."""
        return self._profiles[number % len(self._profiles)] if self._profiles else self._drawn_skills()

    def _agent(self, number: int, skills: Skills) -> AgentSpec:
        draws = self._draws
        queues = draws.some(self._listed, draws.between(1, MEMBERSHIPS_MAX)) if self._listed else []
        return AgentSpec(
            f"agent{number}",
            skills,
            channel_maxima=self._maxima(number),
            memberships=tuple(QueueMembership(queue_id, draws.below(TIERS), draws.below(100)) for queue_id in queues),
        )

    def _maxima(self, number: int) -> tuple[ChannelMaximum, ...]:
        first, *others = (channel.channel_id for channel in self._shape.channels)
        if not others:
            return ()
        closed = [first] if number // max(1, len(self._profiles)) % 2 else others[:-1]
        return (ChannelMaximum(others[-1], MAILS_MAX), *(ChannelMaximum(channel_id, 0) for channel_id in closed))

    def reskill(self) -> AgentSpec:
        """A random agent, with other skills from now on."""
        draws = self._draws
        number = draws.below(len(self.agents))
        skills = draws.pick(self._profiles) if self._profiles else self._drawn_skills()
        self.agents[number] = self._agent(number, skills)
        return self.agents[number]

    def requirement_for(self, queue_id: str) -> str:
        """What a contact in the queue asks for."""
        draws = self._draws
        if queue_id in self._is_listed:
            return draws.pick(self._brief)
        if self._requirements:
            return draws.pick(self._requirements)
        return self._requirement(draws.pick(self.agents).skills)

    def _requirement(self, skills: Skills) -> str:
        """Terms that these skills meet; every fourth with an `or`, whose other side they need not meet."""
        draws = self._draws
        met = [self._term(skill) for skill in draws.some(skills, draws.between(1, self._shape.terms_max))]
        if draws.chance(750):
            return " and ".join(met)
        other = self._term(SkillLevel(draws.pick(self._skills), draws.between(1, 100)))
        rest = (*met[1:], other)[: self._shape.terms_max - 1]
        return f"{met[0]} and ({' or '.join(rest)})" if len(rest) > 1 else f"{met[0]} or {other}"

    def _term(self, skill: SkillLevel) -> str:
        if not self._shape.requirements:
            return f"{skill.skill}>={self._draws.between(1, skill.level)}"
        return f"{skill.skill}>={self._draws.pick([level for level in LEVELS if level <= skill.level])}"

    def preferred_for(self, requirement: str) -> tuple[str, ...]:
        """For some contacts an agent who could serve it when the site was drawn, if there was one; for most none."""
        shape, draws = self._shape, self._draws
        if not shape.preferred_thousandths or not draws.chance(shape.preferred_thousandths):
            return ()
        source = self._sources.get(requirement)
        of_profile = [] if source is None else self.agents[source :: len(self._profiles)]
        return (draws.pick(of_profile or self.agents).agent_id,)

    def policy(self) -> Policy:
        """The policy of the start state: strategies and plans by turns over the queues."""
        shape = self._shape
        plans = bool(shape.steps_after_ms)
        return Policy(
            channels=shape.channels,
            queues=tuple(
                QueueSpec(
                    queue_id,
                    strategy=shape.strategies[number % len(shape.strategies)],
                    membership=Membership.LISTED if queue_id in self._is_listed else Membership.OPEN,
                    offer_timeout_ms=OFFER_TIMEOUT_MS,
                    wrap_up_ms=WRAP_UP_MS,
                    max_tier=1 if plans else None,
                    plan_id=f"plan{number % PLANS}" if plans else "",
                    skill_weights=(SkillWeight(self._skills[number % len(self._skills)], 10),)
                    if Strategy.BEST_MATCH in shape.strategies
                    else (),
                )
                for number, queue_id in enumerate(self.queues)
            ),
            plans=tuple(self._plan(number) for number in range(PLANS)) if plans else (),
            preference=PreferencePolicy(hold_ms=shape.preferred_hold_ms),
        )

    def _plan(self, number: int) -> Plan:
        """More agents, a lower level, a better place; by turns for as many steps as the shape has."""
        skill = self._skills[number % len(self._skills)]
        kinds: tuple[dict[str, Any], ...] = (
            {"action": StepAction.RAISE_MAX_TIER, "tier": TIERS - 1},
            {"action": StepAction.LOWER_LEVEL, "skill": skill, "level": 10},
            {"action": StepAction.ADD_CREDIT, "credit_ms": 30_000},
        )
        steps = enumerate(self._shape.steps_after_ms)
        return Plan(f"plan{number}", tuple(PlanStep(after_ms, **kinds[at % len(kinds)]) for at, after_ms in steps))
