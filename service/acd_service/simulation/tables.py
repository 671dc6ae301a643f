"""The figures of a run as tables for a person."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from acd_service.simulation.estimates import Estimate
from acd_service.simulation.scenario import Scenario


def tables(scenario: Scenario, figures: dict[str, Any]) -> Iterator[Table]:
    """Types, pools and the rates of starts. Every estimate is shown with its 95 % half-width."""
    types = Table(title="types", title_justify="left")
    for heading in ("type", "arrived", "served", "abandoned", "blocked"):
        types.add_column(heading, justify="right")
    shares = ("blocked_share", "abandoned_share", "p_wait", "mean_wait")
    headings = [share.replace("_", " ") for share in shares] + [f"wait > {tail.text}" for tail in scenario.tails]
    for heading in headings:
        types.add_column(heading, justify="right")
    for index, row in enumerate(figures["types"]):
        counts = [f"{row[name]:,}" for name in ("arrived", "served", "abandoned", "blocked")]
        estimates = [*(row[share] for share in shares), *row["p_wait_over"].values()]
        types.add_row(str(index), *counts, *map(shown, estimates))
    yield types

    pools = Table(title="pools", title_justify="left")
    for heading in ("pool", "servers", "utilisation"):
        pools.add_column(heading, justify="right")
    for index, pool in enumerate(scenario.pools):
        pools.add_row(str(index), str(pool.servers), shown(figures["pools"][index]["utilisation"]))
    yield pools

    for name in ("immediate", "delayed"):
        rates = Table(title=f"{name} starts per unit of time", title_justify="left")
        rates.add_column("type", justify="right")
        for index in range(len(scenario.pools)):
            rates.add_column(f"pool {index}", justify="right")
        for index, row in enumerate(figures[name]):
            rates.add_row(str(index), *map(shown, row))
        yield rates


def shown(estimate: Estimate) -> str:
    """`0.7387 ± 0.0021`, or a dash where there is nothing to say."""
    value, half_width = estimate["value"], estimate["half_width"]
    if value is None:
        return "–"
    return f"{value:.5g}" if half_width is None else f"{value:.5g} ± {half_width:.2g}"
