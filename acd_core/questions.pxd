from libc.stdint cimport int32_t

from acd_core.administration cimport Administration
from acd_core.estimates cimport Estimate


cdef class Questions(Administration):
    cdef object _contact_view(self, int32_t slot)
    cdef object _agent_view(self, int32_t slot)
    cdef object _estimate_of(self, const Estimate* found)
    cdef int _rule_of(self, int32_t contact, int32_t agent) except -1
    cdef object _explain_pair(self, int32_t contact, int32_t agent)
    cdef object _explain_contact(self, int32_t contact)
    cdef object _explain_agent(self, int32_t agent)
    cdef int32_t _would_choose(self, int32_t agent) except -2
