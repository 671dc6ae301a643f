"""Where in a tenant's record a moment lies. Numbers and times grow together, so few looks find a place."""

from collections.abc import Callable

from acd_service.journal_sqlite import SqliteJournal


def at_ns_of(journal: SqliteJournal, tenant: str, seq: int) -> int:
    """When the command `seq` was, or the oldest after it that is kept; 0 if there is none.

    Raises:
        JournalDamaged: it cannot be read.
    """
    oldest = journal.extent(tenant).oldest_seq
    return journal.read_one(tenant, max(seq, oldest)).at_ns if oldest else 0


def seq_at(journal: SqliteJournal, tenant: str, at_ns: int) -> int:
    """The last command that was not after a time; if none is kept, the number before the oldest.

    Raises:
        JournalDamaged: as `at_ns_of`.
    """
    extent = journal.extent(tenant)
    if not extent.oldest_seq:
        return 0
    if extent.last_at_ns <= at_ns:
        return extent.last_seq
    return _last(extent.oldest_seq, extent.last_seq, lambda seq: journal.read_one(tenant, seq).at_ns <= at_ns)


def event_seq_at(journal: SqliteJournal, tenant: str, seq: int) -> int:
    """The last event that was caused by the commands up to `seq`; if none is kept, the number before the oldest.

    Raises:
        JournalDamaged: an event cannot be read.
    """
    extent = journal.extent(tenant)
    if not extent.oldest_event_seq:
        return 0
    return _last(
        extent.oldest_event_seq, extent.last_event_seq, lambda event_seq: _cause_of(journal, tenant, event_seq) <= seq
    )


def _cause_of(journal: SqliteJournal, tenant: str, event_seq: int) -> int:
    (record,) = journal.read_events(tenant, event_seq, events_max=1, bytes_max=1)
    return record.seq


def _last(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The last number from `low` to `high` for which something holds that holds up to some place; else `low - 1`."""
    low -= 1
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
