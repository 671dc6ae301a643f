from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t

from acd_core.agents cimport Agents
from acd_core.classes cimport Classes
from acd_core.events cimport EventData
from acd_core.lines cimport Lines, static_score
from acd_core.occupancy cimport occupancy_after_busy
from acd_core.rules cimport Rules
from acd_core.skills cimport Skills
from acd_core.timers cimport Timers
from acd_core.types cimport STATE_OFFERED, STATE_WAITING, STRATEGY_BROADCAST, Agent, Contact, Offer, Queue
from acd_core.waiting cimport Waiting


cdef enum:
    EVENTS_KEPT = 64  # objects; a command rarely has more events


cdef struct Note:
    # Something noted for matching: a slot, and whom it held when that was noted.
    int64_t ordinal
    int32_t slot


cdef struct Notes:
    Note* data
    int32_t size
    int32_t room


cdef class EngineState:
    cdef Skills skills
    cdef Classes classes
    cdef Agents roster
    cdef Waiting desk
    cdef Timers timers
    cdef Rules rules
    cdef Lines lines
    cdef readonly int64_t now_ns
    cdef readonly int64_t seq
    cdef readonly int64_t event_seq
    cdef readonly uint64_t event_hash
    cdef uint64_t random_state
    cdef int64_t agents_created
    cdef int64_t contacts_created
    cdef int64_t segments_opened
    cdef int64_t offers_made
    cdef int64_t closed[16]  # by EndCause
    cdef int32_t in_state[8]  # live contacts by ContactState
    cdef PyObject** out  # the events of the last command, objects of type Event
    cdef int32_t out_made
    cdef int32_t out_count
    cdef int32_t out_room
    cdef int32_t commands_without  # many events, since one that had many
    cdef dict requests  # request_id -> (content word, Answer without events)
    cdef object request_order
    cdef Notes touched
    cdef Notes gained
    cdef bint touched_all
    cdef int32_t match_round
    cdef public object breath  # called now and then in a command that takes long; not part of the state
    cdef uint32_t breath_steps

    cdef int note(self, Notes* notes, int32_t slot, int64_t ordinal) except -1
    cdef int gain(self, int32_t agent) except -1
    cdef uint16_t room_of(self, const Agent* agent) noexcept
    cdef int refresh_room(self, int32_t agent) except -1
    cdef int refresh_keys(self, int32_t agent) except -1
    cdef void set_state(self, int32_t contact, int state) noexcept
    cdef int32_t hold(self, int32_t agent, int32_t contact, int64_t offer_id, bint second, bint broadcast) except -1
    cdef int unhold(self, int32_t offer) except -1
    cdef list held_in_order(self, int32_t agent)
    cdef int set_round_key(self, int32_t agent) except -1
    cdef int begin_service(self, int32_t agent) except -1
    cdef int end_service(self, int32_t agent) except -1
    cdef int32_t entry_group(self, int32_t contact, int second) except -1
    cdef tuple audience_of(self, int32_t contact)
    cdef int lift(self, int32_t contact) except -1
    cdef int lift_all(self) except -1
    cdef int settle(self, int32_t contact) except -1
    cdef int64_t position_of(self, int32_t contact, int second) except -1
    cdef EventData* begin(self, int type) except NULL
    cdef int _renew_event(self) except -1
    cdef void drop_output(self) noexcept
    cdef EventData* contact_event(self, int type, int32_t contact) except NULL
    cdef EventData* agent_event(self, int type, int32_t agent) except NULL
    cdef int emit_match(self, int type, int32_t offer, int tier, int64_t score, int chosen_by, int cause,
                        str asker) except -1
    cdef int emit_plain_contact(self, int type, int32_t contact) except -1
    cdef int emit_contact_agent(self, int type, int32_t contact, int32_t agent) except -1


cdef extern from *:
    """
    #define acd_bits(word) __builtin_popcountll(word)
    """
    int acd_bits(uint64_t word) noexcept nogil


cdef enum:
    BREATH_STEPS = 256  # contacts or agents that are looked at between two breaths: some 0.3 ms of a long command


cdef inline int breathe(EngineState engine) except -1:
    """To be called for each contact or agent in what may be done for very many of them."""
    engine.breath_steps += 1
    if engine.breath_steps & (BREATH_STEPS - 1) == 0 and engine.breath is not None:
        engine.breath()
    return 0


cdef inline void bring_up_to_date(EngineState engine, Agent* agent) noexcept:
    """Bring an agent's occupancy up to now, before whether it serves anybody changes."""
    if agent.serving:
        agent.occupancy_key = occupancy_after_busy(
            agent.occupancy_key, agent.occupancy_at_ns, engine.now_ns, engine.rules.occupancy_constant_ns)
    agent.occupancy_at_ns = engine.now_ns


cdef inline int32_t steps_taken(const Contact* contact) noexcept nogil:
    cdef int32_t count = acd_bits(contact.taken)
    cdef int32_t word
    if contact.trail != NULL:
        for word in range(3):
            count += acd_bits(contact.trail.later_taken[word])
    return count


cdef inline bint took_step(const Contact* contact, int32_t step) noexcept nogil:
    if step < 64:
        return contact.taken >> step & 1
    return contact.trail != NULL and contact.trail.later_taken[(step >> 6) - 1] >> (step & 63) & 1


cdef inline int32_t entry_queue(const Contact* contact, int second) noexcept nogil:
    return contact.second_queue if second else contact.queue


cdef inline int32_t tier_limit(const Contact* contact, const Queue* queue) noexcept nogil:
    """The highest tier that an entry in a queue may use."""
    return contact.raised_tier if contact.raised_tier > queue.max_tier else queue.max_tier


cdef inline bint wants(EngineState engine, const Contact* contact) noexcept nogil:
    """Does the contact wait, or is it an open broadcast."""
    cdef int32_t offer
    cdef int32_t count = 0
    if contact.state != STATE_OFFERED:
        return contact.state == STATE_WAITING
    if engine.rules.queues[contact.queue].strategy != STRATEGY_BROADCAST:
        return False
    offer = contact.offers
    while offer >= 0:
        if not engine.desk.offers[offer].broadcast:
            return False
        count += 1
        offer = engine.desk.offers[offer].after
    return count < engine.rules.queues[contact.queue].broadcast_to
