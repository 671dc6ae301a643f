# cython: language_level=3
"""See `sums.pyx`."""

from libc.stdint cimport int64_t, uint32_t
from libcpp cimport bool as bool_t
from libcpp.vector cimport vector


cdef struct Part:
    const unsigned char* bytes
    size_t size
    Sum* sum  # whose result it is; NULL: nobody's


cdef cppclass Sum:
    """What is to be taken of bytes that somebody holds; no object of Python is looked at for it."""
    vector[Part] parts
    bool_t is_sha256
    bool_t is_taken
    uint32_t crc32  # what it goes on from; then what it came to
    unsigned char sha256[32]


cdef bool_t take(Sum* sum) noexcept nogil
"""Take it, and before that those that it is over, if that has not been done. False: OpenSSL did not."""


cdef class Later:
    cdef Sum sum
    cdef object _held

    cdef int _is_over(self, part) except -1
    cdef int _take(self) except -1
