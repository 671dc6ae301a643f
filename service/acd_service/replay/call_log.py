"""Reads a call log: CSV, gzipped or not, one call a row, in any order. Judges every row; gives none if one is bad.

Times in the log are local and carry no zone; here they are nanoseconds since 1970 on that same local clock.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from acd_core.checks import check_id
from acd_core.limits import AT_NS_MAX
from acd_core.refusal import Refused

COLUMNS: Final = ("arrived", "queue", "agent", "answered", "consulted", "transferred", "ended")

_GZIP_MAGIC: Final = b"\x1f\x8b"
_EPOCH: Final = datetime(1970, 1, 1)
_SHORTEST_STAMP: Final = len("2014-01-02T08:03")


class LogError(Exception):
    """A call log that cannot be used. The message names the line and the column where one is at fault."""

    def __init__(self, message: str, line: int = 0, column: str = "") -> None:
        place = f"line {line}" if line else ""
        if column:
            place += f", {column}"
        super().__init__(f"{place}: {message}" if place else message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One row. Ordered by arrival, then by what else it says, so that the order of rows does not matter."""

    arrived_ns: int
    ended_ns: int
    queue_id: str
    agent_id: str
    """Who answered, or whose phone rang when the caller gave up; empty if neither."""
    answered_ns: int
    """0 if the caller gave up."""
    released_ns: int
    """When the agent was free again: at the transfer if there was one, else at the end; 0 if nobody answered."""
    line: int = field(compare=False)

    @property
    def answered(self) -> bool:
        return self.answered_ns > 0

    @property
    def waited_ns(self) -> int:
        """Until the answer, or until the caller gave up."""
        return (self.answered_ns or self.ended_ns) - self.arrived_ns


@dataclass(frozen=True, slots=True)
class CallLog:
    calls: tuple[Call, ...]
    """In order of arrival."""
    notes: tuple[str, ...]
    """What a reader should know of the file."""


def day_of(at_ns: int) -> date:
    """The calendar day of a time of the log."""
    return (_EPOCH + timedelta(microseconds=at_ns // 1_000)).date()


def read_call_log(path: Path) -> CallLog:
    """The calls of a log.

    Raises:
        LogError: the file cannot be read, is not what its name says, lacks a column or has a row that makes no sense.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LogError(f"cannot be read: {error.strerror}") from None
    if not content:
        raise LogError("is empty")
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise LogError(f"is gzip, but damaged or cut short: {error}") from None
        if not content:
            raise LogError("is empty")
    elif path.suffix == ".gz":
        raise LogError("is named .gz but is not gzip")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LogError("is not UTF-8 text", line=content.count(b"\n", 0, error.start) + 1) from None
    return parse_call_log(text)


def parse_call_log(text: str) -> CallLog:
    """The calls in the text of a log.

    Raises:
        LogError: as `read_call_log`.
    """
    rows = _rows(text)
    first = next(rows, None)
    if first is None:
        raise LogError("is empty")
    line, header = first
    for column in header:
        if header.count(column) > 1:
            raise LogError(f'the column "{column}" appears more than once', line)
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise LogError(f"the header has no column {', '.join(missing)}", line)
    places = {column: header.index(column) for column in COLUMNS}
    calls = []
    for line, row in rows:
        if len(row) != len(header):
            raise LogError(f"{len(row)} fields where the header has {len(header)}", line)
        calls.append(_call({column: row[place] for column, place in places.items()}, line))
    if not calls:
        raise LogError("has a header and no calls")
    extra = [column for column in header if column not in COLUMNS]
    notes = (f"columns not used: {', '.join(extra)}",) if extra else ()
    return CallLog(tuple(sorted(calls)), notes)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [entry.strip() for entry in row]
    except csv.Error as error:
        raise LogError(str(error), reader.line_num) from None


def _call(row: dict[str, str], line: int) -> Call:
    for column in ("queue", "agent"):
        if row[column] or column == "queue":
            try:
                check_id(row[column], column)
            except Refused as refused:
                raise LogError(refused.message, line, column) from None
    arrived_ns = _stamp(row, "arrived", line)
    ended_ns = _stamp(row, "ended", line)
    answered_ns = _stamp(row, "answered", line) if row["answered"] else 0
    released_ns = ended_ns if answered_ns else 0
    if ended_ns < arrived_ns:
        raise LogError("is before arrived", line, "ended")
    if answered_ns:
        if not row["agent"]:
            raise LogError("the call was answered but no agent is named", line, "agent")
        if not arrived_ns <= answered_ns <= ended_ns:
            raise LogError("is not between arrived and ended", line, "answered")
    for column in ("consulted", "transferred"):
        if not row[column]:
            continue
        at_ns = _stamp(row, column, line)
        if not answered_ns:
            raise LogError("is set but the call was not answered", line, column)
        if not answered_ns <= at_ns <= ended_ns:
            raise LogError("is not between answered and ended", line, column)
        if column == "transferred":
            released_ns = at_ns
    return Call(arrived_ns, ended_ns, row["queue"], row["agent"], answered_ns, released_ns, line)


def _stamp(row: dict[str, str], column: str, line: int) -> int:
    text = row[column]
    if not text:
        raise LogError("is empty", line, column)
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        stamp = None
    if stamp is None or len(text) < _SHORTEST_STAMP:
        raise LogError(f'"{text[:40]}" is not a date and time such as 2014-01-02T08:03:21', line, column)
    if stamp.tzinfo is not None:
        raise LogError(f'"{text}" has a zone; the times are local, without one', line, column)
    at_ns = (stamp - _EPOCH) // timedelta(microseconds=1) * 1_000
    if not 0 < at_ns <= AT_NS_MAX:
        raise LogError(f'"{text}" is outside the years 1970 to 2096', line, column)
    return at_ns
