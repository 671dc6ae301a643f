# cython: language_level=3
"""From the bytes of a request to its outline: what most commands look like.

`codec.requests` is the specification. Whatever is unusual here, be it for protobuf (a field that comes twice, an unknown
one, a wrong wire type) or for the checks of a command (a number that would be refused), is answered with no: then
protobuf and the plain codec have to say what it is. So a refusal is worded in one place. Texts are for the makers of
commands and orders to judge (`wire_reader`), but an outline that is bare has only ids that are certain to pass.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp

from acd_core.orders cimport Name
from acd_core.types cimport *
from acd_service.codec.wire_fields cimport PLACE_OF_31, is_plain, take_duration, take_fields

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


cdef bint read_outline(int field, Span content, Outline* outline) noexcept nogil:
    """Fill in the outline of the request in a field of `acd.v1.Command`; False if the plain codec has to be asked, or it
    is not of those that come most."""
    cdef Fields fields
    if not take_fields(content.at, content.size, 9 if field == ENQUEUE_CONTACT else -1, &fields):
        return False
    outline.content = content
    _give(&fields, 1, &outline.request_id)
    if field == ENQUEUE_CONTACT:
        return _enqueue(&fields, outline)
    outline.preference.size = 0
    outline.attributes = 0
    if field == ACCEPT_OFFER:
        return _accept(&fields, outline)
    if field == COMPLETE_CONTACT:
        return _complete(&fields, outline)
    if field == FINISH_WRAP_UP:
        return _finish(&fields, outline)
    if field == CANCEL_CONTACT:
        return _cancel(&fields, outline)
    if field == SET_PRESENCE:
        return _set_presence(&fields, outline)
    if field == DECLINE_OFFER:
        return _decline(&fields, outline)
    return False


# Values


cdef inline void _give(const Fields* fields, int field, Span* span) noexcept nogil:
    if fields.texts >> field & 1:
        span[0] = fields.text[field]
    else:
        span.size = 0


cdef inline bint _name(const Fields* fields, int field, Name* name, Outline* outline) noexcept nogil:
    """Where an id lies; False if it is not there, or empty."""
    if not fields.texts >> field & 1 or not fields.text[field].size:
        name.size = 0
        return False
    name.at = <const char*>fields.text[field].at
    name.size = fields.text[field].size
    name.key = 0
    if name.size > _ID_BYTES_MAX or not is_plain(fields.text[field].at, name.size):
        outline.bare = False
    return True


cdef int64_t ms_of(Span content) noexcept nogil:
    """A span of time in whole milliseconds, or -1 if it is negative, no valid Duration or beyond any bound."""
    cdef int64_t seconds, nanos
    if not take_duration(content, &seconds, &nanos) or nanos % 1000000 or not 0 <= seconds <= _DURATION_MS_MAX:
        return -1
    return seconds * 1000 + nanos // 1000000


cdef inline bint _duration(const Fields* fields, int field, int64_t* ms) noexcept nogil:
    """A duration of milliseconds, 0 or within the bounds; left as it is if it is not given."""
    if not fields.texts >> field & 1:
        return True
    ms[0] = ms_of(fields.text[field])
    return ms[0] == 0 or _DURATION_MS_MIN <= ms[0] <= _DURATION_MS_MAX


cdef bint read_credit(const Fields* fields, int field, int64_t* credit_ms) noexcept nogil:
    """A credit; left as it is if it is not given, False if it would be refused."""
    cdef int64_t seconds, nanos
    if not fields.texts >> field & 1:
        return True
    if not take_duration(fields.text[field], &seconds, &nanos) or nanos % 1000000 or (seconds < 0 and nanos):
        return False
    if not -_CREDIT_MS_MAX <= seconds <= _CREDIT_MS_MAX:
        return False
    credit_ms[0] = seconds * 1000 + nanos // 1000000
    return -_CREDIT_MS_MAX <= credit_ms[0] <= _CREDIT_MS_MAX


cdef bint read_priority(const Fields* fields, int field, int64_t* priority) noexcept nogil:
    """As `read_credit`, for a priority."""
    cdef uint64_t value
    if not fields.numbers >> field & 1:
        return True
    value = fields.number[field]
    if value >> 32:
        return False
    priority[0] = <int64_t>(value >> 1) ^ -<int64_t>(value & 1)
    return -_PRIORITY_MAX <= priority[0] <= _PRIORITY_MAX


# Requests


cdef bint _enqueue(const Fields* fields, Outline* outline) noexcept nogil:
    cdef Order* order = &outline.order
    if fields.texts & ~<uint32_t>0x83BE or fields.numbers & ~<uint32_t>0x40:
        return False
    order.kind = CMD_ENQUEUE_CONTACT
    order.priority = 0
    order.credit_ms = 0
    outline.bare = outline.request_id.size == 0
    outline.names_preference = fields.texts >> PLACE_OF_31 & 1
    if outline.names_preference:
        outline.preference = fields.text[PLACE_OF_31]
        outline.bare = False
    if _name(fields, 2, &order.contact, outline) and order.contact.size >= _reserved_size \
            and memcmp(order.contact.at, _reserved, <size_t>_reserved_size) == 0:
        return False
    if not _name(fields, 4, &order.channel, outline):
        order.channel.at = _voice
        order.channel.size = _voice_size
    order.requirement.size = 0
    order.requirement.key = 0
    if fields.texts & 0x20:
        order.requirement.at = <const char*>fields.text[5].at
        order.requirement.size = fields.text[5].size
    _give(fields, 8, &outline.customer)
    outline.attributes = fields.repeats
    return _name(fields, 3, &order.queue, outline) and read_priority(fields, 6, &order.priority) \
        and read_credit(fields, 7, &order.credit_ms)


cdef bint _cancel(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0x6 or fields.numbers & ~<uint32_t>0x8 or (fields.numbers and fields.number[3] > 2):
        return False
    outline.order.kind = CMD_CANCEL_CONTACT
    outline.order.abandoned = not (fields.numbers and fields.number[3] == 2)
    outline.order.agent.size = 0
    outline.bare = outline.request_id.size == 0
    return _name(fields, 2, &outline.order.contact, outline)


cdef bint _accept(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0xE or fields.numbers != 0x10 or not 0 < <int64_t>fields.number[4]:
        return False
    outline.order.kind = CMD_ACCEPT_OFFER
    outline.order.offer_id = <int64_t>fields.number[4]
    outline.bare = outline.request_id.size == 0
    return _name(fields, 2, &outline.order.contact, outline) and _name(fields, 3, &outline.order.agent, outline)


cdef bint _decline(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0xE or fields.numbers & ~<uint32_t>0x20 != 0x10 or not 0 < <int64_t>fields.number[4]:
        return False
    outline.order.kind = CMD_DECLINE_OFFER
    outline.order.offer_id = <int64_t>fields.number[4]
    outline.order.outcome = OUTCOME_DECLINED
    if fields.numbers & 0x20 and fields.number[5]:
        if fields.number[5] > OUTCOME_MISSED:
            return False
        outline.order.outcome = <int>fields.number[5]
    outline.bare = outline.request_id.size == 0
    return _name(fields, 2, &outline.order.contact, outline) and _name(fields, 3, &outline.order.agent, outline)


cdef bint _complete(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0x1E or fields.numbers & ~<uint32_t>0x20:
        return False
    outline.order.kind = CMD_COMPLETE_CONTACT
    outline.order.wrap_up_ms = -1
    outline.order.not_reached = fields.numbers != 0 and fields.number[5] != 0
    outline.bare = outline.request_id.size == 0
    _name(fields, 3, &outline.order.agent, outline)
    return _name(fields, 2, &outline.order.contact, outline) and _duration(fields, 4, &outline.order.wrap_up_ms)


cdef bint _finish(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0xE or fields.numbers:
        return False
    outline.order.kind = CMD_FINISH_WRAP_UP
    outline.bare = outline.request_id.size == 0
    _name(fields, 3, &outline.order.contact, outline)
    return _name(fields, 2, &outline.order.agent, outline)


cdef bint _set_presence(const Fields* fields, Outline* outline) noexcept nogil:
    if fields.texts & ~<uint32_t>0x36 or fields.numbers != 0x8 or not 1 <= fields.number[3] <= 3:
        return False
    outline.order.kind = CMD_SET_PRESENCE
    outline.order.presence = <int>fields.number[3]
    outline.order.lease_ms = 0
    outline.order.contact.size = 0
    outline.bare = outline.request_id.size == 0
    _give(fields, 4, &outline.reason)
    if outline.reason.size and outline.order.presence != PRESENCE_AWAY:
        return False
    return _name(fields, 2, &outline.order.agent, outline) and _duration(fields, 5, &outline.order.lease_ms)
