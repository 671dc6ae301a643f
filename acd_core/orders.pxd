"""The commands that come most, as plain records: what the engine takes, be it from command objects or from messages.

An order is valid like a command object: whoever fills it in has judged what can be judged without the state.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcmp

from acd_core.tables cimport SlotTable, acd_bytes, acd_text_key

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)


cdef struct Name:
    # An id or a requirement that is looked up: its UTF-8, borrowed, and its key in the table. Size 0: none is given.
    const char* at
    Py_ssize_t size
    uint64_t key


cdef struct Order:
    # Which fields count depends on the kind, as in the commands. All texts are borrowed.
    int32_t kind
    int32_t presence
    int32_t outcome
    bint abandoned
    bint attached
    bint not_reached
    bint plain  # an enqueued contact without anything that few contacts have
    Name contact
    Name agent
    Name queue
    Name channel
    Name requirement  # empty: none
    PyObject* command  # the command object; NULL: there is none, and no request id either
    PyObject* contact_id  # the contact's id as a text; NULL: there is none yet
    PyObject* customer_id
    PyObject* attributes  # bytes
    PyObject* reason
    int64_t priority
    int64_t credit_ms
    int64_t offer_id
    int64_t wrap_up_ms
    int64_t lease_ms


cdef inline void name_bytes(const SlotTable* table, const void* at, Py_ssize_t size, Name* name) noexcept nogil:
    """Name what a table of ids is to be asked for."""
    name.at = <const char*>at
    name.size = size
    name.key = acd_text_key(name.at, size, table.secret[0], table.secret[1])


cdef inline int name_text(const SlotTable* table, PyObject* text, Name* name) except -1:
    """As `name_bytes`, for a text, which has to outlive the name."""
    cdef Py_ssize_t size
    cdef const char* at = acd_bytes(text, &size)
    name_bytes(table, at, size, name)
    return 0


cdef inline bint is_named(PyObject* text, const Name* name) except -1:
    """Whether a text is the one that a name stands for."""
    cdef Py_ssize_t size
    cdef const char* at = acd_bytes(text, &size)
    return size == name.size and memcmp(at, name.at, <size_t>size) == 0


cdef inline str text_named(const Name* name):
    return PyUnicode_DecodeUTF8(name.at, name.size, NULL)
