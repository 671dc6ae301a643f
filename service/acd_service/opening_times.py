"""When a calendar is open, in real time: opening hours by the clock on the wall of its time zone.

Where clocks are put forward, a time that the wall never shows stands for the moment of the change; where they are put
back and it shows a time twice, opening goes by the first of the two and closing by the second. So a stretch is never
cut in two.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from acd_core.opening_hours import MINUTES_IN_DAY, Calendar
from acd_core.policy import Policy
from acd_core.refusal import Reason, Refused

_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS_AHEAD: Final = 8
"""How far the next change is looked for; a calendar that does not change for longer is looked at again then."""


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a name; None if this machine knows none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def check_time_zones(policy: Policy) -> None:
    """Refuse a policy with a calendar whose time zone this machine does not know.

    Raises:
        Refused: INVALID_VALUE at `calendars["office"].time_zone`.
    """
    for calendar in policy.calendars:
        if zone_of(calendar.time_zone) is None:
            path = f'calendars["{calendar.calendar_id}"].time_zone'
            text = f'there is no time zone "{calendar.time_zone}"; they are called as in Europe/Madrid'
            raise Refused(Reason.INVALID_VALUE, path, text)


def is_open(calendar: Calendar, at_ns: int) -> bool:
    """Whether a calendar is open at a time, in nanoseconds since the Unix epoch; one in an unknown zone always is."""
    zone = zone_of(calendar.time_zone)
    if zone is None:
        return True
    today = _local_date(zone, at_ns)
    return any(begin <= at_ns < end for begin, end in _stretches(calendar, zone, today - timedelta(1), 3))


def next_look_ns(calendar: Calendar, at_ns: int) -> int | None:
    """The next time after `at_ns` at which the calendar may change, some days ahead at most; None if it never does."""
    zone = zone_of(calendar.time_zone)
    if zone is None or not (calendar.hours or calendar.exceptions):
        return None
    first = _local_date(zone, at_ns) - timedelta(1)
    bounds = (bound for stretch in _stretches(calendar, zone, first, _DAYS_AHEAD + 2) for bound in stretch)
    return min((bound for bound in bounds if bound > at_ns), default=at_ns + _DAYS_AHEAD * 86_400 * _NS)


def _stretches(calendar: Calendar, zone: tzinfo, first: date, days: int) -> Iterator[tuple[int, int]]:
    """The open stretches of some days, each from its first open to its first closed nanosecond."""
    exceptions = _exceptions(calendar)
    for offset in range(days):
        day = first + timedelta(offset)
        if day in exceptions:
            pairs = exceptions[day]
        else:
            pairs = tuple((h.from_minute, h.to_minute) for h in calendar.hours if day.isoweekday() in h.days)
        for from_minute, to_minute in pairs:
            yield _moment_ns(zone, day, from_minute, fold=0), _moment_ns(zone, day, to_minute, fold=1)


@lru_cache(maxsize=64)
def _exceptions(calendar: Calendar) -> dict[date, tuple[tuple[int, int], ...]]:
    """The open stretches of the days that differ from the week; the last entry for a day counts."""
    return {
        date.fromisoformat(day.date): ()
        if day.from_minute is None or day.to_minute is None
        else ((day.from_minute, day.to_minute),)
        for day in calendar.exceptions
    }


def _moment_ns(zone: tzinfo, day: date, minute: int, fold: int) -> int:
    """When the wall clock shows a minute of a day."""
    midnight = datetime.combine(day + timedelta(minute // MINUTES_IN_DAY), time())
    shown = midnight + timedelta(minutes=minute % MINUTES_IN_DAY)
    first, second = (shown.replace(tzinfo=zone, fold=which) for which in (0, 1))
    before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if before < after:
        return _change_between(zone, (shown - after).replace(tzinfo=UTC), (shown - before).replace(tzinfo=UTC))
    return _ns(second if fold else first)


def _change_between(zone: tzinfo, low: datetime, high: datetime) -> int:
    """The second at which the zone's clocks change, after `low` and by `high`."""
    target = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == target:
            high = middle
        else:
            low = middle
    return _ns(high)


def _local_date(zone: tzinfo, at_ns: int) -> date:
    return (_EPOCH + timedelta(seconds=at_ns // _NS)).astimezone(zone).date()


def _ns(moment: datetime) -> int:
    return int((moment.astimezone(UTC) - _EPOCH).total_seconds()) * _NS
