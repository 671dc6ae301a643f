"""Blocks of records that start where a line of the processor's cache does, so that a record made for it lies in few."""

from libc.stdint cimport uintptr_t
from libc.stdlib cimport realloc
from libc.string cimport memmove

cdef enum:
    LINE_BYTES = 64


cdef inline void* grow_lines(void** block, void* records, size_t old_size, size_t size) except NULL:
    """Where the records lie in a block that is made larger; `block` is what is to be freed."""
    cdef size_t shift = 0 if block[0] == NULL else <size_t>(<uintptr_t>records - <uintptr_t>block[0])
    cdef void* grown = realloc(block[0], size + LINE_BYTES)
    cdef uintptr_t aligned
    if grown == NULL:
        raise MemoryError
    block[0] = grown
    aligned = (<uintptr_t>grown + LINE_BYTES - 1) & ~<uintptr_t>(LINE_BYTES - 1)
    if aligned != <uintptr_t>grown + shift:
        memmove(<void*>aligned, <char*>grown + shift, old_size)
    return <void*>aligned
