"""The service, which dies before the step of an erasure that ACD_TEST_DIES_AT names, counted from 0; at "aside"
when the record is replaced and the list of commands that were set aside is to follow. With ACD_TEST_STALLS it says so
and goes no further with the erasure instead. The record is replaced in pieces so small that there are several."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from acd_service import server
from acd_service.erasing import links
from acd_service.erasing.eraser import Eraser
from acd_service.set_aside import SetAside

links._BYTES_AT_ONCE = 10_000  # type: ignore[misc]


class _Dying:
    left = -1 if os.environ["ACD_TEST_DIES_AT"] == "aside" else int(os.environ["ACD_TEST_DIES_AT"])
    step = Eraser._in_journal

    async def before(self, work: Callable[[], Any]) -> Any:
        if _Dying.left == 0:
            if os.environ.get("ACD_TEST_STALLS"):
                sys.stderr.write("the erasure stalls\n")
                sys.stderr.flush()
                await asyncio.Event().wait()
            os.kill(os.getpid(), signal.SIGKILL)
        _Dying.left -= 1
        return await _Dying.step(self, work)  # type: ignore[arg-type]


def _die_when_contacts_are_known(self: SetAside, customer_id: str, contact_ids: Iterable[str]) -> None:
    known = set(contact_ids)
    if known:
        os.kill(os.getpid(), signal.SIGKILL)
    _erase(self, customer_id, known)


_erase = SetAside.erase
if os.environ["ACD_TEST_DIES_AT"] == "aside":
    SetAside.erase = _die_when_contacts_are_known  # type: ignore[method-assign]
Eraser._in_journal = _Dying.before  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    sys.exit(server.main())
