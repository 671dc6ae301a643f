# cython: language_level=3
"""Classes of agents (same skills and memberships) and of waiting contacts (same demands), and who can serve whom.

A contact class is a queue group (requirement, list, tier limit and rate of its queue), the contact's own requirement
and its channel. For each agent class a row of bits says which contact classes it may serve as far as skills and
membership go. Contact classes stand in blocks of 64 of one channel and one rate, so that a block is skipped as a whole
when the channel has no room, and its heads are comparable whatever the time. The matrix is built as classes appear;
beyond a bound new rows are not kept and the question is computed when asked. Classes that nobody is in any more are
kept for a while, as many as there are in use, since they recur.
"""

from cpython.ref cimport Py_INCREF, Py_DECREF

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from acd_core.digest cimport mix
from acd_core.queue_members cimport set_member
from acd_core.tables cimport table_add, table_clear, table_drop, table_find, table_home

cdef enum:
    IDLE_LEAST = 256  # empty contact classes that are always kept
    MATRIX_BYTES_MAX = 268435456
    _UNKNOWN = 2  # a verdict that was not reached yet


cdef void _transpose(uint64_t* square) noexcept nogil:
    """Let bit j of word i become bit i of word j, for 64 words: halves are swapped, then quarters, and so on."""
    cdef int32_t half = 32
    cdef int32_t at
    cdef uint64_t mask = 0xFFFFFFFF
    cdef uint64_t swapped
    while half:
        at = 0
        while at < 64:
            swapped = ((square[at] >> half) ^ square[at + half]) & mask
            square[at] ^= swapped << half
            square[at + half] ^= swapped
            at = (at + half + 1) & ~half
        half >>= 1
        mask ^= mask << half


cdef inline void* _regrown(void* block, size_t old_size, size_t new_size) except NULL:
    cdef void* grown = realloc(block, new_size)
    if grown == NULL:
        raise MemoryError
    memset(<char*>grown + old_size, 0, new_size - old_size)
    return grown


