"""Whole numbers from a seed, the same on every machine, under every Python and every `PYTHONHASHSEED`."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draws:
    """SplitMix64 (Steele, Lea and Flood 2014). Good for tests and loads, not for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFF_FFFF_FFFF_FFFF

    def word(self) -> int:
        """64 random bits."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & 0xFFFF_FFFF_FFFF_FFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFF_FFFF_FFFF_FFFF
        return state ^ (state >> 31)

    def below(self, count: int) -> int:
        """One of 0 to count - 1."""
        return (self.word() * count) >> 64

    def between(self, low: int, high: int) -> int:
        """One of low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, thousandths: int) -> bool:
        """True so many times in a thousand."""
        return self.below(1_000) < thousandths

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """So many different ones of the items, in a random order."""
        rest = list(items)
        for index in range(min(count, len(rest))):
            other = index + self.below(len(rest) - index)
            rest[index], rest[other] = rest[other], rest[index]
        return rest[:count]
