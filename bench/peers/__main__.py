"""Our router beside routers on Redis and on PostgreSQL: the same workload, machine and run, in turn.

    python -m bench.peers                       # a few minutes
    python -m bench.peers --quick               # proves that it works; not for figures
    python -m bench.peers --peer redis --workload small
    python -m bench.peers --json

bench/README.md says what is compared with what and documents the keys. Exits with 1 when a side decided otherwise than
ours, with 2 when a server or a client library is missing; whether the targets are met is told and does not decide the
exit.
"""

import argparse
import json
import sys
from typing import Any

from bench.machine import machine, machine_line
from bench.workload import SHAPES

PEERS = ("redis", "postgres")
WORKLOADS = ("small", "profiles")


def report(found: dict[str, Any]) -> str:
    """The figures as a page for people."""
    lines = [machine_line(found["machine"])]
    if found["quick"]:
        lines.append("a quick run, not for figures")
    lines += ["", f"{'workload':<10}{'side':<18}{'commands/s':>12}{'wall us':>9}{'cpu us':>8}  driven by"]
    for workload, sides in found["sides"].items():
        lines += [
            f"{workload:<10}{name:<18}{side['commands_per_s']:>12,}{side['wall_us']:>9,.1f}{side['cpu_us']:>8,.1f}"
            f"  {side['driven']}"
            for name, side in sides.items()
        ]
    heading = f"{'peer':<10}{'workload':<10}{'what':<18}{'by the clock':>13}{'quartiles':>16}{'processor':>11}"
    lines += ["", "how many times our router's cost of a command", heading]
    for peer in PEERS:
        for workload, row in found.get(peer, {}).items():
            for key in (key for key in row if key.startswith("ratio_") and not key.endswith("_spread")):
                low, high = row[f"{key}_spread"]
                lines.append(
                    f"{peer:<10}{workload:<10}{key.removeprefix('ratio_'):<18}{row[key]:>13,.1f}"
                    f"{f'{low:,.1f}-{high:,.1f}':>16}{row[f'cpu_{key}']:>11,.1f}"
                )
    lines.append("")
    for each in found["targets"]:
        verdict = {None: "not measured", True: "met", False: "not met"}[each["met"]]
        value = "-" if each["value"] is None else f"{each['value']:,.1f}"
        lines.append(f"target {each['number']}: {each['what']}: {value}, at least {each['limit']:,g}: {verdict}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="our router beside others")
    parser.add_argument("--json", action="store_true", help="keys as documented in bench/README.md")
    parser.add_argument("--quick", action="store_true", help="short runs that prove that it works; not for figures")
    parser.add_argument("--peer", nargs="+", choices=PEERS, default=list(PEERS), help="only these")
    parser.add_argument("--workload", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), help="only these")
    args = parser.parse_args(arguments)
    try:
        from bench.peers import comparison
        from bench.peers.private_server import Missing
        from bench.peers.sides import WrongAssignments
    except ImportError as missing:
        sys.stderr.write(f"{missing}. The client libraries are in the development group: pip install --group dev\n")
        return 2
    found: dict[str, Any] = {"quick": args.quick, "machine": machine(), "sides": {}}
    found |= {peer: {} for peer in args.peer}
    size = comparison.QUICK if args.quick else comparison.WHOLE
    try:
        comparison.require(args.peer)
        for workload in args.workload:
            one = comparison.compare(SHAPES[workload], args.peer, size, _say)
            found["sides"][workload] = one["sides"]
            for peer in args.peer:
                found[peer][workload] = one["ratios"][peer]
    except Missing as missing_server:
        sys.stderr.write(f"{missing_server}\n")
        return 2
    except WrongAssignments as wrong:
        sys.stderr.write(f"WRONG: {wrong}\n")
        return 1
    found["targets"] = comparison.targets(found)
    print(json.dumps(found, indent=1) if args.json else report(found))
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
