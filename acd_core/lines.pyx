# cython: language_level=3
"""Joining, leaving and counting in the lines of lines.pxd. Items are twice the contact's slot, one more for its second
entry; a contact knows its place in the lines of its queues."""

from libc.stdlib cimport free, realloc

from acd_core.heaps cimport acd_lowest_bit
from acd_core.memory cimport larger_block

cdef extern from *:
    """
    #define acd_bits_set(word) __builtin_popcountll(word)
    """
    int acd_bits_set(uint64_t word) noexcept nogil


cdef inline bint _later(int64_t minor, int64_t ordinal, int64_t other_minor, int64_t other_ordinal) noexcept nogil:
    return minor > other_minor if minor != other_minor else ordinal > other_ordinal


cdef inline int64_t _ordinal(const Contact* contacts, int32_t item) noexcept nogil:
    return 2 * contacts[item >> 1].ordinal + (item & 1)


cdef void _close(Row* row, int32_t block) noexcept nogil:
    """The block is no longer the last: its node of the tree is filled in."""
    cdef int32_t node = block + 1
    cdef int32_t below = 1
    cdef int32_t count = acd_bits_set(row.blocks[block].waiting)
    while below < node & -node:
        count += row.blocks[node - below - 1].before
        below <<= 1
    row.blocks[block].before = count


cdef void _append(Row* row, int32_t item, int64_t minor, int64_t ordinal) noexcept nogil:
    cdef int32_t at = row.tail
    if at & 63 == 0:
        if at:
            _close(row, (at >> 6) - 1)
        row.blocks[at >> 6].waiting = 0
    row.items[at] = item
    row.blocks[at >> 6].waiting |= <uint64_t>1 << (at & 63)
    row.tail = at + 1
    row.count += 1
    row.last_minor = minor
    row.last_ordinal = ordinal


cdef int32_t _item(const Row* row, int32_t rank) noexcept nogil:
    """The item with so many before it in the row; rank < count."""
    cdef int32_t closed = (row.tail - 1) >> 6
    cdef int32_t at = 0
    cdef int32_t step = 1
    cdef uint64_t left
    while step << 1 <= closed:
        step <<= 1
    while step:
        if at + step <= closed and row.blocks[at + step - 1].before <= rank:
            at += step
            rank -= row.blocks[at - 1].before
        step >>= 1
    left = row.blocks[at].waiting
    while rank:
        left &= left - 1
        rank -= 1
    return row.items[(at << 6) + acd_lowest_bit(left)]


cdef void _remove(Row* row, int32_t at, const Contact* contacts, const Queue* queue) noexcept nogil:
    cdef int32_t last = (row.tail - 1) >> 6
    cdef int32_t node, item
    row.blocks[at >> 6].waiting &= ~(<uint64_t>1 << (at & 63))
    row.count -= 1
    if row.count == 0:
        row.tail = 0
        return
    if at >> 6 < last:
        node = (at >> 6) + 1
        while node <= last:
            row.blocks[node - 1].before -= 1
            node += node & -node
    if at != row.tail - 1:
        return
    while not row.blocks[(row.tail - 1) >> 6].waiting >> ((row.tail - 1) & 63) & 1:
        row.tail -= 1
    item = row.items[row.tail - 1]
    row.last_minor = static_score(&contacts[item >> 1], queue)
    row.last_ordinal = _ordinal(contacts, item)


cdef void _give_back(Row* row) noexcept nogil:
    """A row has become empty: memory of one that was long is not kept."""
    if row.room > 1024:
        free(row.items)
        free(row.blocks)
        row.items = NULL
        row.blocks = NULL
        row.room = 0


