"""A command on its way through the sequencer."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from acd_core.commands import Command
from acd_core.events import Answer
from acd_service import codec
from acd_service.asking import Asking
from acd_service.batch_taken import BatchWork
from acd_service.codec.call_writer import CallWriter
from acd_service.codec.sent import SentCommand
from acd_service.seat import Released, Seat
from acd_service.series import Series

_writer: Final = CallWriter()


class Taken:
    """A command on its way, and who waits for it."""

    __slots__ = (
        "answer",
        "arrival",
        "asked_by",
        "at_ns",
        "command",
        "content",
        "deadline",
        "error",
        "future",
        "is_long",
        "note",
        "on_release",
        "released",
        "seat",
        "sender",
        "sent",
        "work",
    )

    def __init__(
        self,
        seat: Seat,
        command: Command,
        future: "asyncio.Future[Any]",
        asking: Asking,
        *,
        on_release: Callable[[Answer], None] | None = None,
        sent: SentCommand | None = None,
        work: BatchWork | Series | None = None,
    ) -> None:
        self.seat = seat
        self.command = command
        self.future = future
        self.at_ns, self.deadline, self.asked_by, self.sender = asking
        self.on_release = on_release
        self.sent = sent
        self.arrival = 0
        self.is_long = False
        """It is done apart, beside the event loop."""
        self.answer: Answer | None = None
        self.content: bytes | None = None
        """The response, of a command that was applied as it came."""
        self.error: Exception | None = None
        self.released: list[Released] = []
        self.note: object = None
        self.work = work
        """A batch of commands; `command` then stands for none of them."""

    def __len__(self) -> int:
        """How many commands it is."""
        return 1 if self.work is None else len(self.work)

    @property
    def tenant(self) -> str:
        return self.seat.tenant

    def response(self) -> bytes:
        """The bytes of the response to a command as it came; it was taken."""
        assert self.answer is not None
        written = _writer.response(self.command, self.answer)
        return written or codec.response_of(self.command, self.answer).SerializeToString()
