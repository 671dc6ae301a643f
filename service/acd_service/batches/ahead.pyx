# cython: language_level=3
"""What the next commands of a batch will look at, fetched into the cache before they come to it.

With many contacts a command waits for memory several times, each time for an address that the answer before gave. A
batch tells its commands in advance, so such chains are gone along for several commands at once: a step names what a
command far ahead is about, one nearer finds it in the tables, one nearer still follows it to its agent and its offer.

These are hints alone. Nothing is decided by what is read here: it may be out of date when the command comes, so slots
are checked against the rooms that they lie in, and addresses are fetched, not followed.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memset

from acd_core.tables cimport SlotTable, acd_prefetch, acd_text_key, table_home
from acd_core.types cimport Contact
from acd_service.codec.wire_fields cimport Span, take_span

cdef enum:
    PLACES = 32
    # How many commands ahead: enough for the memory to answer, few enough for the cache to keep it.
    NAMED = 12
    FOUND = 8
    FOLLOWED = 4
    TAG_OF_REQUIREMENT = 0x2A  # EnqueueContact.requirement
    ENQUEUE_CONTACT = 1
    ACCEPT_OFFER = 4
    DECLINE_OFFER = 5
    FINISH_WRAP_UP = 7
    SET_PRESENCE = 8


cdef inline uint64_t _fetch_entry(const SlotTable* table, const Span* id) noexcept:
    cdef uint64_t key = acd_text_key(<const char*>id.at, id.size, table.secret[0], table.secret[1])
    if table.entries == NULL:
        return 0
    acd_prefetch(&table.entries[table_home(table, key)])
    return key


cdef inline int32_t _slot_of(const SlotTable* table, uint64_t key) noexcept:
    """The slot of the first entry with a key, if it is near its home; else -1."""
    cdef uint64_t at
    cdef int tried
    if not key or table.entries == NULL:
        return -1
    at = table_home(table, key)
    for tried in range(4):
        if table.entries[at].slot < 0 or table.entries[at].key == key:
            return table.entries[at].slot
        at = (at + 1) & table.mask
    return -1


cdef class Ahead:
    """Holds what is known of the next commands; one for each thread of work."""

    cdef void begin(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t start) noexcept:
        """Before the command in place `start`, the first of its run."""
        cdef Py_ssize_t place
        for place in range(start, start + NAMED):
            self._name(engine, reader, frame, place)
        for place in range(start, start + FOUND):
            self._find(engine, reader, &self.coming[place % PLACES])
        for place in range(start, start + FOLLOWED):
            self._follow(engine, &self.coming[place % PLACES])

    cdef void step(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t place) noexcept:
        """Before the command in any place of a run that has begun."""
        self._name(engine, reader, frame, place + NAMED)
        self._find(engine, reader, &self.coming[(place + FOUND) % PLACES])
        self._follow(engine, &self.coming[(place + FOLLOWED) % PLACES])

    cdef void _name(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t place) noexcept:
        cdef Coming* coming = &self.coming[place % PLACES]
        cdef const uint8_t* at
        cdef const uint8_t* end
        cdef Span content
        cdef Span second
        cdef Span third
        cdef Span text
        cdef const Span* contact = &second
        cdef const Span* agent = &third
        cdef int kind
        memset(coming, 0, sizeof(Coming))
        coming.contact_slot = -1
        if place >= frame.count or frame.commands[place].size < 2:
            return
        at = frame.commands[place].at
        end = at + frame.commands[place].size
        if at[0] >= 0x80 or at[0] & 7 != 2 or take_span(at + 1, end, &content) == NULL:
            return
        kind = at[0] >> 3
        second.size = third.size = 0
        at = content.at
        end = at + content.size
        while at < end and at[0] < 0x30 and at[0] & 7 == 2:
            if at[0] == TAG_OF_REQUIREMENT and kind != ENQUEUE_CONTACT:
                break
            if at[0] == 0x12:
                at = take_span(at + 1, end, &second)
            elif at[0] == 0x1A:
                at = take_span(at + 1, end, &third)
            elif at[0] == TAG_OF_REQUIREMENT:
                at = take_span(at + 1, end, &text)
                if at != NULL and text.size:
                    coming.requirement = reader.requirements.fetch(text.at, text.size)
            else:
                at = take_span(at + 1, end, &text)
            if at == NULL:
                return
        if kind == FINISH_WRAP_UP or kind == SET_PRESENCE:
            contact = &third
            agent = &second
        elif kind != ACCEPT_OFFER and kind != DECLINE_OFFER:
            agent = NULL
        if contact.size and kind != SET_PRESENCE:
            coming.contact = _fetch_entry(&engine.desk.ids, contact)
        if agent != NULL and agent.size:
            coming.agent = _fetch_entry(&engine.roster.ids, agent)
            coming.name = reader.names.fetch(agent.at, agent.size)

    cdef void _find(self, Engine engine, CommandReader reader, Coming* coming) noexcept:
        cdef int32_t slot = _slot_of(&engine.desk.ids, coming.contact)
        cdef const char* record
        if 0 <= slot < engine.desk.used:
            coming.contact_slot = slot
            record = <const char*>&engine.desk.all[slot]
            acd_prefetch(record)
            acd_prefetch(record + 64)
            acd_prefetch(record + 128)
            acd_prefetch(record + 192)
        slot = _slot_of(&engine.roster.ids, coming.agent)
        if 0 <= slot < engine.roster.room:
            record = <const char*>&engine.roster.all[slot]
            acd_prefetch(record)
            acd_prefetch(record + 64)
            acd_prefetch(record + 128)
        if coming.name:
            reader.names.fetch_text(coming.name)
        if coming.requirement:
            reader.requirements.fetch_text(coming.requirement)

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
