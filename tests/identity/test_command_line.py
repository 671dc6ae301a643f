"""Every command that talks to a service can say who asks."""

from collections.abc import Iterator

import click

from acd_service.cli import acd

OPTIONS = {"server", "tls", "tls_ca", "tls_cert", "tls_key", "token", "token_file", "api_key_file"}


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield path + name, command


def test_whoever_names_a_service_can_name_themselves() -> None:
    callers = set()
    for name, command in commands(acd):
        given = {parameter.name for parameter in command.params}
        if "server" in given:
            assert given >= OPTIONS, name
            callers.add(name)
    assert {"status", "events", "policy apply", "agents import", "agents export", "customers import"} <= callers


def test_each_can_be_set_by_a_variable() -> None:
    status = next(command for name, command in commands(acd) if name == "status")
    variables = {parameter.name: parameter.envvar for parameter in status.params if parameter.name in OPTIONS}
    assert variables == {name: f"ACD_{name.upper()}" for name in OPTIONS}
