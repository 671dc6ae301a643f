"""Policies as YAML files, for people: docs/policy.md shows the format.

Keys are called as on the wire. Everything that is wrong is found in one go where that is possible, each with line and
column.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from yaml.nodes import Node

from acd_core.enums import ClosingRule, Membership, Strategy
from acd_core.plan import Overflow
from acd_core.policy import (
    CallbackPolicy,
    Channel,
    OfferOutcomes,
    OutcomePolicy,
    Policy,
    PreferencePolicy,
    QueueSpec,
    SkillWeight,
)
from acd_core.refusal import Reason, Refused
from acd_service.plan_file import PlanReader, calendars_document, overflow_document, plans_document
from acd_service.yaml_document import BadFile, Entry, Findings, column_within, compose, decoded, duration_text, joined

_STRATEGIES: Final = {strategy.name.lower(): strategy for strategy in Strategy}
_MEMBERSHIPS: Final = {membership.name.lower(): membership for membership in Membership}
_REFERENCES: Final = (Reason.UNKNOWN_PLAN, Reason.UNKNOWN_CALENDAR, Reason.UNKNOWN_QUEUE)
"""Faults of two parts of a policy together: neither is to blame alone."""
_CLOSING_RULES: Final = {rule.name.lower(): rule for rule in ClosingRule}
_OUTCOMES: Final = ("declined", "busy", "unreachable", "missed")

_Made = TypeVar("_Made")
_Reader = Callable[[Findings, Node, str], Any]
_Keys = Mapping[str, tuple[str, _Reader]]
"""Keys of a mapping, each with the argument that it sets and how its value is read."""


def _read_weights(findings: Findings, node: Node, field: str) -> tuple[SkillWeight, ...] | None:
    entries = list(findings.entries(node, field))
    weights = [findings.whole_number(entry.value, f'{field}["{entry.key}"]') for entry in entries]
    return tuple(
        SkillWeight(entry.key, weight) for entry, weight in zip(entries, weights, strict=True) if weight is not None
    )


_CHANNEL: Final[_Keys] = {
    "cost": ("cost", Findings.whole_number),
    "interrupts": ("interrupts", Findings.texts),
}
_OUTCOME: Final[_Keys] = {
    "exclude": ("exclude_ms", Findings.duration_ms),
    "delay": ("delay_ms", Findings.duration_ms),
    "away_after": ("away_after", Findings.whole_number),
}
_QUEUE: Final[_Keys] = {
    "requirement": ("requirement", Findings.text),
    "membership": ("membership", lambda findings, node, field: findings.word(node, field, _MEMBERSHIPS)),
    "strategy": ("strategy", lambda findings, node, field: findings.word(node, field, _STRATEGIES)),
    "service_level_target": ("service_level_target_ms", Findings.duration_ms),
    "offer_timeout": ("offer_timeout_ms", Findings.duration_ms),
    "auto_accept": ("auto_accept", Findings.truth),
    "wrap_up": ("wrap_up_ms", Findings.duration_ms),
    "credit": ("credit_ms", Findings.duration_ms),
    "rate": ("rate", Findings.whole_number),
    "max_tier": ("max_tier", Findings.whole_number),
    "max_waiting": ("max_waiting", Findings.whole_number),
    "plan": ("plan_id", Findings.text),
    "skill_weights": ("skill_weights", _read_weights),
    "broadcast_to": ("broadcast_to", Findings.whole_number),
    "preferred_hold": ("preferred_hold_ms", Findings.duration_ms),
    "calendar": ("calendar_id", Findings.text),
    "at_closing": ("at_closing", lambda findings, node, field: findings.word(node, field, _CLOSING_RULES)),
    "overflow": ("overflow", Findings.text),  # in its place the plan reader reads it
}
_PREFERENCE: Final[_Keys] = {
    "last_agent_window": ("last_agent_window_ms", Findings.duration_ms),
    "agent_of_other_contact": ("agent_of_other_contact", Findings.truth),
    "hold": ("hold_ms", Findings.duration_ms),
}
_CALLBACK: Final[_Keys] = {
    "attempts_max": ("attempts_max", Findings.whole_number),
    "retry_delay": ("retry_delay_ms", Findings.duration_ms),
}
_SIMPLE: Final[_Keys] = {
    "tier_first": ("tier_first", Findings.truth),
    "short_abandon": ("short_abandon_ms", Findings.duration_ms),
    "presence_lease": ("presence_lease_ms", Findings.duration_ms),
    "reattach": ("reattach_ms", Findings.duration_ms),
    "max_waiting": ("max_waiting", Findings.whole_number),
    "occupancy_time_constant": ("occupancy_time_constant_ms", Findings.duration_ms),
}
_POLICY_KEYS: Final = (
    "channels", "queues", *_SIMPLE, "offer_outcomes", "plans", "preference", "callback", "calendars",
)  # fmt: skip


def load_policy(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        BadFile: with everything that is wrong in it.
        OSError: it cannot be read.
    """
    return parse_policy(decoded(path.read_bytes(), str(path)), str(path))


