"""The checker's own timers: what must fire next, and when."""

import heapq

from acd_core.enums import TimerKind

Key = tuple[TimerKind, int, int]
"""Kind, contact's ordinal or -1, agent's ordinal or -1."""


class Timers:
    """Due times in order of (due, order of arming). Arming again replaces the old due time."""

    def __init__(self) -> None:
        self._live: dict[Key, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._armed = 0

    def arm(self, key: Key, due_ns: int) -> None:
        self._live[key] = (due_ns, self._armed)
        heapq.heappush(self._heap, (due_ns, self._armed, key))
        self._armed += 1

    def disarm(self, key: Key) -> None:
        self._live.pop(key, None)

    def due_ns(self, key: Key) -> int:
        """When a timer is due, 0 if it is not armed."""
        return self._live.get(key, (0, 0))[0]

    def first(self) -> tuple[int, Key] | None:
        """Due time and key of the timer that fires next."""
        while self._heap:
            due_ns, order, key = self._heap[0]
            if self._live.get(key) == (due_ns, order):
                return due_ns, key
            heapq.heappop(self._heap)
        return None

    def postpone(self, kinds: tuple[TimerKind, ...], by_ns: int) -> None:
        """Arm every timer of these kinds again, later by `by_ns`, in the order in which they would have fired."""
        moved = sorted((when, key) for key, when in self._live.items() if key[0] in kinds)
        for (due_ns, _), key in moved:
            self.arm(key, due_ns + by_ns)
