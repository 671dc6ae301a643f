from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.commands cimport AcceptOffer, AttachContact, CancelContact, Command, CompleteContact, DeclineOffer, \
    DetachContact, EnqueueContact, FinishWrapUp, PickContact, RequestCallback, TransferContact, UpdateContact
from acd_core.events cimport Answer, AnswerData
from acd_core.questions cimport Questions


cdef class Engine(Questions):
    cdef int32_t answered  # the contact that the answer shows, or -1
    cdef int64_t answered_ordinal
    cdef Answer answer  # to the last command
    cdef AnswerData* result  # what is in it

    cdef Answer _apply(self, int64_t at_ns, Command command)
    cdef int _do(self, int64_t at_ns, Command command) except -1
    cdef int _advance(self, int64_t at_ns) except -1
    cdef int _tick(self, int64_t at_ns) except -1
    cdef int _resume(self, int64_t at_ns) except -1
    cdef int take(self, int64_t at_ns, Command command) except -1
    cdef int _begin_output(self) except -1
    cdef bint _repeats(self, Command command) except -1
    cdef int _remember(self, Command command) except -1
    cdef int _about(self, int32_t slot) except -1
    cdef int _check_skills(self, int32_t old, int32_t new) except -1
    cdef int _answer(self) except -1
    cdef int _enqueue(self, int64_t at_ns, EnqueueContact command) except -1
    cdef int32_t _known_contact(self, str contact_id) except -1
    cdef int32_t _check_offer(self, str contact_id, str agent_id, int64_t offer_id) except -1
    cdef int _update(self, int64_t at_ns, UpdateContact command) except -1
    cdef int _cancel(self, int64_t at_ns, CancelContact command) except -1
    cdef int _complete(self, int64_t at_ns, CompleteContact command) except -1
    cdef int _finish(self, int64_t at_ns, FinishWrapUp command) except -1
    cdef int _detach(self, int64_t at_ns, DetachContact command) except -1
    cdef int _attach(self, int64_t at_ns, AttachContact command) except -1
    cdef int32_t _known_queue(self, str queue_id) except -1
    cdef int _check_base_skills(self, int32_t slot, int32_t new) except -1
    cdef int _check_weights(self, int32_t requirement, tuple weights) except -1
    cdef int32_t _check_consultation(self, str contact_id) except -1
    cdef int32_t _check_consulted(self, int32_t slot, str contact_id) except -1
    cdef bint _is_consultation(self, int32_t slot) noexcept
    cdef bint _waits_enough(self) noexcept
    cdef int _refuse_waiting(self) except -1
    cdef int _check_window(self, int64_t at_ns, int64_t end_ns) except -1
    cdef int _check_preferred(self, tuple named, bint only) except -1
    cdef uint64_t _content_word(self, int32_t slot, EnqueueContact command, uint64_t customer_word) except? 0
    cdef int _seek(self, int32_t slot) except -1
    cdef int _arrive(self, int32_t slot, int32_t about, EnqueueContact command) except -1
    cdef int _emit_replaced(self, int32_t slot) except -1
    cdef int _request_callback(self, int64_t at_ns, RequestCallback command) except -1
    cdef int _pick(self, int64_t at_ns, PickContact command) except -1
    cdef int _transfer(self, int64_t at_ns, TransferContact command) except -1
