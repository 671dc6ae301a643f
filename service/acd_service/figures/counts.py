"""What is counted, and the service levels made of the counts: docs/figures.md has each definition and who uses it."""

from dataclasses import astuple, dataclass, fields
from typing import Final, NamedTuple

INTERVAL_NS: Final = 15 * 60 * 1_000_000_000
"""The finest interval; every other is a multiple of it. Intervals are counted from the Unix epoch, in UTC."""
DAY_NS: Final = 24 * 3_600 * 1_000_000_000
REASONS_MAX: Final = 64
"""Reasons for being away that are told apart in one session; the time of further ones is kept under ''."""


class QueueKey(NamedTuple):
    """What figures of queues are counted by."""

    queue_id: str
    channel_id: str


@dataclass(slots=True)
class QueueCounts:
    """Counts of one queue and channel in one interval. Each is counted in the interval in which it happened, so that
    an interval that is over does not change any more.
    """

    offered: int = 0
    answered: int = 0
    answered_within_target: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    abandoned_within_target: int = 0
    overflowed: int = 0
    ended_otherwise: int = 0
    answered_wait_ns: int = 0
    talk_ns: int = 0
    held_ns: int = 0
    wrap_up_ns: int = 0
    answered_wait_max_ns: int = 0
    waiting: int = 0
    """Segments that wait at the end of the interval: not a count of it but a level."""

    def add_later(self, later: "QueueCounts") -> None:
        """Make this the counts of an interval that also covers a later one."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.answered_wait_max_ns = max(self.answered_wait_max_ns, later.answered_wait_max_ns)
        self.waiting = later.waiting

    @property
    def is_nothing(self) -> bool:
        return not any(astuple(self))


COLUMNS: Final = tuple(field.name for field in fields(QueueCounts))
SUMS: Final = tuple(name for name in COLUMNS if name not in ("answered_wait_max_ns", "waiting"))


class Share(NamedTuple):
    """`part` of `whole`; both 0 where there was nothing."""

    part: int
    whole: int


class ServiceLevels(NamedTuple):
    """The service level by the usual definitions, from the same counts.

    >>> counts = QueueCounts(offered=100, answered=80, answered_within_target=60, abandoned=12, short_abandoned=5,
    ...                      abandoned_within_target=4)
    >>> service_levels(counts)  # doctest: +NORMALIZE_WHITESPACE
    ServiceLevels(of_offered=Share(part=60, whole=100), of_offered_less_short=Share(part=60, whole=95),
                  of_answered=Share(part=60, whole=80), abandons_met=Share(part=64, whole=95),
                  abandons_missed=Share(part=60, whole=97))
    """

    of_offered: Share
    of_offered_less_short: Share
    of_answered: Share
    abandons_met: Share
    abandons_missed: Share


def service_levels(counts: QueueCounts) -> ServiceLevels:
    """The service levels of an interval."""
    within = counts.answered_within_target
    lasting = max(counts.offered - counts.short_abandoned, 0)
    return ServiceLevels(
        of_offered=Share(within, counts.offered),
        of_offered_less_short=Share(within, lasting),
        of_answered=Share(within, counts.answered),
        abandons_met=Share(within + counts.abandoned_within_target, lasting),
        abandons_missed=Share(within, counts.answered + counts.abandoned + counts.short_abandoned),
    )


@dataclass(slots=True)
class AgentFigures:
    """One agent from signing on to signing off. At any moment exactly one of talk, wrap-up, ready and away runs:
    talk while the agent has an active contact, else wrap-up while it has one in wrap-up, else what its presence says.
    """

    agent_id: str
    signed_on_ns: int
    """When it signed on."""
    signed_off_ns: int = 0
    """When it signed off; 0 while it is signed on."""
    ready_ns: int = 0
    away_ns: int = 0
    talk_ns: int = 0
    held_ns: int = 0
    """Of the talk, with a contact on hold."""
    wrap_up_ns: int = 0
    contacts: int = 0
    misses: int = 0

    @property
    def total_ns(self) -> int:
        """The time signed on."""
        return self.ready_ns + self.away_ns + self.talk_ns + self.wrap_up_ns
