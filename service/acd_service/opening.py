"""Keeps a tenant's queues open and closed as its policy's calendars say, by commands of the sequencer.

It remembers nothing that matters: what a queue should be follows from policy and time, what it is the engine knows. So
it does not matter how long the service was away, or what another calendar said before.
"""

from acd_core.commands import CloseQueue, Command, OpenQueue
from acd_service.engine_interface import RoutingEngine
from acd_service.opening_times import is_open, next_look_ns


class Opening:
    """When to look at the calendars next, and what is to be done then."""

    def __init__(self) -> None:
        self._version = 0
        self._next_ns: int | None = None

    def due_ns(self, engine: RoutingEngine) -> int | None:
        """When `commands` is to be asked next: at once after a change of policy; None for never."""
        return engine.now_ns if engine.policy_version != self._version else self._next_ns

    def commands(self, engine: RoutingEngine, at_ns: int) -> list[Command]:
        """What brings every queue to what it should be at a time."""
        policy = engine.policy
        self._version = engine.policy_version
        named = {queue.calendar_id for queue in policy.queues}
        calendars = {calendar.calendar_id: calendar for calendar in policy.calendars if calendar.calendar_id in named}
        looks = (next_look_ns(calendar, at_ns) for calendar in calendars.values())
        self._next_ns = min((look_ns for look_ns in looks if look_ns is not None), default=None)
        open_now = {calendar_id: is_open(calendar, at_ns) for calendar_id, calendar in calendars.items()} | {"": True}
        wanted: list[Command] = []
        for queue in policy.queues:
            should_be = open_now[queue.calendar_id]
            if engine.is_open(queue.queue_id) != should_be:
                wanted.append(OpenQueue(queue.queue_id) if should_be else CloseQueue(queue.queue_id))
        return wanted
