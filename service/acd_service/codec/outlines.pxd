"""What a request for one of the commands that come most says, found in its bytes; nothing is copied."""

from libc.stdint cimport int64_t

from acd_core.orders cimport Order
from acd_service.codec.wire_fields cimport Fields, Span


cdef struct Outline:
    # Spans of size 0: not given.
    Order order  # its numbers are filled in; of its texts only where the names lie
    Span content
    Span request_id
    Span customer
    Span preference
    Span reason
    int attributes  # how many entries
    bint names_preference
    bint bare  # an engine can take it as an order: no request id, no preference, ids of printable ASCII


cdef bint read_outline(int field, Span content, Outline* outline) noexcept nogil
cdef int64_t ms_of(Span content) noexcept nogil
cdef bint read_priority(const Fields* fields, int field, int64_t* priority) noexcept nogil
cdef bint read_credit(const Fields* fields, int field, int64_t* credit_ms) noexcept nogil
