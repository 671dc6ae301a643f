"""The arithmetic of `least_occupied` on 64-bit integers; acd_core.fixed_point says what and why, value for value."""

from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #define acd_muldiv(a, b, c) ((int64_t)(((unsigned __int128)(uint64_t)(a) * (uint64_t)(b)) / (uint64_t)(c)))
    """
    int64_t acd_muldiv(int64_t a, int64_t b, int64_t c) noexcept nogil


cdef int64_t occupancy_units(int64_t at_ns, int64_t constant_ns) noexcept nogil
cdef int64_t occupancy_after_busy(int64_t key, int64_t since_ns, int64_t now_ns, int64_t constant_ns) noexcept nogil
cdef int64_t occupancy_under(int64_t key, int64_t now_ns, int64_t old_ns, int64_t new_ns) noexcept nogil
