"""How many commands a batch waits for, so that a commit is shared by as many as are sure to come.

A commit costs the event loop about as much as some calls do, so that a busy service has to commit seldom; but a command
that waits in vain is answered late. What is under way is only seen in part: gRPC hands calls over one by one, and keeps
the others to itself.
"""

from typing import Final

ENOUGH: Final = 64
"""So many commands are worth a commit of their own, however many more may be under way."""
WORTHWHILE: Final = 12
"""To wait as long as commands keep coming has to bring as many as this."""
BUSY: Final = 0.6
"""The share of its time that a busy loop is busy: of the rest it waits for the interpreter, or for what gRPC does."""
_DEPTH_FADES: Final = 0.75
"""How much of what was under way of late counts after it was waited for in vain: after a burst, a few batches see it
forgotten.
"""
_TRY_AFTER: Final = 8
_TRY_AFTER_MAX: Final = 64
"""Batches between two tries; twice as many after each that brought little."""


class Gathering:
    """Decides for one batch after the other; knows no time.

    By itself a batch waits for half of what was under way of late: the other half is with the commit before or with the
    next, and a caller alone does not wait. Where commits are quick, that shows nothing of what gRPC holds back: so when
    the loop has hardly any time left it is tried now and then whether commands keep coming, and as long as they do,
    batches are filled.
    """

    def __init__(self) -> None:
        self._depth = 0.0
        self._is_filling = False
        self._doubts = 0
        self._try_after = _TRY_AFTER
        self._until_try = _TRY_AFTER

    def begin(self, arrived: int, busy: float) -> int:
        """How many commands the next batch should have, given how many have come already, and how busy the loop is."""
        self._depth = max(self._depth, arrived)
        if not self._is_filling and busy > BUSY:
            self._until_try -= 1
            self._is_filling = self._until_try <= 0
        return ENOUGH if self._is_filling else min(int(self._depth / 2), ENOUGH)

    def end(self, arrived: int, busy: float, *, in_vain: bool) -> None:
        """So many have come in the end.

        Args:
            in_vain: others were waited for, and did not come.
        """
        self._depth = max(self._depth * _DEPTH_FADES, arrived) if in_vain else max(self._depth, arrived)
        if not self._is_filling:
            return
        if arrived >= WORTHWHILE and busy > BUSY:
            self._doubts = 0
            self._try_after = _TRY_AFTER
            return
        self._doubts += 1
        # One that is short among many that were not says little: a thread may have been kept from running.
        if self._doubts > 1 or self._try_after > _TRY_AFTER:
            self._is_filling = False
            self._doubts = 0
            self._try_after = min(self._try_after * 2, _TRY_AFTER_MAX)
            self._until_try = self._try_after
