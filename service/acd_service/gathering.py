"""How many commands a batch waits for, so that a commit is shared by as many as pays.

A commit costs the event loop about as much as a call or two. As long as the loop has time left it costs nobody anything
to commit at once, and whoever waits for others waits for nothing. When the loop has hardly any time left, commits have
to be shared: a little more with each look as long as that lasts, and half as much as soon as it has time again (as TCP
finds its share of a line: Chiu and Jain, Analysis of the increase and decrease algorithms, 1989).
"""

from typing import Final

ENOUGH: Final = 64
"""So many commands are worth a commit of their own, however many more may be under way."""
BUSY: Final = 0.85
"""The share of its time from which on a loop has hardly any left."""
HAS_TIME: Final = 0.75
IS_IDLE: Final = 0.5
"""What went before says nothing any more."""
_STEP: Final = 8
"""A batch waits for an eighth more, and for one more at least."""


class Gathering:
    """Decides for one batch after the other; knows no time.

    Attributes:
        enough: how many commands a batch waits for.
    """

    def __init__(self) -> None:
        self.enough = 1

    def look(self, busy: float | None) -> None:
        """Go by how busy the loop has been since the last look; None: it is too early to tell."""
        if busy is None:
            return
        if busy > BUSY:
            self.enough = min(self.enough + max(1, self.enough // _STEP), ENOUGH)
        elif busy < IS_IDLE:
            self.enough = 1
        elif busy < HAS_TIME:
            self.enough = max(self.enough // 2, 1)
