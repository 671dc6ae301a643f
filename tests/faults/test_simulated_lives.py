"""The shell on simulated time and a faulty disk: no seed breaks a promise, and every broken part is found."""

import os

import pytest
from faults.canaries import CANARIES
from faults.run import first_to_find
from faults.world import run_seed

ENGINE = os.environ.get("ACD_TEST_ENGINE", "compiled")
FIRST_SEED = int(os.environ.get("ACD_TEST_FAULTS_FROM", "1"))
SEEDS = 25
LONG_SEEDS = 3_000
CANARY_SEEDS = 60


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
def test_no_promise_is_broken_in_many_lives():
    for seed in range(10_000, 10_000 + LONG_SEEDS):
        story = run_seed(seed, engine=ENGINE)
        assert not story.problem, story


def test_a_seed_is_the_same_story_again():
    first, again = run_seed(FIRST_SEED + 1, engine=ENGINE), run_seed(FIRST_SEED + 1, engine=ENGINE)
    assert first == again
    assert first.trace != run_seed(FIRST_SEED + 2, engine=ENGINE).trace


@pytest.mark.parametrize("canary", CANARIES)
def test_a_broken_part_is_found(canary):
    assert first_to_find(canary, range(1, CANARY_SEEDS + 1)) is not None
