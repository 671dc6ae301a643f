"""Four-way equality over adversarial streams: live = replayed = snapshot + tail = reference, the checker beside.

A failure names its seed; docs/verification.md says how to run it again alone, and how to run millions.
"""

import pytest
from verification.engines import BOTH, UNSHARED
from verification.quartet import run_seed

SEEDS_EACH = 8
COMMANDS = 1_000


@pytest.mark.parametrize("first", range(0, 200, SEEDS_EACH))
def test_engines_are_equal(first: int) -> None:
    for seed in range(first, first + SEEDS_EACH):
        outcome = run_seed(seed, COMMANDS, BOTH)
        assert outcome.commands == COMMANDS


@pytest.mark.parametrize("first", range(300, 348, SEEDS_EACH))
def test_engines_are_equal_without_classes(first: int) -> None:
    """Few contacts in classes, most in the lists of their rarest skills; some of each demand end up in both."""
    for seed in range(first, first + SEEDS_EACH):
        assert run_seed(seed, COMMANDS, UNSHARED).commands == COMMANDS


def test_engines_are_equal_over_one_long_stream() -> None:
    outcome = run_seed(1_000_001, 10_000, BOTH)
    assert outcome.accepted > 1_000


@pytest.mark.parametrize("seed", [900283])
def test_a_stream_that_told_somebody_apart_once(seed: int) -> None:
    """Seeds of long runs that found a fault, of an engine or of the checker, at the length at which they did."""
    assert run_seed(seed, 2_000, BOTH).commands == 2_000
