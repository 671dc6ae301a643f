"""Logarithms and powers of two on whole numbers, the same on every machine: what `least_occupied` orders agents by.

Fixed point with 30 binary digits after the point. The tables are made of whole numbers alone; docs/engine/strategies.md
says how, and tests/golden/occupancy.json holds values.

    >>> log2(ONE), log2(ONE // 2) == -ONE
    (0, True)
    >>> pow2(0) == ONE, pow2(ONE) == ONE // 2
    (True, True)
"""

from math import isqrt
from typing import Final

DIGITS: Final = 30
ONE: Final = 1 << DIGITS
LOG2E: Final = 1_549_082_004
"""The floor of log2(e) * 2**30."""
OCCUPANCY_NONE: Final = -(1 << 60)
"""The key of an agent who never held a contact: below every other."""

_STEPS: Final = 1024
_FINE: Final = DIGITS - 10
"""Binary digits between two entries of a table."""


def _powers() -> tuple[int, ...]:
    half = [0, isqrt(1 << 123)]
    for _ in range(9):
        half.append(isqrt(half[-1] << 62))
    table = []
    for index in range(_STEPS):
        value = 1 << 62
        for k in range(1, 11):
            if index >> (10 - k) & 1:
                value = value * half[k] >> 62
        table.append(value >> 32)
    return (*table, ONE // 2)


def _logarithms() -> tuple[int, ...]:
    table = []
    for index in range(_STEPS):
        m, result = (_STEPS + index) << 52, 0
        for _ in range(DIGITS):
            m = m * m >> 62
            result <<= 1
            if m >= 1 << 63:
                m >>= 1
                result += 1
        table.append(result)
    return (*table, ONE)


EXP2: Final = _powers()
"""2**(-i/1024) for i from 0 to 1,024."""
LOG2: Final = _logarithms()
"""log2(1 + i/1024) for i from 0 to 1,024."""


def pow2(exponent: int) -> int:
    """2 to the power of minus `exponent`, which is 0 or more."""
    whole = exponent >> DIGITS
    if whole > DIGITS:
        return 0
    index = (exponent & (ONE - 1)) >> _FINE
    rest = exponent & ((1 << _FINE) - 1)
    return (EXP2[index] - ((EXP2[index] - EXP2[index + 1]) * rest >> _FINE)) >> whole


def log2(value: int) -> int:
    """The logarithm of a value from 1 to ONE: 0 or less."""
    shift = DIGITS + 1 - value.bit_length()
    mantissa = (value << shift) - ONE
    index, rest = mantissa >> _FINE, mantissa & ((1 << _FINE) - 1)
    return LOG2[index] + ((LOG2[index + 1] - LOG2[index]) * rest >> _FINE) - shift * ONE


def time_units(at_ns: int, time_constant_ms: int) -> int:
    """How many time constants lie before `at_ns`, times log2(e); below 2**63 within the bounds of `limits`."""
    return at_ns * LOG2E // (time_constant_ms * 1_000_000)


def share(key: int, at_ns: int, time_constant_ms: int) -> int:
    """The share of time busy at `at_ns` of an agent who has not been busy since it got this key."""
    return pow2(max(0, time_units(at_ns, time_constant_ms) - key))


def key_after_busy(key: int, since_ns: int, now_ns: int, time_constant_ms: int) -> int:
    """The key of an agent who was busy all the time since `since_ns`, when it had `key`."""
    decay = pow2(time_units(now_ns, time_constant_ms) - time_units(since_ns, time_constant_ms))
    busy = ONE - ((ONE - share(key, since_ns, time_constant_ms)) * decay >> DIGITS)
    return log2(busy) + time_units(now_ns, time_constant_ms) if busy > 0 else key


def key_under(key: int, now_ns: int, old_ms: int, new_ms: int) -> int:
    """The key of an agent who is up to date, when the time constant changes."""
    now = share(key, now_ns, old_ms)
    return log2(now) + time_units(now_ns, new_ms) if now > 0 else OCCUPANCY_NONE
