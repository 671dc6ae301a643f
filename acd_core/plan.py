"""Plans: the timed steps that a waiting contact goes through, and how a wait ends. Immutable, valid by construction."""

from dataclasses import dataclass
from typing import Any, Final

from acd_core.checks import check_id, check_range, check_text
from acd_core.digest import hash_text, mix_word
from acd_core.enums import EndKind, StepAction, TreatmentKind
from acd_core.limits import (
    CREDIT_MS_MAX,
    DURATION_MS_MAX,
    DURATION_MS_MIN,
    ID_BYTES_MAX,
    PLAN_STEPS_MAX,
    PRIORITY_MAX,
    SKILL_LEVEL_MAX,
    TIER_MAX,
    TREATMENT_NAME_BYTES_MAX,
    WAITING_CONTACTS_MAX,
)
from acd_core.refusal import Reason, Refused
from acd_core.requirement import parse

VALUE_ACTIONS: Final = frozenset(
    {
        StepAction.SET_REQUIREMENT,
        StepAction.LOWER_LEVEL,
        StepAction.DROP_SKILL,
        StepAction.RAISE_MAX_TIER,
        StepAction.ADD_CREDIT,
        StepAction.SET_PRIORITY,
    }
)
"""Actions that change what the contact asks for; all others are side effects."""

WIDENING_ACTIONS: Final = frozenset(VALUE_ACTIONS - {StepAction.ADD_CREDIT, StepAction.SET_PRIORITY})
"""Actions on values that may let other agents serve the contact."""

FIELDS_OF_ACTION: Final[dict[StepAction, tuple[str, ...]]] = {
    StepAction.SET_REQUIREMENT: ("requirement",),
    StepAction.LOWER_LEVEL: ("skill", "level"),
    StepAction.DROP_SKILL: ("skill",),
    StepAction.RAISE_MAX_TIER: ("tier",),
    StepAction.ADD_CREDIT: ("credit_ms",),
    StepAction.SET_PRIORITY: ("priority",),
    StepAction.MOVE_TO_QUEUE: ("queue_id", "restart_wait"),
    StepAction.ADD_QUEUE: ("queue_id",),
    StepAction.START_TREATMENT: ("treatment", "name"),
    StepAction.OFFER_CALLBACK: ("name",),
    StepAction.END_WAIT: ("end",),
}


