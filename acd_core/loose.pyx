# cython: language_level=3
"""Waiting entries that share their demands with few or no others, outside of contact classes.

A contact class costs a look at every agent class when it appears, which pays off only if contacts share it. An entry
whose class does not exist yet, and would have few members, is listed here under the rarest skill that it asks for
(one skill for each anchor of its requirement, `acd_core.anchors`), together with the next two. An agent who becomes
free walks through the lists of its own skills, in the order of section 5 of the routing model, and stops in each at
the first entry that it may serve or that does not go before what it has found. So a step of that walk costs one
comparison of a level, and there are as many steps as entries wait for one of its skills as their rarest, at most.
Being a member of a listed queue is asked for as a skill is, with a level that is the higher the lower the tier.

When others with the same demands come, all of them get a class.

Lists are in lanes of one channel and one rate, within which the order stands still, and lanes in chunks: adding takes a
binary search and a move within one chunk, removing leaves a hole. Few lanes are kept; what has no place in one is given
a class of its own, as is what has no anchor.
"""

from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memmove, memset

from acd_core.anchors cimport Anchor, Cover
from acd_core.classes cimport QueueGroup, membership
from acd_core.skills cimport met_by
from acd_core.types cimport Member
from acd_core.tables cimport SlotEntry, acd_prefetch, table_add, table_clear, table_drop, table_find, table_home

cdef enum:
    LANES_OF_SKILL_MAX = 64
    LANES_MAX = 16384
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


cdef inline bint _precedes(const Order* a, const Order* b) noexcept nogil:
    if a.major != b.major:
        return a.major < b.major
    if a.minor != b.minor:
        return a.minor < b.minor
    return a.ordinal < b.ordinal


cdef inline bint _may_go_before(const Order* order, const Walk* walk) noexcept nogil:
    """Does an entry go before what the walk has found so far."""
    return is_sooner(order.major, walk.ageing - order.minor, order.ordinal, &walk.bound, walk.bound_score)


cdef inline int32_t _chunk_for(const Lane* lane, const Order* order) noexcept nogil:
    """The last chunk that does not begin behind an order, or the first."""
    cdef int32_t low = 0
    cdef int32_t high = lane.count
    cdef int32_t middle
    while high - low > 1:
        middle = (low + high) >> 1
        if _precedes(order, &lane.chunks[middle].orders[0]):
            high = middle
        else:
            low = middle
    return low


cdef inline int32_t _place_in(const Chunk* chunk, const Order* order) noexcept nogil:
    """The first place in a chunk that does not precede an order."""
    cdef int32_t low = 0
    cdef int32_t high = chunk.size
    cdef int32_t middle
    while low < high:
        middle = (low + high) >> 1
        if _precedes(&chunk.orders[middle], order):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int32_t _live_place_in(const Chunk* chunk, const Order* order) noexcept nogil:
    """The first place in a chunk that is no hole and does not precede an order."""
    cdef int32_t place = _place_in(chunk, order)
    while place < chunk.size and chunk.second[place] == HOLE:
        place += 1
    return place


cdef void _move(Chunk* target, int32_t to, const Chunk* source, int32_t start, int32_t count) noexcept nogil:
    memmove(&target.second[to], &source.second[start], <size_t>count * sizeof(int32_t))
    memmove(&target.orders[to], &source.orders[start], <size_t>count * sizeof(Order))
    memmove(&target.needs[to], &source.needs[start], <size_t>count * sizeof(Need))


cdef void _close_holes(Chunk* chunk) noexcept nogil:
    """Let those that are no holes stand side by side."""
    cdef int32_t at
    cdef int32_t end = 0
    for at in range(chunk.start, chunk.size):
        if chunk.second[at] != HOLE:
            chunk.second[end] = chunk.second[at]
            chunk.orders[end] = chunk.orders[at]
            chunk.needs[end] = chunk.needs[at]
            end += 1
    chunk.start = 0
    chunk.size = end


cdef int32_t _make_place(Chunk* chunk, int32_t where, int32_t room) noexcept nogil:
    """Make a hole just before a place in a chunk that has one or is not full yet: where it is then."""
    cdef int32_t hole = where
    if where and chunk.second[where - 1] == HOLE:
        return where - 1
    while hole < chunk.size and chunk.second[hole] != HOLE:
        hole += 1
    if hole < chunk.size or chunk.size < room:
        _move(chunk, where + 1, chunk, where, hole - where)
        if hole == chunk.size:
            chunk.size += 1
        return where
    hole = where - 1
    while chunk.second[hole] != HOLE:
        hole -= 1
    chunk.start = min(chunk.start, hole)
    _move(chunk, hole, chunk, hole + 1, where - 1 - hole)
    return where - 1


