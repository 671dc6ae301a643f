# cython: language_level=3
"""How a contact chooses among agents (section 6 of the routing model): by indexes for each strategy, preferences first.

Over agent classes a choice costs a look at every 64 of them: first at who has room, and has the skills that the
requirement's key skills name at all; what is left is judged by the whole requirement. Within a class it is the head of a
heap, or logarithmic for a draw.
"""

from libc.stdlib cimport free, realloc

from acd_core.agents cimport INDEX_BEGUN, INDEX_IDLE, INDEX_KINDS, INDEX_LOADED, INDEX_OCCUPIED, INDEX_OFFER, \
    INDEX_ORDER, INDEX_SKILLED, INDEX_TALK
from acd_core.classes cimport membership
from acd_core.heaps cimport ClassOrder, Heap, Run, acd_lowest_bit, goes_before, run_entry
from acd_core.order_trees cimport tree_amount, tree_before, tree_from, tree_insert, tree_remove
from acd_core.skills cimport Outline, heaviest, may_meet, meets, outline_of
from acd_core.state cimport entry_queue, tier_limit
from acd_core.types cimport *
from acd_core.waiting cimport excludes, is_picky

cdef extern from *:
    """
    #define acd_high_word(a, b) ((uint64_t)(((unsigned __int128)(a) * (b)) >> 64))
    """
    uint64_t acd_high_word(uint64_t a, uint64_t b) noexcept nogil


cdef int[16] _INDEX_OF
_INDEX_OF[STRATEGY_LONGEST_IDLE] = INDEX_IDLE
_INDEX_OF[STRATEGY_BROADCAST] = INDEX_IDLE
_INDEX_OF[STRATEGY_BEST_MATCH] = INDEX_IDLE
_INDEX_OF[STRATEGY_ROUND_ROBIN] = INDEX_OFFER
_INDEX_OF[STRATEGY_FIXED_ORDER] = INDEX_ORDER
_INDEX_OF[STRATEGY_LEAST_OCCUPIED] = INDEX_OCCUPIED
_INDEX_OF[STRATEGY_FEWEST_CONTACTS] = INDEX_BEGUN
_INDEX_OF[STRATEGY_LEAST_TALK_TIME] = INDEX_TALK
_INDEX_OF[STRATEGY_LEAST_LOADED] = INDEX_LOADED
_INDEX_OF[STRATEGY_LEAST_SKILLED] = INDEX_SKILLED


