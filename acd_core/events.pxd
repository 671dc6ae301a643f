"""Events and answers: the plain records that an engine fills in, and the objects that Python callers get of them.

A record owns one reference to each text in it; NULL stands for an empty one. It lies in the object that shows it to
Python. An engine fills the same few objects again and again as long as nobody else keeps them, so that neither events
nor answers cost an allocation for those who look at them and go on.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport int32_t, int64_t


cdef struct EventData:
    int64_t event_seq
    int64_t seq
    int64_t at_ns
    int32_t type
    int32_t cause
    int32_t tier
    int32_t strategy
    int32_t chosen_by
    int32_t presence
    int32_t step
    PyObject* contact_id
    PyObject* agent_id
    PyObject* queue_id
    PyObject* text
    int64_t offer_id
    int64_t wait_ns
    int64_t until_ns
    int64_t duration_ns
    int64_t ordinal
    int64_t priority
    int64_t credit_ms
    int64_t score
    int64_t policy_version
    int64_t position
    PyObject* channel_id
    PyObject* customer_id
    PyObject* attributes  # bytes
    PyObject* agent  # an AgentSpec; NULL: none


cdef struct AnswerData:
    int64_t seq
    int64_t at_ns
    int64_t offer_id
    int64_t offer_expires_ns
    int64_t policy_version
    PyObject* contact_id
    PyObject* agent_id
    int32_t contact_state
    bint duplicate


cdef class Event:
    cdef EventData data


cdef class Answer:
    cdef AnswerData data
    cdef readonly tuple events


cdef extern from *:
    """
    static CYTHON_INLINE PyObject* acd_taken(PyObject* object) { Py_INCREF(object); return object; }
    """
    PyObject* taken "acd_taken"(PyObject* object) noexcept  # a reference of one's own to an object


cdef inline PyObject* new_reference(object value) noexcept:
    return taken(<PyObject*>value)


cdef inline str text_of(PyObject* text):
    """A text of a record."""
    return "" if text == NULL else <str>text


cdef extern from *:
    """
    #define acd_ours_alone(object) (Py_REFCNT(object) == 1)
    """
    bint is_ours_alone "acd_ours_alone"(PyObject* object) noexcept


cdef inline EventData* data_of(PyObject* event) noexcept:
    """The record of an Event."""
    return &(<Event>event).data


cdef extern from *:
    """
    /* By pieces, which become plain stores: for the whole a compiler takes a string instruction, which is slower. */
    static CYTHON_INLINE void acd_zero(void* record, size_t size) {
        size_t at = 0;
        #pragma GCC unroll 8
        for (; at + 64 <= size; at += 64) memset((char*)record + at, 0, 64);
        memset((char*)record + at, 0, size - at);
    }
    """
    void acd_zero(void* record, size_t size) noexcept nogil


cdef inline void clear_event(EventData* record) noexcept:
    """Give back what a record refers to, and leave it empty."""
    Py_XDECREF(record.contact_id)
    Py_XDECREF(record.agent_id)
    Py_XDECREF(record.queue_id)
    # Few events have any of these.
    if <size_t>record.text | <size_t>record.channel_id | <size_t>record.customer_id | <size_t>record.attributes \
            | <size_t>record.agent:
        Py_XDECREF(record.text)
        Py_XDECREF(record.channel_id)
        Py_XDECREF(record.customer_id)
        Py_XDECREF(record.attributes)
        Py_XDECREF(record.agent)
    acd_zero(record, sizeof(EventData))


cdef inline void clear_answer(AnswerData* record) noexcept:
    """Give back what a record refers to, and leave it empty."""
    Py_XDECREF(record.contact_id)
    Py_XDECREF(record.agent_id)
    acd_zero(record, sizeof(AnswerData))


cdef PyObject* new_event() except NULL
cdef tuple events_of(PyObject** events, int32_t count)
cdef Answer new_answer()
cdef Answer repeated(const AnswerData* first)
