"""A command as it came over the wire, with the bytes that it was read from."""

from typing import Any

from acd_core.commands import Command


class SentCommand:
    """What compiled code read: the command, and the bytes of its request, which the journal keeps as they are.

    Its fields may be asked for as those of the request's message.
    """

    __slots__ = ("command", "content", "field")

    def __init__(self, command: Command, field: int, content: bytes) -> None:
        """`field`: the number that the request has in `acd.v1.Command`."""
        self.command = command
        self.field = field
        self.content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self.command, name)
