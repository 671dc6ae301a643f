"""Indexed 4-ary heaps, and sets of them: one heap for each class, with the first head of every 64 classes at hand.

A heap keeps its keys inline, so that comparing touches no other memory; where an item stands is kept by item in an
array outside, so that any item can be taken out. The smallest (major, minor, ordinal) is first. In a set an item is in
one heap at most. Items are indexes the owner understands.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

from acd_core.memory cimport acd_prefetch, larger_block

cdef extern from *:
    """
    #define acd_lowest_bit(word) __builtin_ctzll(word)
    """
    int acd_lowest_bit(uint64_t word) noexcept nogil


cdef struct HeapEntry:
    int64_t major
    int64_t minor
    int64_t ordinal
    int32_t item
    int32_t klass  # used in the heads of a set: which class it heads


cdef struct Heap:
    HeapEntry* data
    int32_t size
    int32_t room


cdef struct HeapSet:
    Heap* heaps  # by class
    HeapEntry* heads  # by class
    uint64_t* occupied  # classes whose heap is not empty, one bit each
    HeapEntry* best  # by 64 classes; klass -1: all empty
    int32_t* position  # by item; -1: in no heap
    int32_t classes
    int32_t items
    int32_t total


cdef inline bint goes_before(const HeapEntry* a, const HeapEntry* b) noexcept nogil:
    if a.major != b.major:
        return a.major < b.major
    if a.minor != b.minor:
        return a.minor < b.minor
    return a.ordinal < b.ordinal


cdef inline void heap_up(Heap* heap, int32_t* position, int32_t at, HeapEntry entry) noexcept nogil:
    cdef int32_t parent
    while at > 0:
        parent = (at - 1) >> 2
        if not goes_before(&entry, &heap.data[parent]):
            break
        heap.data[at] = heap.data[parent]
        position[heap.data[at].item] = at
        at = parent
    heap.data[at] = entry
    position[entry.item] = at


cdef inline void heap_down(Heap* heap, int32_t* position, int32_t at, HeapEntry entry) noexcept nogil:
    cdef int32_t child, end, least, line
    while True:
        child = (at << 2) + 1
        if child >= heap.size:
            break
        end = child + 4 if child + 4 < heap.size else heap.size
        # Children lie side by side, and theirs: what is looked at next is among these lines.
        least = (child << 2) + 1
        if least < heap.size:
            for line in range(8):
                acd_prefetch(<const char*>&heap.data[least] + 64 * line)
        least = child
        child += 1
        while child < end:
            if goes_before(&heap.data[child], &heap.data[least]):
                least = child
            child += 1
        if not goes_before(&heap.data[least], &entry):
            break
        heap.data[at] = heap.data[least]
        position[heap.data[at].item] = at
        at = least
    heap.data[at] = entry
    position[entry.item] = at


cdef inline int heap_push(Heap* heap, int32_t* position, HeapEntry entry) except -1 nogil:
    cdef HeapEntry* grown
    cdef int32_t room
    if heap.size == heap.room:
        room = 2 if heap.room == 0 else heap.room * 2
        grown = <HeapEntry*>realloc(heap.data, <size_t>room * sizeof(HeapEntry))
        if grown == NULL:
            with gil:
                raise MemoryError
        heap.data = grown
        heap.room = room
    heap.size += 1
    heap_up(heap, position, heap.size - 1, entry)
    return 0


cdef inline void heap_place(Heap* heap, int32_t* position, int32_t at, HeapEntry entry) noexcept nogil:
    """Put an entry where another one stood and restore the order."""
    if at > 0 and goes_before(&entry, &heap.data[(at - 1) >> 2]):
        heap_up(heap, position, at, entry)
    else:
        heap_down(heap, position, at, entry)


cdef inline void heap_take(Heap* heap, int32_t* position, int32_t item) noexcept nogil:
    """Take an item out. Memory of a heap that once was large is kept while it holds something."""
    cdef int32_t at = position[item]
    cdef HeapEntry last
    position[item] = -1
    heap.size -= 1
    if at < heap.size:
        last = heap.data[heap.size]
        heap_place(heap, position, at, last)
    elif heap.size == 0 and heap.room > 64:
        free(heap.data)
        heap.data = NULL
        heap.room = 0


cdef inline void heapset_init(HeapSet* heaps) noexcept nogil:
    memset(heaps, 0, sizeof(HeapSet))


cdef inline void heapset_free(HeapSet* heaps) noexcept nogil:
    cdef int32_t klass
    for klass in range(heaps.classes):
        free(heaps.heaps[klass].data)
    free(heaps.heaps)
    free(heaps.heads)
    free(heaps.occupied)
    free(heaps.best)
    free(heaps.position)
    heapset_init(heaps)


cdef inline int heapset_reserve(HeapSet* heaps, int32_t classes, int32_t items) except -1:
    """Make room for classes (a multiple of 64) and items."""
    cdef int32_t index
    if classes > heaps.classes:
        heaps.heaps = <Heap*>_grown(heaps.heaps, <size_t>classes * sizeof(Heap))
        heaps.heads = <HeapEntry*>_grown(heaps.heads, <size_t>classes * sizeof(HeapEntry))
        heaps.occupied = <uint64_t*>_grown(heaps.occupied, <size_t>(classes >> 6) * sizeof(uint64_t))
        heaps.best = <HeapEntry*>_grown(heaps.best, <size_t>(classes >> 6) * sizeof(HeapEntry))
        memset(heaps.heaps + heaps.classes, 0, <size_t>(classes - heaps.classes) * sizeof(Heap))
        for index in range(heaps.classes >> 6, classes >> 6):
            heaps.occupied[index] = 0
            heaps.best[index].klass = -1
        heaps.classes = classes
    if items > heaps.items:
        heaps.position = <int32_t*>larger_block(
            heaps.position, <size_t>heaps.items * sizeof(int32_t), <size_t>items * sizeof(int32_t))
        for index in range(heaps.items, items):
            heaps.position[index] = -1
        heaps.items = items
    return 0


cdef inline void* _grown(void* block, size_t size) except NULL:
    cdef void* grown = realloc(block, size)
    if grown == NULL:
        raise MemoryError
    return grown


cdef inline void _head_changed(HeapSet* heaps, int32_t klass) noexcept nogil:
    """Bring the bitmap, the head and the block's best up to date after a change in a class's heap."""
    cdef int32_t word = klass >> 6
    cdef HeapEntry* best = &heaps.best[word]
    cdef HeapEntry* head = &heaps.heads[klass]
    cdef bint was_best = best.klass == klass
    cdef uint64_t left
    cdef int32_t other
    if heaps.heaps[klass].size:
        head[0] = heaps.heaps[klass].data[0]
        head.klass = klass
        heaps.occupied[word] |= <uint64_t>1 << (klass & 63)
        if best.klass < 0 or not goes_before(best, head):
            best[0] = head[0]
            return
    else:
        heaps.occupied[word] &= ~(<uint64_t>1 << (klass & 63))
    if not was_best:
        return
    best.klass = -1
    left = heaps.occupied[word]
    while left:
        other = (word << 6) + acd_lowest_bit(left)
        left &= left - 1
        if best.klass < 0 or goes_before(&heaps.heads[other], best):
            best[0] = heaps.heads[other]


cdef inline void heapset_empty(HeapSet* heaps) noexcept nogil:
    """Take everything out."""
    cdef int32_t index
    for index in range(heaps.classes):
        heaps.heaps[index].size = 0
        if heaps.heaps[index].room > 64:
            free(heaps.heaps[index].data)
            heaps.heaps[index].data = NULL
            heaps.heaps[index].room = 0
    for index in range(heaps.classes >> 6):
        heaps.occupied[index] = 0
        heaps.best[index].klass = -1
    memset(heaps.position, 0xFF, <size_t>heaps.items * sizeof(int32_t))
    heaps.total = 0


cdef inline int heapset_put(HeapSet* heaps, int32_t klass, HeapEntry entry) except -1 nogil:
    heap_push(&heaps.heaps[klass], heaps.position, entry)
    heaps.total += 1
    if heaps.position[entry.item] == 0:
        _head_changed(heaps, klass)
    return 0


cdef inline void heapset_take(HeapSet* heaps, int32_t klass, int32_t item) noexcept nogil:
    cdef bint first = heaps.position[item] == 0
    heap_take(&heaps.heaps[klass], heaps.position, item)
    heaps.total -= 1
    if first:
        _head_changed(heaps, klass)


cdef inline void heapset_rekey(HeapSet* heaps, int32_t klass, HeapEntry entry) noexcept nogil:
    """Give an item that is in the class's heap another key."""
    cdef int32_t at = heaps.position[entry.item]
    heap_place(&heaps.heaps[klass], heaps.position, at, entry)
    if at == 0 or heaps.position[entry.item] == 0:
        _head_changed(heaps, klass)
