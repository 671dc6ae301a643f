# cython: language_level=3
"""Events as `acd.v1.Event`, written without protobuf between, byte for byte as protobuf writes it deterministically.

`codec.events` and `codec.story_events` are the specification; what is not written here (an agent's description), or has
a value that protobuf would not take, is left to them.

A message within a message is written before its length is known: a byte is left for it, and if it takes two or three
the message is moved.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcmp

from acd_core.events cimport AnswerData, Event, EventData
from acd_core.types cimport *
from acd_service.codec.kept_fields cimport KeptTimes, put_kept_time, put_stamp, set_stamp, stamp_init, times_init
from acd_service.codec.wire_fields cimport Fields, Span, take_fields, take_span
from acd_service.codec.wire_writer cimport (
    back_close,
    back_number,
    back_text,
    back_time,
    end_message,
    put_bytes,
    put_frame,
    put_ms,
    put_number,
    put_signed,
    put_tag,
    put_text,
    put_varint,
    reserve,
)

cdef extern from "Python.h":
    Py_ssize_t PyBytes_GET_SIZE(PyObject* value)
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

cdef enum:
    FIXED_BYTES_MAX = 512
    # What all fields of an event take that are no text: 12 numbers of at most 11 bytes, 8 times of at most 18, the
    # heads of 6 messages and 6 texts of at most 6.
    UTF8_BYTES_MAX = 4  # of a character
    INT32_MAX = 0x7FFFFFFF
    ENTRIES_MAX = 64


@cython.final
cdef class EventWriter:
    """Keeps what it wrote last of what comes again and again."""

    def __cinit__(self):
        stamp_init(&self.stamp)
        times_init(&self.times)

    def __dealloc__(self):
        free(self.own.data)

    def event(self, Event event not None):
        """An event as bytes, or None if the plain codec has to be asked."""
        self.own.size = 0
        if not self.write(&event.data, &self.own):
            return None
        return PyBytes_FromStringAndSize(<const char*>self.own.data, self.own.size)

    cdef bint write(self, const EventData* event, Buffer* buffer) except -1:
        """Put an event behind what is in `buffer`; False, with nothing put there, if the plain codec has to be asked."""
        cdef uint8_t* out
        cdef uint8_t* detail
        if event.at_ns < 0 or event.event_seq < 0 or event.seq < 0:
            return False
        reserve(buffer, FIXED_BYTES_MAX + (0 if event.attributes == NULL else PyBytes_GET_SIZE(event.attributes))
                + UTF8_BYTES_MAX * (length_of(event.contact_id) + length_of(event.agent_id)
                                    + length_of(event.queue_id) + length_of(event.channel_id)
                                    + length_of(event.customer_id) + length_of(event.text)))
        out = buffer.data + buffer.size
        out = put_number(out, 1, <uint64_t>event.event_seq)
        set_stamp(&self.stamp, event.seq, event.at_ns)
        out = put_stamp(out, &self.stamp, 2)
        detail = put_tag(out, (event.type + 10) << 3 | 2)
        out = _put_detail(detail + 1, event, &self.times)
        if out == NULL:
            return False
        buffer.size = end_message(detail, out) - buffer.data
        return True


cdef uint8_t* _put_detail(uint8_t* out, const EventData* event, KeptTimes* times) except? NULL:
    """What the event says by its type; NULL if the plain codec has to be asked."""
    cdef int type = event.type
    cdef uint8_t* inner
    if type == EVENT_PRESENCE_CHANGED:
        if event.until_ns < 0 or event.cause < 0 or event.presence < 0:
            return NULL
        out = put_text(out, 1, event.agent_id)
        out = put_number(out, 2, <uint64_t>event.presence)
        out = put_text(out, 3, event.text)
        out = put_number(out, 4, <uint64_t>event.cause)
        return put_kept_time(out, 5, event.until_ns, times) if event.until_ns else out
    if type == EVENT_AGENT_DELAYED:
        if event.until_ns < 0:
            return NULL
        return put_kept_time(put_text(out, 1, event.agent_id), 2, event.until_ns, times)
    if type == EVENT_AGENT_DELAY_ENDED:
        return put_text(out, 1, event.agent_id)
    out = put_text(out, 1, event.contact_id)
    if type == EVENT_CONTACT_ENQUEUED:
        if event.ordinal < 0 or not _is_int32(event.priority):
            return NULL
        out = put_number(out, 2, <uint64_t>event.ordinal)
        out = put_text(out, 3, event.queue_id)
        out = put_text(out, 4, event.channel_id)
        out = put_text(out, 5, event.text)
        out = put_signed(out, 6, event.priority)
        if event.credit_ms:
            out = put_ms(out, 7, event.credit_ms)
        out = put_text(out, 8, event.customer_id)
        return _put_attributes(out, 9, event.attributes)
    if type == EVENT_OFFER_MADE or type == EVENT_CONTACT_ASSIGNED:
        if event.offer_id < 0 or event.until_ns < 0:
            return NULL
        out = _put_offer(out, event)
        if type == EVENT_CONTACT_ASSIGNED:
            return _put_decision(out, 5, event, times)
        return _put_decision(put_kept_time(out, 5, event.until_ns, times), 6, event, times)
    if type == EVENT_OFFER_ACCEPTED:
        if event.offer_id < 0 or event.wait_ns < 0:
            return NULL
        return put_kept_time(_put_offer(out, event), 5, event.wait_ns, times)
    if type == EVENT_OFFER_ENDED:
        if event.offer_id < 0 or event.cause < 0:
            return NULL
        return put_number(_put_offer(out, event), 5, <uint64_t>event.cause)
    if type == EVENT_CONTACT_COMPLETED:
        if event.duration_ns < 0 or event.until_ns < 0:
            return NULL
        out = _put_agent_queue(out, event)
        if event.until_ns:
            out = put_kept_time(out, 4, event.until_ns, times)
        return put_kept_time(out, 5, event.duration_ns, times)
    if type == EVENT_CONTACT_CLOSED:
        if event.duration_ns < 0 or event.wait_ns < 0 or event.cause < 0:
            return NULL
        out = put_number(_put_agent_queue(out, event), 4, <uint64_t>event.cause)
        return put_kept_time(put_kept_time(out, 5, event.wait_ns, times), 6, event.duration_ns, times)
    if type == EVENT_CONTACT_UPDATED:
        if event.tier < -1 or not _is_int32(event.priority):
            return NULL
        out = put_signed(put_text(out, 2, event.text), 3, event.priority)
        out = _put_attributes(put_ms(out, 4, event.credit_ms), 5, event.attributes)
        if out == NULL:
            return NULL
        return _put_raised(out, 6, event.tier)
    if type == EVENT_CONTACT_HELD or type == EVENT_CONTACT_RETRIEVED or type == EVENT_EXCLUSION_ENDED \
            or type == EVENT_CONTACT_UNATTENDED:
        return put_text(out, 2, event.agent_id)
    if type == EVENT_CONTACT_ATTACHED:
        return out
    if type == EVENT_CONTACT_DETACHED or type == EVENT_CONTACT_RESERVED or type == EVENT_CONTACT_SCHEDULED:
        if event.until_ns < 0:
            return NULL
        return put_kept_time(out, 2, event.until_ns, times)
    if type == EVENT_AGENT_EXCLUDED:
        if event.until_ns < 0:
            return NULL
        return put_kept_time(put_text(out, 2, event.agent_id), 3, event.until_ns, times)
    if type == EVENT_PLAN_STEP_TAKEN:
        if event.policy_version < 0 or event.tier < -1 or event.cause < 0 or event.step < 0 \
                or not _is_int32(event.priority):
            return NULL
        out = put_text(out, 2, event.queue_id)
        out = put_number(out, 3, <uint64_t>event.step)
        out = put_number(out, 4, <uint64_t>event.cause)
        out = put_text(out, 5, event.text)
        out = put_ms(put_signed(out, 6, event.priority), 7, event.credit_ms)
        return put_number(_put_raised(out, 8, event.tier), 9, <uint64_t>event.policy_version)
    if type == EVENT_RESERVATION_ENDED:
        if event.cause < 0:
            return NULL
        return put_number(out, 2, <uint64_t>event.cause)
    if type == EVENT_WAIT_ENDED:
        if event.cause < 0:
            return NULL
        inner = put_tag(put_text(out, 2, event.queue_id), 3 << 3 | 2)
        out = put_number(inner + 1, 1, <uint64_t>event.cause)
        return end_message(inner, put_text(out, 2, event.text))
    if type == EVENT_CONTACT_MOVED:
        if event.cause < 0 or event.wait_ns < 0:
            return NULL
        out = put_text(put_text(out, 2, event.queue_id), 3, event.text)
        return put_kept_time(put_number(out, 4, <uint64_t>event.cause), 5, event.wait_ns, times)
    return NULL


cdef inline bint _is_int32(int64_t value) noexcept nogil:
    return -INT32_MAX <= value <= INT32_MAX


cdef inline uint8_t* _put_agent_queue(uint8_t* out, const EventData* event) except NULL:
    return put_text(put_text(out, 2, event.agent_id), 3, event.queue_id)


cdef inline uint8_t* _put_offer(uint8_t* out, const EventData* event) except NULL:
    return put_number(_put_agent_queue(out, event), 4, <uint64_t>event.offer_id)


cdef inline uint8_t* _put_raised(uint8_t* out, int field, int tier) noexcept nogil:
    """The highest tier as steps raised it: told also if it is 0, not told if none did (-1)."""
    if tier < 0:
        return out
    out[0] = <uint8_t>(field << 3)
    return put_varint(out + 1, <uint64_t>tier)


cdef uint8_t* _put_decision(uint8_t* out, int field, const EventData* event, KeptTimes* times) except? NULL:
    cdef uint8_t* inner = put_tag(out, field << 3 | 2)
    if event.tier < 0 or event.wait_ns < 0 or event.policy_version < 0 or event.step < 0 or event.cause < 0 \
            or event.strategy < 0 or event.chosen_by < 0 or not _is_int32(event.priority):
        return NULL
    out = put_number(inner + 1, 1, <uint64_t>event.tier)
    out = put_signed(out, 2, event.priority)
    out = put_number(out, 3, <uint64_t>event.score)
    out = put_kept_time(out, 4, event.wait_ns, times)
    out = put_number(out, 5, <uint64_t>event.strategy)
    out = put_number(out, 6, <uint64_t>event.chosen_by)
    out = put_number(out, 7, <uint64_t>event.policy_version)
    out = put_number(out, 8, <uint64_t>event.step)
    out = put_number(out, 9, <uint64_t>event.cause)
    return end_message(inner, put_text(out, 10, event.text))


cdef uint8_t* _put_attributes(uint8_t* out, int field, PyObject* attributes) except? NULL:
    """The entries of packed attributes as those of a map in `field`; NULL if they are not as the codec packs them."""
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef Span entry, key
    cdef int count = 0
    key.at = NULL
    key.size = 0
    if attributes == NULL:
        return out
    at = <const uint8_t*>PyBytes_AS_STRING(<bytes>attributes)
    end = at + PyBytes_GET_SIZE(attributes)
    while at < end:
        if at[0] != 0x0A or count == ENTRIES_MAX:
            return NULL
        at = take_span(at + 1, end, &entry)
        if at == NULL or not _take_entry(entry, &key):
            return NULL
        out = put_bytes(put_frame(out, <uint8_t>(field << 3 | 2), entry.size), entry.at, entry.size)
        count += 1
    return out


cdef bint _take_entry(Span entry, Span* key) except -1:
    """Whether it is a key, after the one before in order, and a value, both of UTF-8; `key` becomes its key."""
    cdef Fields fields
    cdef Span before = key[0]
    cdef Py_ssize_t place, common
    cdef int order
    if not take_fields(entry.at, entry.size, -1, &fields) or fields.texts != 0x6 or fields.numbers \
            or entry.at[0] != 0x0A or fields.text[2].at + fields.text[2].size != entry.at + entry.size:
        return False
    key[0] = fields.text[1]
    if before.at != NULL:
        common = before.size if before.size < key.size else key.size
        order = memcmp(before.at, key.at, <size_t>common)
        if order > 0 or (order == 0 and before.size >= key.size):
            return False
    for place in range(entry.size):
        if entry.at[place] >= 0x80:
            try:
                PyUnicode_DecodeUTF8(<const char*>fields.text[1].at, fields.text[1].size, NULL)
                PyUnicode_DecodeUTF8(<const char*>fields.text[2].at, fields.text[2].size, NULL)
            except UnicodeDecodeError:
                return False
            return True
    return True


cdef bint write_standing(Back* back, int field, const AnswerData* answer) except -1:
    """How the contact of an answer stands, as `acd.v1.ContactStanding` in `field`."""
    cdef const uint8_t* end = back.at
    if answer.agent_id != NULL:
        if answer.offer_expires_ns:
            back_time(back, 5, answer.offer_expires_ns)
        back_number(back, 4, <uint64_t>answer.offer_id)
        back_text(back, 3, answer.agent_id)
    back_number(back, 2, <uint64_t>answer.contact_state)
    back_text(back, 1, answer.contact_id)
    back_close(back, field, end)
    return True
