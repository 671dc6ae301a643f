from libc.stdint cimport int32_t, int64_t

from acd_core.lifecycle cimport Lifecycle


cdef enum:
    FOLLOWED_TO_QUEUE
    FOLLOWED_TO_END
    FOLLOWED_TO_REFUSAL


cdef struct Followed:
    int outcome
    int32_t queue  # where it stopped
    bint closed  # the queue where it stopped is closed, else full


cdef class Overflow(Lifecycle):
    cdef bint is_full(self, int32_t contact, int32_t queue) noexcept
    cdef int follow(self, int32_t contact, int32_t queue, Followed* found) except -1
    cdef bint is_callback(self, int32_t contact) noexcept
    cdef int enter_plan(self, int32_t contact, bint quiet) except -1
    cdef int emit_moved(self, int32_t contact, int cause) except -1
    cdef int move(self, int32_t contact, int32_t queue, int cause, bint restart_wait, bint enter) except -1
    cdef int end_wait(self, int32_t contact, int kind, str target, int refused) except -1
    cdef int end_by_overflow(self, int32_t contact, int32_t queue, bint closed) except -1
    cdef int release_at_closing(self, int32_t contact, int32_t queue) except -1
    cdef int leave_closed(self, int32_t contact, int* left, bint* ended) except -1
    cdef int settle_full(self, int32_t contact, int64_t ordinal) except -1
    cdef int do_open_queue(self, int32_t queue) except -1
    cdef int do_close_queue(self, int32_t queue) except -1
