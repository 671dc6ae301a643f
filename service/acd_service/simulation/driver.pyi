from typing import Any, final

from acd_service.engine_interface import RoutingEngine
from acd_service.simulation.centre import Centre
from acd_service.simulation.scenario import RateCurve

BATCHES: int

@final
class Curve:
    def __init__(self, curve: RateCurve, start_ns: int, unit_ns: float) -> None: ...

@final
class Driver:
    def __init__(self, engine: RoutingEngine, centre: Centre) -> None: ...
    @property
    def arrivals(self) -> int: ...
    def advance(self, arrivals: int) -> bool: ...
    def tallies(self) -> dict[str, Any]: ...
