# cython: language_level=3
"""The commands of a batch looked at before they are applied, and what they will look at fetched into the cache.

With many contacts a command waits for memory several times, each time for an address that the answer before gave. A
batch tells its commands in advance, so such chains are gone along for several commands at once: a step outlines a
command far ahead and names what it is about, one nearer finds that in the tables, one nearer still follows it to its
agent and its offer. An agent is not looked up for it: it nearly always is the contact's own.

An outline says what the bytes say, which does not change. The rest are hints alone: nothing is decided by what is read
here, it may be out of date when the command comes, so slots are checked against the rooms that they lie in, and
addresses are fetched, not followed.
"""

cimport cython
from libc.stdint cimport uint64_t

from acd_core.orders cimport Name, Order, look_ahead
from acd_core.tables cimport SlotTable, acd_prefetch, table_home
from acd_core.types cimport CMD_ENQUEUE_CONTACT, CMD_SET_PRESENCE, Contact
from acd_service.codec.outlines cimport read_outline
from acd_service.codec.wire_fields cimport Span, take_span

cdef enum:
    PLACES = 32  # a power of two
    # How many commands ahead: enough for the memory to answer, few enough for the cache to keep it.
    NAMED = 12
    FOUND = 8
    FOLLOWED = 4
    LARGE = 4096  # contacts and agents; fewer stay in the cache by themselves


cdef inline int32_t _slot_of(const SlotTable* table, const Name* name) noexcept nogil:
    """The slot of the first entry with the name's key, if it is near its home; else -1."""
    cdef uint64_t at
    cdef int tried
    if not name.size or not name.key:
        return -1
    at = table_home(table, name.key)
    for tried in range(4):
        if table.entries[at].slot < 0 or table.entries[at].key == name.key:
            return table.entries[at].slot
        at = (at + 1) & table.mask
    return -1


cdef inline void _read(Span command, Coming* coming) noexcept nogil:
    """See what a command is."""
    coming.field = 0
    coming.is_outlined = False
    coming.is_order = False
    if command.size < 2 or command.at[0] >= 0x80 or command.at[0] & 7 != 2:
        return
    coming.content.at = command.at + 2
    coming.content.size = command.size - 2
    if (command.at[1] != coming.content.size or coming.content.size >= 0x80) \
            and take_span(command.at + 1, command.at + command.size, &coming.content) != command.at + command.size:
        return
    coming.field = command.at[0] >> 3
    coming.is_outlined = read_outline(coming.field, coming.content, &coming.outline)
    coming.is_order = coming.is_outlined and coming.outline.bare


@cython.final
cdef class Ahead:
    """Holds what is known of the next commands; one for each thread of work."""

    cdef void begin(self, Engine engine, Frame frame, Py_ssize_t start) noexcept:
        """Before the command in place `start`, the first of its run."""
        cdef Py_ssize_t place
        self.is_large = engine.desk.count + engine.roster.count >= LARGE
        if not self.is_large:
            return
        for place in range(start, start + NAMED):
            self._name(engine, frame, place)
        for place in range(start, start + FOUND):
            self._find(engine, &self.coming[place & (PLACES - 1)])
        for place in range(start, start + FOLLOWED):
            self._follow(engine, &self.coming[place & (PLACES - 1)])

    cdef Coming* step(self, Engine engine, Frame frame, Py_ssize_t place) noexcept:
        """The command in any place of a run that has begun, when it is its turn; each place has one, in order."""
        cdef Coming* coming = &self.coming[place & (PLACES - 1)]
        if self.is_large:
            self._name(engine, frame, place + NAMED)
            self._find(engine, &self.coming[(place + FOUND) & (PLACES - 1)])
            self._follow(engine, &self.coming[(place + FOLLOWED) & (PLACES - 1)])
        else:
            _read(frame.commands[place], coming)
        return coming

    cdef void _name(self, Engine engine, Frame frame, Py_ssize_t place) noexcept:
        cdef Coming* coming = &self.coming[place & (PLACES - 1)]
        coming.contact_slot = -1
        if place >= frame.count:
            coming.is_outlined = False
            coming.is_order = False
            return
        _read(frame.commands[place], coming)
        if not coming.is_outlined:
            return
        look_ahead(&engine.desk.ids, &coming.outline.order.contact)
        if coming.outline.order.kind == CMD_ENQUEUE_CONTACT:
            look_ahead(&engine.rules.queue_ids, &coming.outline.order.queue)
            look_ahead(&engine.skills.requirement_texts, &coming.outline.order.requirement)
        elif coming.outline.order.kind == CMD_SET_PRESENCE:
            look_ahead(&engine.roster.ids, &coming.outline.order.agent)

    cdef void _find(self, Engine engine, Coming* coming) noexcept:
        cdef int32_t slot
        cdef const char* record
        if not coming.is_outlined:
            return
        slot = _slot_of(&engine.desk.ids, &coming.outline.order.contact)
        if 0 <= slot < engine.desk.used:
            coming.contact_slot = slot
            record = <const char*>&engine.desk.all[slot]
            acd_prefetch(record)
            acd_prefetch(record + 64)
            acd_prefetch(record + 128)
            acd_prefetch(record + 192)
        if coming.outline.order.kind == CMD_ENQUEUE_CONTACT:
            self._find_new(engine, &coming.outline.order)
        elif coming.outline.order.kind == CMD_SET_PRESENCE:
            slot = _slot_of(&engine.roster.ids, &coming.outline.order.agent)
            if 0 <= slot < engine.roster.room:
                record = <const char*>&engine.roster.all[slot]
                acd_prefetch(record)
                acd_prefetch(record + 64)
                acd_prefetch(record + 128)

    cdef void _find_new(self, Engine engine, const Order* order) noexcept:
        """What a new contact asks for, and the place that it is likely to get."""
        cdef int32_t slot = _slot_of(&engine.rules.queue_ids, &order.queue)
        if 0 <= slot < engine.rules.queue_room:
            acd_prefetch(&engine.rules.queues[slot])
            acd_prefetch(<const char*>&engine.rules.queues[slot] + 64)
            acd_prefetch(<const char*>&engine.rules.queues[slot] + 128)
        slot = _slot_of(&engine.skills.requirement_texts, &order.requirement)
        if 0 <= slot < engine.skills.requirement_room:
            acd_prefetch(&engine.skills.requirements[slot])

    cdef void _follow(self, Engine engine, Coming* coming) noexcept:
        cdef const Contact* contact
        cdef const char* record
        if coming.contact_slot < 0:
            return
        contact = &engine.desk.all[coming.contact_slot]
        if contact.ordinal < 0:
            return
        acd_prefetch(contact.id)
        acd_prefetch(<const char*>contact.id + 48)  # the characters of a plain text
        if 0 <= contact.agent < engine.roster.room:
            record = <const char*>&engine.roster.all[contact.agent]
            acd_prefetch(record)
            acd_prefetch(record + 64)
            acd_prefetch(record + 128)
        if 0 <= contact.offers < engine.desk.offer_used:
            acd_prefetch(&engine.desk.offers[contact.offers])
