# cython: language_level=3
"""Random numbers for the driver: one stream for each thing that is random, so that none shifts another.

Uniform words: xoshiro256++ 1.0 (Blackman and Vigna, Scrambled linear pseudorandom number generators, 2021), its state
filled by SplitMix64 (Steele, Lea and Flood 2014) as its authors advise.
"""

from libc.math cimport exp, log, sqrt
from libc.stdint cimport uint64_t


cdef struct Stream:
    uint64_t s0
    uint64_t s1
    uint64_t s2
    uint64_t s3


cdef inline uint64_t splitmix(uint64_t* state) noexcept nogil:
    state[0] += <uint64_t>0x9E3779B97F4A7C15
    cdef uint64_t z = state[0]
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EB
    return z ^ (z >> 31)


cdef inline void seed_stream(Stream* stream, uint64_t* seeder) noexcept nogil:
    stream.s0 = splitmix(seeder)
    stream.s1 = splitmix(seeder)
    stream.s2 = splitmix(seeder)
    stream.s3 = splitmix(seeder)


cdef inline uint64_t rotate_left(uint64_t word, int by) noexcept nogil:
    return (word << by) | (word >> (64 - by))


cdef inline uint64_t next_word(Stream* stream) noexcept nogil:
    cdef uint64_t result = rotate_left(stream.s0 + stream.s3, 23) + stream.s0
    cdef uint64_t shifted = stream.s1 << 17
    stream.s2 ^= stream.s0
    stream.s3 ^= stream.s1
    stream.s1 ^= stream.s2
    stream.s0 ^= stream.s3
    stream.s2 ^= shifted
    stream.s3 = rotate_left(stream.s3, 45)
    return result


cdef inline double uniform(Stream* stream) noexcept nogil:
    """Even on [0, 1), in steps of 2**-53."""
    return <double>(next_word(stream) >> 11) * (1.0 / 9007199254740992.0)


cdef inline double exponential(Stream* stream) noexcept nogil:
    """Mean 1, by comparisons alone (von Neumann, Various techniques used in connection with random digits, 1951).

    Exact, and the same on every machine: no maths library has a say. A run of falling uniforms u > u1 > u2 … of odd
    length accepts u as the fraction, any other adds 1 to the whole part.
    """
    cdef double whole = 0.0
    cdef double first, last, following
    cdef bint odd
    while True:
        first = uniform(stream)
        last = first
        odd = True
        while True:
            following = uniform(stream)
            if following >= last:
                break
            last = following
            odd = not odd
        if odd:
            return whole + first
        whole += 1.0


cdef inline double normal(Stream* stream) noexcept nogil:
    """Mean 0, variance 1, by the polar method (Marsaglia and Bray 1964); the second of each pair is let go."""
    cdef double x, y, square
    while True:
        x = 2.0 * uniform(stream) - 1.0
        y = 2.0 * uniform(stream) - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            return x * sqrt(-2.0 * log(square) / square)


cdef inline double lognormal(Stream* stream, double sigma) noexcept nogil:
    """Mean 1; `sigma` is the standard deviation of the logarithm."""
    return exp(sigma * normal(stream) - 0.5 * sigma * sigma)
