# cython: language_level=3
"""Texts that come again and again (ids of queues, agents, channels, requirements), made and checked once.

A table of a fixed size, in which the newer of two texts that share a place replaces the older: it is bounded, and never
has to be looked after. What is kept has its hash already, and is often the very object that the engine holds.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from acd_core.digest cimport mix
from acd_service.codec.wire_fields cimport is_plain
from acd_service.codec.wire_writer cimport acd_copy, utf8_of

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)


cdef inline uint64_t _key_of(const uint8_t* at, Py_ssize_t size) noexcept nogil:
    cdef uint64_t result = <uint64_t>size
    cdef uint64_t chunk
    while size >= 8:
        memcpy(&chunk, at, 8)
        result = mix(result, chunk)
        at += 8
        size -= 8
    if size:
        chunk = 0
        acd_copy(&chunk, at, size)
        result = mix(result, chunk)
    return result


cdef class Texts:
    """`count` places (a power of two) for texts that `check` lets pass: it raises for one that it does not.

    Printable ASCII of 1 to `plain_max` bytes is not checked: it is known to pass.
    """

    def __cinit__(self, Py_ssize_t count, check, Py_ssize_t plain_max=0):
        if count < 1 or count & (count - 1):
            raise ValueError("the number of places is a power of two")
        self.kept = <Kept*>calloc(<size_t>count, sizeof(Kept))
        if self.kept == NULL:
            raise MemoryError
        self.mask = <uint64_t>count - 1
        self.check = check
        self.plain_max = plain_max

    def __dealloc__(self):
        cdef uint64_t place
        if self.kept == NULL:
            return
        for place in range(self.mask + 1):
            if self.kept[place].text != NULL:
                Py_DECREF(<object>self.kept[place].text)
        free(self.kept)

    def get(self, bytes content not None):
        """The text that UTF-8 bytes stand for, or None if they are no UTF-8 or `check` refuses them."""
        return self.take(<const uint8_t*><const char*>content, len(content))

    cdef str take(self, const uint8_t* at, Py_ssize_t size):
        """As `get`."""
        cdef uint64_t key = _key_of(at, size)
        cdef Kept* place = &self.kept[(key >> 7) & self.mask]
        cdef const void* data
        cdef Py_ssize_t length
        if place.text != NULL and place.key == key:
            data = utf8_of(place.text, &length)
            if length == size and memcmp(data, at, <size_t>size) == 0:
                return <str>place.text
        return self._make(at, size, place, key)

    cdef str _make(self, const uint8_t* at, Py_ssize_t size, Kept* place, uint64_t key):
        cdef str text
        cdef PyObject* old
        try:
            text = PyUnicode_DecodeUTF8(<const char*>at, size, NULL)
            if not 0 < size <= self.plain_max or not is_plain(at, size):
                self.check(text)
        except Exception:
            return None
        old = place.text
        Py_INCREF(text)
        place.text = <PyObject*>text
        place.key = key
        if old != NULL:
            Py_DECREF(<object>old)
        return text
