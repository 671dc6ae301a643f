"""The figures of a tenant as they are worked on: counted in memory, and stored every second or so."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from acd_core.policy import Policy
from acd_service.clock import stopwatch_ns
from acd_service.figures.counting import FiguresCounter
from acd_service.figures.store import FiguresStore, checksum_of
from acd_service.journal import Journal
from acd_service.released import Released

_log = logging.getLogger(__name__)
_STORE_EVERY_NS: Final = 1_000_000_000
_STORE_SHARE: Final = 10
"""Storing takes at most about one part of so many of the time, however much changes."""
_POLICIES_READ: Final = 100


class UnsoundCounts(RuntimeError):
    """Nobody knows what of the last events is counted, or stored: the figures have to be opened anew."""


class KeptFigures:
    """Counts and the file that keeps them; used from one thread at a time.

    Attributes:
        stored_event_seq: the last event that is counted and stored.
    """

    def __init__(self, store: FiguresStore, counter: FiguresCounter) -> None:
        self.store: Final = store
        self.counter: Final = counter
        self.stored_event_seq = counter.event_seq
        self._is_sound = True
        self._store_at_ns = 0

    @classmethod
    def open(cls, path: Path, tenant: str, journal: Journal, *, anew: bool = False) -> Self:
        """Open the file and find out from which event on it has to go on: the one after the counter's.

        Args:
            anew: throw away what is there.
        """
        store = FiguresStore.open(path, tenant, anew=anew)
        try:
            return cls(store, _counter_of(store, tenant, journal))
        except BaseException:
            store.close()
            raise

    def count(self, released: list[Released]) -> None:
        """Count events. Nothing is counted if some are missing before them: what was counted once and not stored may
        be gone with a file that could not be written.

        Raises:
            ValueError: an event cannot be read.
            UnsoundCounts.
        """
        if released[0].event_seq > self.counter.event_seq + 1:
            return
        self._begin()
        self.counter.count(released)
        self._is_sound = True
        if stopwatch_ns() >= self._store_at_ns:
            self.save()

    def save(self) -> None:
        """Store what was counted."""
        if self.counter.event_seq == self.stored_event_seq:
            return
        began_ns = stopwatch_ns()
        self._begin()
        self.store.save(self.counter)
        self._is_sound = True
        self.stored_event_seq = self.counter.event_seq
        ended_ns = stopwatch_ns()
        self._store_at_ns = ended_ns + max(_STORE_EVERY_NS, _STORE_SHARE * (ended_ns - began_ns))

    def _begin(self) -> None:
        if not self._is_sound:
            raise UnsoundCounts("counting or storing them failed before; they have to be opened anew")
        self._is_sound = False

    def close(self) -> None:
        """Store what was counted, unless something went wrong in that, and close the file."""
        try:
            if self._is_sound:
                self.save()
        finally:
            self.store.close()


def _counter_of(store: FiguresStore, tenant: str, journal: Journal) -> FiguresCounter:
    def targets(policy_version: int) -> Mapping[str, int]:
        records = journal.read_policies(tenant, up_to_version=policy_version, policies_max=1)
        if not records or records[0].policy_version != policy_version:
            return {}
        policy = Policy.from_bytes(records[0].content)
        return {queue.queue_id: queue.service_level_target_ms * 1_000_000 for queue in policy.queues}

    _check(store, tenant, journal)
    progress = store.progress()
    event_seq = 0 if progress is None else progress.event_seq
    oldest = journal.extent(tenant).oldest_event_seq
    if event_seq + 1 >= oldest:
        counter = FiguresCounter(targets, event_seq)
        store.load(counter)
        return counter
    if event_seq:
        _log.warning("no figures of events %d to %d, which are gone", event_seq + 1, oldest - 1)
        store.forget_present()
    counter = FiguresCounter(targets, oldest - 1)
    first = journal.read_events(tenant, oldest, events_max=1, bytes_max=1)[0]
    counter.use_policy(_policy_before(journal, tenant, first.seq))
    return counter


def _check(store: FiguresStore, tenant: str, journal: Journal) -> None:
    """Begin anew if the figures are not of this journal: it was replaced, or put back to an earlier state."""
    progress = store.progress()
    if progress is None:
        return
    extent = journal.extent(tenant)
    if progress.event_seq > extent.last_event_seq:
        _log.warning("the figures are ahead of the journal and are made anew")
        store.clear()
    elif progress.event_seq >= extent.oldest_event_seq:
        last = journal.read_events(tenant, progress.event_seq, events_max=1, bytes_max=1)[0]
        if checksum_of(last.content) != progress.event_checksum:
            _log.warning("the figures are those of another journal and are made anew")
            store.clear()


def _policy_before(journal: Journal, tenant: str, seq: int) -> int:
    """The version of the policy that was in force before a command."""
    version = 2**62
    while records := journal.read_policies(tenant, up_to_version=version, policies_max=_POLICIES_READ):
        for record in records:
            if record.seq < seq:
                return record.policy_version
        version = records[-1].policy_version - 1
    return 0