cdef class Classes:
    def __cinit__(self, Skills skills not None):
        self.skills = skills
        self.agent_class_slots = {}
        self.agent_class_free = []
        self.group_slots = {}
        self.groups_before = {}
        self.group_free = []
        self.blocks_unassigned = []
        self.blocks_open = {}
        self.private_of = Audiences()
        self.idle_first = -1
        self.idle_last = -1

    def __dealloc__(self):
        cdef int32_t slot
        for slot in range(self.agent_class_room):
            if self.agent_classes[slot].key != NULL:
                Py_DECREF(<object>self.agent_classes[slot].key)
            free(self.agent_classes[slot].row)
            free(self.agent_classes[slot].members)
            free(self.agent_classes[slot].skills)
            free(self.agent_classes[slot].levels)
        for slot in range(self.queue_room):
            free(self.members[slot].words)
        free(self.agent_classes)
        free(self.agent_class_used)
        free(self.signed_on)
        for slot in range(self.contact_class_room):
            if self.contact_classes[slot].audience != NULL:
                Py_DECREF(<object>self.contact_classes[slot].audience)
        free(self.members)
        free(self.groups)
        free(self.contact_classes)
        free(self.block_free)
        free(self.block_rate)
        free(self.block_channel)
        free(self.rows_due)
        free(self.rows_stale)
        free(self.served)
        free(self.verdicts)
        table_clear(&self.contact_class_slots)
        table_clear(&self.raised_groups)
        table_clear(&self.private_slots)

    # Agent classes

    cdef int32_t join_agent_class(self, tuple skills, tuple memberships, dict queue_slots) except -1:
        """The class of agents with these skills and memberships (both sorted by name), with one agent more."""
        cdef tuple key = (skills, memberships)
        cdef AgentClass* agent_class
        cdef int32_t slot, index
        known = self.agent_class_slots.get(key)
        if known is not None:
            slot = known
            self.agent_classes[slot].agents += 1
            return slot
        if not self.agent_class_free:
            self._grow_agent_classes()
        slot = self.agent_class_free.pop()
        agent_class = &self.agent_classes[slot]
        members = sorted((<int32_t>queue_slots[m.queue_id], m.tier, m.position) for m in memberships)
        agent_class.members = <Member*>calloc(max(1, len(members)), sizeof(Member))
        if agent_class.members == NULL:
            raise MemoryError
        for index, (queue, tier, position) in enumerate(members):
            agent_class.members[index].queue = queue
            agent_class.members[index].tier = tier
            agent_class.members[index].position = position
            set_member(&self.members[queue], tier, slot, True)
        agent_class.member_count = len(members)
        agent_class.skills = <int32_t*>calloc(max(1, len(skills)), sizeof(int32_t))
        agent_class.levels = <uint8_t*>calloc(max(1, len(skills)), 1)
        if agent_class.skills == NULL or agent_class.levels == NULL:
            raise MemoryError
        for index, (skill, level) in enumerate(skills):
            agent_class.skills[index] = self.skills.skill(skill)
            agent_class.levels[index] = level
            self.skills.set_level(agent_class.skills[index], slot, level)
        agent_class.skill_count = len(skills)
        Py_INCREF(key)
        agent_class.key = <PyObject*>key
        agent_class.agents = 1
        self.agent_class_used[slot >> 6] |= <uint64_t>1 << (slot & 63)
        self.agent_class_slots[key] = slot
        self._fill_row(slot)
        return slot

    cdef int sign(self, int32_t slot, int change) except -1:
        """One agent of the class more (1) or fewer (-1) is signed on."""
        cdef AgentClass* agent_class = &self.agent_classes[slot]
        agent_class.signed_on += change
        if agent_class.signed_on < 0:
            raise AssertionError("fewer than no agents of a class are signed on")
        if agent_class.signed_on:
            self.signed_on[slot >> 6] |= <uint64_t>1 << (slot & 63)
        else:
            self.signed_on[slot >> 6] &= ~(<uint64_t>1 << (slot & 63))
        return 0

    cdef int leave_agent_class(self, int32_t slot) except -1:
        """One agent less; the class goes with the last. The agent's skills must have been taken out of use before."""
        cdef AgentClass* agent_class = &self.agent_classes[slot]
        cdef int32_t index
        agent_class.agents -= 1
        if agent_class.agents > 0:
            return 0
        key = <tuple>agent_class.key
        for index in range(agent_class.skill_count):
            self.skills.set_level(agent_class.skills[index], slot, 0)
            self.skills.unpin_skill(agent_class.skills[index])
        free(agent_class.skills)
        free(agent_class.levels)
        for index in range(agent_class.member_count):
            set_member(&self.members[agent_class.members[index].queue], agent_class.members[index].tier, slot, False)
        free(agent_class.members)
        if agent_class.row != NULL:
            free(agent_class.row)
            self.matrix_bytes -= self.contact_class_room >> 3
        self.agent_class_used[slot >> 6] &= ~(<uint64_t>1 << (slot & 63))
        del self.agent_class_slots[key]
        memset(agent_class, 0, sizeof(AgentClass))
        Py_DECREF(key)
        self.agent_class_free.append(slot)
        return 0

    cdef int _grow_agent_classes(self) except -1:
        cdef int32_t old = self.agent_class_room
        cdef int32_t new = old * 2 or 64
        self.agent_classes = <AgentClass*>_regrown(
            self.agent_classes, <size_t>old * sizeof(AgentClass), <size_t>new * sizeof(AgentClass))
        self.agent_class_used = <uint64_t*>_regrown(self.agent_class_used, old >> 3, new >> 3)
        self.signed_on = <uint64_t*>_regrown(self.signed_on, old >> 3, new >> 3)
        self.served = <uint64_t*>_regrown(self.served, <size_t>old << 3, <size_t>new << 3)
        self.agent_class_free.extend(range(new - 1, old - 1, -1))
        self.agent_class_room = new
        return 0

    cdef int _fill_row(self, int32_t slot) except -1:
        cdef AgentClass* agent_class = &self.agent_classes[slot]
        cdef int64_t size = self.contact_class_room >> 3
        cdef int32_t requirements = self.skills.requirement_room
        cdef int32_t klass
        cdef const ContactClass* contact_class
        cdef uint8_t* by_requirement
        cdef uint8_t* by_group
        if self.matrix_bytes + size > MATRIX_BYTES_MAX:
            return 0
        agent_class.row = <uint64_t*>calloc(max(<int64_t>8, size), 1)
        if agent_class.row == NULL:
            raise MemoryError
        self.matrix_bytes += size
        if requirements + self.group_room > self.verdict_room:
            self.verdict_room = requirements + self.group_room
            self.verdicts = <uint8_t*>_regrown(self.verdicts, 0, self.verdict_room)
        # Many classes share their requirement, and many their group: each is judged once.
        by_requirement = self.verdicts
        by_group = self.verdicts + requirements
        memset(self.verdicts, _UNKNOWN, <size_t>(requirements + self.group_room))
        for klass in range(self.contact_class_room):
            contact_class = &self.contact_classes[klass]
            if not contact_class.used or contact_class.audience != NULL:
                continue
            if by_requirement[contact_class.requirement] == _UNKNOWN:
                by_requirement[contact_class.requirement] = \
                    meets(self.skills, contact_class.requirement, slot >> 6) >> (slot & 63) & 1
            if not by_requirement[contact_class.requirement]:
                continue
            if by_group[contact_class.group] == _UNKNOWN:
                by_group[contact_class.group] = self.admits(slot, contact_class.group)
            if by_group[contact_class.group]:
                agent_class.row[klass >> 6] |= <uint64_t>1 << (klass & 63)
        return 0

    cdef int reserve_queues(self, int32_t queues) except -1:
        if queues > self.queue_room:
            self.members = <QueueMembers*>_regrown(
                self.members, <size_t>self.queue_room * sizeof(QueueMembers), <size_t>queues * sizeof(QueueMembers))
            self.queue_room = queues
        return 0

    # Contact classes

    cdef int begin_policy(self) except -1:
        """A new policy is about to name its groups. Until `trim` classes that fall idle are kept, and rows of the matrix
        are not to be looked at."""
        self.groups_before = self.group_slots
        table_clear(&self.raised_groups)
        self.group_slots = {}
        self.in_bulk = True
        return 0

    cdef int32_t group(self, int64_t rate, int32_t listed, int32_t requirement, int32_t max_tier) except -1:
        """The slot of a queue group; one that the policy before had too keeps its slot and its contact classes."""
        cdef tuple key = (rate, listed, requirement, max_tier if listed >= 0 else 0)
        cdef int32_t slot, room
        known = self.group_slots.get(key)
        if known is not None:
            return known
        known = self.groups_before.get(key)
        if known is not None:
            self.group_slots[key] = known
            return known
        if not self.group_free:
            room = self.group_room * 2 or 16
            self.groups = <QueueGroup*>_regrown(
                self.groups, <size_t>self.group_room * sizeof(QueueGroup), <size_t>room * sizeof(QueueGroup))
            self.group_free.extend(range(room - 1, self.group_room - 1, -1))
            self.group_room = room
        slot = self.group_free.pop()
        self.groups[slot].rate = rate
        self.groups[slot].listed = listed
        self.groups[slot].requirement = requirement
        self.groups[slot].max_tier = max_tier
        self.skills.pin(requirement)
        self.group_slots[key] = slot
        return slot

    cdef int32_t raised_group(self, int64_t rate, int32_t queue, int32_t requirement, int32_t max_tier) except -1:
        """As `group`, for contacts of a listed queue whose plans allow other tiers than the queue does."""
        cdef uint64_t key = (<uint64_t>queue << 32) | <uint32_t>max_tier
        cdef int32_t slot = table_find(&self.raised_groups, key)
        if slot < 0:
            slot = self.group(rate, queue, requirement, max_tier)
            table_add(&self.raised_groups, key, slot)
        return slot

    cdef int end_policy(self) except -1:
        """The new policy has named its groups: the others go, with their contact classes, which must be idle."""
        cdef set gone = {slot for key, slot in self.groups_before.items() if key not in self.group_slots}
        cdef int32_t slot
        if gone:
            for slot in range(self.contact_class_room):
                if self.contact_classes[slot].used and self.contact_classes[slot].group in gone:
                    self._forget(slot)
        for slot in sorted(gone):
            self.skills.unpin(self.groups[slot].requirement)
            self.group_free.append(slot)
        self.groups_before = {}
        return 0

    cdef int trim(self) except -1:
        """Forget classes that have been idle for longest, as far as more are idle than the rule allows. A new policy is
        all in force now."""
        if self.in_bulk:
            self._mark_due()
            self.in_bulk = False
        while self.idle_count > IDLE_LEAST and self.idle_count > self.contact_class_count - self.idle_count:
            self._forget(self.idle_first)
        return 0

    cdef int32_t contact_class(self, int32_t group, int32_t requirement, int channel) except -1:
        """The class of contacts that ask for this. It stays while it is not idle."""
        cdef uint64_t key = class_key(group, requirement, channel)
        cdef int32_t slot = table_find(&self.contact_class_slots, key)
        if slot >= 0:
            return slot
        slot = self._new_contact_class(group, requirement, channel)
        self.contact_classes[slot].key = key
        table_add(&self.contact_class_slots, key, slot)
        if self.in_bulk:
            self.rows_due[slot >> 6] |= <uint64_t>1 << (slot & 63)
        else:
            self._mark(slot, True)
        return slot

    cdef int32_t private_class(self, int32_t group, int32_t requirement, int channel, tuple audience) except -1:
        """The class of contacts that ask for this and are for these agents alone. It goes when it is idle.

        No row has a bit for it: its agents find it by their ordinals.
        """
        cdef uint64_t key = class_key(group, requirement, channel)
        cdef uint64_t at
        cdef int64_t ordinal
        cdef int32_t slot
        cdef const ContactClass* known
        for ordinal in audience:
            key = mix(key, <uint64_t>ordinal)
        at = table_home(&self.private_slots, key)
        while self.private_slots.entries != NULL and self.private_slots.entries[at].slot >= 0:
            slot = self.private_slots.entries[at].slot
            known = &self.contact_classes[slot]
            if known.key == key and known.group == group and known.requirement == requirement and \
                    known.channel == channel and <tuple>known.audience == audience:
                return slot
            at = (at + 1) & self.private_slots.mask
        slot = self._new_contact_class(group, requirement, channel)
        Py_INCREF(audience)
        self.contact_classes[slot].audience = <PyObject*>audience
        self.contact_classes[slot].key = key
        self.contact_classes[slot].link = self.private_of.add(slot, audience)
        table_add(&self.private_slots, key, slot)
        return slot

    cdef int32_t _new_contact_class(self, int32_t group, int32_t requirement, int channel) except -1:
        cdef int32_t slot, block
        cdef ContactClass* contact_class
        place = (channel, self.groups[group].rate)
        blocks = self.blocks_open.get(place)
        if blocks is None:
            blocks = self.blocks_open[place] = []
        if not blocks:
            if not self.blocks_unassigned:
                self._grow_contact_classes()
            block = self.blocks_unassigned.pop()
            self.block_rate[block] = self.groups[group].rate
            self.block_channel[block] = channel
            blocks.append(block)
        block = blocks[-1]
        slot = (block << 6) + acd_lowest_bit(self.block_free[block])
        self.block_free[block] &= self.block_free[block] - 1
        if self.block_free[block] == 0:
            blocks.pop()
        contact_class = &self.contact_classes[slot]
        contact_class.key = 0
        contact_class.audience = NULL
        contact_class.group = group
        contact_class.requirement = requirement
        contact_class.channel = channel
        contact_class.used = True
        contact_class.idle = False
        self.contact_class_count += 1
        self.skills.pin(requirement)
        return slot

    cdef int _grow_contact_classes(self) except -1:
        cdef int32_t old = self.contact_class_room
        cdef int32_t new = old * 2 or 64
        cdef int32_t slot
        self.contact_classes = <ContactClass*>_regrown(
            self.contact_classes, <size_t>old * sizeof(ContactClass), <size_t>new * sizeof(ContactClass))
        self.block_free = <uint64_t*>_regrown(self.block_free, old >> 3, new >> 3)
        self.rows_due = <uint64_t*>_regrown(self.rows_due, old >> 3, new >> 3)
        self.rows_stale = <uint64_t*>_regrown(self.rows_stale, old >> 3, new >> 3)
        self.block_rate = <int64_t*>_regrown(self.block_rate, old >> 3, new >> 3)
        self.block_channel = <uint8_t*>_regrown(self.block_channel, old >> 6, new >> 6)
        for slot in range(old >> 6, new >> 6):
            self.block_free[slot] = ~<uint64_t>0
        self.blocks_unassigned.extend(range((new >> 6) - 1, (old >> 6) - 1, -1))
        for slot in range(self.agent_class_room):
            if self.agent_classes[slot].row == NULL:
                continue
            if self.matrix_bytes + ((new - old) >> 3) > MATRIX_BYTES_MAX:
                free(self.agent_classes[slot].row)
                self.agent_classes[slot].row = NULL
                self.matrix_bytes -= old >> 3
                continue
            self.agent_classes[slot].row = <uint64_t*>_regrown(self.agent_classes[slot].row, old >> 3, new >> 3)
            self.matrix_bytes += (new - old) >> 3
        self.contact_class_room = new
        return 0

    cdef int _find_served(self, int32_t slot, uint64_t* found) noexcept:
        """Which agent classes may serve a contact class, one bit each."""
        cdef const ContactClass* contact_class = &self.contact_classes[slot]
        cdef const QueueGroup* group = &self.groups[contact_class.group]
        cdef const QueueMembers* members
        cdef int32_t size = self.agent_class_room >> 6
        cdef int32_t index, word
        cdef uint64_t left
        cdef Outline outline
        outline_of(self.skills, contact_class.requirement, &outline)
        if group.listed >= 0:
            members = &self.members[group.listed]
            memset(found, 0, <size_t>size * sizeof(uint64_t))
            for index in range(members.size):
                if members.words[index].tier > group.max_tier:
                    break
                found[members.words[index].word] |= members.words[index].mask
        else:
            memcpy(found, self.agent_class_used, <size_t>size * sizeof(uint64_t))
        for word in range(size):
            left = found[word]
            if left:
                left &= may_meet(&outline, word)
            if left:
                left &= meets(self.skills, contact_class.requirement, word)
            if left:
                left &= meets(self.skills, group.requirement, word)
            found[word] = left
        return 0

    cdef int _mark(self, int32_t slot, bint served) except -1:
        """Set or clear the contact class's bit in the row of every agent class that may serve it."""
        cdef uint64_t bit = <uint64_t>1 << (slot & 63)
        cdef uint64_t left
        cdef uint64_t* row
        cdef int32_t word
        self._find_served(slot, self.served)
        for word in range(self.agent_class_room >> 6):
            left = self.served[word]
            while left:
                row = self.agent_classes[(word << 6) + acd_lowest_bit(left)].row
                left &= left - 1
                if row == NULL:
                    continue
                if served:
                    row[slot >> 6] |= bit
                else:
                    row[slot >> 6] &= ~bit
        return 0

    cdef int _mark_due(self) except -1:
        """Bring rows up to date with all classes that came and went in bulk: a row has 64 of them in one word."""
        cdef int32_t words = self.agent_class_room >> 6
        cdef int32_t block, word, number
        cdef uint64_t left, changed, served
        cdef uint64_t[64] square
        cdef uint64_t* row
        for block in range(self.contact_class_room >> 6):
            changed = self.rows_due[block] | self.rows_stale[block]
            if changed == 0:
                continue
            left = self.rows_due[block]
            while left:
                number = acd_lowest_bit(left)
                left &= left - 1
                self._find_served((block << 6) + number, self.served + number * words)
            for word in range(words):
                if self.agent_class_used[word] == 0:
                    continue
                memset(square, 0, sizeof(square))
                served = 0
                left = self.rows_due[block]
                while left:
                    number = acd_lowest_bit(left)
                    left &= left - 1
                    square[number] = self.served[number * words + word]
                    served |= square[number]
                if served:
                    _transpose(square)
                left = self.agent_class_used[word]
                while left:
                    number = acd_lowest_bit(left)
                    left &= left - 1
                    row = self.agent_classes[(word << 6) + number].row
                    if row != NULL:
                        row[block] = (row[block] & ~changed) | square[number]
            self.rows_due[block] = 0
            self.rows_stale[block] = 0
        return 0

    cdef bint serves(self, int32_t agent_class, int32_t contact_class) noexcept:
        """May agents of a class serve contacts of a class, as far as skills and membership go."""
        cdef const ContactClass* contacts = &self.contact_classes[contact_class]
        return self.admits(agent_class, contacts.group) and \
            meets(self.skills, contacts.requirement, agent_class >> 6) >> (agent_class & 63) & 1

    cdef bint admits(self, int32_t agent_class, int32_t group_slot) noexcept:
        """May agents of a class serve in a queue group, what contacts ask for themselves aside."""
        cdef const QueueGroup* group = &self.groups[group_slot]
        cdef const Member* member
        if group.listed >= 0:
            member = membership(self, agent_class, group.listed)
            if member == NULL or member.tier > group.max_tier:
                return False
        return meets(self.skills, group.requirement, agent_class >> 6) >> (agent_class & 63) & 1

    cdef int set_class_idle(self, int32_t slot) except -1:
        """No contact of the class waits any more."""
        cdef ContactClass* contact_class = &self.contact_classes[slot]
        contact_class.idle = True
        contact_class.idle_before = self.idle_last
        contact_class.idle_after = -1
        if self.idle_last >= 0:
            self.contact_classes[self.idle_last].idle_after = slot
        else:
            self.idle_first = slot
        self.idle_last = slot
        self.idle_count += 1
        if contact_class.audience != NULL:
            return self._forget(slot)
        if not self.in_bulk:
            self.trim()
        return 0

    cdef void unset_class_idle(self, int32_t slot) noexcept:
        cdef ContactClass* contact_class = &self.contact_classes[slot]
        contact_class.idle = False
        if contact_class.idle_before >= 0:
            self.contact_classes[contact_class.idle_before].idle_after = contact_class.idle_after
        else:
            self.idle_first = contact_class.idle_after
        if contact_class.idle_after >= 0:
            self.contact_classes[contact_class.idle_after].idle_before = contact_class.idle_before
        else:
            self.idle_last = contact_class.idle_before
        self.idle_count -= 1

    cdef int _forget(self, int32_t slot) except -1:
        cdef ContactClass* contact_class = &self.contact_classes[slot]
        cdef int32_t block = slot >> 6
        cdef bint was_full = self.block_free[block] == 0
        if not contact_class.idle:
            raise AssertionError("a contact class with contacts is not forgotten")
        self.unset_class_idle(slot)
        if contact_class.audience != NULL:
            table_drop(&self.private_slots, contact_class.key, slot)
            self.private_of.drop(contact_class.link)
            Py_DECREF(<object>contact_class.audience)
            contact_class.audience = NULL
        else:
            if not self.in_bulk:
                self._mark(slot, False)
            elif self.rows_due[slot >> 6] >> (slot & 63) & 1:
                self.rows_due[slot >> 6] &= ~(<uint64_t>1 << (slot & 63))
            else:
                self.rows_stale[slot >> 6] |= <uint64_t>1 << (slot & 63)
            table_drop(&self.contact_class_slots, contact_class.key, slot)
        self.skills.unpin(contact_class.requirement)
        contact_class.used = False
        self.contact_class_count -= 1
        self.block_free[block] |= <uint64_t>1 << (slot & 63)
        place = (self.block_channel[block], self.block_rate[block])
        if was_full:
            self.blocks_open.setdefault(place, []).append(block)
        if ~self.block_free[block] == 0:
            self.blocks_open[place].remove(block)
            if not self.blocks_open[place]:
                del self.blocks_open[place]
            self.blocks_unassigned.append(block)
        return 0
