"""The `acd` command. One file a command; this one puts them together."""

import sys
from importlib.metadata import PackageNotFoundError, version

import click

from acd_service.cli.terminal import EXIT_INTERRUPTED


def _version() -> str:
    try:
        return version("acd-routing-core")
    except PackageNotFoundError:
        return "from a source folder"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0, 1 if a check failed or the service said no, 2 for bad usage or input.",
)
@click.version_option(_version(), "--version", prog_name="acd", message="%(prog)s %(version)s")
def acd() -> None:
    r"""Route contacts to agents: run the service, look at it, try it.

    \b
    A first look, with nothing set up:
      acd demo
    A service of your own:
      acd serve --data ./data
      acd policy apply policy.yaml
      acd agents import agents.csv
      acd events
    """


def main() -> None:
    """Run `acd` and exit with its status."""
    try:
        status = acd.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)
