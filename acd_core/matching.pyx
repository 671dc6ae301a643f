# cython: language_level=3
"""Who gets whom after a command: an agent choosing among contacts, and the pass over those who wait.

The pass does not walk over everybody: before the command no match was possible, so only contacts that were touched,
and those that an agent with gained room may serve, can be matched now. They are taken in order from a heap of the
heads of their classes, and of entries outside of classes one by one. When a contact without exclusions finds nobody,
nobody has room for its whole class for the rest of the pass, since a pass only takes room away.
"""

from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, memset

from acd_core.agents cimport INDEX_KINDS, is_available
from acd_core.audiences cimport first_link
from acd_core.choosing cimport ANYBODY, PICK, SOMEBODY
from acd_core.heaps cimport acd_lowest_bit, class_size, entry_of, heap_push, heap_take
from acd_core.lines cimport fetch_line
from acd_core.unshared cimport UNSHARED_BASE, UnsharedEntry, Walk
from acd_core.memory cimport acd_prefetch
from acd_core.state cimport Note, breathe, entry_queue, static_score, wants
from acd_core.types cimport *
from acd_core.waiting cimport is_picky


cdef class Matching(Choosing):
    def __dealloc__(self):
        free(self.pass_classes)
        free(self.pass_heap.data)
        free(self.pass_position)

    cdef int32_t match(self, int32_t contact, const Match* found, int chosen_by, str asker, bint assign) except -1:
        """Offer the contact to the agent, or assign it where the queue accepts by itself or `assign` says so.

        An open broadcast that is assigned gives back its other live offers.
        """
        cdef int32_t slot
        if found.cause <= MATCH_PREFERRED and \
                not self.roster.all[found.agent].room >> self.desk.all[contact].channel & 1:
            raise AssertionError("a contact is matched with an agent who has no room")
        slot = self.tie(contact, found, chosen_by, asker, assign)
        self.refresh_room(found.agent)
        return slot

    cdef int32_t tie(self, int32_t contact, const Match* found, int chosen_by, str asker, bint assign) except -1:
        """As `match`, except that the agent's place in the indexes is the caller's business."""
        cdef Contact* matched = &self.desk.all[contact]
        cdef Agent* taker = &self.roster.all[found.agent]
        cdef Queue* queue = &self.rules.queues[entry_queue(matched, found.second)]
        cdef bint broadcast = self.rules.queues[matched.queue].strategy == STRATEGY_BROADCAST
        cdef int32_t slot
        cdef Offer* offer
        cdef int64_t score
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
        cdef bint passes
        while True:
            able = 0
            chooser = -1
            self.before_matching()
            for index in range(self.gained.size):
                if self.roster.all[self.gained.data[index].slot].ordinal == self.gained.data[index].ordinal and \
                        is_available(&self.roster.all[self.gained.data[index].slot]):
                    able += 1
                    chooser = self.gained.data[index].slot
            gained = self.gained.size
            touched = self.touched.size
            passes = touched > 0 or self.touched_all or able > 1
            for index in range(gained):
                if self.roster.all[self.gained.data[index].slot].ordinal == self.gained.data[index].ordinal and (
                        passes or self.gained.data[index].slot != chooser):
                    self.refresh_room(self.gained.data[index].slot)
            self.match_round += 1
            if passes:
                self._pass()
            elif able:
                self._agent_takes(chooser)
            self.touched_all = False
            self.gained.size -= gained
            self.touched.size -= touched
            if not self.gained.size and not self.touched.size:
                return 0
            memmove(self.gained.data, self.gained.data + gained, <size_t>self.gained.size * sizeof(Note))
            memmove(self.touched.data, self.touched.data + touched, <size_t>self.touched.size * sizeof(Note))

    cdef int _agent_takes(self, int32_t agent) except -1:
        """The agent takes what it may as long as it has room. Nobody looks into the indexes meanwhile, and who takes
        something is mostly out of them again, so it is put there when it is done."""
        cdef Agent* chooser = &self.roster.all[agent]
        cdef int32_t item, contact
        cdef const Contact* taken
        cdef uint16_t room = self.room_of(chooser)
        cdef Match found
        found.agent = agent
        while room:
            item = self.desk.best_for(chooser.klass, chooser.ordinal, room, self.now_ns // 1000000,
                                      self.rules.tier_first)
            if item < 0:
                break
            contact = item >> 1
            taken = &self.desk.all[contact]
            acd_prefetch(&taken.accepted_ns)
            acd_prefetch(&taken.state_since_ns)
            acd_prefetch(&taken.plan_from_ns)
            acd_prefetch(&self.desk.heaps.position[item])
            acd_prefetch(taken.id)
            fetch_line(self.lines, entry_queue(taken, item & 1))
            found.second = item & 1
            found.tier = self.member_tier(contact, found.second, agent)
            found.cause = MATCH_PREFERRED if self.is_preferred(contact, agent) else MATCH_TURN
            self.tie(contact, &found, CHOSEN_BY_AGENT, "", False)
            room = self.room_of(chooser)
        if room or chooser.room:
            self.roster.set_room(agent, room)
        return 0

    cdef int _pass(self) except -1:
        cdef HeapEntry entry
        cdef int32_t contact, klass, classes
        cdef int second, channel
        cdef bint anybody = False
        if self.skipped is None or self.skipped:
            self.skipped = []
        if not self.touched_all and self.gained.size == 0 and self.touched.size == 1:
            contact = self.touched.data[0].slot
            if self.desk.all[contact].ordinal == self.touched.data[0].ordinal and self.desk.all[contact].klass[1] < 0:
                if self.desk.all[contact].klass[0] >= 0:
                    self._turn(contact, 0)
                if self.skipped:
                    self.settle(contact)
                return 0
        for channel in range(CHANNELS_BOUND):
            anybody |= self.roster.index[channel * INDEX_KINDS + self.roster.lead].total > 0
        if not anybody:
            return 0
        self._collect_pass()
        classes = self.pass_words << 6
        while self.pass_heap.size:
            breathe(self)
            entry = self.pass_heap.data[0]
            heap_take(&self.pass_heap, self.pass_position, entry.item)
            if entry.item >= classes:
                contact = (entry.item - classes) >> 1
                second = (entry.item - classes) & 1
                if self.desk.all[contact].klass[second] >= 0:
                    self._turn(contact, second)
                continue
            klass = entry.item
            if class_size(&self.desk.heaps, klass) == 0:
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
            breathe(self)
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
        if class_size(&self.desk.heaps, klass) == 0:
            return 0
        entry = self.desk.heaps.heads[klass]
        entry.minor -= self.classes.block_rate[klass >> 6] * (self.now_ns // 1000000)
        entry.item = klass
        return heap_push(&self.pass_heap, self.pass_position, entry)

    cdef int _reserve_pass(self) except -1:
        """Room for an item for each contact class, and behind them for each entry; in line are none."""
        cdef int32_t words = self.desk.heaps.classes >> 6
        cdef int32_t items = (words << 6) + 2 * self.desk.room
        cdef int32_t item
        cdef void* grown
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
            for item in range(self.pass_items, items):
                self.pass_position[item] = -1
            self.pass_items = items
        return 0

    cdef int _push_entry(self, int32_t contact, int second) except -1:
        """Put an entry that wants agents in line by itself, with its score of now, unless it is there."""
        cdef int32_t klass = self.desk.all[contact].klass[second]
        cdef int32_t item = (self.pass_words << 6) + 2 * contact + second
        cdef const UnsharedEntry* unshared
        cdef HeapEntry entry
        cdef int64_t rate
        if self.pass_position[item] >= 0:
            return 0
        if klass >= UNSHARED_BASE:
            unshared = &self.desk.unshared.entries[klass - UNSHARED_BASE]
            entry.major = unshared.turn.major
            entry.minor = unshared.turn.minor
            entry.ordinal = unshared.turn.ordinal
            rate = self.classes.groups[unshared.group].rate
        else:
            entry = entry_of(&self.desk.heaps, klass, 2 * contact + second)[0]
            rate = self.classes.block_rate[klass >> 6]
        entry.minor -= rate * (self.now_ns // 1000000)
        entry.item = item
        entry.klass = 0
        return heap_push(&self.pass_heap, self.pass_position, entry)

    cdef int _collect_pass(self) except -1:
        """Put in line what may be served now: heads of classes, entries outside of classes, and what was touched."""
        cdef int32_t words
        cdef int second
        cdef int32_t index, word, klass, contact
        cdef uint64_t left
        cdef Contact* touched
        cdef bint by_class = self.touched_all or self.gained.size > 0
        self.pass_heap.size = 0
        self._reserve_pass()
        words = self.desk.heaps.classes >> 6
        if self.touched_all:
            if words:
                memcpy(self.pass_classes, self.desk.heaps.occupied, <size_t>words * sizeof(uint64_t))
            contact = self.desk.first if self.desk.unshared.count else -1
            while contact >= 0:
                breathe(self)
                for second in range(2):
                    if self.desk.all[contact].klass[second] >= UNSHARED_BASE:
                        self._push_entry(contact, second)
                contact = self.desk.links[contact].later
        elif by_class:
            if words:
                memset(self.pass_classes, 0, <size_t>words * sizeof(uint64_t))
            for index in range(self.gained.size):
                if self.roster.all[self.gained.data[index].slot].ordinal == self.gained.data[index].ordinal:
                    self._collect_for(&self.roster.all[self.gained.data[index].slot])
        if by_class:
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
                if klass < 0 or (by_class and klass < UNSHARED_BASE
                                 and self.pass_classes[klass >> 6] >> (klass & 63) & 1):
                    continue
                self._push_entry(contact, second)
        return 0

    cdef int _collect_for(self, const Agent* agent) except -1:
        """Mark the classes, and put in line the entries outside of classes, that an agent may serve."""
        cdef int32_t words = self.desk.heaps.classes >> 6
        cdef int32_t word, klass, link
        cdef const uint64_t* row = self.classes.agent_classes[agent.klass].row
        cdef uint64_t left, bits
        cdef Walk walk
        if not agent.room:
            return 0
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
                if self.classes.contact_classes[klass].audience == NULL and self.classes.serves(agent.klass, klass):
                    self.pass_classes[word] |= bits
                left &= left - 1
        link = first_link(self.classes.private_of, agent.ordinal)
        while link >= 0:
            klass = self.classes.private_of.links[link].item
            if agent.room >> self.classes.block_channel[klass >> 6] & 1 and class_size(&self.desk.heaps, klass) \
                    and self.classes.serves(agent.klass, klass):
                self.pass_classes[klass >> 6] |= <uint64_t>1 << (klass & 63)
            link = self.classes.private_of.links[link].after
        if self.desk.unshared.count:
            self.desk.unshared.begin(&walk, agent.klass, agent.room, 0)
            while self.desk.unshared.step(&walk):
                if self.desk.unshared.tier_of(&walk, agent.klass) >= 0:
                    self._push_entry(walk.need.item >> 1, walk.need.item & 1)
            self.desk.unshared.end(&walk)
        return 0
