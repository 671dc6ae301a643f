"""Batches of commands: what of a Dispatch, and of what the journal keeps of one, only protobuf can read or write."""

from google.protobuf.message import DecodeError

from acd.v1.command_pb2 import Command as CommandMessage
from acd.v1.command_pb2 import CommandResult
from acd.v1.routing_service_pb2 import DispatchRequest
from acd_core.commands import Command
from acd_core.refusal import Reason, Refused
from acd_service.codec.requests import batch_command_of, journalled_message

_OF_THE_BATCH = ("command", "validate_only")
"""Fields of refusals that the command's own call would not give."""


def canonical_request(content: bytes) -> bytes:
    """The same DispatchRequest as protobuf writes it, without what this version does not know.

    Raises:
        Refused: INVALID_VALUE if the bytes are none.
    """
    try:
        request = DispatchRequest.FromString(content)
    except DecodeError:
        raise Refused(Reason.INVALID_VALUE, "", "not a valid acd.v1.DispatchRequest") from None
    return DispatchRequest(batch_id=request.batch_id, commands=request.commands).SerializeToString()


def dispatched_command(content: bytes, place: int) -> Command:
    """The command at a place of a batch, from its bytes.

    Raises:
        Refused: as the command's own call would be, with the field's path in its request; what is wrong with its being
            in a batch at all has a path that begins with `commands[i]`.
    """
    try:
        message = CommandMessage.FromString(content)
    except DecodeError:
        raise Refused(Reason.INVALID_VALUE, f"commands[{place}]", "not a valid acd.v1.Command") from None
    try:
        return batch_command_of(message)
    except Refused as refused:
        if refused.field in _OF_THE_BATCH:
            raise refused.within(f"commands[{place}]") from None
        raise


def kept_content(content: bytes, command: Command) -> bytes:
    """What the journal keeps of a command that was read from these bytes: them, unless they have fields that this
    version does not know. Those may be nested so deep that protobuf would not read the record around them, or be a
    customer's, and an erasure would not find them. A call of its own keeps none of them either.
    """
    message = CommandMessage.FromString(content)
    size = message.ByteSize()
    message.DiscardUnknownFields()
    if message.ByteSize() == size:
        return content
    known: bytes = journalled_message(command).SerializeToString(deterministic=True)
    return known


def dispatch_request(commands: list[Command], batch_id: int = 0) -> bytes:
    """The bytes of a DispatchRequest of these commands."""
    return DispatchRequest(batch_id=batch_id, commands=map(journalled_message, commands)).SerializeToString()


def error_result(status: bytes) -> bytes:
    """A CommandResult for a command that was not taken, from the bytes of its `google.rpc.Status`."""
    result = CommandResult()
    result.error.MergeFromString(status)
    return result.SerializeToString()
