"""The only reader of time. Times are nanoseconds since the Unix epoch.

A `WallClock` is anchored to the wall clock once, at start, and from then on follows the monotonic clock: a step of the
wall clock (an operator, a time server) moves nothing. It never starts below the journal's last time.

A `DrivenClock` stands still until a caller says what time it is: for `acd demo` and simulations, where a day passes in
half a minute and call latency must not turn into waiting time.
"""

import time
from typing import Final, Protocol

stopwatch_ns: Final = time.perf_counter_ns
"""Nanoseconds since some moment: for how long something took. An event loop's own time is too coarse for it."""

sleep_s: Final = time.sleep
"""Lets the thread that asks wait for so many seconds: never that of the event loop."""

thread_ns: Final = time.thread_time_ns
"""Nanoseconds for which the thread that asks had a processor."""

unix_s: Final = time.time
"""Seconds since the Unix epoch, by the wall clock: whether a credential has run out. No command is stamped with it."""


class Clock(Protocol):
    @property
    def driven(self) -> bool:
        """Whether callers say what time it is."""

    def now_ns(self) -> int:
        """The time for the next command; never below what it said before."""

    def advance_to(self, at_ns: int) -> None:
        """Go forward to `at_ns`, if callers say what time it is; an earlier time changes nothing."""


class WallClock:
    """Real time from the first call on, at least `floor_ns`."""

    driven = False

    def __init__(self, floor_ns: int = 0) -> None:
        self._offset_ns = max(time.time_ns(), floor_ns) - time.monotonic_ns()

    def now_ns(self) -> int:
        return self._offset_ns + time.monotonic_ns()

    def advance_to(self, at_ns: int) -> None:
        """Time goes by itself."""


class DrivenClock:
    """Time that a caller moves. Starts at `floor_ns`, or at 1 (the engine's earliest) in a new journal."""

    driven = True

    def __init__(self, floor_ns: int = 0) -> None:
        self._now_ns = max(floor_ns, 1)

    def now_ns(self) -> int:
        return self._now_ns

    def advance_to(self, at_ns: int) -> None:
        self._now_ns = max(self._now_ns, at_ns)
