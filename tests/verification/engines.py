"""Both engines by name, for whoever runs them side by side."""

from typing import Any, Self

from acd_core import loose
from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine


class LooseEngine(Engine):
    """The engine with an index of its own for demands that few share put to use in small worlds too."""

    def __new__(cls, *_: Any) -> Self:
        before = loose.tune(3, 0, 6)
        try:
            return super().__new__(cls)
        finally:
            loose.tune(*before)


REFERENCE: dict[str, Any] = {"reference": ReferenceEngine}
BOTH: dict[str, Any] = {"reference": ReferenceEngine, "fast": Engine}
LOOSE: dict[str, Any] = {"reference": ReferenceEngine, "loose": LooseEngine}


def by_seed(seed: int) -> dict[str, Any]:
    """The engines to compare in a long run: every third seed has few contacts in classes."""
    return LOOSE if seed % 3 == 0 else BOTH
