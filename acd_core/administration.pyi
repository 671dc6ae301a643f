from acd_core.lifecycle import Lifecycle
from acd_core.limits import Limits

class Administration(Lifecycle):
    limits: Limits
