"""`acd verify`: check a journal."""

from pathlib import Path

import click

from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import EXIT_FAILED, example, json_option, print_json, results
from acd_service.verify import VerifyReport, verify


@click.command("verify", epilog=example("acd verify ./data", "acd verify ./data --json"))
@click.argument("data_dir", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    help="Which engine replays the commands; the reference is the same, in plain Python, and slow.",
)
@click.pass_context
def verify_command(context: click.Context, data_dir: Path, as_json: bool, engine: str) -> None:
    """Check the journal in DIR from end to end.

    Every record's checksum, no command and no event missing, a replay of the commands gives the very events that were
    journalled, and each snapshot is what the replay gives. Nothing is changed; a service may be running on DIR.
    Exit status 1 if anything is wrong.
    """
    with progress_bar("commands", None) as progress:
        report = verify(data_dir, engine=engine, on_progress=progress)
    if as_json:
        print_json(report.as_dict())
    else:
        _show(report)
    if not report.ok:
        context.exit(EXIT_FAILED)


def _show(report: VerifyReport) -> None:
    console = results()
    if report.ok:
        console.print(f"[bold green]{report.data_dir} is whole.[/]")
    else:
        console.print(f"[bold red]{report.data_dir} is not whole:[/]", end=" ")
        console.print(report.problem, markup=False)
        console.print(f"Good through command {report.good_through_seq:,}.")
    console.print(f"  commands  {report.commands_checked:,} checked, {report.oldest_seq:,} to {report.last_seq:,}")
    console.print(
        f"  events    {report.events_checked:,} checked, {report.oldest_event_seq:,} to {report.last_event_seq:,}"
    )
    console.print(f"  snapshots {', '.join(f'{seq:,}' for seq in report.snapshots_checked) or 'none'}")
    if report.ok:
        console.print(f"  event hash {report.event_hash}, state digest {report.digest}")
