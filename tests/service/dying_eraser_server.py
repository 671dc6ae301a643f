"""The service, which dies before the step of an erasure that ACD_TEST_DIES_AT names, counted from 0. The record is
replaced in pieces so small that there are several."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from acd_service import server
from acd_service.erasing import links
from acd_service.erasing.eraser import Eraser

links._BYTES_AT_ONCE = 10_000  # type: ignore[misc]


class _Dying:
    left = int(os.environ["ACD_TEST_DIES_AT"])
    step = Eraser._in_journal

    async def before(self, work: Callable[[], Any]) -> Any:
        if _Dying.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        _Dying.left -= 1
        return await _Dying.step(self, work)  # type: ignore[arg-type]


Eraser._in_journal = _Dying.before  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    sys.exit(server.main())
