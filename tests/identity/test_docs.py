"""What docs/security.md shows can be used as it stands."""

import re
from pathlib import Path

import click
import pytest

from acd_service.cli import acd
from acd_service.identity.access_file import Access
from acd_service.identity.identity import Role

PAGE = (Path(__file__).resolve().parents[2] / "docs/security.md").read_text()
COMMANDS = re.findall(r"^acd (.+?)(?: >.*)?$", PAGE, re.MULTILINE)


def test_the_rules_are_rules() -> None:
    (content,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    access = Access.parse(content.encode(), "docs")
    assert access.tokens is not None
    assert access.key_set == "jwks.json"
    assert {identity.name for identity in access.certificates.values()} == {"pbx-1", "ann"}


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_commands(line: str) -> None:
    command: click.Command = acd
    arguments = line.split()
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    command.make_context("acd", arguments, resilient_parsing=False)


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) == 3


def test_every_role_is_told_of() -> None:
    assert all(f"`{role}`" in PAGE for role in Role)
