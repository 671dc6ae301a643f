"""A durable unary routing call beside an empty echo, in turn.

Every call is a new contact whose id the server gives, under a plan that ends its wait within a second: the fixed body
that h2load posts does the same work each time, and the state stays steady. h2load takes a gRPC error for a success, so
the service's own counters have to say that every call became an accepted command.
"""

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf.duration_pb2 import Duration

from acd.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    contact_commands_pb2,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2_grpc,
    routing_service_pb2_grpc,
)
from bench.door import child_process, echo, h2load

DEEP: Final = h2load.Depth(50, 10)
SHALLOW: Final = h2load.Depth(1, 10)
_METHOD: Final = "/acd.v1.RoutingService/EnqueueContact"
_WAIT_MS: Final = 500


class NotEveryCallCounted(RuntimeError):
    """The service did not accept as many commands as calls were answered."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one of the two."""

    load: h2load.Load
    cpu_us_per_call: float


@dataclass(frozen=True, slots=True)
class Side:
    """Medians of several runs, and the spread of the rate: (highest - lowest) / median."""

    requests_per_s: float
    requests_per_s_spread: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_call: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The service beside the echo at one depth."""

    connections: int
    streams: int
    requests_a_run: int
    service: Side
    echo: Side
    rate_ratio: float
    """The median, over the rounds, of the service's rate over the echo's."""
    rate_ratio_lowest: float
    rate_ratio_highest: float
    p99_ratio: float


def request() -> contact_commands_pb2.EnqueueContactRequest:
    """What a telephone system asks, without the id."""
    return contact_commands_pb2.EnqueueContactRequest(
        queue_id="sales", requirement="billing >= 2", attributes={"caller": "+493012345678"}
    )


def policy() -> policy_pb2.Policy:
    """One queue whose plan hangs up after half a second."""
    end = policy_pb2.EndWait(kind=policy_pb2.EndWait.KIND_HANG_UP, target="bench")
    step = policy_pb2.PlanStep(after=Duration(nanos=_WAIT_MS * 1_000_000), end=end)
    return policy_pb2.Policy(
        queues=[policy_pb2.Queue(queue_id="sales", plan_id="short")],
        plans=[policy_pb2.Plan(plan_id="short", steps=[step])],
    )


def compare(depths: Sequence[tuple[h2load.Depth, int]], rounds: int) -> Iterator[Comparison]:
    """Service and echo in turn, `rounds` times at each depth with its number of requests a run.

    Raises:
        NoH2load, LoadFailed, NotEveryCallCounted.
    """
    if not depths:
        return
    h2load.find()
    with tempfile.TemporaryDirectory(prefix="acd-door-") as folder, child_process.service(Path(folder) / "data") as our:
        body, log = Path(folder) / "body", Path(folder) / "h2load.log"
        body.write_bytes(h2load.grpc_body(request().SerializeToString()))
        with grpc.insecure_channel(our.address) as channel:
            policies = policy_service_pb2_grpc.PolicyServiceStub(channel)
            policies.ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy()))
            answer = routing_service_pb2_grpc.RoutingServiceStub(channel).EnqueueContact(request())
            admin = admin_service_pb2_grpc.AdminServiceStub(channel)
            program = ("-m", "bench.door.echo", "--answer-bytes", str(answer.ByteSize()))
            with child_process.ChildProcess(Path(folder) / "echo.log", *program) as empty:

                def run(server: child_process.ChildProcess, method: str, requests: int, depth: h2load.Depth) -> Run:
                    before_s = server.cpu_s()
                    load = h2load.run(server.address, method, body, requests, depth, log)
                    return Run(load, (server.cpu_s() - before_s) / requests * 1e6)

                def run_ours(requests: int, depth: h2load.Depth) -> Run:
                    before = accepted(admin)
                    ours = run(our, _METHOD, requests, depth)
                    counted = accepted(admin) - before
                    if counted != requests:
                        raise NotEveryCallCounted(f"{requests} calls were answered, {counted} commands accepted")
                    return ours

                for depth, requests in depths:
                    run_ours(max(requests // 5, depth.connections), depth)
                    run(empty, echo.METHOD, max(requests // 5, depth.connections), depth)
                    pairs = [
                        (run_ours(requests, depth), run(empty, echo.METHOD, requests, depth)) for _ in range(rounds)
                    ]
                    yield _comparison(depth, requests, pairs)


def accepted(admin: Any) -> int:
    """Commands of callers that the service has taken, by its own count."""
    return int(admin.GetStatus(admin_service_pb2.GetStatusRequest()).counters["commands"])


def _comparison(depth: h2load.Depth, requests: int, pairs: Sequence[tuple[Run, Run]]) -> Comparison:
    ratios = [ours.load.requests_per_s / empty.load.requests_per_s for ours, empty in pairs]
    return Comparison(
        depth.connections,
        depth.streams,
        requests,
        _side([ours for ours, _ in pairs]),
        _side([empty for _, empty in pairs]),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        statistics.median(ours.load.p99_us / empty.load.p99_us for ours, empty in pairs),
    )


def _side(runs: Sequence[Run]) -> Side:
    rates = [run.load.requests_per_s for run in runs]
    rate = statistics.median(rates)
    return Side(
        rate,
        (max(rates) - min(rates)) / rate,
        statistics.median(run.load.p50_us for run in runs) / 1e3,
        statistics.median(run.load.p99_us for run in runs) / 1e3,
        statistics.median(run.cpu_us_per_call for run in runs),
    )
