# cython: language_level=3
"""Waiting entries that share their demands with few or no others, outside of contact classes.

A contact class costs a look at every agent class when it appears, which pays off only if contacts share it. An entry
whose class does not exist yet, and would have few members, is listed here under the rarest skill that it asks for
(one skill for each set of key skills of its requirement, `acd_core.key_skills`), together with the next two. An agent
who becomes free walks through the lists of its own skills, in the order of section 5 of the routing model, and stops in
each at the first entry that it may serve or that does not go before what it has found. So a step of that walk costs one
comparison of a level, and there are as many steps as entries wait for one of its skills as their rarest, at most.
Being a member of a listed queue is asked for as a skill is, with a level that is the higher the lower the tier.

When others with the same demands come, all of them get a class.

A list is a lane (`acd_core.lanes`) in the band of its channel and rate, within which the order stands still. Bands are
few; what has no place in one is given a class of its own, as is what has no key skills.
"""

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from acd_core.classes cimport QueueGroup, membership
from acd_core.key_skills cimport KeySkills, Narrowing
from acd_core.lanes cimport CHUNK_ROOM, HOLE, lane_add, lane_empty, lane_take
from acd_core.skills cimport met_by
from acd_core.tables cimport SlotEntry, acd_prefetch, table_add, table_clear, table_drop, table_find, table_home
from acd_core.types cimport Member

cdef enum:
    _BOUND_LOOKED_AT = 8  # so many entries are gone through before the next is held to what was found so far
    _LEVEL_OF_FIRST_TIER = 255

cdef int32_t _shared_from = 4
cdef int32_t _agent_classes_min = 512
cdef int32_t _chunk_room = CHUNK_ROOM


def tune(int32_t shared_from, int32_t agent_classes_min, int32_t chunk_room):
    """Set from how many entries on the next of the same demands gets a class, below how many agent classes every
    entry does, and how many entries a chunk has at most (2 to 64); for engines made from now on. Answers are the same
    whatever is set. Returns what was set before."""
    global _shared_from, _agent_classes_min, _chunk_room
    if not 2 <= chunk_room <= CHUNK_ROOM:
        raise ValueError("a chunk has room for 2 to 64 entries")
    before = (_shared_from, _agent_classes_min, _chunk_room)
    _shared_from = shared_from
    _agent_classes_min = agent_classes_min
    _chunk_room = chunk_room
    return before


cdef inline SlotEntry* _entry_of(SlotTable* table, uint64_t key) noexcept nogil:
    """The entry of a key that is in the table."""
    cdef uint64_t at = table_home(table, key)
    while table.entries[at].slot < 0 or table.entries[at].key != key:
        at = (at + 1) & table.mask
    return &table.entries[at]


cdef inline int32_t _queue_demand(int32_t queue) noexcept nogil:
    """Where among the demands it stands to be a member of a listed queue: skills are at their slots, HOLE is below."""
    return HOLE - 1 - queue


cdef inline uint8_t _tier_level(int32_t tier) noexcept nogil:
    """The level that a tier is taken for. All tiers beyond the last that is told apart have one level."""
    return <uint8_t>(_LEVEL_OF_FIRST_TIER - min(tier, _LEVEL_OF_FIRST_TIER - 1))


cdef inline bint _may_go_before(const Turn* turn, const Walk* walk) noexcept nogil:
    """Does an entry go before what the walk has found so far."""
    return is_sooner(turn.major, walk.ageing - turn.minor, turn.ordinal, &walk.bound, walk.bound_score)


