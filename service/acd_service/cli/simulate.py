"""`acd simulate`: drive the engine by a stochastic scenario in simulated time."""

from pathlib import Path

import click
from rich.markup import escape

from acd_core.refusal import Reason, Refused
from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import BadInput, example, json_option, print_json, results
from acd_service.engine_interface import engine_maker
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import ScenarioError, load_scenario
from acd_service.simulation.tables import tables


@click.command(
    "simulate", epilog=example("acd simulate scenario.json", "acd simulate scenario.json --json > figures.json")
)
@click.argument("scenario_file", metavar="SCENARIO.json", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    help="Which engine routes; the reference is the same, in plain Python, and slow.",
)
def simulate_command(scenario_file: Path, as_json: bool, engine: str) -> None:
    """Drive the engine by a stochastic scenario in simulated time.

    Every start of service is the engine's decision; arrivals, service times and patience are drawn from the
    scenario's seed. The same scenario gives the same figures and the same digest.
    """
    try:
        scenario = load_scenario(scenario_file)
        with progress_bar("arrivals", scenario.arrivals) as progress:
            figures = simulate(scenario, engine_maker(engine)(seed=scenario.seed), progress)
    except ScenarioError as error:
        raise BadInput(f"{scenario_file}: {error}") from None
    except Refused as refused:
        raise BadInput(f"{scenario_file}: {_overrun(refused)}") from None
    if as_json:
        print_json(figures)
        return
    console = results()
    title = f"[bold]{escape(scenario.name or scenario_file.name)}[/bold]"
    console.print(f"{title}: {figures['arrivals']:,} arrivals, the first {scenario.warmup:,} not counted")
    for table in tables(scenario, figures):
        console.print(table)
    console.print("± is half of the 95 % confidence interval.")
    pace = f"{figures['commands_per_second']:,.0f} commands a second"
    console.print(f"Seed {scenario.seed}, digest {figures['digest']}, {pace}.")


def _overrun(refused: Refused) -> str:
    if refused.reason is Reason.WAITING_LIMIT:
        return f"more wait than the engine takes; is the centre overloaded without patience? ({refused.message})"
    if refused.reason is Reason.OUT_OF_RANGE and refused.field == "at":
        return f"the run goes on past the engine's last moment; a service or a wait does not end ({refused.message})"
    return str(refused)
