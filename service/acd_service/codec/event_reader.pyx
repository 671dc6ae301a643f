# cython: language_level=3
"""From the bytes of an `acd.v1.Event` to the engine's event, without protobuf between: of the types that come most.

`codec.events` is the specification. Whatever is not as the writers of this room write it is answered with None: then
the plain codec has to say what it is.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from acd_core.events cimport Event, EventData, new_reference
from acd_core.types cimport *
from acd_service.codec.event_facts cimport Heading, take_heading, take_time
from acd_service.codec.texts cimport Texts
from acd_service.codec.wire_fields cimport Fields, Span, take_duration, take_fields, take_span
from acd_service.codec.wire_reader cimport packed_entries

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

cdef enum:
    NAMES = 1 << 15
    INT31_MAX = 0x7FFFFFFF


def _take_any(text):
    pass


cdef class EventReader:
    """Holds names that it has read before."""

    cdef Texts names

    def __cinit__(self):
        self.names = Texts(NAMES, _take_any)

    def event(self, bytes content not None):
        """The event, or None if the plain codec has to be asked."""
        cdef Event found = Event.__new__(Event)
        cdef EventData* event = &found.data
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(content)
        cdef const uint8_t* end = at + len(content)
        cdef Heading heading
        if not take_heading(at, end - at, &heading):
            return None
        event.event_seq, event.seq, event.at_ns, event.type = (
            heading.event_seq, heading.seq, heading.at_ns, heading.type,
        )
        if heading.rest != end and (heading.rest[0] != 0x22 or not _is_last_text(heading.rest + 1, end)):
            return None
        return found if self._read_detail(event, heading.detail) else None

    cdef str _text(self, const Fields* fields, int field):
        """Text that is likely to have come before; None if it is no UTF-8."""
        if not fields.texts >> field & 1 or not fields.text[field].size:
            return ""
        return self.names.take(fields.text[field].at, fields.text[field].size)

    cdef bint _read_detail(self, EventData* event, Span detail) except -1:
        cdef Fields fields
        cdef int type = event.type
        cdef uint64_t texts, numbers  # which fields may be there
        if type == EVENT_CONTACT_ENQUEUED:
            texts, numbers = 0x3BA, 0x44
        elif type == EVENT_OFFER_MADE:
            texts, numbers = 0x6E, 0x10
        elif type == EVENT_CONTACT_ASSIGNED or type == EVENT_OFFER_ACCEPTED:
            texts, numbers = 0x2E, 0x10
        elif type == EVENT_OFFER_ENDED:
            texts, numbers = 0x0E, 0x30
        elif type == EVENT_CONTACT_COMPLETED:
            texts, numbers = 0x3E, 0x00
        elif type == EVENT_CONTACT_CLOSED:
            texts, numbers = 0x6E, 0x10
        elif type == EVENT_PRESENCE_CHANGED:
            texts, numbers = 0x2A, 0x14
        else:
            return False
        if not take_fields(detail.at, detail.size, 9, &fields) or fields.texts & ~texts or fields.numbers & ~numbers:
            return False
        if type == EVENT_PRESENCE_CHANGED:
            return self._read_presence(event, &fields)
        if not _put(&event.contact_id, _new_text(&fields, 1)):
            return False
        if type == EVENT_CONTACT_ENQUEUED:
            if fields.repeats and not _put(&event.attributes, packed_entries(detail, 9, fields.repeats)):
                return False
            return self._read_enqueued(event, &fields)
        if not _put(&event.agent_id, self._text(&fields, 2)) or not _put(&event.queue_id, self._text(&fields, 3)):
            return False
        if type == EVENT_CONTACT_COMPLETED:
            return _optional_time(&fields, 4, &event.until_ns) and _optional_time(&fields, 5, &event.duration_ns)
        if type == EVENT_CONTACT_CLOSED:
            return _small(&fields, 4, &event.cause) and _optional_time(&fields, 5, &event.wait_ns) \
                and _optional_time(&fields, 6, &event.duration_ns)
        if not _whole(&fields, 4, &event.offer_id):
            return False
        if type == EVENT_OFFER_ACCEPTED:
            return _optional_time(&fields, 5, &event.wait_ns)
        if type == EVENT_OFFER_ENDED:
            return _small(&fields, 5, &event.cause)
        if type == EVENT_CONTACT_ASSIGNED:
            return self._read_decision(event, &fields, 5)
        return _optional_time(&fields, 5, &event.until_ns) and self._read_decision(event, &fields, 6)

    cdef bint _read_enqueued(self, EventData* event, const Fields* fields) except -1:
        cdef int64_t seconds = 0
        cdef int64_t nanos = 0
        if not _put(&event.queue_id, self._text(fields, 3)) or not _put(&event.channel_id, self._text(fields, 4)) \
                or not _put(&event.text, self._text(fields, 5)) or not _put(&event.customer_id, self._text(fields, 8)):
            return False
        if fields.texts >> 7 & 1:
            if not take_duration(fields.text[7], &seconds, &nanos) or nanos % 1000000 or (seconds < 0 and nanos) \
                    or not -INT31_MAX < seconds < INT31_MAX:
                return False
            event.credit_ms = seconds * 1000 + nanos // 1000000
        return _whole(fields, 2, &event.ordinal) and _signed(fields, 6, &event.priority)

    cdef bint _read_presence(self, EventData* event, const Fields* fields) except -1:
        if not _put(&event.agent_id, self._text(fields, 1)) or not _put(&event.text, self._text(fields, 3)):
            return False
        return _small(fields, 2, &event.presence) and _small(fields, 4, &event.cause) \
            and _optional_time(fields, 5, &event.until_ns)

    cdef bint _read_decision(self, EventData* event, const Fields* within, int field) except -1:
        cdef Fields fields
        if not within.texts >> field & 1:
            return True
        if not take_fields(within.text[field].at, within.text[field].size, -1, &fields) \
                or fields.texts & ~<uint32_t>0x410 or fields.numbers & ~<uint32_t>0x3EE:
            return False
        if not _put(&event.text, self._text(&fields, 10)):
            return False
        if fields.numbers & 0x8:
            event.score = <int64_t>fields.number[3]
        return _small(&fields, 1, &event.tier) and _signed(&fields, 2, &event.priority) \
            and _optional_time(&fields, 4, &event.wait_ns) and _small(&fields, 5, &event.strategy) \
            and _small(&fields, 6, &event.chosen_by) and _whole(&fields, 7, &event.policy_version) \
            and _small(&fields, 8, &event.step) and _small(&fields, 9, &event.cause)


cdef bint _put(PyObject** place, object text) noexcept:
    """Let an empty record refer to a text, to nothing if it is empty; False if there is none."""
    if text is None:
        return False
    if text:
        place[0] = new_reference(text)
    return True


cdef str _new_text(const Fields* fields, int field):
    """Text that is likely to be new; None if it is no UTF-8."""
    if not fields.texts >> field & 1:
        return ""
    try:
        return PyUnicode_DecodeUTF8(<const char*>fields.text[field].at, fields.text[field].size, NULL)
    except UnicodeDecodeError:
        return None


cdef bint _is_last_text(const uint8_t* at, const uint8_t* end) except -1:
    cdef Span span
    if take_span(at, end, &span) != end:
        return False
    try:
        PyUnicode_DecodeUTF8(<const char*>span.at, span.size, NULL)
    except UnicodeDecodeError:
        return False
    return True


cdef inline bint _optional_time(const Fields* fields, int field, int64_t* value_ns) noexcept nogil:
    return not fields.texts >> field & 1 or take_time(fields.text[field], value_ns)


cdef inline bint _whole(const Fields* fields, int field, int64_t* value) noexcept nogil:
    if fields.numbers >> field & 1:
        if fields.number[field] >> 63:
            return False
        value[0] = <int64_t>fields.number[field]
    return True


cdef inline bint _small(const Fields* fields, int field, int32_t* value) noexcept nogil:
    if fields.numbers >> field & 1:
        if fields.number[field] > INT31_MAX:
            return False
        value[0] = <int32_t>fields.number[field]
    return True


cdef inline bint _signed(const Fields* fields, int field, int64_t* value) noexcept nogil:
    if fields.numbers >> field & 1:
        if fields.number[field] >> 32:
            return False
        value[0] = <int64_t>(fields.number[field] >> 1) ^ -<int64_t>(fields.number[field] & 1)
    return True
