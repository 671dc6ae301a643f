from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.commands cimport AcceptOffer, AttachContact, CancelContact, Command, CompleteContact, DeclineOffer, \
    DetachContact, EnqueueContact, FinishWrapUp, UpdateContact
from acd_core.events cimport Answer
from acd_core.questions cimport Questions


cdef class Engine(Questions):
    cdef int32_t answered  # the contact that the answer shows, or -1
    cdef int64_t answered_ordinal
    cdef str answered_id

    cdef Answer _apply(self, int64_t at_ns, Command command)
    cdef int _do(self, int64_t at_ns, Command command) except -1
    cdef int _advance(self, int64_t at_ns) except -1
    cdef int _tick(self, int64_t at_ns) except -1
    cdef int _resume(self, int64_t at_ns) except -1
    cdef int _remember(self, Command command, Answer answer) except -1
    cdef int _about(self, int32_t slot) except -1
    cdef int _check_skills(self, int32_t old, int32_t new) except -1
    cdef Answer _answer(self, str contact_id)
    cdef Answer _enqueue(self, int64_t at_ns, EnqueueContact command)
    cdef int32_t _known_contact(self, str contact_id) except -1
    cdef int32_t _check_offer(self, str contact_id, str agent_id, int64_t offer_id) except -1
    cdef int _update(self, int64_t at_ns, UpdateContact command) except -1
    cdef int _cancel(self, int64_t at_ns, CancelContact command) except -1
    cdef int _complete(self, int64_t at_ns, CompleteContact command) except -1
    cdef int _finish(self, int64_t at_ns, FinishWrapUp command) except -1
    cdef int _detach(self, int64_t at_ns, DetachContact command) except -1
    cdef int _attach(self, int64_t at_ns, AttachContact command) except -1
