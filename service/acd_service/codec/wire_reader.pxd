from libc.stdint cimport int64_t, uint8_t

from acd_core.commands cimport AcceptOffer, CancelContact, Command, CompleteContact, DeclineOffer, EnqueueContact, \
    FinishWrapUp, Heartbeat, SetPresence, UpdateContact
from acd_core.orders cimport Name
from acd_core.skills cimport Skills
from acd_service.codec.outlines cimport Outline
from acd_service.codec.texts cimport Texts
from acd_service.codec.wire_fields cimport Fields, Span


cdef bytes packed_entries(Span content, int field, int count)


cdef class CommandReader:
    cdef Texts names
    cdef Texts requirements
    cdef Texts others
    cdef EnqueueContact enqueue
    cdef AcceptOffer accept
    cdef DeclineOffer decline
    cdef CompleteContact complete
    cdef FinishWrapUp finish
    cdef CancelContact cancel
    cdef SetPresence presence
    cdef tuple preferred  # what `_prefer` read last
    cdef int64_t preferred_hold_ms
    cdef bint only_preferred

    # What the contact or the presence that was read last has to itself.
    cdef str customer_id
    cdef bytes attributes
    cdef str reason

    cdef Command read(self, const uint8_t* at, Py_ssize_t size)
    cdef Command read_request(self, int field, Span content)
    cdef Command command_of(self, const Outline* outline, Skills skills)
    cdef bint order_of(self, Skills skills, Outline* outline) except -1
    cdef str _name(self, const Name* name)
    cdef str _new_id(self, const uint8_t* at, Py_ssize_t size)
    cdef bint _begin(self, Command command, int kind, Span request_id) except -1
    cdef str _reason(self, const Outline* outline)
    cdef str _requirement(self, const Outline* outline, Skills skills)
    cdef bint _take_own(self, const Outline* outline) except -1
    cdef bint _prefer(self, Span content) except -1
    cdef Command _enqueue(self, const Outline* outline, Skills skills)
    cdef Command _update(self, Span content)
    cdef Command _cancel(self, const Outline* outline)
    cdef Command _accept(self, const Outline* outline)
    cdef Command _decline(self, const Outline* outline)
    cdef Command _complete(self, const Outline* outline)
    cdef Command _finish(self, const Outline* outline)
    cdef Command _set_presence(self, const Outline* outline)
    cdef Command _heartbeat(self, const Fields* fields, Span content)
