"""The shell on simulated time and a faulty disk: no seed breaks a promise, and every broken part is found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults.canaries import CANARIES
from faults.run import first_to_find
from faults.world import run_seed

ENGINE = os.environ.get("ACD_TEST_ENGINE", "compiled")
FIRST_SEED = int(os.environ.get("ACD_TEST_FAULTS_FROM", "1"))
ROOT = Path(__file__).parents[2]
SEEDS = 60
LONG_BLOCKS, BLOCK_SEEDS = 20, 150
CANARY_SEEDS = 60
DISTURBED_SEEDS = 4


def test_no_promise_is_broken():
    ends = set()
    for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
        story = run_seed(seed, engine=ENGINE)
        assert not story.problem, (
            f"PYTHONPATH=tests:proto:service:. python -m faults.run --seeds 1 --from {seed}\n{story}"
        )
        ends.update(story.ends)
    assert ends >= {"kill", "power cut", "kill in a write", "power cut in a write", "full disk", "disk errors"}


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("first", range(10_000, 10_000 + LONG_BLOCKS * BLOCK_SEEDS, BLOCK_SEEDS))
def test_no_promise_is_broken_in_many_lives(first):
    for seed in range(first, first + BLOCK_SEEDS):
        story = run_seed(seed, engine=ENGINE)
        assert not story.problem, story


def test_a_seed_is_the_same_story_again():
    first, again = run_seed(FIRST_SEED + 1, engine=ENGINE), run_seed(FIRST_SEED + 1, engine=ENGINE)
    assert first == again
    assert first.trace != run_seed(FIRST_SEED + 2, engine=ENGINE).trace


def test_a_seed_is_the_same_story_on_any_machine():
    """Step for step: with other hashes of strings, real work that takes its time, another layout of the memory, and a
    thread that takes the interpreter.
    """
    path = os.pathsep.join([str(ROOT / "tests"), *sys.path])
    lives = [
        subprocess.Popen(
            [sys.executable, "-m", "faults.disturbed", str(FIRST_SEED), str(DISTURBED_SEEDS), str(noise)],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": str(noise)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for noise in (0, 1)
    ]
    quiet, disturbed = [life.communicate()[0].splitlines() for life in lives]
    assert len(quiet) == DISTURBED_SEEDS
    assert disturbed == quiet


@pytest.mark.parametrize("canary", CANARIES)
def test_a_broken_part_is_found(canary):
    assert first_to_find(canary, range(1, CANARY_SEEDS + 1)) is not None
