"""Random protobuf messages of any type: values that are mostly sound, of a small world, and now and then at an edge."""

import random
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

NAMES: Final = ["a", "b", "c", "sales", "help", "voice", "chat", "ann", "bob", "acd:0", "acd:1"]
_SOUND: Final = (
    ("queue", ["sales", "help"]),
    ("channel", ["voice", "chat"]),
    ("agent", ["ann", "bob", "cec"]),
    ("contact", ["a", "b", "c"]),
    ("customer", ["k", "l"]),
    ("requirement", ["", "billing", "billing>=5 or not spanish"]),
    ("request_id", ["", "", "", "r1", "r2", "r3"]),
    ("token", [""]),
)
"""What a field is likely to want, by a part of its name."""
TEXTS: Final = [
    "", " ", "x" * 128, "x" * 129, "\x00", "a\nb", "é", "e\u0301", "王", "\u202e", "x" * 5_000, "acd:", "a and",
    "a>=50", "(" * 40 + "a" + ")" * 40, "not a or b", "a>=101", "-", "0-", "9" * 30, "Europe/Berlin",
]  # fmt: skip
NUMBERS: Final = [0, 1, 2, 3, 5, 16, 100, 101, 1_000, 4_096, 100_000, 2**31 - 1, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1]
F = FieldDescriptor
_BOUNDS: Final = {
    F.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    F.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    F.CPPTYPE_UINT32: (0, 2**32 - 1),
    F.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_DEPTH_MAX: Final = 5


def random_message(kind: Descriptor, draw: random.Random, depth: int = 0, share: float | None = None) -> Any:
    """A message of a type with some of its fields set.

    Args:
        share: of the values that are at an edge; drawn if not given: most messages have none.
    """
    message = GetMessageClass(kind)()
    if share is None:
        share = draw.choice((0, 0, 0, 0.05, 0.3))
    for field in kind.fields:
        is_name = field.name.endswith(("_id", "_ids", "presence"))
        if draw.random() > (0.92 if is_name else 0.4) or depth > _DEPTH_MAX:
            continue
        target = field.message_type
        if target is not None and target.GetOptions().map_entry:
            _fill_map(getattr(message, field.name), target, draw, depth, share)
        elif field.is_repeated:
            for _ in range(draw.choice((0, 1, 1, 2, 3))):
                if target is not None:
                    getattr(message, field.name).append(random_message(target, draw, depth + 1, share))
                else:
                    getattr(message, field.name).append(_scalar(field, draw, share))
        elif target is not None:
            getattr(message, field.name).CopyFrom(random_message(target, draw, depth + 1, share))
        else:
            setattr(message, field.name, _scalar(field, draw, share))
    return message


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Bytes with some of them changed, left out, doubled or put in."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        place = draw.randrange(len(changed) + 1)
        match draw.randrange(6):
            case 0 if place < len(changed):
                changed[place] ^= 1 << draw.randrange(8)
            case 1 if place < len(changed):
                changed[place] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
            case 2:
                del changed[place : place + draw.choice((1, 2, 8, 64))]
            case 3:
                start = draw.randrange(len(changed) + 1)
                changed[place:place] = changed[start : start + draw.choice((1, 4, 32))]
            case 4:
                changed[place:place] = draw.randbytes(draw.choice((1, 2, 9)))
            case _:
                del changed[place:]
    return bytes(changed[:1_000_000])


def _fill_map(into: Any, entry: Descriptor, draw: random.Random, depth: int, share: float) -> None:
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for _ in range(draw.choice((0, 1, 2))):
        if value.message_type is not None:
            into[_scalar(key, draw, share)].CopyFrom(random_message(value.message_type, draw, depth + 1, share))
        else:
            into[_scalar(key, draw, share)] = _scalar(value, draw, share)


def _scalar(field: FieldDescriptor, draw: random.Random, share: float) -> Any:
    kind = field.cpp_type
    is_sound = draw.random() >= share
    if kind == F.CPPTYPE_STRING:
        if field.type == F.TYPE_BYTES:
            return draw.randbytes(draw.choice((0, 1, 16)))
        fitting = next((values for part, values in _SOUND if part in field.name), NAMES)
        return draw.choice(fitting if is_sound else TEXTS)
    if kind == F.CPPTYPE_BOOL:
        return draw.random() < 0.5
    if kind == F.CPPTYPE_ENUM:
        known = [value.number for value in field.enum_type.values]
        return draw.choice((known[1:] or known) if is_sound else (0, -1, 77))
    if kind in (F.CPPTYPE_DOUBLE, F.CPPTYPE_FLOAT):
        return draw.choice((0.0, 1.5, -1.0, float("inf"), float("nan")))
    if is_sound:
        # Durations in whole milliseconds.
        return draw.choice((0, 1_000_000, 500_000_000)) if field.name == "nanos" else draw.choice((1, 2, 3, 5))
    low, high = _BOUNDS[kind]
    number = draw.choice(NUMBERS)
    return max(low, min(high, -number if draw.random() < 0.3 else number))
