from libc.stdint cimport int32_t, int64_t, uint64_t

from acd_core.overflow cimport Overflow
from acd_core.rules cimport Step
from acd_core.types cimport Trail


cdef class Plans(Overflow):
    cdef int set_requirement(self, int32_t contact, int32_t requirement) except -1
    cdef int fold(self, int32_t contact) except -1
    cdef int _fold_step(self, int32_t contact, const Step* step) except -1
    cdef bint _rewrites(self, int32_t requirement, const Step* step) noexcept
    cdef bint _moves(self, int32_t contact, const Step* step) noexcept
    cdef int forget_steps(self, int32_t contact, bint settle) except -1
    cdef int advance(self, int32_t contact, bint recall, bint quiet) except -1
    cdef int _pass_step(self, int32_t contact, int32_t index, bint recall, bint quiet) except -1
    cdef bint _condition_holds(self, int32_t contact, const Step* step) except -1
    cdef int _carry_out(self, int32_t contact, int32_t index, const Step* step) except -1
    cdef int _emit_told(self, int type, int32_t contact, int32_t index, const Step* step) except -1
    cdef int adopt_plans(self) except -1
    cdef bint _is_through(self, int32_t contact) noexcept
    cdef int emit_updated(self, int32_t contact) except -1


cdef int judge(Trail* trail, uint64_t word, int64_t verdict) except -1
