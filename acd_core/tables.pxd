"""A hash table from 64-bit keys to slots, open addressing with linear probing; several entries may share a key.

Nothing ever depends on the order in it: it is asked, never walked.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint64_t
from libc.string cimport memcmp, memset

from acd_core.memory cimport acd_prefetch, free, new_block

cdef extern from "Python.h":
    Py_hash_t PyObject_Hash(PyObject* value) except? -1
    const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size) except NULL

cdef extern from *:
    """
    /* The bytes of a text: where they lie in a plain ASCII string, else by way of the interpreter. */
    static CYTHON_INLINE const char* acd_bytes(PyObject* text, Py_ssize_t* size) {
        if (PyUnicode_IS_COMPACT_ASCII(text)) {
            *size = PyUnicode_GET_LENGTH(text);
            return (const char*)PyUnicode_1BYTE_DATA(text);
        }
        return PyUnicode_AsUTF8AndSize(text, size);
    }
    static CYTHON_INLINE uint64_t acd_folded(uint64_t a, uint64_t b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    static CYTHON_INLINE uint64_t acd_load8(const char* at) { uint64_t word; memcpy(&word, at, 8); return word; }
    static CYTHON_INLINE uint64_t acd_load4(const char* at) { uint32_t word; memcpy(&word, at, 4); return word; }
    /* Blocks of 16 bytes by folded products of 128 bits; the end of a text by words that overlap. Words that overlap say
       less than all of a text, so its length goes in too, spread over all bits: it must not cancel out a character. */
    static CYTHON_INLINE uint64_t acd_text_key(const char* data, Py_ssize_t size, uint64_t secret, uint64_t other) {
        uint64_t key = secret + (uint64_t)size * 0x9E3779B97F4A7C15;
        Py_ssize_t left = size;
        uint64_t a, b;
        while (left > 16) {
            key = acd_folded(acd_load8(data) ^ other, acd_load8(data + 8) ^ key);
            data += 16;
            left -= 16;
        }
        if (left >= 8) {
            a = acd_load8(data);
            b = acd_load8(data + left - 8);
        } else if (left >= 4) {
            a = acd_load4(data);
            b = acd_load4(data + left - 4);
        } else {
            a = left > 0 ? ((uint64_t)(unsigned char)data[0] << 16) | ((uint64_t)(unsigned char)data[left >> 1] << 8)
                | (unsigned char)data[left - 1] : 0;
            b = 0;
        }
        return acd_folded(acd_folded(a ^ other, b ^ key) ^ secret, other);
    }
    """
    const char* acd_bytes(PyObject* text, Py_ssize_t* size) except NULL
    uint64_t acd_text_key(const char* data, Py_ssize_t size, uint64_t secret, uint64_t other) noexcept nogil


cdef struct SlotEntry:
    uint64_t key
    const void* text  # what the key is of in a table of texts, the slot's owner keeps it alive; else NULL
    int32_t slot  # -1: empty
    int32_t spare


cdef struct SlotTable:
    SlotEntry* entries
    uint64_t mask
    uint64_t secret[2]  # of tables of texts, see table_init
    int32_t count


cdef inline int table_init(SlotTable* table) except -1:
    """Make a new table one of texts.

    Its keys go by a secret that the process draws for the hashes of its texts, so that nobody can choose ids which
    share a key.
    """
    cdef str text
    cdef int index
    memset(table, 0, sizeof(SlotTable))
    for index in range(2):
        text = "secret of a table" if index else "other secret of a table"
        table.secret[index] = (<uint64_t>PyObject_Hash(<PyObject*>text) * <uint64_t>0x9E3779B97F4A7C15) | 1
    return 0


cdef inline uint64_t text_key(const SlotTable* table, PyObject* text) except? 0:
    """The key of a text in this table."""
    cdef Py_ssize_t size
    cdef const char* data = acd_bytes(text, &size)
    return acd_text_key(data, size, table.secret[0], table.secret[1])


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


cdef inline void _table_insert(SlotTable* table, SlotEntry entry) noexcept nogil:
    cdef uint64_t at = table_home(table, entry.key)
    while table.entries[at].slot >= 0:
        at = (at + 1) & table.mask
    table.entries[at] = entry


cdef inline int _table_resize(SlotTable* table, uint64_t size) except -1:
    cdef SlotTable larger = table[0]
    cdef uint64_t at
    larger.entries = <SlotEntry*>new_block(size * sizeof(SlotEntry))
    memset(larger.entries, 0xFF, size * sizeof(SlotEntry))
    larger.mask = size - 1
    if table.entries != NULL:
        for at in range(table.mask + 1):
            if table.entries[at].slot >= 0:
                _table_insert(&larger, table.entries[at])
        free(table.entries)
    table[0] = larger
    return 0


cdef inline int table_add(SlotTable* table, uint64_t key, int32_t slot) except -1:
    return table_add_text(table, key, slot, NULL)


cdef inline int table_add_text(SlotTable* table, uint64_t key, int32_t slot, PyObject* text) except -1:
    """Add an entry of a table of texts. The text is to be there for as long as the entry."""
    cdef SlotEntry entry
    if table.entries == NULL:
        _table_resize(table, 16)
    elif <uint64_t>table.count * 5 >= (table.mask + 1) * 3:
        _table_resize(table, (table.mask + 1) * 2)
    entry.key = key
    entry.text = text
    entry.slot = slot
    entry.spare = 0
    _table_insert(table, entry)
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
    cdef Py_ssize_t left_size, right_size
    cdef const char* left_data
    cdef const char* right_data
    if left == right:
        return True
    left_data = acd_bytes(left, &left_size)
    right_data = acd_bytes(right, &right_size)
    return left_size == right_size and memcmp(left_data, right_data, <size_t>left_size) == 0
