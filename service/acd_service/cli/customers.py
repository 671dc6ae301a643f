"""`acd customers`: the directory of customers, from a file into a running service and back."""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import click
import grpc

from acd.v1.customer_pb2 import UpsertCustomersRequest
from acd.v1.customer_service_pb2 import ListCustomersRequest
from acd.v1.customer_service_pb2_grpc import CustomerServiceStub
from acd_service.cli.connection import DEADLINE_S, connect, details_of, server_option
from acd_service.cli.progress import Done, progress_bar
from acd_service.cli.terminal import EXIT_BAD_INPUT, BadInput, example, json_option, notes, print_json, results
from acd_service.codec.customers import customer_message, customer_of
from acd_service.customers.customer import Customer
from acd_service.customers.customer_file import CustomerRow, read_customers, write_customers
from acd_service.roster_file import RefusedRow, is_json_lines, open_agents

BATCH: Final = 500
"""Customers in one call: enough for speed, few enough that a refused one costs little to leave out."""
PAGE: Final = 1_000
ROWS_SHOWN_MAX: Final = 50
_CULPRIT: Final = re.compile(r"customers\[(\d+)\]\.?(.*)")

_format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    help="Of the file; without it, what the name ends in: .csv, .jsonl, .ndjson, .json.",
)


@click.group("customers")
def customers_group() -> None:
    """Bring the directory of customers in, take it out: addresses, standing, requirements."""


@customers_group.command(
    "import",
    epilog=example(
        "acd customers import customers.csv",
        "",
        "customers.csv:",
        "  customer_id,phones,priority,requirement",
        "  acme,+34911234567;+34911234568,5,spanish",
    ),
)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, exists=True, allow_dash=True, path_type=Path))
@_format_option
@server_option
@json_option
@click.pass_context
def import_customers(context: click.Context, file: Path, kind: str | None, server: str, as_json: bool) -> None:
    """Add the customers in FILE (- for standard input), or replace what is known of them.

    Rows that cannot be used are left out and reported with line, field and reason; all others are taken. Exit status 2
    if a row was left out.
    """
    outcome = _Outcome(str(file))
    json_lines = kind == "jsonl" if kind else is_json_lines(file.name)
    try:
        with connect(server) as channel, _opened(file) as source:
            size = None if file.name == "-" else file.stat().st_size
            with progress_bar("bytes", size) as progress:
                rows = read_customers(source, json_lines=json_lines)
                _import(CustomerServiceStub(channel), rows, outcome, progress, source)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    outcome.refused.sort(key=lambda row: row.line)
    if as_json:
        print_json(asdict(outcome))
    else:
        _show(outcome)
    if outcome.refused:
        context.exit(EXIT_BAD_INPUT)


@dataclass(slots=True)
class _Outcome:
    file: str
    rows: int = 0
    imported: int = 0
    refused: list[RefusedRow] = field(default_factory=list)


def _opened(file: Path) -> TextIO:
    if file.name == "-":
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="surrogateescape", newline="")
    return open_agents(file)


def _import(
    stub: Any, rows: Iterator[CustomerRow | RefusedRow], outcome: _Outcome, progress: Done, source: TextIO
) -> None:
    batch: list[CustomerRow] = []
    for row in rows:
        outcome.rows += 1
        if isinstance(row, RefusedRow):
            outcome.refused.append(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            _upsert(stub, batch, outcome)
            batch = []
            if source.seekable():
                progress(source.buffer.tell())
    _upsert(stub, batch, outcome)


def _upsert(stub: Any, batch: list[CustomerRow], outcome: _Outcome) -> None:
    """Import a batch; a customer that the service refuses is left out, and the rest is tried again."""
    while batch:
        request = UpsertCustomersRequest(customers=[customer_message(row.customer) for row in batch])
        try:
            stub.UpsertCustomers(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            reason, where, message = details_of(error)
            culprit = _CULPRIT.fullmatch(where)
            if culprit is None:
                if outcome.imported:
                    notes().print(f"{outcome.imported} customers were imported before this:")
                raise
            row = batch.pop(int(culprit[1]))
            outcome.refused.append(RefusedRow(row.line, culprit[2], reason, message))
        else:
            outcome.imported += len(batch)
            return


def _show(outcome: _Outcome) -> None:
    for row in outcome.refused[:ROWS_SHOWN_MAX]:
        results().print(f"{outcome.file}: {row}", markup=False, soft_wrap=True)
    if len(outcome.refused) > ROWS_SHOWN_MAX:
        results().print(f"... and {len(outcome.refused) - ROWS_SHOWN_MAX} more; --json lists all of them.")
    tail = f", [red]{len(outcome.refused)} left out[/]" if outcome.refused else ""
    results().print(f"[green]{outcome.imported} customers imported[/]{tail}.")


@customers_group.command("export", epilog=example("acd customers export customers.csv"))
@click.argument("file", metavar="[FILE]", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_format_option
@server_option
@json_option
def export_customers(file: Path | None, kind: str | None, server: str, as_json: bool) -> None:
    """Write all customers to FILE, or to standard output, so that `acd customers import` takes them back."""
    json_lines = kind == "jsonl" if kind else file is not None and is_json_lines(file.name)
    with connect(server) as channel, progress_bar("customers", None) as progress:
        customers = _all_customers(channel, progress)
        if file is None:
            text = io.StringIO()
            write_customers(customers, text, json_lines=json_lines or as_json)
            if as_json:
                click.echo('{"customers": [' + ",\n".join(text.getvalue().splitlines()) + "]}")
            else:
                click.echo(text.getvalue(), nl=False)
            return
        try:
            with file.open("w", encoding="utf-8", newline="") as out:
                count = write_customers(customers, out, json_lines=json_lines)
        except OSError as error:
            raise BadInput(f"{file}: {error.strerror}") from None
    if as_json:
        print_json({"file": str(file), "exported": count})
    else:
        results().print(f"[green]{count} customers written[/] to {file}.")


def _all_customers(channel: grpc.Channel, progress: Done) -> Iterator[Customer]:
    stub, token, count = CustomerServiceStub(channel), "", 0
    while True:
        page = stub.ListCustomers(ListCustomersRequest(page_size=PAGE, page_token=token), timeout=DEADLINE_S)
        yield from map(customer_of, page.customers)
        count += len(page.customers)
        progress(count, None)
        token = page.next_page_token
        if not token:
            return
