# ruff: noqa: T201 (a command line prints)
"""Recorded digests: what given seeds come to, whatever the build, the machine and the hash seed.

    PYTHONPATH=tests:service:. python -m verification.golden           # prints what this build makes of the seeds
    PYTHONPATH=tests:service:. python -m verification.golden --write   # records it

Recorded figures change only together with `BEHAVIOUR_VERSION`, or with the streams themselves: `streams` is a hash of
the commands, and tells the two apart.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from verification.adversary import Adversary
from verification.engines import BOTH

from acd_core.digest import hash_text, mix_word
from acd_core.refusal import Refused
from bench.workload import SMALL, record

FILE = Path(__file__).resolve().parents[1] / "golden" / "equality.json"
SEEDS = (1, 2, 3, 4, 5, 6)
COMMANDS = 1_000
WORKLOAD_COMMANDS = 1_000


def figures() -> dict[str, Any]:
    """What this build makes of the recorded seeds; both engines have to make the same."""
    return {
        "adversary": [_one(seed) for seed in SEEDS],
        "workload": _workload(),
    }


def _one(seed: int) -> dict[str, Any]:
    results = {name: _adversary(seed, kind(seed)) for name, kind in BOTH.items()}
    first, *others = results.values()
    assert all(other == first for other in others), results
    return first


def _adversary(seed: int, engine: Any) -> dict[str, Any]:
    adversary = Adversary(seed)
    engine.limits = adversary.limits()
    streams = 0
    for _ in range(COMMANDS):
        at_ns, command = adversary.next(engine.next_timer())
        streams = mix_word(mix_word(streams, at_ns), hash_text(repr(command)))
        try:
            adversary.learn(engine.apply(at_ns, command).events)
        except Refused as refused:
            streams = mix_word(streams, hash_text(f"{refused.reason} {refused.field}"))
    return {"seed": seed, "commands": COMMANDS, "streams": f"{streams:016x}", **_end(engine)}


def _workload() -> dict[str, Any]:
    engine = BOTH["fast"](1)
    start, steady = record(SMALL, 1, engine, WORKLOAD_COMMANDS)
    return {"shape": SMALL.name, "seed": 1, "commands": len(start) + len(steady), **_end(engine)}


def _end(engine: Any) -> dict[str, Any]:
    return {
        "seq": engine.seq,
        "event_seq": engine.event_seq,
        "event_hash": f"{engine.event_hash:016x}",
        "state_digest": engine.state_digest(),
    }


def text() -> str:
    return json.dumps(figures(), indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m verification.golden")
    parser.add_argument("--write", action="store_true", help=f"record in {FILE.name}")
    if parser.parse_args().write:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text())
    else:
        print(text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