def parse_policy(text: str, name: str = "policy") -> Policy:
    """The policy that a text in YAML describes; `name` stands in messages for the file.

    Raises:
        BadFile: with everything that is wrong in it.
    """
    return place_policy(text, name).policy


@dataclass(frozen=True, slots=True)
class PlacedPolicy:
    """A policy, and where in its file each part of it stands."""

    policy: Policy
    places: Mapping[str, Node]
    """By path, `queues["sales"].requirement`."""

    def line_and_column(self, field: str) -> tuple[int, int]:
        """Of a field, or of the nearest thing around it that is in the file; both from 1."""
        while field not in self.places:
            field = field.rpartition(".")[0]
        mark = self.places[field].start_mark
        return mark.line + 1, mark.column + 1


def place_policy(text: str, name: str) -> PlacedPolicy:
    """As `parse_policy`, with the places.

    Raises:
        BadFile: with everything that is wrong in it.
    """
    root = compose(text, name)
    findings = Findings()
    reading = _Reading(findings)
    policy = reading.policy(root)
    if findings.problems or policy is None:
        raise BadFile(name, findings.problems)
    return PlacedPolicy(policy, reading.places)


def policy_yaml(policy: Policy) -> str:
    """A policy as a file that `parse_policy` reads back as the same policy; every default is written out."""
    document: dict[str, Any] = {
        "channels": {
            channel.channel_id: {"cost": channel.cost}
            | ({"interrupts": list(channel.interrupts)} if channel.interrupts else {})
            for channel in policy.channels
        },
        "queues": {queue.queue_id: _written(_QUEUE, queue) for queue in policy.queues},
        **({"plans": plans_document(policy.plans)} if policy.plans else {}),
        **({"calendars": calendars_document(policy.calendars)} if policy.calendars else {}),
        **_written(_SIMPLE, policy),
        "preference": _written(_PREFERENCE, policy.preference),
        "callback": _written(_CALLBACK, policy.callback),
        "offer_outcomes": {name: _written(_OUTCOME, getattr(policy.offer_outcomes, name)) for name in _OUTCOMES},
    }
    return yaml.dump(document, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True, width=10_000)


def _written(keys: _Keys, thing: object) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, (argument, reader) in keys.items():
        value = getattr(thing, argument)
        if value is None or (value in ("", ()) and argument in ("plan_id", "calendar_id", "skill_weights")):
            continue
        if isinstance(value, Strategy | Membership | ClosingRule):
            value = value.name.lower()
        elif isinstance(value, Overflow):
            value = overflow_document(value)
        elif argument == "skill_weights":
            value = dict(value)
        elif reader is Findings.duration_ms:
            value = duration_text(value)
        values[key] = value
    return values


