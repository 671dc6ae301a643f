from libc.stdint cimport int32_t, uint64_t

from acd_core.engine cimport Engine
from acd_service.batches.framing cimport Frame
from acd_service.codec.wire_reader cimport CommandReader


cdef struct Coming:
    # What a command to come names: keys in the tables of ids and of texts; 0: nothing.
    uint64_t contact
    uint64_t agent
    uint64_t name
    uint64_t requirement
    int32_t contact_slot  # -1: none found


cdef class Ahead:
    cdef Coming coming[32]

    cdef void begin(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t start) noexcept
    cdef void step(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t place) noexcept
    cdef void _name(self, Engine engine, CommandReader reader, Frame frame, Py_ssize_t place) noexcept
    cdef void _find(self, Engine engine, CommandReader reader, Coming* coming) noexcept
    cdef void _follow(self, Engine engine, Coming* coming) noexcept
