"""An independent judge of the engine: it reads commands and events and holds them against the routing model."""

from acd_service.checker.checker import Checker
from acd_service.checker.violation import Violation

__all__ = ["Checker", "Violation"]
