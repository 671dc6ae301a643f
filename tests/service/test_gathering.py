"""How many commands a batch waits for."""

from acd_service.gathering import BUSY, ENOUGH, WORTHWHILE, Gathering


def _batches_until_filling(gathering: Gathering, arrived: int = 1, batches_max: int = 1_000) -> int:
    """Batches of a busy loop until one is tried to be filled."""
    for count in range(batches_max):
        if gathering.begin(arrived, 1.0) == ENOUGH:
            return count
        gathering.end(arrived, 1.0, in_vain=False)
    return batches_max


def test_a_caller_alone_does_not_wait() -> None:
    gathering = Gathering()
    for _ in range(100):
        assert gathering.begin(1, 0.1) <= 1
        gathering.end(1, 0.1, in_vain=False)


def test_half_of_what_was_under_way_makes_a_batch_until_it_is_waited_for_in_vain() -> None:
    gathering = Gathering()
    gathering.begin(10, 0.1)
    gathering.end(10, 0.1, in_vain=False)
    assert gathering.begin(2, 0.1) == 5
    gathering.end(5, 0.1, in_vain=False)
    assert gathering.begin(2, 0.1) == 5
    waited = []
    for _ in range(10):
        waited.append(gathering.begin(1, 0.1))
        gathering.end(1, 0.1, in_vain=True)
    assert waited == sorted(waited, reverse=True)
    assert waited[-1] <= 1


def test_batches_are_filled_while_the_loop_is_busy_and_commands_keep_coming() -> None:
    gathering = Gathering()
    assert _batches_until_filling(gathering) < 20
    for _ in range(50):
        gathering.end(WORTHWHILE, 1.0, in_vain=False)
        assert gathering.begin(1, 1.0) == ENOUGH
    gathering.end(WORTHWHILE, BUSY / 2, in_vain=False)
    gathering.begin(1, BUSY / 2)
    gathering.end(WORTHWHILE, BUSY / 2, in_vain=False)
    assert gathering.begin(1, BUSY / 2) < ENOUGH


def test_a_loop_that_has_time_fills_no_batches() -> None:
    gathering = Gathering()
    for _ in range(1_000):
        assert gathering.begin(1, BUSY) < ENOUGH
        gathering.end(1, BUSY, in_vain=False)


def test_what_brings_little_is_tried_less_and_less_often() -> None:
    gathering = Gathering()
    gaps = []
    for _ in range(8):
        gaps.append(_batches_until_filling(gathering))
        for _ in range(2):  # the first of a row that is short may be chance
            gathering.end(2, 1.0, in_vain=True)
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]


def test_one_batch_that_is_short_among_full_ones_ends_nothing() -> None:
    gathering = Gathering()
    _batches_until_filling(gathering)
    for _ in range(20):
        gathering.end(ENOUGH, 1.0, in_vain=False)
        assert gathering.begin(1, 1.0) == ENOUGH
        gathering.end(1, 1.0, in_vain=True)
        assert gathering.begin(1, 1.0) == ENOUGH
