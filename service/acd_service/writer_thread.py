"""The thread in which the journal is written: work goes in one after the other, and comes back to the event loop."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Work = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class WriterThread:
    """As an executor of one thread, with fewer steps on the way: each batch goes through here.

    Work that was begun is finished; to be used from one event loop.
    """

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._name = name
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Have work done after all that was given before."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._queue.put((work, future))
        return future

    def stop(self) -> None:
        """Finish what was given, then end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            try:
                result, error = work(), None
            except BaseException as raised:
                result, error = None, raised
            future.get_loop().call_soon_threadsafe(_settle, future, result, error)
            # Not kept while waiting for more: a batch is large.
            del item, work, future, result, error


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
