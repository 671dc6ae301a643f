from acd_core.administration cimport Administration

cdef bytes write_state(Administration engine, object sink)
