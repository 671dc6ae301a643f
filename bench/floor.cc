// The floor: the least that any router could do for a command, so that costs have something to be a multiple of.
//
// For each command one look-up of a 16-byte id in a hash with open addressing, one push and one pop on a binary heap,
// ids in random order, with as many ids in both as the workload has alive. What is pushed comes last, as who arrives
// does: then a run costs the same however long it is. It decides nothing and answers nothing.
//
// This source stays as it was first written: figures of different days are compared through it.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

struct Id {
    std::uint64_t high, low;
};

struct Slot {
    Id id;
    std::uint32_t item;
    std::uint32_t used;
};

struct Entry {
    std::int64_t key;
    std::uint32_t item;
};

struct Floor {
    std::vector<Id> ids;
    std::vector<Slot> slots;
    std::size_t mask;
    std::vector<Entry> heap;
    std::uint64_t random;
    std::int64_t arrival;
};

std::uint64_t next_word(std::uint64_t& state) {
    std::uint64_t word = state += 0x9E3779B97F4A7C15ull;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ull;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBull;
    return word ^ (word >> 31);
}

std::size_t hash_of(const Id& id) {
    std::uint64_t word = (id.high ^ (id.low * 0x9E3779B97F4A7C15ull)) * 0xFF51AFD7ED558CCDull;
    return static_cast<std::size_t>(word ^ (word >> 32));
}

std::uint32_t look_up(const Floor& floor, const Id& id) {
    std::size_t at = hash_of(id) & floor.mask;
    while (floor.slots[at].used) {
        if (floor.slots[at].id.high == id.high && floor.slots[at].id.low == id.low) return floor.slots[at].item;
        at = (at + 1) & floor.mask;
    }
    return 0xFFFFFFFFu;
}

void push(std::vector<Entry>& heap, Entry entry) {
    heap.push_back(entry);
    std::size_t at = heap.size() - 1;
    while (at > 0) {
        std::size_t above = (at - 1) / 2;
        if (heap[above].key <= entry.key) break;
        heap[at] = heap[above];
        at = above;
    }
    heap[at] = entry;
}

Entry pop(std::vector<Entry>& heap) {
    Entry first = heap[0], last = heap.back();
    heap.pop_back();
    std::size_t size = heap.size(), at = 0;
    for (;;) {
        std::size_t below = 2 * at + 1;
        if (below >= size) break;
        if (below + 1 < size && heap[below + 1].key < heap[below].key) ++below;
        if (last.key <= heap[below].key) break;
        heap[at] = heap[below];
        at = below;
    }
    heap[at] = last;
    return first;
}

}  // namespace

extern "C" {

// A floor with so many ids alive; at least 2.
void* floor_new(std::uint64_t live, std::uint64_t seed) {
    Floor* floor = new Floor();
    floor->random = seed;
    std::size_t room = 4;
    while (room < 2 * live) room *= 2;
    floor->mask = room - 1;
    floor->slots.assign(room, Slot{{0, 0}, 0, 0});
    floor->heap.reserve(live + 1);
    for (std::uint64_t item = 0; item < live; ++item) {
        Id id{next_word(floor->random), next_word(floor->random)};
        floor->ids.push_back(id);
        std::size_t at = hash_of(id) & floor->mask;
        while (floor->slots[at].used) at = (at + 1) & floor->mask;
        floor->slots[at] = Slot{id, static_cast<std::uint32_t>(item), 1};
        push(floor->heap, Entry{floor->arrival++, static_cast<std::uint32_t>(item)});
    }
    return floor;
}

void floor_free(void* handle) { delete static_cast<Floor*>(handle); }

// So many commands; returns a sum that depends on every step.
std::uint64_t floor_run(void* handle, std::uint64_t commands) {
    Floor& floor = *static_cast<Floor*>(handle);
    std::uint64_t sum = 0;
    for (std::uint64_t command = 0; command < commands; ++command) {
        std::uint64_t word = next_word(floor.random);
        std::size_t one = static_cast<std::size_t>((static_cast<unsigned __int128>(word) * floor.ids.size()) >> 64);
        std::uint32_t item = look_up(floor, floor.ids[one]);
        push(floor.heap, Entry{floor.arrival++, item});
        sum += pop(floor.heap).item;
    }
    return sum;
}
}
