"""The shares of time busy that `least_occupied` orders agents by, on whole numbers (docs/engine/strategies.md)."""

from math import isqrt

_ONE = 1 << 30
_LOG2E = 1_549_082_004
NEVER_BUSY = -(1 << 60)


def _roots() -> list[int]:
    """2**(-1/2), 2**(-1/4), ... with 62 binary digits."""
    roots = [isqrt(1 << 123)]
    while len(roots) < 10:
        roots.append(isqrt(roots[-1] << 62))
    return roots


def _power_entry(index: int, roots: list[int]) -> int:
    value = 1 << 62
    for place, root in enumerate(roots):
        if index & (512 >> place):
            value = (value * root) >> 62
    return value >> 32


def _logarithm_entry(index: int) -> int:
    mantissa = (1024 + index) << 52
    digits = 0
    for _ in range(30):
        mantissa = (mantissa * mantissa) >> 62
        one = mantissa >= 1 << 63
        digits = 2 * digits + one
        mantissa >>= one
    return digits


_POWERS = [_power_entry(index, _roots()) for index in range(1024)] + [1 << 29]
_LOGARITHMS = [_logarithm_entry(index) for index in range(1024)] + [1 << 30]


def _to_power(exponent: int) -> int:
    """2**(-exponent / 2**30), times 2**30."""
    whole, part = divmod(exponent, _ONE)
    if whole > 30:
        return 0
    index, rest = divmod(part, 1 << 20)
    drop = ((_POWERS[index] - _POWERS[index + 1]) * rest) >> 20
    return (_POWERS[index] - drop) >> whole


def _to_logarithm(value: int) -> int:
    """The logarithm to base 2 of value / 2**30, times 2**30."""
    shift = 31 - len(bin(value)) + 2
    index, rest = divmod((value << shift) - _ONE, 1 << 20)
    rise = ((_LOGARITHMS[index + 1] - _LOGARITHMS[index]) * rest) >> 20
    return _LOGARITHMS[index] + rise - shift * _ONE


def _elapsed(at_ns: int, constant_ms: int) -> int:
    return at_ns * _LOG2E // (constant_ms * 1_000_000)


def after_busy(key: int, since_ns: int, now_ns: int, constant_ms: int) -> int:
    """The key now of an agent that was busy from `since_ns` on."""
    since, now = _elapsed(since_ns, constant_ms), _elapsed(now_ns, constant_ms)
    busy_then = _to_power(max(0, since - key))
    busy_now = _ONE - (((_ONE - busy_then) * _to_power(now - since)) >> 30)
    return _to_logarithm(busy_now) + now if busy_now > 0 else key


def under_another_constant(key: int, now_ns: int, old_ms: int, new_ms: int) -> int:
    """The key that stands for the same share now, when the time constant changes."""
    busy = _to_power(max(0, _elapsed(now_ns, old_ms) - key))
    return _to_logarithm(busy) + _elapsed(now_ns, new_ms) if busy > 0 else NEVER_BUSY
