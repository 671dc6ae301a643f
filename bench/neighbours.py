"""What a tenant notices of another that floods the same service: calls at a modest fixed rate, alone and beside it.

    python -m bench.neighbours                  # a minute and a half
    python -m bench.neighbours --seconds 2 --rounds 1 --json

The quiet tenant sends unary calls on a fixed schedule, each timed from when it should have been sent. In turn it has
the service to itself (`alone`); the noisy one sends as much as its quota allows and no more (`paced`); the noisy one
sends five times its quota in unary calls, and batches of Dispatch as fast as they are taken, against its quota
(`quota`) or without one (`unbounded`). The noise comes from a process of its own, which takes a core of the machine:
that is in all figures but the first.
"""

import argparse
import contextlib
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc

from acd.v1.contact_commands_pb2 import EnqueueContactRequest
from acd.v1.routing_service_pb2 import DispatchRequest, DispatchResponse
from bench.machine import machine, machine_line
from bench.quiet_tenant import QUIET_PER_S, furnish, middle, over, row, seen_in
from bench.tenant_house import DISPATCH, Metadata, TenantHouse
from load import contact_calls
from load.schedule import Driver

QUOTA_PER_S: Final = 200
FLOOD_PER_S: Final = 5 * QUOTA_PER_S
BATCH: Final = 256
IN_FLIGHT: Final = 4
KINDS: Final = ("alone", "paced", "quota", "unbounded")
_DEADLINE_MS: Final = 2_000
_LEAD_S: Final = 1.0
"""The noise begins before the calls that are timed, and ends after them."""


def report(seconds: float, rounds: int) -> dict[str, Any]:
    """All figures, by the keys that bench/README.md documents."""
    at_start = machine()
    seen: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="acd-neighbours-") as folder, contextlib.ExitStack() as stack:
        house = stack.enter_context(TenantHouse(Path(folder)))
        noise = stack.enter_context(ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")))
        with grpc.insecure_channel(house.address) as channel:
            for name, quotas in (("quiet", {}), ("quota", {"commands_per_s": QUOTA_PER_S}), ("unbounded", {})):
                house.create(channel, name, **quotas)
                furnish(house, channel, name)
        for _ in range(rounds):
            for kind in KINDS:
                seen[kind].append(_turn(house, noise, kind, seconds))
    runs = {kind: middle(turns) for kind, turns in seen.items()}
    return {
        "machine": at_start,
        "seconds": seconds,
        "rounds": rounds,
        "quiet_per_s": QUIET_PER_S,
        "runs": runs,
        "quota_over_alone_p99": over(seen, "quota", "alone"),
        "quota_over_paced_p99": over(seen, "quota", "paced"),
        "unbounded_over_paced_p99": over(seen, "unbounded", "paced"),
    }


def _turn(house: TenantHouse, noise: ProcessPoolExecutor, kind: str, seconds: float) -> dict[str, Any]:
    """One run: what the quiet tenant saw, and what the noisy one was told meanwhile."""
    told: Any = None
    if kind != "alone":
        noisy = "unbounded" if kind == "unbounded" else "quota"
        calls_per_s, batches = (QUOTA_PER_S // 2, False) if kind == "paced" else (FLOOD_PER_S, True)
        told = noise.submit(flood, house.address, house.caller(noisy), calls_per_s, batches, seconds + 2 * _LEAD_S)
        time.sleep(_LEAD_S)
    found = seen_in(house, seconds, _DEADLINE_MS)
    if told is not None:
        found["noisy"] = told.result()
    return found


def flood(address: str, metadata: Metadata, calls_per_s: float, batches: bool, seconds: float) -> dict[str, Any]:
    """Send as fast as that, whatever comes back; what came back, by how it ended."""
    commands: Counter[str] = Counter()
    dispatching = threading.Thread(target=_dispatch, args=(address, metadata, seconds, commands))
    if batches:
        dispatching.start()
    driver = Driver(
        address, contact_calls.ENQUEUE, contact_calls.message(),
        connections=8, deadline_ms=_DEADLINE_MS, metadata=metadata,
    )  # fmt: skip
    with contextlib.closing(driver):
        outcome = driver.open_loop(calls_per_s, seconds)
    if batches:
        dispatching.join()
    return {
        "calls": {"OK": outcome.good, **outcome.refused},
        "commands": dict(commands),
        "accepted_per_s": round((outcome.good + commands["accepted"]) / seconds, 1),
    }


def _dispatch(address: str, metadata: Metadata, seconds: float, commands: Counter[str]) -> None:
    """Batches of arrivals, some in flight, until the time is over."""
    command = {"enqueue_contact": EnqueueContactRequest.FromString(contact_calls.message())}
    batch = DispatchRequest(commands=[command] * BATCH).SerializeToString()
    until = time.monotonic() + seconds
    free = threading.Semaphore(IN_FLIGHT)

    def messages() -> Iterator[bytes]:
        while time.monotonic() < until:
            if free.acquire(timeout=0.1):
                yield batch

    with grpc.insecure_channel(address) as channel, contextlib.suppress(grpc.RpcError):
        for answer in channel.stream_stream(DISPATCH)(messages(), metadata=metadata, timeout=seconds + 5):
            free.release()
            for result in DispatchResponse.FromString(answer).results:
                commands["refused" if result.HasField("error") else "accepted"] += 1


def text(found: dict[str, Any]) -> str:
    """The figures as a page for people."""
    lines = [
        machine_line(found["machine"]), "",
        f"{'quiet tenant':<14}{'good':>12}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}  the noisy one",
    ]  # fmt: skip
    for kind, turn in found["runs"].items():
        noisy = turn.get("noisy")
        told = "" if noisy is None else f"  calls {noisy['calls']}, commands of batches {noisy['commands']}"
        lines.append(f"{row(kind, turn)}{told}")
    lines += ["", f"p99 beside a flood against its quota: {found['quota_over_alone_p99']} times alone,"]
    lines += [f"{found['quota_over_paced_p99']} times beside one that keeps to its quota;"]
    lines += [f"beside a flood without a quota {found['unbounded_over_paced_p99']} times that"]
    return "\n".join(lines)


def main() -> int:
    """Exit status 1 if a call of the quiet tenant failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.neighbours")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each run (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of all runs in turn (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="keys as documented in bench/README.md")
    args = parser.parse_args()
    if not 0.5 <= args.seconds <= 600 or not 1 <= args.rounds <= 100:
        parser.error("--seconds: 0.5 to 600; --rounds: 1 to 100")
    found = report(args.seconds, args.rounds)
    print(json.dumps(found, indent=1) if args.json else text(found))
    return 0 if all(turn["good"] == turn["planned"] for turn in found["runs"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
