"""When snapshots are taken, and what may be forgotten after one."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from acd_service.config import Config
from acd_service.journal import JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.sequencer import Sequencer
from acd_service.snapshotter import Taken

INT64_MAX: Final = 2**63 - 1
_REST: Final = 4
"""So many times as long as the last one took the next one waits, at least: however fast commands come, snapshots take
no more than a fifth of one processor. What a restart has to replay grows by what comes meanwhile.
"""
_log = logging.getLogger(__name__)


class SnapshotFailed(RuntimeError):
    """The process that takes snapshots did not succeed; its own words are the message."""


class SnapshotSchedule:
    """Starts the snapshotter every so many commands and when asked; one at a time."""

    def __init__(
        self, tenant: str, config: Config, journal: SqliteJournal, sequencer: Sequencer, last_seq: int
    ) -> None:
        self._tenant = tenant
        self._config = config
        self._journal = journal
        self._sequencer = sequencer
        self._last_seq = last_seq
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._not_before_s = 0.0
        self.failures = 0
        self.events_read: Callable[[], int] = lambda: INT64_MAX
        """Up to which event the service's own readers have come: later ones are not forgotten."""

    def committed(self, seq: int) -> None:
        """Told after each commit."""
        every = self._config.snapshot_every_commands
        if every and seq - self._last_seq >= every and (self._task is None or self._task.done()):
            loop = asyncio.get_running_loop()
            if loop.time() >= self._not_before_s:
                self._task = loop.create_task(self._take_quietly(), name="snapshot")

    async def take(self) -> Taken:
        """Take a snapshot of what is committed now.

        Raises:
            SnapshotFailed: no snapshot was written.
        """
        async with self._lock:
            output, complaint, status = await self._run_snapshotter()
            if status != 0:
                raise SnapshotFailed(complaint.strip() or f"the snapshotter ended with status {status}")
            taken = Taken(**json.loads(output))
            self._last_seq = taken.seq
            _log.info("snapshot of seq %d taken, %d bytes", taken.seq, taken.size_bytes)
            await self._forget()
            return taken

    async def _run_snapshotter(self) -> tuple[str, str, int]:
        command = [
            sys.executable, "-m", "acd_service.snapshotter",
            "--data", str(self._config.data_dir), "--tenant", self._tenant, "--engine", self._config.engine,
        ]  # fmt: skip
        # `subprocess` starts it with vfork. The event loop's own way is fork, which runs gRPC's fork handlers in the
        # child, and those crash in a process that is serving.
        process = await asyncio.to_thread(
            subprocess.Popen,
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, complaint = await asyncio.to_thread(process.communicate)
        except asyncio.CancelledError:
            process.kill()
            raise
        return output, complaint, process.returncode

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _take_quietly(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            await self.take()
        except SnapshotFailed as error:
            self._last_seq += self._config.snapshot_every_commands
            self.failures += 1
            _log.error("no snapshot was taken: %s", error)
        except JournalError as error:
            self.failures += 1
            _log.error("a snapshot was taken, but what it covers could not be forgotten: %s", error)
        finally:
            self._not_before_s = loop.time() + _REST * (loop.time() - began_s)

    async def _forget(self) -> None:
        files = self._journal.snapshots
        files.keep_newest(self._tenant, self._config.snapshots_kept)
        kept = files.seqs(self._tenant)
        events_kept_min = self._config.events_kept_min
        if not events_kept_min or not kept:
            return

        def forget() -> None:
            through_event_seq = self._journal.extent(self._tenant).last_event_seq - events_kept_min
            through_event_seq = min(through_event_seq, self.events_read())
            self._journal.forget(self._tenant, through_seq=kept[0], through_event_seq=through_event_seq)

        await self._sequencer.in_worker(forget)
