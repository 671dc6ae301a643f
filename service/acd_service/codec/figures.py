"""Figures as the wire's messages."""

from acd.v1.insight_service_pb2 import AgentStats, QueueStats, ServiceLevels, Share
from acd_service.codec.values import duration_of_ns, timestamp_of
from acd_service.figures.counts import AgentFigures, service_levels
from acd_service.figures.store import StatsRow

_COUNTS = (
    "offered", "answered", "answered_within_target", "abandoned", "short_abandoned", "abandoned_within_target",
    "overflowed", "ended_otherwise", "waiting",
)  # fmt: skip
_TIMES = ("answered_wait", "answered_wait_max", "talk", "held", "wrap_up")


def queue_stats_message(row: StatsRow, waiting_since_ns: int = 0, offered_now: int = 0) -> QueueStats:
    """The counts of a queue and channel, with the service levels made of them, and for live figures who waits now."""
    counts = row.counts
    message = QueueStats(
        queue_id=row.key.queue_id,
        channel=row.key.channel_id,
        start_at=timestamp_of(row.start_ns),
        end_at=timestamp_of(row.end_ns),
        **{name: getattr(counts, name) for name in _COUNTS},
        service_levels=ServiceLevels(
            **{name: Share(part=part, whole=whole) for name, (part, whole) in service_levels(counts)._asdict().items()}
        ),
    )
    for name in _TIMES:
        getattr(message, name).CopyFrom(duration_of_ns(getattr(counts, f"{name}_ns")))
    if waiting_since_ns:
        message.waiting_since.CopyFrom(timestamp_of(waiting_since_ns))
        message.offered_now = offered_now
    return message


def agent_stats_message(figures: AgentFigures) -> AgentStats:
    """The figures of an agent since it signed on."""
    return AgentStats(
        agent_id=figures.agent_id,
        signed_on=duration_of_ns(figures.total_ns),
        ready=duration_of_ns(figures.ready_ns),
        away=duration_of_ns(figures.away_ns),
        talk=duration_of_ns(figures.talk_ns),
        held=duration_of_ns(figures.held_ns),
        wrap_up=duration_of_ns(figures.wrap_up_ns),
        contacts=figures.contacts,
        misses=figures.misses,
    )
