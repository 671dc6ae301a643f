"""`acd replay`: route a real call log again and compare with what happened."""

from pathlib import Path

import click

from acd_core.refusal import Refused
from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import BadInput, example, json_option, notes, print_json, results
from acd_service.engine_interface import engine_maker
from acd_service.replay.call_log import LogError, read_call_log
from acd_service.replay.run import replay
from acd_service.replay.tables import tables


@click.command("replay", epilog=example("acd replay calls.csv.gz", "acd replay calls.csv --json > figures.json"))
@click.argument("log_file", metavar="LOG.csv[.gz]", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=1, show_default=True, help="Of what is drawn.")
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    help="Which engine routes; the reference is the same, in plain Python, and slow.",
)
def replay_command(log_file: Path, as_json: bool, seed: int, engine: str) -> None:
    """Route a real call log again and set the log's own figures beside what came of it.

    The log says who called when and how long each service took; agents' presence, their queues and the callers'
    patience are inferred from it. docs/replay.md says how, and why the two differ where they do.
    """
    try:
        log = read_call_log(log_file)
        with progress_bar("calls", len(log.calls)) as progress:
            comparison = replay(log, engine_maker(engine)(seed=seed), seed, progress)
    except LogError as error:
        raise BadInput(f"{log_file}: {error}") from None
    except Refused as refused:
        raise BadInput(f"{log_file}: {refused}") from None
    for note in log.notes:
        notes().print(f"{log_file}: {note}", markup=False, soft_wrap=True)
    if as_json:
        print_json(comparison)
        return
    console = results()
    for table in tables(comparison):
        console.print(table)
    beside = comparison["log_waits_beside_idle_agents"]
    if beside is not None:
        console.print(
            f"Of the log's calls that waited over 20 s, {beside:.1%} arrived while an agent of their queue was there "
            "and had no call: on a break, in wrap-up, at other work. The replay gives them calls."
        )
    pace = f"{comparison['commands_per_second']:,.0f} commands a second"
    console.print(f"{comparison['agents']} agents, seed {seed}, digest {comparison['digest']}, {pace}.")
