"""The comparison as tables for a person: the log's figure first, below it what the replays made of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich import box
from rich.markup import escape
from rich.table import Table

REPLAY_SIDES: Final = {"log": "log", "replay": "replay"}
_HEADINGS: Final = ("offered", "abandoned", "ASA", "≤ 20 s", "handle", "occupancy")


def tables(comparison: Mapping[str, Any], sides: Mapping[str, str] = REPLAY_SIDES) -> Iterator[Table]:
    """The whole log, then by queue, then by day.

    Args:
        comparison: as `acd replay --json` prints it.
        sides: the sides that it has, each with what it is called.
    """
    yield _table("all calls", "", {"": comparison}, sides)
    yield _table("by queue", "queue", comparison["by_queue"], sides)
    yield _table("by day", "day", comparison["by_day"], sides)


def contact_tables(comparison: Mapping[str, Any]) -> Iterator[Table]:
    """How many calls fared how under the second policy, and those that fared most differently."""
    counts = Table(title="calls, the second beside the first", title_justify="left", box=box.SIMPLE_HEAD)
    for fate in comparison["contacts"]:
        counts.add_column(fate.replace("_", " "), justify="right")
    counts.add_row(*(f"{count:,}" for count in comparison["contacts"].values()))
    yield counts
    if not comparison["most_different"]:
        return
    listed = Table(title="those that differ most", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    for heading in ("line", "arrived", "queue", "first", "second"):
        listed.add_column(heading, justify="right" if heading in ("first", "second") else "left", no_wrap=True)
    for call in comparison["most_different"]:
        listed.add_row(str(call["line"]), call["arrived"], escape(call["queue"]), _fate(call["a"]), _fate(call["b"]))
    yield listed


def _fate(outcome: Mapping[str, Any]) -> str:
    return f"{outcome['end'].replace('_', ' ')}, {outcome['waited_seconds']:.0f} s"


def _table(title: str, what: str, rows: Mapping[str, Mapping[str, Any]], sides_called: Mapping[str, str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column(what, no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, sides in rows.items():
        for side, called in sides_called.items():
            figures = sides[side]
            table.add_row(
                escape(name) if side == "log" else "",
                escape(called),
                f"{figures['offered']:,}",
                _share(figures["abandoned_share"]),
                _seconds(figures["asa_seconds"]),
                _share(figures["service_level_20s"]),
                _seconds(figures["handle_seconds"]),
                _share(figures["occupancy"]),
            )
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
