"""The report on the engine's speed: floor and engine in turn on each workload, memory, policy changes, tenants.

    python -m bench.report                      # everything, minutes
    python -m bench.report --quick              # shorter runs, without `large`
    python -m bench.report --workload small profiles
    python -m bench.report --json

bench/README.md says how each figure is taken and documents the keys. Exits with 1 when a digest is wrong; whether the
targets are met is told and does not decide the exit.
"""

import argparse
import contextlib
import json
import sys
from typing import Any

from bench.digests import matches
from bench.machine import machine, machine_line
from bench.recording import COMMANDS, QUICK_COMMANDS, Recording
from bench.targets import Target, targets
from bench.turns import Runner, fresh, over
from bench.workload import SHAPES

ROUNDS = 15
QUICK_ROUNDS = 5
TENANTS = 1_000
POLICY_REPEATS = 5
POLICY_WORKLOADS = ("profiles", "mixed")
LEFT_OUT_OF_QUICK = ("large",)
HEADINGS = (
    "workload    commands/s      ns  floor ns  over floor        spread     batch/s  over floor     MiB  B/agent"
    "  B/contact  digest"
)


def report(names: list[str], *, quick: bool, tenants: int = TENANTS) -> dict[str, Any]:
    """All figures, by the keys that bench/README.md documents."""
    at_start = machine()
    commands, rounds = (QUICK_COMMANDS, QUICK_ROUNDS) if quick else (COMMANDS, ROUNDS)
    for name in names:
        Recording.of(SHAPES[name], commands)
    workloads = {name: {**_key_order(), **fresh("bench.resident", "workload", name)} for name in names}
    with contextlib.ExitStack() as stack:
        runners = {name: stack.enter_context(Runner(name, commands, rounds)) for name in names}
        for runner in runners.values():
            runner.wait()
        for _ in range(rounds):
            for runner in runners.values():
                runner.turn()
        for name, runner in runners.items():
            right = matches(name, commands, runner.end())
            start_hash = {"event_hash": workloads[name].pop("event_hash")}
            workloads[name] |= runner.figures() | {"digest_ok": right and matches(name, 0, start_hash)}
    found = {
        "quick": quick,
        "machine": at_start,
        "workloads": workloads,
        "growth_large_over_small": over(runners.get("large"), runners.get("small")),
        "unique_over_profiles": over(runners.get("unique"), runners.get("profiles")),
        "mixed_over_profiles": over(runners.get("mixed"), runners.get("profiles")),
        "policy_change": {
            name: fresh("bench.policy_change", name, str(1 if quick else POLICY_REPEATS))
            for name in POLICY_WORKLOADS
            if name in names
        },
        "tenants": fresh("bench.resident", "tenants", str(tenants)) if "small" in names else None,
    }
    judged = targets(found)
    found["targets"] = [
        {"number": each.number, "what": each.what, "value": each.value, "limit": each.limit, "unit": each.unit}
        | {"met": each.met}
        for each in judged
    ]
    return found


def _key_order() -> dict[str, None]:
    keys = ("commands_per_s", "floor_ratio", "batch_commands_per_s", "batch_floor_ratio", "rss_bytes", "digest_ok")
    return dict.fromkeys(keys)


def text(found: dict[str, Any]) -> str:
    """The figures as a page for people."""
    lines = [machine_line(found["machine"]), "", HEADINGS]
    for name, row in found["workloads"].items():
        low, high = row["floor_ratio_spread"]
        lines.append(
            f"{name:<10}{row['commands_per_s']:>12,}{row['command_ns']:>8,.0f}{row['floor_ns']:>10,.0f}"
            f"{row['floor_ratio']:>12.2f}{f'{low:.2f}-{high:.2f}':>14}"
            f"{row['batch_commands_per_s']:>12,}{row['batch_floor_ratio']:>12.2f}"
            f"{row['rss_bytes'] / 2**20:>8,.0f}{_or_dash(row['bytes_per_agent'], 0):>9}"
            f"{_or_dash(row['bytes_per_contact'], 0):>11}  {'right' if row['digest_ok'] else 'WRONG'}"
        )
    for name, change in found["policy_change"].items():
        kinds = ", ".join(f"{kind} {each['median_ms']:.0f}" for kind, each in change["changes"].items())
        lines += ["", f"policy change, {name}, {change['waiting']:,} waiting, median ms: {kinds}"]
    lines += ["", f"{'target':<8}{'':<48}{'measured':>12}{'limit':>12}"]
    lines += [_target_line(Target(**{k: v for k, v in each.items() if k != "met"})) for each in found["targets"]]
    return "\n".join(lines)


def _target_line(target: Target) -> str:
    verdict = {None: "not measured", True: "met", False: "not met"}[target.met]
    measured = "-" if target.value is None else f"{target.value:,.2f} {target.unit}"
    return f"{target.number:<8}{target.what:<48}{measured:>12}{f'{target.limit:,g} {target.unit}':>12}  {verdict}"


def _or_dash(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report")
    parser.add_argument("--json", action="store_true", help="keys as documented in bench/README.md")
    parser.add_argument("--quick", action="store_true", help="shorter runs, without `large` unless it is named")
    parser.add_argument("--workload", nargs="+", choices=SHAPES, metavar="NAME", help="only these")
    args = parser.parse_args()
    names = args.workload or [name for name in SHAPES if not (args.quick and name in LEFT_OUT_OF_QUICK)]
    found = report(names, quick=args.quick)
    print(json.dumps(found, indent=1) if args.json else text(found))
    return 0 if all(row["digest_ok"] for row in found["workloads"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
