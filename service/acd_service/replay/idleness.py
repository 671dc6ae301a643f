"""How often callers of the log waited although somebody of their queue had no call.

That is what a replay cannot repeat: the log does not say what these agents were doing instead.
"""

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from acd_service.replay.call_log import Call
from acd_service.replay.figures import SERVICE_LEVEL_NS
from acd_service.replay.presence import Staff


class _Step(IntEnum):
    """In the order in which they count within one instant."""

    FREE = 0
    ARRIVAL = 1
    TAKEN = 2


def share_beside_idle_agents(calls: Iterable[Call], staff: Staff) -> float | None:
    """Of the calls that waited over 20 s, the share that arrived while an agent of their queue had no call.

    None if no call waited so long.
    """
    steps: list[tuple[int, _Step, str]] = []
    for shift in staff.shifts:
        steps.append((shift.began_ns, _Step.FREE, shift.agent_id))
        steps.append((shift.ended_ns, _Step.TAKEN, shift.agent_id))
    for call in calls:
        if call.answered:
            steps.append((call.answered_ns, _Step.TAKEN, call.agent_id))
            steps.append((call.released_ns, _Step.FREE, call.agent_id))
        if call.waited_ns > SERVICE_LEVEL_NS:
            steps.append((call.arrived_ns, _Step.ARRIVAL, call.queue_id))
    idle: Counter[str] = Counter()
    waited = beside = 0
    for _, step, name in sorted(steps):
        if step is _Step.ARRIVAL:
            waited += 1
            beside += idle[name] > 0
        else:
            for queue_id in staff.queues_of[name]:
                idle[queue_id] += 1 if step is _Step.FREE else -1
    return beside / waited if waited else None
