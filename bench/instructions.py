"""How many instructions each main operation takes, counted by callgrind: the yardstick for changes of the engine.

    python -m bench.instructions              # counts, and compares with what is recorded
    python -m bench.instructions --write      # counts, and records

Unlike a time, a count does not depend on what else the machine does. It does depend on the compiler and on Python, so
both are recorded and told when they differ. It says nothing of cache misses.
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

from bench.counted import NOTHING
from bench.machine import machine
from bench.recording import Recording
from bench.workload import SHAPES

FILE = Path(__file__).with_name("instructions.json")
ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = ("small", "profiles", "idle", "mixed")
COUNTED_MIN = 20
"""Operations that came less often in the pass are left out: their mean would be that of a few."""
HOW_TO_INSTALL = "valgrind is needed. On Debian: apt-get install valgrind"


def counts(name: str) -> dict[str, int]:
    """Instructions a command for each operation of a workload, the cost of the call from Python left out."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no", "--quiet"]
        command += [f"--callgrind-out-file={folder}/out", sys.executable, "-m", "bench.counted", name]
        # Every dictionary of strings is laid out by the hash seed.
        subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"PYTHONHASHSEED": "0"})
        found = dict(_dumps(Path(folder)))
    nothing = found.pop(NOTHING)
    means = {kind: total / counted for kind, (total, counted) in found.items() if counted >= COUNTED_MIN}
    idle = nothing[0] / nothing[1]
    return {kind: round(mean if kind == "floor" else mean - idle) for kind, mean in sorted(means.items())}


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
    now = {name: counts(name) for name in args.workload}
    print("\n".join(lines(now, known["instructions"])))
    if known["made_with"] not in ({}, made_with):
        print(f"recorded with {known['made_with']}, counted with {made_with}: changes may come from there")
    if args.write:
        instructions = known["instructions"] | now
        FILE.write_text(json.dumps({"made_with": made_with, "instructions": instructions}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
