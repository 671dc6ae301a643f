"""When queues are open, as the policy says it. Time zones are data from outside: the shell turns this into commands."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from acd_core.checks import check_id, check_range, check_text
from acd_core.limits import CALENDAR_EXCEPTIONS_MAX, ID_BYTES_MAX, OPENING_HOURS_MAX
from acd_core.refusal import Reason, Refused

MINUTES_IN_DAY: Final = 1_440

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A stretch of opening hours on some days of the week, in minutes of the day; `to_minute` is the first closed."""

    days: tuple[int, ...]
    """1 for Monday to 7 for Sunday."""
    from_minute: int
    to_minute: int

    def __post_init__(self) -> None:
        if not self.days:
            raise Refused(Reason.EMPTY, "days", "name at least one day of the week")
        for day in self.days:
            check_range(day, 1, 7, "days")
        _check_minutes(self.from_minute, self.to_minute)
        object.__setattr__(self, "days", tuple(sorted(set(self.days))))


@dataclass(frozen=True, slots=True)
class CalendarException:
    """A day that differs from the week; closed all day without `from_minute`."""

    date: str
    """As in 2027-01-01."""
    name: str = ""
    from_minute: int | None = None
    to_minute: int | None = None

    def __post_init__(self) -> None:
        try:
            if _DATE.fullmatch(self.date) is None:
                raise ValueError("the form is 2027-01-01")
            date.fromisoformat(self.date)
        except ValueError as error:
            raise Refused(Reason.INVALID_VALUE, "date", f'"{self.date}" is not a day: {error}') from None
        check_text(self.name, ID_BYTES_MAX, "name")
        if (self.from_minute is None) != (self.to_minute is None):
            raise Refused(Reason.INVALID_VALUE, "to_minute", "a day that is open has both a first and a last minute")
        if self.from_minute is not None and self.to_minute is not None:
            _check_minutes(self.from_minute, self.to_minute)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours in the local time of an IANA time zone; of several exceptions for a day the last counts."""

    calendar_id: str
    time_zone: str = "UTC"
    hours: tuple[OpeningHours, ...] = ()
    exceptions: tuple[CalendarException, ...] = ()

    def __post_init__(self) -> None:
        check_id(self.calendar_id, "calendar_id")
        check_id(self.time_zone, "time_zone")
        if len(self.hours) > OPENING_HOURS_MAX:
            raise Refused(Reason.TOO_MANY, "hours", f"more than the {OPENING_HOURS_MAX} stretches allowed")
        if len(self.exceptions) > CALENDAR_EXCEPTIONS_MAX:
            raise Refused(Reason.TOO_MANY, "exceptions", f"more than the {CALENDAR_EXCEPTIONS_MAX} days allowed")


def _check_minutes(from_minute: int, to_minute: int) -> None:
    check_range(from_minute, 0, MINUTES_IN_DAY - 1, "from_minute")
    check_range(to_minute, from_minute + 1, MINUTES_IN_DAY, "to_minute")


def calendar_from(raw: dict[str, Any]) -> Calendar:
    """The calendar of which `dataclasses.asdict` gave this."""
    return Calendar(
        raw["calendar_id"],
        raw["time_zone"],
        tuple(OpeningHours(**{**hours, "days": tuple(hours["days"])}) for hours in raw["hours"]),
        tuple(CalendarException(**exception) for exception in raw["exceptions"]),
    )
