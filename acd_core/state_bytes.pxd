from acd_core.administration cimport Administration
from acd_core.state cimport EngineState

cdef bytes write_state(EngineState engine)
cdef int read_state(Administration engine, object data) except -1
