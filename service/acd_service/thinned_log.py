"""Which of many equal records are written: a service that refuses thousands of calls a second is not to write as many
lines about it.
"""

from collections.abc import Callable
from typing import Final

from acd_service.clock import stopwatch_ns

_EVERY_NS: Final = 1_000_000_000


class ThinnedLog:
    """Lets through one record of a kind in a second; the next says how many there were between.

    Args:
        now_ns: a clock that never goes back.
    """

    def __init__(self, now_ns: Callable[[], int] = stopwatch_ns) -> None:
        self._now_ns = now_ns
        self._kinds: dict[str, tuple[int, int]] = {}
        """When the last of a kind was let through, and how many were not since. Kinds are few."""

    def left_out(self, kind: str) -> int | None:
        """How many were left out since the last that was let through; None if this one is to be left out too."""
        now_ns = self._now_ns()
        last_ns, left_out = self._kinds.get(kind, (now_ns - _EVERY_NS, 0))
        if now_ns - last_ns < _EVERY_NS:
            self._kinds[kind] = last_ns, left_out + 1
            return None
        self._kinds[kind] = now_ns, 0
        return left_out
