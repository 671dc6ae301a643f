"""One message taken apart: where its fields are, as far as they are what they usually are.

Whatever is unusual (a field that comes twice, an unknown field, a wrong wire type, a number that protobuf would cut) makes
`take_fields` say no, and the message goes to protobuf itself. So nothing here needs to know what protobuf does then.

A message whose fields are known is read faster one after the other, in the order of their numbers, in which writers of
protobuf put them: each `take_…` passes its field if it comes next. Where something is wrong they go beyond the end, so
that whoever is exactly at the end has read a message of these fields and nothing else.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy


cdef enum:
    FIELDS_BOUND = 16
    PLACE_OF_30 = 0  # where the two fields are kept whose numbers are above the bound
    PLACE_OF_31 = 15
    NANOS = 1000000000
    LENGTH_BYTES_MAX = 5  # protobuf reads no length of more


cdef struct Span:
    const uint8_t* at
    Py_ssize_t size


cdef struct Fields:
    uint32_t texts  # bit set: length-delimited fields that are there
    uint32_t numbers  # bit set: varint fields that are there
    int repeats  # how many times the one field came that may come again
    Span text[16]
    uint64_t number[16]


cdef inline const uint8_t* take_varint(const uint8_t* at, const uint8_t* end, uint64_t* value) noexcept nogil:
    """Where reading goes on after a number, or NULL: it is cut short, or has bits beyond the 64th."""
    cdef uint64_t result = 0
    cdef int shift = 0
    cdef uint8_t byte
    if at < end and at[0] < 0x80:
        value[0] = at[0]
        return at + 1
    while at < end:
        byte = at[0]
        at += 1
        if shift == 63 and byte > 1:
            return NULL
        result |= <uint64_t>(byte & 0x7F) << shift
        if byte < 0x80:
            value[0] = result
            return at
        shift += 7
        if shift > 63:
            return NULL
    return NULL


cdef inline const uint8_t* take_span(const uint8_t* at, const uint8_t* end, Span* span) noexcept nogil:
    """Where reading goes on after length-delimited content, or NULL."""
    cdef const uint8_t* before = at
    cdef uint64_t size
    if at < end and at[0] < 0x80:
        size = at[0]
        at += 1
    else:
        at = take_varint(at, end, &size)
        if at == NULL or at - before > LENGTH_BYTES_MAX:
            # What is taken here is kept as it came, and protobuf has to be able to read it again.
            return NULL
    if size > <uint64_t>(end - at):
        return NULL
    span.at = at
    span.size = <Py_ssize_t>size
    return at + size


cdef inline const uint8_t* take_text(const uint8_t* at, const uint8_t* end, uint8_t tag, Span* span) noexcept nogil:
    """Past the length-delimited field with this tag, if it comes next; `span.at` is NULL, and the size 0, if not."""
    span.at = NULL
    span.size = 0
    if at < end and at[0] == tag:
        at = take_span(at + 1, end, span)
        if at == NULL:
            return end + 1
    return at


cdef inline const uint8_t* take_number(const uint8_t* at, const uint8_t* end, uint8_t tag, uint64_t* value) noexcept nogil:
    """Past the number with this tag, if it comes next; else it is 0."""
    value[0] = 0
    if at < end and at[0] == tag:
        at = take_varint(at + 1, end, value)
        if at == NULL:
            return end + 1
    return at


cdef inline const uint8_t* take_far_text(const uint8_t* at, const uint8_t* end, int field, Span* span) noexcept nogil:
    """As `take_text`, of a field from 16 to 31."""
    cdef uint8_t tag = <uint8_t>(field << 3 & 0x7F | 0x82)
    if at < end and at[0] == tag:
        if end - at < 2 or at[1] != 0x01:
            return end + 1
        return take_text(at + 1, end, 0x01, span)
    span.at = NULL
    span.size = 0
    return at


cdef inline bint take_fields(const uint8_t* at, Py_ssize_t size, int repeated, Fields* fields) noexcept nogil:
    """Take a message apart. The field `repeated` may come again; its first place is kept and its times are counted.

    False if there is anything that only protobuf should judge.
    """
    cdef const uint8_t* end = at + size
    cdef uint8_t tag
    cdef int field
    cdef uint32_t bit
    cdef Span span
    fields.texts = 0
    fields.numbers = 0
    fields.repeats = 0
    while at < end:
        tag = at[0]
        at += 1
        field = tag >> 3
        if tag >= 0x80:
            # Two bytes of tag: only of the fields 30 and 31, length-delimited.
            if (tag != 0xF2 and tag != 0xFA) or at == end or at[0] != 0x01:
                return False
            at += 1
            field = PLACE_OF_30 if tag == 0xF2 else PLACE_OF_31
            tag = 2
        elif field == 0 or field == 15:
            return False
        bit = <uint32_t>1 << field
        if tag & 7 == 2:
            at = take_span(at, end, &span)
            if at == NULL:
                return False
            if field == repeated:
                fields.repeats += 1
                if fields.repeats > 1:
                    continue
            elif fields.texts & bit:
                return False
            fields.texts |= bit
            fields.text[field] = span
        elif tag & 7 == 0:
            at = take_varint(at, end, &fields.number[field])
            if at == NULL or fields.numbers & bit:
                return False
            fields.numbers |= bit
        else:
            return False
    return True


cdef inline bint take_duration(Span span, int64_t* seconds, int64_t* nanos) noexcept nogil:
    """A Duration or Timestamp: its seconds, and its nanos if they are no negative number; False for anything else."""
    cdef const uint8_t* end = span.at + span.size
    cdef uint64_t whole, fraction
    if take_number(take_number(span.at, end, 0x08, &whole), end, 0x10, &fraction) != end or fraction >= NANOS:
        return False
    seconds[0] = <int64_t>whole
    nanos[0] = <int64_t>fraction
    return True


cdef inline uint64_t _strange(uint64_t word) noexcept nogil:
    """Not 0 if one of eight characters is no printable one of ASCII."""
    cdef uint64_t ones = <uint64_t>0x0101010101010101
    # The high bit of a byte: below 0x20, above 0x7F, or 0x7F. A borrow comes only from a byte that is one of these.
    return ((word - 0x20 * ones) | word | ((word ^ 0x7F * ones) - ones)) & 0x80 * ones


cdef inline bint is_plain(const uint8_t* at, Py_ssize_t size) noexcept nogil:
    """Whether all bytes are printable characters of ASCII."""
    cdef uint64_t word
    cdef uint32_t half, other
    cdef Py_ssize_t place = 0
    if size < 4:
        while place < size:
            if not 0x20 <= at[place] < 0x7F:
                return False
            place += 1
        return True
    if size < 8:
        memcpy(&half, at, 4)
        memcpy(&other, at + size - 4, 4)
        return not _strange(<uint64_t>other << 32 | half)
    while place < size - 8:
        memcpy(&word, at + place, 8)
        if _strange(word):
            return False
        place += 8
    memcpy(&word, at + size - 8, 8)
    return not _strange(word)