cdef class Unshared:
    def __cinit__(self, Classes classes not None):
        self.classes = classes
        self.entry_free = -1
        self.shared_from = _shared_from
        self.agent_classes_min = _agent_classes_min
        self.chunk_room = _chunk_room

    def __dealloc__(self):
        cdef int32_t band
        self.empty()
        for band in range(self.band_count):
            free(self.bands[band].lanes)
        free(self.entries)
        if self.levels != NULL:
            free(&self.levels[_queue_demand(self.queue_room - 1)])

    cdef int _reserve_demands(self) except -1:
        """Room for all skills and queues. There is no walk, so all levels are 0."""
        cdef int32_t skill_room = self.classes.skills.skill_room
        cdef int32_t queue_room = self.classes.queue_room
        cdef int32_t band
        cdef void* grown
        if skill_room <= self.skill_room and queue_room <= self.queue_room:
            return 0
        if skill_room > self.skill_room:
            for band in range(self.band_count):
                grown = realloc(self.bands[band].lanes, <size_t>skill_room * sizeof(Lane))
                if grown == NULL:
                    raise MemoryError
                self.bands[band].lanes = <Lane*>grown
                memset(self.bands[band].lanes + self.skill_room, 0,
                       <size_t>(skill_room - self.skill_room) * sizeof(Lane))
        grown = calloc(<size_t>(queue_room + 1 + skill_room), 1)
        if grown == NULL:
            raise MemoryError
        if self.levels != NULL:
            free(&self.levels[_queue_demand(self.queue_room - 1)])
        self.skill_room = skill_room
        self.queue_room = queue_room
        self.levels = <uint8_t*>grown - _queue_demand(queue_room - 1)
        return 0

    # Entries

    cdef int32_t add(self, int32_t group, int32_t requirement, int channel, uint64_t key, HeapEntry entry) except -2:
        """List an entry that is to be outside of classes; where it is then, or -1 if it must have a class.

        A class with the key, if there is one, has been looked for by the caller.
        """
        cdef int32_t first, place, room, band
        cdef int32_t count = 0
        cdef UnsharedEntry* added
        cdef void* grown
        if self.classes.skills.requirements[requirement].narrowing.count == 0 or \
                self.classes.agent_class_room < self.agent_classes_min:
            return -1
        first = self.first_of(key)
        place = first
        while place >= 0:
            count += 1
            place = self.entries[place].alike
        if count >= self.shared_from:
            return -1
        self._reserve_demands()
        band = self._band_for(channel, self.classes.groups[group].rate)
        if band < 0:
            return -1
        if self.entry_free < 0:
            room = self.entry_room * 2 or 16
            grown = realloc(self.entries, <size_t>room * sizeof(UnsharedEntry))
            if grown == NULL:
                raise MemoryError
            self.entries = <UnsharedEntry*>grown
            for place in range(room - 1, self.entry_room - 1, -1):
                self.entries[place].item = self.entry_free
                self.entry_free = place
            self.entry_room = room
        place = self.entry_free
        added = &self.entries[place]
        self.entry_free = added.item
        added.turn.major = entry.major
        added.turn.minor = entry.minor
        added.turn.ordinal = entry.ordinal
        added.key = key
        added.item = entry.item
        added.group = group
        added.requirement = requirement
        added.band = band
        added.alike = first
        self._insert(place)
        self.count += 1
        if first >= 0:
            _entry_of(&self.firsts, key).slot = place
        else:
            table_add(&self.firsts, key, place)
        return place

    cdef int32_t first_of(self, uint64_t key) noexcept:
        """The place of an entry that would have the contact class with the key; -1 if there is none."""
        return table_find(&self.firsts, key)

    cdef int remove(self, int32_t place) except -1:
        cdef UnsharedEntry* removed = &self.entries[place]
        cdef SlotEntry* found = _entry_of(&self.firsts, removed.key)
        cdef int32_t before = found.slot
        self._take_out(place)
        self.count -= 1
        if before != place:
            while self.entries[before].alike != place:
                before = self.entries[before].alike
            self.entries[before].alike = removed.alike
        elif removed.alike >= 0:
            found.slot = removed.alike
        else:
            table_drop(&self.firsts, removed.key, place)
        removed.item = self.entry_free
        self.entry_free = place
        return 0

    cdef void empty(self) noexcept:
        """Forget all entries."""
        cdef int32_t band, skill, place
        for band in range(self.band_count):
            for skill in range(self.skill_room):
                lane_empty(&self.bands[band].lanes[skill])
            self.bands[band].count = 0
        self.entry_free = -1
        for place in range(self.entry_room - 1, -1, -1):
            self.entries[place].item = self.entry_free
            self.entry_free = place
        self.count = 0
        table_clear(&self.firsts)

    cdef int32_t _band_for(self, int channel, int64_t rate) noexcept:
        """The band of a channel and a rate, a new one or one that nothing is in if need be; -1 if all are taken."""
        cdef int32_t index
        cdef int32_t unused = -1
        for index in range(self.band_count):
            if self.bands[index].rate == rate and self.bands[index].channel == channel:
                return index
            if self.bands[index].count == 0:
                unused = index
        if unused < 0:
            if self.band_count == BANDS_MAX:
                return -1
            unused = self.band_count
            self.bands[unused].lanes = <Lane*>calloc(max(1, self.skill_room), sizeof(Lane))
            if self.bands[unused].lanes == NULL:
                return -1
            self.band_count += 1
        self.bands[unused].rate = rate
        self.bands[unused].channel = channel
        return unused

    cdef int _insert(self, int32_t place) except -1:
        cdef const UnsharedEntry* entry = &self.entries[place]
        cdef const Narrowing* narrowing = self.classes.skills.requirements[entry.requirement].narrowing
        cdef const QueueGroup* group = &self.classes.groups[entry.group]
        cdef Band* band = &self.bands[entry.band]
        cdef const KeySkills* keys
        cdef int32_t index, second
        cdef Need need
        need.item = entry.item
        need.group = entry.group
        for index in range(narrowing.count):
            keys = &narrowing.sets[index]
            need.requirement = -1 if keys.exact else entry.requirement
            need.first_low = keys.lows[0]
            if group.listed >= 0:
                second = _queue_demand(group.listed)
                need.second_low = _tier_level(group.max_tier)
                need.third = keys.skills[1] if keys.skills[1] >= 0 else keys.skills[0]
                need.third_low = keys.lows[1]
                if keys.skills[2] >= 0:
                    need.requirement = entry.requirement
            else:
                second = keys.skills[1] if keys.skills[1] >= 0 else keys.skills[0]
                need.second_low = keys.lows[1]
                need.third = keys.skills[2] if keys.skills[2] >= 0 else keys.skills[0]
                need.third_low = keys.lows[2]
            lane_add(&band.lanes[keys.skills[0]], &entry.turn, second, &need, self.chunk_room)
            band.count += 1
        return 0

    cdef int _take_out(self, int32_t place) except -1:
        cdef const UnsharedEntry* entry = &self.entries[place]
        cdef const Narrowing* narrowing = self.classes.skills.requirements[entry.requirement].narrowing
        cdef Band* band = &self.bands[entry.band]
        cdef int32_t index
        for index in range(narrowing.count):
            lane_take(&band.lanes[narrowing.sets[index].skills[0]], &entry.turn, entry.item, self.chunk_room)
            band.count -= 1
        return 0

    # Walks

    cdef int begin(self, Walk* walk, int32_t agent_class, int channels, int64_t now_ms) except -1:
        """Begin to walk through what agents of a class may serve on channels given as bits; only one walk at a time.

        Between `begin` and `end` nothing may be added or removed.
        """
        self._reserve_demands()
        walk.walker = &self.classes.agent_classes[agent_class]
        walk.now_ms = now_ms
        walk.bound.item = -1
        walk.channels = channels
        walk.band = -1
        walk.skill = walk.walker.skill_count
        walk.chunk = NULL
        walk.knows_levels = False
        return 0

    cdef void end(self, Walk* walk) noexcept:
        if walk.knows_levels:
            self._set_levels(walk.walker, False)

    cdef void _set_levels(self, const AgentClass* walker, bint known) noexcept:
        """The levels that a walker meets demands with, or for all demands 0 again."""
        cdef int32_t index
        for index in range(walker.skill_count):
            self.levels[walker.skills[index]] = walker.levels[index] if known else 0
        for index in range(walker.member_count):
            self.levels[_queue_demand(walker.members[index].queue)] = \
                _tier_level(walker.members[index].tier) if known else 0

    cdef int32_t tier_of(self, const Walk* walk, int32_t agent_class) noexcept:
        """At which tier the walking agent may serve the entry as to skills and membership, or -1."""
        cdef const QueueGroup* group = &self.classes.groups[walk.need.group]
        cdef const Member* member
        cdef int32_t tier = 0
        if walk.need.requirement >= 0 and not met_by(self.classes.skills, walk.need.requirement, self.levels):
            return -1
        if group.requirement and not met_by(self.classes.skills, group.requirement, self.levels):
            return -1
        if group.listed >= 0:
            member = membership(self.classes, agent_class, group.listed)
            if member == NULL or member.tier > group.max_tier:
                return -1
            tier = member.tier
        return tier

    cdef bint step(self, Walk* walk) noexcept:
        """Go to the next entry that the agent may serve as far as Need goes; false at the end."""
        cdef const uint8_t* levels = self.levels
        cdef const Chunk* chunk = walk.chunk
        cdef const Need* need
        cdef int32_t at = walk.at
        cdef int32_t stop
        cdef uint8_t level
        while True:
            if chunk == NULL:
                if not self._next_lane(walk):
                    return False
                chunk = walk.lane.head
                at = chunk.start
            while at < chunk.size:
                stop = min(at + _BOUND_LOOKED_AT, chunk.size)
                while at < stop:
                    level = levels[chunk.second[at]]
                    if level:
                        need = &chunk.needs[at]
                        if level >= need.second_low and levels[need.third] >= need.third_low and \
                                walk.walker.levels[walk.skill] >= need.first_low:
                            walk.turn = &chunk.turns[at]
                            walk.need = need
                            walk.chunk = chunk
                            walk.at = at + 1
                            return True
                    at += 1
                if walk.bound.item >= 0 and at < chunk.size and not _may_go_before(&chunk.turns[at], walk):
                    break
            if at < chunk.size:
                chunk = NULL
                continue
            walk.chunk_at += 1
            chunk = NULL
            if walk.chunk_at < walk.lane.count:
                chunk = walk.lane.chunks[walk.chunk_at]
                at = chunk.start
                if walk.bound.item >= 0 and not _may_go_before(&chunk.turns[at], walk):
                    chunk = NULL

    cdef bint _next_lane(self, Walk* walk) noexcept:
        """Go to the beginning of the next lane that may have something for the walk: band by band, skill by skill."""
        cdef const AgentClass* walker = walk.walker
        cdef const Lane* lane
        cdef const Band* band
        cdef const char* head
        walk.chunk_at = 0
        while True:
            walk.skill += 1
            while walk.skill >= walker.skill_count:
                walk.band += 1
                if walk.band >= self.band_count:
                    return False
                band = &self.bands[walk.band]
                if band.count and walk.channels >> band.channel & 1:
                    walk.lanes = band.lanes
                    walk.ageing = band.rate * walk.now_ms
                    walk.skill = 0
                    if walker.skill_count == 0:
                        return False
            lane = &walk.lanes[walker.skills[walk.skill]]
            if walk.skill + 1 < walker.skill_count:
                head = <const char*>walk.lanes[walker.skills[walk.skill + 1]].head
                acd_prefetch(head)
                acd_prefetch(head + 64)
            if lane.count and (walk.bound.item < 0 or _may_go_before(&lane.first, walk)):
                walk.lane = lane
                if not walk.knows_levels:
                    walk.knows_levels = True
                    self._set_levels(walker, True)
                return True
