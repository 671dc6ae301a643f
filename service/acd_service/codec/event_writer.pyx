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
    back_head,
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
        cdef const uint8_t* at = _back_event(self, self.back.end, &event.data)
        return None if at == NULL else PyBytes_FromStringAndSize(<const char*>at, self.back.end - at)

    cdef bint append(self, Buffer* buffer, int field, const EventData* event, const void* tail,
                     Py_ssize_t tail_size) except -1:
        """Put an event, with a tail, behind what is in `buffer`, as a message in `field`; False, with nothing put there,
        if the plain codec has to be asked."""
        cdef uint8_t* at = _back_event(self, self.back.end, event)
        cdef Py_ssize_t size
        if at == NULL:
            return False
        at = back_head(at, field, self.back.end - at + tail_size)
        size = self.back.end - at
        reserve(buffer, size + tail_size)
        memcpy(buffer.data + buffer.size, at, <size_t>size)
        buffer.size += size
        if tail_size:
            put_bytes(buffer.data + buffer.size, tail, tail_size)
            buffer.size += tail_size
        return True


cdef inline uint8_t* _back_event(EventWriter writer, uint8_t* at, const EventData* event) except? NULL:
    """Write an event before `at`, the end; NULL if the plain codec has to be asked."""
    if (event.at_ns | event.event_seq | event.seq) < 0:
        return NULL
    at = _back_detail(&writer.back, at, event, &writer.times)
    if at == NULL:
        return NULL
    at = back_head(at, event.type + 10, writer.back.end - at)
    set_stamp(&writer.stamp, event.seq, event.at_ns)
    return back_number(back_stamp(at, &writer.stamp), 1, <uint64_t>event.event_seq)


cdef uint8_t* _back_detail(Back* back, uint8_t* at, const EventData* event, KeptTimes* times) except? NULL:
    """What the event says by its type, the last field first; NULL if the plain codec has to be asked."""
    cdef int type = event.type
    cdef Py_ssize_t behind
    # The sign is a bit like others: that of all of them is looked at once.
    if (event.until_ns | event.wait_ns | event.duration_ns | event.offer_id | event.policy_version | event.cause
            | event.step) < 0 or not _is_int32(event.priority):
        return NULL
    if type == EVENT_PRESENCE_CHANGED:
        if event.presence < 0:
            return NULL
        if event.until_ns:
            at = back_kept_time(at, 5, event.until_ns, times)
        at = back_number(at, 4, <uint64_t>event.cause)
        at = back_text(back, at, 3, event.text)
        at = back_number(at, 2, <uint64_t>event.presence)
        at = back_text(back, at, 1, event.agent_id)
        return at
    elif type == EVENT_AGENT_DELAYED:
        at = back_kept_time(at, 2, event.until_ns, times)
        at = back_text(back, at, 1, event.agent_id)
        return at
    elif type == EVENT_AGENT_DELAY_ENDED:
        at = back_text(back, at, 1, event.agent_id)
        return at
    elif type == EVENT_CONTACT_ENQUEUED:
        if event.ordinal < 0:
            return NULL
        at = _back_attributes(back, at, 9, event.attributes)
        if at == NULL:
            return NULL
        at = back_text(back, at, 8, event.customer_id)
        if event.credit_ms:
            at = back_ms(at, 7, event.credit_ms)
        at = back_signed(at, 6, event.priority)
        at = back_text(back, at, 5, event.text)
        at = back_text(back, at, 4, event.channel_id)
        at = back_text(back, at, 3, event.queue_id)
        at = back_number(at, 2, <uint64_t>event.ordinal)
    elif type == EVENT_OFFER_MADE:
        at = _back_decision(back, at, 6, event)
        if at == NULL:
            return NULL
        at = back_kept_time(at, 5, event.until_ns, times)
        at = _back_offer(back, at, event)
    elif type == EVENT_CONTACT_ASSIGNED:
        at = _back_decision(back, at, 5, event)
        if at == NULL:
            return NULL
        at = _back_offer(back, at, event)
    elif type == EVENT_OFFER_ACCEPTED:
        at = back_time(at, 5, event.wait_ns)
        at = _back_offer(back, at, event)
    elif type == EVENT_OFFER_ENDED:
        at = back_number(at, 5, <uint64_t>event.cause)
        at = _back_offer(back, at, event)
    elif type == EVENT_CONTACT_COMPLETED:
        at = back_time(at, 5, event.duration_ns)
        if event.until_ns:
            at = back_kept_time(at, 4, event.until_ns, times)
        at = _back_agent_queue(back, at, event)
    elif type == EVENT_CONTACT_CLOSED:
        at = back_time(at, 6, event.duration_ns)
        at = back_time(at, 5, event.wait_ns)
        at = back_number(at, 4, <uint64_t>event.cause)
        at = _back_agent_queue(back, at, event)
    elif type == EVENT_CONTACT_UPDATED:
        if event.tier < -1:
            return NULL
        at = _back_raised(at, 6, event.tier)
        at = _back_attributes(back, at, 5, event.attributes)
        if at == NULL:
            return NULL
        at = back_ms(at, 4, event.credit_ms)
        at = back_signed(at, 3, event.priority)
        at = back_text(back, at, 2, event.text)
    elif type == EVENT_CONTACT_HELD or type == EVENT_CONTACT_RETRIEVED or type == EVENT_EXCLUSION_ENDED \
            or type == EVENT_CONTACT_UNATTENDED:
        at = back_text(back, at, 2, event.agent_id)
    elif type == EVENT_CONTACT_ATTACHED:
        pass
    elif type == EVENT_CONTACT_DETACHED or type == EVENT_CONTACT_RESERVED or type == EVENT_CONTACT_SCHEDULED:
        at = back_kept_time(at, 2, event.until_ns, times)
    elif type == EVENT_AGENT_EXCLUDED:
        at = back_kept_time(at, 3, event.until_ns, times)
        at = back_text(back, at, 2, event.agent_id)
    elif type == EVENT_PLAN_STEP_TAKEN:
        if event.tier < -1:
            return NULL
        at = back_number(at, 9, <uint64_t>event.policy_version)
        at = _back_raised(at, 8, event.tier)
        at = back_ms(at, 7, event.credit_ms)
        at = back_signed(at, 6, event.priority)
        at = back_text(back, at, 5, event.text)
        at = back_number(at, 4, <uint64_t>event.cause)
        at = back_number(at, 3, <uint64_t>event.step)
        at = back_text(back, at, 2, event.queue_id)
    elif type == EVENT_RESERVATION_ENDED:
        at = back_number(at, 2, <uint64_t>event.cause)
    elif type == EVENT_WAIT_ENDED:
        behind = back.end - at
        at = back_text(back, at, 2, event.text)
        at = back_number(at, 1, <uint64_t>event.cause)
        at = back_head(at, 3, back.end - at - behind)
        at = back_text(back, at, 2, event.queue_id)
    elif type == EVENT_CONTACT_MOVED:
        at = back_time(at, 5, event.wait_ns)
        at = back_number(at, 4, <uint64_t>event.cause)
        at = back_text(back, at, 3, event.text)
        at = back_text(back, at, 2, event.queue_id)
    else:
        return NULL
    at = back_text(back, at, 1, event.contact_id)
    return at


