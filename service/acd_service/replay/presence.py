"""Which agents were there when, and for which queues, as far as a call log tells.

An agent is present each day from its first to its last activity and belongs to the queues whose calls reached it. What
a log of calls does not know (breaks, wrap-up, other work) is not taken out: see docs/replay.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from acd_service.replay.call_log import Call, day_of


@dataclass(frozen=True, slots=True)
class Shift:
    """One agent's presence, from its first to its last activity of a day."""

    agent_id: str
    began_ns: int
    ended_ns: int

    @property
    def day(self) -> date:
        return day_of(self.began_ns)

    @property
    def length_ns(self) -> int:
        return self.ended_ns - self.began_ns


@dataclass(frozen=True, slots=True)
class Staff:
    queues_of: Mapping[str, frozenset[str]]
    """The queues of each agent."""
    shifts: tuple[Shift, ...]
    """In order of agent and time; those of one agent do not overlap."""


def infer_staff(calls: Iterable[Call]) -> Staff:
    """Agents, their queues and their shifts."""
    queues_of: dict[str, set[str]] = defaultdict(set)
    spans: dict[tuple[str, date], tuple[int, int]] = {}
    for call in calls:
        if not call.agent_id:
            continue
        queues_of[call.agent_id].add(call.queue_id)
        # A phone that rang in vain shows that the agent was there when the caller gave up, not since when it rang.
        began_ns, ended_ns = (call.answered_ns, call.released_ns) if call.answered else (call.ended_ns, call.ended_ns)
        key = (call.agent_id, day_of(began_ns))
        first_ns, last_ns = spans.get(key, (began_ns, ended_ns))
        spans[key] = (min(first_ns, began_ns), max(last_ns, ended_ns))
    shifts: list[Shift] = []
    for (agent_id, _), (began_ns, ended_ns) in sorted(spans.items()):
        before = shifts[-1] if shifts else None
        if before is not None and before.agent_id == agent_id and began_ns <= before.ended_ns:
            # A call went on past midnight into the next day's activity.
            shifts[-1] = Shift(agent_id, before.began_ns, max(before.ended_ns, ended_ns))
        else:
            shifts.append(Shift(agent_id, began_ns, ended_ns))
    return Staff({agent_id: frozenset(queues) for agent_id, queues in sorted(queues_of.items())}, tuple(shifts))