@dataclass(frozen=True, slots=True)
class EndWait:
    """The end of a wait other than by an agent. `target`: mailbox, address, or cause of the hang-up; may be empty."""

    kind: EndKind
    target: str = ""

    def __post_init__(self) -> None:
        check_text(self.target, ID_BYTES_MAX, "target")


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where a contact goes that a queue does not take: to another queue, or to the end of its wait."""

    queue_id: str = ""
    end: EndWait | None = None

    def __post_init__(self) -> None:
        if bool(self.queue_id) == (self.end is not None):
            raise Refused(Reason.INVALID_VALUE, "", "an overflow names either a queue or an end of the wait")
        if self.queue_id:
            check_id(self.queue_id, "queue_id")


@dataclass(frozen=True, slots=True)
class StepCondition:
    """When a step is taken; what is None or False does not matter, all that is set must hold."""

    queue_length_min: int | None = None
    expected_wait_min_ms: int | None = None
    nobody_signed_on: bool = False

    def __post_init__(self) -> None:
        if self.queue_length_min is not None:
            check_range(self.queue_length_min, 0, WAITING_CONTACTS_MAX, "queue_length_min")
        if self.expected_wait_min_ms is not None:
            check_range(self.expected_wait_min_ms, DURATION_MS_MIN, DURATION_MS_MAX, "expected_wait_min_ms")


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step: at `after_ms` since arrival, if its condition holds, one action. Fields of other actions stay unset.

    Raises:
        Refused: naming the field.
    """

    after_ms: int
    action: StepAction
    condition: StepCondition | None = None
    requirement: str = ""
    skill: str = ""
    level: int = 0
    tier: int = 0
    credit_ms: int = 0
    priority: int = 0
    queue_id: str = ""
    restart_wait: bool = False
    treatment: TreatmentKind | None = None
    name: str = ""
    """Of the treatment, or the announcement that offers a callback."""
    end: EndWait | None = None

    def __post_init__(self) -> None:
        check_range(self.after_ms, 0, DURATION_MS_MAX, "after_ms")
        if self.condition == StepCondition():
            object.__setattr__(self, "condition", None)
        own = FIELDS_OF_ACTION[self.action]
        for names in FIELDS_OF_ACTION.values():
            for name in names:
                if name not in own and getattr(self, name):
                    raise Refused(Reason.INVALID_VALUE, name, f"a step that is to {self.action.name} has no {name}")
        try:
            parse(self.requirement)
        except Refused as refused:
            raise refused.within("requirement") from None
        if "skill" in own:
            check_id(self.skill, "skill")
        check_range(self.level, 0, SKILL_LEVEL_MAX, "level")
        check_range(self.tier, 0, TIER_MAX, "tier")
        check_range(self.credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
        check_range(self.priority, -PRIORITY_MAX, PRIORITY_MAX, "priority")
        if "queue_id" in own:
            check_id(self.queue_id, "queue_id")
        check_text(self.name, TREATMENT_NAME_BYTES_MAX, "name")
        if self.action is StepAction.START_TREATMENT and self.treatment is None:
            raise Refused(Reason.EMPTY, "treatment", "say which kind of treatment to start")
        if self.action is StepAction.END_WAIT and self.end is None:
            raise Refused(Reason.EMPTY, "end", "say how the wait ends")


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order of their times.

    Raises:
        Refused: naming the field (`steps[3].after_ms`).
    """

    plan_id: str
    steps: tuple[PlanStep, ...] = ()

    def __post_init__(self) -> None:
        check_id(self.plan_id, "plan_id")
        if len(self.steps) > PLAN_STEPS_MAX:
            text = f"{len(self.steps)} steps are more than the {PLAN_STEPS_MAX} allowed"
            raise Refused(Reason.TOO_MANY, "steps", text)
        for index in range(1, len(self.steps)):
            if self.steps[index].after_ms < self.steps[index - 1].after_ms:
                text = "a step comes no sooner than the one before it"
                raise Refused(Reason.INVALID_VALUE, f"steps[{index}].after_ms", text)


def action_word(step: PlanStep) -> int:
    """A step's action with its fields as 64 bits: the same side effect has the same word in any plan."""
    word = mix_word(1, step.action)
    for name in FIELDS_OF_ACTION[step.action]:
        word = mix_word(word, hash_text(repr(getattr(step, name))))
    return int(word)


def step_word(step: PlanStep) -> int:
    """All of a step as 64 bits: its time, its condition, its action."""
    word = mix_word(mix_word(2, step.after_ms), hash_text(repr(step.condition)))
    return int(mix_word(word, action_word(step)))


def end_wait_from(raw: dict[str, Any] | None) -> EndWait | None:
    return None if raw is None else EndWait(EndKind(raw["kind"]), raw["target"])


def overflow_from(raw: dict[str, Any] | None) -> Overflow | None:
    return None if raw is None else Overflow(raw["queue_id"], end_wait_from(raw["end"]))


def plan_from(raw: dict[str, Any]) -> Plan:
    """The plan of which `dataclasses.asdict` gave this."""
    return Plan(raw["plan_id"], tuple(_step_from(step) for step in raw["steps"]))


def _step_from(raw: dict[str, Any]) -> PlanStep:
    condition, treatment = raw["condition"], raw["treatment"]
    return PlanStep(
        **{
            **raw,
            "action": StepAction(raw["action"]),
            "condition": None if condition is None else StepCondition(**condition),
            "treatment": None if treatment is None else TreatmentKind(treatment),
            "end": end_wait_from(raw["end"]),
        }
    )
