"""`acd replay`: route a real call log again and compare with what happened, or one policy with another."""

from pathlib import Path
from typing import Any

import click

from acd_core.refusal import Refused
from acd_core.roster import AgentSpec
from acd_service.cli.policy_input import policy_from, roster_from
from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import BadInput, example, json_option, notes, print_json, results
from acd_service.engine_interface import engine_maker
from acd_service.replay.call_log import CallLog, LogError, read_call_log
from acd_service.replay.centre import CentreError
from acd_service.replay.comparing import compare
from acd_service.replay.run import replay, route
from acd_service.replay.tables import contact_tables, tables

_file = click.Path(dir_okay=False, path_type=Path)


@click.command(
    "replay",
    epilog=example(
        "acd replay calls.csv.gz",
        "acd replay calls.csv --json > figures.json",
        "acd replay calls.csv --policy tomorrow.yaml --roster agents.csv",
        "acd replay calls.csv --compare today.yaml tomorrow.yaml",
    ),
)
@click.argument("log_file", metavar="LOG.csv[.gz]", type=_file)
@json_option
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=1, show_default=True, help="Of what is drawn.")
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    help="Which engine routes; the reference is the same, in plain Python, and slow.",
)
@click.option(
    "--policy", "policy_file", metavar="FILE", type=_file, help="Route by this policy; it has the log's queues."
)
@click.option("--roster", "roster_file", metavar="FILE", type=_file, help="Skills and memberships of the log's agents.")
@click.option("--compare", "compared", metavar="A B", nargs=2, type=_file, help="Route by two policies, side by side.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="Calls listed by --compare.")
def replay_command(
    log_file: Path,
    as_json: bool,
    seed: int,
    engine: str,
    policy_file: Path | None,
    roster_file: Path | None,
    compared: tuple[Path, Path] | None,
    most: int,
) -> None:
    """Route a real call log again and set the log's own figures beside what came of it.

    The log says who called when and how long each service took; agents' presence, their queues and the callers'
    patience are inferred from it. docs/replay.md says how, and why the two differ where they do.

    With --policy the calls are routed by that policy; with --compare by one and by the other, with the calls that
    fared differently.
    """
    if compared and policy_file:
        raise click.UsageError("--policy and --compare do not go together: --compare names its two policies.")
    if roster_file and not (compared or policy_file):
        raise click.UsageError("--roster needs --policy or --compare.")
    try:
        log = read_call_log(log_file)
    except LogError as error:
        raise BadInput(f"{log_file}: {error}") from None
    roster = roster_from(roster_file) if roster_file else None
    for note in log.notes:
        notes().print(f"{log_file}: {note}", markup=False, soft_wrap=True)
    if compared:
        comparison = _compared(log, compared, roster, seed, engine, most)
        _show_compared(comparison, compared, as_json, seed)
    else:
        _show(_replayed(log, log_file, policy_file, roster, seed, engine), policy_file, as_json)


def _replayed(
    log: CallLog,
    log_file: Path,
    policy_file: Path | None,
    roster: dict[str, AgentSpec] | None,
    seed: int,
    engine: str,
) -> dict[str, Any]:
    policy = policy_from(policy_file) if policy_file else None
    try:
        with progress_bar("calls", len(log.calls)) as progress:
            return replay(log, engine_maker(engine)(seed=seed), seed, progress, policy, roster)
    except (Refused, CentreError) as error:
        raise BadInput(f"{policy_file or log_file}: {error}") from None


def _compared(
    log: CallLog,
    files: tuple[Path, Path],
    roster: dict[str, AgentSpec] | None,
    seed: int,
    engine: str,
    most: int,
) -> dict[str, Any]:
    policies = [policy_from(file) for file in files]
    sides = []
    for file, policy in zip(files, policies, strict=True):
        try:
            with progress_bar(file.name, len(log.calls)) as progress:
                sides.append(route(log, engine_maker(engine)(seed=seed), seed, progress, policy, roster))
        except (Refused, CentreError) as error:
            raise BadInput(f"{file}: {error}") from None
    policy_names = {"a": str(files[0]), "b": str(files[1])}
    return {"policies": policy_names, **compare(log, sides[0], sides[1], most), "seed": seed}


def _show(comparison: dict[str, Any], policy_file: Path | None, as_json: bool) -> None:
    if policy_file is not None:
        _note(policy_file, comparison["policy_notes"])
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
    console.print(f"{comparison['agents']} agents, seed {comparison['seed']}, digest {comparison['digest']}, {pace}.")


def _show_compared(comparison: dict[str, Any], files: tuple[Path, Path], as_json: bool, seed: int) -> None:
    for side, file in zip(("a", "b"), files, strict=True):
        _note(file, comparison["notes"][side])
    if as_json:
        print_json(comparison)
        return
    names = [file.stem for file in files]
    if names[0] == names[1]:
        names = ["first", "second"]
    console = results()
    for table in tables(comparison, {"log": "log", "a": names[0], "b": names[1]}):
        console.print(table)
    for table in contact_tables(comparison):
        console.print(table)
    console.print(f"{comparison['agents']} agents, seed {seed}; first is {files[0]}, second {files[1]}.", markup=False)


def _note(file: Path, remarks: list[str]) -> None:
    for remark in remarks:
        notes().print(f"{file}: {remark}", markup=False, soft_wrap=True)
