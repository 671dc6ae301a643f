"""Work that is done one piece after the other, as on a file, by a few threads that many owners of such work share.

Lanes take turns, a piece at a time: one with much to do holds up the others by one piece, whatever it has waiting.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """Work of one owner, done in order and one piece at a time, by whichever thread is free."""

    __slots__ = ("_is_running", "_lock", "_pool", "_waiting")

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] | None = None
        self._is_running = False

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Have work done after all that was given before.

        The threads must not be ended before all that was given is done.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append((work, future))
            if not self._is_running:
                self._is_running = True
                self._pool.submit(self._do_one)
        return future

    async def run(self, work: Callable[[], T]) -> T:
        """As `submit`; work that was begun is finished even if nobody waits for it any more."""
        return await asyncio.wrap_future(self.submit(work))

    def _do_one(self) -> None:
        with self._lock:
            assert self._waiting
            work, future = self._waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
        # Not kept while there is nothing to do: what was worked on may be large.
        del work, future
        with self._lock:
            if not self._waiting:
                self._is_running = False
                self._waiting = None  # most lanes of many tenants are empty, and an empty deque takes 600 bytes
                return
        self._pool.submit(self._do_one)
