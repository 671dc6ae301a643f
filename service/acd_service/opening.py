"""Keeps a tenant's queues open and closed as its policy's calendars say, by commands of the sequencer.

It remembers little that matters: what a queue should be follows from policy and time, what it is the engine knows. So
it does not matter how long the service was away, or what another calendar said before. What the engine failed on is
not tried again before the calendar has said something else in between, or the service was started anew.
"""

from acd_core.commands import CloseQueue, OpenQueue
from acd_service.engine_interface import RoutingEngine
from acd_service.opening_times import is_open, next_look_ns


class Opening:
    """When to look at the calendars next, and what is to be done then."""

    def __init__(self) -> None:
        self._version = 0
        self._next_ns: int | None = None
        self._left: dict[str, tuple[bool, int]] = {}
        """Queues that stay as they are, though they should be open (true) or closed, and since when."""

    def begin_again(self) -> None:
        """The engine was made anew: look at everything again."""
        self._version, self._next_ns = 0, None

    def leave(self, command: OpenQueue | CloseQueue, at_ns: int) -> None:
        """The engine fails on a command: its queue stays as it is from then on."""
        self._left[command.queue_id] = isinstance(command, OpenQueue), at_ns

    def due_ns(self, engine: RoutingEngine) -> int | None:
        """When `commands` is to be asked next: at once after a change of policy; None for never."""
        return engine.now_ns if engine.policy_version != self._version else self._next_ns

    def commands(self, engine: RoutingEngine, at_ns: int) -> list[OpenQueue | CloseQueue]:
        """What brings every queue to what it should be at a time."""
        policy = engine.policy
        self._version = engine.policy_version
        named = {queue.calendar_id for queue in policy.queues}
        calendars = {calendar.calendar_id: calendar for calendar in policy.calendars if calendar.calendar_id in named}
        looks = (next_look_ns(calendar, at_ns) for calendar in calendars.values())
        self._next_ns = min((look_ns for look_ns in looks if look_ns is not None), default=None)
        open_now = {calendar_id: is_open(calendar, at_ns) for calendar_id, calendar in calendars.items()} | {"": True}
        should_be = {queue.queue_id: open_now[queue.calendar_id] for queue in policy.queues}
        self._left = {
            queue_id: (state, since_ns)
            for queue_id, (state, since_ns) in self._left.items()
            if queue_id in should_be and (should_be[queue_id] == state or at_ns < since_ns)
        }
        return [
            OpenQueue(queue_id) if state else CloseQueue(queue_id)
            for queue_id, state in should_be.items()
            if engine.is_open(queue_id) != state and not self._is_left(queue_id, at_ns)
        ]

    def _is_left(self, queue_id: str, at_ns: int) -> bool:
        return queue_id in self._left and self._left[queue_id][1] <= at_ns
