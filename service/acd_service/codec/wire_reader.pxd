from libc.stdint cimport int64_t, uint8_t

from acd_core.commands cimport AcceptOffer, CancelContact, Command, CompleteContact, DeclineOffer, EnqueueContact, \
    FinishWrapUp, Heartbeat, SetPresence, UpdateContact
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

    cdef Command read(self, const uint8_t* at, Py_ssize_t size)
    cdef Command read_request(self, int field, Span content)
    cdef str _name(self, const Fields* fields, int field)
    cdef str _new_id(self, const Fields* fields, int field)
    cdef bint _begin(self, Command command, int kind, const Fields* fields) except -1
    cdef bint _prefer(self, Span content) except -1
    cdef Command _enqueue(self, const Fields* fields, Span content, bint attached)
    cdef Command _update(self, const Fields* fields)
    cdef Command _cancel(self, const Fields* fields)
    cdef Command _accept(self, const Fields* fields)
    cdef Command _decline(self, const Fields* fields)
    cdef Command _complete(self, const Fields* fields)
    cdef Command _finish(self, const Fields* fields)
    cdef Command _set_presence(self, const Fields* fields)
    cdef Command _heartbeat(self, const Fields* fields, Span content)
