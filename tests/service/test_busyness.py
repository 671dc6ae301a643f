"""How busy a thread is."""

import time

import pytest

from acd_service import busyness
from acd_service.busyness import Busyness


@pytest.mark.parametrize("where", [None, "/nowhere/schedstat"])
def test_a_thread_that_works_is_busier_than_one_that_sleeps(monkeypatch: pytest.MonkeyPatch, where: str | None) -> None:
    if where is not None:
        monkeypatch.setattr(busyness, "_SCHEDSTAT", where)
    thread = Busyness()
    spent_ns = thread.spent_ns()
    while thread.spent_ns() - spent_ns < 60_000_000:
        pass
    worked = thread.share()
    time.sleep(0.3)
    slept = thread.share()
    thread.close()
    assert 0 <= slept < worked <= 1.5
