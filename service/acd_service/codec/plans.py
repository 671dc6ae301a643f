"""Plans, overflow and calendars of a policy: between the wire's messages and the engine's types."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from acd.v1 import policy_pb2
from acd_core.enums import EndKind, StepAction, TreatmentKind
from acd_core.opening_hours import Calendar, CalendarException, OpeningHours
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.refusal import Reason, Refused
from acd_service.codec.values import duration_of_ms, ms_of, span_ms_of, wire_refusal

_ACTIONS: Final[Mapping[str, StepAction]] = {
    "set_requirement": StepAction.SET_REQUIREMENT,
    "lower_level": StepAction.LOWER_LEVEL,
    "drop_skill": StepAction.DROP_SKILL,
    "raise_max_tier": StepAction.RAISE_MAX_TIER,
    "add_credit": StepAction.ADD_CREDIT,
    "set_priority": StepAction.SET_PRIORITY,
    "move_to_queue": StepAction.MOVE_TO_QUEUE,
    "add_queue_id": StepAction.ADD_QUEUE,
    "treatment": StepAction.START_TREATMENT,
    "offer_callback": StepAction.OFFER_CALLBACK,
    "end": StepAction.END_WAIT,
}
_PLACES: Final[Mapping[StepAction, Mapping[str, str]]] = {
    StepAction.SET_REQUIREMENT: {"requirement": "set_requirement"},
    StepAction.LOWER_LEVEL: {"skill": "lower_level.skill", "level": "lower_level.level"},
    StepAction.DROP_SKILL: {"skill": "drop_skill"},
    StepAction.RAISE_MAX_TIER: {"tier": "raise_max_tier"},
    StepAction.ADD_CREDIT: {"credit": "add_credit"},
    StepAction.SET_PRIORITY: {"priority": "set_priority"},
    StepAction.MOVE_TO_QUEUE: {"queue_id": "move_to_queue.queue_id"},
    StepAction.ADD_QUEUE: {"queue_id": "add_queue_id"},
    StepAction.START_TREATMENT: {"name": "treatment.name", "treatment": "treatment.kind"},
    StepAction.OFFER_CALLBACK: {"name": "offer_callback.announcement"},
    StepAction.END_WAIT: {},
}
"""Where a step's fields are in its message."""

_T = TypeVar("_T")
_M = TypeVar("_M")


def plan(message: policy_pb2.Plan) -> Plan:
    """The plan that a message describes.

    Raises:
        Refused: with the path below the message, `steps[2].lower_level.skill`.
    """
    return Plan(message.plan_id, _each(message.steps, "steps", step))


def plan_message(made: Plan) -> policy_pb2.Plan:
    return policy_pb2.Plan(plan_id=made.plan_id, steps=map(step_message, made.steps))


def step(message: policy_pb2.PlanStep) -> PlanStep:
    """The step that a message describes.

    Raises:
        Refused: with the path below the message.
    """
    which = message.WhichOneof("action")
    if which is None:
        raise Refused(Reason.EMPTY, "action", "a step has one action")
    action = _ACTIONS[which]
    after_ms = span_ms_of(message.after, "after")
    condition = _within("condition", _condition, message.condition) if message.HasField("condition") else None
    fields = _action_fields(action, message)
    try:
        return PlanStep(after_ms, action, condition, **fields)
    except Refused as refused:
        there = wire_refusal(refused)
        place = _PLACES[action].get(there.field, there.field)
        raise Refused(there.reason, place, there.message, there.metadata) from None


def step_message(made: PlanStep) -> policy_pb2.PlanStep:
    message = policy_pb2.PlanStep(after=duration_of_ms(made.after_ms))
    if made.condition is not None:
        condition = message.condition
        condition.SetInParent()
        if made.condition.queue_length_min is not None:
            condition.queue_length_min = made.condition.queue_length_min
        if made.condition.expected_wait_min_ms is not None:
            condition.expected_wait_min.CopyFrom(duration_of_ms(made.condition.expected_wait_min_ms))
        condition.nobody_signed_on = made.condition.nobody_signed_on
    match made.action:
        case StepAction.SET_REQUIREMENT:
            message.set_requirement = made.requirement
        case StepAction.LOWER_LEVEL:
            message.lower_level.skill = made.skill
            message.lower_level.level = made.level
        case StepAction.DROP_SKILL:
            message.drop_skill = made.skill
        case StepAction.RAISE_MAX_TIER:
            message.raise_max_tier = made.tier
        case StepAction.ADD_CREDIT:
            message.add_credit.CopyFrom(duration_of_ms(made.credit_ms))
        case StepAction.SET_PRIORITY:
            message.set_priority = made.priority
        case StepAction.MOVE_TO_QUEUE:
            message.move_to_queue.queue_id = made.queue_id
            message.move_to_queue.restart_wait = made.restart_wait
        case StepAction.ADD_QUEUE:
            message.add_queue_id = made.queue_id
        case StepAction.START_TREATMENT:
            message.treatment.kind = made.treatment  # type: ignore[assignment]  # the numbers are the same
            message.treatment.name = made.name
        case StepAction.OFFER_CALLBACK:
            message.offer_callback.SetInParent()
            message.offer_callback.announcement = made.name
        case StepAction.END_WAIT:
            assert made.end is not None, "the engine's type does not allow it"
            message.end.CopyFrom(end_message(made.end))
    return message


