"""`python -m bench.door [--json] [--quick]`: the figures of the door. See bench/README.md for the keys."""

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from typing import Any, Final

from bench.door import dispatch, h2load, restart, unary
from bench.machine import machine, machine_line
from bench.shapes import LARGE, SMALL

PARTS: Final = ("deep", "shallow", "dispatch", "restart")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.door", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--quick", action="store_true", help="short runs that prove that it works; not for figures")
    parser.add_argument("--rounds", type=int, help="how often each is measured in turn")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of it; may be given several times")
    options = parser.parse_args()
    try:
        figures = measure(options.only or PARTS, options.quick, options.rounds or (2 if options.quick else 5))
    except h2load.NoH2load as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    if options.json:
        json.dump(figures, sys.stdout)
        print()
    else:
        report(figures)
    return 0


def measure(parts: Sequence[str], quick: bool, rounds: int) -> dict[str, Any]:
    """The figures by key; a key whose part was not asked for is None."""
    calls = {"deep": (unary.DEEP, 2_000 if quick else 20_000), "shallow": (unary.SHALLOW, 500 if quick else 5_000)}
    chosen = [name for name in calls if name in parts]
    before = machine()
    compared = dict(zip(chosen, unary.compare([calls[name] for name in chosen], rounds), strict=True))
    rates = [dispatch.measure(40 if quick else 2_000) for _ in range(rounds)] if "dispatch" in parts else []
    start = None
    if "restart" in parts:
        start = restart.measure(SMALL, 20_000) if quick else restart.measure(LARGE, 1_000_000)
    deep, shallow = compared.get("deep"), compared.get("shallow")
    return {
        "machine": before,
        "quick": quick,
        "rounds": rounds,
        "unary_ratio": deep and deep.rate_ratio,
        "unary_ratio_shallow": shallow and shallow.rate_ratio,
        "unary_p99_ratio": deep and deep.p99_ratio,
        "dispatch_commands_per_s": statistics.median(rate.commands_per_s for rate in rates) if rates else None,
        "restart_seconds": start and start.restart_seconds,
        "unary": {name: dataclasses.asdict(comparison) for name, comparison in compared.items()},
        "dispatch": [dataclasses.asdict(rate) for rate in rates],
        "restart": start and dataclasses.asdict(start),
    }


def report(figures: dict[str, Any]) -> None:
    print(f"machine: {machine_line(figures['machine'])}{'; a quick run, not for figures' if figures['quick'] else ''}")
    for name, comparison in figures["unary"].items():
        print(
            f"unary, {name} ({comparison['connections']} x {comparison['streams']}): rate"
            f" {comparison['rate_ratio']:.2f} of the echo's"
            f" ({comparison['rate_ratio_lowest']:.2f} to {comparison['rate_ratio_highest']:.2f}),"
            f" p99 {comparison['p99_ratio']:.2f} times"
        )
        for side in ("service", "echo"):
            values = comparison[side]
            print(
                f"  {side:8}{values['requests_per_s']:8.0f} requests/s (spread"
                f" {values['requests_per_s_spread']:.0%}), p50 {values['p50_ms']:.1f} ms,"
                f" p99 {values['p99_ms']:.1f} ms, {values['cpu_us_per_call']:.0f} us of processor a call"
            )
    for rate in figures["dispatch"]:
        print(
            f"dispatch: {rate['commands_per_s']:.0f} commands/s in batches of {dispatch.COMMANDS_A_BATCH},"
            f" {rate['cpu_us_per_command']:.1f} us of processor a command"
        )
    if figures["restart"]:
        start = figures["restart"]
        print(
            f"restart: {start['restart_seconds']:.1f} s to serving with a snapshot of {start['workload']}"
            f" ({start['snapshot_bytes'] / 2**20:.0f} MiB) and {start['tail_commands']} commands after it"
        )


if __name__ == "__main__":
    sys.exit(main())
