"""The state of the figures' counter: it is counted in `counting`, and stored and loaded by `counter_rows`.

What begins with an underscore is these two modules' alone.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libcpp.pair cimport pair
from libcpp.string cimport string
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

from acd_service.codec.event_facts cimport Facts
from acd_service.codec.wire_fields cimport Span

cdef enum:
    COUNTS = 14

cdef enum:  # the places of the counts, in the order of COLUMNS
    OFFERED
    ANSWERED
    ANSWERED_WITHIN_TARGET
    ABANDONED
    SHORT_ABANDONED
    ABANDONED_WITHIN_TARGET
    OVERFLOWED
    ENDED_OTHERWISE
    ANSWERED_WAIT
    TALK
    HELD
    WRAP_UP
    ANSWERED_WAIT_MAX
    WAITING


cdef struct Piece:
    const uint8_t* at
    const uint8_t* end
    bint is_framed  # an EventChunk; otherwise an event


cdef struct Line:
    # A queue and channel, with the newest interval of which it has counts.
    int32_t queue
    int32_t channel
    int64_t start_ns  # -1: it has none
    int64_t counts[14]
    bint is_changed


cdef struct Contact:
    # A live contact, as far as the figures need it.
    const string* contact_id  # NULL: a slot that is free
    int32_t line
    int32_t agent  # who serves it; -1 while it waits
    int64_t held_since_ns
    int64_t held_ns
    int64_t completed_ns  # when its conversation ended; 0 before
    bint is_changed
    bint is_stored


cdef struct Session:
    int64_t signed_on_ns
    int64_t signed_off_ns
    int64_t ready_ns
    int64_t away_ns
    int64_t talk_ns
    int64_t held_ns
    int64_t wrap_up_ns
    int64_t contacts
    int64_t misses


cdef struct Agent:
    # What an agent does now, and the figures of its session if it is signed on.
    const string* agent_id  # NULL: a slot that is free
    int32_t presence
    int64_t active
    int64_t wrap_ups
    int64_t held
    int64_t since_ns  # up to when the session's figures go
    bint is_signed_on
    Session session
    bint is_changed
    bint is_stored

ctypedef vector[pair[string, int64_t]] Reasons


cdef class FiguresCounter:
    cdef readonly int64_t event_seq
    cdef readonly int64_t policy_version
    cdef readonly bytes last_content
    cdef object _targets_of
    cdef int64_t _policy_to_come
    cdef string _scratch

    # Names of queues and channels, for as long as there are figures of them.
    cdef unordered_map[string, int32_t] _name_places
    cdef vector[const string*] _names
    cdef vector[int64_t] _targets_ns  # of queues, by the place of their names

    cdef unordered_map[uint64_t, int32_t] _line_places
    cdef vector[Line] _lines
    cdef vector[int32_t] _lines_changed
    cdef vector[Line] _lines_over  # changed, of intervals that are over

    cdef unordered_map[string, int32_t] _contact_places
    cdef vector[Contact] _contacts
    cdef vector[int32_t] _contacts_free
    cdef vector[int32_t] _contacts_changed
    cdef vector[string] _contacts_gone

    cdef unordered_map[string, int32_t] _agent_places
    cdef vector[Agent] _agents
    cdef vector[string] _agent_reasons
    cdef vector[Reasons] _agent_away
    cdef vector[int32_t] _agents_free
    cdef vector[int32_t] _agents_changed
    cdef vector[string] _agents_gone
    cdef vector[Session] _ended
    cdef vector[string] _ended_ids
    cdef vector[Reasons] _ended_away

    cdef int _count(self, vector[Piece]* pieces, size_t* place, Span* last) except -1 nogil
    cdef int _apply(self, const Facts* event) except -1 nogil
    cdef int _opened(self, const Facts* event) except -1 nogil
    cdef int _moved(self, const Facts* event) except -1 nogil
    cdef int _move(self, const Facts* event, int32_t slot) except -1 nogil
    cdef int _answered(self, const Facts* event) except -1 nogil
    cdef int _held(self, const Facts* event) except -1 nogil
    cdef int _retrieved(self, const Facts* event) except -1 nogil
    cdef int _completed(self, const Facts* event) except -1 nogil
    cdef int _closed(self, const Facts* event) except -1 nogil
    cdef int _presence_changed(self, const Facts* event) except -1 nogil
    cdef int _offer_ended(self, const Facts* event) except -1 nogil
    cdef int32_t _agent(self, Span agent_id, int64_t at_ns) except -1 nogil
    cdef int32_t _new_agent(self, int64_t since_ns) except -1 nogil
    cdef int _advance(self, int32_t slot, int64_t at_ns) except -1 nogil
    cdef int _let_go(self, int32_t slot) except -1 nogil
    cdef int32_t _name(self, Span name) except -1 nogil
    cdef int32_t _line(self, int32_t queue, int32_t channel) except -1 nogil
    cdef int64_t* _counts(self, int32_t place, int64_t at_ns) except NULL nogil
    cdef int32_t _contact(self, Span contact_id) except -2 nogil
    cdef int32_t _new_contact(self, Span contact_id) except -1 nogil
    cdef int _forget_contact(self, int32_t slot) except -1 nogil
    cdef int _mark_contact(self, int32_t slot) except -1 nogil


cdef str text_of(const string* text)
cdef Span span_of(str text)
