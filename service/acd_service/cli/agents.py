"""`acd agents`: the roster, from a file into a running service and back."""

from collections.abc import Iterator
from pathlib import Path

import click
import grpc

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.agent_commands_pb2 import UpsertAgentsRequest
from acd.v1.agent_service_pb2 import ListAgentsRequest
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd_core.roster import AgentSpec
from acd_service.cli.bulk import PAGE, export_file, exported_file, format_option, import_file, imported_file, pages
from acd_service.cli.connection import DEADLINE_S, Service, server_option
from acd_service.cli.progress import Done
from acd_service.cli.terminal import example, json_option
from acd_service.codec import agent_spec, agent_spec_message
from acd_service.roster_file import Row, read_agents, write_agents


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
@imported_file
@format_option
@server_option
@json_option
def import_agents(file: Path, kind: str | None, server: Service, as_json: bool) -> None:
    """Add the agents in FILE (- for standard input), or replace what is said of them.

    Rows that cannot be used are left out and reported with line, field and reason; all others are taken. Presence and
    what an agent is doing stay as they are. Exit status 2 if a row was left out.
    """
    import_file("agents", file, kind, server, as_json, read_agents, _upsert)


def _upsert(channel: grpc.Channel, rows: list[Row]) -> None:
    request = UpsertAgentsRequest(agents=[agent_spec_message(row.agent) for row in rows])
    AgentServiceStub(channel).UpsertAgents(request, timeout=DEADLINE_S)


@agents_group.command(
    "export", epilog=example("acd agents export agents.csv", "acd agents export --format jsonl | grep spanish")
)
@exported_file
@format_option
@server_option
@json_option
def export_agents(file: Path | None, kind: str | None, server: Service, as_json: bool) -> None:
    """Write all agents to FILE, or to standard output, so that `acd agents import` takes them back."""
    export_file("agents", file, kind, server, as_json, _all_agents, write_agents)


def _all_agents(channel: grpc.Channel, progress: Done) -> Iterator[AgentSpec]:
    total = AdminServiceStub(channel).GetStatus(GetStatusRequest(), timeout=DEADLINE_S).counts.agents
    stub, count = AgentServiceStub(channel), 0
    for page in pages(
        lambda token: stub.ListAgents(ListAgentsRequest(page_size=PAGE, page_token=token), timeout=DEADLINE_S)
    ):
        for agent in page.agents:
            yield agent_spec(agent.spec)
        count += len(page.agents)
        progress(count, total)
