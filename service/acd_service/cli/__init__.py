"""The `acd` command. One file a command; this one puts them together."""

import os
import sys
from importlib.metadata import PackageNotFoundError, version

import click

# Read when gRPC is imported. Its own log says again, in its words, what `acd` says in one sentence.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from acd_service.cli.agents import agents_group
from acd_service.cli.backup import backup_command, restore_command
from acd_service.cli.customers import customers_group
from acd_service.cli.demo import demo_command
from acd_service.cli.events import events_command
from acd_service.cli.health import health_command
from acd_service.cli.keys import keys_group
from acd_service.cli.policy import policy_group
from acd_service.cli.replay import replay_command
from acd_service.cli.serve import serve_command
from acd_service.cli.simulate import simulate_command
from acd_service.cli.status import status_command
from acd_service.cli.tenants import tenants_group
from acd_service.cli.terminal import EXIT_INTERRUPTED
from acd_service.cli.top import top_command
from acd_service.cli.upgrade import upgrade_command
from acd_service.cli.verify import verify_command


def _version() -> str:
    try:
        return version("acd-routing-core")
    except PackageNotFoundError:
        return "from a source folder"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\n"
    "A first look, with nothing set up:\n"
    "  acd demo\n"
    "A service of your own:\n"
    "  acd serve --data ./data\n"
    "  acd policy apply policy.yaml\n"
    "  acd agents import agents.csv\n"
    "  acd events\n\n"
    "Exit status: 0, 1 if a check failed or the service said no, 2 for bad usage or input.",
)
@click.version_option(_version(), "--version", prog_name="acd", message="%(prog)s %(version)s")
def acd() -> None:
    """Route contacts to agents: run the service, look at it, try it."""


for command in (
    serve_command,
    demo_command,
    policy_group,
    agents_group,
    customers_group,
    events_command,
    status_command,
    health_command,
    top_command,
    keys_group,
    tenants_group,
    verify_command,
    backup_command,
    restore_command,
    upgrade_command,
    simulate_command,
    replay_command,
):
    acd.add_command(command)


def main() -> None:
    """Run `acd` and exit with its status."""
    try:
        status = acd.main(prog_name="acd", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has seen enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)
