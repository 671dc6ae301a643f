# cython: language_level=3
"""The agents of an engine: their slots, and the indexes by which contacts choose among those with room.

For each channel and each strategy in use there is a set of heaps, one heap for each agent class, of the agents who
are available and have room on the channel. `random` needs the k-th in order of creation and has trees with sizes.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from acd_core.digest cimport text_word
from acd_core.heaps cimport acd_lowest_bit, heapset_free, heapset_init, heapset_put, heapset_rekey, heapset_reserve, \
    heapset_take
from acd_core.order_trees cimport tree_insert, tree_remove
from acd_core.tables cimport PyObject_Hash, same_text, table_add, table_clear, table_drop, table_home


cdef class Agents:
    def __cinit__(self):
        cdef int number
        self.free_first = -1
        self.first = -1
        self.last = -1
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
        cdef uint64_t key, at
        if self.ids.entries == NULL:
            return -1
        key = <uint64_t>PyObject_Hash(<PyObject*>agent_id)
        at = table_home(&self.ids, key)
        while self.ids.entries[at].slot >= 0:
            if self.ids.entries[at].key == key and \
                    same_text(self.all[self.ids.entries[at].slot].id, <PyObject*>agent_id):
                return self.ids.entries[at].slot
            at = (at + 1) & self.ids.mask
        return -1

    cdef int _grow(self) except -1:
        cdef int32_t room = self.room * 2 or 16
        cdef int32_t slot
        cdef Agent* grown = <Agent*>realloc(self.all, <size_t>room * sizeof(Agent))
        if grown == NULL:
            raise MemoryError
        self.all = grown
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
        table_add(&self.ids, <uint64_t>PyObject_Hash(<PyObject*>agent_id), slot)
        return slot

    cdef int remove(self, int32_t slot) except -1:
        """The record goes; it must hold nothing, have no timers and be in no index."""
        cdef Agent* agent = &self.all[slot]
        if agent.room or agent.holds >= 0 or agent.lease_timer >= 0 or agent.delay_timer >= 0:
            raise AssertionError("an agent's record goes while something refers to it")
        table_drop(&self.ids, <uint64_t>PyObject_Hash(agent.id), slot)
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
                    if not self.index[channel * INDEX_KINDS + self.lead].heaps[klass].size:
                        self.roots[channel][klass] = -1
        return 0

    cdef int configure(self, uint16_t channels, bint idle, bint offer, bint order, bint trees) except -1:
        """Drop all indexes and set up those that are in use from now on; nobody has room until `set_room`."""
        cdef int32_t slot = self.first
        self._free_index()
        while slot >= 0:
            self.all[slot].room = 0
            slot = self.all[slot].later
        self.channels = channels
        self.kinds[INDEX_IDLE] = idle
        self.kinds[INDEX_OFFER] = offer
        self.kinds[INDEX_ORDER] = order
        if not (idle or offer or order):
            self.kinds[INDEX_IDLE] = True
        self.lead = INDEX_IDLE if self.kinds[INDEX_IDLE] else INDEX_OFFER if offer else INDEX_ORDER
        self.trees_used = trees
        return self._reserve()

    cdef int set_room(self, int32_t slot, uint16_t room) except -1:
        """Put the agent into the indexes of the channels on which it has room, with its keys of now."""
        cdef Agent* agent = &self.all[slot]
        cdef uint16_t before = agent.room
        cdef uint64_t left = before | room
        cdef int channel, kind
        cdef HeapSet* heaps
        cdef HeapEntry entry
        entry.minor = 0
        entry.ordinal = agent.ordinal
        entry.item = slot
        entry.klass = 0
        while left:
            channel = acd_lowest_bit(left)
            left &= left - 1
            for kind in range(INDEX_KINDS):
                if not self.kinds[kind]:
                    continue
                heaps = &self.index[channel * INDEX_KINDS + kind]
                if not room >> channel & 1:
                    heapset_take(heaps, agent.klass, slot)
                    continue
                entry.major = index_key(agent, kind)
                if not before >> channel & 1:
                    heapset_put(heaps, agent.klass, entry)
                elif heaps.heaps[agent.klass].data[heaps.position[slot]].major != entry.major:
                    heapset_rekey(heaps, agent.klass, entry)
            if self.trees_used:
                if not room >> channel & 1:
                    self.roots[channel][agent.klass] = tree_remove(
                        self.trees[channel], self.roots[channel][agent.klass], agent.ordinal)
                elif not before >> channel & 1:
                    self.roots[channel][agent.klass] = tree_insert(
                        self.trees[channel], self.roots[channel][agent.klass], slot, agent.ordinal)
        agent.room = room
        return 0
