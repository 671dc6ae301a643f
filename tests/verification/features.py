"""Plans, overflow, weights and preferences for random policies and contacts: what goes beyond one wait in one queue."""

from verification.names import SKILLS

from acd_core.enums import EndKind, StepAction, TreatmentKind
from acd_core.limits import AT_NS_MAX, OCCUPANCY_TIME_CONSTANT_MS_MIN
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import CallbackPolicy, PreferencePolicy, SkillWeight
from bench.workload import NS_PER_MS, Draws

PLANS = ("plan-1", "plan-2")
_VALUE_ACTIONS = (
    StepAction.SET_REQUIREMENT,
    StepAction.LOWER_LEVEL,
    StepAction.DROP_SKILL,
    StepAction.RAISE_MAX_TIER,
    StepAction.ADD_CREDIT,
    StepAction.SET_PRIORITY,
)
_SIDE_EFFECTS = (
    StepAction.MOVE_TO_QUEUE,
    StepAction.ADD_QUEUE,
    StepAction.ADD_QUEUE,
    StepAction.START_TREATMENT,
    StepAction.OFFER_CALLBACK,
    StepAction.END_WAIT,
)


class Features:
    """Which of the features a stream has, and draws of what they need. Each stream has some and lacks some."""

    def __init__(self, draws: Draws, pace_ms: int) -> None:
        self._draws = draws
        self._pace_ms = pace_ms
        rich = draws.chance(700)
        self.plans = rich and draws.chance(650)
        self.prefers = rich and draws.chance(500)
        self.callbacks = rich and draws.chance(450)
        self.transfers = rich and draws.chance(500)
        self.picks = rich and draws.chance(400)
        self.opens_and_closes = rich and draws.chance(450)
        self._overflows = rich and draws.chance(600)

    def _steps(self, *choices: int) -> int:
        """A duration: one of the choices, in usual times between commands."""
        return self._draws.pick(choices) * self._pace_ms

    # Policies

    def plan_ids(self) -> tuple[str, ...]:
        return PLANS if self.plans else ()

    def plan_of_queue(self) -> str:
        return self._draws.pick(("", *PLANS, *PLANS)) if self.plans else ""

    def plan(self, plan_id: str, queues: tuple[str, ...], requirement: str) -> Plan:
        draws = self._draws
        times = sorted(self._steps(0, 0, 1, 2, 5, 10, 30) for _ in range(draws.between(1, 6)))
        return Plan(plan_id, tuple(self._step(after_ms, queues, requirement) for after_ms in times))

    def _step(self, after_ms: int, queues: tuple[str, ...], requirement: str) -> PlanStep:
        draws = self._draws
        condition = self._condition() if draws.chance(350) else None
        action = draws.pick(_VALUE_ACTIONS if draws.chance(550) else _SIDE_EFFECTS)
        match action:
            case StepAction.SET_REQUIREMENT:
                return PlanStep(after_ms, action, condition, requirement=requirement if draws.chance(500) else "")
            case StepAction.LOWER_LEVEL:
                return PlanStep(after_ms, action, condition, skill=draws.pick(SKILLS), level=draws.pick((0, 1, 40)))
            case StepAction.DROP_SKILL:
                return PlanStep(after_ms, action, condition, skill=draws.pick(SKILLS))
            case StepAction.RAISE_MAX_TIER:
                return PlanStep(after_ms, action, condition, tier=draws.between(1, 3))
            case StepAction.ADD_CREDIT:
                credit_ms = draws.pick((1, -1, 500, 10**12))
                return PlanStep(after_ms, action, condition, credit_ms=credit_ms)
            case StepAction.SET_PRIORITY:
                return PlanStep(after_ms, action, condition, priority=draws.pick((0, 1, 7, -1)))
            case StepAction.MOVE_TO_QUEUE:
                restart_wait = draws.chance(400)
                return PlanStep(after_ms, action, condition, queue_id=draws.pick(queues), restart_wait=restart_wait)
            case StepAction.ADD_QUEUE:
                return PlanStep(after_ms, action, condition, queue_id=draws.pick(queues))
            case StepAction.START_TREATMENT:
                treatment = draws.pick(tuple(TreatmentKind))
                return PlanStep(after_ms, action, condition, treatment=treatment, name=draws.pick(("", "welcome")))
            case StepAction.OFFER_CALLBACK:
                return PlanStep(after_ms, action, condition, name=draws.pick(("", "call-me")))
        return PlanStep(after_ms, action, condition, end=self._end())

    def _condition(self) -> StepCondition:
        draws = self._draws
        return draws.pick(
            (
                StepCondition(queue_length_min=draws.between(0, 4)),
                StepCondition(expected_wait_min_ms=max(1, self._steps(1, 3, 10))),
                StepCondition(nobody_signed_on=True),
                StepCondition(queue_length_min=1, nobody_signed_on=True),
            )
        )

    def _end(self) -> EndWait:
        return EndWait(self._draws.pick(tuple(EndKind)), self._draws.pick(("", "mailbox-7")))

    def overflow(self, queue_id: str, queues: tuple[str, ...]) -> Overflow | None:
        draws = self._draws
        others = [other for other in queues if other != queue_id]
        if not self._overflows or draws.chance(300):
            return None
        if others and draws.chance(700):
            return Overflow(draws.pick(others))
        return Overflow(end=self._end())

    def preference(self) -> PreferencePolicy:
        draws = self._draws
        if not self.prefers:
            return PreferencePolicy()
        return PreferencePolicy(self._steps(0, 3, 100, 1_000), draws.chance(500), self._steps(0, 2, 10))

    def callback(self) -> CallbackPolicy:
        return CallbackPolicy(self._draws.between(1, 3), max(1, self._steps(1, 5, 20)))

    def time_constant_ms(self) -> int:
        return self._draws.pick((OCCUPANCY_TIME_CONSTANT_MS_MIN, 60_000, 1_800_000))

    def skill_weights(self) -> tuple[SkillWeight, ...]:
        draws = self._draws
        return tuple(SkillWeight(skill, draws.pick((0, 1, 2, 1_000))) for skill in draws.some(SKILLS, draws.below(4)))

    # Contacts

    def window_ns(self, now_ns: int) -> tuple[int, int]:
        """The start and the end of a callback's window, 0 for none; now and then over already."""
        draws = self._draws
        start_ns = now_ns + self._steps(1, 4, 20, 20) * NS_PER_MS if draws.chance(550) else 0
        if draws.chance(400):
            end_ns = max(start_ns, now_ns) + self._steps(1, 5, 50) * NS_PER_MS + 1
            return start_ns, min(end_ns, AT_NS_MAX)
        if draws.chance(40):
            return 0, max(1, now_ns - draws.below(2))
        return start_ns, 0
