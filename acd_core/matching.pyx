# cython: language_level=3
"""Who gets whom: a contact choosing among agents, an agent among contacts, and the pass over those who wait.

The pass does not walk over everybody: before the command no match was possible, so only contacts that were touched,
and those of classes that an agent with gained room may serve, can be matched now. They are taken in order from a heap
of the heads of these classes. When a contact without exclusions finds nobody, nobody has room for its whole class for
the rest of the pass, since a pass only takes room away.
"""

from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from acd_core.agents cimport INDEX_IDLE, INDEX_KINDS, INDEX_OFFER, INDEX_ORDER, is_available
from acd_core.classes cimport membership
from acd_core.heaps cimport acd_lowest_bit, goes_before, heap_push, heap_take
from acd_core.order_trees cimport tree_before, tree_insert, tree_remove, tree_select, tree_size
from acd_core.skills cimport meets
from acd_core.types cimport CHANNELS_BOUND, CHOSEN_BY_AGENT, CHOSEN_BY_CONTACT, EVENT_CONTACT_ASSIGNED, \
    EVENT_OFFER_MADE, STATE_ACTIVE, STATE_OFFERED, STATE_WAITING, STRATEGY_FIXED_ORDER, STRATEGY_LONGEST_IDLE, \
    STRATEGY_RANDOM, STRATEGY_ROUND_ROBIN, TIMER_OFFER_EXPIRY, Agent, Member, QueueMembers
from acd_core.waiting cimport excludes

cdef extern from *:
    """
    #define acd_high_word(a, b) ((uint64_t)(((unsigned __int128)(a) * (b)) >> 64))
    """
    uint64_t acd_high_word(uint64_t a, uint64_t b) noexcept nogil


