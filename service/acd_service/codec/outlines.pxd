"""What a request for one of the commands that come most says, found in its bytes; nothing is copied."""

from libc.stdint cimport int64_t, uint64_t

from acd_core.orders cimport Order
from acd_service.codec.wire_fields cimport Span


cdef struct Outline:
    # Spans of size 0: not given.
    Order order  # its numbers are filled in; of its texts only where the names lie
    Span request_id
    Span customer
    Span preference
    Span reason
    Span attributes  # the fields of all entries, one behind the other
    int attribute_count
    bint names_preference
    bint bare  # an engine can take it as an order: no request id, no preference, a new id of printable ASCII


cdef bint read_outline(int field, Span content, Outline* outline) noexcept nogil
cdef int64_t ms_of(Span content) noexcept nogil
cdef bint read_priority(uint64_t value, int64_t* priority) noexcept nogil
cdef bint read_credit(Span content, int64_t* credit_ms) noexcept nogil
