# cython: language_level=3
"""What can be judged of a command without the state: each raises `Refused`, naming the field."""

from functools import lru_cache

from libc.stdint cimport int64_t

from acd_core.programs cimport SYMBOLS_MAX, Symbol, read_program

from acd_core.checks import check_duration, check_id, check_range
from acd_core.limits import (
    AGENTS_PER_COMMAND_MAX,
    AT_NS_MAX,
    ATTRIBUTE_BYTES_MAX,
    CALLBACK_ATTEMPTS_MAX,
    CONTACTS_PER_COMMAND_MAX,
    CREDIT_MS_MAX,
    ID_BYTES_MAX,
    PREFERRED_AGENTS_MAX,
    PRIORITY_MAX,
)
from acd_core.refusal import Reason, Refused
from acd_core.requirement import parse, parse_own

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const unsigned char* PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    Py_UCS4 PyUnicode_READ_CHAR(object text, Py_ssize_t index)

cdef int64_t _PRIORITY_MAX = PRIORITY_MAX
cdef int64_t _CREDIT_MS_MAX = CREDIT_MS_MAX
cdef Py_ssize_t _ID_BYTES_MAX = ID_BYTES_MAX
cdef Py_ssize_t _ATTRIBUTE_BYTES_MAX = ATTRIBUTE_BYTES_MAX

GENERATED_ID_PREFIX = "acd:"
"""Contact ids that start so are given by the engine; a caller's own may not."""

parse_cached = lru_cache(maxsize=16_384)(parse)
parse_own_cached = lru_cache(maxsize=16_384)(parse_own)


cdef int ensure_id(str value, str field) except -1:
    cdef Py_ssize_t size, i
    cdef const unsigned char* data
    if value is not None and PyUnicode_IS_COMPACT_ASCII(value):
        size = PyUnicode_GET_LENGTH(value)
        if 0 < size <= _ID_BYTES_MAX:
            data = PyUnicode_1BYTE_DATA(value)
            for i in range(size):
                if data[i] < 0x20 or data[i] == 0x7F:
                    break
            else:
                return 0
    check_id(value, field)
    return 0


cdef bint is_reserved(str contact_id) except -1:
    return PyUnicode_READ_CHAR(contact_id, 0) == 0x61 and contact_id.startswith(GENERATED_ID_PREFIX)


cdef int ensure_offer_id(int64_t offer_id) except -1:
    if offer_id < 1:
        raise Refused(Reason.OUT_OF_RANGE, "offer_id", f"{offer_id} is not an offer's id; they count from 1")
    return 0


cdef int ensure_requirement(str text) except -1:
    cdef Symbol[SYMBOLS_MAX] symbols
    if not text or read_program(text, 1, symbols) >= 0:
        return 0
    try:
        parse_cached(text)
    except Refused as refused:
        raise refused.within("requirement") from None
    return 0


cdef int ensure_priority(int64_t priority) except -1:
    if not -_PRIORITY_MAX <= priority <= _PRIORITY_MAX:
        check_range(priority, -PRIORITY_MAX, PRIORITY_MAX, "priority")
    return 0


cdef int ensure_credit(int64_t credit_ms) except -1:
    if not -_CREDIT_MS_MAX <= credit_ms <= _CREDIT_MS_MAX:
        check_range(credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
    return 0


cdef int ensure_attributes(bytes attributes) except -1:
    if len(attributes) > _ATTRIBUTE_BYTES_MAX:
        raise Refused(Reason.TOO_LONG, "attributes",
                      f"{len(attributes)} bytes are more than the {ATTRIBUTE_BYTES_MAX} allowed")
    return 0


cdef int ensure_preference(tuple agent_ids, int64_t hold_ms, bint only) except -1:
    if len(agent_ids) > PREFERRED_AGENTS_MAX:
        raise Refused(Reason.TOO_MANY, "preferred_agents",
                      f"{len(agent_ids)} agents are more than the {PREFERRED_AGENTS_MAX} allowed")
    for index, agent_id in enumerate(agent_ids):
        check_id(agent_id, f"preferred_agents[{index}]")
    if len(set(agent_ids)) != len(agent_ids):
        raise Refused(Reason.DUPLICATE_ENTRY, "preferred_agents", "an agent appears more than once")
    if hold_ms != -1:
        check_duration(hold_ms, "preferred_hold_ms", zero_means_none=True)
    if only and not agent_ids:
        raise Refused(Reason.EMPTY, "preferred_agents", "a contact for named agents only names at least one")
    return 0


cdef int ensure_callback(str address, int64_t window_start_ns, int64_t window_end_ns, int64_t attempts_max,
                         bint required) except -1:
    if not address:
        if required or window_start_ns or window_end_ns or attempts_max:
            raise Refused(Reason.EMPTY, "callback.address", "a callback needs a number or address to call")
        return 0
    ensure_id(address, "callback.address")
    check_range(window_start_ns, 0, AT_NS_MAX, "callback.window_start")
    check_range(window_end_ns, 0, AT_NS_MAX, "callback.window_end")
    if window_end_ns and window_end_ns <= window_start_ns:
        raise Refused(Reason.INVALID_VALUE, "callback.window_end", "a window ends after it starts")
    check_range(attempts_max, 0, CALLBACK_ATTEMPTS_MAX, "callback.attempts_max")
    return 0


cdef int ensure_agent_ids(tuple agent_ids) except -1:
    if not agent_ids:
        raise Refused(Reason.EMPTY, "agent_ids", "name at least one agent")
    return _ensure_ids(agent_ids, AGENTS_PER_COMMAND_MAX, "agent")


cdef int ensure_contact_ids(tuple contact_ids) except -1:
    return _ensure_ids(contact_ids, CONTACTS_PER_COMMAND_MAX, "contact")


cdef int _ensure_ids(tuple ids, Py_ssize_t count_max, str what) except -1:
    if len(ids) > count_max:
        raise Refused(Reason.TOO_MANY, f"{what}_ids",
                      f"{len(ids)} {what}s are more than the {count_max} allowed at once")
    seen = set()
    for index, each in enumerate(ids):
        check_id(each, f"{what}_ids[{index}]")
        if each in seen:
            raise Refused(Reason.DUPLICATE_ENTRY, f"{what}_ids[{index}]", f'"{each}" appears more than once')
        seen.add(each)
    return 0
