"""Looks at the engine that many ask for are taken once, and the dearer one is the longer it is kept."""

import asyncio
from typing import Any

import pytest

from acd_core.reference import ReferenceEngine
from acd_service import kept_lines
from acd_service.kept_lines import FRESH_NS_MIN, SHARE_MAX, KeptLines, Lines


class Watched:
    """Lines kept by a clock that only moves when told, and how often the engine was looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        self.cost_ns = 0
        self.looks = 0
        monkeypatch.setattr(kept_lines, "stopwatch_ns", self._stopwatch_ns)
        self.lines = KeptLines(self._look)

    def _stopwatch_ns(self) -> int:
        return self.now_ns

    async def _look(self, question: Any) -> Lines:
        await asyncio.sleep(0)
        self.looks += 1
        engine = ReferenceEngine()
        agent_counts = engine.agent_counts

        def dear() -> Any:
            self.now_ns += self.cost_ns
            return agent_counts()

        engine.agent_counts = dear  # type: ignore[method-assign]
        return question(engine)

    def ask(self, times: int = 1) -> None:
        async def together() -> None:
            answers = await asyncio.gather(*(self.lines.get() for _ in range(times)))
            assert answers == [answers[0]] * times

        asyncio.run(together())


def test_one_look_for_all_who_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    watched.ask(times=50)
    assert watched.looks == 1


def test_a_cheap_look_is_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    watched.ask()
    watched.now_ns += FRESH_NS_MIN - 1
    watched.ask()
    assert watched.looks == 1
    watched.now_ns += 1
    watched.ask()
    assert watched.looks == 2


def test_a_dear_look_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    watched.cost_ns = 30_000_000
    spent_ns, steps = 0, 2_000
    for _ in range(steps):
        before = watched.looks
        watched.ask()
        spent_ns += (watched.looks - before) * watched.cost_ns
        watched.now_ns += 10_000_000
    assert watched.looks > 1
    assert spent_ns <= watched.now_ns / SHARE_MAX + watched.cost_ns
