# ruff: noqa: T201 (a command line prints)
"""Lives through seeds on a machine that is slow, full and busy as is drawn, and prints what each came to.

    PYTHONPATH=tests:proto:service:. python -m faults.disturbed FIRST_SEED HOW_MANY NOISE

Whatever NOISE is, the same seeds print the same: real work waits for real time, memory is laid out otherwise, and
another thread takes the interpreter now and then. 0: nothing of that.
"""

import random
import sys
import threading
import time

from faults.clockwork import SimulatedLoop
from faults.world import run_seed

SLEEP_S_MAX = 0.002


def _disturb(noise: int) -> None:
    draw, junk = random.Random(noise), []
    run_in_executor = SimulatedLoop.run_in_executor

    def run_late(loop, executor, func, *args):
        def late():
            if draw.random() < 0.1:
                time.sleep(draw.random() * SLEEP_S_MAX)
            junk.append([object() for _ in range(draw.randrange(64))])
            if len(junk) > 1_000:
                draw.shuffle(junk)
                del junk[:500]
            return func(*args)

        return run_in_executor(loop, executor, late)

    SimulatedLoop.run_in_executor = run_late

    def be_busy():
        while True:
            sum(range(draw.randrange(20_000)))
            time.sleep(SLEEP_S_MAX)

    threading.Thread(target=be_busy, daemon=True).start()


def main() -> None:
    first, count, noise = map(int, sys.argv[1:])
    if noise:
        _disturb(noise)
    for seed in range(first, first + count):
        print(seed, run_seed(seed))


if __name__ == "__main__":
    main()
