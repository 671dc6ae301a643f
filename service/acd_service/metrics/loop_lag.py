"""How late the event loop is: a timer ten times a second, and how long after its time it went off."""

import asyncio
import logging
from typing import Final

from acd_service.clock import stopwatch_ns
from acd_service.meters import Meters

PERIOD_S: Final = 0.1
WORTH_A_LINE_NS: Final = 1_000_000_000
_log = logging.getLogger(__name__)


async def sample_loop_lag(into: Meters) -> None:
    """Count until cancelled; a stall of a second or more is a line in the log."""
    while True:
        began_ns = stopwatch_ns()
        await asyncio.sleep(PERIOD_S)
        now_ns = stopwatch_ns()
        late_ns = max(now_ns - began_ns - int(PERIOD_S * 1e9), 0)
        into.loop_lag_ns.observe(late_ns)
        into.stall_ns.observe(late_ns, now_ns)
        if late_ns >= WORTH_A_LINE_NS:
            _log.warning("the event loop stood still for %.1f s: nobody was answered", late_ns * 1e-9)
