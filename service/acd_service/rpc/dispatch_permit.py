"""Which commands of a Dispatch its sender may give: those whose own calls it may make."""

from functools import lru_cache

from google.protobuf.message import DecodeError

from acd.v1.command_pb2 import Command
from acd_service.batches import Permit
from acd_service.identity.identity import Identity, Role, caller
from acd_service.identity.permissions import CALL_OF_COMMAND, check_command, is_granted


def permit_of_caller() -> Permit | None:
    """The permit of whoever makes the call that is being served; None if it may give every command."""
    identity = caller.get(None)
    return None if identity is None or Role.ADMIN in identity.roles else _permit(identity)


@lru_cache(maxsize=4_096)
def _permit(identity: Identity) -> Permit:
    fields = Command.DESCRIPTOR.fields_by_name
    granted = sum(1 << fields[kind].number for kind, call in CALL_OF_COMMAND.items() if is_granted(identity, call))

    def check(content: bytes) -> None:
        """Raises PermissionDenied. What cannot be read, or is no command of callers, is left to the codec to refuse."""
        try:
            message = Command.FromString(content)
        except DecodeError:
            return
        kind = message.WhichOneof("command")
        if kind is not None:
            check_command(identity, kind, getattr(message, kind))

    return Permit(granted, check)
