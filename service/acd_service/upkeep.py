"""What is done once in a while, whoever calls: snapshots that are old are replaced, old records forgotten, and the room
that they took is given back to the file system. In small pieces, between commits.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from acd_service.clock import Clock
from acd_service.config import Config
from acd_service.journal import JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.retention import INT64_MAX, PIECE_PAGES, in_piece
from acd_service.sequencer import Sequencer
from acd_service.tenant import Tenant

_log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 60.0
BY_AGE_EVERY_S: Final = 3_600.0


class Upkeep:
    """Looks after the journal of a service.

    Args:
        tenants: those that are open, by name.
    """

    def __init__(
        self, config: Config, journal: SqliteJournal, sequencer: Sequencer, clock: Clock, tenants: Mapping[str, Tenant]
    ) -> None:
        self._config = config
        self._journal = journal
        self._sequencer = sequencer
        self._clock = clock
        self._tenants = tenants
        self._task: asyncio.Task[None] | None = None
        self._is_too_large = False

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="upkeep")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        by_age_s = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            is_hour = loop.time() - by_age_s >= BY_AGE_EVERY_S
            if is_hour:
                by_age_s = loop.time()
            try:
                await self.look_after(by_age=is_hour)
            except JournalError as error:
                _log.error("old records could not be forgotten: %s", error)

    async def look_after(self, *, by_age: bool = True) -> None:
        """Do what is due.

        Args:
            by_age: look also for what has become too old.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        for tenant in list(self._tenants.values()):
            await tenant.snapshots.look_after(self._clock.now_ns())
            if by_age:
                await tenant.retention.run()
        await self._forget_by_size()
        while await in_piece(self._sequencer, lambda: self._journal.give_back(PIECE_PAGES)):
            pass

    async def _forget_by_size(self) -> None:
        bytes_max = self._config.journal_bytes_max
        while bytes_max and await asyncio.to_thread(self._journal.used_bytes) > bytes_max:
            oldest = await asyncio.to_thread(self._oldest)
            if oldest is None or not await oldest.retention.forget_oldest():
                if not self._is_too_large:
                    _log.warning(
                        "the journal is larger than journal_bytes_max, %d, and nothing more may be forgotten", bytes_max
                    )
                self._is_too_large = True
                return
            self._is_too_large = False

    def _oldest(self) -> Tenant | None:
        """Of those of whom something may be forgotten, the one whose record reaches back farthest."""
        reach = [(tenant.retention.oldest_at_ns(), name) for name, tenant in list(self._tenants.items())]
        at_ns, name = min(reach, default=(INT64_MAX, ""))
        return self._tenants.get(name) if at_ns < INT64_MAX else None
