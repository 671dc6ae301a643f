from typing import Final

OCCUPANCY_NONE: Final[int]

class Agents:
    @property
    def count(self) -> int: ...
    @property
    def ready(self) -> int: ...
