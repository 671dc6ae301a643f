"""Requirements as postfix programs, read straight from plain text."""

from libc.stdint cimport int32_t, uint8_t

cdef enum:
    OP_TERM
    OP_NOT
    OP_AND
    OP_OR

cdef enum:
    SYMBOLS_MAX = 512  # longer programs are read by acd_core.requirement


cdef struct Symbol:
    # One operation of a program; of a term also where in the text its skill's name is.
    int32_t name_at
    int32_t name_size
    uint8_t code
    uint8_t low
    uint8_t high
    uint8_t outside


cdef int32_t read_program(str text, int slack, Symbol* symbols) except -2