cdef class Choosing(EngineState):
    def __dealloc__(self):
        free(self.chosen_classes)
        free(self.below_low)
        free(self.below_high)

    # A contact chooses (routing model, section 6)

    cdef int32_t choose_agent(self, int32_t contact, int second, int32_t* tier, int mode) except -2:
        """The agent that a contact takes now by an entry, preferences aside, or -1. Only PICK draws."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef int32_t queue_slot = entry_queue(chooser, second)
        cdef Queue* queue = &self.rules.queues[queue_slot]
        cdef QueueMembers* members
        cdef HeapSet* lead = &self.roster.index[chooser.channel * INDEX_KINDS + self.roster.lead]
        cdef Choice choice
        cdef int32_t index, limit
        cdef int32_t found = -1
        cdef uint64_t mask
        cdef Outline outline
        cdef bint draws = mode == PICK and (queue.strategy == STRATEGY_RANDOM or queue.strategy == STRATEGY_WEIGHTED)
        if lead.total == 0:
            return -1
        choice.entry.item = -1
        choice.position = 0
        choice.total = 0
        self.chosen_count = 0
        tier[0] = 0
        if not queue.listed:
            outline_of(self.skills, chooser.requirement, &outline)
            for index in range(lead.classes >> 6):
                mask = lead.occupied[index]
                if mask:
                    mask &= may_meet(&outline, index)
                if mask:
                    self._consider(&choice, contact, second, index, mask, mode)
                    if mode != PICK and choice.entry.item >= 0:
                        break
            if draws:
                return self._draw(contact, queue.strategy == STRATEGY_WEIGHTED)
            return choice.entry.item
        members = &self.classes.members[queue_slot]
        limit = tier_limit(chooser, queue)
        index = 0
        while index < members.size and members.words[index].tier <= limit:
            tier[0] = members.words[index].tier
            while index < members.size and members.words[index].tier == tier[0]:
                self._consider(&choice, contact, second, members.words[index].word, members.words[index].mask, mode)
                index += 1
            if draws:
                found = self._draw(contact, queue.strategy == STRATEGY_WEIGHTED)
                self.chosen_count = 0
            else:
                found = choice.entry.item
            if found >= 0:
                return found
        return -1

    cdef int _consider(self, Choice* choice, int32_t contact, int second, int32_t word, uint64_t mask,
                       int mode) except -1:
        """Look at the agents of 64 agent classes, those of `mask` among them."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef int32_t queue_slot = entry_queue(chooser, second)
        cdef Queue* queue = &self.rules.queues[queue_slot]
        cdef int strategy = queue.strategy
        cdef int kind = self.roster.lead
        cdef HeapSet* heaps
        cdef bint by_position = strategy == STRATEGY_FIXED_ORDER and queue.listed
        cdef int32_t klass
        if strategy != STRATEGY_RANDOM and strategy != STRATEGY_WEIGHTED:
            kind = _INDEX_OF[strategy]
        heaps = &self.roster.index[chooser.channel * INDEX_KINDS + kind]
        mask &= heaps.occupied[word]
        if mask == 0:
            return 0
        if choice.entry.item >= 0 and not by_position and strategy != STRATEGY_BEST_MATCH and \
                not goes_before(&heaps.best[word], &choice.entry):
            return 0
        mask &= meets(self.skills, chooser.requirement, word)
        if mask and queue.requirement:
            mask &= meets(self.skills, queue.requirement, word)
        if mask == 0:
            return 0
        if mode == ANYBODY:
            choice.entry = heaps.heads[(word << 6) + acd_lowest_bit(mask)]
            return 0
        if mode == PICK and strategy == STRATEGY_BEST_MATCH:
            return self._take_best(choice, heaps, contact, queue, word, mask)
        while mask:
            klass = (word << 6) + acd_lowest_bit(mask)
            mask &= mask - 1
            if mode == PICK and (strategy == STRATEGY_RANDOM or strategy == STRATEGY_WEIGHTED):
                self._note_class(klass)
            else:
                self._take_head(choice, heaps, contact, klass,
                                membership(self.classes, klass, queue_slot).position if by_position else 0)
        return 0

    cdef int _take_best(self, Choice* choice, HeapSet* heaps, int32_t contact, const Queue* queue, int32_t word,
                        uint64_t mask) except -1:
        """Best match: of 64 agent classes, those with the highest sum of weighted levels that have anybody."""
        cdef const Extra* extra = self.desk.all[contact].extra
        cdef const Weight* weights = queue.weights
        cdef int32_t count = queue.weight_count
        cdef uint64_t best, left
        cdef int64_t total
        cdef Choice own
        if extra != NULL and extra.weight_count:
            weights = extra.weight_list
            count = extra.weight_count
        while mask:
            best = heaviest(self.skills, weights, count, word, mask, &total)
            if choice.entry.item >= 0 and total < choice.total:
                return 0
            own.entry.item = -1
            own.position = 0
            left = best
            while left:
                self._take_head(&own, heaps, contact, (word << 6) + acd_lowest_bit(left), 0)
                left &= left - 1
            if own.entry.item >= 0:
                if choice.entry.item < 0 or total > choice.total or goes_before(&own.entry, &choice.entry):
                    choice.entry = own.entry
                    choice.total = total
                return 0
            mask &= ~best
        return 0

    cdef int _take_head(self, Choice* choice, HeapSet* heaps, int32_t contact, int32_t klass,
                        int32_t position) except -1:
        """Take the first agent of a class whom the contact does not exclude, if it goes before the choice so far."""
        cdef const HeapEntry* entry = &heaps.heads[klass]
        if choice.entry.item >= 0 and (
            position > choice.position or (position == choice.position and not goes_before(entry, &choice.entry))
        ):
            return 0
        if is_picky(self.desk, contact):
            entry = self._first_not_excluded(heaps, klass, contact)
            if entry == NULL:
                return 0
            if choice.entry.item >= 0 and position == choice.position and not goes_before(entry, &choice.entry):
                return 0
        choice.entry = entry[0]
        choice.position = position
        return 0

    cdef int _note_class(self, int32_t klass) except -1:
        """One more agent class to draw from."""
        cdef void* grown
        if self.chosen_count == self.chosen_room:
            self.chosen_room = self.chosen_room * 2 or 64
            grown = realloc(self.chosen_classes, <size_t>self.chosen_room * sizeof(int32_t))
            if grown == NULL:
                raise MemoryError
            self.chosen_classes = <int32_t*>grown
            grown = realloc(self.below_low, <size_t>self.chosen_room * sizeof(int64_t))
            if grown == NULL:
                raise MemoryError
            self.below_low = <int64_t*>grown
            grown = realloc(self.below_high, <size_t>self.chosen_room * sizeof(int64_t))
            if grown == NULL:
                raise MemoryError
            self.below_high = <int64_t*>grown
        self.chosen_classes[self.chosen_count] = klass
        self.chosen_count += 1
        return 0

    cdef const HeapEntry* _first_not_excluded(self, const HeapSet* heaps, int32_t klass,
                                              int32_t contact) except? NULL:
        """The first agent of the class who is not excluded for the contact, or NULL.

        Goes on behind an agent only if that one is excluded, and a contact has a bounded number of exclusions.
        """
        cdef const ClassOrder* order = &heaps.orders[klass]
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
                if not excludes(self.desk, contact, entry.ordinal):
                    best = entry
                    break
        frontier = [0] if heap.size else []
        while frontier:
            at = frontier.pop()
            if best != NULL and not goes_before(&heap.data[at], best):
                continue
            if not excludes(self.desk, contact, heap.data[at].ordinal):
                best = &heap.data[at]
                continue
            for child in range(4 * at + 1, min(4 * at + 5, heap.size)):
                frontier.append(child)
        return best

    cdef int _set_aside(self, int32_t contact, int64_t agent_ordinal, list aside) except -1:
        """Take an agent out of the trees for one draw."""
        cdef int channel = self.desk.all[contact].channel
        cdef int32_t agent = self.roster.of_ordinal(agent_ordinal)
        cdef int32_t klass
        if agent < 0 or not self.roster.all[agent].room >> channel & 1 or agent in aside:
            return 0
        klass = self.roster.all[agent].klass
        self.roster.roots[channel][klass] = tree_remove(
            self.roster.trees[channel], self.roster.roots[channel][klass], self.roster.all[agent].ordinal)
        aside.append(agent)
        return 0

    cdef int32_t _draw(self, int32_t contact, bint by_weight) except -2:
        """One of the agents of the chosen classes, evenly or by weight, or -1. Draws only if there are two or more."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef int channel = chooser.channel
        cdef int32_t index, agent, klass
        cdef int32_t slot
        cdef int64_t total = 0
        cdef int64_t number = 0
        cdef int64_t rank = 0
        cdef int32_t result = -1
        cdef uint64_t value
        cdef list aside = []
        if self.chosen_count == 0:
            return -1
        slot = chooser.exclusions
        while slot >= 0:
            self._set_aside(contact, self.desk.exclusions[slot].agent_ordinal, aside)
            slot = self.desk.exclusions[slot].after
        slot = chooser.offers
        while slot >= 0:
            self._set_aside(contact, self.desk.offers[slot].agent_ordinal, aside)
            slot = self.desk.offers[slot].after
        if chooser.extra != NULL and chooser.extra.asked_by_ordinal >= 0:
            self._set_aside(contact, chooser.extra.asked_by_ordinal, aside)
        for index in range(self.chosen_count):
            klass = self.roster.roots[channel][self.chosen_classes[index]]
            total += tree_amount(self.roster.trees[channel], klass, by_weight)
            number += tree_amount(self.roster.trees[channel], klass, False)
        if number > 0:
            if number > 1:
                self.random_state += <uint64_t>0x9E3779B97F4A7C15
                value = self.random_state
                value = (value ^ (value >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
                value = (value ^ (value >> 27)) * <uint64_t>0x94D049BB133111EB
                value ^= value >> 31
                rank = <int64_t>acd_high_word(value, <uint64_t>total)
            result = self._select(channel, rank, total, by_weight)
        for agent in aside:
            klass = self.roster.all[agent].klass
            self.roster.roots[channel][klass] = tree_insert(
                self.roster.trees[channel], self.roster.roots[channel][klass], agent, self.roster.all[agent].ordinal,
                self.roster.all[agent].weight)
        return result

    cdef int32_t _select(self, int channel, int64_t rank, int64_t total, bint by_weight) except -1:
        """The agent with `rank` others (or so much weight) before it in order of creation, over the chosen classes.

        Narrows a range of ordinals, guessing where the rank lies by proportion and by halves in turn; classes that
        have nobody in the range drop out, so most of the work is in the first rounds.
        """
        cdef const int32_t* roots = self.roster.roots[channel]
        cdef int64_t low = 0  # candidates with a lower ordinal amount to `below`, and below <= rank
        cdef int64_t high = self.agents_created  # those with a lower ordinal amount to `above`, and above > rank
        cdef int64_t below = 0
        cdef int64_t above = total
        cdef int64_t guess, count, part
        cdef int32_t index, kept, item, root
        cdef int32_t result = -1
        cdef int32_t turn = 0
        for index in range(self.chosen_count):
            self.below_low[index] = 0
            self.below_high[index] = tree_amount(
                self.roster.trees[channel], roots[self.chosen_classes[index]], by_weight)
        while below < rank and high - low > 1:
            turn += 1
            if turn & 1 and not by_weight:
                guess = low + (high - low) * (2 * (rank - below) + 1) // (2 * (above - below))
            else:
                guess = (low + high) // 2
            guess = max(low + 1, min(high - 1, guess))
            count = below
            for index in range(self.chosen_count):
                root = roots[self.chosen_classes[index]]
                count += tree_before(self.roster.trees[channel], root, guess, by_weight) - self.below_low[index]
            kept = 0
            for index in range(self.chosen_count):
                root = roots[self.chosen_classes[index]]
                part = tree_before(self.roster.trees[channel], root, guess, by_weight)
                self.chosen_classes[kept] = self.chosen_classes[index]
                self.below_low[kept] = part if count <= rank else self.below_low[index]
                self.below_high[kept] = self.below_high[index] if count <= rank else part
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
            item = tree_from(self.roster.trees[channel], roots[self.chosen_classes[index]], low)
            if item >= 0 and (result < 0 or self.roster.all[item].ordinal < self.roster.all[result].ordinal):
                result = item
        if result < 0:
            raise AssertionError("a draw found nobody")
        return result

    # Preferences and entries

    cdef int32_t tier_by(self, int32_t contact, int second, int32_t agent) noexcept:
        """The tier at which an agent meets rules 3 and 4 by an entry, or -1."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef const Queue* queue = &self.rules.queues[entry_queue(asking, second)]
        cdef int32_t klass = self.roster.all[agent].klass
        cdef const Member* member
        cdef int32_t tier = 0
        if queue.listed:
            member = membership(self.classes, klass, entry_queue(asking, second))
            if member == NULL or member.tier > tier_limit(asking, queue):
                return -1
            tier = member.tier
        if meets(self.skills, asking.requirement, klass >> 6) >> (klass & 63) & 1 and \
                meets(self.skills, queue.requirement, klass >> 6) >> (klass & 63) & 1:
            return tier
        return -1

    cdef bint is_member(self, int32_t contact, int second, int32_t agent) noexcept:
        """Does an agent meet rule 3 by an entry, its presence aside."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef int32_t slot = entry_queue(asking, second)
        cdef const Member* member
        if not self.rules.queues[slot].listed:
            return True
        member = membership(self.classes, self.roster.all[agent].klass, slot)
        return member != NULL and member.tier <= tier_limit(asking, &self.rules.queues[slot])

    cdef int32_t member_tier(self, int32_t contact, int second, int32_t agent) noexcept:
        """The tier of an agent in the queue of an entry, whatever limits there are; 0 for one who is no member."""
        cdef int32_t slot = entry_queue(&self.desk.all[contact], second)
        cdef const Member* member
        if not self.rules.queues[slot].listed:
            return 0
        member = membership(self.classes, self.roster.all[agent].klass, slot)
        return 0 if member == NULL else member.tier

    cdef bint is_preferred(self, int32_t contact, int32_t agent) except -1:
        cdef const Extra* extra = self.desk.all[contact].extra
        if extra == NULL or extra.preferred == NULL:
            return False
        return self.roster.all[agent].ordinal in <tuple>extra.preferred

    cdef int choose(self, int32_t contact, Match* found) except -1:
        """Who gets the contact, preferences first, then its home entry, then the second one."""
        cdef const Contact* chooser = &self.desk.all[contact]
        cdef int32_t agent, tier
        cdef int second
        cdef tuple audience = self.audience_of(contact)
        found.agent = -1
        found.cause = MATCH_PREFERRED
        if chooser.extra != NULL and chooser.extra.preferred != NULL:
            for ordinal in (<tuple>chooser.extra.preferred if audience is None else audience):
                agent = self.roster.of_ordinal(ordinal)
                if agent < 0 or not self.roster.all[agent].room >> chooser.channel & 1 or \
                        excludes(self.desk, contact, ordinal):
                    continue
                for second in range(1 if chooser.second_queue < 0 else 2):
                    tier = self.tier_by(contact, second, agent)
                    if tier >= 0:
                        found.agent = agent
                        found.tier = tier
                        found.second = second
                        return 0
        if audience is not None:
            return 0
        found.cause = MATCH_TURN
        for second in range(1 if chooser.second_queue < 0 else 2):
            found.agent = self.choose_agent(contact, second, &found.tier, PICK)
            if found.agent >= 0:
                found.second = second
                return 0
        return 0

    cdef bint somebody_serves(self, int32_t contact, int second, int mode) except -1:
        """May somebody serve the contact by an entry (SOMEBODY), or could if it excluded nobody (ANYBODY)."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef int32_t agent, tier
        cdef tuple audience = self.audience_of(contact)
        if audience is None:
            return self.choose_agent(contact, second, &tier, mode) >= 0
        for ordinal in audience:
            agent = self.roster.of_ordinal(ordinal)
            if agent >= 0 and self.roster.all[agent].room >> asking.channel & 1 and \
                    (mode == ANYBODY or not excludes(self.desk, contact, ordinal)) and \
                    self.tier_by(contact, second, agent) >= 0:
                return True
        return False
