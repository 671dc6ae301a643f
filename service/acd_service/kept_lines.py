"""Who waits in which queue, looked at no more often than it is worth: one pass over a million contacts takes tens of
milliseconds, which no number of wallboards and scrapers may multiply.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from acd_core.views import AgentCounts, Line
from acd_service.clock import stopwatch_ns
from acd_service.engine_interface import RoutingEngine

FRESH_NS_MIN: Final = 500_000_000
SHARE_MAX: Final = 100
"""Looking takes at most one part in so many of the event loop's time."""


class Lines(NamedTuple):
    """As one look at the engine found it."""

    queues: tuple[Line, ...]
    agents: AgentCounts


Look = Callable[[Callable[[RoutingEngine], Lines]], Awaitable[Lines]]


class KeptLines:
    """The last look at one tenant's engine, which is half a second old at most as long as looking is cheap."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._kept: Lines | None = None
        self._fresh_until_ns = 0
        self._lock = asyncio.Lock()

    async def get(self) -> Lines:
        """The lines, as they were lately.

        Raises:
            Stopping: the service has failed.
        """
        async with self._lock:
            if self._kept is None or stopwatch_ns() >= self._fresh_until_ns:
                self._kept = await self._look(self._question)
            return self._kept

    def _question(self, engine: RoutingEngine) -> Lines:
        began_ns = stopwatch_ns()
        lines = Lines(engine.lines(), engine.agent_counts())
        now_ns = stopwatch_ns()
        self._fresh_until_ns = now_ns + max(FRESH_NS_MIN, (now_ns - began_ns) * SHARE_MAX)
        return lines
