"""The figures of a run as tables for a person."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table

from acd_service.simulation.estimates import Estimate
from acd_service.simulation.scenario import Scenario


def tables(scenario: Scenario, figures: dict[str, Any]) -> Iterator[Table]:
    """Counts, shares and waits by type, utilisation by pool, rates of starts; estimates with their 95 % half-width."""
    types = figures["types"]
    counts = tuple(name for name in ("arrived", "served", "abandoned", "blocked", "diverted") if name in types[0])
    yield _by_row("counts", "type", counts, [[f"{row[name]:,}" for name in counts] for row in types])

    shares = ("blocked_share", "abandoned_share")
    headings = ["blocked, of arrivals", "abandoned, of those not blocked"]
    yield _by_row("shares", "type", headings, [[shown(row[name]) for name in shares] for row in types])

    headings = ["share that waits", "mean wait", *(f"share over {tail.text}" for tail in scenario.tails)]
    waits = [[row["p_wait"], row["mean_wait"], *row["p_wait_over"].values()] for row in types]
    yield _by_row("waits, of those not blocked", "type", headings, [[shown(cell) for cell in row] for row in waits])

    pools = zip(scenario.pools, figures["pools"], strict=True)
    servers = [[str(pool.servers), shown(row["utilisation"])] for pool, row in pools]
    yield _by_row("pools", "pool", ("servers", "utilisation"), servers)

    for name in ("immediate", "delayed"):
        headings = [f"pool {index}" for index in range(len(scenario.pools))]
        rates = [[shown(cell) for cell in row] for row in figures[name]]
        yield _by_row(f"{name} starts per unit of time", "type", headings, rates)


def _by_row(title: str, first: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in (first, *headings):
        table.add_column(heading, justify="right")
    for index, row in enumerate(rows):
        table.add_row(str(index), *row)
    return table


def shown(estimate: Estimate) -> str:
    """`0.7387 ± 0.0021`, or a dash where there is nothing to say."""
    value, half_width = estimate["value"], estimate["half_width"]
    if value is None:
        return "–"
    return f"{value:.5g}" if half_width is None else f"{value:.5g} ± {half_width:.2g}"
