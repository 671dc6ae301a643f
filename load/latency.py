"""The service's latency beside an empty echo's, at half the rate that the echo bears, in turn.

`python -m load.latency --json`: open loop, each call timed from when it should have been sent. What counts is the
ratio of the two in one run; the times are the machine's.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from load import contact_calls
from load.open_loop import Target, drive, target
from load.schedule import Driver, Outcome


def echo_rate(echo: Target, connections: int, seconds: float) -> float:
    """Calls a second that the echo answers when it is never without work; the median of three."""
    rates = []
    for _ in range(3):
        with closing(Driver(echo.address, echo.path, contact_calls.message(), connections=connections)) as driver:
            rates.append(driver.closed_loop(20, seconds))
    return statistics.median(rates)


def compare(pairs: Sequence[tuple[Outcome, Outcome]]) -> dict[str, Any]:
    """Figures of service and echo, pair by pair: medians, and the spread of the ratio."""
    ratios = [ours.times.quantile_ns(0.99) / max(empty.times.quantile_ns(0.99), 1) for ours, empty in pairs]
    medians = [ours.times.quantile_ns(0.5) / max(empty.times.quantile_ns(0.5), 1) for ours, empty in pairs]
    return {
        "p99_ratio": round(statistics.median(ratios), 3),
        "p99_ratio_lowest": round(min(ratios), 3),
        "p99_ratio_highest": round(max(ratios), 3),
        "p50_ratio": round(statistics.median(medians), 3),
        "service": _side([ours for ours, _ in pairs]),
        "echo": _side([empty for _, empty in pairs]),
    }


def _side(runs: Sequence[Outcome]) -> dict[str, Any]:
    figures = [run.times.figures_ms() for run in runs]
    return {
        **{name: round(statistics.median(one[name] for one in figures), 3) for name in figures[0]},
        "answered": sum(run.answered for run in runs),
        "refused": sum(sum(run.refused.values()) for run in runs),
        "driver_kept_up": sum(run.kept_up for run in runs),
        "driver_late_p99_ms": round(statistics.median(run.late.figures_ms()["p99_ms"] for run in runs), 3),
        "runs": len(runs),
    }


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="load.latency", description=__doc__)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="calls a second; without it half of what the echo bears"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="runs of each of the two (default %(default)s)")
    parser.add_argument("--connections", type=int, default=10, help="HTTP/2 connections (default %(default)s)")
    parser.add_argument("--deadline-ms", type=int, default=5_000, help="of each call (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    with target("echo", "") as empty, target("enqueue", "") as ours:
        bears = 0.0 if options.rate else echo_rate(empty, options.connections, 2.0)
        rate = options.rate or bears / 2

        def run(whom: Target, seconds: float) -> Outcome:
            return drive(whom, rate, seconds, options.connections, options.deadline_ms)

        run(ours, 1.0)  # until it is warm
        pairs = []
        for _ in range(options.rounds):
            empty_run = run(empty, options.seconds)
            pairs.append((run(ours, options.seconds), empty_run))
    result = {"echo_bears_per_s": round(bears, 1), "rate": round(rate, 1), **compare(pairs)}
    result["load_average"] = os.getloadavg()[0]
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
