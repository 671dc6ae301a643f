"""Recorded hashes of what the workloads come to: fast and wrong is a failure.

    python -m bench.digests            # compares this build with the recorded ones
    python -m bench.digests --write    # records this build's

Kept for each workload are the seed's hash of all events and the state's digest after the start state, after a quick
run and after a whole one. They change with the generator of the workloads, and with the engine's behaviour only when
its contract changed. A test holds those of the small workload to the reference engine.
"""

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.batches import COMMANDS_PER_MESSAGE, Batches, read_messages
from bench.recording import COMMANDS, LENGTHS, Recording
from bench.workload import SHAPES

FILE = Path(__file__).with_name("digests.json")


def recorded() -> dict[str, dict[str, dict[str, str]]]:
    """Workload, number of steady commands, hashes."""
    found: dict[str, dict[str, dict[str, str]]] = json.loads(FILE.read_text())
    return found


def matches(name: str, commands: int, end: dict[str, str]) -> bool:
    """Whether a run came to what is recorded; all hashes that it gives are compared."""
    known = recorded().get(name, {}).get(str(commands), {})
    return bool(end) and all(value == known.get(key) for key, value in end.items())


def hashes(engine: Any) -> dict[str, str]:
    """Of either engine."""
    return {"event_hash": f"{engine.event_hash:016x}", "state_digest": engine.state_digest()}


def computed(name: str) -> dict[str, dict[str, str]]:
    """What this build makes of a workload."""
    recording = Recording.of(SHAPES[name], COMMANDS)
    engine = recording.built()
    found = {"0": hashes(engine)}
    steady = recording.steady(COMMANDS)
    for first, last in pairwise((0, *LENGTHS)):
        for at_ns, command in steady[first:last]:
            engine.apply(at_ns, command)
        found[str(last)] = hashes(engine)
    batches = Batches(recording.built(), read_messages(recording.messages_path)[0])
    for length in LENGTHS:
        batches.run(length // COMMANDS_PER_MESSAGE)
        found[str(length)]["batch_event_hash"] = f"{batches.engine.event_hash:016x}"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.digests")
    parser.add_argument("--write", action="store_true", help=f"record in {FILE.name}")
    parser.add_argument("--workload", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="NAME")
    args = parser.parse_args()
    differing = 0
    for name in args.workload:
        found = computed(name)
        known = recorded() if FILE.exists() else {}
        differs = found != known.get(name)
        differing += differs
        print(f"{name}: {'differs' if differs else 'as recorded'}", flush=True)
        if args.write:
            FILE.write_text(json.dumps(known | {name: found}, indent=1) + "\n")
    if args.write:
        return 0
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
