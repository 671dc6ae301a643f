from libc.stdint cimport int32_t

from acd_core.administration cimport Administration


cdef class Questions(Administration):
    cdef object _contact_view(self, int32_t slot)
    cdef object _agent_view(self, int32_t slot)
