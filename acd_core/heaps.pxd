"""Indexed 4-ary heaps, and orders of items by classes, with the first of every 64 classes at hand.

A heap keeps its keys inline, so that comparing touches no other memory; where an item stands is kept by item in an
array outside, so that any item can be taken out. The smallest (major, minor, ordinal) is first. In a set an item is in
one class at most. Items are indexes the owner understands.

Nearly every item comes behind all others of its class that have its major key. So a class has a few runs, rings to
whose end such a one is added and in which one that goes leaves a hole; where holes are many, they are closed. An item is
added to the run whose end is the last that goes before it, so that each of a few priorities comes to have a run. The
others are strays, in a heap.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
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


cdef enum:
    IN_RUN = 1 << 30  # set in the position of an item that is no stray
    RUN_BITS = 2  # of its position: which run; the lower ones: the place in it
    PLACE_BITS = 28
    CLASS_RUNS = 1 << RUN_BITS  # of a class, at most
    HOLES_BORNE = 64  # so many in a run, and three times as many as it has entries, are left as they are


cdef struct Run:
    int64_t major  # of the first
    HeapEntry* data  # item -1: a hole
    uint32_t start  # the first that is no hole; both count on and on, the place is what is left modulo the room
    uint32_t end  # behind the last that is no hole
    int32_t live
    int32_t room  # 0 or a power of two


cdef struct ClassOrder:
    Run* runs
    int32_t run_count
    int32_t size  # of runs and strays together
    Heap strays


cdef struct HeapSet:
    ClassOrder* orders  # by class
    HeapEntry* heads  # by class
    uint64_t* occupied  # classes that are not empty, one bit each
    HeapEntry* best  # by 64 classes; klass -1: all empty
    int32_t* position  # by item, in the run or among the strays of its class; -1: in none
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
    cdef int32_t klass, number
    for klass in range(heaps.classes):
        for number in range(heaps.orders[klass].run_count):
            free(heaps.orders[klass].runs[number].data)
        free(heaps.orders[klass].runs)
        free(heaps.orders[klass].strays.data)
    free(heaps.orders)
    free(heaps.heads)
    free(heaps.occupied)
    free(heaps.best)
    free(heaps.position)
    heapset_init(heaps)


cdef inline int heapset_reserve(HeapSet* heaps, int32_t classes, int32_t items) except -1:
    """Make room for classes (a multiple of 64) and items."""
    cdef int32_t index
    if classes > heaps.classes:
        heaps.orders = <ClassOrder*>_grown(heaps.orders, <size_t>classes * sizeof(ClassOrder))
        heaps.heads = <HeapEntry*>_grown(heaps.heads, <size_t>classes * sizeof(HeapEntry))
        heaps.occupied = <uint64_t*>_grown(heaps.occupied, <size_t>(classes >> 6) * sizeof(uint64_t))
        heaps.best = <HeapEntry*>_grown(heaps.best, <size_t>(classes >> 6) * sizeof(HeapEntry))
        memset(heaps.orders + heaps.classes, 0, <size_t>(classes - heaps.classes) * sizeof(ClassOrder))
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


cdef inline int32_t class_size(const HeapSet* heaps, int32_t klass) noexcept nogil:
    return heaps.orders[klass].size


cdef inline HeapEntry* run_entry(const Run* run, uint32_t number) noexcept nogil:
    return &run.data[number & <uint32_t>(run.room - 1)]


cdef inline int32_t _position_in(int32_t number, uint32_t place) noexcept nogil:
    return IN_RUN | number << PLACE_BITS | <int32_t>place


cdef inline int32_t _run_number(int32_t position) noexcept nogil:
    return position >> PLACE_BITS & (CLASS_RUNS - 1)


cdef inline int32_t _place(int32_t position) noexcept nogil:
    return position & ((1 << PLACE_BITS) - 1)


cdef inline const HeapEntry* entry_of(const HeapSet* heaps, int32_t klass, int32_t item) noexcept nogil:
    """What stands in the class for an item that is in it."""
    cdef int32_t position = heaps.position[item]
    if position & IN_RUN:
        return &heaps.orders[klass].runs[_run_number(position)].data[_place(position)]
    return &heaps.orders[klass].strays.data[position]


cdef inline int _run_renew(Run* run, int32_t number, int32_t* position, int32_t room) except -1 nogil:
    """Give a run another ring, without holes."""
    cdef HeapEntry* data = <HeapEntry*>malloc(<size_t>room * sizeof(HeapEntry))
    cdef const HeapEntry* entry
    cdef int32_t count = 0
    if data == NULL:
        with gil:
            raise MemoryError
    while run.start != run.end:
        entry = run_entry(run, run.start)
        run.start += 1
        if entry.item >= 0:
            data[count] = entry[0]
            position[entry.item] = _position_in(number, <uint32_t>count)
            count += 1
    free(run.data)
    run.data = data
    run.start = 0
    run.end = <uint32_t>count
    run.room = room
    return 0


cdef inline int _run_add(Run* run, int32_t number, int32_t* position, HeapEntry entry) except -1 nogil:
    """Add one that comes behind all others of the run."""
    cdef uint32_t place
    if run.end - run.start == <uint32_t>run.room:
        # With as many holes as entries there is room without a larger ring.
        _run_renew(run, number, position, run.room if run.room and 2 * run.live <= run.room else max(2, 2 * run.room))
    if run.live == 0:
        run.major = entry.major
    place = run.end & <uint32_t>(run.room - 1)
    run.data[place] = entry
    position[entry.item] = _position_in(number, place)
    run.end += 1
    run.live += 1
    return 0


cdef inline void _run_empty(Run* run) noexcept nogil:
    """Nothing is in the run any more: memory of one that was long is not kept."""
    run.start = 0
    run.end = 0
    run.live = 0
    if run.room > 64:
        free(run.data)
        run.data = NULL
        run.room = 0


cdef inline void _run_close(Run* run, int32_t number, int32_t* position) noexcept nogil:
    """Let those that are no holes stand side by side."""
    cdef uint32_t at = run.start
    cdef uint32_t end = run.start
    cdef const HeapEntry* entry
    while at != run.end:
        entry = run_entry(run, at)
        if entry.item >= 0:
            run_entry(run, end)[0] = entry[0]
            position[entry.item] = _position_in(number, end & <uint32_t>(run.room - 1))
            end += 1
        at += 1
    run.end = end


cdef inline void _run_take(Run* run, int32_t number, int32_t* position, int32_t item) noexcept nogil:
    run.data[_place(position[item])].item = -1
    position[item] = -1
    run.live -= 1
    if run.live == 0:
        _run_empty(run)
        return
    while run_entry(run, run.start).item < 0:
        run.start += 1
    run.major = run_entry(run, run.start).major
    while run_entry(run, run.end - 1).item < 0:
        run.end -= 1
    if run.end - run.start > 4 * <uint32_t>run.live + HOLES_BORNE:
        # Who looks for one behind the first goes past all holes between.
        _run_close(run, number, position)


cdef inline int32_t _run_for(ClassOrder* order, const HeapEntry* entry) except -2 nogil:
    """The run to whose end an entry is to be added, a new one or one that is empty if need be; -1 if it is a stray."""
    cdef const Run* run
    cdef const HeapEntry* last
    cdef const HeapEntry* best = NULL
    cdef int32_t number
    cdef int32_t found = -1
    cdef int32_t empty = -1
    cdef Run* grown
    # Most come behind all others of a run that begins with their major key; the ends of other runs are not looked at then.
    for number in range(order.run_count):
        run = &order.runs[number]
        if run.live and run.major == entry.major and goes_before(run_entry(run, run.end - 1), entry):
            return number
    for number in range(order.run_count):
        run = &order.runs[number]
        if run.live == 0:
            empty = number
            continue
        last = run_entry(run, run.end - 1)
        if goes_before(last, entry) and (best == NULL or goes_before(best, last)):
            best = last
            found = number
    if found >= 0:
        return found
    if empty >= 0 or order.run_count == CLASS_RUNS:
        return empty
    grown = <Run*>realloc(order.runs, <size_t>(order.run_count + 1) * sizeof(Run))
    if grown == NULL:
        with gil:
            raise MemoryError
    order.runs = grown
    memset(&grown[order.run_count], 0, sizeof(Run))
    order.run_count += 1
    return order.run_count - 1


cdef inline const HeapEntry* _first_of(const ClassOrder* order) noexcept nogil:
    """The first of a class that is not empty."""
    cdef const HeapEntry* first = order.strays.data if order.strays.size else NULL
    cdef const HeapEntry* entry
    cdef const Run* run
    cdef int32_t number
    for number in range(order.run_count):
        run = &order.runs[number]
        if run.live and (first == NULL or run.major <= first.major):
            entry = run_entry(run, run.start)
            if first == NULL or goes_before(entry, first):
                first = entry
    return first


cdef inline void _head_changed(HeapSet* heaps, int32_t klass) noexcept nogil:
    """Bring the bitmap, the head and the block's best up to date after a change of a class's first."""
    cdef int32_t word = klass >> 6
    cdef HeapEntry* best = &heaps.best[word]
    cdef HeapEntry* head = &heaps.heads[klass]
    cdef const HeapEntry* first
    cdef bint was_best = best.klass == klass
    cdef uint64_t left
    if class_size(heaps, klass):
        head[0] = _first_of(&heaps.orders[klass])[0]
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
    if left == 0:
        return
    first = &heaps.heads[(word << 6) + acd_lowest_bit(left)]
    left &= left - 1
    while left:
        head = &heaps.heads[(word << 6) + acd_lowest_bit(left)]
        left &= left - 1
        if goes_before(head, first):
            first = head
    best[0] = first[0]


cdef inline void heapset_empty(HeapSet* heaps) noexcept nogil:
    """Take everything out."""
    cdef int32_t index, number
    cdef Heap* strays
    for index in range(heaps.classes):
        heaps.orders[index].size = 0
        for number in range(heaps.orders[index].run_count):
            _run_empty(&heaps.orders[index].runs[number])
        strays = &heaps.orders[index].strays
        strays.size = 0
        if strays.room > 64:
            free(strays.data)
            strays.data = NULL
            strays.room = 0
    for index in range(heaps.classes >> 6):
        heaps.occupied[index] = 0
        heaps.best[index].klass = -1
    memset(heaps.position, 0xFF, <size_t>heaps.items * sizeof(int32_t))
    heaps.total = 0


cdef inline int heapset_put(HeapSet* heaps, int32_t klass, HeapEntry entry) except -1 nogil:
    cdef ClassOrder* order = &heaps.orders[klass]
    cdef int32_t number = _run_for(order, &entry)
    if number >= 0:
        _run_add(&order.runs[number], number, heaps.position, entry)
    else:
        heap_push(&order.strays, heaps.position, entry)
    order.size += 1
    heaps.total += 1
    if order.size == 1 or goes_before(&entry, &heaps.heads[klass]):
        _head_changed(heaps, klass)
    return 0


cdef inline void heapset_take(HeapSet* heaps, int32_t klass, int32_t item) noexcept nogil:
    cdef ClassOrder* order = &heaps.orders[klass]
    cdef int32_t position = heaps.position[item]
    if position & IN_RUN:
        _run_take(&order.runs[_run_number(position)], _run_number(position), heaps.position, item)
    else:
        heap_take(&order.strays, heaps.position, item)
    order.size -= 1
    heaps.total -= 1
    if heaps.heads[klass].item == item:
        _head_changed(heaps, klass)


cdef inline int heapset_rekey(HeapSet* heaps, int32_t klass, HeapEntry entry) except -1 nogil:
    """Give an item that is in the class another key."""
    heapset_take(heaps, klass, entry.item)
    return heapset_put(heaps, klass, entry)
