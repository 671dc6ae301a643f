"""Clients and journals outlive versions: a name, number or type that was published once never changes.

`contract.txt` holds everything that was published. Lines are added to it, by hand or from the failing test's message,
and never removed.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROTO = Path(__file__).parents[2] / "proto" / "acd" / "v1"
CONTRACT = Path(__file__).with_name("contract.txt")


def lines_of_enum(enum: Any) -> Iterator[str]:
    for value in enum.values:
        yield f"{enum.full_name} {value.number} {value.name}"


def lines_of_message(message: Any) -> Iterator[str]:
    for field in message.fields:
        target = field.message_type or field.enum_type
        kind = target.full_name if target else str(field.type)
        shape = "repeated" if field.is_repeated else "optional" if field.has_presence else "plain"
        oneof = field.containing_oneof
        group = f" in {oneof.name}" if oneof and not oneof.name.startswith("_") else ""
        yield f"{message.full_name} {field.number} {field.name} {shape} {kind}{group}"
    for enum in message.enum_types:
        yield from lines_of_enum(enum)
    for nested in message.nested_types:
        yield from lines_of_message(nested)


def lines_of_service(service: Any) -> Iterator[str]:
    for method in service.methods:
        asked = ("stream " if method.client_streaming else "") + method.input_type.full_name
        given = ("stream " if method.server_streaming else "") + method.output_type.full_name
        yield f"{method.full_name} {asked} -> {given}"


def published() -> set[str]:
    lines: set[str] = set()
    for source in PROTO.glob("*.proto"):
        file = importlib.import_module(f"acd.v1.{source.stem}_pb2").DESCRIPTOR
        for message in file.message_types_by_name.values():
            lines.update(lines_of_message(message))
        for enum in file.enum_types_by_name.values():
            lines.update(lines_of_enum(enum))
        for service in file.services_by_name.values():
            lines.update(lines_of_service(service))
    return lines


def test_nothing_that_was_published_has_changed() -> None:
    recorded = set(CONTRACT.read_text().splitlines())
    assert len(recorded) > 700
    assert sorted(recorded - published()) == []


def test_what_is_published_is_recorded() -> None:
    missing = published() - set(CONTRACT.read_text().splitlines())
    assert not missing, "add to tests/proto/contract.txt:\n" + "\n".join(sorted(missing))