cdef class Lines:
    def __cinit__(self):
        self.trees = LineTrees()

    def __dealloc__(self):
        cdef int32_t line, row
        for line in range(self.room):
            for row in range(self.lines[line].row_count):
                free(self.lines[line].rows[row].items)
                free(self.lines[line].rows[row].blocks)
            free(self.lines[line].rows)
        free(self.lines)

    cdef int _reserve(self, int32_t line) except -1:
        cdef int32_t room = max(line + 1, 2 * self.room)
        cdef Line* grown = <Line*>realloc(self.lines, <size_t>room * sizeof(Line))
        if grown == NULL:
            raise MemoryError
        self.lines = grown
        while self.room < room:
            grown[self.room].rows = NULL
            grown[self.room].row_count = 0
            grown[self.room].strays = -1
            self.room += 1
        return 0

    cdef int32_t _row_for(self, Line* line, int64_t major, int64_t minor, int64_t ordinal) except -2:
        """Of the rows of a priority to whose end an entry may be added, the one that ends last; an empty or a new row if
        there is none; -1 if too many are taken."""
        cdef Row* row
        cdef int32_t index
        cdef int32_t best = -1
        cdef int32_t empty = -1
        cdef int32_t count = 0
        for index in range(line.row_count):
            row = &line.rows[index]
            if row.count == 0:
                empty = index
            elif row.major == major:
                count += 1
                if _later(minor, ordinal, row.last_minor, row.last_ordinal) and (best < 0 or _later(
                        row.last_minor, row.last_ordinal, line.rows[best].last_minor, line.rows[best].last_ordinal)):
                    best = index
        if best >= 0:
            return best
        if count == PRIORITY_ROWS or (empty < 0 and line.row_count == LINE_ROWS):
            return -1
        if empty >= 0:
            line.rows[empty].major = major
            return empty
        line.rows = <Row*>larger_block(
            line.rows, <size_t>line.row_count * sizeof(Row), <size_t>(line.row_count + 1) * sizeof(Row))
        row = &line.rows[line.row_count]
        row.major = major
        row.items = NULL
        row.blocks = NULL
        row.count = 0
        row.tail = 0
        row.room = 0
        line.row_count += 1
        return line.row_count - 1

    cdef int _make_room(self, Line* line, int32_t index, Contact* contacts) except -1:
        """One more place at the end of a row that is at its end: where two thirds are holes they go, else it grows."""
        cdef Row* row = &line.rows[index]
        cdef int32_t room, at, item
        cdef int32_t end = row.tail
        cdef void* grown
        if row.room and row.count <= row.room // 3:
            row.tail = 0
            row.count = 0
            for at in range(end):
                if not row.blocks[at >> 6].waiting >> (at & 63) & 1:
                    continue
                item = row.items[at]
                contacts[item >> 1].line[item & 1] = index << ROW_SHIFT | row.count
                row.items[row.count] = item
                row.count += 1
            for at in range((row.count + 63) >> 6):
                row.blocks[at].waiting = ~<uint64_t>0
                if at:
                    _close(row, at - 1)
            if row.count & 63:
                row.blocks[row.count >> 6].waiting = (<uint64_t>1 << (row.count & 63)) - 1
            row.tail = row.count
            return 0
        room = row.room * 2 or 64
        grown = realloc(row.items, <size_t>room * sizeof(int32_t))
        if grown == NULL:
            raise MemoryError
        row.items = <int32_t*>grown
        grown = realloc(row.blocks, <size_t>(room >> 6) * sizeof(Block))
        if grown == NULL:
            raise MemoryError
        row.blocks = <Block*>grown
        row.room = room
        return 0

    cdef int join(self, int32_t slot, Contact* contacts, const Queue* queue, int32_t item) except -1:
        """An entry joins the line of its queue, where priority, score and ordinal put it."""
        cdef Contact* contact = &contacts[item >> 1]
        cdef int64_t minor = static_score(contact, queue)
        cdef int64_t ordinal = _ordinal(contacts, item)
        cdef int32_t node, index
        cdef Line* line
        cdef Row* row
        if slot >= self.room:
            self._reserve(slot)
        line = &self.lines[slot]
        index = self._row_for(line, -contact.priority, minor, ordinal)
        if index < 0:
            node = self.trees.new_node(-contact.priority, minor, ordinal, item >> 1)
            line.strays = self.trees.insert(line.strays, node)
            contact.line[item & 1] = STRAY | node
            return 0
        row = &line.rows[index]
        if row.tail == row.room:
            self._make_room(line, index, contacts)
        contact.line[item & 1] = index << ROW_SHIFT | row.tail
        _append(row, item, minor, ordinal)
        return 0

    cdef int leave(self, int32_t slot, Contact* contacts, const Queue* queue, int32_t item) except -1:
        """An entry leaves; what its order goes by is as it was when it joined."""
        cdef Line* line = &self.lines[slot]
        cdef Contact* contact = &contacts[item >> 1]
        cdef int32_t at = contact.line[item & 1]
        cdef Row* row
        contact.line[item & 1] = -1
        if at & STRAY:
            line.strays = self.trees.remove(line.strays, at & ~STRAY)
            return 0
        row = &line.rows[at >> ROW_SHIFT]
        at &= (1 << ROW_SHIFT) - 1
        if at >= row.tail or not row.blocks[at >> 6].waiting >> (at & 63) & 1:
            raise AssertionError("a contact leaves a line that it is not in")
        _remove(row, at, contacts, queue)
        if row.count == 0:
            _give_back(row)
        return 0

    cdef void empty(self) noexcept:
        """All entries leave; the caller forgets their places."""
        cdef int32_t line, index
        cdef Row* row
        for line in range(self.room):
            for index in range(self.lines[line].row_count):
                row = &self.lines[line].rows[index]
                row.count = 0
                row.tail = 0
                _give_back(row)
            self.lines[line].strays = -1
        self.trees.empty()

    cdef int64_t before(self, int32_t slot, const Contact* contacts, const Queue* queue, int64_t major, int64_t minor,
                        int64_t ordinal) noexcept:
        """How many go before that key."""
        cdef const Line* line = &self.lines[slot]
        cdef const Row* row
        cdef int32_t index, low, high, middle, item
        cdef int64_t score
        cdef int64_t result = 0
        if slot >= self.room:
            return 0
        for index in range(line.row_count):
            row = &line.rows[index]
            if row.major > major or row.count == 0:
                continue
            if row.major < major or _later(minor, ordinal, row.last_minor, row.last_ordinal):
                result += row.count
                continue
            if minor == row.last_minor and ordinal == row.last_ordinal:
                result += row.count - 1
                continue
            low = 0
            high = row.count
            while low < high:
                middle = (low + high) >> 1
                item = _item(row, middle)
                score = static_score(&contacts[item >> 1], queue)
                if _later(minor, ordinal, score, _ordinal(contacts, item)):
                    low = middle + 1
                else:
                    high = middle
            result += low
        if line.strays >= 0:
            result += self.trees.before(line.strays, major, minor, ordinal)
        return result

    cdef list waiting(self, int32_t slot):
        """The contacts that have an entry in the line, in no order that means anything."""
        cdef list result
        cdef Line* line = &self.lines[slot]
        cdef int32_t index, at
        cdef Row* row
        if slot >= self.room:
            return []
        result = self.trees.items(line.strays)
        for index in range(line.row_count):
            row = &line.rows[index]
            for at in range(row.tail):
                if row.blocks[at >> 6].waiting >> (at & 63) & 1:
                    result.append(row.items[at] >> 1)
        return result
