# cython: language_level=3
"""The live contacts of an engine: their slots, and the order in which those that wait are taken.

Within a contact class the order is by (priority, 1000 * credit - rate * arrived_ms, ordinal): the rate is the class's,
so it does not change as time goes by. Across classes heads are compared by their score now; in a block of 64 classes
the rate is the same, so one comparison with the block's best head passes over all of it.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

from acd_core.audiences cimport first_link
from acd_core.classes cimport class_key, membership
from acd_core.digest cimport text_word
from acd_core.heaps cimport ClassOrder, Run, acd_lowest_bit, class_size, goes_before, heapset_empty, heapset_free, \
    heapset_init, heapset_put, heapset_reserve, heapset_take, run_entry
from acd_core.memory cimport acd_prefetch, larger_block
from acd_core.orders cimport name_text, slot_named
from acd_core.tables cimport table_add_text, table_clear, table_drop, table_find, table_init, text_key
from acd_core.unshared cimport UNSHARED_BASE, UnsharedEntry, Need, Walk, is_sooner, pass_lane


cdef class Waiting:
    def __cinit__(self, Classes classes not None):
        self.classes = classes
        self.unshared = Unshared(classes)
        self.free_first = -1
        self.first = -1
        self.last = -1
        self.exclusion_free = -1
        self.offer_free = -1
        self.ended_free = -1
        heapset_init(&self.heaps)
        table_init(&self.ids)

    def __dealloc__(self):
        cdef int32_t slot
        for slot in range(self.used):
            if self.all[slot].ordinal >= 0:
                Py_DECREF(<object>self.all[slot].id)
                Py_DECREF(<object>self.all[slot].customer_id)
                Py_DECREF(<object>self.all[slot].attributes)
                drop_extra(&self.all[slot])
                drop_trail(&self.all[slot])
        free(self.all)
        free(self.links)
        free(self.exclusions)
        free(self.offers)
        free(self.ended)
        table_clear(&self.ids)
        heapset_free(&self.heaps)

    cdef int32_t find(self, str contact_id) except -2:
        """The slot of a live contact, or -1."""
        cdef Name name
        name_text(<PyObject*>contact_id, &name)
        return self.find_named(&name)

    cdef int32_t find_named(self, const Name* name) except -2:
        """As `find`, for a name in `ids`."""
        return slot_named(&self.ids, name, self.all, sizeof(Contact))

    cdef int32_t add(self, str contact_id, int64_t ordinal) except -1:
        """A new contact that is in no heap yet; the caller fills in the rest."""
        cdef int32_t slot
        cdef Contact* contact
        slot = self.free_first
        if slot >= 0:
            self.free_first = self.links[slot].later
        else:
            if self.used == self.room:
                self.reserve(self.room + 1)
            slot = self.used
            self.used += 1
        contact = &self.all[slot]
        memset(contact, 0, sizeof(Contact))
        contact.ordinal = ordinal
        Py_INCREF(contact_id)
        contact.id = <PyObject*>contact_id
        contact.id_word = text_word(contact_id)
        Py_INCREF("")
        contact.customer_id = <PyObject*>""
        Py_INCREF(b"")
        contact.attributes = <PyObject*>b""
        contact.klass[0] = -1
        contact.klass[1] = -1
        contact.line[0] = -1
        contact.line[1] = -1
        contact.second_queue = -1
        contact.raised_tier = -1
        contact.offers = -1
        contact.ended = -1
        contact.agent = -1
        contact.timer = -1
        contact.plan_timer = -1
        contact.predicted_ns[0] = -1
        contact.predicted_ns[1] = -1
        contact.reattach_timer = -1
        contact.exclusions = -1
        self.links[slot].earlier = self.last
        self.links[slot].later = -1
        if self.last >= 0:
            self.links[self.last].later = slot
        else:
            self.first = slot
        self.last = slot
        self.count += 1
        table_add_text(&self.ids, text_key(&self.ids, <PyObject*>contact_id), slot, <PyObject*>contact_id)
        return slot

    cdef int reserve(self, int64_t count) except -1:
        """Room for so many contacts. What is not used yet is not written to, so it takes no memory."""
        cdef int32_t room = self.room or 16
        while room < count:
            room *= 2
        if room == self.room:
            return 0
        self.links = <Links*>larger_block(
            self.links, <size_t>self.room * sizeof(Links), <size_t>room * sizeof(Links))
        self.all = <Contact*>larger_block(
            self.all, <size_t>self.room * sizeof(Contact), <size_t>room * sizeof(Contact))
        heapset_reserve(&self.heaps, 0, room * 2)
        self.room = room
        return 0

    cdef int remove(self, int32_t slot) except -1:
        """The contact is forgotten; it must be in no heap and have no timers, exclusions or agent."""
        cdef Contact* contact = &self.all[slot]
        cdef Links* links = &self.links[slot]
        if (contact.klass[0] >= 0 or contact.klass[1] >= 0 or contact.line[0] >= 0 or contact.line[1] >= 0
                or contact.agent >= 0 or contact.offers >= 0 or contact.ended >= 0 or contact.timer >= 0
                or contact.plan_timer >= 0 or contact.reattach_timer >= 0 or contact.exclusions >= 0
                or contact.extra != NULL or contact.trail != NULL):
            raise AssertionError("a contact is forgotten while something refers to it")
        if not table_drop(&self.ids, text_key(&self.ids, contact.id), slot):
            raise AssertionError("a contact's id is not in the table")
        if links.earlier >= 0:
            self.links[links.earlier].later = links.later
        else:
            self.first = links.later
        if links.later >= 0:
            self.links[links.later].earlier = links.earlier
        else:
            self.last = links.earlier
        self.count -= 1
        contact.ordinal = -1
        links.later = self.free_first
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

    cdef int32_t new_offer(self) except -1:
        cdef int32_t slot, room
        slot = self.offer_free
        if slot >= 0:
            self.offer_free = self.offers[slot].after
        else:
            if self.offer_used == self.offer_room:
                room = self.offer_room * 2 or 16
                self.offers = <Offer*>larger_block(
                    self.offers, <size_t>self.offer_room * sizeof(Offer), <size_t>room * sizeof(Offer))
                self.offer_room = room
            slot = self.offer_used
            self.offer_used += 1
        self.offers[slot].after = -1
        self.offers[slot].timer = -1
        return slot

    cdef void free_offer(self, int32_t slot) noexcept:
        self.offers[slot].contact = -1
        self.offers[slot].after = self.offer_free
        self.offer_free = slot

    cdef int32_t new_ended(self) except -1:
        cdef int32_t slot, room
        cdef void* grown
        if self.ended_free < 0:
            room = self.ended_room * 2 or 16
            grown = realloc(self.ended, <size_t>room * sizeof(Ended))
            if grown == NULL:
                raise MemoryError
            self.ended = <Ended*>grown
            for slot in range(room - 1, self.ended_room - 1, -1):
                self.ended[slot].after = self.ended_free
                self.ended_free = slot
            self.ended_room = room
        slot = self.ended_free
        self.ended_free = self.ended[slot].after
        self.ended[slot].after = -1
        return slot

    cdef void free_ended(self, int32_t slot) noexcept:
        self.ended[slot].after = self.ended_free
        self.ended_free = slot

    cdef int enter(self, int32_t slot, int second, int32_t group, int64_t minor, tuple audience) except -1:
        """An entry of the contact begins to want agents, those of the audience alone if there is one."""
        cdef Contact* contact = &self.all[slot]
        cdef int32_t klass, place
        cdef uint64_t key
        cdef HeapEntry entry
        if contact.klass[second] >= 0:
            raise AssertionError("a contact begins to wait twice")
        entry.major = -contact.priority
        entry.minor = minor
        entry.ordinal = 2 * contact.ordinal + second
        entry.item = 2 * slot + second
        entry.klass = 0
        if audience is None:
            key = class_key(group, contact.requirement, contact.channel)
            klass = table_find(&self.classes.contact_class_slots, key)
            if klass < 0:
                place = self.unshared.add(group, contact.requirement, contact.channel, key, entry)
                if place >= 0:
                    contact.klass[second] = UNSHARED_BASE + place
                    return 0
                klass = self.classes.contact_class(group, contact.requirement, contact.channel)
                self._gather(klass, key)
        else:
            klass = self.classes.private_class(group, contact.requirement, contact.channel, audience)
        if self.classes.contact_classes[klass].idle:
            self.classes.unset_class_idle(klass)
        contact.klass[second] = klass
        return self._put(klass, entry)

    cdef int _put(self, int32_t klass, HeapEntry entry) except -1:
        if self.classes.contact_class_room > self.heaps.classes:
            heapset_reserve(&self.heaps, self.classes.contact_class_room, 0)
        return heapset_put(&self.heaps, klass, entry)

    cdef int _gather(self, int32_t klass, uint64_t key) except -1:
        """The entries outside of classes that ask for what a new class is for become its members."""
        cdef int32_t place = self.unshared.first_of(key)
        cdef const UnsharedEntry* unshared
        cdef HeapEntry entry
        while place >= 0:
            unshared = &self.unshared.entries[place]
            entry.major = unshared.turn.major
            entry.minor = unshared.turn.minor
            entry.ordinal = unshared.turn.ordinal
            entry.item = unshared.item
            entry.klass = 0
            self.unshared.remove(place)
            self.all[entry.item >> 1].klass[entry.item & 1] = klass
            self._put(klass, entry)
            place = self.unshared.first_of(key)
        return 0

    cdef int leave_entry(self, int32_t slot, int second) except -1:
        """One entry of the contact does not want agents any more."""
        cdef int32_t klass = self.all[slot].klass[second]
        self.all[slot].klass[second] = -1
        if klass >= UNSHARED_BASE:
            return self.unshared.remove(klass - UNSHARED_BASE)
        heapset_take(&self.heaps, klass, 2 * slot + second)
        if class_size(&self.heaps, klass) == 0:
            self.classes.set_class_idle(klass)
        return 0

    cdef int leave(self, int32_t slot) except -1:
        """The contact does not want agents any more."""
        if self.all[slot].klass[0] >= 0:
            self.leave_entry(slot, 0)
        if self.all[slot].klass[1] >= 0:
            self.leave_entry(slot, 1)
        return 0

    cdef int forget_order(self) except -1:
        """No entry wants agents any more; the caller has let contacts forget their classes."""
        cdef int32_t word
        cdef uint64_t left
        for word in range(self.heaps.classes >> 6):
            left = self.heaps.occupied[word]
            while left:
                self.classes.set_class_idle((word << 6) + acd_lowest_bit(left))
                left &= left - 1
        heapset_empty(&self.heaps)
        self.unshared.empty()
        return 0

    cdef const HeapEntry* first_not_excluding(self, int32_t klass, int64_t agent_ordinal) except? NULL:
        """The first entry of the class whose contact does not exclude the agent, or NULL.

        Goes on behind a contact only if that one excludes the agent: as many places are looked at as exclusions of
        this agent lie in the way, times the width of the strays' heap, and the holes between.
        """
        cdef const ClassOrder* order = &self.heaps.orders[klass]
        cdef const Heap* heap = &order.strays
        cdef const HeapEntry* entry
        cdef const HeapEntry* best = NULL
        cdef const Run* run
        cdef uint32_t number
        cdef int32_t at, child
        cdef list frontier
        for at in range(order.run_count):
            run = &order.runs[at]
            number = run.start
            while number != run.end:
                entry = run_entry(run, number)
                number += 1
                if entry.item < 0:
                    continue
                if best != NULL and not goes_before(entry, best):
                    break
                if not excludes(self, entry.item >> 1, agent_ordinal):
                    best = entry
                    break
        frontier = [0] if heap.size else []
        while frontier:
            at = frontier.pop()
            if best != NULL and not goes_before(&heap.data[at], best):
                continue
            if not excludes(self, heap.data[at].item >> 1, agent_ordinal):
                best = &heap.data[at]
                continue
            for child in range(4 * at + 1, min(4 * at + 5, heap.size)):
                frontier.append(child)
        return best

    cdef int32_t best_for(self, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -2:
        """The entry (twice the contact's slot, one more for the second) that an agent of the class takes, having room
        on the channels given as bits; -1 for none."""
        cdef Candidate best
        # Heads are compared first, and of the first of them it is asked whether it takes the agent. That one mostly does,
        # and is looked at next anyway; the contacts behind other heads lie anywhere in memory.
        self._weigh_classes(&best, agent_class, agent_ordinal, channels, now_ms, tier_first, False)
        if best.entry.item >= 0 and is_picky(self, best.entry.item >> 1):
            self._weigh_classes(&best, agent_class, agent_ordinal, channels, now_ms, tier_first, True)
        if self.unshared.count:
            self._weigh_unshared(&best, agent_class, agent_ordinal, channels, now_ms, tier_first)
        return best.entry.item

    cdef int _weigh_classes(self, Candidate* best, int32_t agent_class, int64_t agent_ordinal, int channels,
                            int64_t now_ms, bint tier_first, bint ask) except -1:
        """The best entry of all classes; if `ask` says so, of those that do not exclude the agent."""
        cdef const uint64_t* row = self.classes.agent_classes[agent_class].row
        cdef int32_t words = self.heaps.classes >> 6
        cdef int32_t word, klass, link
        cdef uint64_t left
        cdef int64_t ageing
        cdef const HeapEntry* entry
        cdef const HeapEntry* first
        cdef bint plain = row != NULL and not tier_first and not ask
        best.entry.item = -1
        best.tier = 0
        for word in range(words):
            left = self.heaps.occupied[word]
            if row != NULL:
                left &= row[word]
            if left == 0 or not channels >> self.classes.block_channel[word] & 1:
                continue
            ageing = self.classes.block_rate[word] * now_ms
            if best.entry.item >= 0 and best.tier == 0:
                entry = &self.heaps.best[word]
                if not is_sooner(entry.major, ageing - entry.minor, entry.ordinal, &best.entry, best.score):
                    continue
            if plain:
                # In a block heads are comparable as they are.
                first = &self.heaps.heads[(word << 6) + acd_lowest_bit(left)]
                left &= left - 1
                while left:
                    entry = &self.heaps.heads[(word << 6) + acd_lowest_bit(left)]
                    left &= left - 1
                    if goes_before(entry, first):
                        first = entry
                if best.entry.item < 0 or is_sooner(
                        first.major, ageing - first.minor, first.ordinal, &best.entry, best.score):
                    best.entry = first[0]
                    best.score = ageing - first.minor
                    acd_prefetch(&self.all[first.item >> 1])
                continue
            while left:
                klass = (word << 6) + acd_lowest_bit(left)
                left &= left - 1
                if row == NULL and (self.classes.contact_classes[klass].audience != NULL
                                    or not self.classes.serves(agent_class, klass)):
                    continue
                self._weigh(best, klass, agent_class, agent_ordinal, ageing, tier_first, ask)
        link = first_link(self.classes.private_of, agent_ordinal)
        while link >= 0:
            klass = self.classes.private_of.links[link].item
            if channels >> self.classes.block_channel[klass >> 6] & 1 and class_size(&self.heaps, klass) and \
                    self.classes.serves(agent_class, klass):
                ageing = self.classes.block_rate[klass >> 6] * now_ms
                self._weigh(best, klass, agent_class, agent_ordinal, ageing, tier_first, ask)
            link = self.classes.private_of.links[link].after
        return 0

    cdef int _weigh_unshared(self, Candidate* best, int32_t agent_class, int64_t agent_ordinal, int channels, int64_t now_ms,
                          bint tier_first) except -1:
        """Take the first entry outside of classes that the agent may serve, if it goes before the best so far."""
        cdef Walk walk
        cdef const Need* need
        cdef int32_t tier
        cdef int64_t score
        self.unshared.begin(&walk, agent_class, channels, now_ms)
        if best.tier == 0:
            walk.bound = best.entry
            walk.bound_score = best.score
        while self.unshared.step(&walk):
            need = walk.need
            score = walk.ageing - walk.turn.minor
            if best.entry.item >= 0 and best.tier == 0 and not is_sooner(
                    walk.turn.major, score, walk.turn.ordinal, &best.entry, best.score):
                pass_lane(&walk)
                continue
            tier = self.unshared.tier_of(&walk, agent_class)
            if tier < 0 or excludes(self, need.item >> 1, agent_ordinal):
                continue
            if not tier_first:
                tier = 0
            if best.entry.item >= 0 and (tier > best.tier or (tier == best.tier and not is_sooner(
                    walk.turn.major, score, walk.turn.ordinal, &best.entry, best.score))):
                continue
            best.entry.major = walk.turn.major
            best.entry.minor = walk.turn.minor
            best.entry.ordinal = walk.turn.ordinal
            best.entry.item = need.item
            best.score = score
            best.tier = tier
            if tier == 0:
                walk.bound = best.entry
                walk.bound_score = score
                pass_lane(&walk)
        self.unshared.end(&walk)
        return 0

    cdef int _weigh(self, Candidate* best, int32_t klass, int32_t agent_class, int64_t agent_ordinal, int64_t ageing,
                    bint tier_first, bint ask) except -1:
        """Take the first entry of a class that the agent may serve, if it goes before the best so far; unless `ask` says
        so without asking whether it excludes the agent."""
        cdef const HeapEntry* entry = &self.heaps.heads[klass]
        cdef int64_t score = ageing - entry.minor
        cdef int32_t tier = 0
        cdef int32_t listed
        if tier_first:
            listed = self.classes.groups[self.classes.contact_classes[klass].group].listed
            if listed >= 0:
                tier = membership(self.classes, agent_class, listed).tier
        if best.entry.item >= 0 and (
            tier > best.tier or (tier == best.tier and not is_sooner(entry.major, score, entry.ordinal, &best.entry, best.score))
        ):
            return 0
        if ask and is_picky(self, entry.item >> 1):
            entry = self.first_not_excluding(klass, agent_ordinal)
            if entry == NULL:
                return 0
            score = ageing - entry.minor
            if best.entry.item >= 0 and tier == best.tier and not is_sooner(entry.major, score, entry.ordinal, &best.entry, best.score):
                return 0
        best.entry = entry[0]
        best.score = score
        best.tier = tier
        return 0


cdef Extra* extra_of(Contact* contact) except NULL:
    """What the contact has that few have, made if it had nothing so far."""
    cdef Extra* extra = contact.extra
    if extra == NULL:
        extra = <Extra*>calloc(1, sizeof(Extra))
        if extra == NULL:
            raise MemoryError
        extra.hold_ms = -1
        extra.consults_ordinal = -1
        extra.asked_by_ordinal = -1
        extra.hold_timer = -1
        extra.start_timer = -1
        extra.end_timer = -1
        extra.reserved_link = -1
        contact.extra = extra
    return extra


cdef Trail* trail_of(Contact* contact) except NULL:
    """What few contacts have of their way through a plan, made if it had nothing so far."""
    if contact.trail == NULL:
        contact.trail = <Trail*>malloc(sizeof(Trail))
        if contact.trail == NULL:
            raise MemoryError
        memset(contact.trail, 0, sizeof(Trail))
    return contact.trail


cdef void put_object(PyObject** place, object value) noexcept:
    """Let a field refer to an object, None for nothing."""
    cdef PyObject* old = place[0]
    if value is None:
        place[0] = NULL
    else:
        Py_INCREF(value)
        place[0] = <PyObject*>value
    if old != NULL:
        Py_DECREF(<object>old)


cdef void drop_extra(Contact* contact) noexcept:
    if contact.extra != NULL:
        put_object(&contact.extra.weights, None)
        put_object(&contact.extra.named, None)
        put_object(&contact.extra.preferred, None)
        put_object(&contact.extra.reserved, None)
        put_object(&contact.extra.address, None)
        put_object(&contact.extra.consults_id, None)
        free(contact.extra.weight_list)
        free(contact.extra)
        contact.extra = NULL


cdef void drop_trail(Contact* contact) noexcept:
    contact.taken = 0
    if contact.trail != NULL:
        free(contact.trail.judged)
        free(contact.trail)
        contact.trail = NULL
