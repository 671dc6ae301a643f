"""What counters and readers of the stream need to know of an event, read from its bytes without an object of Python's.

Only what this service writes is read: the numbers and the time stand first, in their order, then the detail. `codec.events`
says what each detail holds.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from acd_core.types cimport *
from acd_service.codec.wire_fields cimport NANOS, Span, take_duration, take_span, take_varint


cdef enum:
    DETAIL_FIRST = 11  # the field of the first type of event; the type is its number from 1
    DETAIL_LAST = 60
    FIELDS_KEPT = 16
    SECONDS_BOUND = 8589934592  # of some 9.2 thousand millions whose nanoseconds fit
    TAG_OF_CONTACT = 0x0A  # the first field of a detail


cdef struct Heading:
    int64_t event_seq
    int64_t seq
    int64_t at_ns
    int32_t type
    Span detail
    const uint8_t* rest  # what stands behind the detail


cdef struct Facts:
    # Texts that the event does not have are of size 0, numbers 0.
    int64_t event_seq
    int64_t seq
    int64_t at_ns
    int64_t wait_ns
    int64_t duration_ns
    int64_t policy_version
    int32_t type
    int32_t cause
    int32_t presence
    Span contact_id
    Span agent_id
    Span queue_id
    Span channel_id
    Span reason  # for being away


cdef struct _Detail:
    uint32_t texts  # bit set: which are there
    Span text[16]
    uint64_t number[16]


cdef inline bint _take_detail(Span within, _Detail* detail) noexcept nogil:
    cdef const uint8_t* at = within.at
    cdef const uint8_t* end = at + within.size
    cdef uint64_t tag, number
    cdef int field
    cdef Span span
    detail.texts = 0
    for field in range(FIELDS_KEPT):
        detail.number[field] = 0
    while at < end:
        at = take_varint(at, end, &tag)
        if at == NULL:
            return False
        field = <int>(tag >> 3) if tag >> 3 < FIELDS_KEPT else 0
        if tag & 7 == 2:
            at = take_span(at, end, &span)
            if at == NULL:
                return False
            detail.texts |= <uint32_t>1 << field
            detail.text[field] = span
        elif tag & 7 == 0:
            at = take_varint(at, end, &number)
            if at == NULL:
                return False
            detail.number[field] = number
        else:
            return False
    return True


cdef inline Span _text(const _Detail* detail, int field) noexcept nogil:
    cdef Span nothing
    if detail.texts >> field & 1:
        return detail.text[field]
    nothing.at = NULL
    nothing.size = 0
    return nothing


cdef inline bint take_time(Span span, int64_t* value_ns) noexcept nogil:
    """A Duration or Timestamp that is not negative and fits into nanoseconds."""
    cdef int64_t seconds, nanos
    if not take_duration(span, &seconds, &nanos) or not 0 <= seconds < SECONDS_BOUND:
        return False
    value_ns[0] = seconds * NANOS + nanos
    return True


cdef inline bint _optional_time(const _Detail* detail, int field, int64_t* value_ns) noexcept nogil:
    return not detail.texts >> field & 1 or take_time(detail.text[field], value_ns)


cdef inline bint take_heading(const uint8_t* at, Py_ssize_t size, Heading* heading) noexcept nogil:
    """Read what stands first in an `acd.v1.Event`; False if its bytes are none that this service wrote."""
    cdef const uint8_t* end = at + size
    cdef uint64_t number
    cdef Span span
    if at == end or at[0] != 0x08:
        return False
    at = take_varint(at + 1, end, &number)
    if at == NULL or at == end or at[0] != 0x10:
        return False
    heading.event_seq = <int64_t>number
    at = take_varint(at + 1, end, &number)
    if at == NULL or at == end or at[0] != 0x1A or heading.event_seq < 0 or number >> 63:
        return False
    heading.seq = <int64_t>number
    at = take_span(at + 1, end, &span)
    if at == NULL or not take_time(span, &heading.at_ns):
        return False
    at = take_varint(at, end, &number)
    if at == NULL or number & 7 != 2 or not DETAIL_FIRST <= number >> 3 <= DETAIL_LAST:
        return False
    heading.type = <int32_t>(number >> 3) - DETAIL_FIRST + 1
    heading.rest = take_span(at, end, &heading.detail)
    return heading.rest != NULL


cdef inline Span contact_in(Span detail) noexcept nogil:
    """The id of the contact that the detail of an event is about, where it is about one."""
    cdef Span found
    if not detail.size or detail.at[0] != TAG_OF_CONTACT \
            or take_span(detail.at + 1, detail.at + detail.size, &found) == NULL:
        found.at = NULL
        found.size = 0
    return found


cdef inline bint take_facts(const uint8_t* at, Py_ssize_t size, Facts* facts) noexcept nogil:
    """Read an `acd.v1.Event`; False if its bytes are none that this service wrote."""
    cdef Heading heading
    cdef _Detail detail
    cdef Span nothing
    nothing.at = NULL
    nothing.size = 0
    if not take_heading(at, size, &heading) or not _take_detail(heading.detail, &detail):
        return False
    facts.event_seq, facts.seq, facts.at_ns, facts.type = heading.event_seq, heading.seq, heading.at_ns, heading.type
    facts.wait_ns = facts.duration_ns = facts.policy_version = 0
    facts.cause = facts.presence = 0
    facts.contact_id = facts.agent_id = facts.queue_id = facts.channel_id = facts.reason = nothing
    return _put_facts(&detail, facts)


cdef inline bint _put_facts(const _Detail* detail, Facts* facts) noexcept nogil:
    cdef int type = facts.type
    cdef _Detail decision
    if type == EVENT_POLICY_APPLIED:
        facts.policy_version = <int64_t>detail.number[1]
        return True
    if EVENT_AGENT_ADDED <= type <= EVENT_AGENT_DELAY_ENDED:
        facts.agent_id = _text(detail, 1)
        if type == EVENT_PRESENCE_CHANGED:
            facts.presence = <int32_t>detail.number[2]
            facts.reason = _text(detail, 3)
            facts.cause = <int32_t>detail.number[4]
        return True
    if type == EVENT_RESUMED:
        return True
    if type == EVENT_QUEUE_OPENED or type == EVENT_QUEUE_CLOSED:
        facts.queue_id = _text(detail, 1)
        return True
    facts.contact_id = _text(detail, 1)
    if type == EVENT_CONTACT_ENQUEUED:
        facts.queue_id = _text(detail, 3)
        facts.channel_id = _text(detail, 4)
        return True
    if type == EVENT_SEGMENT_OPENED:
        facts.queue_id = _text(detail, 2)
        facts.channel_id = _text(detail, 3)
        facts.cause = <int32_t>detail.number[7]
        return _optional_time(detail, 8, &facts.wait_ns)
    if type == EVENT_CONTACT_MOVED:
        facts.queue_id = _text(detail, 2)
        facts.cause = <int32_t>detail.number[4]
        return _optional_time(detail, 5, &facts.wait_ns)
    if EVENT_OFFER_MADE <= type <= EVENT_OFFER_ENDED or type == EVENT_CONTACT_COMPLETED or type == EVENT_CONTACT_CLOSED:
        facts.agent_id = _text(detail, 2)
        facts.queue_id = _text(detail, 3)
        if type == EVENT_OFFER_ACCEPTED:
            return _optional_time(detail, 5, &facts.wait_ns)
        if type == EVENT_CONTACT_COMPLETED:
            return _optional_time(detail, 5, &facts.duration_ns)
        if type == EVENT_OFFER_ENDED:
            facts.cause = <int32_t>detail.number[5]
        elif type == EVENT_CONTACT_CLOSED:
            facts.cause = <int32_t>detail.number[4]
            return _optional_time(detail, 5, &facts.wait_ns) and _optional_time(detail, 6, &facts.duration_ns)
        elif type == EVENT_CONTACT_ASSIGNED and detail.texts >> 5 & 1:
            return _take_detail(detail.text[5], &decision) and _optional_time(&decision, 4, &facts.wait_ns)
        return True
    if type == EVENT_CONTACT_HELD or type == EVENT_CONTACT_RETRIEVED or type == EVENT_CONSULTATION_OPENED \
            or EVENT_AGENT_EXCLUDED <= type <= EVENT_CONTACT_UNATTENDED:
        facts.agent_id = _text(detail, 2)
    return True
