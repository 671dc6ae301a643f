"""Both engines by name, for whoever runs them side by side."""

from typing import Any, Self

from acd_core import unshared
from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine


class UnsharedEngine(Engine):
    """The engine with an index of its own for demands that few share put to use in small worlds too."""

    def __new__(cls, *_: Any) -> Self:
        before = unshared.tune(3, 0, 6)
        try:
            return super().__new__(cls)
        finally:
            unshared.tune(*before)


REFERENCE: dict[str, Any] = {"reference": ReferenceEngine}
BOTH: dict[str, Any] = {"reference": ReferenceEngine, "fast": Engine}
UNSHARED: dict[str, Any] = {"reference": ReferenceEngine, "unshared": UnsharedEngine}


def by_seed(seed: int) -> dict[str, Any]:
    """The engines to compare in a long run: every third seed has few contacts in classes."""
    return UNSHARED if seed % 3 == 0 else BOTH
