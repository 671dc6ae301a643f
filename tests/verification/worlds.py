"""Random policies, agents and contacts for adversarial streams: small, crowded, with every feature mixed at once."""

from verification.features import Features
from verification.names import CHANNELS, QUEUES, SKILLS

from acd_core.enums import ClosingRule, Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from bench.workload import Draws

STRATEGIES = tuple(Strategy)
_BASIC = (Strategy.LONGEST_IDLE, Strategy.ROUND_ROBIN, Strategy.FIXED_ORDER, Strategy.RANDOM)
LEVELS = (1, 2, 50, 99, 100)

_NO_CREDITS = ((0,), (1_000,))
_CLOSE_CREDITS = ((0, 0, 1, -1, 2), (1_000, 1_000, 1_000, 1_001, 500))
"""Credits and rates so near to each other that a millisecond of waiting decides."""
_WIDE_CREDITS = (
    (0, 0, 0, 1, 5_000, -60_000, 10**12, -(10**12)),
    (1_000, 1_000, 0, 1, 999, 3_000, 1_000_000),
)


class Worlds:
    """Draws what a stream is made of. How wild the draws are is itself drawn once, from the seed."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self.plain = plain = draws.chance(350)
        """Everyone may serve everyone, so that order alone decides."""
        self.queues = QUEUES[: draws.between(1, len(QUEUES))]
        self.channels = CHANNELS[: 1 if plain else draws.between(1, len(CHANNELS))]
        self.agents_most = draws.between(1, 9) if draws.chance(300) else draws.between(3, 9)
        self._listed_thousandths = draws.pick((0, 1000) if plain else (0, 300, 700, 1000))
        self._auto_thousandths = draws.pick((0, 0, 300, 1000))
        self._skilled = not plain and draws.chance(800)
        self._credits, self._rates = draws.pick((_NO_CREDITS, _CLOSE_CREDITS, _CLOSE_CREDITS, _WIDE_CREDITS))
        alone = (draws.pick(STRATEGIES),)
        self._strategies = draws.pick((STRATEGIES, STRATEGIES, _BASIC, alone, alone, (Strategy.LONGEST_IDLE,)))
        self.pace_ms = draws.pick((1, 1, 40, 1_000, 7_000))
        """The usual time between commands. Durations that can make the engine go round in circles (an offer that runs
        out is made again) are multiples of it, so that a step in time fires a few timers and not thousands."""
        self._long = draws.pick((3, 10, 60))
        """How many steps long durations take: with long ones fewer timers fire between commands."""
        self.features = Features(draws, self.pace_ms)

    def keep_to(self, strategies: tuple[Strategy, ...]) -> None:
        """Have no other strategies than these; any if there are none."""
        self._strategies = strategies or self._strategies

    def _ms(self, *choices: int) -> int:
        """A duration: one of the choices, in steps."""
        return self._draws.pick(choices) * self.pace_ms * self._long

    def _brief_or_ms(self, *choices: int) -> int:
        return 1 if self._draws.chance(100) else self._ms(*choices)

    def requirement(self) -> str:
        """Mostly empty or simple, so that contacts compete for the same agents."""
        draws = self._draws
        if not self._skilled or draws.chance(500):
            return ""
        return self._expression(draws.below(3))

    def _expression(self, depth: int) -> str:
        draws = self._draws
        if depth == 0 or draws.chance(400):
            name = draws.pick(SKILLS)
            if draws.chance(300):
                return name
            return f"{name}{draws.pick(('>=', '>', '<=', '<', '=', '!='))}{draws.pick((1, 2, 50, 99))}"
        if draws.chance(250):
            return f"not ({self._expression(depth - 1)})"
        return f"({self._expression(depth - 1)}) {draws.pick(('and', 'or'))} {self._expression(depth - 1)}"

    def policy(self, *, whole: bool = False) -> Policy:
        """A policy that now and then lacks a queue or a channel, unless it is to be whole."""
        draws = self._draws
        kept = tuple(queue_id for queue_id in self.queues if whole or draws.chance(970))
        queues = [self._queue(queue_id, kept) for queue_id in kept]
        channels = [name for name in self.channels if whole or draws.chance(980)] or [self.channels[0]]
        names = tuple(queue.queue_id for queue in queues) or self.queues
        plan_ids = self.features.plan_ids() if queues else ()
        return Policy(
            plans=tuple(self.features.plan(plan_id, names, self.requirement()) for plan_id in plan_ids),
            preference=self.features.preference(),
            callback=self.features.callback(),
            occupancy_time_constant_ms=self.features.time_constant_ms(),
            channels=tuple(self._channel(channel_id, channels) for channel_id in channels),
            queues=tuple(queues),
            tier_first=draws.chance(500),
            short_abandon_ms=draws.pick((0, 1, 1_000, 5_000)),
            presence_lease_ms=self._ms(0, 0, 2, 9),
            reattach_ms=self._brief_or_ms(1, 2),
            max_waiting=draws.pick((None, None, None, None, None, None, 6, 12)),
            offer_outcomes=OfferOutcomes(self._outcome(), self._outcome(), self._outcome(), self._outcome()),
        )

    def _channel(self, channel_id: str, channels: list[str]) -> Channel:
        draws = self._draws
        interrupts = tuple(other for other in channels if other != channel_id and draws.chance(250))
        return Channel(channel_id, draws.pick((10, 25, 33, 50, 100, 100)), interrupts)

    def _outcome(self) -> OutcomePolicy:
        if self.plain and self._draws.chance(700):
            return OutcomePolicy()
        return OutcomePolicy(
            exclude_ms=self._brief_or_ms(0, 0, 1, 2, 9),
            delay_ms=self._brief_or_ms(0, 0, 1, 2),
            away_after=self._draws.pick((0, 0, 1, 2, 3)),
        )

    def _queue(self, queue_id: str, queues: tuple[str, ...]) -> QueueSpec:
        draws = self._draws
        listed = draws.chance(self._listed_thousandths)
        strategy = draws.pick(self._strategies)
        auto_accept = strategy is not Strategy.BROADCAST and draws.chance(self._auto_thousandths)
        return QueueSpec(
            queue_id,
            requirement=self.requirement() if draws.chance(300) else "",
            membership=Membership.LISTED if listed else Membership.OPEN,
            strategy=strategy,
            broadcast_to=draws.pick((2, 2, 3, 64)),
            skill_weights=self.features.skill_weights() if strategy is Strategy.BEST_MATCH else (),
            plan_id=self.features.plan_of_queue(),
            preferred_hold_ms=draws.pick((None, None, 0, 5 * self.pace_ms)),
            at_closing=draws.pick(tuple(ClosingRule)),
            overflow=self.features.overflow(queue_id, queues),
            offer_timeout_ms=self._ms(1, 2, 3),
            auto_accept=auto_accept,
            wrap_up_ms=self._brief_or_ms(0, 0, 1, 2),
            credit_ms=draws.pick(self._credits),
            rate=draws.pick(self._rates),
            max_tier=None if self.plain else draws.pick((None, None, 0, 1, 2)),
            max_waiting=draws.pick((None, None, None, None, None, None, 0, 4)),
        )

    def agent(self, agent_id: str) -> AgentSpec:
        draws = self._draws
        skills = [SkillLevel(name, draws.pick(LEVELS)) for name in draws.some(SKILLS, draws.below(len(SKILLS) + 1))]
        members = [
            QueueMembership(queue_id, draws.below(4), draws.below(3))
            for queue_id in self.queues
            if self._listed_thousandths and draws.chance(1_000 if self.plain else 700)
        ]
        maxima = [
            ChannelMaximum(channel_id, draws.below(4))
            for channel_id in self.channels
            if draws.chance(0 if self.plain else 200)
        ]
        return AgentSpec(
            agent_id,
            tuple(skills) if self._skilled else (),
            capacity=draws.pick((100, 100, 200) if self.plain else (1, 50, 99, 100, 100, 100, 101, 200, 350)),
            channel_maxima=tuple(maxima),
            memberships=tuple(members),
            display_name=draws.pick(("", "", "Zoë")),
            weight=draws.pick((100, 100, 1, 10_000)),
        )

    def priority(self) -> int:
        return self._draws.pick((0, 0, 0, 0, 1, -1, 7, 1_000_000, -1_000_000))

    def credit_ms(self) -> int:
        return self._draws.pick(self._credits)
