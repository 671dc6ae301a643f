"""Runs scenarios whose results are known exactly, and sets the engine's figures beside them.

    python -m acd_service.simulation.oracles [FILE] [--case NAME] [--arrivals N]

FILE has the layout of `exact.json` in the oracles folder. A figure passes when it lies within three of its own
half-widths of the exact one and its half-width is below 10 % of the exact one. Exit status 1 if one does not.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import EXIT_FAILED, results
from acd_service.engine_interface import engine_maker
from acd_service.simulation.estimates import Estimate
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario

HALF_WIDTHS_MAX: Final = 3.0
"""How many half-widths a figure may lie off."""
HALF_WIDTH_SHARE_MAX: Final = 0.1
"""The largest half-width, as a share of the exact figure."""
ROUNDING: Final = 1e-9
"""Exact figures of 0 and 1 are met exactly, but for the last digits of floating point."""


@dataclass(frozen=True, slots=True)
class Comparison:
    figure: str
    exact: float
    estimate: Estimate

    @property
    def passes(self) -> bool:
        value, half_width = self.estimate["value"], self.estimate["half_width"]
        if value is None or half_width is None:
            return False
        near = abs(value - self.exact) <= HALF_WIDTHS_MAX * half_width + ROUNDING
        return near and half_width <= HALF_WIDTH_SHARE_MAX * abs(self.exact) + ROUNDING


def compare(figures: dict[str, Any], exact: dict[str, Any]) -> Iterator[Comparison]:
    """Each exact figure of a case beside what the run estimated."""
    for name, expected in exact.items():
        if name == "utilisation":
            for index, value in enumerate(expected):
                yield Comparison(f"{name}[{index}]", value, figures["pools"][index][name])
        elif name in ("immediate", "delayed"):
            for index, row in enumerate(expected):
                for pool, value in enumerate(row):
                    yield Comparison(f"{name}[{index}][{pool}]", value, figures[name][index][pool])
        elif name == "p_wait_over":
            for tail, values in expected.items():
                for index, value in enumerate(values):
                    yield Comparison(f"{name}[{tail}][{index}]", value, figures["types"][index][name][tail])
        else:
            for index, value in enumerate(expected):
                yield Comparison(f"{name}[{index}]", value, figures["types"][index][name])


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("../shared/oracles/exact.json"))
@click.option("--case", "only", default="", help="Only the cases whose name has this text.")
@click.option("--arrivals", type=click.IntRange(1), help="So many arrivals instead of the file's.")
@click.option("--engine", type=click.Choice(["compiled", "reference"]), default="compiled")
@click.pass_context
def main(context: click.Context, file: Path, only: str, arrivals: int | None, engine: str) -> None:
    """Run every case of FILE; print the exact figures, the engine's, and how many half-widths lie between."""
    console = results()
    failed = 0
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
        raw = case["scenario"]
        if only not in raw["name"]:
            continue
        if arrivals is not None:
            raw["warmup"] = round(raw["warmup"] * arrivals / raw["arrivals"])
            raw["arrivals"] = arrivals
        scenario = parse_scenario(json.dumps(raw))
        with progress_bar(scenario.name, scenario.arrivals) as progress:
            figures = simulate(scenario, engine_maker(engine)(seed=scenario.seed), progress)
        table = Table(title=escape(f"{scenario.name}: {case['source']}"), title_justify="left", box=box.SIMPLE_HEAD)
        for heading in ("figure", "exact", "engine", "±", "off by", "± of exact"):
            table.add_column(heading, justify="left" if heading == "figure" else "right", no_wrap=True)
        for comparison in compare(figures, case["exact"]):
            failed += not comparison.passes
            table.add_row(*_cells(comparison), style=None if comparison.passes else "red")
        console.print(table)
        pace = f"{figures['commands_per_second']:,.0f} commands a second"
        console.print(f"{scenario.arrivals:,} arrivals, {pace}, digest {figures['digest']}\n")
    console.print("all figures as they should be" if not failed else f"{failed} figures are off")
    context.exit(EXIT_FAILED if failed else 0)


def _cells(comparison: Comparison) -> list[str]:
    value, half_width, exact = comparison.estimate["value"], comparison.estimate["half_width"], comparison.exact
    if value is None or half_width is None:
        return [comparison.figure, f"{exact:.6g}", "–", "–", "–", "–"]
    off = f"{abs(value - exact) / half_width:.2f}" if half_width else "–"
    share = f"{half_width / exact:.1%}" if exact else "–"
    return [comparison.figure, f"{exact:.6g}", f"{value:.6g}", f"{half_width:.2g}", off, share]


if __name__ == "__main__":
    main()
