"""Two policies on one log: their figures side by side, and the calls that fared differently.

Both meet the same calls with the same patience and the same services, so that a difference is the policies' doing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from acd_service.replay.call_log import Call, CallLog
from acd_service.replay.figures import log_ledger
from acd_service.replay.routing import End, Outcome
from acd_service.replay.run import Routed, beside

FATES: Final = (
    "shorter_wait", "longer_wait", "same_wait", "answered_in_b_only", "answered_in_a_only", "answered_in_neither",
)  # fmt: skip
"""Of one call: answered in both, after a shorter wait in B, a longer or the same; or in one of them, or in neither."""


@dataclass(frozen=True, slots=True)
class _Pair:
    call: Call
    a: Outcome
    b: Outcome

    @property
    def fate(self) -> str:
        answered = (self.a.end is End.ANSWERED, self.b.end is End.ANSWERED)
        if answered == (True, True):
            change_ns = self.b.waited_ns - self.a.waited_ns
            return "same_wait" if change_ns == 0 else "shorter_wait" if change_ns < 0 else "longer_wait"
        if answered == (False, False):
            return "answered_in_neither"
        return "answered_in_b_only" if answered[1] else "answered_in_a_only"

    @property
    def differs(self) -> bool:
        return self.a.end is not self.b.end or self.a.waited_ns != self.b.waited_ns


def compare(log: CallLog, a: Routed, b: Routed, most: int) -> dict[str, Any]:
    """The two side by side, laid out as `acd replay --compare --json` prints them.

    Args:
        log: the calls that both routed.
        a: the first policy's replay.
        b: the second's.
        most: how many of the most different calls are listed: those with the largest change of wait, the earlier
            arrival first.
    """
    pairs = list(_pairs(log, a, b))
    counts = dict.fromkeys(FATES, 0)
    for pair in pairs:
        counts[pair.fate] += 1
    different = [pair for pair in pairs if pair.differs]
    different.sort(key=lambda pair: -abs(pair.b.waited_ns - pair.a.waited_ns))
    return {
        **beside({"log": log_ledger(log.calls, a.staff), "a": a.ledger, "b": b.ledger}),
        "contacts": counts,
        "different": len(different),
        "most_different": [_listed(pair) for pair in different[:most]],
        "agents": len(a.staff.queues_of),
        "notes": {"log": list(log.notes), "a": list(a.notes), "b": list(b.notes)},
        "digests": {"a": a.digest, "b": b.digest},
        "event_hashes": {"a": a.event_hash, "b": b.event_hash},
    }


def _pairs(log: CallLog, a: Routed, b: Routed) -> Iterator[_Pair]:
    for index, call in enumerate(log.calls):
        yield _Pair(call, a.outcomes[index], b.outcomes[index])


def _listed(pair: _Pair) -> dict[str, Any]:
    arrived = datetime(1970, 1, 1) + timedelta(microseconds=pair.call.arrived_ns // 1_000)
    return {
        "line": pair.call.line,
        "arrived": arrived.isoformat(),
        "queue": pair.call.queue_id,
        "fate": pair.fate,
        "a": _told(pair.a),
        "b": _told(pair.b),
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "end": outcome.end.name.lower(),
        "waited_seconds": outcome.waited_ns / 1_000_000_000,
        "agent": outcome.agent_id,
    }
