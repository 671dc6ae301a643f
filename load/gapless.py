"""Whether a subscriber got every event: numbers without a gap, resume points that fit."""

from typing import Any


class MissedEvents(Exception):
    """The stream skipped or repeated something. The message says what, without numbers."""


class Gapless:
    """Follows one subscriber over all its streams. No filter: every event is wanted.

    Attributes:
        next_event_seq: where to resume.
        events: how many came.
    """

    def __init__(self, next_event_seq: int) -> None:
        self.next_event_seq = next_event_seq
        self.events = 0

    def take(self, message: Any) -> None:
        """Check one SubscribeResponse.

        Raises:
            MissedEvents: and goes on behind the fault, so that each is told once.
        """
        problem = ""
        for event in message.events:
            if event.event_seq != self.next_event_seq:
                problem = problem or ("repeated" if event.event_seq < self.next_event_seq else "skipped")
            self.next_event_seq = event.event_seq + 1
            self.events += 1
        if message.next_event_seq != self.next_event_seq:
            problem = problem or "the resume point does not follow the last event"
            self.next_event_seq = max(self.next_event_seq, message.next_event_seq)
        if problem:
            raise MissedEvents(problem)
