"""How the checker says what is wrong."""

from dataclasses import dataclass
from enum import StrEnum


class Invariant(StrEnum):
    """What was broken, in the words of section 16 of the routing model."""

    ROOM = "room at each assignment"
    ONCE = "no segment active twice, nor offered twice"
    REACH = "an assignment keeps section 3"
    LEFT_WAITING = "nobody waits whom somebody may serve"
    OVERTAKEN = "nobody overtaken"
    BOOKS = "segments opened = live + closed by cause"
    SEQUENCE = "seq and event_seq gapless, at never back"
    TIMERS = "timers fire when due, in order"
    STORY = "the events are what the command calls for"


@dataclass(frozen=True, slots=True)
class Violation:
    """The first thing that was wrong in a stream of commands and events."""

    invariant: Invariant
    reason: str
    seq: int
    at_ns: int
    command: str
    events: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.invariant}: {self.reason}", f"  seq {self.seq} at {self.at_ns} ns: {self.command}"]
        return "\n".join(lines + [f"    {event}" for event in self.events])


class BrokenError(Exception):
    """Ends the judging of a command at the first thing that is wrong."""

    def __init__(self, invariant: Invariant, reason: str) -> None:
        super().__init__(reason)
        self.invariant = invariant
        self.reason = reason
