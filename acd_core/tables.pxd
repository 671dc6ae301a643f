"""A hash table from 64-bit keys to slots, open addressing with linear probing; several entries may share a key.

Nothing ever depends on the order in it: it is asked, never walked.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

cdef extern from "Python.h":
    int PyUnicode_Compare(PyObject* left, PyObject* right) except? -1
    Py_hash_t PyObject_Hash(PyObject* value) except? -1


cdef struct SlotEntry:
    uint64_t key
    int32_t slot  # -1: empty
    int32_t spare


cdef struct SlotTable:
    SlotEntry* entries
    uint64_t mask
    int32_t count


cdef inline uint64_t table_home(const SlotTable* table, uint64_t key) noexcept nogil:
    return ((key * <uint64_t>0x9E3779B97F4A7C15) >> 29) & table.mask


cdef inline int32_t table_find(const SlotTable* table, uint64_t key) noexcept nogil:
    """The slot under a key that at most one entry has, or -1."""
    cdef uint64_t at
    if table.entries == NULL:
        return -1
    at = table_home(table, key)
    while table.entries[at].slot >= 0:
        if table.entries[at].key == key:
            return table.entries[at].slot
        at = (at + 1) & table.mask
    return -1


cdef inline void _table_insert(SlotTable* table, uint64_t key, int32_t slot) noexcept nogil:
    cdef uint64_t at = table_home(table, key)
    while table.entries[at].slot >= 0:
        at = (at + 1) & table.mask
    table.entries[at].key = key
    table.entries[at].slot = slot


cdef inline int _table_resize(SlotTable* table, uint64_t size) except -1:
    cdef SlotTable larger
    cdef uint64_t at
    larger.entries = <SlotEntry*>malloc(size * sizeof(SlotEntry))
    if larger.entries == NULL:
        raise MemoryError
    memset(larger.entries, 0xFF, size * sizeof(SlotEntry))
    larger.mask = size - 1
    larger.count = table.count
    if table.entries != NULL:
        for at in range(table.mask + 1):
            if table.entries[at].slot >= 0:
                _table_insert(&larger, table.entries[at].key, table.entries[at].slot)
        free(table.entries)
    table[0] = larger
    return 0


cdef inline int table_add(SlotTable* table, uint64_t key, int32_t slot) except -1:
    if table.entries == NULL:
        _table_resize(table, 16)
    elif <uint64_t>table.count * 5 >= (table.mask + 1) * 3:
        _table_resize(table, (table.mask + 1) * 2)
    _table_insert(table, key, slot)
    table.count += 1
    return 0


cdef inline bint table_drop(SlotTable* table, uint64_t key, int32_t slot) noexcept nogil:
    """Remove one entry, moving those behind it up; false if it was not there."""
    cdef uint64_t at, gap, home
    if table.entries == NULL:
        return False
    at = table_home(table, key)
    while table.entries[at].key != key or table.entries[at].slot != slot:
        if table.entries[at].slot < 0:
            return False
        at = (at + 1) & table.mask
    gap = at
    while True:
        at = (at + 1) & table.mask
        if table.entries[at].slot < 0:
            break
        home = table_home(table, table.entries[at].key)
        if ((at - home) & table.mask) >= ((at - gap) & table.mask):
            table.entries[gap] = table.entries[at]
            gap = at
    table.entries[gap].slot = -1
    table.count -= 1
    return True


cdef inline void table_clear(SlotTable* table) noexcept nogil:
    free(table.entries)
    table.entries = NULL
    table.mask = 0
    table.count = 0


cdef inline bint same_text(PyObject* left, PyObject* right) except? -1:
    if left == right:
        return True
    return PyUnicode_Compare(left, right) == 0
