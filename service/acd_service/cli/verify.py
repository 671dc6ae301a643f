"""`acd verify`: check a journal."""

from datetime import UTC, datetime
from pathlib import Path

import click

from acd_service.anchor import Anchored, anchor_text, read_anchor
from acd_service.chain import JOURNAL
from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import EXIT_FAILED, BadInput, example, json_option, print_json, results, write_bytes
from acd_service.verify import VerifyReport, verify


@click.command(
    "verify",
    epilog=example(
        "acd verify ./data", "acd verify ./data --anchor > anchor.json", "acd verify ./data --against anchor.json"
    ),
)
@click.argument("data_dir", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    help="Which engine replays the commands; the reference is the same, in plain Python, and slow.",
)
@click.option("--anchor", "as_anchor", is_flag=True, help="Print where the chains end: one line, to be kept elsewhere.")
@click.option(
    "--against",
    metavar="ANCHOR",
    help="A file with what --anchor printed, or that line: tells a journal that was cut off or written anew since.",
)
@click.pass_context
def verify_command(
    context: click.Context, data_dir: Path, as_json: bool, engine: str, as_anchor: bool, against: str | None
) -> None:
    """Check the journal in DIR from end to end.

    Every record's checksum, no command and no event missing, a replay of the commands gives the very events that were
    journalled, and each snapshot is what the replay gives. The chain of hashes holds and reaches its high-water mark.
    The customers are those that were brought in. Nothing is changed; a service may be running on DIR. Exit status 1 if
    anything is wrong.
    """
    anchor = None if against is None else _read(against)
    with progress_bar("commands", None) as progress:
        report = verify(data_dir, engine=engine, anchor=anchor, on_progress=progress)
    if as_anchor and report.ok:
        write_bytes(f"{anchor_text(report.heads)}\n".encode())
    elif as_json:
        print_json(report.as_dict())
    else:
        _show(report)
    if not report.ok:
        context.exit(EXIT_FAILED)


def _read(against: str) -> dict[str, Anchored]:
    try:
        text = against if against.lstrip().startswith("{") else Path(against).read_text(encoding="utf-8")
        return read_anchor(text)
    except (OSError, ValueError) as error:
        raise BadInput(f"--against: {error}") from None


def _show(report: VerifyReport) -> None:
    console = results()
    if report.ok:
        console.print(f"[bold green]{report.data_dir} is whole.[/]")
    else:
        console.print(f"[bold red]{report.data_dir} is not whole:[/]", end=" ")
        console.print(report.problem, markup=False)
        whose = f" of tenant {report.tenant}" if report.tenant else ""
        console.print(f"Good through command {report.good_through_seq:,}{whose}.", markup=False)
    commands = f"{report.oldest_seq:,} to {report.last_seq:,}"
    events = f"{report.oldest_event_seq:,} to {report.last_event_seq:,}"
    tenants = len(report.heads.keys() - {JOURNAL})
    if tenants > 1:  # each has numbers of its own
        commands = events = f"of {tenants:,} tenants"
    console.print(f"  commands  {report.commands_checked:,} checked, {commands}")
    console.print(f"  events    {report.events_checked:,} checked, {events}")
    console.print(f"  chain     {report.links_checked:,} links")
    for erasure in report.erasures:
        at = datetime.fromtimestamp(erasure["at_ns"] / 1e9, UTC).isoformat(timespec="seconds")
        console.print(
            f"  erased    a customer of {erasure['tenant']}, up to command {erasure['seq']:,}, at {at}"
            f" by {erasure['asked_by'] or 'a caller without a name'}: {erasure['links']:,} links",
            markup=False,
        )
    console.print(f"  snapshots {', '.join(f'{seq:,}' for seq in report.snapshots_checked) or 'none'}")
    if report.ok and tenants <= 1:
        console.print(f"  event hash {report.event_hash}, state digest {report.digest}")
