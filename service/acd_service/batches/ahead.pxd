from libc.stdint cimport int32_t

from acd_core.engine cimport Engine
from acd_core.orders cimport Order
from acd_service.batches.framing cimport Frame
from acd_service.codec.outlines cimport Outline
from acd_service.codec.wire_fields cimport Span


cdef struct Coming:
    # A command that was looked at.
    Outline outline
    Span content  # of its request
    int field  # of the request in `acd.v1.Command`; 0 if it is not the only one, or of two bytes
    int32_t contact_slot  # -1: none found
    bint is_outlined
    bint is_order  # outlined, and an engine can take it as an order


cdef class Ahead:
    cdef Coming coming[32]
    cdef bint is_large

    cdef void begin(self, Engine engine, Frame frame, Py_ssize_t start) noexcept
    cdef Coming* step(self, Engine engine, Frame frame, Py_ssize_t place) noexcept
    cdef void _name(self, Engine engine, Frame frame, Py_ssize_t place) noexcept
    cdef void _find(self, Engine engine, Coming* coming) noexcept
    cdef void _find_new(self, Engine engine, const Order* order) noexcept
    cdef void _follow(self, Engine engine, Coming* coming) noexcept
