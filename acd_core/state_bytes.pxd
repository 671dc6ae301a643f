from acd_core.administration cimport Administration

cdef bytes write_state(Administration engine)
cdef int read_state(Administration engine, object data) except -1
