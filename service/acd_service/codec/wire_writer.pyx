# cython: language_level=3
"""What writing comes to rarely: long texts, and room for them."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef uint8_t* back_reserve(Back* back, uint8_t* at, Py_ssize_t more) except NULL:
    """Room before `at` for so many bytes, and for BACK_ROOM; what is written may lie elsewhere then."""
    cdef Py_ssize_t size = back.end - at
    cdef Py_ssize_t room
    cdef uint8_t* grown
    if at - back.data >= more + BACK_ROOM:
        return at
    room = (back.room + more) * 2 + BACK_ROOM
    grown = <uint8_t*>malloc(<size_t>room)
    if grown == NULL:
        raise MemoryError
    memcpy(grown + room - size, at, <size_t>size)
    free(back.data)
    back.data = grown
    back.room = room
    back.end = grown + room
    return back.end - size


cdef uint8_t* back_long_text(Back* back, uint8_t* at, int field, PyObject* text) except NULL:
    """As `back_text`, of any text that is not empty."""
    cdef Py_ssize_t size
    cdef const void* data = utf8_of(text, &size)
    return back_bytes(back_reserve(back, at, size), field, data, size)


cdef uint8_t* put_long_text(uint8_t* out, int field, PyObject* text) except NULL:
    """As `put_text`, of any text that is not empty."""
    cdef Py_ssize_t size
    cdef const void* data = utf8_of(text, &size)
    return put_bytes(put_frame(out, <uint8_t>(field << 3 | 2), size), data, size)
