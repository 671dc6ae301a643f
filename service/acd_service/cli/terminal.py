"""What the command line says and where: results on standard output, everything else on standard error.

Colour is for people: rich leaves it out when the output is no terminal or NO_COLOR is set.
"""

import sys
from collections.abc import Mapping
from typing import IO, Any

import click
import orjson
from rich.console import Console

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
"""What shells give a program that Ctrl-C ended."""


def results() -> Console:
    """Where a command's results go."""
    return Console(highlight=False)


def notes() -> Console:
    """Where progress, warnings and remarks go."""
    return Console(stderr=True, highlight=False)


def print_json(content: Mapping[str, Any]) -> None:
    """The one JSON object of a command that was asked for `--json`."""
    write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS))


def write_bytes(content: bytes) -> None:
    """Bytes to standard output, at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


class Failed(click.ClickException):
    """What was asked for did not come about: a check failed, the service is not there or said no. Exit status 1."""

    exit_code = EXIT_FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"acd: {self.format_message()}", file=file or sys.stderr)


class BadInput(Failed):
    """The input is at fault. Exit status 2."""

    exit_code = EXIT_BAD_INPUT


def example(*lines: str) -> str:
    """The end of a command's help: how it is used."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")

engine_option = click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    help="Which engine routes; the reference is the same, in plain Python, and slow.  [default: compiled]",
)