def overflow(message: policy_pb2.Overflow) -> Overflow:
    """Where a message says that contacts go.

    Raises:
        Refused: with the path below the message.
    """
    which = message.WhichOneof("to")
    if which is None:
        raise Refused(Reason.EMPTY, "to", "an overflow names either a queue or an end of the wait")
    if which == "end":
        return Overflow(end=_within("end", end_wait, message.end))
    if not message.queue_id:
        raise Refused(Reason.EMPTY, "queue_id", "must not be empty")
    return Overflow(message.queue_id)


def overflow_message(made: Overflow) -> policy_pb2.Overflow:
    if made.end is not None:
        return policy_pb2.Overflow(end=end_message(made.end))
    return policy_pb2.Overflow(queue_id=made.queue_id)


def end_wait(message: policy_pb2.EndWait) -> EndWait:
    """The end of a wait that a message describes.

    Raises:
        Refused: with the path below the message.
    """
    try:
        kind = EndKind(message.kind)
    except ValueError:
        raise Refused(Reason.INVALID_VALUE, "kind", "a wait ends in voicemail, elsewhere or hung up") from None
    return EndWait(kind, message.target)


def end_message(made: EndWait) -> policy_pb2.EndWait:
    return policy_pb2.EndWait(kind=int(made.kind), target=made.target)  # type: ignore[arg-type]  # the same numbers


def calendar(message: policy_pb2.Calendar) -> Calendar:
    """The calendar that a message describes.

    Raises:
        Refused: with the path below the message, `hours[1].to_minute`.
    """
    return Calendar(
        message.calendar_id,
        message.time_zone,
        _each(
            message.hours, "hours", lambda hours: OpeningHours(tuple(hours.days), hours.from_minute, hours.to_minute)
        ),
        _each(message.exceptions, "exceptions", _exception),
    )


def calendar_message(made: Calendar) -> policy_pb2.Calendar:
    return policy_pb2.Calendar(
        calendar_id=made.calendar_id,
        time_zone=made.time_zone,
        hours=[
            policy_pb2.OpeningHours(days=hours.days, from_minute=hours.from_minute, to_minute=hours.to_minute)
            for hours in made.hours
        ],
        exceptions=[
            policy_pb2.CalendarException(
                date=day.date, name=day.name, from_minute=day.from_minute, to_minute=day.to_minute
            )
            for day in made.exceptions
        ],
    )


def _exception(message: policy_pb2.CalendarException) -> CalendarException:
    has = message.HasField
    return CalendarException(
        message.date,
        message.name,
        message.from_minute if has("from_minute") else None,
        message.to_minute if has("to_minute") else None,
    )


def _condition(message: policy_pb2.StepCondition) -> StepCondition:
    has = message.HasField
    return StepCondition(
        message.queue_length_min if has("queue_length_min") else None,
        ms_of(message.expected_wait_min, "expected_wait_min") if has("expected_wait_min") else None,
        message.nobody_signed_on,
    )


def _action_fields(action: StepAction, message: policy_pb2.PlanStep) -> dict[str, Any]:
    match action:
        case StepAction.SET_REQUIREMENT:
            return {"requirement": message.set_requirement}
        case StepAction.LOWER_LEVEL:
            return {"skill": message.lower_level.skill, "level": message.lower_level.level}
        case StepAction.DROP_SKILL:
            return {"skill": message.drop_skill}
        case StepAction.RAISE_MAX_TIER:
            return {"tier": message.raise_max_tier}
        case StepAction.ADD_CREDIT:
            return {"credit_ms": ms_of(message.add_credit, "add_credit")}
        case StepAction.SET_PRIORITY:
            return {"priority": message.set_priority}
        case StepAction.MOVE_TO_QUEUE:
            move = message.move_to_queue
            return {"queue_id": move.queue_id, "restart_wait": move.restart_wait}
        case StepAction.ADD_QUEUE:
            return {"queue_id": message.add_queue_id}
        case StepAction.START_TREATMENT:
            return {"treatment": _treatment_kind(message.treatment), "name": message.treatment.name}
        case StepAction.OFFER_CALLBACK:
            return {"name": message.offer_callback.announcement}
        case StepAction.END_WAIT:
            return {"end": _within("end", end_wait, message.end)}


def _treatment_kind(message: policy_pb2.Treatment) -> TreatmentKind:
    try:
        return TreatmentKind(message.kind)
    except ValueError:
        text = "a treatment is an announcement, music, a message or a bot"
        raise Refused(Reason.INVALID_VALUE, "treatment.kind", text) from None


def _each(messages: Iterable[_M], name: str, make: Callable[[_M], _T]) -> tuple[_T, ...]:
    return tuple(_within(f"{name}[{index}]", make, message) for index, message in enumerate(messages))


def _within(place: str, make: Callable[[_M], _T], message: _M) -> _T:
    try:
        return make(message)
    except Refused as refused:
        raise wire_refusal(refused).within(place) from None
