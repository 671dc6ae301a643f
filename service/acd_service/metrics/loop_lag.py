"""How late the event loop is: a timer four times a second, and how long after its time it went off."""

import asyncio
from typing import Final

from acd_service.clock import stopwatch_ns
from acd_service.meters import Histogram

PERIOD_S: Final = 0.25


async def sample_loop_lag(into: Histogram) -> None:
    """Count until cancelled."""
    while True:
        began_ns = stopwatch_ns()
        await asyncio.sleep(PERIOD_S)
        into.observe(max(stopwatch_ns() - began_ns - int(PERIOD_S * 1e9), 0))
