"""Protobuf's encoding, written forwards where sizes are known (`put_…`) and backwards where they are not (`Back`).

Written backwards, a message within a message is there, and so its size, when its head has to be written.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memmove

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(PyObject* text) nogil
    void* PyUnicode_DATA(PyObject* text) nogil
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text) nogil
    const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size) except NULL
    PyObject* PyBytes_FromStringAndSize(const char* data, Py_ssize_t size) except NULL
    char* PyBytes_AS_STRING(PyObject* value)
    int _PyBytes_Resize(PyObject** value, Py_ssize_t size) except -1  # on failure the object is gone

cdef extern from *:
    """
    #define acd_high_bit(word) (63 - __builtin_clzll((word) | 1))

    /* Most of what is copied here is an id: too short to be worth a call. The two halves may overlap. */
    static CYTHON_INLINE void acd_copy(void* to, const void* from, Py_ssize_t size) {
        unsigned char* t = (unsigned char*)to;
        const unsigned char* f = (const unsigned char*)from;
        unsigned long long a, b, c, d;
        unsigned int e, g;
        if (size <= 16) {
            if (size >= 8) {
                memcpy(&a, f, 8); memcpy(&b, f + size - 8, 8);
                memcpy(t, &a, 8); memcpy(t + size - 8, &b, 8);
            } else if (size >= 4) {
                memcpy(&e, f, 4); memcpy(&g, f + size - 4, 4);
                memcpy(t, &e, 4); memcpy(t + size - 4, &g, 4);
            } else {
                while (size-- > 0) *t++ = *f++;
            }
        } else if (size <= 32) {
            memcpy(&a, f, 8); memcpy(&b, f + 8, 8); memcpy(&c, f + size - 16, 8); memcpy(&d, f + size - 8, 8);
            memcpy(t, &a, 8); memcpy(t + 8, &b, 8); memcpy(t + size - 16, &c, 8); memcpy(t + size - 8, &d, 8);
        } else {
            memcpy(t, f, (size_t)size);
        }
    }
    """
    int acd_high_bit(uint64_t word) noexcept nogil
    void acd_copy(void* to, const void* data, Py_ssize_t size) noexcept nogil

cdef extern from *:
    """
    /* The last bytes of a compact ASCII text, and what its object has before them, so that they end at `end`. The object's
       head is longer than what is copied, so nothing outside the object is read. */
    #define ACD_SHORT_TEXT 32
    static_assert(sizeof(PyASCIIObject) >= ACD_SHORT_TEXT, "a text could be copied with what is before it");
    #define acd_ascii(text) ((const char*)((PyASCIIObject*)(text) + 1))
    static CYTHON_INLINE void acd_copy_short(unsigned char* end, PyObject* text, Py_ssize_t size) {
        memcpy(end - ACD_SHORT_TEXT, acd_ascii(text) + size - ACD_SHORT_TEXT, ACD_SHORT_TEXT);
    }
    """
    const char* acd_ascii(PyObject* text) noexcept nogil  # what is in a compact ASCII text
    const Py_ssize_t ACD_SHORT_TEXT
    void acd_copy_short(uint8_t* end, PyObject* text, Py_ssize_t size) noexcept nogil

cdef enum:
    BACK_ROOM = 1024  # what a message may have beside texts that are not short: more than any event


cdef struct Buffer:
    # Bytes that grow at the end: in plain memory, or in a bytes object that nobody else has yet.
    PyObject* object  # NULL: in plain memory
    uint8_t* data
    Py_ssize_t size
    Py_ssize_t room


cdef struct Back:
    # Room that is written backwards from its end.
    uint8_t* data
    uint8_t* end
    Py_ssize_t room


cdef inline int varint_size(uint64_t value) noexcept nogil:
    # Bits over seven, rounded up, without a division.
    return (acd_high_bit(value) * 9 + 73) >> 6


cdef inline Py_ssize_t framed_size(Py_ssize_t size) noexcept nogil:
    """Of length-delimited content, with a tag of one byte and its length."""
    return 1 + varint_size(<uint64_t>size) + size


cdef inline const void* utf8_of(PyObject* text, Py_ssize_t* size) except NULL:
    if PyUnicode_IS_COMPACT_ASCII(text):
        size[0] = PyUnicode_GET_LENGTH(text)
        return PyUnicode_DATA(text)
    return PyUnicode_AsUTF8AndSize(text, size)


# Forwards


cdef inline uint8_t* put_varint(uint8_t* out, uint64_t value) noexcept nogil:
    while value > 0x7F:
        out[0] = <uint8_t>(value & 0x7F | 0x80)
        out += 1
        value >>= 7
    out[0] = <uint8_t>value
    return out + 1


cdef inline uint8_t* put_frame(uint8_t* out, uint8_t tag, Py_ssize_t size) noexcept nogil:
    """The head of length-delimited content."""
    out[0] = tag
    return put_varint(out + 1, <uint64_t>size)


cdef inline uint8_t* put_bytes(uint8_t* out, const void* data, Py_ssize_t size) noexcept nogil:
    acd_copy(out, data, size)
    return out + size


cdef inline uint8_t* put_tag(uint8_t* out, int tag) noexcept nogil:
    """A tag below 2**14, as protobuf numbers it: the field's number times 8 plus the wire type."""
    if tag < 0x80:
        out[0] = <uint8_t>tag
        return out + 1
    out[0] = <uint8_t>(tag & 0x7F | 0x80)
    out[1] = <uint8_t>(tag >> 7)
    return out + 2


