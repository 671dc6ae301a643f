from libc.stdint cimport int64_t

from acd_core.commands cimport Command
from acd_core.contact_commands cimport ContactCommands
from acd_core.events cimport Answer
from acd_core.orders cimport Order
from acd_core.types cimport Timer


cdef class Engine(ContactCommands):
    cdef int fired_kind  # 0: no timer has fired
    cdef int64_t fired_contact
    cdef int64_t fired_agent

    cdef Answer _apply(self, int64_t at_ns, Command command)
    cdef int take(self, int64_t at_ns, Command command) except -1
    cdef int take_order(self, int64_t at_ns, const Order* order) except -1
    cdef int _order_of(self, Command command, Order* order) except -1
    cdef int _begin_output(self) except -1
    cdef bint _repeats(self, Command command) except -1
    cdef int _remember(self, Command command) except -1
    cdef int _do(self, int64_t at_ns, const Order* order) except -1
    cdef int _tick(self, int64_t at_ns) except -1
    cdef void _note_fired(self, const Timer* timer) noexcept
    cdef int _resume(self, int64_t at_ns) except -1