class _Reading:
    """One reading of a document into a policy."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.places: dict[str, Node] = {}
        """Where in the document each field is, by its path."""
        self._plans = PlanReader(findings, self.places)

    def policy(self, root: Node) -> Policy | None:
        self.places[""] = root
        given: dict[str, Any] = {}
        for entry in self._findings.known_entries(root, "", _POLICY_KEYS):
            self.places[entry.key] = entry.key_node
            if entry.key == "channels":
                given["channels"] = self._each(entry, _CHANNEL, self._channel)
            elif entry.key == "queues":
                given["queues"] = self._each(entry, _QUEUE, self._queue)
            elif entry.key == "offer_outcomes":
                given["offer_outcomes"] = self._outcomes(entry.value)
            elif entry.key == "plans":
                given["plans"] = self._plans.plans(entry)
            elif entry.key == "calendars":
                given["calendars"] = self._plans.calendars(entry)
            elif entry.key == "preference":
                values = self._read(entry.value, "preference", _PREFERENCE)
                given["preference"] = self._made(PreferencePolicy, values, "preference")
            elif entry.key == "callback":
                given["callback"] = self._made(
                    CallbackPolicy, self._read(entry.value, "callback", _CALLBACK), "callback"
                )
            else:
                self._value(entry, "", _SIMPLE, given)
        if self._plans.found_problems:
            return None  # what refers to a plan that could not be read is no second problem
        return self._made(Policy, {key: value for key, value in given.items() if value is not None}, "")

    def _each(
        self, entry: Entry, keys: _Keys, make: Callable[[Entry, dict[str, Any], str], Any]
    ) -> tuple[Any, ...] | None:
        """What `make` makes of each entry, or None if anything is wrong with one of them."""
        before = len(self._findings.problems)
        made = []
        for item in self._findings.entries(entry.value, entry.key):
            field = f'{entry.key}["{item.key}"]'
            self.places[field] = item.key_node
            made.append(make(item, self._read(item.value, field, keys), field))
        return tuple(made) if len(self._findings.problems) == before else None

    def _channel(self, entry: Entry, given: dict[str, Any], field: str) -> Channel | None:
        if f"{field}.cost" not in self.places:
            self._findings.add(entry.key_node, field, Reason.EMPTY, "a channel needs a cost, 100 for instance")
            return None
        given.setdefault("cost", 1)
        return self._made(Channel, given, field, channel_id=entry.key)

    def _queue(self, entry: Entry, given: dict[str, Any], field: str) -> QueueSpec | None:
        return self._made(QueueSpec, given, field, queue_id=entry.key)

    def _outcomes(self, node: Node) -> OfferOutcomes:
        outcomes: dict[str, OutcomePolicy] = {}
        for entry in self._findings.known_entries(node, "offer_outcomes", _OUTCOMES):
            field = f"offer_outcomes.{entry.key}"
            self.places[field] = entry.key_node
            default = getattr(OfferOutcomes(), entry.key)
            unset = {argument: getattr(default, argument) for argument, _ in _OUTCOME.values()}
            made = self._made(OutcomePolicy, unset | self._read(entry.value, field, _OUTCOME), field)
            outcomes[entry.key] = made or default
        return OfferOutcomes(**outcomes)

    def _read(self, node: Node, field: str, keys: _Keys) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for entry in self._findings.known_entries(node, field, keys):
            self._value(entry, field, keys, given)
        return given

    def _value(self, entry: Entry, field: str, keys: _Keys, given: dict[str, Any]) -> None:
        argument, reader = keys[entry.key]
        path = joined(field, entry.key)
        self.places[path] = entry.value
        if argument in ("plan_id", "calendar_id"):
            self.places[joined(field, argument)] = entry.value
        if argument == "overflow":
            value = self._plans.overflow(entry.value, path)
        else:
            value = reader(self._findings, entry.value, path)
        if value is not None:
            given[argument] = value

    def _made(self, cls: type[_Made], given: dict[str, Any], field: str, **identity: str) -> _Made | None:
        """An object of the engine, or None and what the engine has against it.

        The engine names the first fault. The arguments are independent, so each is tried by itself to find the others.
        """
        try:
            return cls(**identity, **given)
        except Refused as refused:
            first = refused
        if first.reason in _REFERENCES:
            self._refused(first, field)
            return None
        cost = {"cost": 1} if cls is Channel else {}
        before = len(self._findings.problems)
        for argument, value in given.items():
            try:
                cls(**identity, **(cost | {argument: value}))
            except Refused as refused:
                self._refused(refused, field)
                if refused.field in ("queue_id", "channel_id"):
                    break
        if len(self._findings.problems) == before:
            self._refused(first, field)
        return None

    def _refused(self, refused: Refused, field: str) -> None:
        path = joined(field, refused.field.removesuffix("_ms")) if refused.field else field
        place = path
        while place not in self.places:
            place = place.rpartition(".")[0]
        node = self.places[place]
        position = refused.metadata.get("position")
        offset = column_within(node, int(position)) if position is not None else 0
        message = f"{refused.message} (milliseconds)" if refused.field.endswith("_ms") else refused.message
        self._findings.add(node, path, refused.reason, message, offset=offset)
