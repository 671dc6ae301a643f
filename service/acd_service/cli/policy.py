"""`acd policy`: check a policy file, apply it to a running service."""

from pathlib import Path
from typing import Any

import click

from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd_core.policy import Policy
from acd_core.roster import AgentSpec
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.terminal import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    BadInput,
    example,
    json_option,
    notes,
    print_json,
    results,
)
from acd_service.codec import policy_message
from acd_service.policy_file import PlacedPolicy, place_policy
from acd_service.policy_lint import lint
from acd_service.roster_file import Row, open_agents, read_agents
from acd_service.row_file import RefusedRow, is_json_lines
from acd_service.yaml_document import BadFile, decoded

_file = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))


@click.group("policy")
def policy_group() -> None:
    """Check and apply policies: channels, queues, what follows a failed offer."""


@policy_group.command(
    epilog=example(
        "acd policy check policy.yaml",
        "acd policy check policy.yaml --roster agents.csv --strict",
        "acd policy check policy.yaml --json",
    )
)
@_file
@click.option(
    "--roster",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Agents as for `acd agents import`: tells whom requirements and queues do not reach.",
)
@click.option("--strict", is_flag=True, help="Warnings fail the check, too.")
@json_option
@click.pass_context
def check(context: click.Context, file: Path, roster: Path | None, strict: bool, as_json: bool) -> None:
    """Check a policy written in YAML, without a service.

    Every problem is shown with line, column, field and reason: errors, with which the policy cannot be applied, and in
    a policy without errors warnings about what is hardly meant (docs/policy.md lists them). Exit status 1 if
    there is an error, or with --strict a warning.
    """
    agents = None if roster is None else _roster(roster)
    placed, problems = _load(file)
    warnings = [] if placed is None else _warnings(placed, agents)
    if as_json:
        print_json(
            {"file": str(file), "ok": placed is not None, "problems": problems, "warnings": warnings}
            | _summary(placed.policy if placed else None)
        )
    else:
        _show(file, problems, "red")
        _show(file, warnings, "yellow")
        if placed is None:
            notes().print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {file}; nothing was applied.")
        else:
            tail = f", [yellow]{len(warnings)} warning{'s' if len(warnings) != 1 else ''}[/]" if warnings else ""
            results().print(
                f"[green]{file} is a valid policy[/]: {len(placed.policy.queues)} queues, "
                f"{len(placed.policy.channels)} channels{tail}."
            )
    if placed is None or (strict and warnings):
        context.exit(EXIT_FAILED)


@policy_group.command(
    epilog=example("acd policy apply policy.yaml", "acd policy apply policy.yaml --expected-version 3")
)
@_file
@server_option
@click.option(
    "--expected-version",
    type=click.IntRange(0),
    help="Only if this version is in force, 0 for none yet; without it, whichever is in force is replaced.",
)
@json_option
@click.pass_context
def apply(context: click.Context, file: Path, server: Service, expected_version: int | None, as_json: bool) -> None:
    """Put the policy in FILE in force, as a whole and at once, also for those who already wait.

    The file is checked first, as `acd policy check` does; the service then checks what only it can know, for instance
    that a queue that is left out is not in use.
    """
    placed, problems = _load(file)
    if placed is None:
        if as_json:
            print_json({"file": str(file), "ok": False, "problems": problems})
        else:
            _show(file, problems, "red")
            notes().print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {file}; nothing was applied.")
        context.exit(EXIT_BAD_INPUT)
    request = ApplyPolicyRequest(policy=policy_message(placed.policy), expected_version=expected_version)
    with connect(server) as channel:
        reply = PolicyServiceStub(channel).ApplyPolicy(request, timeout=DEADLINE_S)
    if as_json:
        warnings = [{"field": w.field, "reason": w.reason, "message": w.message} for w in reply.warnings]
        print_json(
            {"file": str(file), "ok": True, "policy_version": reply.policy_version, "seq": reply.seq}
            | {"warnings": warnings}
        )
        return
    for warning in reply.warnings:
        notes().print(f"{file}: {warning.reason} {warning.field}: {warning.message}", markup=False)
    results().print(f"[green]Policy version {reply.policy_version} is in force[/] (command {reply.seq}).")


def _load(file: Path) -> tuple[PlacedPolicy | None, list[dict[str, Any]]]:
    try:
        return place_policy(decoded(file.read_bytes(), str(file)), str(file)), []
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    except BadFile as bad:
        return None, [
            {"line": p.line, "column": p.column, "field": p.field, "reason": p.reason, "message": p.message}
            for p in bad.problems
        ]


def _roster(file: Path) -> list[AgentSpec]:
    try:
        with open_agents(file) as source:
            rows = list(read_agents(source, json_lines=is_json_lines(file.name)))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise BadInput(f"{file}: {refused[0]}{more}")
    return [row.agent for row in rows if isinstance(row, Row)]


def _warnings(placed: PlacedPolicy, roster: list[AgentSpec] | None) -> list[dict[str, Any]]:
    """What the linter says, in order of the file."""
    found = [(*placed.line_and_column(w.field), w) for w in lint(placed.policy, roster)]
    return [
        {"line": line, "column": column, "field": w.field, "reason": w.reason, "message": w.message}
        for line, column, w in sorted(found)
    ]


def _summary(policy: Policy | None) -> dict[str, Any]:
    return {} if policy is None else {"queues": len(policy.queues), "channels": len(policy.channels)}


def _show(file: Path, problems: list[dict[str, Any]], style: str) -> None:
    console = results()
    for problem in problems:
        where = f"{problem['field']}: " if problem["field"] else ""
        console.print(f"{file}:{problem['line']}:{problem['column']}:", style="bold", markup=False, end=" ")
        console.print(problem["reason"], style=style, end=" ")
        console.print(f"{where}{problem['message']}", markup=False, soft_wrap=True)
