# cython: language_level=3
"""Events as `acd.v1.Event`, written without protobuf between, byte for byte as protobuf writes it deterministically.

`codec.events` and `codec.story_events` are the specification; what is not written here (an agent's description), or has
a value that protobuf would not take, is left to them.

They are written backwards, so that a message within a message is there, and its length known, when its head is written.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy

from acd_core.events cimport AnswerData, Event, EventData
from acd_core.types cimport *
from acd_service.codec.kept_fields cimport KeptTimes, back_kept_time, back_stamp, set_stamp, stamp_init, times_init
from acd_service.codec.wire_fields cimport Fields, Span, take_fields, take_span
from acd_service.codec.wire_writer cimport (
    BACK_ROOM,
    Back,
    Buffer,
    back_close,
    back_ms,
    back_number,
    back_reserve,
    back_signed,
    back_tag,
    back_text,
    back_time,
    back_varint,
    begin_back,
    framed_size,
    put_bytes,
    reserve,
)

cdef extern from "Python.h":
    Py_ssize_t PyBytes_GET_SIZE(PyObject* value)
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

cdef enum:
    INT32_MAX = 0x7FFFFFFF
    ENTRIES_MAX = 64


@cython.final
cdef class EventWriter:
    """Keeps what it wrote last of what comes again and again."""

    def __cinit__(self):
        begin_back(&self.back, 2 * BACK_ROOM)
        stamp_init(&self.stamp)
        times_init(&self.times)

    def __dealloc__(self):
        free(self.back.data)

    def event(self, Event event not None):
        """An event as bytes, or None if the plain codec has to be asked."""
        if not self._write(&event.data):
            return None
        return PyBytes_FromStringAndSize(<const char*>self.back.at, self.back.end - self.back.at)

    cdef bint append(self, Buffer* buffer, int field, const EventData* event, const void* tail,
                     Py_ssize_t tail_size) except -1:
        """Put an event, with a tail, behind what is in `buffer`, as a message in `field`; False, with nothing put there,
        if the plain codec has to be asked."""
        cdef Back* back = &self.back
        cdef Py_ssize_t size
        if not self._write(event):
            return False
        size = back.end - back.at
        back_varint(back, <uint64_t>(size + tail_size))
        back_tag(back, field << 3 | 2)
        size = back.end - back.at
        reserve(buffer, size + tail_size)
        memcpy(buffer.data + buffer.size, back.at, <size_t>size)
        buffer.size += size
        if tail_size:
            put_bytes(buffer.data + buffer.size, tail, tail_size)
            buffer.size += tail_size
        return True

    cdef bint _write(self, const EventData* event) except -1:
        """Write an event to `back`; False if the plain codec has to be asked."""
        cdef Back* back = &self.back
        if event.at_ns < 0 or event.event_seq < 0 or event.seq < 0:
            return False
        back.at = back.end
        if not self._write_detail(event):
            return False
        back_varint(back, <uint64_t>(back.end - back.at))
        back_tag(back, (event.type + 10) << 3 | 2)
        set_stamp(&self.stamp, event.seq, event.at_ns)
        back_stamp(back, &self.stamp)
        back_number(back, 1, <uint64_t>event.event_seq)
        return True

    cdef bint _write_detail(self, const EventData* event) except -1:
        """What the event says by its type, the last field first; False if the plain codec has to be asked."""
        cdef Back* back = &self.back
        cdef KeptTimes* times = &self.times
        cdef int type = event.type
        cdef const uint8_t* end
        if event.until_ns < 0 or event.wait_ns < 0 or event.duration_ns < 0 or event.cause < 0 or event.offer_id < 0 \
                or event.policy_version < 0 or event.step < 0 or not _is_int32(event.priority):
            return False
        if type == EVENT_PRESENCE_CHANGED:
            if event.presence < 0:
                return False
            if event.until_ns:
                back_kept_time(back, 5, event.until_ns, times)
            back_number(back, 4, <uint64_t>event.cause)
            back_text(back, 3, event.text)
            back_number(back, 2, <uint64_t>event.presence)
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_AGENT_DELAYED:
            back_kept_time(back, 2, event.until_ns, times)
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_AGENT_DELAY_ENDED:
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_CONTACT_ENQUEUED:
            if event.ordinal < 0 or not _back_attributes(back, 9, event.attributes):
                return False
            back_text(back, 8, event.customer_id)
            if event.credit_ms:
                back_ms(back, 7, event.credit_ms)
            back_signed(back, 6, event.priority)
            back_text(back, 5, event.text)
            back_text(back, 4, event.channel_id)
            back_text(back, 3, event.queue_id)
            back_number(back, 2, <uint64_t>event.ordinal)
        elif type == EVENT_OFFER_MADE:
            if not _back_decision(back, 6, event, times):
                return False
            back_kept_time(back, 5, event.until_ns, times)
            _back_offer(back, event)
        elif type == EVENT_CONTACT_ASSIGNED:
            if not _back_decision(back, 5, event, times):
                return False
            _back_offer(back, event)
        elif type == EVENT_OFFER_ACCEPTED:
            back_kept_time(back, 5, event.wait_ns, times)
            _back_offer(back, event)
        elif type == EVENT_OFFER_ENDED:
            back_number(back, 5, <uint64_t>event.cause)
            _back_offer(back, event)
        elif type == EVENT_CONTACT_COMPLETED:
            back_kept_time(back, 5, event.duration_ns, times)
            if event.until_ns:
                back_kept_time(back, 4, event.until_ns, times)
            _back_agent_queue(back, event)
        elif type == EVENT_CONTACT_CLOSED:
            back_kept_time(back, 6, event.duration_ns, times)
            back_kept_time(back, 5, event.wait_ns, times)
            back_number(back, 4, <uint64_t>event.cause)
            _back_agent_queue(back, event)
        elif type == EVENT_CONTACT_UPDATED:
            if event.tier < -1:
                return False
            _back_raised(back, 6, event.tier)
            if not _back_attributes(back, 5, event.attributes):
                return False
            back_ms(back, 4, event.credit_ms)
            back_signed(back, 3, event.priority)
            back_text(back, 2, event.text)
        elif type == EVENT_CONTACT_HELD or type == EVENT_CONTACT_RETRIEVED or type == EVENT_EXCLUSION_ENDED \
                or type == EVENT_CONTACT_UNATTENDED:
            back_text(back, 2, event.agent_id)
        elif type == EVENT_CONTACT_ATTACHED:
            pass
        elif type == EVENT_CONTACT_DETACHED or type == EVENT_CONTACT_RESERVED or type == EVENT_CONTACT_SCHEDULED:
            back_kept_time(back, 2, event.until_ns, times)
        elif type == EVENT_AGENT_EXCLUDED:
            back_kept_time(back, 3, event.until_ns, times)
            back_text(back, 2, event.agent_id)
        elif type == EVENT_PLAN_STEP_TAKEN:
            if event.tier < -1:
                return False
            back_number(back, 9, <uint64_t>event.policy_version)
            _back_raised(back, 8, event.tier)
            back_ms(back, 7, event.credit_ms)
            back_signed(back, 6, event.priority)
            back_text(back, 5, event.text)
            back_number(back, 4, <uint64_t>event.cause)
            back_number(back, 3, <uint64_t>event.step)
            back_text(back, 2, event.queue_id)
        elif type == EVENT_RESERVATION_ENDED:
            back_number(back, 2, <uint64_t>event.cause)
        elif type == EVENT_WAIT_ENDED:
            end = back.at
            back_text(back, 2, event.text)
            back_number(back, 1, <uint64_t>event.cause)
            back_close(back, 3, end)
            back_text(back, 2, event.queue_id)
        elif type == EVENT_CONTACT_MOVED:
            back_kept_time(back, 5, event.wait_ns, times)
            back_number(back, 4, <uint64_t>event.cause)
            back_text(back, 3, event.text)
            back_text(back, 2, event.queue_id)
        else:
            return False
        back_text(back, 1, event.contact_id)
        return True


cdef inline bint _is_int32(int64_t value) noexcept nogil:
    return -INT32_MAX <= value <= INT32_MAX


cdef inline int _back_agent_queue(Back* back, const EventData* event) except -1:
    back_text(back, 3, event.queue_id)
    back_text(back, 2, event.agent_id)
    return 0


cdef inline int _back_offer(Back* back, const EventData* event) except -1:
    back_number(back, 4, <uint64_t>event.offer_id)
    _back_agent_queue(back, event)
    return 0


cdef inline void _back_raised(Back* back, int field, int tier) noexcept nogil:
    """The highest tier as steps raised it: told also if it is 0, not told if none did (-1)."""
    if tier >= 0:
        back_varint(back, <uint64_t>tier)
        back_tag(back, field << 3)


cdef bint _back_decision(Back* back, int field, const EventData* event, KeptTimes* times) except -1:
    cdef const uint8_t* end = back.at
    if event.tier < 0 or event.strategy < 0 or event.chosen_by < 0:
        return False
    back_text(back, 10, event.text)
    back_number(back, 9, <uint64_t>event.cause)
    back_number(back, 8, <uint64_t>event.step)
    back_number(back, 7, <uint64_t>event.policy_version)
    back_number(back, 6, <uint64_t>event.chosen_by)
    back_number(back, 5, <uint64_t>event.strategy)
    back_kept_time(back, 4, event.wait_ns, times)
    back_number(back, 3, <uint64_t>event.score)
    back_signed(back, 2, event.priority)
    back_number(back, 1, <uint64_t>event.tier)
    back_close(back, field, end)
    return True


cdef bint _back_attributes(Back* back, int field, PyObject* attributes) except -1:
    """The entries of packed attributes as those of a map in `field`; False if they are not as the codec packs them."""
    cdef uint8_t* at
    cdef const uint8_t* end
    cdef const uint8_t* behind
    cdef Span entry, key
    cdef int count = 0
    cdef Py_ssize_t size
    if attributes == NULL:
        return True
    size = PyBytes_GET_SIZE(attributes)
    back_reserve(back, size)
    end = back.at
    back.at -= size
    memcpy(back.at, PyBytes_AS_STRING(<bytes>attributes), <size_t>size)
    key.at = NULL
    key.size = 0
    at = back.at
    # An entry is what it is in the map, but for the number of its field.
    while at < end:
        if at[0] != 0x0A or count == ENTRIES_MAX:
            return False
        behind = take_span(at + 1, end, &entry)
        if behind == NULL or behind - at != framed_size(entry.size) or not _take_entry(entry, &key):
            return False
        at[0] = <uint8_t>(field << 3 | 2)
        at += behind - at
        count += 1
    return True


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
