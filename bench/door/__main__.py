"""`python -m bench.door [--json] [--quick]`: the figures of the door. See bench/README.md for the keys."""

import argparse
import dataclasses
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from bench.door import h2load, unary


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.door", description="what a call costs beside an empty echo")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--quick", action="store_true", help="short runs that prove that it works; not for figures")
    parser.add_argument("--rounds", type=int, help="how often each is measured in turn")
    parser.add_argument("--only", choices=("deep", "shallow"), help="one depth of the unary calls")
    options = parser.parse_args()
    rounds = options.rounds or (2 if options.quick else 5)
    depths = {"deep": (unary.DEEP, 2_000 if options.quick else 20_000),
              "shallow": (unary.SHALLOW, 500 if options.quick else 5_000)}  # fmt: skip
    chosen = [options.only] if options.only else list(depths)
    figures: dict[str, Any] = {"machine": machine(), "quick": options.quick, "rounds": rounds}
    try:
        compared = dict(zip(chosen, unary.compare([depths[name] for name in chosen], rounds), strict=True))
    except h2load.NoH2load as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    deep, shallow = compared.get("deep"), compared.get("shallow")
    figures |= {
        "unary_ratio": deep and deep.rate_ratio,
        "unary_ratio_shallow": shallow and shallow.rate_ratio,
        "unary_p99_ratio": deep and deep.p99_ratio,
        "dispatch_commands_per_s": None,
        "restart_seconds": None,
        "unary": {name: dataclasses.asdict(comparison) for name, comparison in compared.items()},
    }
    if options.json:
        json.dump(figures, sys.stdout)
        print()
    else:
        report(figures)
    return 0


def machine() -> str:
    """What the figures were taken on, and how busy it was."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    model = models[0] if models else platform.machine()
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}"


def report(figures: dict[str, Any]) -> None:
    print(f"machine: {figures['machine']}{'; a quick run, not for figures' if figures['quick'] else ''}")
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


if __name__ == "__main__":
    sys.exit(main())
