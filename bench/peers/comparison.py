"""All sides of a workload in turn, and what comes of it: costs of a command, and ratios turn by turn."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.peers.postgres_server import postgres_programs
from bench.peers.redis_router import redis_program
from bench.peers.same_stream import recorded
from bench.peers.sides import Field, Turn
from bench.turns import spread
from bench.workload import Shape


@dataclass(frozen=True, slots=True)
class Size:
    """How long a comparison is: turns, and messages of 256 commands in each; of them PostgreSQL gets one in `share`."""

    turns: int
    messages: int
    share: int


WHOLE: Final = Size(turns=7, messages=100, share=40)
QUICK: Final = Size(turns=2, messages=16, share=8)

PAIRS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "redis": {
        "journalled": ("redis_everysec", "ours_full"),
        "with_events": ("redis_events", "ours_full"),
        "always": ("redis_always", "ours_full"),
        "everysec": ("redis_everysec", "ours_normal"),
        "not_journalled": ("redis_off", "ours_off"),
    },
    "postgres": {
        "journalled": ("postgres_on", "ours_full"),
        "not_synced": ("postgres_off", "ours_normal"),
        "batched": ("postgres_batched", "ours_full"),
    },
}
"""Peer, what the ratio is called, the peer's side and ours."""

TARGETS: Final = (
    ("redis", "profiles", "journalled", 30.0),
    ("postgres", "profiles", "journalled", 300.0),
)


def compare(shape: Shape, peers: Sequence[str], size: Size, said: Callable[[str], None]) -> dict[str, Any]:
    """The sides of one workload, and ratios for each peer.

    Args:
        said: is told what is going on.

    Raises:
        WrongAssignments: a side did not decide as ours does.
        Missing: a server is not installed.
    """
    count = (size.turns + 1) * size.messages
    said(f"{shape.name}: following the stream")
    stream, messages = recorded(shape, count)
    with tempfile.TemporaryDirectory(prefix="peers") as folder, Field(shape, stream, messages, Path(folder)) as field:
        Path(folder).chmod(0o755)  # PostgreSQL may be another user
        said(f"{shape.name}: loading")
        field.add_ours("full", "normal", "off")
        if "redis" in peers:
            field.add_redis("everysec", "events", "always", "off")
        if "postgres" in peers:
            field.add_postgres(size.share)
        said(f"{shape.name}: finding out how each is driven best")
        for side in field.sides.values():
            side.calibrate(size.messages)
        turns: dict[str, list[Turn]] = {name: [] for name in field.sides}
        for turn in range(size.turns):
            said(f"{shape.name}: turn {turn + 1} of {size.turns}")
            first = (turn + 1) * size.messages
            for name in list(field.sides)[:: -1 if turn % 2 else 1]:
                turns[name].append(field.sides[name].turn(first, first + size.messages))
        for side in field.sides.values():
            side.close()
        driven = {name: side.tried for name, side in field.sides.items()}
    return {
        "sides": {name: _costs(each) | {"driven": driven[name]} for name, each in turns.items()},
        "ratios": {peer: _ratios(PAIRS[peer], turns) for peer in peers},
    }


def require(peers: Sequence[str]) -> None:
    """See that the servers are there before anything is begun.

    Raises:
        Missing: one is not.
    """
    if "redis" in peers:
        redis_program()
    if "postgres" in peers:
        postgres_programs()


def _costs(turns: list[Turn]) -> dict[str, Any]:
    wall_us = median(turn.wall_us for turn in turns)
    return {
        "commands_per_s": round(1e6 / wall_us),
        "wall_us": round(wall_us, 2),
        "cpu_us": round(median(turn.cpu_us for turn in turns), 2),
    }


def _ratios(pairs: dict[str, tuple[str, str]], turns: dict[str, list[Turn]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (theirs, ours) in pairs.items():
        both = list(zip(turns[theirs], turns[ours], strict=True))
        for key, ratios in (
            (f"ratio_{name}", [their.wall_us / our.wall_us for their, our in both]),
            (f"cpu_ratio_{name}", [their.cpu_us / our.cpu_us for their, our in both]),
        ):
            found[key] = round(median(ratios), 2)
            found[f"{key}_spread"] = spread(ratios)
    return found


def targets(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Target 11 of the two: both sides journalled at their defaults."""
    judged = []
    for peer, workload, name, limit in TARGETS:
        value = found.get(peer, {}).get(workload, {}).get(f"ratio_{name}")
        what = f"{peer}, {workload}, both journalled at their defaults"
        met = None if value is None else value >= limit
        judged.append({"number": "11", "what": what, "value": value, "limit": limit, "met": met})
    return judged
