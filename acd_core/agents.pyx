# cython: language_level=3
"""The agents of an engine: their slots, and the indexes by which contacts choose among those with room.

For each channel and each strategy in use there is a set of heaps, one heap for each agent class, of the agents who
are available and have room on the channel. `random` and `weighted` need the k-th in order of creation and have trees
with sizes and weights.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from acd_core.digest cimport text_word
from acd_core.heaps cimport acd_lowest_bit, class_size, entry_of, heapset_free, heapset_init, heapset_put, heapset_rekey, heapset_reserve, \
    heapset_take
from acd_core.memory cimport larger_block
from acd_core.order_trees cimport tree_insert, tree_remove
from acd_core.orders cimport name_text, slot_named
from acd_core.tables cimport table_add, table_add_text, table_clear, table_drop, table_find, \
    table_init, text_key


from acd_core.types cimport STRATEGY_BEST_MATCH, STRATEGY_BROADCAST, STRATEGY_FEWEST_CONTACTS, STRATEGY_FIXED_ORDER, \
    STRATEGY_LEAST_LOADED, STRATEGY_LEAST_OCCUPIED, STRATEGY_LEAST_SKILLED, STRATEGY_LEAST_TALK_TIME, \
    STRATEGY_LONGEST_IDLE, STRATEGY_RANDOM, STRATEGY_ROUND_ROBIN, STRATEGY_WEIGHTED

from acd_core.fixed_point import OCCUPANCY_NONE

cdef int64_t _OCCUPANCY_NONE = OCCUPANCY_NONE


cdef class Agents:
    def __cinit__(self):
        cdef int number
        self.free_first = -1
        self.first = -1
        self.last = -1
        table_init(&self.ids)
        for number in range(CHANNELS_BOUND * INDEX_KINDS):
            heapset_init(&self.index[number])

    def __dealloc__(self):
        cdef int32_t slot
        cdef int number
        for slot in range(self.room):
            if self.all[slot].ordinal >= 0:
                Py_DECREF(<object>self.all[slot].id)
                Py_DECREF(<object>self.all[slot].spec)
                Py_DECREF(<object>self.all[slot].reason)
        free(self.all)
        table_clear(&self.ids)
        table_clear(&self.ordinals)
        self._free_index()

    cdef int _free_index(self) except -1:
        cdef int number
        for number in range(CHANNELS_BOUND * INDEX_KINDS):
            heapset_free(&self.index[number])
        for number in range(CHANNELS_BOUND):
            free(self.trees[number])
            free(self.roots[number])
            self.trees[number] = NULL
            self.roots[number] = NULL
        return 0

    cdef int32_t find(self, str agent_id) except -2:
        """The slot of an agent (leaving ones too), or -1."""
        cdef Name name
        name_text(<PyObject*>agent_id, &name)
        return self.find_named(&name)

    cdef int32_t find_named(self, const Name* name) except -2:
        """As `find`, for a name in `ids`."""
        return slot_named(&self.ids, name, self.all, sizeof(Agent))

    cdef int32_t of_ordinal(self, int64_t ordinal) noexcept:
        """The slot of the agent that has an ordinal, or -1."""
        return table_find(&self.ordinals, <uint64_t>ordinal)

    cdef int _grow(self) except -1:
        cdef int32_t room = self.room * 2 or 16
        cdef int32_t slot
        self.all = <Agent*>larger_block(self.all, <size_t>self.room * sizeof(Agent), <size_t>room * sizeof(Agent))
        for slot in range(room - 1, self.room - 1, -1):
            self.all[slot].ordinal = -1
            self.all[slot].later = self.free_first
            self.free_first = slot
        self.room = room
        return self._reserve()

    cdef int32_t add(self, str agent_id, int64_t ordinal) except -1:
        """A new agent, offline and without spec: the caller sets `spec`, `klass` and `capacity`."""
        cdef int32_t slot
        cdef int channel
        cdef Agent* agent
        if self.free_first < 0:
            self._grow()
        slot = self.free_first
        agent = &self.all[slot]
        self.free_first = agent.later
        memset(agent, 0, sizeof(Agent))
        agent.ordinal = ordinal
        Py_INCREF(agent_id)
        agent.id = <PyObject*>agent_id
        agent.id_word = text_word(agent_id)
        Py_INCREF(None)
        agent.spec = <PyObject*>None
        Py_INCREF("")
        agent.reason = <PyObject*>""
        agent.klass = -1
        agent.holds = -1
        agent.lease_timer = -1
        agent.delay_timer = -1
        agent.presence = 1
        agent.occupancy_key = _OCCUPANCY_NONE
        for channel in range(CHANNELS_BOUND):
            agent.maximum[channel] = -1
        agent.earlier = self.last
        agent.later = -1
        if self.last >= 0:
            self.all[self.last].later = slot
        else:
            self.first = slot
        self.last = slot
        self.count += 1
        table_add_text(&self.ids, text_key(&self.ids, <PyObject*>agent_id), slot, <PyObject*>agent_id)
        table_add(&self.ordinals, <uint64_t>ordinal, slot)
        return slot

    cdef int remove(self, int32_t slot) except -1:
        """The record goes; it must hold nothing, have no timers and be in no index."""
        cdef Agent* agent = &self.all[slot]
        if agent.room or agent.holds >= 0 or agent.lease_timer >= 0 or agent.delay_timer >= 0:
            raise AssertionError("an agent's record goes while something refers to it")
        table_drop(&self.ids, text_key(&self.ids, agent.id), slot)
        table_drop(&self.ordinals, <uint64_t>agent.ordinal, slot)
        if agent.earlier >= 0:
            self.all[agent.earlier].later = agent.later
        else:
            self.first = agent.later
        if agent.later >= 0:
            self.all[agent.later].earlier = agent.earlier
        else:
            self.last = agent.earlier
        self.count -= 1
        agent.ordinal = -1
        agent.later = self.free_first
        self.free_first = slot
        Py_DECREF(<object>agent.id)
        Py_DECREF(<object>agent.spec)
        Py_DECREF(<object>agent.reason)
        return 0

    cdef int reserve_classes(self, int32_t classes) except -1:
        """Make room in the indexes for agent classes (a multiple of 64)."""
        if classes > self.classes:
            self.classes = classes
            self._reserve()
        return 0

    cdef int _reserve(self) except -1:
        cdef int channel, kind
        cdef int32_t* roots
        cdef TreeNode* trees
        for channel in range(CHANNELS_BOUND):
            if not self.channels >> channel & 1:
                continue
            for kind in range(INDEX_KINDS):
                if self.kinds[kind]:
                    heapset_reserve(&self.index[channel * INDEX_KINDS + kind], self.classes, self.room)
            if self.trees_used:
                trees = <TreeNode*>realloc(self.trees[channel], <size_t>(self.room + 1) * sizeof(TreeNode))
                if trees == NULL:
                    raise MemoryError
                self.trees[channel] = trees
                roots = <int32_t*>realloc(self.roots[channel], <size_t>(self.classes + 1) * sizeof(int32_t))
                if roots == NULL:
                    raise MemoryError
                self.roots[channel] = roots
        if self.trees_used:
            self._init_roots()
        return 0

    cdef int _init_roots(self) except -1:
        """Mark the roots of classes without agents; a class with agents has its first index occupied."""
        cdef int channel
        cdef int32_t klass
        for channel in range(CHANNELS_BOUND):
            if self.channels >> channel & 1:
                for klass in range(self.classes):
                    if not class_size(&self.index[channel * INDEX_KINDS + self.lead], klass):
                        self.roots[channel][klass] = -1
        return 0

    cdef int configure(self, uint16_t channels, const bint* strategies) except -1:
        """Drop all indexes and set up those that strategies in use need; nobody has room until `set_room`."""
        cdef int32_t slot = self.first
        cdef int kind
        self._free_index()
        while slot >= 0:
            self.all[slot].room = 0
            slot = self.all[slot].later
        self.channels = channels
        self.kinds[INDEX_IDLE] = strategies[STRATEGY_LONGEST_IDLE] or strategies[STRATEGY_BEST_MATCH] or \
            strategies[STRATEGY_BROADCAST]
        self.kinds[INDEX_OFFER] = strategies[STRATEGY_ROUND_ROBIN]
        self.kinds[INDEX_ORDER] = strategies[STRATEGY_FIXED_ORDER]
        self.kinds[INDEX_OCCUPIED] = strategies[STRATEGY_LEAST_OCCUPIED]
        self.kinds[INDEX_BEGUN] = strategies[STRATEGY_FEWEST_CONTACTS]
        self.kinds[INDEX_TALK] = strategies[STRATEGY_LEAST_TALK_TIME]
        self.kinds[INDEX_LOADED] = strategies[STRATEGY_LEAST_LOADED]
        self.kinds[INDEX_SKILLED] = strategies[STRATEGY_LEAST_SKILLED]
        self.keys_change = self.kinds[INDEX_OFFER] or self.kinds[INDEX_OCCUPIED] or self.kinds[INDEX_BEGUN] or \
            self.kinds[INDEX_TALK]
        self.kind_count = 0
        for kind in range(INDEX_KINDS):
            if self.kinds[kind]:
                self.kind_list[self.kind_count] = kind
                self.kind_count += 1
        if self.kind_count == 0:
            self.kinds[INDEX_IDLE] = True
            self.kind_list[0] = INDEX_IDLE
            self.kind_count = 1
        self.lead = self.kind_list[0]
        self.trees_used = strategies[STRATEGY_RANDOM] or strategies[STRATEGY_WEIGHTED]
        return self._reserve()

    cdef int set_room(self, int32_t slot, uint16_t room) except -1:
        """Put the agent into the indexes of the channels on which it has room, with its keys of now."""
        cdef Agent* agent = &self.all[slot]
        cdef uint16_t before = agent.room
        cdef uint64_t left = before | room
        cdef int channel, index
        cdef HeapSet* heaps
        cdef const HeapEntry* old
        cdef HeapEntry entry
        entry.ordinal = agent.ordinal
        entry.item = slot
        entry.klass = 0
        while left:
            channel = acd_lowest_bit(left)
            left &= left - 1
            for index in range(self.kind_count):
                heaps = &self.index[channel * INDEX_KINDS + self.kind_list[index]]
                if not room >> channel & 1:
                    heapset_take(heaps, agent.klass, slot)
                    continue
                index_key(agent, self.kind_list[index], &entry)
                if not before >> channel & 1:
                    heapset_put(heaps, agent.klass, entry)
                    continue
                old = entry_of(heaps, agent.klass, slot)
                if old.major != entry.major or old.minor != entry.minor:
                    heapset_rekey(heaps, agent.klass, entry)
            if self.trees_used:
                if not room >> channel & 1:
                    self.roots[channel][agent.klass] = tree_remove(
                        self.trees[channel], self.roots[channel][agent.klass], agent.ordinal)
                elif not before >> channel & 1:
                    self.roots[channel][agent.klass] = tree_insert(
                        self.trees[channel], self.roots[channel][agent.klass], slot, agent.ordinal, agent.weight)
        agent.room = room
        return 0
