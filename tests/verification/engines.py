"""Both engines by name, for whoever runs them side by side."""

from typing import Any

from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine

REFERENCE: dict[str, Any] = {"reference": ReferenceEngine}
BOTH: dict[str, Any] = {"reference": ReferenceEngine, "fast": Engine}
