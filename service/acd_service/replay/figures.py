"""The figures of a day, a queue or a whole log: counts and sums of whole nanoseconds, ratios taken last."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypedDict

from acd_service.replay.call_log import Call, day_of
from acd_service.replay.presence import Shift, Staff

SERVICE_LEVEL_NS: Final = 20 * 1_000_000_000


class Figures(TypedDict):
    """None where there is nothing to take a share or a mean of."""

    offered: int
    abandoned_share: float | None
    """Of all offered."""
    asa_seconds: float | None
    """Mean wait of those answered."""
    service_level_20s: float | None
    """Answered within 20 s, of all offered."""
    handle_seconds: float | None
    """Mean time from answer to the end of the call, what follows a transfer included."""
    agent_seconds: float | None
    """Mean time from answer to when the agent was free: to the transfer, where there was one."""
    occupancy: float | None
    """Time that agents spent with calls, of the time that they were there."""


@dataclass(slots=True)
class Tally:
    offered: int = 0
    answered: int = 0
    in_time: int = 0
    wait_ns: int = 0
    handle_ns: int = 0
    busy_ns: int = 0
    present_ns: int = 0

    def figures(self) -> Figures:
        return {
            "offered": self.offered,
            "abandoned_share": _ratio(self.offered - self.answered, self.offered),
            "asa_seconds": _ratio(self.wait_ns, self.answered * 1_000_000_000),
            "service_level_20s": _ratio(self.in_time, self.offered),
            "handle_seconds": _ratio(self.handle_ns, self.answered * 1_000_000_000),
            "agent_seconds": _ratio(self.busy_ns, self.answered * 1_000_000_000),
            "occupancy": _ratio(self.busy_ns, self.present_ns),
        }


@dataclass(slots=True)
class Ledger:
    """One side of the comparison: what happened, or what the replay made of it.

    A call, and the agent's time with it, counts in its queue and on the day of its arrival; an agent's presence in each
    of its queues and on the day its shift began.
    """

    whole: Tally = field(default_factory=Tally)
    by_queue: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_day: defaultdict[date, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def offered(self, call: Call) -> None:
        for tally in (self.whole, self.by_queue[call.queue_id], self.by_day[day_of(call.arrived_ns)]):
            tally.offered += 1

    def answered(self, call: Call, answered_ns: int, busy_ns: int, handle_ns: int) -> None:
        """A call was answered; the agent was free after `busy_ns`, the call over after `handle_ns`."""
        wait_ns = answered_ns - call.arrived_ns
        for tally in (self.whole, self.by_queue[call.queue_id], self.by_day[day_of(call.arrived_ns)]):
            tally.answered += 1
            tally.in_time += wait_ns <= SERVICE_LEVEL_NS
            tally.wait_ns += wait_ns
            tally.handle_ns += handle_ns
            tally.busy_ns += busy_ns

    def present(self, staff: Staff, shift: Shift, length_ns: int) -> None:
        """Add time that the agent of a shift was there."""
        self.whole.present_ns += length_ns
        self.by_day[shift.day].present_ns += length_ns
        for queue_id in staff.queues_of[shift.agent_id]:
            self.by_queue[queue_id].present_ns += length_ns


def log_ledger(calls: Iterable[Call], staff: Staff) -> Ledger:
    """What the log says happened."""
    ledger = Ledger()
    for shift in staff.shifts:
        ledger.present(staff, shift, shift.length_ns)
    for call in calls:
        ledger.offered(call)
        if call.answered:
            busy_ns, handle_ns = call.released_ns - call.answered_ns, call.ended_ns - call.answered_ns
            ledger.answered(call, call.answered_ns, busy_ns, handle_ns)
    return ledger


def _ratio(above: int, below: int) -> float | None:
    return above / below if below else None
