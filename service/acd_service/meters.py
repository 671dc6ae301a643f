"""What the path of a command counts as it goes: plain whole numbers, read when somebody asks for metrics.

Nothing here locks or formats. All is written on the event loop but the commit times, which only the journal's thread
writes; a reader in another thread sees numbers that are at most one batch old.
"""

from bisect import bisect_left
from collections import deque
from typing import Final

from acd_core.enums import CommandKind

_MS: Final = 1_000_000
APPLY_BOUNDS_NS: Final = tuple(int(ms * _MS) for ms in (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000))
APART_BOUNDS_NS: Final = tuple(int(ms * _MS) for ms in (1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000))
DECISION_BOUNDS_NS: Final = (
    1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000, 100_000_000,
)  # fmt: skip
COMMIT_BOUNDS_NS: Final = tuple(int(ms * _MS) for ms in (0.1, 0.2, 0.4, 0.7, 1, 2, 4, 7, 10, 25, 50, 100, 500, 2_000))
CALL_BOUNDS_NS: Final = tuple(int(ms * _MS) for ms in (0.5, 1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 1_000, 5_000))
LOOP_LAG_BOUNDS_NS: Final = tuple(int(ms * _MS) for ms in (1, 2, 5, 10, 25, 50, 100, 250, 1_000))
_SLOT_NS: Final = 10_000_000_000
_SLOTS: Final = 6
BATCH_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096)


class Histogram:
    """Counts of values up to and including each bound, and beyond the last; whole numbers all of them.

    >>> sizes = Histogram((1, 10))
    >>> sizes.observe(1); sizes.observe(7, times=3); sizes.observe(11)
    >>> sizes.counts, sizes.total
    ([1, 3, 1], 33)
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[int, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0

    def observe(self, value: int, times: int = 1) -> None:
        """Count `times` values of the same size."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times


class LongestOfLate:
    """The largest value of about the last minute."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int]] = deque(maxlen=_SLOTS)
        """The number of ten seconds, and the largest value in them; only those that have one."""

    def observe(self, value: int, now_ns: int) -> None:
        """Count a value seen now, by the stopwatch."""
        number = now_ns // _SLOT_NS
        if self._slots and self._slots[-1][0] == number:
            value = max(value, self._slots.pop()[1])
        self._slots.append((number, value))

    def value(self, now_ns: int) -> int:
        """0 if there was none of late."""
        oldest = now_ns // _SLOT_NS - _SLOTS
        return max((value for number, value in list(self._slots) if number > oldest), default=0)


class Meters:
    """One for each process.

    Attributes:
        accepted: commands that the engine took, by CommandKind.
        not_accepted: the others, by CommandKind and why: the refusal's reason, or `DUPLICATE`, `OVERLOADED`,
            `DEADLINE_PASSED`, `SET_ASIDE`.
        apply_ns: how long each batch kept the event loop.
        apart_ns: how long work took that was done beside the event loop.
        decision_ns: for each command its share of that: the batch's time over its commands.
        batch_commands: commands that callers sent, by batch.
        commit_ns: how long each transaction took.
        calls_ns: by method, how long calls with one answer took, from the first byte read to the answer given to gRPC.
        calls_refused: calls that ended with an error, by method and reason.
        loop_lag_ns: how late a timer of the event loop went off, sampled.
        stall_ns: the most of it, of late: the longest that the event loop stood still.
    """

    __slots__ = (
        "accepted", "apart_ns", "apply_ns", "batch_commands", "calls_ns", "calls_refused", "commit_ns", "decision_ns",
        "loop_lag_ns", "not_accepted", "stall_ns",
    )  # fmt: skip

    def __init__(self) -> None:
        self.accepted = [0] * (max(CommandKind) + 1)
        self.not_accepted: dict[tuple[int, str], int] = {}
        self.apply_ns = Histogram(APPLY_BOUNDS_NS)
        self.apart_ns = Histogram(APART_BOUNDS_NS)
        self.decision_ns = Histogram(DECISION_BOUNDS_NS)
        self.batch_commands = Histogram(BATCH_BOUNDS)
        self.commit_ns = Histogram(COMMIT_BOUNDS_NS)
        self.calls_ns: dict[str, Histogram] = {}
        self.calls_refused: dict[tuple[str, str], int] = {}
        self.loop_lag_ns = Histogram(LOOP_LAG_BOUNDS_NS)
        self.stall_ns = LongestOfLate()

    def count(self, kind: int, why: str, times: int = 1) -> None:
        """Count a command that was not accepted; of kind 0 if it could not be read."""
        key = (kind, why)
        self.not_accepted[key] = self.not_accepted.get(key, 0) + times

    def count_batch(self, commands: int, spent_ns: int) -> None:
        """Count a batch of so many commands that took so long to apply."""
        self.apply_ns.observe(spent_ns)
        if commands:
            self.batch_commands.observe(commands)
            self.decision_ns.observe(spent_ns // commands, commands)

    def add_commands(self, others: "Meters") -> None:
        """Count what another counted of commands: of work that was done in another thread."""
        for kind, times in enumerate(others.accepted):
            self.accepted[kind] += times
        for (kind, why), times in others.not_accepted.items():
            self.count(kind, why, times)

    def count_call_refused(self, method: str, reason: str) -> None:
        """Count a call that ended with an error."""
        key = (method, reason)
        self.calls_refused[key] = self.calls_refused.get(key, 0) + 1

    def calls_of(self, method: str) -> Histogram:
        """Where the calls of a method are counted; methods are as many as the surface has."""
        return self.calls_ns.setdefault(method, Histogram(CALL_BOUNDS_NS))
