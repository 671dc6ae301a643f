"""Whether a load test passed. The criteria of `make load`; docs/load.md has them in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

CALLS_THAT_MUST_OCCUR: Final = (
    "RouteContact",
    "EnqueueContact",
    "AcceptOffer",
    "CompleteContact",
    "CancelContact",
    "FinishWrapUp",
    "SetPresence",
    "Heartbeat",
    "WatchAgent",
    "Subscribe",
    "Subscribe (events)",
    "GetStatus",
    "WatchStats",
    "accounts",
)
"""A run in which one of these never went well has not tested what it should."""


def reasons_to_fail(summary: Mapping[str, Any], journal_problem: str = "") -> Sequence[str]:
    """Empty if the run passed. Takes what `load.summary` wrote, and what the check of the journal found."""
    reasons = [f"{one['name']}: {one['error']} ({one['times']} times)" for one in summary["errors"]]
    if summary["failures"] and not reasons:
        reasons.append(f"{summary['failures']} calls failed")
    reasons += [f"a user failed: {one['error']} ({one['times']} times)" for one in summary["exceptions"]]
    for name in CALLS_THAT_MUST_OCCUR:
        entry = summary["by_name"].get(name, {"requests": 0, "failures": 0})
        if entry["requests"] <= entry["failures"]:
            reasons.append(f"{name}: never went well")
    if journal_problem:
        reasons.append(f"the journal: {journal_problem}")
    return reasons
