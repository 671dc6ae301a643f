"""Where the journal is written: one thing after the other, and each comes back to the event loop.

What a busy service commits again and again is carried out by a thread that needs no interpreter (`commit_thread`), so
that a commit does not keep the event loop waiting; everything else by a thread of Python. Never by both at once.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from acd_service.journal import Batch, Journal

T = TypeVar("T")
_Work = tuple[Callable[[], Any], "asyncio.Future[Any]"]
_LARGE_BYTES: Final = 65_536
"""A batch of so many is hashed in the thread of Python: hashing lets go of the interpreter, and takes longer than
handing over.
"""


class WriterThread:
    """As an executor of one thread, with fewer steps on the way: each batch goes through here.

    Work that was begun is finished; to be used from one event loop.
    """

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._name = name
        self._thread: threading.Thread | None = None
        self._unfinished = 0
        self._held: list[_Work] = []
        """What waits for the appending that was begun."""
        self._appending: asyncio.Future[None] | None = None
        self._journal: Journal | None = None
        self._listens_to: tuple[Journal, asyncio.AbstractEventLoop, int] | None = None

    def run(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Have work done after all that was given before."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._unfinished += 1
        if self._appending is None:
            self._hand_over((work, future))
        else:
            self._held.append((work, future))
        return future

    def append(self, journal: Journal, batch: Batch) -> "asyncio.Future[None]":
        """Have a batch appended to the journal, after all that was given before.

        Raises:
            JournalWriteFailed: nothing was begun.
        """
        descriptor = journal.commit_descriptor
        if descriptor is None or self._unfinished or self._appending is not None or _is_large(batch):
            return self.run(lambda: journal.append(batch))
        loop = asyncio.get_running_loop()
        if self._listens_to is None or self._listens_to[0] is not journal:
            # One that was opened again may have the descriptor of the one before, which nobody listens to any more.
            self._listen_no_more()
            loop.add_reader(descriptor, self._appended)
            self._listens_to = journal, loop, descriptor
        journal.begin_append(batch)
        self._journal = journal
        self._appending = loop.create_future()
        return self._appending

    def stop(self) -> None:
        """Finish what was given, then end the thread."""
        if self._appending is not None:
            self._appended()
        self._listen_no_more()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _listen_no_more(self) -> None:
        if self._listens_to is not None:
            _, loop, descriptor = self._listens_to
            loop.remove_reader(descriptor)
            self._listens_to = None

    def _appended(self) -> None:
        future, journal = self._appending, self._journal
        if future is None or journal is None:
            return
        self._appending = self._journal = None
        error: Exception | None = None
        try:
            journal.end_append()
        except Exception as failed:  # whatever it is, whoever waits has to hear of it
            error = failed
        held, self._held = self._held, []
        for item in held:
            self._hand_over(item)
        _settle(future, None, error)

    def _hand_over(self, item: _Work) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._queue.put(item)

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            try:
                result, error = work(), None
            except BaseException as raised:
                result, error = None, raised
            future.get_loop().call_soon_threadsafe(self._finished, future, result, error)
            # Not kept while waiting for more: a batch is large.
            del item, work, future, result, error

    def _finished(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        self._unfinished -= 1
        _settle(future, result, error)


def _is_large(batch: Batch) -> bool:
    stretches = sum(len(stretch.commands) + len(stretch.events) for stretch in batch.stretches)
    size = stretches + sum(len(record.content) for records in (batch.commands, batch.events) for record in records)
    return size > _LARGE_BYTES


def _settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
