# ruff: noqa: T201 (a command line prints)
"""Services that are killed in every way, by seed; exit status 1 and the story of the first that breaks a promise.

    PYTHONPATH=tests:proto:service:. python -m faults.run --seeds 1000 --from 1
    PYTHONPATH=tests:proto:service:. python -m faults.run --seeds 1 --from 4711
    PYTHONPATH=tests:proto:service:. python -m faults.run --canaries

The second lives through one seed again, step for step. The third puts a broken part in, one after the other, and says
after how many seeds each was found; exit status 1 if one was not.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from faults.canaries import CANARIES
from faults.world import Story, run_seed

SUMMED = (
    "lives", "steps", "commands", "events", "set_aside", "timers_aside", "batches", "done_apart", "tenants_moved",
    "failed_operations", "refused_starts",
)  # fmt: skip
SAID_EVERY = 100
"""Seeds, to whoever waits."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults.run", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; one for each processor")
    parser.add_argument("--canaries", action="store_true", help="find the broken parts instead")
    parser.add_argument("--canary", choices=sorted(CANARIES), help="find this one")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.canaries or options.canary:
        return _find([options.canary] if options.canary else list(CANARIES), seeds, options.jobs)
    return _live(seeds, options.jobs)


@contextmanager
def _processes(jobs: int) -> Iterator[Any]:
    """As `map`, in so many processes."""
    if jobs == 1:
        yield map
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield pool.map
        pool.shutdown(cancel_futures=True)


def _live(seeds: range, jobs: int) -> int:
    began_s, sums, ends = time.monotonic(), Counter[str](), Counter[str]()
    with _processes(jobs) as each:
        for done, story in enumerate(each(run_seed, seeds), 1):
            if story.problem:
                print(f"seed {story.seed}: {story.problem}\n{story}")
                return 1
            ends.update(story.ends)
            for name in SUMMED:
                sums[name] += getattr(story, name)
            if done % SAID_EVERY == 0:
                print(f"{done} of {len(seeds)} seeds, {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    print(f"{len(seeds)} seeds in {time.monotonic() - began_s:.0f} s: no promise broken")
    print("; ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sums.items()))
    print("ends: " + "; ".join(f"{count} {name}" for name, count in sorted(ends.items())))
    return 0


def first_to_find(canary: str, seeds: range) -> Story | None:
    """The story of the first seed that finds a canary."""
    return next((story for seed in seeds if (story := run_seed(seed, CANARIES[canary])).problem), None)


def _find(names: list[str], seeds: range, jobs: int) -> int:
    missed = 0
    with _processes(jobs) as each:
        for name, story in zip(names, each(partial(first_to_find, seeds=seeds), names), strict=True):
            missed += story is None
            print(f"{name}: " + ("NOT FOUND" if story is None else f"seed {story.seed}, {story.problem}"), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
