# cython: language_level=3
"""The live contacts of an engine: their slots, and the order in which those that wait are taken.

Within a contact class the order is by (priority, 1000 * credit - rate * arrived_ms, ordinal): the rate is the class's,
so it does not change as time goes by. Across classes heads are compared by their score now; in a block of 64 classes
the rate is the same, so one comparison with the block's best head passes over all of it.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from acd_core.classes cimport membership
from acd_core.digest cimport text_word
from acd_core.heaps cimport acd_lowest_bit, heapset_free, heapset_init, heapset_put, heapset_rekey, heapset_reserve, \
    heapset_take
from acd_core.tables cimport PyObject_Hash, same_text, table_add, table_clear, table_drop, table_home


cdef class Waiting:
    def __cinit__(self, Classes classes not None):
        self.classes = classes
        self.free_first = -1
        self.first = -1
        self.last = -1
        self.exclusion_free = -1
        heapset_init(&self.heaps)

    def __dealloc__(self):
        cdef int32_t slot
        for slot in range(self.room):
            if self.all[slot].ordinal >= 0:
                Py_DECREF(<object>self.all[slot].id)
                Py_DECREF(<object>self.all[slot].customer_id)
                Py_DECREF(<object>self.all[slot].attributes)
        free(self.all)
        free(self.exclusions)
        table_clear(&self.ids)
        heapset_free(&self.heaps)

    cdef int32_t find(self, str contact_id) except -2:
        """The slot of a live contact, or -1."""
        cdef uint64_t key, at
        if self.ids.entries == NULL:
            return -1
        key = <uint64_t>PyObject_Hash(<PyObject*>contact_id)
        at = table_home(&self.ids, key)
        while self.ids.entries[at].slot >= 0:
            if self.ids.entries[at].key == key and \
                    same_text(self.all[self.ids.entries[at].slot].id, <PyObject*>contact_id):
                return self.ids.entries[at].slot
            at = (at + 1) & self.ids.mask
        return -1

    cdef int32_t add(self, str contact_id, int64_t ordinal) except -1:
        """A new contact that is in no heap yet; the caller fills in the rest."""
        cdef int32_t slot, room
        cdef Contact* contact
        cdef void* grown
        if self.free_first < 0:
            room = self.room * 2 or 16
            grown = realloc(self.all, <size_t>room * sizeof(Contact))
            if grown == NULL:
                raise MemoryError
            self.all = <Contact*>grown
            for slot in range(room - 1, self.room - 1, -1):
                self.all[slot].ordinal = -1
                self.all[slot].later = self.free_first
                self.free_first = slot
            self.room = room
            heapset_reserve(&self.heaps, 0, room)
        slot = self.free_first
        contact = &self.all[slot]
        self.free_first = contact.later
        memset(contact, 0, sizeof(Contact))
        contact.ordinal = ordinal
        Py_INCREF(contact_id)
        contact.id = <PyObject*>contact_id
        contact.id_word = text_word(contact_id)
        Py_INCREF("")
        contact.customer_id = <PyObject*>""
        Py_INCREF(b"")
        contact.attributes = <PyObject*>b""
        contact.last_offer_agent_ordinal = -1
        contact.klass = -1
        contact.agent = -1
        contact.timer = -1
        contact.reattach_timer = -1
        contact.exclusions = -1
        contact.held_before = -1
        contact.held_after = -1
        contact.earlier = self.last
        contact.later = -1
        if self.last >= 0:
            self.all[self.last].later = slot
        else:
            self.first = slot
        self.last = slot
        self.count += 1
        table_add(&self.ids, <uint64_t>PyObject_Hash(<PyObject*>contact_id), slot)
        return slot

    cdef int remove(self, int32_t slot) except -1:
        """The contact is forgotten; it must be in no heap and have no timers, exclusions or agent."""
        cdef Contact* contact = &self.all[slot]
        if (contact.klass >= 0 or contact.agent >= 0 or contact.timer >= 0 or contact.reattach_timer >= 0
                or contact.exclusions >= 0):
            raise AssertionError("a contact is forgotten while something refers to it")
        if not table_drop(&self.ids, <uint64_t>PyObject_Hash(contact.id), slot):
            raise AssertionError("a contact's id is not in the table")
        if contact.earlier >= 0:
            self.all[contact.earlier].later = contact.later
        else:
            self.first = contact.later
        if contact.later >= 0:
            self.all[contact.later].earlier = contact.earlier
        else:
            self.last = contact.earlier
        self.count -= 1
        contact.ordinal = -1
        contact.later = self.free_first
        self.free_first = slot
        Py_DECREF(<object>contact.id)
        Py_DECREF(<object>contact.customer_id)
        Py_DECREF(<object>contact.attributes)
        return 0

    cdef int32_t new_exclusion(self) except -1:
        cdef int32_t slot, room
        cdef void* grown
        if self.exclusion_free < 0:
            room = self.exclusion_room * 2 or 16
            grown = realloc(self.exclusions, <size_t>room * sizeof(Exclusion))
            if grown == NULL:
                raise MemoryError
            self.exclusions = <Exclusion*>grown
            for slot in range(room - 1, self.exclusion_room - 1, -1):
                self.exclusions[slot].after = self.exclusion_free
                self.exclusion_free = slot
            self.exclusion_room = room
        slot = self.exclusion_free
        self.exclusion_free = self.exclusions[slot].after
        self.exclusions[slot].after = -1
        return slot

    cdef void free_exclusion(self, int32_t slot) noexcept:
        self.exclusions[slot].after = self.exclusion_free
        self.exclusion_free = slot

    cdef int enter(self, int32_t slot, int32_t group, int channel, int64_t credit_ms, int64_t rate) except -1:
        """The contact begins to wait. `credit_ms` is its own and its queue's, `rate` its queue's."""
        cdef Contact* contact = &self.all[slot]
        cdef int32_t klass = self.classes.contact_class(group, contact.requirement, channel)
        cdef HeapEntry entry
        if self.classes.contact_class_room > self.heaps.classes:
            heapset_reserve(&self.heaps, self.classes.contact_class_room, 0)
        if contact.klass >= 0:
            raise AssertionError("a contact begins to wait twice")
        if self.classes.contact_classes[klass].idle:
            self.classes.unset_class_idle(klass)
        contact.klass = klass
        entry.major = -contact.priority
        entry.minor = rate * (contact.arrived_ns // 1000000) - 1000 * credit_ms
        entry.ordinal = contact.ordinal
        entry.item = slot
        entry.klass = 0
        heapset_put(&self.heaps, klass, entry)
        return 0

    cdef int leave(self, int32_t slot) except -1:
        """The contact does not wait any more."""
        cdef int32_t klass = self.all[slot].klass
        heapset_take(&self.heaps, klass, slot)
        self.all[slot].klass = -1
        if self.heaps.heaps[klass].size == 0:
            self.classes.set_class_idle(klass)
        return 0

    cdef int rekey(self, int32_t slot, int64_t credit_ms, int64_t rate) except -1:
        """Its priority or credit changed while it waits."""
        cdef Contact* contact = &self.all[slot]
        cdef HeapEntry entry
        entry.major = -contact.priority
        entry.minor = rate * (contact.arrived_ns // 1000000) - 1000 * credit_ms
        entry.ordinal = contact.ordinal
        entry.item = slot
        entry.klass = 0
        heapset_rekey(&self.heaps, contact.klass, entry)
        return 0

    cdef int32_t first_not_excluding(self, int32_t klass, int64_t agent_ordinal) except -2:
        """The place in the class's heap of the first contact for which the agent is not excluded, or -1.

        Goes on below a contact only if that one excludes the agent: as many places are looked at as exclusions of
        this agent lie in the way, times the heap's width.
        """
        cdef Heap* heap = &self.heaps.heaps[klass]
        cdef int32_t at, child, best
        cdef list frontier
        if not excludes(self, heap.data[0].item, agent_ordinal):
            return 0
        frontier = [0]
        best = -1
        while frontier:
            at = frontier.pop()
            if best >= 0 and not _before(&heap.data[at], &heap.data[best]):
                continue
            if not excludes(self, heap.data[at].item, agent_ordinal):
                best = at
                continue
            for child in range(4 * at + 1, min(4 * at + 5, heap.size)):
                frontier.append(child)
        return best

    cdef int32_t best_for(self, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -2:
        """The contact that an agent of the class takes, having room on the channels given as bits; -1 for none."""
        cdef const uint64_t* row = self.classes.agent_classes[agent_class].row
        cdef int32_t words = self.heaps.classes >> 6
        cdef int32_t word, klass, place, listed
        cdef uint64_t left
        cdef int64_t ageing, score
        cdef int64_t best_score = 0
        cdef int32_t best_tier = 0
        cdef int32_t tier
        cdef const HeapEntry* entry
        cdef HeapEntry best
        best.item = -1
        best.major = best.ordinal = 0
        for word in range(words):
            left = self.heaps.occupied[word]
            if row != NULL:
                left &= row[word]
            if left == 0 or not channels >> self.classes.block_channel[word] & 1:
                continue
            ageing = self.classes.block_rate[word] * now_ms
            if best.item >= 0 and best_tier == 0:
                entry = &self.heaps.best[word]
                if not _sooner(entry, ageing - entry.minor, &best, best_score):
                    continue
            while left:
                klass = (word << 6) + acd_lowest_bit(left)
                left &= left - 1
                if row == NULL and not self.classes.serves(agent_class, klass):
                    continue
                tier = 0
                if tier_first:
                    listed = self.classes.groups[self.classes.contact_classes[klass].group].listed
                    if listed >= 0:
                        tier = membership(self.classes, agent_class, listed).tier
                entry = &self.heaps.heads[klass]
                score = ageing - entry.minor
                if best.item >= 0 and (
                    tier > best_tier or (tier == best_tier and not _sooner(entry, score, &best, best_score))
                ):
                    continue
                if self.all[entry.item].exclusions >= 0:
                    place = self.first_not_excluding(klass, agent_ordinal)
                    if place < 0:
                        continue
                    entry = &self.heaps.heaps[klass].data[place]
                    score = ageing - entry.minor
                    if best.item >= 0 and tier == best_tier and not _sooner(entry, score, &best, best_score):
                        continue
                best = entry[0]
                best_score = score
                best_tier = tier
        return best.item


cdef inline bint _before(const HeapEntry* a, const HeapEntry* b) noexcept nogil:
    if a.major != b.major:
        return a.major < b.major
    if a.minor != b.minor:
        return a.minor < b.minor
    return a.ordinal < b.ordinal


cdef inline bint _sooner(const HeapEntry* a, int64_t a_score, const HeapEntry* b, int64_t b_score) noexcept nogil:
    """Does a come before b by priority, score and ordinal."""
    if a.major != b.major:
        return a.major < b.major
    if a_score != b_score:
        return a_score > b_score
    return a.ordinal < b.ordinal
