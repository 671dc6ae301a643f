"""Opening hours by the wall clock, around changes of the clocks, holidays and midnight."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_core.opening_hours import Calendar, CalendarException, OpeningHours
from acd_core.policy import Policy
from acd_core.refusal import Reason, Refused
from acd_service.opening_times import check_time_zones, is_open, next_look_ns

ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)
DAY = timedelta(days=1)


def ns(text: str) -> int:
    """A time in UTC, `2027-03-28 01:00` for instance."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def hours(from_time: str, to_time: str, days: tuple[int, ...] = ALL_WEEK) -> OpeningHours:
    first, last = (int(time[:2]) * 60 + int(time[3:]) for time in (from_time, to_time))
    return OpeningHours(days, first, last)


def madrid(from_time: str, to_time: str) -> Calendar:
    return Calendar("c", "Europe/Madrid", (hours(from_time, to_time),))


def changes(calendar: Calendar, start: str, end: str) -> list[tuple[str, bool]]:
    """Each change from `start` to `end` in UTC, as `next_look_ns` leads to it, and whether it is open from then on."""
    at_ns, found = ns(start), []
    state = is_open(calendar, at_ns)
    while (look := next_look_ns(calendar, at_ns)) is not None and look < ns(end):
        assert is_open(calendar, look - 1) == state, "it changed between two looks"
        at_ns = look
        if is_open(calendar, at_ns) != state:
            state = not state
            found.append((datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%m-%d %H:%M"), state))
    return found


def test_the_week_and_a_lunch_break() -> None:
    weekdays = (1, 2, 3, 4, 5)
    office = Calendar("c", "UTC", (hours("09:00", "12:00", weekdays), hours("13:00", "18:00", weekdays)))
    assert changes(office, "2027-01-08 00:00", "2027-01-11 12:30") == [
        ("01-08 09:00", True), ("01-08 12:00", False), ("01-08 13:00", True), ("01-08 18:00", False),
        ("01-11 09:00", True), ("01-11 12:00", False),
    ]  # fmt: skip


def test_hours_follow_the_wall_when_the_clocks_change() -> None:
    office = Calendar("c", "Europe/Madrid", (hours("09:00", "18:00"),))
    assert changes(office, "2027-03-27 00:00", "2027-03-29 00:00") == [
        ("03-27 08:00", True), ("03-27 17:00", False), ("03-28 07:00", True), ("03-28 16:00", False),
    ]  # fmt: skip
    assert changes(office, "2027-10-30 00:00", "2027-11-01 00:00") == [
        ("10-30 07:00", True), ("10-30 16:00", False), ("10-31 08:00", True), ("10-31 17:00", False),
    ]  # fmt: skip


def test_a_time_that_the_wall_never_shows_is_the_moment_of_the_change() -> None:
    """In Madrid 02:00 to 03:00 is left out on 28 March 2027; the clocks change at 01:00 UTC."""
    assert changes(madrid("02:30", "05:00"), "2027-03-27 22:00", "2027-03-28 12:00") == [
        ("03-28 01:00", True), ("03-28 03:00", False),
    ]  # fmt: skip
    assert changes(madrid("00:00", "02:30"), "2027-03-27 22:00", "2027-03-28 12:00") == [
        ("03-27 23:00", True), ("03-28 01:00", False),
    ]  # fmt: skip
    gone = Calendar("c", "Europe/Madrid", (hours("02:10", "02:50"),))
    assert changes(gone, "2027-03-27 22:00", "2027-03-28 12:00") == []


def test_a_time_shown_twice_opens_at_the_first_and_closes_at_the_second() -> None:
    """In Madrid 02:00 to 03:00 comes twice on 31 October 2027, from 00:00 and from 01:00 UTC."""
    assert changes(madrid("02:30", "05:00"), "2027-10-30 22:00", "2027-10-31 12:00") == [
        ("10-31 00:30", True), ("10-31 04:00", False),
    ]  # fmt: skip
    assert changes(madrid("00:00", "02:30"), "2027-10-30 21:30", "2027-10-31 12:00") == [
        ("10-30 22:00", True), ("10-31 01:30", False),
    ]  # fmt: skip


def test_around_the_clock_does_not_close_at_midnight() -> None:
    always = Calendar("c", "America/Sao_Paulo", (OpeningHours(ALL_WEEK, 0, 1_440),))
    assert changes(always, "2027-01-01 00:00", "2027-01-20 00:00") == []
    assert is_open(always, ns("2027-01-01 03:00"))


def test_holidays_and_special_days_replace_the_week() -> None:
    calendar = Calendar(
        "c",
        "Europe/Madrid",
        (hours("09:00", "18:00"),),
        (
            CalendarException("2027-01-01", "New Year"),
            CalendarException("2027-01-05", "Eve", 0, 60),
            CalendarException("2027-01-05", "Eve of Epiphany", 540, 840),
        ),
    )
    assert changes(calendar, "2026-12-31 20:00", "2027-01-02 20:00") == [("01-02 08:00", True), ("01-02 17:00", False)]
    assert changes(calendar, "2027-01-04 20:00", "2027-01-05 20:00") == [("01-05 08:00", True), ("01-05 13:00", False)]


def test_a_long_closure_is_looked_through() -> None:
    august = tuple(CalendarException(f"2027-08-{day:02d}", "August") for day in range(1, 32))
    calendar = Calendar("c", "UTC", (hours("09:00", "18:00"),), august)
    assert changes(calendar, "2027-07-31 12:00", "2027-09-01 12:00") == [("07-31 18:00", False), ("09-01 09:00", True)]


def test_a_calendar_that_says_nothing_is_closed_for_ever() -> None:
    assert not is_open(Calendar("c"), ns("2027-01-01 12:00"))
    assert next_look_ns(Calendar("c"), ns("2027-01-01 12:00")) is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        check_time_zones(Policy(calendars=(Calendar("c", name),)))
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_VALUE, 'calendars["c"].time_zone')


@given(
    zone=st.sampled_from(["Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"]),
    minute=st.integers(0, 1_380),
    length=st.integers(1, 60),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
)
@settings(max_examples=150, deadline=None)
def test_away_from_changes_it_is_what_the_wall_shows(zone: str, minute: int, length: int, at: datetime) -> None:
    moment = at.replace(microsecond=0, tzinfo=UTC)
    local = moment.astimezone(ZoneInfo(zone))
    if len({(moment + DAY * step).astimezone(ZoneInfo(zone)).utcoffset() for step in (-1, 0, 1)}) > 1:
        return
    calendar = Calendar("c", zone, (OpeningHours(ALL_WEEK, minute, minute + length),))
    shows = local.hour * 60 + local.minute
    assert is_open(calendar, int(moment.timestamp()) * 1_000_000_000) == (minute <= shows < minute + length)