cdef class Matching(EngineState):
    def __dealloc__(self):
        free(self.chosen_classes)
        free(self.below_low)
        free(self.below_high)
        free(self.pass_classes)
        free(self.pass_heap.data)
        free(self.pass_position)

    # A contact chooses (routing model, section 6)

    cdef int32_t choose_agent(self, int32_t contact, int32_t* tier, bint anybody) except -2:
        """The agent that a contact takes now, or -1. With `anybody`: is there one at all, exclusions aside (no draw)."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef Queue* queue = &self.rules.queues[chooser.queue]
        cdef QueueMembers* members
        cdef HeapSet* lead = &self.roster.index[chooser.channel * INDEX_KINDS + self.roster.lead]
        cdef Choice choice
        cdef int32_t index
        cdef int32_t found = -1
        if lead.total == 0:
            return -1
        choice.entry.item = -1
        choice.position = 0
        self.chosen_count = 0
        tier[0] = 0
        if not queue.listed:
            for index in range(lead.classes >> 6):
                if lead.occupied[index]:
                    self._consider(&choice, contact, index, lead.occupied[index], anybody)
            if queue.strategy == STRATEGY_RANDOM and not anybody:
                return self._draw(contact)
            return choice.entry.item
        members = &self.classes.members[chooser.queue]
        index = 0
        while index < members.size and members.words[index].tier <= queue.max_tier:
            tier[0] = members.words[index].tier
            while index < members.size and members.words[index].tier == tier[0]:
                self._consider(&choice, contact, members.words[index].word, members.words[index].mask, anybody)
                index += 1
            if queue.strategy == STRATEGY_RANDOM and not anybody:
                found = self._draw(contact)
                self.chosen_count = 0
            else:
                found = choice.entry.item
            if found >= 0:
                return found
        return -1

    cdef int _consider(self, Choice* choice, int32_t contact, int32_t word, uint64_t mask, bint anybody) except -1:
        """Look at the agents of 64 agent classes, those of `mask` among them."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef Queue* queue = &self.rules.queues[chooser.queue]
        cdef int strategy = queue.strategy
        cdef int kind = self.roster.lead
        cdef HeapSet* heaps
        cdef const HeapEntry* entry
        cdef const Member* member
        cdef bint by_position = strategy == STRATEGY_FIXED_ORDER and queue.listed
        cdef int32_t klass, place, position
        cdef void* grown
        if strategy == STRATEGY_LONGEST_IDLE:
            kind = INDEX_IDLE
        elif strategy == STRATEGY_ROUND_ROBIN:
            kind = INDEX_OFFER
        elif strategy == STRATEGY_FIXED_ORDER:
            kind = INDEX_ORDER
        heaps = &self.roster.index[chooser.channel * INDEX_KINDS + kind]
        mask &= heaps.occupied[word]
        if mask == 0:
            return 0
        if choice.entry.item >= 0 and not by_position and not goes_before(&heaps.best[word], &choice.entry):
            return 0
        mask &= meets(self.skills, chooser.requirement, word)
        if mask and queue.requirement:
            mask &= meets(self.skills, queue.requirement, word)
        while mask:
            klass = (word << 6) + acd_lowest_bit(mask)
            mask &= mask - 1
            entry = &heaps.heads[klass]
            if anybody:
                choice.entry = entry[0]
                return 0
            if strategy == STRATEGY_RANDOM:
                if self.chosen_count == self.chosen_room:
                    self.chosen_room = self.chosen_room * 2 or 64
                    grown = realloc(self.chosen_classes, <size_t>self.chosen_room * sizeof(int32_t))
                    if grown == NULL:
                        raise MemoryError
                    self.chosen_classes = <int32_t*>grown
                    grown = realloc(self.below_low, <size_t>self.chosen_room * sizeof(int32_t))
                    if grown == NULL:
                        raise MemoryError
                    self.below_low = <int32_t*>grown
                    grown = realloc(self.below_high, <size_t>self.chosen_room * sizeof(int32_t))
                    if grown == NULL:
                        raise MemoryError
                    self.below_high = <int32_t*>grown
                self.chosen_classes[self.chosen_count] = klass
                self.chosen_count += 1
                continue
            position = 0
            if by_position:
                member = membership(self.classes, klass, chooser.queue)
                position = member.position
                if choice.entry.item >= 0 and position > choice.position:
                    continue
            if choice.entry.item >= 0 and position == choice.position and not goes_before(entry, &choice.entry):
                continue
            if chooser.exclusions >= 0:
                place = self._first_not_excluded(heaps, klass, contact)
                if place < 0:
                    continue
                entry = &heaps.heaps[klass].data[place]
                if choice.entry.item >= 0 and position == choice.position and not goes_before(entry, &choice.entry):
                    continue
            choice.entry = entry[0]
            choice.position = position
        return 0

    cdef int32_t _first_not_excluded(self, HeapSet* heaps, int32_t klass, int32_t contact) except -2:
        """The place in the class's heap of the first agent who is not excluded for the contact, or -1.

        Goes on below an agent only if that one is excluded, and a contact has a bounded number of exclusions.
        """
        cdef Heap* heap = &heaps.heaps[klass]
        cdef int32_t at, child, best
        cdef list frontier
        if not excludes(self.desk, contact, heap.data[0].ordinal):
            return 0
        frontier = [0]
        best = -1
        while frontier:
            at = frontier.pop()
            if best >= 0 and not goes_before(&heap.data[at], &heap.data[best]):
                continue
            if not excludes(self.desk, contact, heap.data[at].ordinal):
                best = at
                continue
            for child in range(4 * at + 1, min(4 * at + 5, heap.size)):
                frontier.append(child)
        return best

    cdef int32_t _draw(self, int32_t contact) except -2:
        """One of the agents of the chosen classes, evenly, or -1. Draws only if there are two or more."""
        cdef int channel = self.desk.all[contact].channel
        cdef int32_t exclusion = self.desk.all[contact].exclusions
        cdef int32_t index, agent, klass
        cdef int64_t total = 0
        cdef int64_t rank = 0
        cdef int32_t result = -1
        cdef uint64_t value
        cdef list set_aside = []
        if self.chosen_count == 0:
            return -1
        while exclusion >= 0:
            agent = self.desk.exclusions[exclusion].agent
            if agent >= 0 and self.roster.all[agent].ordinal == self.desk.exclusions[exclusion].agent_ordinal and \
                    self.roster.all[agent].room >> channel & 1:
                klass = self.roster.all[agent].klass
                self.roster.roots[channel][klass] = tree_remove(
                    self.roster.trees[channel], self.roster.roots[channel][klass], self.roster.all[agent].ordinal)
                set_aside.append(agent)
            exclusion = self.desk.exclusions[exclusion].after
        for index in range(self.chosen_count):
            total += tree_size(self.roster.trees[channel], self.roster.roots[channel][self.chosen_classes[index]])
        if total > 0:
            if total > 1:
                self.random_state += <uint64_t>0x9E3779B97F4A7C15
                value = self.random_state
                value = (value ^ (value >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
                value = (value ^ (value >> 27)) * <uint64_t>0x94D049BB133111EB
                value ^= value >> 31
                rank = <int64_t>acd_high_word(value, <uint64_t>total)
            result = self._select(channel, rank, total)
        for agent in set_aside:
            klass = self.roster.all[agent].klass
            self.roster.roots[channel][klass] = tree_insert(
                self.roster.trees[channel], self.roster.roots[channel][klass], agent, self.roster.all[agent].ordinal)
        return result

    cdef int32_t _select(self, int channel, int64_t rank, int64_t total) except -1:
        """The agent with `rank` others before it in order of creation, over the chosen classes.

        Narrows a range of ordinals, guessing where the rank lies by proportion and by halves in turn; classes that
        have nobody in the range drop out, so most of the work is in the first rounds.
        """
        cdef const int32_t* roots = self.roster.roots[channel]
        cdef int64_t low = 0  # `below` candidates have a lower ordinal, and below <= rank
        cdef int64_t high = self.agents_created  # `above` candidates have a lower ordinal, and above > rank
        cdef int64_t below = 0
        cdef int64_t above = total
        cdef int64_t guess, count
        cdef int32_t index, kept, item, root
        cdef int32_t result = -1
        cdef int32_t turn = 0
        for index in range(self.chosen_count):
            self.below_low[index] = 0
            self.below_high[index] = tree_size(self.roster.trees[channel], roots[self.chosen_classes[index]])
        while below < rank:
            turn += 1
            if turn & 1:
                guess = low + (high - low) * (2 * (rank - below) + 1) // (2 * (above - below))
            else:
                guess = (low + high) // 2
            guess = max(low + 1, min(high - 1, guess))
            count = below
            for index in range(self.chosen_count):
                root = roots[self.chosen_classes[index]]
                count += tree_before(self.roster.trees[channel], root, guess) - self.below_low[index]
            kept = 0
            for index in range(self.chosen_count):
                root = roots[self.chosen_classes[index]]
                item = tree_before(self.roster.trees[channel], root, guess)
                self.chosen_classes[kept] = self.chosen_classes[index]
                self.below_low[kept] = item if count <= rank else self.below_low[index]
                self.below_high[kept] = self.below_high[index] if count <= rank else item
                if self.below_high[kept] > self.below_low[kept]:
                    kept += 1
            self.chosen_count = kept
            if count <= rank:
                low = guess
                below = count
            else:
                high = guess
                above = count
        for index in range(self.chosen_count):
            root = roots[self.chosen_classes[index]]
            if self.below_low[index] == self.below_high[index]:
                continue
            item = tree_select(self.roster.trees[channel], root, self.below_low[index])
            if result < 0 or self.roster.all[item].ordinal < self.roster.all[result].ordinal:
                result = item
        if result < 0:
            raise AssertionError("a draw found nobody")
        return result

    # Matching

    cdef int enter_waiting(self, int32_t contact) except -1:
        """Put a contact that waits into its place."""
        cdef Contact* waiting = &self.desk.all[contact]
        cdef Queue* queue = &self.rules.queues[waiting.queue]
        return self.desk.enter(contact, queue.group, waiting.channel, waiting.credit_ms + queue.credit_ms, queue.rate)

    cdef int match(self, int32_t contact, int32_t agent, int32_t tier, int chosen_by) except -1:
        """Offer the contact to the agent, or assign it where the queue accepts by itself."""
        cdef Contact* matched = &self.desk.all[contact]
        cdef Agent* taker = &self.roster.all[agent]
        cdef Queue* queue = &self.rules.queues[matched.queue]
        cdef int64_t score
        if not taker.room >> matched.channel & 1:
            raise AssertionError("a contact is matched with an agent who has no room")
        if matched.state != STATE_WAITING:
            raise AssertionError("a contact that does not wait is matched")
        if matched.klass >= 0:
            self.desk.leave(contact)
        self.offers_made += 1
        matched.offer_id = self.offers_made
        taker.last_offer_id = self.offers_made
        self.hold(agent, contact)
        score = 1000 * (matched.credit_ms + queue.credit_ms) + queue.rate * (
            self.now_ns // 1000000 - matched.arrived_ns // 1000000)
        if queue.auto_accept:
            self.set_state(contact, STATE_ACTIVE)
            matched.accepted_ns = self.now_ns
            taker.misses_in_row = 0
            taker.serving += 1
            if matched.reattach_timer >= 0:
                self.timers.disarm(matched.reattach_timer)
                matched.reattach_timer = -1
            self.emit_match(EVENT_CONTACT_ASSIGNED, contact, 0, tier, score, chosen_by)
        else:
            self.set_state(contact, STATE_OFFERED)
            matched.offer_expires_ns = self.now_ns + queue.offer_timeout_ms * 1000000
            matched.timer = self.timers.arm(-1, matched.offer_expires_ns, TIMER_OFFER_EXPIRY, contact, -1, -1, -1)
            self.emit_match(EVENT_OFFER_MADE, contact, matched.offer_expires_ns, tier, score, chosen_by)
        return self.refresh_room(agent)

    cdef int match_all(self) except -1:
        """What section 9 of the routing model asks for after a command or a timer."""
        cdef int32_t index
        cdef int32_t able = 0
        cdef int32_t chooser = -1
        for index in range(self.gained.size):
            if self.roster.all[self.gained.data[index].slot].ordinal != self.gained.data[index].ordinal:
                continue
            self.refresh_room(self.gained.data[index].slot)
            if is_available(&self.roster.all[self.gained.data[index].slot]):
                able += 1
                chooser = self.gained.data[index].slot
        if self.touched.size or self.touched_all:
            self._pass()
        elif able == 1:
            self._agent_takes(chooser)
        elif able > 1:
            self._pass()
        self.touched.size = 0
        self.touched_all = False
        self.gained.size = 0
        self.match_round += 1
        return 0

    cdef int _agent_takes(self, int32_t agent) except -1:
        cdef Agent* chooser = &self.roster.all[agent]
        cdef const Member* member
        cdef int32_t contact, tier
        while chooser.room:
            contact = self.desk.best_for(chooser.klass, chooser.ordinal, chooser.room, self.now_ns // 1000000,
                                         self.rules.tier_first)
            if contact < 0:
                break
            tier = 0
            if self.rules.queues[self.desk.all[contact].queue].listed:
                member = membership(self.classes, chooser.klass, self.desk.all[contact].queue)
                if member == NULL:
                    raise AssertionError("an agent chose a contact of a queue that it is no member of")
                tier = member.tier
            self.match(contact, agent, tier, CHOSEN_BY_AGENT)
        return 0

    cdef int _pass(self) except -1:
        cdef HeapEntry entry
        cdef int32_t contact, klass, agent, tier
        cdef int32_t classes
        cdef int channel
        cdef bint anybody = False
        cdef list skipped = []
        for channel in range(CHANNELS_BOUND):
            anybody |= self.roster.index[channel * INDEX_KINDS + self.roster.lead].total > 0
        if not anybody:
            return 0
        self._collect_pass()
        classes = self.pass_words << 6
        while self.pass_heap.size:
            entry = self.pass_heap.data[0]
            heap_take(&self.pass_heap, self.pass_position, entry.item)
            if entry.item >= classes:
                contact = self.touched.data[entry.item - classes].slot
                if self.desk.all[contact].state == STATE_WAITING:
                    agent = self.choose_agent(contact, &tier, False)
                    if agent >= 0:
                        self.match(contact, agent, tier, CHOSEN_BY_CONTACT)
                continue
            klass = entry.item
            contact = self.desk.heaps.heads[klass].item
            agent = self.choose_agent(contact, &tier, False)
            if agent >= 0:
                self.match(contact, agent, tier, CHOSEN_BY_CONTACT)
            elif self.desk.all[contact].exclusions >= 0 and self.choose_agent(contact, &tier, True) >= 0:
                self.desk.leave(contact)
                skipped.append(contact)
            else:
                continue
            self._push_head(klass)
        for contact in skipped:
            self.enter_waiting(contact)
        return 0

    cdef int _push_head(self, int32_t klass) except -1:
        """Put the first contact of a class in line, with its score of now."""
        cdef HeapEntry entry
        if self.desk.heaps.heaps[klass].size == 0:
            return 0
        entry = self.desk.heaps.heads[klass]
        entry.minor -= self.classes.block_rate[klass >> 6] * (self.now_ns // 1000000)
        entry.item = klass
        return heap_push(&self.pass_heap, self.pass_position, entry)

    cdef int _collect_pass(self) except -1:
        """Put in line the classes that may be served now, and the touched contacts of others."""
        cdef int32_t words = self.desk.heaps.classes >> 6
        cdef int32_t items = (words << 6) + self.touched.size
        cdef int32_t index, word, klass, contact
        cdef const uint64_t* row
        cdef uint64_t left, bits
        cdef Agent* agent
        cdef Contact* touched
        cdef HeapEntry entry
        cdef void* grown
        self.pass_heap.size = 0
        if words > self.pass_words:
            grown = realloc(self.pass_classes, <size_t>words * sizeof(uint64_t))
            if grown == NULL:
                raise MemoryError
            self.pass_classes = <uint64_t*>grown
            self.pass_words = words
        if items > self.pass_items:
            grown = realloc(self.pass_position, <size_t>items * sizeof(int32_t))
            if grown == NULL:
                raise MemoryError
            self.pass_position = <int32_t*>grown
            self.pass_items = items
        if words:
            if self.touched_all:
                memcpy(self.pass_classes, self.desk.heaps.occupied, <size_t>words * sizeof(uint64_t))
            else:
                memset(self.pass_classes, 0, <size_t>words * sizeof(uint64_t))
        if not self.touched_all:
            for index in range(self.gained.size):
                agent = &self.roster.all[self.gained.data[index].slot]
                if agent.ordinal != self.gained.data[index].ordinal or not agent.room:
                    continue
                row = self.classes.agent_classes[agent.klass].row
                for word in range(words):
                    left = self.desk.heaps.occupied[word] & ~self.pass_classes[word]
                    if left == 0 or not agent.room >> self.classes.block_channel[word] & 1:
                        continue
                    if row != NULL:
                        self.pass_classes[word] |= left & row[word]
                        continue
                    while left:
                        bits = left & (~left + 1)
                        if self.classes.serves(agent.klass, (word << 6) + acd_lowest_bit(left)):
                            self.pass_classes[word] |= bits
                        left &= left - 1
        for word in range(words):
            left = self.pass_classes[word]
            while left:
                self._push_head((word << 6) + acd_lowest_bit(left))
                left &= left - 1
        for index in range(self.touched.size):
            contact = self.touched.data[index].slot
            touched = &self.desk.all[contact]
            if touched.ordinal != self.touched.data[index].ordinal or touched.state != STATE_WAITING:
                continue
            klass = touched.klass
            if self.pass_classes[klass >> 6] >> (klass & 63) & 1:
                continue
            entry = self.desk.heaps.heaps[klass].data[self.desk.heaps.position[contact]]
            entry.minor -= self.classes.block_rate[klass >> 6] * (self.now_ns // 1000000)
            entry.item = (self.pass_words << 6) + index
            heap_push(&self.pass_heap, self.pass_position, entry)
        return 0
