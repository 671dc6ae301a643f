import gzip
from pathlib import Path

import pytest

from acd_service.replay.call_log import LogError, parse_call_log, read_call_log

HEADER = "arrived,queue,agent,answered,consulted,transferred,ended\n"
GOOD = "2014-01-02T08:00:00,sales,anna,2014-01-02T08:00:10,,,2014-01-02T08:05:00\n"
LATER = "2014-01-02T09:00:00,sales,,,,,2014-01-02T09:00:30\n"


def test_a_call_that_was_answered_and_one_that_was_not() -> None:
    answered, gave_up = parse_call_log(HEADER + GOOD + LATER).calls
    assert answered.answered
    assert answered.waited_ns == 10 * 10**9
    assert answered.released_ns - answered.answered_ns == 290 * 10**9
    assert not gave_up.answered
    assert gave_up.waited_ns == 30 * 10**9
    assert gave_up.arrived_ns - answered.arrived_ns == 3600 * 10**9


def test_an_agent_is_free_at_the_transfer() -> None:
    row = "2014-01-02T08:00:00,s,a,2014-01-02T08:00:10,2014-01-02T08:01:00,2014-01-02T08:02:00,2014-01-02T08:09:00\n"
    (call,) = parse_call_log(HEADER + row).calls
    assert call.released_ns - call.answered_ns == 110 * 10**9
    assert call.ended_ns - call.answered_ns == 530 * 10**9


def test_the_order_of_rows_columns_and_extra_columns_do_not_matter() -> None:
    log = parse_call_log(HEADER + GOOD + LATER)
    assert parse_call_log(HEADER + LATER + GOOD).calls == log.calls
    shuffled = "vip,ended,agent,arrived,queue,transferred,consulted,answered\n"
    shuffled += "no,2014-01-02T08:05:00,anna,2014-01-02T08:00:00,sales,,,2014-01-02T08:00:10\n"
    other = parse_call_log(shuffled)
    assert other.calls == log.calls[:1]
    assert other.notes == ("columns not used: vip",)
    assert log.notes == ()


def test_gzip_or_not_with_or_without_byte_order_mark(tmp_path: Path) -> None:
    plain, packed = tmp_path / "log.csv", tmp_path / "log.csv.gz"
    plain.write_text("\ufeff" + HEADER + GOOD, encoding="utf-8")
    packed.write_bytes(gzip.compress((HEADER + GOOD).encode()))
    assert read_call_log(plain).calls == read_call_log(packed).calls


@pytest.mark.parametrize(
    ("row", "line", "column"),
    [
        (GOOD.replace("2014-01-02T08:00:00", "2014-13-02T08:00:00"), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:00:00", "yesterday"), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:00:00", ""), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:00:00", "2014-01-02"), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:00:00", "2014-01-02T08:00:00+01:00"), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:00:00", "1914-01-02T08:00:00"), 3, "arrived"),
        (GOOD.replace("2014-01-02T08:05:00", ""), 3, "ended"),
        (GOOD.replace("2014-01-02T08:05:00", "2014-01-02T07:59:59"), 3, "ended"),
        (GOOD.replace("2014-01-02T08:00:10", "2014-01-02T07:59:59"), 3, "answered"),
        (GOOD.replace("2014-01-02T08:00:10", "2014-01-02T08:05:01"), 3, "answered"),
        (GOOD.replace(",anna,", ",,"), 3, "agent"),
        (GOOD.replace(",sales,", ",,"), 3, "queue"),
        (GOOD.replace(",sales,", f",{'x' * 200},"), 3, "queue"),
        (GOOD.replace(":10,,,", ":10,,2014-01-02T08:06:00,"), 3, "transferred"),
        (GOOD.replace(":10,,,", ":10,2014-01-02T08:00:09,,"), 3, "consulted"),
        (LATER.replace(",,,,,", ",,,,2014-01-02T09:00:05,"), 3, "transferred"),
        (GOOD.replace(",,,", ",,"), 3, ""),
        (GOOD.rstrip() + ",more\n", 3, ""),
        ('"open\n', 3, ""),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(row: str, line: int, column: str) -> None:
    with pytest.raises(LogError) as caught:
        parse_call_log(HEADER + GOOD + row)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"line {line}, {column}: " if column else f"line {line}: ")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "log.csv", "is empty"),
        (b"\n", "log.csv", "is empty"),
        (gzip.compress(b"", mtime=0), "log.csv.gz", "is empty"),
        (HEADER.encode(), "log.csv", "no calls"),
        (HEADER.replace(",agent", "").encode() + b"x\n", "log.csv", "line 1: the header has no column agent"),
        (HEADER.replace("agent", "queue").encode(), "log.csv", 'line 1: the column "queue" appears more than once'),
        (HEADER.encode(), "log.csv.gz", "named .gz but is not gzip"),
        (gzip.compress((HEADER + GOOD).encode(), mtime=0)[:-12], "log.csv.gz", "damaged or cut short"),
        (
            gzip.compress((HEADER + GOOD).encode(), mtime=0)[:20] + b"xxxxxxxxxxxxxxx",
            "log.csv.gz",
            "damaged or cut short",
        ),
        ((HEADER + GOOD).encode() + b"\xff\xfe", "log.csv", "line 3: is not UTF-8"),
    ],
)
def test_a_file_that_is_no_log(tmp_path: Path, content: bytes, name: str, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LogError, match=message):
        read_call_log(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="No such file"):
        read_call_log(tmp_path / "none.csv")
