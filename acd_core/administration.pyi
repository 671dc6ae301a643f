from acd_core.limits import Limits
from acd_core.segments import Segments

class Administration(Segments):
    limits: Limits
