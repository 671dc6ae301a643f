from typing import Final

EXP2: Final[tuple[int, ...]]
LOG2: Final[tuple[int, ...]]
LOG2E: Final[int]
OCCUPANCY_NONE: Final[int]

def key_after_busy(key: int, since_ns: int, now_ns: int, time_constant_ms: int) -> int: ...
def key_under(key: int, now_ns: int, old_ms: int, new_ms: int) -> int: ...
