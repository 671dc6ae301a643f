"""Files with a record in each row, CSV with a header or JSON lines: their rows, counted, and what is wrong with them.

What a record is made of is the business of whoever reads it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from acd_core.refusal import Reason

LINE_CHARACTERS_MAX: Final = 1_000_000
"""No record within the bounds needs a longer line; a file without line ends is told from its first."""

csv.field_size_limit(LINE_CHARACTERS_MAX)  # the module's own bound is shorter than the longest list of memberships


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not used; the others are."""

    line: int
    """From 1, of the row's first line."""
    field: str
    """`skills["spanish"]` for instance; empty where the whole row is at fault."""
    reason: str
    """One of `acd_core.refusal.Reason`, or SYNTAX, UNKNOWN_KEY, WRONG_TYPE."""
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason} {self.field + ': ' if self.field else ''}{self.message}"


class BadRow(Exception):
    """What is wrong with a row."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.reason = reason
        self.message = message


def is_json_lines(name: str) -> bool:
    """Whether a file's name says that it has JSON lines; others are taken for CSV."""
    return name.lower().endswith((".jsonl", ".ndjson", ".json"))


def csv_rows(file: TextIO, key: str, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str] | BadRow]]:
    """The cells of each row by column, with its first line. A header that cannot be used is the only row given.

    Args:
        key: the column that must be there.
        columns: all that may be.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        yield 1, BadRow("", "SYNTAX", str(error))
        return
    bad = _header_fault(header, key, columns)
    if bad:
        yield 1, bad
        return
    while True:
        line = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow("", "SYNTAX", str(error))
            reader = csv.reader(lines, strict=True)
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield line, BadRow("", "SYNTAX", f"{len(cells)} cells, the header has {len(header)}")
            continue
        yield line, dict(zip(header, cells, strict=True))


def text_rows(file: TextIO) -> Iterator[tuple[int, str | BadRow]]:
    """The lines that are not empty, each with its number."""
    lines = _Lines(file)
    while True:
        line = lines.count + 1
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow("", "SYNTAX", str(error))
            continue
        if text.strip():
            yield line, text


def refused_row(line: int, field: str, reason: str, message: str) -> RefusedRow:
    """A refused row that can be printed: bytes that were not UTF-8 are shown as escapes."""
    return RefusedRow(line, _printable(field), str(reason), _printable(message))


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class _Lines:
    """The lines of a file, counted, none longer than the bound."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._file.readline(LINE_CHARACTERS_MAX)
        if not text:
            raise StopIteration
        self.count += 1
        if len(text) == LINE_CHARACTERS_MAX and not text.endswith("\n"):
            while len(rest := self._file.readline(LINE_CHARACTERS_MAX)) == LINE_CHARACTERS_MAX:
                if rest.endswith("\n"):
                    break
            raise csv.Error(f"the line has more than {LINE_CHARACTERS_MAX} characters")
        return text


def _header_fault(header: list[str], key: str, columns: Sequence[str]) -> BadRow | None:
    if key not in header:
        return BadRow(key, Reason.EMPTY, f"the header needs a column {key}; known are {', '.join(columns)}")
    for index, name in enumerate(header):
        if name not in columns:
            return BadRow(name, "UNKNOWN_KEY", f'unknown column "{name}"; known are {", ".join(columns)}')
        if name in header[:index]:
            return BadRow(name, Reason.DUPLICATE_ENTRY, f'the column "{name}" appears more than once')
    return None