cdef inline uint8_t* put_number(uint8_t* out, int field, uint64_t value) noexcept nogil:
    """A number, unless it is 0; the field's number is below 16, here and below."""
    if not value:
        return out
    out[0] = <uint8_t>(field << 3)
    return put_varint(out + 1, value)


cdef inline uint8_t* put_signed(uint8_t* out, int field, int64_t value) noexcept nogil:
    """A number of type sint32 or sint64, unless it is 0."""
    return put_number(out, field, (<uint64_t>value << 1) ^ <uint64_t>(value >> 63))


cdef inline uint8_t* _put_span(uint8_t* out, int field, uint64_t seconds, uint64_t nanos) noexcept nogil:
    cdef uint8_t* end = put_number(out + 2, 1, seconds)
    end = put_number(end, 2, nanos)
    out[0] = <uint8_t>(field << 3 | 2)
    out[1] = <uint8_t>(end - out - 2)  # at most 22
    return end


cdef inline uint8_t* put_time(uint8_t* out, int field, int64_t value_ns) noexcept nogil:
    """A Timestamp or Duration that is not negative."""
    return _put_span(out, field, <uint64_t>value_ns // 1000000000, <uint64_t>value_ns % 1000000000)


cdef inline uint8_t* put_ms(uint8_t* out, int field, int64_t value_ms) noexcept nogil:
    """A Duration of milliseconds; its seconds and nanos have the same sign."""
    cdef uint64_t whole = <uint64_t>(-value_ms if value_ms < 0 else value_ms)
    cdef uint64_t seconds = whole // 1000
    cdef uint64_t nanos = whole % 1000 * 1000000
    if value_ms < 0:
        return _put_span(out, field, 0 - seconds, 0 - nanos)
    return _put_span(out, field, seconds, nanos)


cdef inline uint8_t* put_text(uint8_t* out, int field, PyObject* text) except NULL:
    """Text, unless it is empty (or NULL)."""
    cdef Py_ssize_t size
    if text == NULL:
        return out
    size = PyUnicode_GET_LENGTH(text)
    if size > ACD_SHORT_TEXT or not PyUnicode_IS_COMPACT_ASCII(text):
        return put_long_text(out, field, text)
    if not size:
        return out
    out[0] = <uint8_t>(field << 3 | 2)
    out[1] = <uint8_t>size
    acd_copy(out + 2, acd_ascii(text), size)
    return out + 2 + size


cdef uint8_t* put_long_text(uint8_t* out, int field, PyObject* text) except NULL


cdef inline uint8_t* end_message(uint8_t* length, uint8_t* out) noexcept nogil:
    """Fill in how long the message is that ends at `out`; one byte was left for that at `length`, before it.

    Two bytes more than the message takes have to be there.
    """
    cdef Py_ssize_t size = out - length - 1
    cdef int more
    if size < 0x80:
        length[0] = <uint8_t>size
        return out
    more = varint_size(<uint64_t>size) - 1
    memmove(length + 1 + more, length + 1, <size_t>size)
    put_varint(length, <uint64_t>size)
    return out + more


cdef inline int begin_bytes(Buffer* buffer, Py_ssize_t room) except -1:
    """Begin anew in a bytes object of so much room, so that the bytes need not be copied in the end."""
    end_bytes(buffer)
    buffer.object = PyBytes_FromStringAndSize(NULL, room)
    buffer.data = <uint8_t*>PyBytes_AS_STRING(buffer.object)
    buffer.room = room
    return 0


cdef inline bytes taken_bytes(Buffer* buffer):
    """The bytes that were begun so; the buffer is without any then."""
    cdef bytes result
    _resize(buffer, buffer.size)
    result = <bytes>buffer.object
    end_bytes(buffer)
    return result


cdef inline void end_bytes(Buffer* buffer) noexcept:
    """Give back a bytes object that was begun."""
    Py_XDECREF(buffer.object)
    buffer.object = NULL
    buffer.data = NULL
    buffer.size = 0
    buffer.room = 0


cdef inline int reserve(Buffer* buffer, Py_ssize_t more) except -1:
    if buffer.size + more > buffer.room:
        _grow(buffer, (buffer.size + more) * 2)
    return 0


cdef inline int _resize(Buffer* buffer, Py_ssize_t size) except -1:
    """Give the bytes object another size; without memory for it the buffer is empty, as the object is gone."""
    try:
        _PyBytes_Resize(&buffer.object, size)
    except MemoryError:
        end_bytes(buffer)
        raise
    return 0


cdef inline int _grow(Buffer* buffer, Py_ssize_t room) except -1:
    cdef void* grown
    if buffer.object != NULL:
        _resize(buffer, room)
        grown = PyBytes_AS_STRING(buffer.object)
    else:
        grown = realloc(buffer.data, <size_t>room)
        if grown == NULL:
            raise MemoryError
    buffer.data = <uint8_t*>grown
    buffer.room = room
    return 0


cdef inline int append(Buffer* buffer, const void* data, Py_ssize_t size) except -1:
    reserve(buffer, size)
    memcpy(buffer.data + buffer.size, data, <size_t>size)
    buffer.size += size
    return 0


cdef inline int append_framed(Buffer* buffer, uint8_t tag, const void* data, Py_ssize_t size) except -1:
    cdef uint8_t* out
    reserve(buffer, size + 11)
    out = put_frame(buffer.data + buffer.size, tag, size)
    memcpy(out, data, <size_t>size)
    buffer.size = out + size - buffer.data
    return 0


# Backwards: each of these writes before `at` and returns where that begins. What is before that may be overwritten, by
# ACD_SHORT_TEXT bytes: short things are copied in pieces of a fixed size that end where they end.


cdef inline uint8_t* begin_back(Back* back, Py_ssize_t room) except NULL:
    """Room for a message of at most so many bytes; its end. Texts and `back_reserve` make room for themselves."""
    cdef uint8_t* grown
    if room + ACD_SHORT_TEXT > back.room:
        grown = <uint8_t*>realloc(back.data, <size_t>(room + ACD_SHORT_TEXT))
        if grown == NULL:
            raise MemoryError
        back.data = grown
        back.room = room + ACD_SHORT_TEXT
        back.end = grown + back.room
    return back.end


cdef uint8_t* back_reserve(Back* back, uint8_t* at, Py_ssize_t more) except NULL
cdef uint8_t* back_long_text(Back* back, uint8_t* at, int field, PyObject* text) except NULL


cdef inline uint8_t* back_varint(uint8_t* at, uint64_t value) noexcept nogil:
    if value < 0x80:
        at[-1] = <uint8_t>value
        return at - 1
    if value < 0x4000:
        at[-2] = <uint8_t>(value | 0x80)
        at[-1] = <uint8_t>(value >> 7)
        return at - 2
    return _back_long_varint(at, value)


cdef inline uint8_t* _back_long_varint(uint8_t* at, uint64_t value) noexcept nogil:
    if value < 0x200000:
        at[-3] = <uint8_t>(value | 0x80)
        at[-2] = <uint8_t>(value >> 7 | 0x80)
        at[-1] = <uint8_t>(value >> 14)
        return at - 3
    if value >> 28 and not value >> 35:
        # As the nanoseconds of most moments.
        at[-5] = <uint8_t>(value | 0x80)
        at[-4] = <uint8_t>(value >> 7 | 0x80)
        at[-3] = <uint8_t>(value >> 14 | 0x80)
        at[-2] = <uint8_t>(value >> 21 | 0x80)
        at[-1] = <uint8_t>(value >> 28)
        return at - 5
    at -= varint_size(value)
    put_varint(at, value)
    return at


cdef inline uint8_t* back_tag(uint8_t* at, int tag) noexcept nogil:
    """A tag below 2**14, as protobuf numbers it: the field's number times 8 plus the wire type."""
    if tag < 0x80:
        at[-1] = <uint8_t>tag
        return at - 1
    at[-2] = <uint8_t>(tag & 0x7F | 0x80)
    at[-1] = <uint8_t>(tag >> 7)
    return at - 2


cdef inline uint8_t* back_number(uint8_t* at, int field, uint64_t value) noexcept nogil:
    """A number, unless it is 0."""
    return back_tag(back_varint(at, value), field << 3) if value else at


cdef inline uint8_t* back_signed(uint8_t* at, int field, int64_t value) noexcept nogil:
    """A number of type sint32 or sint64, unless it is 0."""
    return back_number(at, field, (<uint64_t>value << 1) ^ <uint64_t>(value >> 63))


cdef inline uint8_t* back_head(uint8_t* at, int field, Py_ssize_t size) noexcept nogil:
    """The head of length-delimited content that is there."""
    return back_tag(back_varint(at, <uint64_t>size), field << 3 | 2)


cdef inline uint8_t* back_bytes(uint8_t* at, int field, const void* data, Py_ssize_t size) noexcept nogil:
    """Length-delimited content, also if it is empty."""
    acd_copy(at - size, data, size)
    return back_head(at - size, field, size)


cdef inline uint8_t* _back_span(uint8_t* end, int field, uint64_t seconds, uint64_t nanos) noexcept nogil:
    cdef uint8_t* at = back_number(back_number(end, 2, nanos), 1, seconds)
    return back_head(at, field, end - at)


cdef inline uint8_t* back_time(uint8_t* at, int field, int64_t value_ns) noexcept nogil:
    """A Timestamp or Duration that is not negative."""
    return _back_span(at, field, <uint64_t>value_ns // 1000000000, <uint64_t>value_ns % 1000000000)


cdef inline uint8_t* back_ms(uint8_t* at, int field, int64_t value_ms) noexcept nogil:
    """A Duration of milliseconds; its seconds and nanos have the same sign."""
    cdef uint64_t whole = <uint64_t>(-value_ms if value_ms < 0 else value_ms)
    cdef uint64_t seconds = whole // 1000
    cdef uint64_t nanos = whole % 1000 * 1000000
    if value_ms < 0:
        return _back_span(at, field, 0 - seconds, 0 - nanos)
    return _back_span(at, field, seconds, nanos)


cdef inline uint8_t* back_text(Back* back, uint8_t* at, int field, PyObject* text) except NULL:
    """Text, unless it is empty (or NULL); the field's number is below 16. What is written may lie elsewhere then."""
    cdef Py_ssize_t size
    if text == NULL:
        return at
    size = PyUnicode_GET_LENGTH(text)
    if size > ACD_SHORT_TEXT or not PyUnicode_IS_COMPACT_ASCII(text):
        return back_long_text(back, at, field, text)
    if not size:
        return at
    acd_copy_short(at, text, size)
    at -= size
    at[-1] = <uint8_t>size
    at[-2] = <uint8_t>(field << 3 | 2)
    return at - 2
