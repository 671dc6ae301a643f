"""The performance targets that the report judges: what is measured, the limit, and whether it is met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """`value` is None when it was not measured in this run, and `met` then, too."""

    number: str
    what: str
    value: float | None
    limit: float
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        return None if self.value is None else self.value <= self.limit


def targets(report: Mapping[str, Any]) -> list[Target]:
    """Every target that this report is about."""

    def of(name: str, key: str) -> float | None:
        value = report["workloads"].get(name, {}).get(key)
        return None if value is None else float(value)

    rss = of("large", "rss_bytes")
    tenants = report["tenants"] or {}
    worst = {
        name: max(kind["median_ms"] for kind in change["changes"].values())
        for name, change in report["policy_change"].items()
    }
    return [
        Target("1", "profiles, one call a command, over the floor", of("profiles", "floor_ratio"), 7),
        Target("2", "profiles, in batches, over the floor", of("profiles", "batch_floor_ratio"), 3.5),
        Target("3", "a command at large over one at small", report["growth_large_over_small"], 3),
        Target("3", "large, in batches, over the floor", of("large", "batch_floor_ratio"), 3),
        Target("3", "small, one call a command, over the floor", of("small", "floor_ratio"), 12),
        Target("4", "unique over profiles", report["unique_over_profiles"], 4),
        Target("5", "mixed over profiles", report["mixed_over_profiles"], 2),
        Target("6", "large, resident", None if rss is None else rss / MIB, 1024, "MiB"),
        Target("10", "policy change, worst kind, profiles", worst.get("profiles"), 100, "ms"),
        Target("10", "policy change, worst kind, mixed", worst.get("mixed"), 100, "ms"),
        Target("12", "1,000 tenants, engines only, resident", _mib(tenants.get("rss_bytes")), 300, "MiB"),
    ]


def _mib(size: float | None) -> float | None:
    return None if size is None else size / MIB
