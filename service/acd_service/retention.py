"""What of a tenant's record may be forgotten, and the forgetting: in pieces, so that no commit waits long for one.

Nothing goes that a restart could need: commands only up to the oldest snapshot that is kept, so that a newest one that
is damaged has another behind it; events only those that the figures have counted.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from acd_service.clock import Clock
from acd_service.config import Config
from acd_service.journal import ERASING
from acd_service.journal_search import at_ns_of, event_seq_at, seq_at
from acd_service.journal_sqlite import SqliteJournal
from acd_service.sequencer import Sequencer

INT64_MAX: Final = 2**63 - 1
DAY_NS: Final = 86_400 * 10**9
PIECE_COMMANDS: Final = 1_000
"""Commands, and three times as many events, that are deleted in one transaction: about as long as a few commits."""
_PIECE_EVENTS: Final = 3 * PIECE_COMMANDS
PIECE_PAGES: Final = 256
"""Pages that are given back to the file system in one transaction: 1 MiB."""
_REST_S: Final = 0.02
_PATIENCE: Final = 25
"""So many rests are taken at most, while commands wait, before a piece is done all the same."""
T = TypeVar("T")


class Reach(NamedTuple):
    """Up to where a record is forgotten; 0 where nothing is."""

    seq: int
    event_seq: int


class Retention:
    """Forgets what is old of one tenant."""

    def __init__(self, tenant: str, config: Config, journal: SqliteJournal, sequencer: Sequencer, clock: Clock) -> None:
        self._tenant = tenant
        self._config = config
        self._journal = journal
        self._sequencer = sequencer
        self._clock = clock
        self.events_read: Callable[[], int] = lambda: INT64_MAX
        """Up to which event the service's own readers have come: later ones are not forgotten."""

    async def run(self) -> None:
        """Forget what the settings let go of by age and by number.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        config = self._config
        if config.events_kept_min or config.journal_kept_days:
            await self.forget(await asyncio.to_thread(self._wanted))

    async def forget_oldest(self) -> bool:
        """Forget a piece of what is oldest, if any of it may go; whether it did.

        Raises:
            JournalError: as `run`.
        """
        reach = await asyncio.to_thread(self._oldest_piece)
        before = await asyncio.to_thread(self._journal.extent, self._tenant)
        await self.forget(reach)
        return await asyncio.to_thread(self._journal.extent, self._tenant) != before

    async def forget(self, reach: Reach) -> None:
        """Forget up to there, piece by piece.

        Raises:
            JournalError: as `run`.
        """
        journal, tenant = self._journal, self._tenant
        extent = await asyncio.to_thread(journal.extent, tenant)
        seq, event_seq = extent.oldest_seq - 1, extent.oldest_event_seq - 1
        while seq < min(reach.seq, extent.last_seq - 1) or event_seq < min(reach.event_seq, extent.last_event_seq - 1):
            seq = max(min(seq + PIECE_COMMANDS, reach.seq), seq)
            event_seq = max(min(event_seq + _PIECE_EVENTS, reach.event_seq), event_seq)
            through = Reach(seq, event_seq)

            def forget(through: Reach = through) -> None:
                journal.forget(tenant, through_seq=through.seq, through_event_seq=through.event_seq)

            await in_piece(self._sequencer, forget)

    def oldest_at_ns(self) -> int:
        """When the oldest command was that is kept and may go; `INT64_MAX` if none may.

        Raises:
            JournalError: it cannot be read.
        """
        extent = self._journal.extent(self._tenant)
        if not extent.oldest_seq or extent.oldest_seq > min(self._snapshots().oldest, extent.last_seq - 1):
            return INT64_MAX
        return at_ns_of(self._journal, self._tenant, extent.oldest_seq)

    def _snapshots(self) -> "_Snapshots":
        seqs = self._journal.snapshots.seqs(self._tenant)
        return _Snapshots(seqs[0], seqs[-1]) if seqs else _Snapshots(0, 0)

    def _wanted(self) -> Reach:
        config, journal, tenant = self._config, self._journal, self._tenant
        snapshots, seq, event_seq = self._snapshots(), INT64_MAX, INT64_MAX
        if config.events_kept_min:
            event_seq = journal.extent(tenant).last_event_seq - config.events_kept_min
        if config.journal_kept_days:
            seq = seq_at(journal, tenant, self._clock.now_ns() - int(config.journal_kept_days * DAY_NS))
            event_seq = min(event_seq, event_seq_at(journal, tenant, min(seq, snapshots.newest)))
        return self._bounded(min(seq, snapshots.oldest), event_seq)

    def _oldest_piece(self) -> Reach:
        extent = self._journal.extent(self._tenant)
        seq = min(extent.oldest_seq - 1 + PIECE_COMMANDS, self._snapshots().oldest)
        event_seq = event_seq_at(self._journal, self._tenant, seq)
        return self._bounded(seq, min(event_seq, extent.last_event_seq - self._config.events_kept_min))

    def _bounded(self, seq: int, event_seq: int) -> Reach:
        began = self._journal.facts_of(self._tenant).get(ERASING)
        if began is not None:
            # If it is interrupted, the next one learns from the commands behind and their events what to erase.
            seq, event_seq = min(seq, began), min(event_seq, event_seq_at(self._journal, self._tenant, began))
        return Reach(max(seq, 0), max(min(event_seq, self.events_read()), 0))


class _Snapshots(NamedTuple):
    """The seqs of those that are kept; 0 if there are none."""

    oldest: int
    newest: int


async def in_piece(sequencer: Sequencer, work: Callable[[], T]) -> T:
    """Have the journal's thread do a short work when no command waits for it, then leave it to the commits for a while.
    Where commands wait all the time it is done between commits.
    """
    for _ in range(_PATIENCE):
        if not sequencer.waiting:
            break
        await asyncio.sleep(_REST_S)
    result = await sequencer.in_worker(work)
    await asyncio.sleep(_REST_S)
    return result
