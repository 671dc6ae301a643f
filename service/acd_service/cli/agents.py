"""`acd agents`: the roster, from a file into a running service and back."""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import click
import grpc

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.agent_commands_pb2 import UpsertAgentsRequest
from acd.v1.agent_service_pb2 import ListAgentsRequest
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd_core.roster import AgentSpec
from acd_service.cli.connection import DEADLINE_S, connect, details_of, server_option
from acd_service.cli.progress import Done, progress_bar
from acd_service.cli.terminal import (
    EXIT_BAD_INPUT,
    BadInput,
    example,
    json_option,
    notes,
    print_json,
    results,
)
from acd_service.codec import agent_spec, agent_spec_message
from acd_service.roster_file import RefusedRow, Row, is_json_lines, open_agents, read_agents, write_agents

BATCH: Final = 500
"""Agents in one call: enough for speed, few enough that a refused one costs little to leave out."""
PAGE: Final = 1_000
ROWS_SHOWN_MAX: Final = 50
_CULPRIT: Final = re.compile(r"agents\[(\d+)\]\.?(.*)")

_format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    help="Of the file; without it, what the name ends in: .csv, .jsonl, .ndjson, .json.",
)


@click.group("agents")
def agents_group() -> None:
    """Bring a roster in, take it out: skills, capacity, memberships."""


@agents_group.command(
    "import",
    epilog=example(
        "acd agents import agents.csv",
        "acd agents import agents.jsonl --json",
        "",
        "agents.csv:",
        "  agent_id,skills,memberships",
        "  ann,spanish=80;billing=60,sales=0",
    ),
)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, exists=True, allow_dash=True, path_type=Path))
@_format_option
@server_option
@json_option
@click.pass_context
def import_agents(context: click.Context, file: Path, kind: str | None, server: str, as_json: bool) -> None:
    """Add the agents in FILE (- for standard input), or replace what is said of them.

    Rows that cannot be used are left out and reported with line, field and reason; all others are taken. Presence and
    what an agent is doing stay as they are. Exit status 2 if a row was left out.
    """
    outcome = _Outcome(str(file))
    json_lines = kind == "jsonl" if kind else is_json_lines(file.name)
    try:
        with connect(server) as channel, _opened(file) as source:
            size = None if file.name == "-" else file.stat().st_size
            with progress_bar("bytes", size) as progress:
                _import(
                    AgentServiceStub(channel), read_agents(source, json_lines=json_lines), outcome, progress, source
                )
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


def _import(stub: Any, rows: Iterator[Row | RefusedRow], outcome: _Outcome, progress: Done, source: TextIO) -> None:
    batch: list[Row] = []
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


def _upsert(stub: Any, batch: list[Row], outcome: _Outcome) -> None:
    """Import a batch; an agent that the service refuses is left out, and the rest is tried again."""
    while batch:
        request = UpsertAgentsRequest(agents=[agent_spec_message(row.agent) for row in batch])
        try:
            stub.UpsertAgents(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            reason, where, message = details_of(error)
            culprit = _CULPRIT.fullmatch(where)
            if culprit is None:
                if outcome.imported:
                    notes().print(f"{outcome.imported} agents were imported before this:")
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
    results().print(f"[green]{outcome.imported} agents imported[/]{tail}.")


@agents_group.command(
    "export", epilog=example("acd agents export agents.csv", "acd agents export --format jsonl | grep spanish")
)
@click.argument("file", metavar="[FILE]", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_format_option
@server_option
@json_option
def export_agents(file: Path | None, kind: str | None, server: str, as_json: bool) -> None:
    """Write all agents to FILE, or to standard output, so that `acd agents import` takes them back."""
    json_lines = kind == "jsonl" if kind else file is not None and is_json_lines(file.name)
    with connect(server) as channel, progress_bar("agents", None) as progress:
        agents = list(_all_agents(channel, progress))
    if file is None:
        text = io.StringIO()
        write_agents(agents, text, json_lines=json_lines or as_json)
        if as_json:
            lines = text.getvalue().splitlines()
            click.echo('{"agents": [' + ",\n".join(lines) + "]}")
        else:
            click.echo(text.getvalue(), nl=False)
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            write_agents(agents, out, json_lines=json_lines)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    if as_json:
        print_json({"file": str(file), "exported": len(agents)})
    else:
        results().print(f"[green]{len(agents)} agents written[/] to {file}.")


def _all_agents(channel: grpc.Channel, progress: Done) -> Iterator[AgentSpec]:
    total = AdminServiceStub(channel).GetStatus(GetStatusRequest(), timeout=DEADLINE_S).counts.agents
    stub, token, count = AgentServiceStub(channel), "", 0
    while True:
        page = stub.ListAgents(ListAgentsRequest(page_size=PAGE, page_token=token), timeout=DEADLINE_S)
        for agent in page.agents:
            yield agent_spec(agent.spec)
        count += len(page.agents)
        progress(count, total)
        token = page.next_page_token
        if not token:
            return
