"""Who may look on while commands pass, for logs and traces. Without one it costs a look for None at each step."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from acd_core.commands import Command
from acd_core.events import Answer


class Passing(Protocol):
    """A command on its way through the sequencer, as an observer sees it."""

    command: Command
    answer: Answer | None
    """Set once it is applied, or known from before; None if it was refused."""
    error: Exception | None
    asked_by: str
    """The name of the identity whose call it is; empty where there are none."""
    note: object
    """The observer's own, of when the command came."""

    @property
    def tenant(self) -> str: ...


class BatchTimes(NamedTuple):
    """By the stopwatch: when applying began and ended, and when the batch was durable."""

    began_ns: int
    applied_ns: int
    committed_ns: int


class Observer(Protocol):
    """Runs on the event loop: it must not wait, and must not fail."""

    def arrived(self, command: Command) -> object:
        """A command was taken; what is returned is its `note`."""

    def released(self, batch: Sequence[Passing], times: BatchTimes) -> None:
        """A batch is durable and its answers are given."""
