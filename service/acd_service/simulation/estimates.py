"""Figures with confidence intervals, by batch means.

A figure is a ratio of two sums over the run (waits over arrivals, starts over time). The run is cut into batches; with
z = x − (Σx/Σy)·y for a batch's sums x and y, the half-width is t · s(z) / (√batches · mean y), the usual interval for a
ratio (Law, Simulation Modeling and Analysis, section 9.5.3). It is honest only if batches are nearly independent,
that is long beside the memory of the queue. So neighbouring batches are joined as long as their z are visibly
correlated (the first autocorrelation above its upper 5 % point for independent batches).
"""

import math
from collections.abc import Sequence
from typing import Final, TypedDict


class Estimate(TypedDict):
    value: float | None
    """None where there was nothing to take a share of."""
    half_width: float | None
    """Of the 95 % confidence interval; None where the run was too short for one."""


STUDENT_975: Final = {32: 2.0395, 16: 2.1314, 8: 2.3646}
"""The 97.5 % point of Student's t for so many batches (degrees of freedom one less)."""

_NORMAL_95: Final = 1.6449


def ratio(above: Sequence[float], below: Sequence[float], *, long_enough: bool = True) -> Estimate:
    """Σabove / Σbelow with its half-width.

    Args:
        above: each batch's sum of what is measured, 32 of them.
        below: each batch's sum of what it is measured by.
        long_enough: False if the batches are too short for a half-width.
    """
    whole = math.fsum(below)
    if whole <= 0:
        return {"value": None, "half_width": None}
    value = math.fsum(above) / whole
    if not long_enough:
        return {"value": value, "half_width": None}
    rest = [x - value * y for x, y in zip(above, below, strict=True)]
    while len(rest) > min(STUDENT_975) and _correlated(rest):
        rest = [rest[i] + rest[i + 1] for i in range(0, len(rest), 2)]
    batches = len(rest)
    deviation = math.sqrt(math.fsum(z * z for z in rest) / (batches - 1))
    return {"value": value, "half_width": STUDENT_975[batches] * deviation * math.sqrt(batches) / whole}


def _correlated(rest: Sequence[float]) -> bool:
    spread = math.fsum(z * z for z in rest)
    if spread == 0:
        return False
    first = math.fsum(rest[i] * rest[i + 1] for i in range(len(rest) - 1)) / spread
    return first > _NORMAL_95 / math.sqrt(len(rest))
