# ruff: noqa: T201 (a command line prints)
"""The long form of the equality test: `python -m verification.run --commands 5000000`, from anywhere.

    PYTHONPATH=tests:service:. python -m verification.run --commands 1000000 --seed 1 --each 2000 --jobs 2
    PYTHONPATH=tests:service:. python -m verification.run --seed 4711 --seeds 1 --each 2000

The first runs as many seeds as it takes for a million commands; the second runs one seed again. Ends with the coverage
table and exit status 0, or at the first seed that fails with its story and 1.
"""

import argparse
import itertools
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from verification.engines import by_seed
from verification.lockstep import Coverage, DisagreementError
from verification.quartet import run_seed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m verification.run", description=__doc__.partition("\n")[0])
    parser.add_argument("--commands", type=int, default=1_000_000, help="commands in all")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=0, help="how many seeds; 0 for as many as the commands need")
    parser.add_argument("--each", type=int, default=2_000, help="commands of each seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    seeds = options.seeds or -(-options.commands // options.each)
    started = time.monotonic()
    coverage = Coverage()
    with ProcessPoolExecutor(options.jobs) as pool:
        work = range(options.seed, options.seed + seeds)
        results = pool.map(_run, work, itertools.repeat(options.each, seeds), chunksize=8)
        for done, (seed, outcome) in enumerate(results, 1):
            if isinstance(outcome, str):
                pool.shutdown(cancel_futures=True)
                print(f"\nseed {seed} FAILED; again with: --seed {seed} --seeds 1 --each {options.each}\n{outcome}")
                return 1
            coverage.add(outcome)
            _progress(done, seeds, options.each, started)
    print(f"\n{coverage.table()}\n{seeds} seeds, {seeds * options.each} commands: all equal, no violation")
    return 0


def _run(seed: int, commands: int) -> tuple[int, Coverage | str]:
    try:
        return seed, run_seed(seed, commands, by_seed(seed)).coverage
    except DisagreementError as error:
        return seed, str(error)


def _progress(done: int, seeds: int, each: int, started: float) -> None:
    rate = done * each / max(time.monotonic() - started, 1e-9)
    if sys.stderr.isatty() or done % 50 == 0 or done == seeds:
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{done} of {seeds} seeds, {done * each} commands, {rate:.0f}/s", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
