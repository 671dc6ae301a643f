"""How long callers would wait, from a log that shows it only of those who gave up.

A caller who was answered shows that its patience was longer than its wait: a censored observation. Kaplan and Meier
(Nonparametric estimation from incomplete observations, 1958) estimate the survival function from both:
S(t) = Π over times tᵢ ≤ t of (1 − dᵢ/nᵢ), with dᵢ who gave up at tᵢ and nᵢ who had waited until tᵢ. At equal times
those who gave up come before those who were answered. One curve is estimated for all queues together: the small ones
have too few who gave up for one of their own.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from acd_service.replay.call_log import Call

PAST_THE_END_NS: Final = 1_000_000_000
"""Whoever outlasts every observation gives up this long after the longest one (Efron 1967 takes that one itself)."""


class PatienceCurve:
    """The Kaplan–Meier estimate of a log."""

    def __init__(self, calls: Iterable[Call]) -> None:
        gave_up: Counter[int] = Counter()
        answered: Counter[int] = Counter()
        for call in calls:
            (answered if call.answered else gave_up)[call.waited_ns] += 1
        at_risk = gave_up.total() + answered.total()
        survival = 1.0
        times_ns: list[int] = []
        survivals: list[float] = []
        for at_ns in sorted(gave_up.keys() | answered.keys()):
            if gave_up[at_ns]:
                survival *= 1 - gave_up[at_ns] / at_risk
                times_ns.append(at_ns)
                survivals.append(survival)
            at_risk -= gave_up[at_ns] + answered[at_ns]
        self.times_ns: Sequence[int] = times_ns
        """When somebody gave up, ascending."""
        self.survivals: Sequence[float] = survivals
        """The share with a longer patience than that."""
        self.end_ns = max((*gave_up, *answered), default=0) + PAST_THE_END_NS

    def survival(self, wait_ns: int) -> float:
        """The estimated share of callers with a patience longer than this."""
        index = bisect_right(self.times_ns, wait_ns)
        return self.survivals[index - 1] if index else 1.0

    def longer_than(self, wait_ns: int, draw: float) -> int:
        """A patience in ns, given that it is longer than `wait_ns`; `draw` is even on [0, 1)."""
        wanted = self.survival(wait_ns) * (1 - draw)
        low = bisect_right(self.times_ns, wait_ns)
        high = len(self.times_ns)
        while low < high:
            middle = (low + high) // 2
            if self.survivals[middle] < wanted:
                high = middle
            else:
                low = middle + 1
        return self.times_ns[low] if low < len(self.times_ns) else max(self.end_ns, wait_ns + PAST_THE_END_NS)
