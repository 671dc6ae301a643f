"""Commands that are applied one after another with no other between them, each made as those before it came out."""

from collections.abc import Callable
from typing import Any, Protocol

from acd_core.commands import Command
from acd_core.events import Answer
from acd_service.engine_interface import RoutingEngine

Apply = Callable[[Command], Answer]
"""Applies a command. Raises Refused, or CommandSetAside: then nothing was changed."""


class Series(Protocol):
    """What the sequencer is to carry out at one moment, in one transaction.

    It may be begun again from the start, with an engine that has none of its commands.
    """

    def __len__(self) -> int:
        """About how many commands it is."""

    def run(self, engine: RoutingEngine, apply: Apply) -> "Kept | None":
        """Have commands applied. What this raises of refusals is raised before the first command is taken.

        Returns:
            What is to be kept with one of its commands.
        """

    def response(self) -> Any:
        """What its caller is told when all of it is durable."""


class Kept:
    """Bytes to be kept behind the record of a command, as fields of `acd.v1.CommandRecord`."""

    __slots__ = ("content", "seq")

    def __init__(self, seq: int, content: bytes) -> None:
        self.seq = seq
        self.content = content
