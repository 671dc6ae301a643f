"""One demo from start to end: a service of its own, the day through gRPC, the figures."""

import time
from contextlib import AbstractContextManager, nullcontext

import grpc.aio
from rich.console import Console

from acd_service.demo.centre import agents, policy
from acd_service.demo.day import draw_day
from acd_service.demo.driver import Driver
from acd_service.demo.grpc_centre import GrpcCentre
from acd_service.demo.ledger import Ledger
from acd_service.demo.own_service import OwnService
from acd_service.demo.report import Report, report_of
from acd_service.demo.view import LiveView


async def run_day(service: OwnService, seed: int, scale: float, console: Console | None) -> Report:
    """Drive a day through a service that is running and holds nothing yet.

    Args:
        console: where to show it live; None for nowhere.

    Raises:
        grpc.RpcError: the service did not take a command.
        StreamBroken: its events did not come.
    """
    began = time.monotonic()
    day, rules = draw_day(seed, scale), policy()
    ledger = Ledger(rules)
    async with grpc.aio.insecure_channel(service.address) as channel:
        centre = GrpcCentre(channel, service.seed)
        view = LiveView(console, day, ledger, centre) if console is not None else None
        showing: AbstractContextManager[object] = view or nullcontext()
        await centre.open()
        with showing:
            after_step = view.refresh if view is not None else lambda: None
            await Driver(day, rules, agents(day.shifts), centre, ledger, after_step).run()
        status = await centre.status()
        await centre.close()
    violation = centre.checker.violation
    return report_of(
        day,
        ledger,
        status,
        violation=str(violation) if violation is not None else "",
        next_event_seq=centre.next_event_seq,
        rpc_calls=centre.rpc_calls,
        wall_s=time.monotonic() - began,
    )
