"""`acd serve`: run the service."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any, get_args

import click

from acd_service import logs
from acd_service.cli.access_options import AccessOptions, access_options, openness
from acd_service.cli.supervisor import say_ready
from acd_service.cli.terminal import BadInput, Failed, engine_option, example, results
from acd_service.config import DATA_DIR_DEFAULT, LISTEN_DEFAULT, BadConfig, Config
from acd_service.data_dir import DataDirInUse
from acd_service.journal import JournalError
from acd_service.observe_settings import LogFormat, LogLevel
from acd_service.server import AddressInUse, Server, run
from acd_service.service_error import DirectoryDamaged


@click.command(
    "serve",
    epilog=example(
        "acd serve --data ./data", "acd serve --config acd.yaml", "acd serve --data /tmp/try --listen 127.0.0.1:0"
    ),
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings in YAML; options given here win.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Directory of the journal, made if it is not there.  [default: ./{DATA_DIR_DEFAULT}]",
)
@click.option(
    "--listen", metavar="ADDR", help=f"host:port or unix:PATH; port 0 takes a free one.  [default: {LISTEN_DEFAULT}]"
)
@click.option(
    "--clock",
    type=click.Choice(["wall", "external"]),
    help="external: callers say what time it is (metadata acd-at-ns), for simulations.  [default: wall]",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), help="Of random choices, when the journal is made.  [default: 0]"
)
@engine_option
@access_options
@click.option("--metrics", metavar="ADDR", help="host:port of Prometheus's /metrics.  [default: none]")
@click.option("--log-format", type=click.Choice(get_args(LogFormat)), help="For people or programs.  [default: people]")
@click.option("--log-level", type=click.Choice(get_args(LogLevel)), help="From which level on.  [default: warning]")
@click.option("--verbose", is_flag=True, help="As --log-level info: log on standard error what the service does.")
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Start even if the journal ends before what was committed: go on from where it ends, and note the loss in it.",
)
@click.option("--until-eof", is_flag=True, hidden=True)
@click.pass_context
def serve_command(
    context: click.Context,
    config_file: Path | None,
    data: Path | None,
    listen: str | None,
    clock: str | None,
    seed: int | None,
    engine: str | None,
    access: AccessOptions,
    metrics: str | None,
    log_format: str | None,
    log_level: str | None,
    verbose: bool,
    accept_loss: bool,
    until_eof: bool,
) -> None:
    """Run the service until it is told to stop (Ctrl-C, SIGTERM).

    Everything that it acknowledges is in the journal first; after a crash it goes on where it was. Without TLS and
    credentials it listens to this machine only. Exit status 2 for settings that cannot be, 1 if it cannot start or go
    on.
    """

    def ready(server: Server) -> None:
        console = results()
        console.print(f"acd: listening on {server.address} ({openness(config)})", soft_wrap=True)
        console.print(f"acd: journal in {config.data_dir}", soft_wrap=True)
        if server.observing.metrics_address:
            console.print(f"acd: metrics at http://{server.observing.metrics_address}/metrics", soft_wrap=True)
        sys.stdout.flush()
        say_ready()
        if until_eof:
            _stop_at_end_of_input(server)

    try:
        config = _settings(config_file, data_dir=data, listen=listen, clock=clock, seed=seed, engine=engine)
        config = access.applied_to(config)
        config = config.with_room("metrics", listen=metrics)
        config = config.with_room("log", format=log_format, level=log_level or ("info" if verbose else None))
        logs.set_up(config.log)
        status = run(config, ready, accept_loss=accept_loss)
    except BadConfig as error:
        raise BadInput(str(error)) from None
    except AddressInUse:
        raise Failed(f"cannot listen on {config.listen}: another program does, or it is not this machine's") from None
    except (DataDirInUse, JournalError, DirectoryDamaged) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"cannot use the data directory: {error}") from None
    context.exit(status)


def _settings(config_file: Path | None, **given: object) -> Config:
    """From the file if there is one, then what was given on the command line, then the defaults."""
    if config_file is not None:
        return Config.load(config_file, **given)
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return Config(**settings)


def _stop_at_end_of_input(server: Server) -> None:
    """For a program that runs the service as its child: the service ends with it, however it ends."""
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while sys.stdin.buffer.read(4_096):
            pass
        loop.call_soon_threadsafe(server.request_stop)

    threading.Thread(target=watch, name="end of input", daemon=True).start()
