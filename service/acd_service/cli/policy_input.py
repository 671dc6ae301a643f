"""Policy and roster files as input of commands that work without a service."""

from pathlib import Path

from acd_core.policy import Policy
from acd_core.roster import AgentSpec
from acd_service.cli.terminal import BadInput
from acd_service.policy_file import load_policy
from acd_service.roster_file import open_agents, read_agents
from acd_service.row_file import RefusedRow, is_json_lines
from acd_service.yaml_document import BadFile


def policy_from(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        BadInput: with every problem, its place and its reason.
    """
    try:
        return load_policy(path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except BadFile as bad:
        lines = (f"{path}:{p.line}:{p.column}: {p.reason} {p.field}: {p.message}" for p in bad.problems)
        raise BadInput("\n".join(lines)) from None


def roster_from(path: Path) -> dict[str, AgentSpec]:
    """The agents in a file, by id.

    Raises:
        BadInput: with every row that cannot be used; none is then.
    """
    agents: dict[str, AgentSpec] = {}
    refused: list[str] = []
    try:
        with open_agents(path) as file:
            for row in read_agents(file, json_lines=is_json_lines(path.name)):
                if isinstance(row, RefusedRow):
                    refused.append(f"{path}: {row}")
                else:
                    agents[row.agent.agent_id] = row.agent
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    if refused:
        raise BadInput("\n".join(refused))
    return agents
