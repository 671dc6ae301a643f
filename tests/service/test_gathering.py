"""How many commands a batch waits for."""

import itertools

import pytest

from acd_service.gathering import BUSY, ENOUGH, HAS_TIME, IS_IDLE, Gathering


def _filled() -> Gathering:
    gathering = Gathering()
    for _ in range(100):
        gathering.look(1.0)
    return gathering


def test_nobody_waits_as_long_as_the_loop_has_time() -> None:
    gathering = Gathering()
    for busy in (0.0, IS_IDLE, HAS_TIME, BUSY, None):
        gathering.look(busy)
        assert gathering.enough == 1


def test_a_busy_loop_shares_commits_more_and_more_up_to_a_bound() -> None:
    gathering = Gathering()
    seen = []
    for _ in range(60):
        gathering.look(1.0)
        seen.append(gathering.enough)
    assert all(before < after or after == ENOUGH for before, after in itertools.pairwise(seen))
    assert seen[0] == 2
    assert seen[-1] == ENOUGH


@pytest.mark.parametrize("busy", [None, HAS_TIME, BUSY])
def test_where_it_is_about_right_it_stays(busy: float | None) -> None:
    gathering = _filled()
    gathering.look(busy)
    assert gathering.enough == ENOUGH


def test_a_loop_that_has_time_again_soon_waits_for_nobody() -> None:
    gathering = _filled()
    gathering.look((HAS_TIME + IS_IDLE) / 2)
    assert gathering.enough == ENOUGH // 2
    gathering.look(IS_IDLE / 2)
    assert gathering.enough == 1
