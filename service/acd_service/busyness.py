"""How busy a thread is: which share of the time it ran, or would have run had there been a processor for it."""

import os
from typing import Final

from acd_service.clock import stopwatch_ns, thread_ns

_SAMPLE_NS: Final = 20_000_000
_SCHEDSTAT: Final = "/proc/thread-self/schedstat"
"""Of Linux: nanoseconds that the thread ran, as of the last tick of the system, and that it waited for a processor."""


class Busyness:
    """Of the thread that makes it."""

    def __init__(self) -> None:
        try:
            self._schedstat: int | None = os.open(_SCHEDSTAT, os.O_RDONLY)
        except OSError:
            self._schedstat = None
        self._at_ns = stopwatch_ns()
        self._busy_ns = self.spent_ns()

    def share(self) -> float | None:
        """From 0 to 1, since it was last told; None if that was less than 20 ms ago."""
        now_ns = stopwatch_ns()
        passed_ns = now_ns - self._at_ns
        if passed_ns < _SAMPLE_NS:
            return None
        busy_ns = self.spent_ns()
        share = (busy_ns - self._busy_ns) / passed_ns
        self._at_ns, self._busy_ns = now_ns, busy_ns
        return share

    def close(self) -> None:
        if self._schedstat is not None:
            os.close(self._schedstat)
            self._schedstat = None

    def spent_ns(self) -> int:
        """How long the thread was busy so far."""
        if self._schedstat is None:
            return thread_ns()
        _, waited, _ = os.pread(self._schedstat, 80, 0).split()
        return thread_ns() + int(waited)
