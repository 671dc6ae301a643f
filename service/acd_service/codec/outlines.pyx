# cython: language_level=3
"""From the bytes of a request to its outline: what most commands look like.

`codec.requests` is the specification. Whatever is unusual here, be it for protobuf (fields in another order than that of
their numbers, one that comes twice, an unknown one, a wrong wire type) or for the checks of a command (a number that
would be refused), is answered with no: then protobuf and the plain codec have to say what it is. So a refusal is worded
in one place. Texts are for the makers of commands and orders to judge (`wire_reader`), but in an outline that is bare a
new id is certain to pass. The other ids in it name what is there, or the command is refused.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp

from acd_core.orders cimport Name
from acd_core.types cimport *
from acd_service.codec.wire_fields cimport is_plain, take_duration, take_far_text, take_number, take_text

from acd_core.command_checks import GENERATED_ID_PREFIX
from acd_core.limits import CREDIT_MS_MAX, DURATION_MS_MAX, DURATION_MS_MIN, ID_BYTES_MAX, PRIORITY_MAX

cdef int64_t _PRIORITY_MAX = PRIORITY_MAX
cdef int64_t _CREDIT_MS_MAX = CREDIT_MS_MAX
cdef int64_t _DURATION_MS_MIN = DURATION_MS_MIN
cdef int64_t _DURATION_MS_MAX = DURATION_MS_MAX
cdef Py_ssize_t _ID_BYTES_MAX = ID_BYTES_MAX
cdef bytes _RESERVED = GENERATED_ID_PREFIX.encode()
cdef const char* _reserved = _RESERVED
cdef Py_ssize_t _reserved_size = len(_RESERVED)
cdef const char* _voice = b"voice"  # the channel of a contact that names none
cdef Py_ssize_t _voice_size = 5

cdef enum:
    # Fields of acd.v1.Command, and so of the requests.
    ENQUEUE_CONTACT = 1
    CANCEL_CONTACT = 3
    ACCEPT_OFFER = 4
    DECLINE_OFFER = 5
    COMPLETE_CONTACT = 6
    FINISH_WRAP_UP = 7
    SET_PRESENCE = 8
    # Tags: the number of a field times eight, and how it is written.
    TEXT_1 = 1 << 3 | 2
    TEXT_2 = 2 << 3 | 2
    TEXT_3 = 3 << 3 | 2
    TEXT_4 = 4 << 3 | 2
    TEXT_5 = 5 << 3 | 2
    TEXT_7 = 7 << 3 | 2
    TEXT_8 = 8 << 3 | 2
    TEXT_9 = 9 << 3 | 2
    NUMBER_3 = 3 << 3
    NUMBER_4 = 4 << 3
    NUMBER_5 = 5 << 3
    NUMBER_6 = 6 << 3


cdef bint read_outline(int field, Span content, Outline* outline) noexcept nogil:
    """Fill in the outline of the request in a field of `acd.v1.Command`; False if the plain codec has to be asked, or it
    is not of those that come most."""
    cdef const uint8_t* end = content.at + content.size
    cdef const uint8_t* at = take_text(content.at, end, TEXT_1, &outline.request_id)
    outline.order.command = NULL
    outline.bare = outline.request_id.size == 0
    if field == ENQUEUE_CONTACT:
        return _enqueue(at, end, outline)
    if field == ACCEPT_OFFER:
        return _accept(at, end, outline)
    if field == COMPLETE_CONTACT:
        return _complete(at, end, outline)
    if field == FINISH_WRAP_UP:
        return _finish(at, end, outline)
    if field == CANCEL_CONTACT:
        return _cancel(at, end, outline)
    if field == SET_PRESENCE:
        return _set_presence(at, end, outline)
    if field == DECLINE_OFFER:
        return _decline(at, end, outline)
    return False


# Values


cdef inline const uint8_t* _take_name(const uint8_t* at, const uint8_t* end, uint8_t tag, Name* name) noexcept nogil:
    """As `take_text`."""
    cdef Span span
    at = take_text(at, end, tag, &span)
    name.at = <const char*>span.at
    name.size = span.size
    name.key = 0
    return at


cdef int64_t ms_of(Span content) noexcept nogil:
    """A span of time in whole milliseconds, or -1 if it is negative, no valid Duration or beyond any bound."""
    cdef int64_t seconds, nanos
    if not take_duration(content, &seconds, &nanos) or nanos % 1000000 or not 0 <= seconds <= _DURATION_MS_MAX:
        return -1
    return seconds * 1000 + nanos // 1000000


cdef inline bint _read_duration(Span content, int64_t* ms) noexcept nogil:
    """A duration of milliseconds, 0 or within the bounds; left as it is if it is not given."""
    if content.at == NULL:
        return True
    ms[0] = ms_of(content)
    return ms[0] == 0 or _DURATION_MS_MIN <= ms[0] <= _DURATION_MS_MAX


cdef bint read_credit(Span content, int64_t* credit_ms) noexcept nogil:
    """A credit, 0 if it is not given; False if it would be refused."""
    cdef int64_t seconds, nanos
    credit_ms[0] = 0
    if not content.size:
        return True
    if not take_duration(content, &seconds, &nanos) or nanos % 1000000 or (seconds < 0 and nanos):
        return False
    if not -_CREDIT_MS_MAX <= seconds <= _CREDIT_MS_MAX:
        return False
    credit_ms[0] = seconds * 1000 + nanos // 1000000
    return -_CREDIT_MS_MAX <= credit_ms[0] <= _CREDIT_MS_MAX


cdef bint read_priority(uint64_t value, int64_t* priority) noexcept nogil:
    """As `read_credit`, for a priority as it is written, an sint32."""
    if value >> 32:
        return False
    priority[0] = <int64_t>(value >> 1) ^ -<int64_t>(value & 1)
    return -_PRIORITY_MAX <= priority[0] <= _PRIORITY_MAX


cdef inline bint _is_new_id(const Name* name) noexcept nogil:
    """Whether an id passes all checks."""
    return name.size <= _ID_BYTES_MAX and is_plain(<const uint8_t*>name.at, name.size)


cdef inline bint _is_reserved(const Name* name) noexcept nogil:
    """Whether an id begins as those that the engine gives."""
    return name.size >= _reserved_size and name.at[0] == _reserved[0] \
        and memcmp(name.at, _reserved, <size_t>_reserved_size) == 0


# Requests


cdef inline bint _enqueue(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    cdef Order* order = &outline.order
    cdef uint64_t priority
    cdef Span credit
    cdef Span entry
    order.kind = CMD_ENQUEUE_CONTACT
    at = _take_name(at, end, TEXT_2, &order.contact)
    at = _take_name(at, end, TEXT_3, &order.queue)
    at = _take_name(at, end, TEXT_4, &order.channel)
    at = _take_name(at, end, TEXT_5, &order.requirement)
    at = take_number(at, end, NUMBER_6, &priority)
    at = take_text(at, end, TEXT_7, &credit)
    at = take_text(at, end, TEXT_8, &outline.customer)
    outline.attributes.at = at
    outline.attribute_count = 0
    while at < end and at[0] == TEXT_9:
        at = take_text(at, end, TEXT_9, &entry)
        outline.attribute_count += 1
    outline.attributes.size = at - outline.attributes.at
    at = take_far_text(at, end, 31, &outline.preference)
    if at != end or not order.queue.size or _is_reserved(&order.contact):
        return False
    if not order.channel.size:
        order.channel.at = _voice
        order.channel.size = _voice_size
    outline.names_preference = outline.preference.at != NULL
    outline.bare = outline.bare and not outline.names_preference and _is_new_id(&order.contact)
    return read_priority(priority, &order.priority) and read_credit(credit, &order.credit_ms)


cdef inline bint _cancel(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    cdef uint64_t reason
    outline.order.kind = CMD_CANCEL_CONTACT
    at = _take_name(at, end, TEXT_2, &outline.order.contact)
    at = take_number(at, end, NUMBER_3, &reason)
    outline.order.abandoned = reason != 2
    outline.order.agent.size = 0
    return at == end and outline.order.contact.size and reason <= 2


cdef inline const uint8_t* _take_offer(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    """A contact, an agent and an offer; beyond the end if one is not there."""
    cdef uint64_t offer_id
    at = _take_name(at, end, TEXT_2, &outline.order.contact)
    at = _take_name(at, end, TEXT_3, &outline.order.agent)
    at = take_number(at, end, NUMBER_4, &offer_id)
    outline.order.offer_id = <int64_t>offer_id
    if not outline.order.contact.size or not outline.order.agent.size or outline.order.offer_id <= 0:
        return end + 1
    return at


cdef inline bint _accept(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    outline.order.kind = CMD_ACCEPT_OFFER
    return _take_offer(at, end, outline) == end


cdef inline bint _decline(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    cdef uint64_t outcome
    outline.order.kind = CMD_DECLINE_OFFER
    at = take_number(_take_offer(at, end, outline), end, NUMBER_5, &outcome)
    outline.order.outcome = <int>outcome if outcome else OUTCOME_DECLINED
    return at == end and outcome <= OUTCOME_MISSED


cdef inline bint _complete(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    cdef Span wrap_up
    cdef uint64_t not_reached
    outline.order.kind = CMD_COMPLETE_CONTACT
    outline.order.wrap_up_ms = -1
    at = _take_name(at, end, TEXT_2, &outline.order.contact)
    at = _take_name(at, end, TEXT_3, &outline.order.agent)
    at = take_text(at, end, TEXT_4, &wrap_up)
    at = take_number(at, end, NUMBER_5, &not_reached)
    outline.order.not_reached = not_reached != 0
    return at == end and outline.order.contact.size and _read_duration(wrap_up, &outline.order.wrap_up_ms)


cdef inline bint _finish(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    outline.order.kind = CMD_FINISH_WRAP_UP
    at = _take_name(at, end, TEXT_2, &outline.order.agent)
    at = _take_name(at, end, TEXT_3, &outline.order.contact)
    return at == end and outline.order.agent.size


cdef inline bint _set_presence(const uint8_t* at, const uint8_t* end, Outline* outline) noexcept nogil:
    cdef Span lease
    cdef uint64_t presence
    outline.order.kind = CMD_SET_PRESENCE
    outline.order.contact.size = 0
    outline.order.lease_ms = 0
    at = _take_name(at, end, TEXT_2, &outline.order.agent)
    at = take_number(at, end, NUMBER_3, &presence)
    at = take_text(at, end, TEXT_4, &outline.reason)
    at = take_text(at, end, TEXT_5, &lease)
    if at != end or not outline.order.agent.size or not 1 <= presence <= 3:
        return False
    outline.order.presence = <int>presence
    if outline.reason.size and presence != PRESENCE_AWAY:
        return False
    return _read_duration(lease, &outline.order.lease_ms)
