"""An event of the stream as a JSON object, and as a line for people."""

from collections.abc import Mapping
from typing import Any, Final, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from acd.v1.event_pb2 import Event

_STYLES: Final[Mapping[str, str]] = {
    "CONTACT_ENQUEUED": "bold blue",
    "OFFER_MADE": "yellow",
    "OFFER_ACCEPTED": "green",
    "CONTACT_ASSIGNED": "green",
    "OFFER_ENDED": "red",
    "CONTACT_COMPLETED": "cyan",
    "CONTACT_CLOSED": "bold",
    "CONTACT_UNATTENDED": "bold red",
    "RESUMED": "bold magenta",
    "POLICY_APPLIED": "magenta",
}


def event_object(event: Event) -> dict[str, Any]:
    """The event with its detail's fields beside its own: enums by name, times in ISO 8601, durations in seconds."""
    which = event.WhichOneof("detail")
    head = {"event_seq": event.event_seq, "seq": event.seq, "at": _iso(event.at), "type": (which or "unknown").upper()}
    who = {"asked_by": event.asked_by} if event.asked_by else {}
    return head | (_fields(getattr(event, which)) if which else {}) | who


def event_text(event: Event) -> Text:
    """One line: when, which, what, and the fields that say something."""
    facts = event_object(event)
    kind = facts["type"]
    line = Text(f"{facts['at'][:23].replace('T', ' ')} ", style="dim")
    line.append(f"{facts['event_seq']:>8} ", style="dim")
    line.append(f"{kind.replace('_', ' ').lower():<20}", style=_STYLES.get(kind, ""))
    for name, value in _said(facts):
        line.append(f" {name} ", style="dim")
        line.append(value)
    return line


_HEAD: Final = ("event_seq", "seq", "at", "type")


def _said(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for name, value in facts.items():
        if name in _HEAD or name == "spec" or value in ("", 0, {}, [], None):
            continue
        if name == "decision":
            said += _said({key: value[key] for key in ("wait_seconds", "strategy", "chosen_by") if key in value})
        elif name.endswith("_seconds"):
            said.append((name.removesuffix("_seconds"), f"{value:.1f} s"))
        elif name.endswith(("_at", "until")):
            said.append((name.replace("_", " "), value[11:23]))
        else:
            said.append((name.removesuffix("_id"), str(value).lower() if str(value).isupper() else str(value)))
    return said


def _fields(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for descriptor in message.DESCRIPTOR.fields:
        value = getattr(message, descriptor.name)
        if descriptor.has_presence and not message.HasField(descriptor.name):
            continue
        if isinstance(value, Duration):
            fields[f"{descriptor.name}_seconds"] = value.seconds + value.nanos / 1e9
        else:
            fields[descriptor.name] = _value(cast("FieldDescriptor", descriptor), value)
    return fields


def _value(descriptor: FieldDescriptor, value: Any) -> Any:
    if not descriptor.is_repeated:
        return _single(descriptor, value)
    if isinstance(value, Mapping):
        return dict(value)
    return [_single(descriptor, item) for item in value]


def _single(descriptor: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, Timestamp):
        return _iso(value)
    if isinstance(value, Message):
        return _fields(value)
    if descriptor.enum_type is not None:
        known = descriptor.enum_type.values_by_number.get(value)
        # What all names of an enum begin with, up to the name of its zero.
        prefix = descriptor.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
        return known.name.removeprefix(prefix) if known is not None else value
    return value


def _iso(at: Timestamp) -> str:
    text = at.ToJsonString()
    # The length of the fraction depends on the value there; always the whole nanosecond is easier to compare.
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction.ljust(9, '0')}Z"
