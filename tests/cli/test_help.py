"""Every command explains itself, with an example, and in the same way."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from acd_service.cli import acd


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(acd))
NAMES = [" ".join(path) for path, _ in ALL]


def test_all_commands_are_there() -> None:
    assert set(NAMES) >= {
        "serve",
        "demo",
        "policy check",
        "policy apply",
        "agents import",
        "agents export",
        "events",
        "status",
        "top",
        "health",
        "simulate",
        "replay",
        "verify",
    }


@pytest.mark.parametrize(("path", "command"), ALL, ids=NAMES)
def test_help(path: tuple[str, ...], command: click.Command) -> None:
    ran = CliRunner().invoke(acd, [*path, "--help"], prog_name="acd")
    assert ran.exit_code == 0
    assert ran.output.startswith(f"Usage: acd {' '.join(path)}")
    if not isinstance(command, click.Group):
        assert "Examples:" in ran.output
        assert f"\n    acd {' '.join(path)}" in ran.output


@pytest.mark.parametrize(("path", "command"), ALL, ids=NAMES)
def test_every_option_and_command_says_what_it_is(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"acd {' '.join(path)} {parameter.opts[0]}"


def test_overall_help_has_a_first_look() -> None:
    ran = CliRunner().invoke(acd, ["--help"])
    assert ran.exit_code == 0
    assert "acd demo" in ran.output
    assert "Exit status" in ran.output


def test_version() -> None:
    ran = CliRunner().invoke(acd, ["--version"])
    assert ran.exit_code == 0
    assert ran.output.startswith("acd ")
