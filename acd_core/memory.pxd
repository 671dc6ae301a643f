"""Blocks of memory for what an engine looks up at random: aligned to the lines of the processor's cache, so that a
record made for it lies in few, and on large pages of the system where a block is large, so that finding the page is not
the dearer part of a look-up."""

from libc.string cimport memcpy

cdef extern from *:
    """
    #include <stdlib.h>
    #ifdef __linux__
    #include <sys/mman.h>
    #endif
    #define ACD_LINE ((size_t)64)
    #define ACD_PAGE ((size_t)1 << 21)
    #define acd_prefetch(at) __builtin_prefetch(at)
    static CYTHON_INLINE void* acd_block(size_t size) {
        int large = size >= 2 * ACD_PAGE;
        void* block = NULL;
        if (posix_memalign(&block, large ? ACD_PAGE : ACD_LINE, size))
            return NULL;
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        if (large)
            (void)madvise(block, size & ~(ACD_PAGE - 1), MADV_HUGEPAGE);
    #endif
        return block;
    }
    """
    void* acd_block(size_t size) noexcept nogil
    void free(void* block) noexcept nogil
    void acd_prefetch(const void* at) noexcept nogil


cdef inline void* new_block(size_t size) except NULL:
    """A block to be freed with `free`; what is not written to takes no memory."""
    cdef void* block = acd_block(size)
    if block == NULL:
        raise MemoryError
    return block


cdef inline void* larger_block(void* block, size_t old_size, size_t size) except NULL:
    """The same with more room behind; the old block is gone."""
    cdef void* larger = new_block(size)
    if block != NULL:
        memcpy(larger, block, old_size)
        free(block)
    return larger
