"""What `acd top` shows: the live figures put together, message by message, and the service's status."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from acd.v1.admin_service_pb2 import GetStatusResponse
from acd.v1.insight_service_pb2 import AgentsNow, QueueStats, WatchStatsResponse


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue and channel. Counts are those since the start of the day; shares are None where there was nothing."""

    queue_id: str
    channel: str
    waiting: int
    """Without an agent yet, those being offered included."""
    offered_now: int
    longest_wait_s: float
    offered: int
    answered: int
    abandoned: int
    """Short ones included."""
    service_level: float | None
    answer_mean_s: float | None


@dataclass(frozen=True, slots=True)
class AgentsRow:
    """How many agents; busy ones hold a contact: offered, served or in wrap-up."""

    ready: int
    ready_busy: int
    away: int
    away_busy: int
    offline: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All at one moment."""

    tenant: str
    version: str
    seq: int
    event_seq: int
    policy_version: int
    journal_bytes: int
    subscribers: int
    subscriber_lag: int
    violations: dict[str, int]
    """Only those that are not zero."""
    set_aside: int
    contacts: dict[str, int]
    agents: AgentsRow
    queues: tuple[QueueRow, ...]
    """The longest wait first, then the most waiting, then by name."""
    counters: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Board:
    """Takes messages in one thread and gives pictures in another.

    Attributes:
        first: set once there are figures.
    """

    def __init__(self) -> None:
        self.first = threading.Event()
        self._lock = threading.Lock()
        self._queues: dict[tuple[str, str], QueueStats] = {}
        self._agents = AgentsNow()
        self._at_ns = 0
        self._status = GetStatusResponse()

    def take_figures(self, message: WatchStatsResponse) -> None:
        """The first message has all, each further one what changed."""
        with self._lock:
            self._queues.update({(row.queue_id, row.channel): row for row in message.queues})
            self._agents = message.agents_now
            self._at_ns = message.at.ToNanoseconds()
        self.first.set()

    def take_status(self, status: GetStatusResponse) -> None:
        with self._lock:
            self._status = status

    def picture(self) -> Picture:
        with self._lock:
            status, agents = self._status, self._agents
            # The status is asked for after the figures came, by the same clock.
            at_ns = max(self._at_ns, status.at.ToNanoseconds())
            rows = [_row_of(stats, at_ns) for stats in self._queues.values()]
        rows.sort(key=lambda row: (-row.longest_wait_s, -row.waiting, row.queue_id, row.channel))
        counts = status.counts
        return Picture(
            tenant=status.tenant_id,
            version=status.server_version,
            seq=status.seq,
            event_seq=status.event_seq,
            policy_version=status.policy_version,
            journal_bytes=status.journal_bytes,
            subscribers=len(status.subscribers),
            subscriber_lag=max((subscriber.lag for subscriber in status.subscribers), default=0),
            violations={name: count for name, count in sorted(status.invariant_violations.items()) if count},
            set_aside=len(status.set_aside),
            contacts={name: getattr(counts, name) for name in ("waiting", "offered", "active", "wrap_up", "scheduled")},
            agents=AgentsRow(agents.ready, agents.ready_busy, agents.away, agents.away_busy, agents.offline),
            queues=tuple(rows),
            counters=dict(sorted(status.counters.items())),
        )


def _row_of(stats: QueueStats, at_ns: int) -> QueueRow:
    level = stats.service_levels.of_offered
    longest_ns = at_ns - stats.waiting_since.ToNanoseconds() if stats.HasField("waiting_since") else 0
    return QueueRow(
        queue_id=stats.queue_id,
        channel=stats.channel,
        waiting=stats.waiting,
        offered_now=stats.offered_now,
        longest_wait_s=round(max(longest_ns, 0) / 1e9, 3),
        offered=stats.offered,
        answered=stats.answered,
        abandoned=stats.abandoned + stats.short_abandoned,
        service_level=level.part / level.whole if level.whole else None,
        answer_mean_s=stats.answered_wait.ToNanoseconds() / 1e9 / stats.answered if stats.answered else None,
    )
