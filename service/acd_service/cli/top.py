"""`acd top`: live queues, agents and service in the terminal."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
import grpc
from google.protobuf.duration_pb2 import Duration
from rich.live import Live

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.insight_service_pb2 import WatchStatsRequest
from acd.v1.insight_service_pb2_grpc import InsightServiceStub
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.terminal import BadInput, example, json_option, print_json, results
from acd_service.cli.top_picture import Board
from acd_service.cli.top_view import screen_of


@click.command(
    "top",
    epilog=example("acd top", "acd top --interval 1 --rows 40", "acd top --once", "acd top --json"),
)
@server_option
@click.option(
    "--interval", type=click.FloatRange(1, 3_600), default=2.0, show_default=True, help="Seconds between two looks."
)
@click.option("--rows", type=click.IntRange(1, 5_000), help="Queues shown.  [default: what fits the terminal]")
@click.option("--once", is_flag=True, help="Look once, print, and end.")
@json_option
def top_command(server: Service, interval: float, rows: int | None, once: bool, as_json: bool) -> None:
    """Watch queues, agents and the service, the queue with the longest wait first. Ctrl-C ends it.

    Figures are those since the start of the day, UTC; SL is the share of all offered that was answered within the
    queue's target. `--json` looks once and prints every queue.
    """
    console = results()
    if not (once or as_json) and not console.is_terminal:
        raise BadInput("this is no terminal; use --once or --json")
    board = Board()
    with connect(server) as channel, _following(channel, board, interval) as failure:
        admin = AdminServiceStub(channel)
        board.first.wait(DEADLINE_S)
        _raise(failure)
        board.take_status(admin.GetStatus(GetStatusRequest(), timeout=DEADLINE_S))
        picture = board.picture()
        if as_json:
            print_json(picture.as_json())
            return
        if once:
            console.print(screen_of(picture, rows))
            return
        with Live(screen_of(picture, _fitting(rows, console.height)), console=console, screen=True) as live:
            while True:
                time.sleep(interval)
                _raise(failure)
                board.take_status(admin.GetStatus(GetStatusRequest(), timeout=DEADLINE_S))
                live.update(screen_of(board.picture(), _fitting(rows, console.height)))


@contextmanager
def _following(channel: grpc.Channel, board: Board, interval_s: float) -> Iterator[list[grpc.RpcError]]:
    """Keeps the board up to date in a thread of its own; the list gets the error that ended it."""
    period = Duration()
    period.FromMilliseconds(round(interval_s * 1_000))
    stream = InsightServiceStub(channel).WatchStats(WatchStatsRequest(period=period))
    failure: list[grpc.RpcError] = []

    def follow() -> None:
        try:
            for message in stream:
                board.take_figures(message)
        except grpc.RpcError as error:
            failure.append(error)
            board.first.set()

    thread = threading.Thread(target=follow, name="figures", daemon=True)
    thread.start()
    try:
        yield failure
    finally:
        stream.cancel()
        thread.join()


def _raise(failure: list[grpc.RpcError]) -> None:
    if failure:
        raise failure[0]


def _fitting(rows: int | None, height: int) -> int:
    return rows or max(height - 10, 1)
