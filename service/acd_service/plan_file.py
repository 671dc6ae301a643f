"""Plans, overflow and calendars as policy files have them: docs/policy.md shows the format."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from acd_core.enums import EndKind, StepAction, TreatmentKind
from acd_core.opening_hours import Calendar, CalendarException, OpeningHours
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.refusal import Reason, Refused
from acd_service.opening_times import zone_of
from acd_service.yaml_document import Entry, Findings, column_within, duration_text, joined

_ENDS: Final = {kind.name.lower(): kind for kind in EndKind}
_TREATMENTS: Final = {kind.name.lower(): kind for kind in TreatmentKind}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ACTIONS: Final = {
    "set_requirement": StepAction.SET_REQUIREMENT,
    "lower_level": StepAction.LOWER_LEVEL,
    "drop_skill": StepAction.DROP_SKILL,
    "raise_max_tier": StepAction.RAISE_MAX_TIER,
    "add_credit": StepAction.ADD_CREDIT,
    "set_priority": StepAction.SET_PRIORITY,
    "move_to_queue": StepAction.MOVE_TO_QUEUE,
    "add_queue": StepAction.ADD_QUEUE,
    "treatment": StepAction.START_TREATMENT,
    "offer_callback": StepAction.OFFER_CALLBACK,
    "end": StepAction.END_WAIT,
}
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


class PlanReader:
    """Reads the parts of a document that are more than keys and values.

    Args:
        places: where in the document each field is, by its path; added to.
    """

    def __init__(self, findings: Findings, places: dict[str, Node]) -> None:
        self._findings = findings
        self._places = places
        self.found_problems = False

    def plans(self, entry: Entry) -> tuple[Plan, ...]:
        """The plans of a policy: for each its steps, a list."""
        before = len(self._findings.problems)
        plans = []
        for item in self._findings.entries(entry.value, "plans"):
            field = f'plans["{item.key}"]'
            self._places[field] = item.key_node
            steps = self._each(item.value, f"{field}.steps", self._step)
            made = self._made(partial(Plan, item.key, tuple(steps)), item.key_node, field)
            if made is not None:
                plans.append(made)
        self.found_problems |= len(self._findings.problems) > before
        return tuple(plans)

    def calendars(self, entry: Entry) -> tuple[Calendar, ...]:
        """The calendars of a policy."""
        before = len(self._findings.problems)
        calendars = []
        for item in self._findings.entries(entry.value, "calendars"):
            field = f'calendars["{item.key}"]'
            self._places[field] = item.key_node
            given: dict[str, Any] = {}
            for part in self._findings.known_entries(item.value, field, ("time_zone", "hours", "exceptions")):
                path = joined(field, part.key)
                self._places[path] = part.key_node
                if part.key == "time_zone":
                    given["time_zone"] = self._time_zone(part.value, path)
                else:
                    given[part.key] = tuple(
                        self._each(part.value, path, self._hours if part.key == "hours" else self._exception)
                    )
            made = self._made(partial(Calendar, item.key, **given), item.key_node, field)
            if made is not None:
                calendars.append(made)
        self.found_problems |= len(self._findings.problems) > before
        return tuple(calendars)

    def _time_zone(self, node: Node, path: str) -> str:
        name = self._findings.text(node, path)
        if name and zone_of(name) is None:
            text = f'there is no time zone "{name}"; they are called as in Europe/Madrid'
            self._findings.add(node, path, Reason.INVALID_VALUE, text)
        return name or "UTC"

    def overflow(self, node: Node, field: str) -> Overflow | None:
        """`{queue: other}` or `{end: {kind: voicemail, target: box}}`."""
        given: dict[str, Any] = {}
        for entry in self._findings.known_entries(node, field, ("queue", "end")):
            path = joined(field, entry.key)
            self._places[path] = entry.value
            if entry.key == "queue":
                self._places[joined(field, "queue_id")] = entry.value
                given["queue_id"] = self._findings.text(entry.value, path) or ""
            else:
                given["end"] = self.end(entry.value, path)
        overflow: Overflow | None = self._made(lambda: Overflow(**given), node, field)
        return overflow

    def end(self, node: Node, field: str) -> EndWait | None:
        """`{kind: voicemail, target: box}`, or only the kind."""
        if isinstance(node, ScalarNode):
            kind = self._findings.word(node, field, _ENDS)
            return None if kind is None else EndWait(kind)
        before = len(self._findings.problems)
        given = self._values(node, field, {"kind": self._end_kind, "target": Findings.text})
        if len(self._findings.problems) > before:
            return None
        if "kind" not in given:
            self._findings.add(node, field, Reason.EMPTY, f"say how the wait ends: kind {', '.join(_ENDS)}")
            return None
        end: EndWait | None = self._made(lambda: EndWait(**given), node, field)
        return end

    def _end_kind(self, findings: Findings, node: Node, field: str) -> Any:
        return findings.word(node, field, _ENDS)

    def _step(self, node: Node, field: str) -> PlanStep | None:
        keys = ("after", "condition", *_ACTIONS)
        given: dict[str, Any] = {"after_ms": 0}
        actions: list[str] = []
        before = len(self._findings.problems)
        for entry in self._findings.known_entries(node, field, keys):
            path = joined(field, entry.key)
            self._places[path] = entry.value
            if entry.key == "after":
                given["after_ms"] = self._findings.duration_ms(entry.value, path) or 0
            elif entry.key == "condition":
                given["condition"] = self._condition(entry.value, path)
            else:
                actions.append(entry.key)
                given |= self._action(entry, path)
                given["action"] = _ACTIONS[entry.key]
        if len(actions) != 1:
            found = f"found {' and '.join(actions)}" if actions else f"known are {', '.join(_ACTIONS)}"
            self._findings.add(node, field, Reason.INVALID_VALUE, f"a step does exactly one thing; {found}")
        if len(self._findings.problems) > before:
            return None
        if "queue_id" in given:
            self._places[f"{field}.queue_id"] = self._places[joined(field, actions[0])]
        step: PlanStep | None = self._made(lambda: PlanStep(**given), node, field, actions[0])
        return step

    def _action(self, entry: Entry, path: str) -> dict[str, Any]:
        """The fields of the step that an action sets."""
        findings, node = self._findings, entry.value
        match entry.key:
            case "lower_level":
                return self._values(node, path, {"skill": Findings.text, "level": Findings.whole_number})
            case "treatment":
                kind = lambda findings, node, field: findings.word(node, field, _TREATMENTS)  # noqa: E731
                values = self._values(node, path, {"kind": kind, "name": Findings.text})
                return {"treatment" if name == "kind" else name: value for name, value in values.items()}
            case "move_to_queue" if isinstance(node, MappingNode):
                values = self._values(node, path, {"queue": Findings.text, "restart_wait": Findings.truth})
                return {"queue_id" if name == "queue" else name: value for name, value in values.items()}
            case "end":
                return {"end": self.end(node, path)}
        readers: dict[str, tuple[str, Any]] = {
            "set_requirement": ("requirement", findings.text),
            "drop_skill": ("skill", findings.text),
            "raise_max_tier": ("tier", findings.whole_number),
            "add_credit": ("credit_ms", findings.duration_ms),
            "set_priority": ("priority", findings.whole_number),
            "move_to_queue": ("queue_id", findings.text),
            "add_queue": ("queue_id", findings.text),
            "offer_callback": ("name", findings.text),
        }
        argument, read = readers[entry.key]
        value = read(node, path)
        return {} if value is None else {argument: value}

    def _condition(self, node: Node, field: str) -> StepCondition | None:
        given = self._values(
            node,
            field,
            {
                "queue_length_min": Findings.whole_number,
                "expected_wait_min": Findings.duration_ms,
                "nobody_signed_on": Findings.truth,
            },
        )
        if "expected_wait_min" in given:
            given["expected_wait_min_ms"] = given.pop("expected_wait_min")
        condition: StepCondition | None = self._made(lambda: StepCondition(**given), node, field)
        return condition

    def _hours(self, node: Node, field: str) -> OpeningHours | None:
        before = len(self._findings.problems)
        given = self._values(node, field, {"days": self._days, "from": self._minute, "to": self._minute})
        if len(self._findings.problems) == before:
            for key in ("days", "from", "to"):
                if key not in given:
                    self._findings.add(node, joined(field, key), Reason.EMPTY, f'opening hours need "{key}"')
        if len(self._findings.problems) > before:
            return None
        made: OpeningHours | None = self._made(
            lambda: OpeningHours(given["days"], given["from"], given["to"]), node, field
        )
        return made

    def _exception(self, node: Node, field: str) -> CalendarException | None:
        before = len(self._findings.problems)
        given = self._values(
            node, field, {"date": self._date, "name": Findings.text, "from": self._minute, "to": self._minute}
        )
        if "date" not in given and len(self._findings.problems) == before:
            self._findings.add(node, joined(field, "date"), Reason.EMPTY, 'an exception needs a "date"')
        if len(self._findings.problems) > before:
            return None
        made: CalendarException | None = self._made(
            lambda: CalendarException(given["date"], given.get("name", ""), given.get("from"), given.get("to")),
            node,
            field,
        )
        return made

    def _date(self, findings: Findings, node: Node, field: str) -> str | None:
        # YAML takes 2027-01-01 for a date and not for a text; either is meant.
        return node.value if isinstance(node, ScalarNode) else findings.text(node, field)

    def _days(self, findings: Findings, node: Node, field: str) -> tuple[int, ...] | None:
        """`[mon, tue]` or `mon-fri`."""
        if isinstance(node, ScalarNode):
            first, dash, last = node.value.partition("-")
            if first in _DAYS and (last if dash else first) in _DAYS:
                start, stop = _DAYS.index(first), _DAYS.index(last if dash else first)
                if start <= stop:
                    return tuple(range(start + 1, stop + 2))
            findings.add(node, field, "WRONG_TYPE", f"expected days like mon-fri or [sat, sun], found {node.value!r}")
            return None
        names = findings.texts(node, field)
        if names is None:
            return None
        for name in names:
            if name not in _DAYS:
                findings.add(node, field, Reason.INVALID_VALUE, f'unknown day "{name}"; known are {", ".join(_DAYS)}')
                return None
        return tuple(_DAYS.index(name) + 1 for name in names)

    def _minute(self, findings: Findings, node: Node, field: str) -> int | None:
        match = _TIME.fullmatch(node.value) if isinstance(node, ScalarNode) else None
        if match is None:
            findings.add(node, field, "WRONG_TYPE", 'expected a time of the day in quotes, "08:30"')
            return None
        return int(match[1]) * 60 + int(match[2])

    def _values(self, node: Node, field: str, readers: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for entry in self._findings.known_entries(node, field, readers):
            path = joined(field, entry.key)
            self._places[path] = entry.value
            value = readers[entry.key](self._findings, entry.value, path)
            if value is not None:
                values[entry.key] = value
        return values

    def _each(self, node: Node, field: str, read: Callable[[Node, str], Any]) -> list[Any]:
        """What `read` makes of each entry of a list; without those that are wrong."""
        if not isinstance(node, SequenceNode):
            self._findings.add(node, field, "WRONG_TYPE", "expected a list, each entry beginning with a dash")
            return []
        made = []
        for index, item in enumerate(node.value):
            path = f"{field}[{index}]"
            self._places[path] = item
            made.append(read(item, path))
        return [each for each in made if each is not None]

    def _made(self, make: Callable[[], Any], node: Node, field: str, within: str = "") -> Any:
        """What `make` makes, or None and a problem at the field that was refused."""
        try:
            return make()
        except Refused as refused:
            path = joined(field, refused.field.removesuffix("_ms")) if refused.field else field
            closer = joined(field, within)
            place = next(
                (self._places[at] for at in (path, joined(closer, refused.field), closer) if at in self._places), node
            )
            position = refused.metadata.get("position")
            offset = column_within(place, int(position)) if position is not None else 0
            self._findings.add(place, path, refused.reason, refused.message, offset=offset)
            return None


def plans_document(plans: tuple[Plan, ...]) -> dict[str, Any]:
    """Plans as a policy file has them."""
    return {plan.plan_id: [_step_document(step) for step in plan.steps] for plan in plans}


def calendars_document(calendars: tuple[Calendar, ...]) -> dict[str, Any]:
    """Calendars as a policy file has them."""
    return {
        calendar.calendar_id: {
            "time_zone": calendar.time_zone,
            "hours": [
                {
                    "days": [_DAYS[day - 1] for day in hours.days],
                    "from": _clock(hours.from_minute),
                    "to": _clock(hours.to_minute),
                }
                for hours in calendar.hours
            ],
            "exceptions": [
                {"date": each.date}
                | ({"name": each.name} if each.name else {})
                | (
                    {"from": _clock(each.from_minute), "to": _clock(each.to_minute)}
                    if each.from_minute is not None and each.to_minute is not None
                    else {}
                )
                for each in calendar.exceptions
            ],
        }
        for calendar in calendars
    }


def overflow_document(overflow: Overflow) -> dict[str, Any]:
    """An overflow as a policy file has it."""
    return {"queue": overflow.queue_id} if overflow.end is None else {"end": _end_document(overflow.end)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _end_document(end: EndWait) -> dict[str, Any]:
    return {"kind": end.kind.name.lower()} | ({"target": end.target} if end.target else {})


def _step_document(step: PlanStep) -> dict[str, Any]:
    document: dict[str, Any] = {"after": duration_text(step.after_ms)}
    condition = step.condition
    if condition is not None:
        values = {
            "queue_length_min": condition.queue_length_min,
            "expected_wait_min": None
            if condition.expected_wait_min_ms is None
            else duration_text(condition.expected_wait_min_ms),
            "nobody_signed_on": condition.nobody_signed_on or None,
        }
        document["condition"] = {name: value for name, value in values.items() if value is not None}
    name = next(name for name, action in _ACTIONS.items() if action is step.action)
    return document | {name: _action_document(step)}


def _action_document(step: PlanStep) -> Any:
    match step.action:
        case StepAction.SET_REQUIREMENT:
            return step.requirement
        case StepAction.LOWER_LEVEL:
            return {"skill": step.skill, "level": step.level}
        case StepAction.DROP_SKILL:
            return step.skill
        case StepAction.RAISE_MAX_TIER:
            return step.tier
        case StepAction.ADD_CREDIT:
            return duration_text(step.credit_ms)
        case StepAction.SET_PRIORITY:
            return step.priority
        case StepAction.MOVE_TO_QUEUE:
            return {"queue": step.queue_id, "restart_wait": True} if step.restart_wait else step.queue_id
        case StepAction.ADD_QUEUE:
            return step.queue_id
        case StepAction.START_TREATMENT:
            assert step.treatment is not None
            return {"kind": step.treatment.name.lower()} | ({"name": step.name} if step.name else {})
        case StepAction.OFFER_CALLBACK:
            return step.name
    assert step.end is not None
    return _end_document(step.end)
