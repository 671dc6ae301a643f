"""When snapshots are taken. What they cover may be forgotten then."""

import asyncio
import json
import logging
from typing import Final

from acd_service.child import Finished, run_module
from acd_service.config import Config
from acd_service.journal import JournalError
from acd_service.journal_search import at_ns_of
from acd_service.journal_sqlite import SqliteJournal
from acd_service.retention import Retention
from acd_service.snapshotter import Taken

HOUR_NS: Final = 3_600 * 10**9
_REST: Final = 4
"""So many times as long as the last one took the next one waits, at least: however fast commands come, snapshots take
no more than a fifth of one processor. What a restart has to replay grows by what comes meanwhile.
"""
_log = logging.getLogger(__name__)


class SnapshotFailed(RuntimeError):
    """The process that takes snapshots did not succeed; its own words are the message."""


class SnapshotsStopped(SnapshotFailed):
    """The tenant is served no longer, so no snapshots are taken of it."""


class SnapshotSchedule:
    """Starts the snapshotter every so many commands, after so many hours, and when asked; one at a time.

    Args:
        last_seq: that of the newest snapshot; 0 if there is none.
    """

    def __init__(
        self, tenant: str, config: Config, journal: SqliteJournal, retention: Retention, last_seq: int
    ) -> None:
        self._tenant = tenant
        self._config = config
        self._journal = journal
        self._retention = retention
        self._last_seq = last_seq
        self._last_at_ns: int | None = None
        """When the last command of that snapshot was; None if nobody has looked yet."""
        self._committed_seq = last_seq
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._snapshotter: asyncio.Task[Finished] | None = None
        self._is_stopped = False
        self._forgetting: asyncio.Task[None] | None = None
        self._not_before_s = 0.0
        self.failures = 0

    def committed(self, seq: int) -> None:
        """Told after each commit."""
        self._committed_seq = seq
        every = self._config.snapshot_every_commands
        if every and seq - self._last_seq >= every and (self._task is None or self._task.done()):
            loop = asyncio.get_running_loop()
            if loop.time() >= self._not_before_s:
                self._task = loop.create_task(self._take_quietly(), name="snapshot")

    async def look_after(self, now_ns: int) -> None:
        """Take a snapshot if the newest is old and there were commands since.

        Raises:
            JournalError: the journal cannot be read.
        """
        every_ns = int(self._config.snapshot_every_h * HOUR_NS)
        if not every_ns or self._committed_seq <= self._last_seq or self._lock.locked():
            return
        if self._last_at_ns is None:
            self._last_at_ns = await asyncio.to_thread(at_ns_of, self._journal, self._tenant, self._last_seq)
        if now_ns - self._last_at_ns >= every_ns:
            self._last_at_ns = now_ns  # if it fails, not again at once
            await self._take_quietly()

    async def take(self) -> Taken:
        """Take a snapshot of what is committed now.

        Raises:
            SnapshotFailed: no snapshot was written.
        """
        async with self._lock:
            status, output, complaint = await self._ran_snapshotter()
            if status != 0:
                raise SnapshotFailed(complaint.strip() or f"the snapshotter ended with status {status}")
            taken = Taken(**json.loads(output))
            self._last_seq, self._last_at_ns = taken.seq, taken.at_ns
            _log.info("snapshot of seq %d taken, %d bytes", taken.seq, taken.size_bytes)
            self._journal.snapshots.keep_newest(self._tenant, self._config.snapshots_kept)
            if self._forgetting is None or self._forgetting.done():
                self._forgetting = asyncio.get_running_loop().create_task(self._forget(), name="retention")
            return taken

    async def _ran_snapshotter(self) -> Finished:
        """Until the tenant is served no longer: its files may be removed then, and nothing may come after."""
        if self._is_stopped:
            raise SnapshotsStopped("the tenant is served no longer")
        self._snapshotter = asyncio.create_task(self._run_snapshotter(), name="snapshotter")
        try:
            return await self._snapshotter
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_stopped or (task is not None and task.cancelling()):
                raise
            raise SnapshotsStopped("the tenant is served no longer") from None

    async def _run_snapshotter(self) -> Finished:
        return await run_module(
            "acd_service.snapshotter",
            "--data", str(self._config.data_dir), "--tenant", self._tenant, "--engine", self._config.engine,
        )  # fmt: skip

    async def stop(self) -> None:
        """End what is under way, whoever asked for it, and begin nothing more."""
        self._is_stopped = True
        tasks = (self._task, self._snapshotter, self._forgetting)
        under_way = [task for task in tasks if task is not None and not task.done()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _take_quietly(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            await self.take()
        except SnapshotFailed as error:
            self._last_seq = self._committed_seq  # not again at once either
            self.failures += 1
            _log.error("no snapshot was taken: %s", error)
        finally:
            self._not_before_s = loop.time() + _REST * (loop.time() - began_s)

    async def _forget(self) -> None:
        try:
            await self._retention.run()
        except JournalError as error:
            _log.error("a snapshot was taken, but what it covers could not be forgotten: %s", error)
