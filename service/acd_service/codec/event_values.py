"""Times within events, filled in place, and what a reader of an event gives."""

from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_NS: Final = 1_000_000_000

Fields = dict[str, Any]
"""Arguments of an `Event`."""


def put_ns(target: Timestamp | Duration, value_ns: int) -> None:
    # A Duration takes this form too, as none of the engine's own is negative.
    target.seconds = value_ns // _NS
    target.nanos = value_ns % _NS


def put_optional_ns(target: Timestamp | Duration, value_ns: int) -> None:
    if value_ns:
        put_ns(target, value_ns)


def ns(value: Timestamp | Duration) -> int:
    return value.seconds * _NS + value.nanos