cdef inline void _note_first(Lane* lane) noexcept nogil:
    """After a change in the first chunk of a lane, or of which one that is."""
    lane.head = lane.chunks[0]
    lane.first = lane.chunks[0].orders[lane.chunks[0].start]


cdef void _pass_holes(Lane* lane, int32_t chunk_at) noexcept nogil:
    """After a chunk that is not empty has got a hole."""
    cdef Chunk* chunk = lane.chunks[chunk_at]
    while chunk.second[chunk.start] == HOLE:
        chunk.start += 1
    while chunk.second[chunk.size - 1] == HOLE:
        chunk.size -= 1
    if 2 * chunk.live < chunk.size - chunk.start:
        _close_holes(chunk)
    if chunk_at == 0:
        _note_first(lane)


cdef int _new_chunk(Lane* lane, int32_t at) except -1:
    """Put an empty chunk at a place among the chunks of a lane."""
    cdef Chunk* chunk
    cdef Chunk** grown
    if lane.count == lane.room:
        grown = <Chunk**>realloc(lane.chunks, <size_t>(lane.room * 2 or 1) * sizeof(Chunk*))
        if grown == NULL:
            raise MemoryError
        lane.chunks = grown
        lane.room = lane.room * 2 or 1
    chunk = <Chunk*>malloc(sizeof(Chunk))
    if chunk == NULL:
        raise MemoryError
    chunk.start = 0
    chunk.size = 0
    chunk.live = 0
    memmove(&lane.chunks[at + 1], &lane.chunks[at], <size_t>(lane.count - at) * sizeof(Chunk*))
    lane.chunks[at] = chunk
    lane.count += 1
    return 0


cdef void _drop_chunk(Lane* lane, int32_t at) noexcept:
    free(lane.chunks[at])
    lane.count -= 1
    memmove(&lane.chunks[at], &lane.chunks[at + 1], <size_t>(lane.count - at) * sizeof(Chunk*))


