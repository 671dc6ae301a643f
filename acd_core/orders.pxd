"""The commands that come most, as plain records: what the engine takes, be it from command objects or from messages.

An order is valid like a command object: whoever fills it in has judged what can be judged without the state.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcmp, memcpy

from acd_core.memory cimport acd_prefetch
from acd_core.tables cimport SlotEntry, SlotTable, acd_bytes, acd_text_key, table_home

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 greatest)
    void* PyUnicode_DATA(str text)


cdef struct Name:
    # An id or a requirement that is looked up. Size 0: none is given.
    const char* at  # its UTF-8, borrowed
    Py_ssize_t size
    uint64_t key  # in its table; 0: not known yet


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
    PyObject* command  # the command object; NULL: there is none, nor a request id, and all ids are of ASCII
    PyObject* contact_id  # the contact's id as a text; NULL: there is none yet
    PyObject* customer_id
    PyObject* attributes  # bytes
    PyObject* reason
    int64_t priority
    int64_t credit_ms
    int64_t offer_id
    int64_t wrap_up_ms
    int64_t lease_ms


cdef inline int name_text(PyObject* text, Name* name) except -1:
    """Name a text, which has to outlive the name."""
    name.at = acd_bytes(text, &name.size)
    name.key = 0
    return 0


cdef inline uint64_t key_of(const SlotTable* table, const Name* name) noexcept nogil:
    """The key of a name in this table."""
    return name.key or acd_text_key(name.at, name.size, table.secret[0], table.secret[1])


cdef inline bint is_named(PyObject* text, const Name* name) except -1:
    """Whether a text is the one that a name stands for."""
    cdef Py_ssize_t size
    cdef const char* at = acd_bytes(text, &size)
    return size == name.size and memcmp(at, name.at, <size_t>size) == 0


cdef inline void look_ahead(const SlotTable* table, Name* name) noexcept nogil:
    """Give a name that is looked up soon its key, and have its place in the table fetched."""
    if name.size and table.entries != NULL:
        name.key = key_of(table, name)
        acd_prefetch(&table.entries[table_home(table, name.key)])


cdef inline int32_t slot_named(const SlotTable* table, const Name* name, const void* records, size_t size) except -2:
    """The slot under a name in a table of texts, or -1.

    What lies in `records`, an array of such of `size` bytes, for the slot is fetched while the text is waited for.
    """
    cdef uint64_t at, key
    cdef const SlotEntry* entry
    cdef size_t line
    if table.entries == NULL:
        return -1
    key = key_of(table, name)
    at = table_home(table, key)
    while True:
        entry = &table.entries[at]
        if entry.slot < 0:
            return -1
        if entry.key == key:
            for line in range(0, size, 64):
                acd_prefetch(<const char*>records + <size_t>entry.slot * size + line)
            if is_named(<PyObject*>entry.text, name):
                return entry.slot
        at = (at + 1) & table.mask


cdef inline str text_named(const Name* name):
    """A name as a text, to be told; what names nothing need be no text at all."""
    return PyUnicode_DecodeUTF8(name.at, name.size, "replace")


cdef inline str ascii_named(const Name* name):
    """As `text_named`, of a name that is known to be of ASCII and not empty."""
    cdef str text = PyUnicode_New(name.size, 0x7F)
    memcpy(PyUnicode_DATA(text), name.at, <size_t>name.size)
    return text
