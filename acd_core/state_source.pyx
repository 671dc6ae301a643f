# cython: language_level=3
"""Reading canonical bytes: numbers, texts, and a named error where they end too early."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_FromMemory
from cpython.buffer cimport PyBUF_WRITE
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memmove

from acd_core.tables cimport acd_bytes, acd_text_key

from acd_core.snapshot import BadSnapshot

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

cdef enum:
    WINDOW_BYTES = 1048576
    RECURRING_BYTES_MAX = 128


cdef class Source:
    """All of `data`, or the next `size` bytes of `file` if data is None.

    The file needs `readinto`. No more of it is in memory than the window, or one field that is larger.
    """

    def __init__(self, data, file=None, int64_t size=0):
        if data is not None:
            self.view = memoryview(data).cast("B")
            if self.view.shape[0]:
                self.base = <const char*>&self.view[0]
            self.end = self.base + self.view.shape[0]
        else:
            self.window = <char*>malloc(WINDOW_BYTES)
            if self.window == NULL:
                raise MemoryError
            self.room = WINDOW_BYTES
            self.base = self.window
            self.end = self.window
            self.file = file
            self.behind = size
        self.at = self.base

    def __dealloc__(self):
        cdef int index
        free(self.window)
        for index in range(TEXTS_KEPT):
            Py_XDECREF(self.texts[index])

    cdef int64_t position(self) noexcept:
        return self.base_at + (self.at - self.base)

    cdef int64_t left(self) noexcept:
        """How many bytes have not been read."""
        return (self.end - self.at) + self.behind

    cdef object damaged(self, str what):
        """The error to raise."""
        return BadSnapshot(f"damaged near byte {self.position()}: {what}")

    cdef int need(self, size_t count) except -1:
        """See to it that so many more bytes are in memory. Pointers into the window are not good any more then."""
        cdef const char* first = self.at if self.mark == NULL else self.mark
        cdef size_t kept = <size_t>(self.end - first)
        cdef size_t before = <size_t>(self.at - first)
        cdef size_t fresh
        cdef char* larger
        if <int64_t>count > self.left():
            raise BadSnapshot(f"cut short or damaged near byte {self.position()}: {count} bytes announced, "
                              f"{self.left()} there")
        if before + count <= kept:
            return 0
        self.base_at += first - self.base
        if before + count > self.room:
            larger = <char*>malloc((before + count) * 2)
            if larger == NULL:
                raise MemoryError
            memmove(larger, first, kept)
            free(self.window)
            self.window = larger
            self.room = (before + count) * 2
        else:
            memmove(self.window, first, kept)
        self.base = self.window
        self.at = self.window + before
        self.end = self.window + kept
        if self.mark != NULL:
            self.mark = self.window
        while kept < before + count:
            fresh = <size_t>min(<int64_t>(self.room - kept), self.behind)
            got = self.file.readinto(PyMemoryView_FromMemory(self.window + kept, <Py_ssize_t>fresh, PyBUF_WRITE))
            if not 0 < got <= fresh:
                raise BadSnapshot(f"cut short near byte {self.position()}: the file ends {self.behind} bytes early")
            kept += <size_t>got
            self.behind -= <int64_t>got
            self.end = self.window + kept
        return 0

    cdef bytes raw(self):
        cdef size_t size = <size_t>_there(self)
        cdef bytes value
        if size == 0:
            return b""
        value = PyBytes_FromStringAndSize(self.at, <Py_ssize_t>size)
        self.at += size
        return value

    cdef str text(self):
        return self.text_of(<Py_ssize_t>_there(self))

    cdef str text_of(self, Py_ssize_t size):
        """So many bytes, which are in memory, as a text."""
        cdef str value
        if size == 0:
            return ""
        try:
            value = PyUnicode_DecodeUTF8(self.at, size, NULL)
        except UnicodeDecodeError as error:
            raise self.damaged(str(error)) from None
        self.at += size
        return value

    cdef str recurring_text(self):
        """A text that is likely to have been read before: often the same object again."""
        cdef Py_ssize_t size = <Py_ssize_t>_there(self)
        cdef Py_ssize_t known_size
        cdef const char* known
        cdef PyObject** place
        cdef str value
        if size == 0:
            return ""
        if size > RECURRING_BYTES_MAX:
            return self.text_of(size)
        place = &self.texts[acd_text_key(self.at, size, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F) % TEXTS_KEPT]
        if place[0] != NULL:
            known = acd_bytes(place[0], &known_size)
            if known_size == size and memcmp(known, self.at, <size_t>size) == 0:
                self.at += size
                return <str>place[0]
        value = self.text_of(size)
        Py_INCREF(value)
        Py_XDECREF(place[0])
        place[0] = <PyObject*>value
        return value


cdef int64_t _there(Source source) except -1:
    """The length of a text, all of which is in memory now."""
    cdef int64_t size = length(source)
    if source.end - source.at < size:
        source.need(<size_t>size)
    return size