cdef class Loose:
    def __cinit__(self, Classes classes not None):
        self.classes = classes
        self.entry_free = -1
        self.shared_from = _shared_from
        self.agent_classes_min = _agent_classes_min
        self.chunk_room = _chunk_room

    def __dealloc__(self):
        cdef int32_t skill
        self.empty()
        for skill in range(self.skill_room):
            free(self.skills[skill].all)
        free(self.skills)
        free(self.entries)
        if self.levels != NULL:
            free(&self.levels[_queue_demand(self.queue_room - 1)])

    cdef int _reserve_demands(self) except -1:
        """Room for all skills and queues. There is no walk, so all levels are 0."""
        cdef int32_t skill_room = self.classes.skills.skill_room
        cdef int32_t queue_room = self.classes.queue_room
        cdef void* grown
        if skill_room <= self.skill_room and queue_room <= self.queue_room:
            return 0
        if skill_room > self.skill_room:
            grown = realloc(self.skills, <size_t>skill_room * sizeof(Lanes))
            if grown == NULL:
                raise MemoryError
            self.skills = <Lanes*>grown
            memset(self.skills + self.skill_room, 0, <size_t>(skill_room - self.skill_room) * sizeof(Lanes))
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
        cdef const Cover* cover = self.classes.skills.requirements[requirement].cover
        cdef int64_t rate = self.classes.groups[group].rate
        cdef int32_t first, place, room, index, skill
        cdef int32_t count = 0
        cdef LooseEntry* added
        cdef void* grown
        if cover.count == 0 or self.classes.agent_class_room < self.agent_classes_min:
            return -1
        first = self.first_of(key)
        place = first
        while place >= 0:
            count += 1
            place = self.entries[place].alike
        if count >= self.shared_from:
            return -1
        self._reserve_demands()
        for index in range(cover.count):
            skill = cover.anchors[index].skills[0]
            if self._lane(skill, channel, rate) < 0 and (
                    self.skills[skill].count >= LANES_OF_SKILL_MAX or self.lane_count + cover.count > LANES_MAX):
                return -1
        if self.entry_free < 0:
            room = self.entry_room * 2 or 16
            grown = realloc(self.entries, <size_t>room * sizeof(LooseEntry))
            if grown == NULL:
                raise MemoryError
            self.entries = <LooseEntry*>grown
            for place in range(room - 1, self.entry_room - 1, -1):
                self.entries[place].item = self.entry_free
                self.entry_free = place
            self.entry_room = room
        place = self.entry_free
        added = &self.entries[place]
        self.entry_free = added.item
        added.major = entry.major
        added.minor = entry.minor
        added.ordinal = entry.ordinal
        added.key = key
        added.item = entry.item
        added.group = group
        added.requirement = requirement
        added.channel = channel
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
        cdef LooseEntry* removed = &self.entries[place]
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
        cdef int32_t skill, lane, chunk, place
        for skill in range(self.skill_room):
            for lane in range(self.skills[skill].count):
                for chunk in range(self.skills[skill].all[lane].count):
                    free(self.skills[skill].all[lane].chunks[chunk])
                free(self.skills[skill].all[lane].chunks)
            self.skills[skill].count = 0
        self.lane_count = 0
        self.entry_free = -1
        for place in range(self.entry_room - 1, -1, -1):
            self.entries[place].item = self.entry_free
            self.entry_free = place
        self.count = 0
        table_clear(&self.firsts)

    # Lanes

    cdef int32_t _lane(self, int32_t skill, int channel, int64_t rate) noexcept:
        cdef const Lanes* lanes = &self.skills[skill]
        cdef int32_t index
        for index in range(lanes.count):
            if lanes.all[index].channel == channel and lanes.all[index].rate == rate:
                return index
        return -1

    cdef int _insert(self, int32_t place) except -1:
        cdef const LooseEntry* entry = &self.entries[place]
        cdef const Cover* cover = self.classes.skills.requirements[entry.requirement].cover
        cdef const QueueGroup* group = &self.classes.groups[entry.group]
        cdef int64_t rate = group.rate
        cdef const Anchor* anchor
        cdef Lanes* lanes
        cdef Lane* lane
        cdef Chunk* chunk
        cdef Chunk* more
        cdef Need* need
        cdef Order order
        cdef int32_t index, at, where, chunk_at
        cdef void* grown
        order.major = entry.major
        order.minor = entry.minor
        order.ordinal = entry.ordinal
        for index in range(cover.count):
            anchor = &cover.anchors[index]
            lanes = &self.skills[anchor.skills[0]]
            at = self._lane(anchor.skills[0], entry.channel, rate)
            if at < 0:
                if lanes.count == lanes.room:
                    grown = realloc(lanes.all, <size_t>(lanes.room * 2 or 1) * sizeof(Lane))
                    if grown == NULL:
                        raise MemoryError
                    lanes.all = <Lane*>grown
                    lanes.room = lanes.room * 2 or 1
                at = lanes.count
                memset(&lanes.all[at], 0, sizeof(Lane))
                lanes.all[at].rate = rate
                lanes.all[at].channel = entry.channel
                lanes.count += 1
                self.lane_count += 1
                _new_chunk(&lanes.all[at], 0)
            lane = &lanes.all[at]
            chunk_at = _chunk_for(lane, &order)
            chunk = lane.chunks[chunk_at]
            where = _place_in(chunk, &order)
            if chunk.live == self.chunk_room:
                _new_chunk(lane, chunk_at + 1)
                if where < chunk.size:
                    more = lane.chunks[chunk_at + 1]
                    more.size = chunk.size - chunk.size // 2
                    more.live = more.size
                    chunk.size //= 2
                    chunk.live = chunk.size
                    _move(more, 0, chunk, chunk.size, more.size)
                if where > chunk.size or chunk.size == self.chunk_room:
                    where -= chunk.size
                    chunk = lane.chunks[chunk_at + 1]
            where = _make_place(chunk, where, self.chunk_room)
            chunk.live += 1
            if where < chunk.start:
                chunk.start = where
            chunk.orders[where] = order
            need = &chunk.needs[where]
            need.item = entry.item
            need.group = entry.group
            need.requirement = -1 if anchor.exact else entry.requirement
            need.first_low = anchor.lows[0]
            if group.listed >= 0:
                chunk.second[where] = _queue_demand(group.listed)
                need.second_low = _tier_level(group.max_tier)
                need.third = anchor.skills[1] if anchor.skills[1] >= 0 else anchor.skills[0]
                need.third_low = anchor.lows[1]
                if anchor.skills[2] >= 0:
                    need.requirement = entry.requirement
            else:
                chunk.second[where] = anchor.skills[1] if anchor.skills[1] >= 0 else anchor.skills[0]
                need.second_low = anchor.lows[1]
                need.third = anchor.skills[2] if anchor.skills[2] >= 0 else anchor.skills[0]
                need.third_low = anchor.lows[2]
            if chunk_at == 0:
                _note_first(lane)
        return 0

    cdef int _take_out(self, int32_t place) except -1:
        cdef const LooseEntry* entry = &self.entries[place]
        cdef const Cover* cover = self.classes.skills.requirements[entry.requirement].cover
        cdef Lanes* lanes
        cdef Lane* lane
        cdef Chunk* chunk
        cdef Chunk* more
        cdef Order order
        cdef int32_t index, at, where, chunk_at, other
        order.major = entry.major
        order.minor = entry.minor
        order.ordinal = entry.ordinal
        for index in range(cover.count):
            lanes = &self.skills[cover.anchors[index].skills[0]]
            at = self._lane(cover.anchors[index].skills[0], entry.channel, self.classes.groups[entry.group].rate)
            lane = &lanes.all[at]
            chunk_at = _chunk_for(lane, &order)
            chunk = lane.chunks[chunk_at]
            where = _live_place_in(chunk, &order)
            while (where == chunk.size or chunk.needs[where].item != entry.item) and chunk_at:
                # One with two anchors under one skill is listed twice, and chunks may have been parted between the two.
                chunk_at -= 1
                chunk = lane.chunks[chunk_at]
                where = _live_place_in(chunk, &order)
            if where == chunk.size or chunk.needs[where].item != entry.item:
                raise AssertionError("an entry is not where it was listed")
            chunk.second[where] = HOLE
            chunk.live -= 1
            if chunk.live > self.chunk_room // 4:
                _pass_holes(lane, chunk_at)
                continue
            if chunk.live == 0:
                _drop_chunk(lane, chunk_at)
                if lane.count == 0:
                    free(lane.chunks)
                    lanes.count -= 1
                    lanes.all[at] = lanes.all[lanes.count]
                    self.lane_count -= 1
                else:
                    _note_first(lane)
                continue
            _pass_holes(lane, chunk_at)
            other = chunk_at + 1 if chunk_at + 1 < lane.count else chunk_at - 1
            if other < 0 or chunk.live + lane.chunks[other].live > 3 * self.chunk_room // 4:
                continue
            if other < chunk_at:
                other = chunk_at
                chunk_at -= 1
            chunk = lane.chunks[chunk_at]
            more = lane.chunks[other]
            _close_holes(chunk)
            _close_holes(more)
            _move(chunk, chunk.size, more, 0, more.size)
            chunk.size += more.size
            chunk.live += more.live
            _drop_chunk(lane, other)
            _note_first(lane)
        return 0

    # Walks

    cdef int begin(self, Walk* walk, int32_t agent_class, int channels, int64_t now_ms) except -1:
        """Begin to walk through what agents of a class may serve on channels given as bits; only one walk at a time.

        Between `begin` and `end` nothing may be added or removed.
        """
        cdef const Lanes* lanes
        cdef const AgentClass* walker = &self.classes.agent_classes[agent_class]
        cdef int32_t index, lane
        self._reserve_demands()
        walk.walker = walker
        walk.now_ms = now_ms
        walk.bound.item = -1
        walk.channels = channels
        walk.skill = -1
        walk.lane = NULL
        walk.lanes_end = NULL
        walk.chunk = NULL
        for index in range(walker.skill_count):
            self.levels[walker.skills[index]] = walker.levels[index]
            lanes = &self.skills[walker.skills[index]]
            for lane in range(lanes.count):
                acd_prefetch(&lanes.all[lane])
        for index in range(walker.member_count):
            self.levels[_queue_demand(walker.members[index].queue)] = _tier_level(walker.members[index].tier)
        return 0

    cdef void end(self, Walk* walk) noexcept:
        cdef int32_t index
        for index in range(walk.walker.skill_count):
            self.levels[walk.walker.skills[index]] = 0
        for index in range(walk.walker.member_count):
            self.levels[_queue_demand(walk.walker.members[index].queue)] = 0

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
                            walk.order = &chunk.orders[at]
                            walk.need = need
                            walk.chunk = chunk
                            walk.at = at + 1
                            return True
                    at += 1
                if walk.bound.item >= 0 and at < chunk.size and not _may_go_before(&chunk.orders[at], walk):
                    break
            if at < chunk.size:
                chunk = NULL
                continue
            walk.chunk_at += 1
            chunk = NULL
            if walk.chunk_at < walk.lane.count:
                chunk = walk.lane.chunks[walk.chunk_at]
                at = chunk.start
                if walk.bound.item >= 0 and not _may_go_before(&chunk.orders[at], walk):
                    chunk = NULL

    cdef bint _next_lane(self, Walk* walk) noexcept:
        """Go to the beginning of the next lane that may have something for the walk."""
        cdef const Lane* lane = walk.lane
        cdef const Lane* end = walk.lanes_end
        cdef const Lanes* lanes
        cdef const char* head
        walk.chunk_at = 0
        while True:
            if lane != end:
                lane += 1
            while lane == end:
                walk.skill += 1
                if walk.skill >= walk.walker.skill_count:
                    walk.skill -= 1
                    walk.lane = end
                    walk.lanes_end = end
                    return False
                lanes = &self.skills[walk.walker.skills[walk.skill]]
                lane = lanes.all
                end = lane + lanes.count
            if lane + 1 != end:
                head = <const char*>lane[1].head
                acd_prefetch(head)
                acd_prefetch(head + 64)
            if walk.channels >> lane.channel & 1:
                walk.ageing = lane.rate * walk.now_ms
                if walk.bound.item < 0 or _may_go_before(&lane.first, walk):
                    walk.lane = lane
                    walk.lanes_end = end
                    return True
