from acd_core.administration cimport Administration
from acd_core.state_source cimport Source

cdef int read_state(Administration engine, Source source) except -1
