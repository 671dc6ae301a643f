"""Files that are opened when they are needed and closed when others were needed more of late.

Each of a thousand tenants has some; an open one takes tens of kilobytes and up to three descriptors. So their number
is bounded for all tenants together, and whichever was not used for the longest time makes room.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from acd_service.lanes import Lane

F = TypeVar("F")
T = TypeVar("T")
_REST: Final = 4
"""So many times as long as it took to open a file in turn no other is."""


class _Closes(Protocol):
    def let_go(self) -> object: ...


class OpenFiles:
    """Those that are open, the one that was used last at the end; to be used on the event loop.

    Args:
        count_max: of those that stay open.
    """

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._open: dict[_Closes, None] = {}

    def used(self, file: _Closes) -> None:
        """Note that one is about to be used."""
        self._open.pop(file, None)
        self._open[file] = None
        if len(self._open) > self._count_max:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.let_go()

    def closed(self, file: _Closes) -> None:
        """Note that one is not open any more."""
        self._open.pop(file, None)


class Turns:
    """Who opens a file next that nobody waits for: one at a time, with a rest after each, so that a thousand tenants
    with a little news each do not take the processor from those who route. To be used on the event loop.
    """

    def __init__(self) -> None:
        self._line: deque[asyncio.Future[bool]] = deque()
        self._is_taken = False

    def wait(self) -> "asyncio.Future[bool]":
        """Done with True when it is one's turn, which has to be given back by `over`. Who cannot wait so long sets it
        to False, and needs no turn then.
        """
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        if not self._is_taken:
            self._next()
        return turn

    def over(self, took_s: float) -> None:
        """Give a turn back that took so long."""
        asyncio.get_running_loop().call_later(took_s * _REST, self._next)

    def _next(self) -> None:
        self._is_taken = False
        while self._line and not self._is_taken:
            turn = self._line.popleft()
            if not turn.done():
                self._is_taken = True
                turn.set_result(True)


class OpenedByNeed(Generic[F]):
    """A file, or what is made of one, that is opened before it is used; from one lane only.

    Args:
        open_it: called in the lane; what it raises, `use` raises.
        close_it: likewise.
    """

    def __init__(self, lane: Lane, files: OpenFiles, open_it: Callable[[], F], close_it: Callable[[F], object]) -> None:
        self._lane = lane
        self._files = files
        self._open_it = open_it
        self._close_it = close_it
        self._file: F | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next use need not open it, unless it is closed before."""
        return self._file is not None

    async def use(self, work: Callable[[F], T]) -> T:
        """Do something with it, after all that it is used for already."""
        self._files.used(self)

        def opened() -> T:
            if self._file is None:
                self._file = self._open_it()
            return work(self._file)

        return await self._lane.run(opened)

    async def close(self) -> None:
        """Close it, once all is done that it is used for; the next use opens it again."""
        self._files.closed(self)
        await self._lane.run(self._close)

    def let_go(self) -> object:
        """As `close`, without waiting for it."""
        return self._lane.submit(self._close)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            self._close_it(file)