cdef inline bint _is_int32(int64_t value) noexcept nogil:
    return -INT32_MAX <= value <= INT32_MAX


cdef inline uint8_t* _back_agent_queue(Back* back, uint8_t* at, const EventData* event) except NULL:
    return back_text(back, back_text(back, at, 3, event.queue_id), 2, event.agent_id)


cdef inline uint8_t* _back_offer(Back* back, uint8_t* at, const EventData* event) except NULL:
    return _back_agent_queue(back, back_number(at, 4, <uint64_t>event.offer_id), event)


cdef inline uint8_t* _back_raised(uint8_t* at, int field, int tier) noexcept nogil:
    """The highest tier as steps raised it: told also if it is 0, not told if none did (-1)."""
    return at if tier < 0 else back_tag(back_varint(at, <uint64_t>tier), field << 3)


cdef uint8_t* _back_decision(Back* back, uint8_t* at, int field, const EventData* event) except? NULL:
    cdef Py_ssize_t behind = back.end - at
    if (event.tier | event.strategy | event.chosen_by) < 0:
        return NULL
    at = back_text(back, at, 10, event.text)
    at = back_number(at, 9, <uint64_t>event.cause)
    at = back_number(at, 8, <uint64_t>event.step)
    at = back_number(at, 7, <uint64_t>event.policy_version)
    at = back_number(at, 6, <uint64_t>event.chosen_by)
    at = back_number(at, 5, <uint64_t>event.strategy)
    at = back_time(at, 4, event.wait_ns)
    at = back_number(at, 3, <uint64_t>event.score)
    at = back_signed(at, 2, event.priority)
    at = back_number(at, 1, <uint64_t>event.tier)
    return back_head(at, field, back.end - at - behind)


cdef uint8_t* _back_attributes(Back* back, uint8_t* at, int field, PyObject* attributes) except? NULL:
    """The entries of packed attributes as those of a map in `field`; NULL if they are not as the codec packs them."""
    cdef uint8_t* head
    cdef const uint8_t* behind
    cdef const uint8_t* end
    cdef Span entry, key
    cdef Py_ssize_t size
    cdef int count = 0
    if attributes == NULL:
        return at
    size = PyBytes_GET_SIZE(attributes)
    end = back_reserve(back, at, size)
    at = <uint8_t*>end - size
    memcpy(at, PyBytes_AS_STRING(<bytes>attributes), <size_t>size)
    key.at = NULL
    key.size = 0
    head = at
    # An entry is what it is in the map, but for the number of its field.
    while head < end:
        if head[0] != 0x0A or count == ENTRIES_MAX:
            return NULL
        behind = take_span(head + 1, end, &entry)
        if behind == NULL or behind - head != framed_size(entry.size) or not _take_entry(entry, &key):
            return NULL
        head[0] = <uint8_t>(field << 3 | 2)
        head += behind - head
        count += 1
    return at


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


cdef uint8_t* back_standing(Back* back, uint8_t* at, int field, const AnswerData* answer) except NULL:
    """How the contact of an answer stands, as `acd.v1.ContactStanding` in `field`."""
    cdef Py_ssize_t behind = back.end - at
    if answer.agent_id != NULL:
        if answer.offer_expires_ns:
            at = back_time(at, 5, answer.offer_expires_ns)
        at = back_number(at, 4, <uint64_t>answer.offer_id)
        at = back_text(back, at, 3, answer.agent_id)
    at = back_number(at, 2, <uint64_t>answer.contact_state)
    at = back_text(back, at, 1, answer.contact_id)
    return back_head(at, field, back.end - at - behind)
