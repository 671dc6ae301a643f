import math
import random

import pytest

from acd_service.simulation.estimates import STUDENT_975, ratio


def test_a_ratio_of_sums_and_its_half_width() -> None:
    above = [1.0, 3.0] * 16
    estimate = ratio(above, [2.0] * 32)
    assert estimate["value"] == 1.0
    # Rest −1, 1, −1, …: variance 32/31; over mean y = 2 and √32 batches.
    assert estimate["half_width"] == pytest.approx(STUDENT_975[32] * math.sqrt(32 / 31) / math.sqrt(32) / 2)


def test_nothing_to_divide_by() -> None:
    assert ratio([0.0] * 32, [0.0] * 32) == {"value": None, "half_width": None}


def test_too_short_a_run_has_no_half_width() -> None:
    assert ratio([1.0] * 32, [2.0] * 32, long_enough=False) == {"value": 0.5, "half_width": None}


def test_correlated_batches_are_joined() -> None:
    slow_wave = [math.sin(2 * math.pi * i / 32) for i in range(32)]
    independent = ratio(random.Random(1).sample(slow_wave, 32), [1.0] * 32)["half_width"]
    correlated = ratio(slow_wave, [1.0] * 32)["half_width"]
    assert independent is not None
    assert correlated is not None
    assert correlated > 1.5 * independent


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_the_interval_covers_as_often_as_it_says(memory: float) -> None:
    """Batches of an autoregressive process, as those of a queue in heavy traffic.

    At a memory of 0.5 batches are far too short: without joining them only about 75 of 100 intervals cover 0.
    """
    generator = random.Random(5)
    covered = 0
    for _ in range(1000):
        level = generator.gauss(0, 1 / math.sqrt(1 - memory**2))
        batches = []
        for _ in range(32):
            level = memory * level + generator.gauss(0, 1)
            batches.append(level)
        estimate = ratio(batches, [1.0] * 32)
        assert estimate["value"] is not None
        assert estimate["half_width"] is not None
        covered += abs(estimate["value"]) <= estimate["half_width"]
    assert (920 if memory == 0 else 820) <= covered <= 980
