"""Single values: times, durations, numbers, attributes, and how fields are called on the wire."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1.contact_pb2 import Attributes
from acd_core.refusal import Reason, Refused

INT64_MAX: Final = 2**63 - 1
_NS: Final = 1_000_000_000
_SHORT_ENTRY_BYTES: Final = 0x7F - 4
_SECONDS_MAX: Final = 10**12
"""Beyond any bound of the engine, and small enough that no product leaves 64 bits."""


def timestamp_of(at_ns: int) -> Timestamp:
    """Nanoseconds since the Unix epoch as a Timestamp."""
    return Timestamp(seconds=at_ns // _NS, nanos=at_ns % _NS)


def ns_of(timestamp: Timestamp) -> int:
    """A Timestamp that `timestamp_of` made as nanoseconds since the Unix epoch."""
    return timestamp.seconds * _NS + timestamp.nanos


def duration_of_ms(value_ms: int) -> Duration:
    """Milliseconds as a Duration."""
    if value_ms < 0:
        return Duration(seconds=-(-value_ms // 1_000), nanos=-(-value_ms % 1_000) * 1_000_000)
    return Duration(seconds=value_ms // 1_000, nanos=value_ms % 1_000 * 1_000_000)


def duration_of_ns(value_ns: int) -> Duration:
    """Nanoseconds as a Duration."""
    if value_ns < 0:
        return Duration(seconds=-(-value_ns // _NS), nanos=-(-value_ns % _NS))
    return Duration(seconds=value_ns // _NS, nanos=value_ns % _NS)


def ms_of(duration: Duration, field: str) -> int:
    """A Duration that a caller sent as whole milliseconds.

    Raises:
        Refused: INVALID_VALUE if it is no valid Duration or not whole milliseconds, OUT_OF_RANGE if it is far beyond
            every bound; the bounds of the field itself are the engine's to check.
    """
    seconds, nanos = duration.seconds, duration.nanos
    if not -_NS < nanos < _NS or (seconds > 0 > nanos) or (seconds < 0 < nanos):
        raise Refused(Reason.INVALID_VALUE, field, f"seconds {seconds} and nanos {nanos} are not a valid Duration")
    if nanos % 1_000_000:
        raise Refused(Reason.INVALID_VALUE, field, f"nanos {nanos} are not whole milliseconds")
    if not -_SECONDS_MAX <= seconds <= _SECONDS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, field, f"{seconds} s is out of range {-_SECONDS_MAX} to {_SECONDS_MAX}")
    return seconds * 1_000 + nanos // 1_000_000


def span_ms_of(duration: Duration, field: str) -> int:
    """As `ms_of`, for a duration that cannot be negative."""
    value_ms = ms_of(duration, field)
    if value_ms < 0:
        raise Refused(Reason.OUT_OF_RANGE, field, f"{value_ms} ms is negative")
    return value_ms


def checked_int64(value: int, field: str) -> int:
    """An unsigned number of the wire that the engine holds as a signed one."""
    if value > INT64_MAX:
        raise Refused(Reason.OUT_OF_RANGE, field, f"{value} is out of range 0 to {INT64_MAX}")
    return value


def not_built(field: str) -> Refused:
    """The refusal of what the contract has and the engine does not have yet."""
    return Refused(Reason.NOT_BUILT, field, "this is not built yet")


def wire_refusal(refused: Refused) -> Refused:
    """The same refusal with the field as the wire calls it: durations and channels have other names there."""
    field = refused.field
    if field == "channel_id":
        return Refused(refused.reason, "channel", refused.message, refused.metadata)
    if field.startswith("preferred_agents"):
        path = "preference.agent_ids" + field.removeprefix("preferred_agents")
        return Refused(refused.reason, path, refused.message, refused.metadata)
    if field.endswith("_ms"):
        return Refused(refused.reason, field[:-3], f"{refused.message} (milliseconds)", refused.metadata)
    return refused


def packed_attributes(values: Mapping[str, str]) -> bytes:
    """Attributes as the engine holds them: an `Attributes` message, its entries in order of their keys.

    Written out here, since the order and form are part of state digests and must not hang on a library's version.
    """
    if not values:
        return b""
    packed = bytearray()
    for key, value in sorted(values.items()):
        key_bytes, value_bytes = key.encode(), value.encode()
        key_size, value_size = len(key_bytes), len(value_bytes)
        if key_size + value_size <= _SHORT_ENTRY_BYTES:
            # Every length fits in one byte.
            packed += b"\n%c\n%c%b\x12%c%b" % (
                key_size + value_size + 4, key_size, key_bytes, value_size, value_bytes,
            )  # fmt: skip
            continue
        entry = b"\n%b%b\x12%b%b" % (varint(key_size), key_bytes, varint(value_size), value_bytes)
        packed += b"\n%b%b" % (varint(len(entry)), entry)
    return bytes(packed)


def unpacked_attributes(packed: bytes) -> Mapping[str, str]:
    """The attributes that `packed_attributes` packed.

    Raises:
        ValueError: the bytes are something else.
    """
    try:
        return Attributes.FromString(packed).values
    except DecodeError as error:
        raise ValueError(f"not the attributes of a contact: {error}") from None


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it (Protocol Buffers, Encoding, Base 128 Varints)."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
