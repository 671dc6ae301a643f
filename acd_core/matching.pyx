# cython: language_level=3
"""Who gets whom: a contact choosing among agents, an agent among contacts, and the pass over those who wait.

The pass does not walk over everybody: before the command no match was possible, so only contacts that were touched,
and those of classes that an agent with gained room may serve, can be matched now. They are taken in order from a heap
of the heads of these classes. When a contact without exclusions finds nobody, nobody has room for its whole class for
the rest of the pass, since a pass only takes room away.
"""

from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, memset

from acd_core.agents cimport INDEX_BEGUN, INDEX_IDLE, INDEX_KINDS, INDEX_LOADED, INDEX_OCCUPIED, INDEX_OFFER, \
    INDEX_ORDER, INDEX_SKILLED, INDEX_TALK, is_available
from acd_core.classes cimport membership
from acd_core.heaps cimport acd_lowest_bit, goes_before, heap_push, heap_take
from acd_core.order_trees cimport tree_amount, tree_before, tree_from, tree_insert, tree_remove
from acd_core.skills cimport heaviest, meets
from acd_core.state cimport Note, entry_queue, static_score, tier_limit, wants
from acd_core.types cimport *
from acd_core.waiting cimport excludes, is_picky, put_object

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


cdef class Matching(EngineState):
    def __dealloc__(self):
        free(self.chosen_classes)
        free(self.below_low)
        free(self.below_high)
        free(self.pass_classes)
        free(self.pass_heap.data)
        free(self.pass_position)

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
        cdef bint draws = mode == PICK and (queue.strategy == STRATEGY_RANDOM or queue.strategy == STRATEGY_WEIGHTED)
        if lead.total == 0:
            return -1
        choice.entry.item = -1
        choice.position = 0
        choice.total = 0
        self.chosen_count = 0
        tier[0] = 0
        if not queue.listed:
            for index in range(lead.classes >> 6):
                if lead.occupied[index]:
                    self._consider(&choice, contact, second, index, lead.occupied[index], mode)
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
        cdef int32_t place
        if choice.entry.item >= 0 and (
            position > choice.position or (position == choice.position and not goes_before(entry, &choice.entry))
        ):
            return 0
        if is_picky(self.desk, contact):
            place = self._first_not_excluded(heaps, klass, contact)
            if place < 0:
                return 0
            entry = &heaps.heaps[klass].data[place]
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

    # Matching

    cdef int32_t match(self, int32_t contact, const Match* found, int chosen_by, str asker, bint assign) except -1:
        """Offer the contact to the agent, or assign it where the queue accepts by itself or `assign` says so.

        An open broadcast that is assigned gives back its other live offers.
        """
        cdef Contact* matched = &self.desk.all[contact]
        cdef Agent* taker = &self.roster.all[found.agent]
        cdef Queue* queue = &self.rules.queues[entry_queue(matched, found.second)]
        cdef bint broadcast = self.rules.queues[matched.queue].strategy == STRATEGY_BROADCAST
        cdef int32_t slot
        cdef Offer* offer
        cdef int64_t score
        if found.cause <= MATCH_PREFERRED and not taker.room >> matched.channel & 1:
            raise AssertionError("a contact is matched with an agent who has no room")
        if not wants(self, matched):
            raise AssertionError("a contact that wants nobody is matched")
        self.lift(contact)
        self.offers_made += 1
        assign = assign or queue.auto_accept
        broadcast = broadcast and not assign and found.cause <= MATCH_PREFERRED
        slot = self.hold(found.agent, contact, self.offers_made, found.second, broadcast)
        offer = &self.desk.offers[slot]
        taker.round_key = self.offers_made
        if not broadcast:
            taker.last_offer_id = self.offers_made
        score = queue.rate * (self.now_ns // 1000000) - static_score(matched, queue)
        if assign:
            self.become_active(contact, slot)
            self.emit_match(EVENT_CONTACT_ASSIGNED, slot, found.tier, score, chosen_by, found.cause, asker)
            self.release_others(contact, slot)
        else:
            if matched.state != STATE_OFFERED:
                self.set_state(contact, STATE_OFFERED)
            offer.expires_ns = self.now_ns + queue.offer_timeout_ms * 1000000
            offer.timer = self.timers.arm(
                -1, offer.expires_ns, TIMER_OFFER_EXPIRY, contact, found.agent, taker.ordinal, slot)
            self.emit_match(EVENT_OFFER_MADE, slot, found.tier, score, chosen_by, found.cause, asker)
            self.settle(contact)
        self.refresh_room(found.agent)
        return slot

    cdef int become_active(self, int32_t contact, int32_t slot) except -1:
        """The contact is the agent's from now on; its other live offers are the caller's business."""
        cdef Contact* served = &self.desk.all[contact]
        cdef Offer* offer = &self.desk.offers[slot]
        cdef Queue* queue
        cdef int64_t error
        cdef int predictor
        cdef bint by_second = offer.second
        self.lift(contact)
        if served.second_queue >= 0:
            if by_second:
                self.rules.queues[served.queue].contacts -= 1
                served.queue = served.second_queue
            else:
                self.rules.queues[served.second_queue].contacts -= 1
            served.second_queue = -1
            offer.second = False
        if offer.timer >= 0:
            self.timers.disarm(offer.timer)
            offer.timer = -1
        offer.expires_ns = 0
        self.disarm_wait(contact)
        self.set_state(contact, STATE_ACTIVE)
        served.agent = offer.agent
        served.accepted_ns = self.now_ns
        self.begin_service(offer.agent)
        queue = &self.rules.queues[served.queue]
        queue.last_wait_ns = self.now_ns - served.opened_ns
        if served.predicted_at_ns and not by_second:
            for predictor in range(2):
                if served.predicted_ns[predictor] < 0:
                    continue
                error = self.now_ns - served.predicted_at_ns - served.predicted_ns[predictor]
                error = min((-error if error < 0 else error) // 1000000, <int64_t>1 << 30)
                queue.scored[predictor] = min(queue.scored[predictor] + 1, 256)
                queue.error[predictor] += floor_div(error * error - queue.error[predictor], queue.scored[predictor])
        return 0

    cdef int disarm_wait(self, int32_t contact) except -1:
        """Timers of the wait end without an event: the contact waits no more. See the rooms above for others."""
        cdef Contact* contacted = &self.desk.all[contact]
        if contacted.reattach_timer >= 0:
            self.timers.disarm(contacted.reattach_timer)
            contacted.reattach_timer = -1
        if contacted.plan_timer >= 0:
            self.timers.disarm(contacted.plan_timer)
            contacted.plan_timer = -1
        return 0

    cdef int release_others(self, int32_t contact, int32_t slot) except -1:
        """The live offers of a contact besides the accepted one are taken back; for the rooms above."""
        return 0

    cdef int before_matching(self) except -1:
        """What is settled just before each matching; for the rooms above."""
        return 0

    cdef int match_all(self) except -1:
        """What section 9 of the routing model asks for after a command or a timer.

        Who gains room during matching (by an offer taken back) is matched for in another round.
        """
        cdef int32_t index, gained, touched, able, chooser
        while True:
            able = 0
            chooser = -1
            self.before_matching()
            for index in range(self.gained.size):
                if self.roster.all[self.gained.data[index].slot].ordinal != self.gained.data[index].ordinal:
                    continue
                self.refresh_room(self.gained.data[index].slot)
                if is_available(&self.roster.all[self.gained.data[index].slot]):
                    able += 1
                    chooser = self.gained.data[index].slot
            gained = self.gained.size
            touched = self.touched.size
            self.match_round += 1
            if touched or self.touched_all:
                self._pass()
            elif able == 1:
                self._agent_takes(chooser)
            elif able > 1:
                self._pass()
            self.touched_all = False
            self.gained.size -= gained
            self.touched.size -= touched
            if not self.gained.size and not self.touched.size:
                return 0
            memmove(self.gained.data, self.gained.data + gained, <size_t>self.gained.size * sizeof(Note))
            memmove(self.touched.data, self.touched.data + touched, <size_t>self.touched.size * sizeof(Note))

    cdef int _agent_takes(self, int32_t agent) except -1:
        cdef Agent* chooser = &self.roster.all[agent]
        cdef int32_t item, contact
        cdef Match found
        found.agent = agent
        while chooser.room:
            item = self.desk.best_for(chooser.klass, chooser.ordinal, chooser.room, self.now_ns // 1000000,
                                      self.rules.tier_first)
            if item < 0:
                break
            contact = item >> 1
            found.second = item & 1
            found.tier = self.tier_by(contact, found.second, agent)
            if found.tier < 0:
                raise AssertionError("an agent chose a contact that it may not serve")
            found.cause = MATCH_PREFERRED if self.is_preferred(contact, agent) else MATCH_TURN
            self.match(contact, &found, CHOSEN_BY_AGENT, "", False)
        return 0

    cdef int _pass(self) except -1:
        cdef HeapEntry entry
        cdef int32_t contact, klass, classes
        cdef int second, channel
        cdef bint anybody = False
        self.skipped = []
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
                contact = self.touched.data[(entry.item - classes) >> 1].slot
                second = (entry.item - classes) & 1
                if self.desk.all[contact].klass[second] >= 0:
                    self._turn(contact, second)
                continue
            klass = entry.item
            if self.desk.heaps.heaps[klass].size == 0:
                continue
            if self.desk.heaps.heads[klass].ordinal != entry.ordinal:
                # Its head has chosen by its other entry.
                self._push_head(klass)
                continue
            contact = self.desk.heaps.heads[klass].item >> 1
            second = self.desk.heaps.heads[klass].item & 1
            if not self._turn(contact, second):
                if not is_picky(self.desk, contact) or not self.somebody_serves(contact, second, ANYBODY):
                    continue
                self.desk.leave_entry(contact, second)
                self.skipped.append(contact)
            self._push_head(klass)
        for contact in self.skipped:
            self.settle(contact)
        return 0

    cdef bint _turn(self, int32_t contact, int second) except -1:
        """A contact's turn in the pass, by an entry: it chooses if somebody may serve it by that one."""
        cdef Contact* chooser = &self.desk.all[contact]
        cdef bint plain = chooser.second_queue < 0 and (chooser.extra == NULL or chooser.extra.preferred == NULL)
        cdef bint chose = False
        cdef Match found
        if not plain and not self.somebody_serves(contact, second, SOMEBODY):
            return False
        while True:
            if plain:
                found.second = 0
                found.cause = MATCH_TURN
                found.agent = self.choose_agent(contact, 0, &found.tier, PICK)
            else:
                self.choose(contact, &found)
            if found.agent < 0:
                break
            self.match(contact, &found, CHOSEN_BY_CONTACT, "", False)
            chose = True
            if not wants(self, chooser):
                return True
        if chose:
            self.desk.leave(contact)
            self.skipped.append(contact)
        return chose

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
        cdef int32_t items = (words << 6) + 2 * self.touched.size
        cdef int second
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
                        klass = (word << 6) + acd_lowest_bit(left)
                        if self.classes.contact_classes[klass].audience == NULL and \
                                self.classes.serves(agent.klass, klass):
                            self.pass_classes[word] |= bits
                        left &= left - 1
                if not self.classes.private_of:
                    continue
                for klass in self.classes.private_of.get(agent.ordinal, ()):
                    if agent.room >> self.classes.block_channel[klass >> 6] & 1 and self.desk.heaps.heaps[klass].size \
                            and self.classes.serves(agent.klass, klass):
                        self.pass_classes[klass >> 6] |= <uint64_t>1 << (klass & 63)
        for word in range(words):
            left = self.pass_classes[word]
            while left:
                self._push_head((word << 6) + acd_lowest_bit(left))
                left &= left - 1
        for index in range(self.touched.size):
            contact = self.touched.data[index].slot
            touched = &self.desk.all[contact]
            if touched.ordinal != self.touched.data[index].ordinal:
                continue
            for second in range(2):
                klass = touched.klass[second]
                if klass < 0 or self.pass_classes[klass >> 6] >> (klass & 63) & 1:
                    continue
                entry = self.desk.heaps.heaps[klass].data[self.desk.heaps.position[2 * contact + second]]
                entry.minor -= self.classes.block_rate[klass >> 6] * (self.now_ns // 1000000)
                entry.item = (self.pass_words << 6) + 2 * index + second
                heap_push(&self.pass_heap, self.pass_position, entry)
        return 0
