from libc.stdint cimport int32_t, int64_t, uint16_t, uint64_t

from acd_core.agents cimport Agents
from acd_core.classes cimport Classes
from acd_core.events cimport Event
from acd_core.rules cimport Rules
from acd_core.skills cimport Skills
from acd_core.timers cimport Timers
from acd_core.types cimport Agent, Contact, Queue
from acd_core.waiting cimport Waiting


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
    cdef readonly int64_t now_ns
    cdef readonly int64_t seq
    cdef readonly int64_t event_seq
    cdef readonly uint64_t event_hash
    cdef uint64_t random_state
    cdef int64_t agents_created
    cdef int64_t contacts_created
    cdef int64_t offers_made
    cdef int64_t closed[16]  # by EndCause
    cdef int32_t in_state[8]  # live contacts by ContactState
    cdef list events
    cdef dict requests  # request_id -> (content word, Answer without events)
    cdef object request_order
    cdef Notes touched
    cdef Notes gained
    cdef bint touched_all
    cdef int32_t match_round

    cdef int note(self, Notes* notes, int32_t slot, int64_t ordinal) except -1
    cdef int gain(self, int32_t agent) except -1
    cdef uint16_t room_of(self, const Agent* agent) noexcept
    cdef int refresh_room(self, int32_t agent) except -1
    cdef void set_state(self, int32_t contact, int state) noexcept
    cdef int hold(self, int32_t agent, int32_t contact) except -1
    cdef int unhold(self, int32_t contact) except -1
    cdef list held_in_order(self, int32_t agent)
    cdef Event begin(self, int type)
    cdef Event contact_event(self, int type, int32_t contact)
    cdef Event agent_event(self, int type, int32_t agent)
    cdef int emit_match(self, int type, int32_t contact, int64_t until_ns, int tier, int64_t score, int chosen_by) except -1
    cdef int emit_plain_contact(self, int type, int32_t contact) except -1
    cdef int emit_contact_agent(self, int type, int32_t contact, int32_t agent) except -1
