# ruff: noqa: T201 (a command line prints)
"""Services that are killed in every way, by seed; exit status 1 and the story of the first that breaks a promise.

    PYTHONPATH=tests:proto:service:. python -m faults.run --seeds 1000 --from 1 --jobs 2
    PYTHONPATH=tests:proto:service:. python -m faults.run --seeds 1 --from 4711
    PYTHONPATH=tests:proto:service:. python -m faults.run --canaries

The second lives through one seed again, step for step. The third puts a broken part in, one after the other, and says
after how many seeds each was found; exit status 1 if one was not.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from faults.canaries import CANARIES
from faults.world import Story, run_seed

SUMMED = (
    "lives", "steps", "commands", "events", "set_aside", "timers_aside", "batches", "tenants_moved",
    "failed_operations", "refused_starts",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults.run", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--canaries", action="store_true", help="find the broken parts instead")
    parser.add_argument("--canary", choices=sorted(CANARIES), help="find this one")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.canaries or options.canary:
        return _find([options.canary] if options.canary else list(CANARIES), seeds)
    return _live(seeds, options.jobs)


def _live(seeds: range, jobs: int) -> int:
    began_s, sums, ends = time.monotonic(), Counter[str](), Counter[str]()
    with ProcessPoolExecutor(jobs) as pool:
        stories = pool.map(run_seed, seeds, chunksize=4) if jobs > 1 else map(run_seed, seeds)
        for story in stories:
            if story.problem:
                print(f"seed {story.seed}: {story.problem}\n{story}")
                pool.shutdown(cancel_futures=True)
                return 1
            ends.update(story.ends)
            for name in SUMMED:
                sums[name] += getattr(story, name)
    print(f"{len(seeds)} seeds in {time.monotonic() - began_s:.0f} s: no promise broken")
    print("; ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sums.items()))
    print("ends: " + "; ".join(f"{count} {name}" for name, count in sorted(ends.items())))
    return 0


def first_to_find(canary: str, seeds: range) -> Story | None:
    """The story of the first seed that finds a canary."""
    return next((story for seed in seeds if (story := run_seed(seed, CANARIES[canary])).problem), None)


def _find(names: list[str], seeds: range) -> int:
    missed = 0
    for name in names:
        story = first_to_find(name, seeds)
        missed += story is None
        print(f"{name}: " + ("NOT FOUND" if story is None else f"seed {story.seed}, {story.problem}"), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
