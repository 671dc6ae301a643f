"""Runs the published multi-skill model and sets the engine's figures beside the published ones.

    python -m acd_service.simulation.msk [FILE] [--days N] [--seed N]

A figure passes when its value, give or take its own 95 % half-width, meets the published 95 % confidence interval.
Exit status 1 if one does not.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich import box
from rich.table import Table

from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import EXIT_FAILED, BadInput, json_option, print_json, results
from acd_service.engine_interface import RoutingEngine, engine_maker
from acd_service.simulation.estimates import Estimate, ratio
from acd_service.simulation.msk_day import DayTally, Model, MskCentre

BUSYNESS_SHAPE: Final = 28.7
"""The model's: all arrival rates of a day times one draw of a gamma law with this shape and mean 1."""
BATCHES: Final = 32
FILE: Final = Path("../shared/oracles/simple_msk.json")


@dataclass(frozen=True, slots=True)
class Beside:
    """One figure: published value and interval, and ours."""

    figure: str
    published: float
    low: float
    high: float
    ours: Estimate

    @property
    def passes(self) -> bool:
        value, half_width = self.ours["value"], self.ours["half_width"]
        return value is not None and half_width is not None and self.low - half_width <= value <= self.high + half_width


def run_days(
    model: Model,
    engine: RoutingEngine,
    days: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> list[DayTally]:
    """So many days, one after the other, in one engine."""
    centre = MskCentre(model, engine, seed)
    tallies = []
    for number in range(days):
        tallies.append(centre.day())
        if progress is not None:
            progress(number + 1)
    return tallies


def figures(tallies: list[DayTally]) -> dict[str, Estimate]:
    """The published figures, of our days; the half-widths by batches of days.

    Args:
        tallies: a multiple of 32 days.
    """
    each = len(tallies) // BATCHES

    def sums(of: Callable[[DayTally], float]) -> list[float]:
        return [sum(of(tally) for tally in tallies[b * each : (b + 1) * each]) for b in range(BATCHES)]

    days = sums(lambda _: 1.0)
    return {
        "served": ratio(sums(lambda t: t.served), days),
        "abandoned": ratio(sums(lambda t: t.abandoned), days),
        "service_level": ratio(sums(lambda t: t.served_in_time), sums(lambda t: t.served + t.abandoned_late)),
        "occupancy_group0": ratio(sums(lambda t: t.busy_ns[0]), sums(lambda t: t.present_ns[0])),
    }


def compare(published: Mapping[str, list[float]], ours: Mapping[str, Estimate]) -> list[Beside]:
    """Each published figure (value, low, high) beside ours."""
    return [Beside(name, value, low, high, ours[name]) for name, (value, low, high) in published.items()]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=FILE)
@click.option("--days", type=click.IntRange(BATCHES), default=960, show_default=True, help="A multiple of 32 is run.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--engine", type=click.Choice(["compiled", "reference"]), default="compiled")
@json_option
@click.pass_context
def main(context: click.Context, file: Path, days: int, seed: int, engine: str, as_json: bool) -> None:
    """Run the model of FILE for so many days; print the published figures, the engine's, and their intervals."""
    try:
        raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        model = Model.from_json(raw["model"], BUSYNESS_SHAPE)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"{file}: is not laid out as simple_msk.json: {error}") from None
    days -= days % BATCHES
    with progress_bar("days", days) as progress:
        routed = engine_maker(engine)(seed=seed)
        beside = compare(raw["published"], figures(run_days(model, routed, days, seed, progress)))
    failed = sum(not row.passes for row in beside)
    if as_json:
        rows = [
            {"figure": row.figure, "published": row.published, "low": row.low, "high": row.high, **row.ours}
            | {"passes": row.passes}
            for row in beside
        ]
        print_json({"days": days, "seed": seed, "figures": rows, "digest": routed.state_digest()})
    else:
        table = Table(title=f"{raw.get('name', file.name)}, {days} days", title_justify="left", box=box.SIMPLE_HEAD)
        for heading in ("figure", "published", "95 % from", "to", "engine", "±"):
            table.add_column(heading, justify="left" if heading == "figure" else "right", no_wrap=True)
        for row in beside:
            cells = (row.published, row.low, row.high, row.ours["value"], row.ours["half_width"])
            texts = ["–" if cell is None else f"{cell:.6g}" for cell in cells]
            table.add_row(row.figure, *texts, style=None if row.passes else "red")
        results().print(table)
        results().print("all figures as published" if not failed else f"{failed} figures are off")
    context.exit(EXIT_FAILED if failed else 0)


if __name__ == "__main__":
    main()
