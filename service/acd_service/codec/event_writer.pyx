# cython: language_level=3
"""Events as `acd.v1.Event`, written without protobuf between, byte for byte as protobuf writes it deterministically.

`codec.events` and `codec.story_events` are the specification; what is not written here (an agent's description), or has
a value that protobuf would not take, is left to them.

A message is written from its end to its beginning, so its fields come in falling order.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy

from acd_core.events cimport AnswerData, Event, EventData
from acd_core.types cimport *
from acd_service.codec.wire_fields cimport Fields, Span, take_fields, take_span
from acd_service.codec.wire_writer cimport (
    acd_copy,
    back_bytes,
    back_close,
    back_ms,
    back_number,
    back_signed,
    back_text,
    back_time,
    begin_back,
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


cdef class EventWriter:
    """Holds the room that it writes in."""

    def __cinit__(self):
        self.at_ns = -1

    def __dealloc__(self):
        free(self.back.data)

    def event(self, Event event not None):
        """An event as bytes, or None if the plain codec has to be asked."""
        if not self.write(&event.data):
            return None
        return PyBytes_FromStringAndSize(<const char*>self.back.at, self.back.end - self.back.at)

    cdef bint write(self, const EventData* event) except -1:
        """Write an event into `back`; False if the plain codec has to be asked."""
        cdef const uint8_t* end
        if event.at_ns < 0 or event.event_seq < 0 or event.seq < 0:
            return False
        begin_back(&self.back, FIXED_BYTES_MAX + (0 if event.attributes == NULL else PyBytes_GET_SIZE(event.attributes))
                   + UTF8_BYTES_MAX * (length_of(event.contact_id) + length_of(event.agent_id)
                                       + length_of(event.queue_id) + length_of(event.channel_id)
                                       + length_of(event.customer_id) + length_of(event.text)))
        end = self.back.at
        if not self._write_detail(event):
            return False
        back_close(&self.back, event.type + 10, end)
        self._write_time(event.at_ns)
        back_number(&self.back, 2, <uint64_t>event.seq)
        back_number(&self.back, 1, <uint64_t>event.event_seq)
        return True

    cdef int _write_time(self, long long at_ns) except -1:
        """The field `at`, which many events in a row share."""
        cdef uint8_t* before = self.back.at
        if at_ns == self.at_ns:
            self.back.at -= self.at_size
            acd_copy(self.back.at, self.at, self.at_size)
            return 0
        back_time(&self.back, 3, at_ns)
        self.at_size = before - self.back.at
        self.at_ns = at_ns
        memcpy(self.at, self.back.at, <size_t>self.at_size)
        return 0

    cdef bint _write_detail(self, const EventData* event) except -1:
        cdef Back* back = &self.back
        cdef int type = event.type
        cdef const uint8_t* detail_end
        if type == EVENT_CONTACT_ENQUEUED:
            if event.ordinal < 0 or not _is_int32(event.priority) or not _write_attributes(back, 9, event.attributes):
                return False
            back_text(back, 8, event.customer_id)
            if event.credit_ms:
                back_ms(back, 7, event.credit_ms)
            back_signed(back, 6, event.priority)
            back_text(back, 5, event.text)
            back_text(back, 4, event.channel_id)
            back_text(back, 3, event.queue_id)
            back_number(back, 2, <uint64_t>event.ordinal)
        elif type == EVENT_OFFER_MADE or type == EVENT_CONTACT_ASSIGNED:
            if event.offer_id < 0 or event.until_ns < 0 or not _write_decision(back, event):
                return False
            if type == EVENT_OFFER_MADE:
                back_time(back, 5, event.until_ns)
            _write_offer(back, event)
        elif type == EVENT_OFFER_ACCEPTED:
            if event.offer_id < 0 or event.wait_ns < 0:
                return False
            back_time(back, 5, event.wait_ns)
            _write_offer(back, event)
        elif type == EVENT_OFFER_ENDED:
            if event.offer_id < 0 or event.cause < 0:
                return False
            back_number(back, 5, <uint64_t>event.cause)
            _write_offer(back, event)
        elif type == EVENT_CONTACT_COMPLETED:
            if event.duration_ns < 0 or event.until_ns < 0:
                return False
            back_time(back, 5, event.duration_ns)
            if event.until_ns:
                back_time(back, 4, event.until_ns)
            _write_agent_queue(back, event)
        elif type == EVENT_CONTACT_CLOSED:
            if event.duration_ns < 0 or event.wait_ns < 0 or event.cause < 0:
                return False
            back_time(back, 6, event.duration_ns)
            back_time(back, 5, event.wait_ns)
            back_number(back, 4, <uint64_t>event.cause)
            _write_agent_queue(back, event)
        elif type == EVENT_PRESENCE_CHANGED:
            if event.until_ns < 0 or event.cause < 0 or event.presence < 0:
                return False
            if event.until_ns:
                back_time(back, 5, event.until_ns)
            back_number(back, 4, <uint64_t>event.cause)
            back_text(back, 3, event.text)
            back_number(back, 2, <uint64_t>event.presence)
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_CONTACT_UPDATED:
            if event.tier < -1 or not _is_int32(event.priority):
                return False
            _write_raised(back, 6, event.tier)
            if not _write_attributes(back, 5, event.attributes):
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
            if event.until_ns < 0:
                return False
            back_time(back, 2, event.until_ns)
        elif type == EVENT_AGENT_EXCLUDED:
            if event.until_ns < 0:
                return False
            back_time(back, 3, event.until_ns)
            back_text(back, 2, event.agent_id)
        elif type == EVENT_AGENT_DELAYED:
            if event.until_ns < 0:
                return False
            back_time(back, 2, event.until_ns)
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_AGENT_DELAY_ENDED:
            back_text(back, 1, event.agent_id)
            return True
        elif type == EVENT_PLAN_STEP_TAKEN:
            if event.policy_version < 0 or event.tier < -1 or event.cause < 0 or event.step < 0 \
                    or not _is_int32(event.priority):
                return False
            back_number(back, 9, <uint64_t>event.policy_version)
            _write_raised(back, 8, event.tier)
            back_ms(back, 7, event.credit_ms)
            back_signed(back, 6, event.priority)
            back_text(back, 5, event.text)
            back_number(back, 4, <uint64_t>event.cause)
            back_number(back, 3, <uint64_t>event.step)
            back_text(back, 2, event.queue_id)
        elif type == EVENT_RESERVATION_ENDED:
            if event.cause < 0:
                return False
            back_number(back, 2, <uint64_t>event.cause)
        elif type == EVENT_WAIT_ENDED:
            if event.cause < 0:
                return False
            detail_end = back.at
            back_text(back, 2, event.text)
            back_number(back, 1, <uint64_t>event.cause)
            back_close(back, 3, detail_end)
            back_text(back, 2, event.queue_id)
        elif type == EVENT_CONTACT_MOVED:
            if event.cause < 0 or event.wait_ns < 0:
                return False
            back_time(back, 5, event.wait_ns)
            back_number(back, 4, <uint64_t>event.cause)
            back_text(back, 3, event.text)
            back_text(back, 2, event.queue_id)
        else:
            return False
        return back_text(back, 1, event.contact_id) == 0


cdef inline bint _is_int32(int64_t value) noexcept nogil:
    return -INT32_MAX <= value <= INT32_MAX


cdef inline int _write_agent_queue(Back* back, const EventData* event) except -1:
    back_text(back, 3, event.queue_id)
    return back_text(back, 2, event.agent_id)


cdef inline int _write_offer(Back* back, const EventData* event) except -1:
    back_number(back, 4, <uint64_t>event.offer_id)
    return _write_agent_queue(back, event)


cdef inline void _write_raised(Back* back, int field, int tier) noexcept nogil:
    """The highest tier as steps raised it: told also if it is 0, not told if none did (-1)."""
    if tier == 0:
        back.at -= 2
        back.at[0] = <uint8_t>(field << 3)
        back.at[1] = 0
    elif tier > 0:
        back_number(back, field, <uint64_t>tier)


cdef bint _write_decision(Back* back, const EventData* event) except -1:
    cdef int field = 6 if event.type == EVENT_OFFER_MADE else 5
    cdef const uint8_t* end = back.at
    if event.tier < 0 or event.wait_ns < 0 or event.policy_version < 0 or event.step < 0 or event.cause < 0 \
            or event.strategy < 0 or event.chosen_by < 0 or not _is_int32(event.priority):
        return False
    back_text(back, 10, event.text)
    back_number(back, 9, <uint64_t>event.cause)
    back_number(back, 8, <uint64_t>event.step)
    back_number(back, 7, <uint64_t>event.policy_version)
    back_number(back, 6, <uint64_t>event.chosen_by)
    back_number(back, 5, <uint64_t>event.strategy)
    back_time(back, 4, event.wait_ns)
    back_number(back, 3, <uint64_t>event.score)
    back_signed(back, 2, event.priority)
    back_number(back, 1, <uint64_t>event.tier)
    back_close(back, field, end)
    return True


cdef bint _write_attributes(Back* back, int field, PyObject* attributes) except -1:
    """The entries of packed attributes as those of a map in `field`; False if they are not as the codec packs them."""
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef Span entries[64]
    cdef Span key
    cdef int count = 0
    key.at = NULL
    key.size = 0
    if attributes == NULL:
        return True
    at = <const uint8_t*>PyBytes_AS_STRING(<bytes>attributes)
    end = at + PyBytes_GET_SIZE(attributes)
    while at < end:
        if at[0] != 0x0A or count == ENTRIES_MAX:
            return False
        at = take_span(at + 1, end, &entries[count])
        if at == NULL or not _take_entry(entries[count], &key):
            return False
        count += 1
    while count:
        count -= 1
        back_bytes(back, field, entries[count].at, entries[count].size)
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
