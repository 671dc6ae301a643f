from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.commands cimport EnqueueContact
from acd_core.events cimport Answer, AnswerData
from acd_core.orders cimport Name, Order
from acd_core.questions cimport Questions


cdef class Arrivals(Questions):
    cdef int32_t answered  # the contact that the answer shows, or -1
    cdef int64_t answered_ordinal
    cdef Answer answer  # to the last command
    cdef AnswerData* result  # what is in it

    cdef int step_to(self, int64_t at_ns) except -1
    cdef int about(self, int32_t slot) except -1
    cdef int make_answer(self) except -1
    cdef int32_t known_queue(self, str queue_id) except -1
    cdef int32_t known_contact(self, str contact_id) except -1
    cdef int32_t contact_named(self, const Name* name) except -1
    cdef int _check_skills(self, int32_t old, int32_t new) except -1
    cdef int check_base_skills(self, int32_t slot, int32_t new) except -1
    cdef int _check_weights(self, int32_t requirement, tuple weights) except -1
    cdef int32_t _check_consultation(self, str contact_id) except -1
    cdef bint is_consultation(self, int32_t slot) noexcept
    cdef bint waits_enough(self) noexcept
    cdef int refuse_waiting(self) except -1
    cdef int check_window(self, int64_t at_ns, int64_t end_ns) except -1
    cdef int check_preferred(self, tuple named, bint only) except -1
    cdef int do_enqueue(self, int64_t at_ns, const Order* order) except -1
    cdef uint64_t _content_word(self, int32_t slot, const Order* order, uint64_t customer_word) except? 0
    cdef int _seek(self, int32_t slot) except -1
    cdef int _arrive(self, int32_t slot, int32_t about, EnqueueContact command) except -1
