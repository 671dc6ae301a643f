# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Logarithms and powers of two in fixed point, from the tables of acd_core.fixed_point."""

from libc.stdint cimport int64_t, uint64_t

from acd_core.fixed_point import EXP2, LOG2, LOG2E, OCCUPANCY_NONE

cdef extern from *:
    """
    #define acd_digits(value) (64 - __builtin_clzll(value))
    """
    int acd_digits(uint64_t value) noexcept nogil

cdef enum:
    DIGITS = 30
    FINE = 20

cdef int64_t ONE = 1 << DIGITS
cdef int64_t _LOG2E = LOG2E
cdef int64_t _NONE = OCCUPANCY_NONE
cdef int64_t[1025] _EXP2
cdef int64_t[1025] _LOG2
cdef int _index
for _index in range(1025):
    _EXP2[_index] = EXP2[_index]
    _LOG2[_index] = LOG2[_index]


cdef inline int64_t _pow2(int64_t exponent) noexcept nogil:
    cdef int64_t whole = exponent >> DIGITS
    cdef int64_t index = (exponent & (ONE - 1)) >> FINE
    cdef int64_t rest = exponent & ((1 << FINE) - 1)
    if whole > DIGITS:
        return 0
    return (_EXP2[index] - ((_EXP2[index] - _EXP2[index + 1]) * rest >> FINE)) >> whole


cdef inline int64_t _log2(int64_t value) noexcept nogil:
    cdef int64_t shift = DIGITS + 1 - acd_digits(<uint64_t>value)
    cdef int64_t mantissa = (value << shift) - ONE
    cdef int64_t index = mantissa >> FINE
    cdef int64_t rest = mantissa & ((1 << FINE) - 1)
    return _LOG2[index] + ((_LOG2[index + 1] - _LOG2[index]) * rest >> FINE) - shift * ONE


cdef int64_t occupancy_units(int64_t at_ns, int64_t constant_ns) noexcept nogil:
    """Time constants before `at_ns`, times log2(e)."""
    return acd_muldiv(at_ns, _LOG2E, constant_ns)


cdef inline int64_t _share(int64_t key, int64_t units) noexcept nogil:
    return _pow2(units - key if units > key else 0)


cdef int64_t occupancy_after_busy(int64_t key, int64_t since_ns, int64_t now_ns, int64_t constant_ns) noexcept nogil:
    """The key of an agent who was busy all the time since `since_ns`, when it had `key`."""
    cdef int64_t since = occupancy_units(since_ns, constant_ns)
    cdef int64_t now = occupancy_units(now_ns, constant_ns)
    cdef int64_t busy = ONE - ((ONE - _share(key, since)) * _pow2(now - since) >> DIGITS)
    return _log2(busy) + now if busy > 0 else key


cdef int64_t occupancy_under(int64_t key, int64_t now_ns, int64_t old_ns, int64_t new_ns) noexcept nogil:
    """The key of an agent who is up to date, when the time constant changes."""
    cdef int64_t busy = _share(key, occupancy_units(now_ns, old_ns))
    return _log2(busy) + occupancy_units(now_ns, new_ns) if busy > 0 else _NONE


def key_after_busy(key, since_ns, now_ns, time_constant_ms):
    """acd_core.fixed_point.key_after_busy, compiled; for tests."""
    return occupancy_after_busy(key, since_ns, now_ns, time_constant_ms * 1_000_000)


def key_under(key, now_ns, old_ms, new_ms):
    """acd_core.fixed_point.key_under, compiled; for tests."""
    return occupancy_under(key, now_ns, old_ms * 1_000_000, new_ms * 1_000_000)
