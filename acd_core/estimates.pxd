from libc.stdint cimport int32_t, int64_t

from acd_core.matching cimport Matching
from acd_core.types cimport Queue


cdef struct Estimate:
    int64_t position
    int64_t values[2]  # by predictor: queue length, last waits; -1: none
    int64_t expected_ns  # of the better one; -1: none
    int64_t square_error  # in ms, mean of that predictor; -1: not scored
    int predictor  # WaitPredictor


cdef class Estimates(Matching):
    cdef int estimate(self, int32_t contact, Estimate* found) except -1
    cdef int estimate_newcomer(self, int32_t queue, Estimate* found) except -1
    cdef int _predict(self, const Queue* queue, int64_t waited_ns, Estimate* found) except -1
    cdef int predict(self, int32_t contact) except -1
    cdef void forget_prediction(self, int32_t contact) noexcept
    cdef bint anyone_signed_on(self, int32_t contact, int second) noexcept
