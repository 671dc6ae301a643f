"""The comparison as tables for a person: the log's figure first, the replay's below it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich import box
from rich.markup import escape
from rich.table import Table

_HEADINGS: Final = ("offered", "abandoned", "ASA", "≤ 20 s", "handle", "occupancy")


def tables(comparison: Mapping[str, Any]) -> Iterator[Table]:
    """The whole log, then by queue, then by day."""
    yield _table("all calls", "", {"": comparison})
    yield _table("by queue", "queue", comparison["by_queue"])
    yield _table("by day", "day", comparison["by_day"])


def _table(title: str, what: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column(what, no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, sides in rows.items():
        for side in ("log", "replay"):
            figures = sides[side]
            table.add_row(
                escape(name) if side == "log" else "",
                side,
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
