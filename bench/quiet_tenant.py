"""A tenant that sends unary calls on a fixed schedule, beside whatever another does: what it saw, for both benches of
neighbours.
"""

import contextlib
from statistics import median
from typing import Any, Final

import grpc

from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from bench.tenant_house import TenantHouse
from load import contact_calls
from load.schedule import Driver

QUIET_PER_S: Final = 100
NAME: Final = "quiet"


def furnish(house: TenantHouse, channel: grpc.Channel, name: str) -> None:
    """Give a tenant the policy that the calls need."""
    policy = ApplyPolicyRequest(policy=contact_calls.policy())
    PolicyServiceStub(channel).ApplyPolicy(policy, metadata=house.caller(name), timeout=20)


def seen_in(house: TenantHouse, seconds: float, deadline_ms: int) -> dict[str, Any]:
    """Its calls for so long, each timed from when it should have been sent."""
    driver = Driver(
        house.address, contact_calls.ENQUEUE, contact_calls.message(),
        connections=4, deadline_ms=deadline_ms, metadata=house.caller(NAME),
    )  # fmt: skip
    with contextlib.closing(driver):
        outcome = driver.open_loop(QUIET_PER_S, seconds)
    found = {"good": outcome.good, "planned": outcome.planned, "refused": dict(outcome.refused)}
    return found | outcome.times.figures_ms()


def middle(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """The turn whose p99 is in the middle."""
    return sorted(turns, key=lambda turn: turn["p99_ms"])[len(turns) // 2]


def over(seen: dict[str, list[dict[str, Any]]], above: str, below: str) -> float:
    """How many times the p99 of one kind of turn that of another is."""
    pairs = zip(seen[above], seen[below], strict=True)
    return round(median(a["p99_ms"] / b["p99_ms"] for a, b in pairs), 2)


def row(kind: str, turn: dict[str, Any]) -> str:
    """A turn as a line of a page for people."""
    good = f"{turn['good']}/{turn['planned']}"
    return f"{kind:<14}{good:>12}{turn['p50_ms']:>10}{turn['p99_ms']:>10}{turn['max_ms']:>10}"
