"""Where the journal is written: appending that needs no interpreter, and everything else."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from acd_service.journal import Batch, CommandRecord, JournalWriteFailed
from acd_service.writer_thread import WriterThread

SMALL = Batch([CommandRecord("default", 1, 1, 0, b"a command")], [], [])
LARGE = Batch([CommandRecord("default", 2, 1, 0, b"." * 100_000)], [], [])


class Paper:
    """In place of a journal: notes who wrote; what is begun ends when the test says so."""

    def __init__(self) -> None:
        self.commit_descriptor = os.eventfd(0, os.EFD_NONBLOCK)
        self.notes: list[str] = []
        self.fails = False
        self.error: Exception = JournalWriteFailed("the disk is full")

    def append(self, batch: Batch) -> None:
        self.notes.append(f"appended {batch.commands[0].seq} in {threading.current_thread().name}")

    def begin_append(self, batch: Batch) -> None:
        self.notes.append(f"begun {batch.commands[0].seq}")

    def let_end(self) -> None:
        os.eventfd_write(self.commit_descriptor, 1)

    def end_append(self) -> None:
        os.eventfd_read(self.commit_descriptor)
        self.notes.append("ended")
        if self.fails:
            raise self.error


def _with_writer(story: Callable[[WriterThread, Any], Awaitable[None]]) -> list[str]:
    paper = Paper()

    async def run() -> None:
        writer = WriterThread("pen")
        try:
            await story(writer, paper)
        finally:
            writer.stop()

    asyncio.run(asyncio.wait_for(run(), 60))
    os.close(paper.commit_descriptor)
    return paper.notes


def test_a_small_batch_needs_no_thread_of_python() -> None:
    async def story(writer: WriterThread, paper: Any) -> None:
        for _ in range(2):
            appended = writer.append(paper, SMALL)
            await asyncio.sleep(0.01)
            assert not appended.done()
            paper.let_end()
            await appended
        assert "pen" not in {thread.name for thread in threading.enumerate()}

    assert _with_writer(story) == ["begun 1", "ended"] * 2


def test_another_journal_is_heard_too() -> None:
    other = Paper()

    async def story(writer: WriterThread, paper: Any) -> None:
        for each in (paper, other, paper):
            appended = writer.append(each, SMALL)
            each.let_end()
            await asyncio.wait_for(appended, 10)

    assert _with_writer(story) == ["begun 1", "ended"] * 2
    os.close(other.commit_descriptor)
    assert other.notes == ["begun 1", "ended"]


def test_a_large_batch_goes_to_the_thread_of_python() -> None:
    async def story(writer: WriterThread, paper: Any) -> None:
        await writer.append(paper, LARGE)

    assert _with_writer(story) == ["appended 2 in pen"]


def test_work_waits_for_the_appending_that_was_begun() -> None:
    async def story(writer: WriterThread, paper: Any) -> None:
        appended = writer.append(paper, SMALL)
        works = [writer.run(lambda number=number: paper.notes.append(f"work {number}")) for number in range(3)]
        later = writer.append(paper, SMALL)
        await asyncio.sleep(0.05)
        assert paper.notes == ["begun 1"]
        paper.let_end()
        await asyncio.gather(appended, *works, later)
        again = writer.append(paper, SMALL)
        paper.let_end()
        await again

    order = ["begun 1", "ended", "work 0", "work 1", "work 2", "appended 1 in pen", "begun 1", "ended"]
    assert _with_writer(story) == order


def test_appending_does_not_begin_beside_work_even_if_nobody_waits_for_that() -> None:
    async def story(writer: WriterThread, paper: Any) -> None:
        may_end = threading.Event()

        def work() -> None:
            assert may_end.wait(30)
            paper.notes.append("work")

        working = writer.run(work)
        working.cancel()
        appended = writer.append(paper, SMALL)
        await asyncio.sleep(0.05)
        assert paper.notes == []
        may_end.set()
        await appended

    assert _with_writer(story) == ["work", "appended 1 in pen"]


@pytest.mark.parametrize("kind", [JournalWriteFailed, OSError])
def test_a_failure_comes_to_whoever_waits_and_work_goes_on(kind: type[Exception]) -> None:
    async def story(writer: WriterThread, paper: Any) -> None:
        paper.fails, paper.error = True, kind("the disk is full")
        appended = writer.append(paper, SMALL)
        work = writer.run(lambda: paper.notes.append("work"))
        paper.let_end()
        with pytest.raises(kind, match="disk is full"):
            await appended
        await work

    assert _with_writer(story) == ["begun 1", "ended", "work"]
