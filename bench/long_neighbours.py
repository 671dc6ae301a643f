"""What a tenant notices of another for which the service does something that takes long.

    python -m bench.long_neighbours                     # 300,000 contacts wait; about two minutes
    python -m bench.long_neighbours --waiting 20000 --seconds 2 --json

The quiet tenant sends unary calls on a fixed schedule, each timed from when it should have been sent. In turn it has
the service to itself (`alone`), and beside it another tenant, with very many contacts waiting, does over and over:
change its policy for all of them (`policy`), only check such a policy (`check`), bring in ten thousand agents with
other skills (`upserts`), state a hundred thousand live contacts (`reconcile`).
"""

import argparse
import contextlib
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any, Final

import grpc

from acd.v1.admin_service_pb2 import ReconcileRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.agent_commands_pb2 import UpsertAgentsRequest
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd_core.commands import ApplyPolicy, EnqueueContact
from acd_core.policy import Policy, QueueSpec
from acd_service import codec
from bench.machine import machine, machine_line
from bench.quiet_tenant import NAME, QUIET_PER_S, furnish, middle, over, row, seen_in
from bench.tenant_house import Metadata, TenantHouse

QUEUES: Final = 200
AGENTS: Final = 10_000
STATED_MAX: Final = 100_000
WAITING: Final = 300_000
KINDS: Final = ("alone", "policy", "check", "upserts", "reconcile")
_DEADLINE_MS: Final = 10_000
_LEAD_S: Final = 0.5
_MESSAGE_BYTES: Final = 32 << 20


def policies() -> list[Policy]:
    """Two policies that differ in what everybody's place in line depends on."""
    return [
        Policy(queues=tuple(QueueSpec(f"q{number}", rate=rate, requirement=text) for number in range(QUEUES)))
        for rate, text in ((1_000, "a>=1"), (2_000, "a>=2 or b>=1"))
    ]


def report(waiting: int, seconds: float, rounds: int) -> dict[str, Any]:
    """All figures, by the keys that bench/README.md documents."""
    at_start = machine()
    seen: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="acd-neighbours-") as folder, contextlib.ExitStack() as stack:
        house = stack.enter_context(TenantHouse(Path(folder)))
        noise = stack.enter_context(ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")))
        with grpc.insecure_channel(house.address) as channel:
            for name in ("quiet", "large"):
                house.create(channel, name)
            furnish(house, channel, NAME)
            house.give(channel, "large", [ApplyPolicy(policies()[0])])
            for start in range(0, waiting, 50_000):
                house.give(channel, "large", [_arrival(n) for n in range(start, min(start + 50_000, waiting))])
        for _ in range(rounds):
            for kind in KINDS:
                seen[kind].append(_turn(house, noise, kind, waiting, seconds))
    return {
        "machine": at_start,
        "waiting": waiting,
        "seconds": seconds,
        "rounds": rounds,
        "quiet_per_s": QUIET_PER_S,
        "runs": {kind: middle(turns) for kind, turns in seen.items()},
        "over_alone_p99": {kind: over(seen, kind, "alone") for kind in KINDS[1:]},
    }


def _arrival(number: int) -> EnqueueContact:
    return EnqueueContact(f"call-{number}", f"q{number % QUEUES}", requirement=f"c>={number % 50}")


def _turn(house: TenantHouse, noise: ProcessPoolExecutor, kind: str, waiting: int, seconds: float) -> dict[str, Any]:
    """One run: what the quiet tenant saw, and how long the other's calls took."""
    told: Any = None
    if kind != "alone":
        told = noise.submit(work, house.address, house.caller("large"), kind, waiting, seconds + 2 * _LEAD_S)
        time.sleep(_LEAD_S)
    found = seen_in(house, seconds, _DEADLINE_MS)
    if told is not None:
        took = told.result()
        found["large"] = {"calls": len(took), "median_ms": round(median(took), 1), "max_ms": round(max(took), 1)}
    return found


def work(address: str, metadata: Metadata, kind: str, waiting: int, seconds: float) -> list[float]:
    """Call over and over, until the time is over; how long each call took, in ms."""
    took = []
    options = [("grpc.max_receive_message_length", _MESSAGE_BYTES)]
    with grpc.insecure_channel(address, options=options) as channel:
        calls = _calls(channel, kind, waiting)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            from_s = time.monotonic()
            next(calls)(metadata=metadata, timeout=60)
            took.append((time.monotonic() - from_s) * 1e3)
    return took


def _calls(channel: grpc.Channel, kind: str, waiting: int) -> Iterator[Callable[..., Any]]:
    requests: list[Any]
    if kind in ("policy", "check"):
        only_check = kind == "check"
        call: Any = PolicyServiceStub(channel).ApplyPolicy
        requests = [
            ApplyPolicyRequest(policy=codec.policy_message(policy), validate_only=only_check)
            for policy in reversed(policies())
        ]
    elif kind == "upserts":
        call = AgentServiceStub(channel).UpsertAgents
        requests = [
            UpsertAgentsRequest(
                agents=[
                    {"agent_id": f"agent-{number}", "skills": {f"s{number % 300}": level, "t": 1 + number % 100}}
                    for number in range(AGENTS)
                ]
            )
            for level in (1, 2)
        ]
    else:
        call = AdminServiceStub(channel).Reconcile
        live = [{"contact_id": f"call-{number}"} for number in range(min(waiting, STATED_MAX))]
        requests = [ReconcileRequest(contacts=live)]
    return cycle([partial(call, request) for request in requests])


def text(found: dict[str, Any]) -> str:
    """The figures as a page for people."""
    lines = [
        machine_line(found["machine"]), "",
        f"{'quiet tenant':<14}{'good':>12}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}  {found['waiting']:,} wait",
    ]  # fmt: skip
    for kind, turn in found["runs"].items():
        large = turn.get("large")
        told = "" if large is None else f"  {large['calls']} calls, median {large['median_ms']} ms"
        lines.append(f"{row(kind, turn)}{told}")
    over = ", ".join(f"{kind} {times}" for kind, times in found["over_alone_p99"].items())
    return "\n".join([*lines, "", f"p99 over that alone: {over}"])


def main() -> int:
    """Exit status 1 if a call of the quiet tenant failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.long_neighbours")
    parser.add_argument("--waiting", type=int, default=WAITING, help="contacts of the other (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each run (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="of all runs in turn (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="keys as documented in bench/README.md")
    args = parser.parse_args()
    if not 1 <= args.waiting <= 1_000_000 or not 0.5 <= args.seconds <= 600 or not 1 <= args.rounds <= 100:
        parser.error("--waiting: 1 to 1,000,000; --seconds: 0.5 to 600; --rounds: 1 to 100")
    found = report(args.waiting, args.seconds, args.rounds)
    print(json.dumps(found, indent=1) if args.json else text(found))
    return 0 if all(turn["good"] == turn["planned"] for turn in found["runs"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
