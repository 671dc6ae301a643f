"""Canonical bytes as they are read: from memory, or from a file by way of a window that holds little of it."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

cdef enum:
    TEXTS_KEPT = 8192


cdef class Source:
    cdef const char* at
    cdef const char* end  # of what is in memory
    cdef const char* base  # the first byte in memory
    cdef const char* mark  # kept in memory from here on; NULL: what has been read may go
    cdef int64_t base_at  # how many bytes were before `base`
    cdef int64_t behind  # bytes that are still in the file
    cdef object file
    cdef const unsigned char[::1] view
    cdef char* window
    cdef size_t room
    cdef PyObject* texts[TEXTS_KEPT]

    cdef int64_t position(self) noexcept
    cdef int64_t left(self) noexcept
    cdef int need(self, size_t count) except -1
    cdef object damaged(self, str what)
    cdef bytes raw(self)
    cdef str text(self)
    cdef str text_of(self, Py_ssize_t size)
    cdef str recurring_text(self)


cdef inline int64_t number(Source source) except? -1:
    cdef int64_t value
    if source.end - source.at < 8:
        source.need(8)
    memcpy(&value, source.at, 8)
    source.at += 8
    return value


cdef inline int64_t between(Source source, int64_t low, int64_t high) except? -1:
    """A number that must lie in a range for the state to make sense."""
    cdef int64_t value = number(source)
    if not low <= value <= high:
        raise source.damaged(f"{value} is not between {low} and {high}")
    return value


cdef inline int64_t length(Source source) except -1:
    """Of a text, or how many records a list has; each record takes bytes, so reading them ends where the bytes do."""
    cdef uint32_t value
    if source.end - source.at < 4:
        source.need(4)
    memcpy(&value, source.at, 4)
    source.at += 4
    return value
