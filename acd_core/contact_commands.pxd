from libc.stdint cimport int32_t, int64_t

from acd_core.arrivals cimport Arrivals
from acd_core.commands cimport AttachContact, DetachContact, ForgetCustomer, PickContact, RequestCallback, \
    SetContactAside, TransferContact, UpdateContact
from acd_core.orders cimport Order


cdef class ContactCommands(Arrivals):
    cdef int do_update(self, int64_t at_ns, UpdateContact command) except -1
    cdef int _emit_replaced(self, int32_t slot) except -1
    cdef int do_cancel(self, int64_t at_ns, const Order* order) except -1
    cdef int do_set_aside(self, int64_t at_ns, SetContactAside command) except -1
    cdef int do_forget_customer(self, int64_t at_ns, ForgetCustomer command) except -1
    cdef int _forget_in(self, int32_t slot) except -1
    cdef int _emit_forgotten(self, str contact_id) except -1
    cdef int32_t check_offer(self, const Order* order) except -1
    cdef int do_complete(self, int64_t at_ns, const Order* order) except -1
    cdef int do_request_callback(self, int64_t at_ns, RequestCallback command) except -1
    cdef int do_pick(self, int64_t at_ns, PickContact command) except -1
    cdef int do_transfer(self, int64_t at_ns, TransferContact command) except -1
    cdef int32_t _check_consulted(self, int32_t slot, str contact_id) except -1
    cdef int do_finish(self, int64_t at_ns, const Order* order) except -1
    cdef int do_detach(self, int64_t at_ns, DetachContact command) except -1
    cdef int do_attach(self, int64_t at_ns, AttachContact command) except -1
