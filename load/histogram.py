"""Counts of times, exact to within 1 %, whatever their range: a log-linear (HDR) histogram."""

from collections.abc import Mapping
from typing import Final, Self

_DIGITS: Final = 7
"""Each power of two is cut into 2^7 classes of equal width, so that a class is at most 1/128 of its times wide."""
_LINEAR: Final = 1 << _DIGITS


class Histogram:
    """Times in whole ns, from 0 up."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.max_ns = 0

    def record(self, time_ns: int) -> None:
        """Count one time; a negative one counts as 0."""
        time_ns = max(time_ns, 0)
        shift = max(time_ns.bit_length() - _DIGITS - 1, 0)
        place = (shift << (_DIGITS + 1)) + (time_ns >> shift)
        self._counts[place] = self._counts.get(place, 0) + 1
        self.count += 1
        self.max_ns = max(self.max_ns, time_ns)

    def add(self, other: Self) -> None:
        """Count what the other counted."""
        for place, count in other._counts.items():
            self._counts[place] = self._counts.get(place, 0) + count
        self.count += other.count
        self.max_ns = max(self.max_ns, other.max_ns)

    def quantile_ns(self, share: float) -> int:
        """The least upper end of a class, at most `max_ns`, that so large a share of the times does not exceed.

        0 if nothing was counted.

        Args:
            share: above 0, at most 1.
        """
        wanted = share * self.count
        seen = 0
        for place in sorted(self._counts):
            seen += self._counts[place]
            if seen >= wanted:
                shift, head = place >> (_DIGITS + 1), place & (2 * _LINEAR - 1)
                return min(((head + 1) << shift) - 1, self.max_ns)
        return self.max_ns

    def figures_ms(self) -> Mapping[str, float]:
        """p50, p99, p99.9 and the longest, in ms."""
        shares = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}
        figures = {name: round(self.quantile_ns(share) / 1e6, 3) for name, share in shares.items()}
        return {**figures, "max_ms": round(self.max_ns / 1e6, 3)}
