"""What the journal keeps: commands as `acd.v1.Command`, events as `acd.v1.Event`, in bytes and back, exactly."""

from functools import lru_cache
from typing import Final

from google.protobuf.message import DecodeError

from acd.v1.command_pb2 import Command as CommandMessage
from acd.v1.event_pb2 import Event as EventMessage
from acd.v1.journal_pb2 import CommandRecord
from acd_core.commands import Command
from acd_core.events import Event
from acd_core.refusal import Refused
from acd_service.codec.chunks import record_in
from acd_service.codec.event_reader import EventReader
from acd_service.codec.event_writer import EventWriter
from acd_service.codec.events import event_message, event_of
from acd_service.codec.requests import journalled_command_of, journalled_message
from acd_service.codec.values import ns_of, timestamp_of, varint

TICK_FIELD: Final = CommandMessage.TICK_FIELD_NUMBER
"""Where a Tick, which has no content, stands in `acd.v1.Command`."""
_events: Final = EventWriter()
_events_read: Final = EventReader()
_ASKED_BY_TAG: Final = bytes([4 << 3 | 2])
"""Field 4, length-delimited: how `asked_by` begins, in a CommandRecord as in an Event."""


class BadRecord(ValueError):
    """Bytes that this version did not write, or can no longer read."""


def encode_command(command: Command) -> bytes:
    """A command as bytes.

    Raises:
        ValueError: its attributes are not those that the codec packs.
    """
    return journalled_message(command).SerializeToString()


def decode_command(content: bytes) -> Command:
    """The command that `encode_command` wrote.

    Raises:
        BadRecord: the bytes are no command that this version knows.
    """
    try:
        return journalled_command_of(CommandMessage.FromString(content))
    except (DecodeError, Refused) as error:
        raise BadRecord(f"not a command: {error}") from None


def encode_event(event: Event) -> bytes:
    """An event as bytes; the same that a subscriber is sent."""
    return _events.event(event) or event_message(event).SerializeToString()


def decode_event(content: bytes) -> Event:
    """The event that `encode_event` wrote.

    Raises:
        BadRecord: the bytes are no event that this version knows.
    """
    event = _events_read.event(content)
    if event is not None:
        return event
    try:
        return event_of(EventMessage.FromString(content))
    except (DecodeError, Refused, ValueError, OverflowError) as error:
        raise BadRecord(f"not an event: {error}") from None


def encode_record(seq: int, at_ns: int, command: Command) -> bytes:
    """A command with its number and time, as `acd.v1.CommandRecord`."""
    return CommandRecord(seq=seq, at=timestamp_of(at_ns), command=journalled_message(command)).SerializeToString()


def decode_record(content: bytes) -> tuple[int, int, Command]:
    """The seq, the time in nanoseconds and the command that `encode_record` wrote.

    Raises:
        BadRecord: the bytes are no record that this version knows.
    """
    read = record_in(content)
    if read is not None:
        return read
    try:
        record = CommandRecord.FromString(content)
        return record.seq, ns_of(record.at), journalled_command_of(record.command)
    except (DecodeError, Refused) as error:
        raise BadRecord(f"not a record of a command: {error}") from None


@lru_cache(maxsize=4_096)
def asked_by_field(name: str) -> bytes:
    """The field `asked_by` as bytes: put behind a record of a command or behind an event, it says whose call it was.

    It rides on the envelope, since the engine decides the same whoever asks. Empty for an empty name.
    """
    content = name.encode()
    return _ASKED_BY_TAG + varint(len(content)) + content if content else b""
