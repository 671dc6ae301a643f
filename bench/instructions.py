"""How many instructions each main operation takes, counted by callgrind: the yardstick for changes of the engine.

    python -m bench.instructions              # counts, and compares with what is recorded
    python -m bench.instructions --write      # counts, and records

Unlike a time, a count does not depend on what else the machine does. It does depend on the compiler and on Python, so
both are recorded and told when they differ. It says nothing of cache misses. For batches it is told, too, in which
compiled module they are executed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.counted import BATCH, NOTHING
from bench.machine import machine
from bench.recording import Recording
from bench.workload import SHAPES

FILE = Path(__file__).with_name("instructions.json")
ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = ("small", "profiles", "idle", "mixed")
COUNTED_MIN = 20
"""Operations that came less often in the pass are left out: their mean would be that of a few."""
PARTS_SHOWN = 14
_COST = re.compile(r"^[+*\-\d]\S* (\d+)$")
HOW_TO_INSTALL = "valgrind is needed. On Debian: apt-get install valgrind"


def counts(name: str) -> tuple[dict[str, int], dict[str, int]]:
    """Instructions a command for each operation of a workload, the cost of the call from Python left out; and those of
    a command in batches by module.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no", "--quiet"]
        command += [f"--callgrind-out-file={folder}/out", sys.executable, "-m", "bench.counted", name]
        # Every dictionary of strings is laid out by the hash seed.
        subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"PYTHONHASHSEED": "0"})
        found = dict(_dumps(Path(folder)))
        batch = next(path for path in Path(folder).iterdir() if f" {BATCH} " in path.read_text()[:1_000])
        modules = parts(batch.read_text(), found[BATCH][1])
    nothing = found.pop(NOTHING)
    means = {kind: total / counted for kind, (total, counted) in found.items() if counted >= COUNTED_MIN}
    idle = nothing[0] / nothing[1]
    whole = ("floor", BATCH)
    return {kind: round(mean if kind in whole else mean - idle) for kind, mean in sorted(means.items())}, modules


def parts(dump: str, commands: int) -> dict[str, int]:
    """Instructions a command in each compiled module, the most first, of a dump of callgrind."""
    names: dict[str, str] = {}
    found: dict[str, int] = {}
    module, is_call = "", False
    for line in dump.splitlines():
        if line.startswith(("ob=", "cob=")):
            number, _, path = line.partition("=")[2].partition(" ")
            if path:
                names[number] = Path(path).name.partition(".")[0]
            if line.startswith("ob="):
                module = names[number]
        elif line.startswith("calls="):
            is_call = True
        elif cost := _COST.match(line):
            # The line behind a call says what the called function cost, which is told there.
            if not is_call:
                found[module] = found.get(module, 0) + int(cost[1])
            is_call = False
    means = {name: round(total / commands) for name, total in found.items()}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def _dumps(folder: Path) -> list[tuple[str, tuple[int, int]]]:
    """Operation, instructions in all, commands, of each dump that the run named."""
    found = []
    for path in folder.iterdir():
        text = path.read_text()
        named = re.search(r"^desc: Trigger: Client Request: (\S+) (\S+) (\d+)$", text, re.MULTILINE)
        totals = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
        if named and totals:
            found.append((named[2], (int(totals[1]), int(named[3]))))
    return found


def lines(now: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """The table: recorded, counted now, and the change in per cent."""
    page = [f"{'workload':<10}{'operation':<24}{'recorded':>12}{'now':>12}{'change':>10}"]
    for name, operations in now.items():
        for operation, count in operations.items():
            known = before.get(name, {}).get(operation)
            change = "new" if known is None else f"{100 * (count - known) / known:+.1f} %"
            page.append(
                f"{name:<10}{operation:<24}{'-' if known is None else f'{known:,}':>12}{count:>12,}{change:>10}"
            )
    return page


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions")
    parser.add_argument("--write", action="store_true", help=f"record in {FILE.name}")
    parser.add_argument("--compare", action="store_true", help="compare with what is recorded (done in any case)")
    parser.add_argument("--workload", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        print(HOW_TO_INSTALL, file=sys.stderr)
        return 2
    for name in args.workload:
        Recording.of(SHAPES[name])
    known: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {"made_with": {}, "instructions": {}}
    here = machine()
    made_with = {"python": here["python"], "compiler": here["compiler"]}
    counted = {name: counts(name) for name in args.workload}
    now = {name: operations for name, (operations, _) in counted.items()}
    print("\n".join(lines(now, known["instructions"])))
    for name, (_, modules) in counted.items():
        most = list(modules.items())[:PARTS_SHOWN]
        print(f"a command in batches, {name}: " + ", ".join(f"{module} {count:,}" for module, count in most))
    if known["made_with"] not in ({}, made_with):
        print(f"recorded with {known['made_with']}, counted with {made_with}: changes may come from there")
    if args.write:
        instructions = known["instructions"] | now
        FILE.write_text(json.dumps({"made_with": made_with, "instructions": instructions}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
