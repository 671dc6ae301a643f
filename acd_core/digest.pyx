# cython: language_level=3
"""The running hash of the event stream: 64 bits, the same in every implementation, for telling streams apart.

It tells two streams apart when they differ by mistake; it is no defence against forgery. One step is

    mix(h, w) = g ^ (g >> 32)  where  g = ((h ^ w) * 0x9E3779B97F4A7C15) mod 2**64

(multiplier: 2**64 over the golden ratio, Knuth, The Art of Computer Programming, volume 3, section 6.4). The hash of
a stream starts at 0. An event mixes in, in order, its type, event_seq, seq, at_ns, then the fields that
`events.EVENT_FIELDS` lists for its type: whole numbers in two's complement, texts by `text_word`.
"""

from libc.stdint cimport uint64_t
from cpython.object cimport PyObject
from libc.string cimport memcpy

from acd_core.tables cimport acd_bytes


cdef uint64_t text_word(str text) except? 0:
    cdef Py_ssize_t size
    cdef const char* data = acd_bytes(<PyObject*>text, &size)
    return bytes_word(data, size)


cdef uint64_t bytes_word(const char* data, Py_ssize_t size) noexcept nogil:
    """The word of the text that these bytes are the UTF-8 of."""
    cdef uint64_t result = <uint64_t>size
    cdef uint64_t chunk
    cdef Py_ssize_t at = 0
    while at + 8 <= size:
        memcpy(&chunk, data + at, 8)
        result = mix(result, chunk)
        at += 8
    if at < size:
        chunk = 0
        if size >= 8:
            memcpy(&chunk, data + size - 8, 8)
            chunk >>= 8 * <uint64_t>(at + 8 - size)
        else:
            memcpy(&chunk, data, <size_t>size)
        result = mix(result, chunk)
    return result


def mix_word(hash_value, word):
    """One step of the hash, for Python callers; takes any whole numbers, returns 64 bits unsigned."""
    return mix(<uint64_t>(hash_value & 0xFFFFFFFFFFFFFFFF), <uint64_t>(word & 0xFFFFFFFFFFFFFFFF))


def hash_text(str text not None):
    """A text as one word: its UTF-8 length, then each 8 bytes (little endian, zero padded) mixed in."""
    return text_word(text)
