"""What an engine takes of memory, in a process that has nothing else in it.

    python -m bench.resident workload NAME
    python -m bench.resident tenants COUNT

The first builds the start state of a workload from its recording, a chunk at a time, so that neither the generator
nor the commands are in the figure. The second makes so many engines with the agents of the workload `small`, ready,
and no contacts. The interpreter itself is in the total and not in the bytes of an agent or a contact.
"""

import argparse
import gc
import json
import os
import sys
from pathlib import Path

from acd_core.commands import EnqueueContact
from acd_core.engine import Engine
from bench.recording import SEED, Recording
from bench.workload import SHAPES, SMALL

ENOUGH = 10_000
"""Fewer agents or contacts than this are lost in the noise of whole pages."""


def resident_bytes() -> int:
    """Of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def workload(name: str) -> dict[str, object]:
    """The start state of one workload."""
    recording = Recording.of(SHAPES[name])
    before = resident_bytes()
    with_agents = None
    engine = Engine(SEED)
    for at_ns, command in recording.start():
        if with_agents is None and isinstance(command, EnqueueContact):
            with_agents = resident_bytes()
        engine.apply(at_ns, command)
    rss = resident_bytes()
    counts = engine.counts()
    contacts = counts.waiting + counts.offered + counts.active + counts.wrap_up + counts.scheduled
    agents_bytes = (with_agents or rss) - before
    return {
        "rss_bytes": rss,
        "bytes_per_agent": round(agents_bytes / counts.agents) if counts.agents >= ENOUGH else None,
        "bytes_per_contact": round((rss - (with_agents or rss)) / contacts) if contacts >= ENOUGH else None,
        "event_hash": f"{engine.event_hash:016x}",
    }


def tenants(count: int) -> dict[str, object]:
    """So many engines with the agents of `small`, each with strings of its own, as from a journal of its own."""
    before = resident_bytes()
    recording = Recording.of(SMALL)
    engines = []
    for _ in range(count):
        engine = Engine(SEED)
        for at_ns, command in recording.start():
            if isinstance(command, EnqueueContact):
                break
            engine.apply(at_ns, command)
        engines.append(engine)
    rss = resident_bytes()
    assert all(engine.counts().agents_ready == SMALL.agents for engine in engines)
    return {"tenants": count, "rss_bytes": rss, "bytes_per_tenant": (rss - before) // count}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.resident")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("workload").add_argument("name", choices=SHAPES)
    kinds.add_parser("tenants").add_argument("count", type=int)
    args = parser.parse_args()
    print(json.dumps(workload(args.name) if args.kind == "workload" else tenants(args.count)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
