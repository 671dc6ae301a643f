"""`acd demo`: a busy contact-centre day through a real service."""

import signal

import click
import grpc
import uvloop

from acd_service.cli.connection import Service, explain
from acd_service.cli.terminal import (
    EXIT_FAILED,
    Failed,
    engine_option,
    example,
    json_option,
    notes,
    print_json,
    results,
)
from acd_service.demo.grpc_centre import StreamBroken
from acd_service.demo.own_service import OwnService, ServiceDidNotStart
from acd_service.demo.report import show
from acd_service.demo.run import run_day

SCALE_MIN, SCALE_MAX = 0.01, 20.0


@click.command("demo", epilog=example("acd demo", "acd demo --scale 0.2", "acd demo --seed 7 --json"))
@json_option
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=12, show_default=True, help="Of the day's draws.")
@click.option(
    "--scale",
    type=click.FloatRange(SCALE_MIN, SCALE_MAX),
    default=1.0,
    show_default=True,
    help="How large the centre is: calls and agents are multiplied by it.",
)
@engine_option
@click.pass_context
def demo_command(context: click.Context, as_json: bool, seed: int, scale: float, engine: str | None) -> None:
    """Drive a busy contact-centre day through a real service, in about half a minute.

    Starts a service of its own on a free port, with a journal in a temporary directory, and plays six hours of calls,
    chats and mail against it over gRPC: some six thousand customers, up to 42 agents. The service is told what time
    it is, so that compressing the day does not turn call latency into waiting time. Shows the day live, then its
    figures, and checks every routing decision with an independent checker. Exit status 1 if anything is wrong.
    """
    # Being told to end, or losing the terminal, is the same as Ctrl-C: the service and its directory go first.
    # SIGINT too: whoever starts this in the background of a script may have had it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    console = notes()
    try:
        with OwnService(seed, engine or "compiled") as service:
            report = uvloop.run(run_day(service, seed, scale, console if console.is_terminal else None))
    except ServiceDidNotStart as error:
        raise Failed(f"the demo's service did not start: {error}") from None
    except grpc.RpcError as error:
        raise explain(error, Service(service.address)) from None
    except StreamBroken as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json(report.figures)
    else:
        show(report, results())
    if report.problems:
        context.exit(EXIT_FAILED)
