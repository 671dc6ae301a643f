"""All that reads from outside: seeds again and again, as they are and changed at random."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.random_messages import mutated
from fuzz.targets import TARGETS

SEEDS = Path(__file__).with_name("seeds")
ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("ACD_TEST_FUZZ_SEED", "1"))
MUST_TAKE = sorted(set(TARGETS) - {"roster_json", "customers_json"})


def seeds_of(target):
    return [path.read_bytes() for path in sorted((SEEDS / target).iterdir())]


def run(target, seed, count):
    """Change seeds at random, also what came of changing them, and read all of it."""
    draw = random.Random(seed)
    kept = seeds_of(target)
    for number in range(count):
        content = mutated(draw.choice(kept), draw)
        try:
            taken = TARGETS[target](content)
        except Exception as error:
            error.add_note(f"target {target}, seed {seed}, number {number}, content {content!r}")
            raise
        if taken and len(kept) < 500:
            kept.append(content)


@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target):
    taken = [TARGETS[target](content) for content in seeds_of(target)]
    assert any(taken) or target not in MUST_TAKE


@pytest.mark.parametrize("target", TARGETS)
def test_changed_seeds(target):
    run(target, SEED, 150)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_changed_seeds_long(target):
    """In a process of its own: a reader that writes where it may not would take this one along."""
    program = f"from fuzz import test_readers; test_readers.run({target!r}, {SEED + 1}, 20000)"
    paths = [str(ROOT / part) for part in ("", "proto", "service", "tests")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=3_000
    )
    assert done.returncode == 0, done.stderr[-4_000:]
