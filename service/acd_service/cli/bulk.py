"""Many records at once, from a file into a running service and back, in batches and pages.

What the records are (agents, customers) is the business of the command that uses this.
"""

import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TextIO, TypeAlias, TypeVar

import click
import grpc

from acd_service.cli.connection import Service, connect, details_of
from acd_service.cli.progress import Done, progress_bar
from acd_service.cli.terminal import EXIT_BAD_INPUT, BadInput, notes, print_json, results
from acd_service.roster_file import open_agents
from acd_service.row_file import RefusedRow, is_json_lines

BATCH: Final = 500
"""Records in one call: enough for speed, few enough that a refused one costs little to leave out."""
PAGE: Final = 1_000
ROWS_SHOWN_MAX: Final = 50

imported_file = click.argument(
    "file", metavar="FILE", type=click.Path(dir_okay=False, exists=True, allow_dash=True, path_type=Path)
)
exported_file = click.argument(
    "file", metavar="[FILE]", type=click.Path(dir_okay=False, path_type=Path), required=False
)
format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    help="Of the file; without it, what the name ends in: .csv, .jsonl, .ndjson, .json.",
)


class NumberedRow(Protocol):
    """A record that can be used, and the line of the file that it came from."""

    @property
    def line(self) -> int: ...


_Row = TypeVar("_Row", bound=NumberedRow)
_Row_co = TypeVar("_Row_co", bound=NumberedRow, covariant=True)
_Record = TypeVar("_Record")
_Record_contra = TypeVar("_Record_contra", contravariant=True)
_Send: TypeAlias = Callable[[grpc.Channel, list[_Row]], object]


class Read(Protocol[_Row_co]):
    def __call__(self, file: TextIO, *, json_lines: bool) -> Iterator[_Row_co | RefusedRow]:
        """The rows of a file, one at a time."""


class Write(Protocol[_Record_contra]):
    def __call__(self, records: Iterable[_Record_contra], file: TextIO, /, *, json_lines: bool) -> int:
        """Write records as they are read; how many there were."""


@dataclass(slots=True)
class Outcome:
    """What has come of an import."""

    file: str
    rows: int = 0
    imported: int = 0
    refused: list[RefusedRow] = field(default_factory=list)


def import_file(
    what: str, file: Path, kind: str | None, server: Service, as_json: bool, read: Read[_Row], send: _Send[_Row]
) -> None:
    """Import all rows of a file that can be used, and say what was left out and why.

    Args:
        what: the records' name, which is also that of the field they stand in when they are sent.
        send: puts rows into the service in one call, all or none.

    Raises:
        BadInput: the file cannot be read.
        Failed: the service is not there, or refuses a batch for another reason than one of its records.
        click.exceptions.Exit: with status 2, a row was left out.
    """
    outcome = Outcome(str(file))
    json_lines = kind == "jsonl" if kind else is_json_lines(file.name)
    try:
        with connect(server) as channel, _opened(file) as source:
            size = None if file.name == "-" else file.stat().st_size
            with progress_bar("bytes", size) as progress:
                for batch in _batches(read(source, json_lines=json_lines), outcome):
                    _send(what, channel, batch, send, outcome)
                    if source.seekable():
                        progress(source.buffer.tell())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    outcome.refused.sort(key=lambda row: row.line)
    if as_json:
        print_json(asdict(outcome))
    else:
        _show(what, outcome)
    if outcome.refused:
        raise click.exceptions.Exit(EXIT_BAD_INPUT)


def _opened(file: Path) -> TextIO:
    if file.name == "-":
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="surrogateescape", newline="")
    return open_agents(file)


def _batches(rows: Iterator[_Row | RefusedRow], outcome: Outcome) -> Iterator[list[_Row]]:
    batch: list[_Row] = []
    for row in rows:
        outcome.rows += 1
        if isinstance(row, RefusedRow):
            outcome.refused.append(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def _send(what: str, channel: grpc.Channel, batch: list[_Row], send: _Send[_Row], outcome: Outcome) -> None:
    """Import a batch; a record that the service refuses is left out, and the rest is tried again."""
    while batch:
        try:
            send(channel, batch)
        except grpc.RpcError as error:
            reason, where, message = details_of(error)
            culprit = re.fullmatch(rf"{what}\[(\d+)\]\.?(.*)", where)
            if culprit is None:
                if outcome.imported:
                    notes().print(f"{outcome.imported} {what} were imported before this:")
                raise
            row = batch.pop(int(culprit[1]))
            outcome.refused.append(RefusedRow(row.line, culprit[2], reason, message))
        else:
            outcome.imported += len(batch)
            return


def _show(what: str, outcome: Outcome) -> None:
    for row in outcome.refused[:ROWS_SHOWN_MAX]:
        results().print(f"{outcome.file}: {row}", markup=False, soft_wrap=True)
    if len(outcome.refused) > ROWS_SHOWN_MAX:
        results().print(f"... and {len(outcome.refused) - ROWS_SHOWN_MAX} more; --json lists all of them.")
    tail = f", [red]{len(outcome.refused)} left out[/]" if outcome.refused else ""
    results().print(f"[green]{outcome.imported} {what} imported[/]{tail}.")


def export_file(
    what: str,
    file: Path | None,
    kind: str | None,
    server: Service,
    as_json: bool,
    ask: Callable[[grpc.Channel, Done], Iterator[_Record]],
    write: Write[_Record],
) -> None:
    """Write all records to a file, or to standard output. A file is touched only when all of them have arrived.

    Args:
        what: the records' name.
        ask: gives them one at a time, and tells how far it is.

    Raises:
        BadInput: the file cannot be written.
        Failed: the service is not there.
    """
    json_lines = kind == "jsonl" if kind else file is not None and is_json_lines(file.name)
    with connect(server) as channel, progress_bar(what, None) as progress:
        records = list(ask(channel, progress))
    if file is None:
        text = io.StringIO()
        write(records, text, json_lines=json_lines or as_json)
        if as_json:
            click.echo(f'{{"{what}": [' + ",\n".join(text.getvalue().splitlines()) + "]}")
        else:
            click.echo(text.getvalue(), nl=False)
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            write(records, out, json_lines=json_lines)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    if as_json:
        print_json({"file": str(file), "exported": len(records)})
    else:
        results().print(f"[green]{len(records)} {what} written[/] to {file}.")


def pages(ask: Callable[[str], Any]) -> Iterator[Any]:
    """All pages of a list, each asked for with the token that the one before gave."""
    token = ""
    while True:
        page = ask(token)
        yield page
        token = page.next_page_token
        if not token:
            return
