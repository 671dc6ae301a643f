"""The histogram against the exact answer."""

import random

import pytest

from load.histogram import Histogram


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 0.999, 1.0])
def test_quantiles_are_exact_to_within_one_percent(seed: int, share: float) -> None:
    draws = random.Random(seed)
    times = [int(10 ** draws.uniform(0, 11)) for _ in range(5_000)]
    histogram = Histogram()
    for time_ns in times:
        histogram.record(time_ns)
    exact = sorted(times)[max(-(-int(share * 1e6) * len(times) // 10**6) - 1, 0)]
    assert exact <= histogram.quantile_ns(share) <= exact * 1.01 + 1
    assert (histogram.count, histogram.max_ns) == (5_000, max(times))


def test_small_times_are_exact() -> None:
    histogram = Histogram()
    for time_ns in (0, 1, 2, 3, 255, -5):
        histogram.record(time_ns)
    assert [histogram.quantile_ns(place / 6) for place in range(1, 7)] == [0, 0, 1, 2, 3, 255]


def test_two_together_are_as_one() -> None:
    both, first, second = Histogram(), Histogram(), Histogram()
    for number in range(1_000):
        both.record(number**3)
        (first if number % 3 else second).record(number**3)
    first.add(second)
    shares = (0.1, 0.5, 0.9, 0.99, 1.0)
    assert [first.quantile_ns(share) for share in shares] == [both.quantile_ns(share) for share in shares]
    assert first.figures_ms() == both.figures_ms()


def test_nothing_counted_is_zero() -> None:
    assert Histogram().figures_ms() == {"p50_ms": 0.0, "p99_ms": 0.0, "p999_ms": 0.0, "max_ms": 0.0}
