"""From one behaviour version of the engine to the next: a journal that ends with a snapshot of every tenant is gone on
with from there. Commands from then on are of the new version; those before are kept, and only a program of theirs can
replay them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd_core.snapshot import BEHAVIOUR_VERSION, BadSnapshot
from acd_service.data_dir import DataDirLock
from acd_service.engine_interface import EngineMaker
from acd_service.journal import REMOVING, JournalDamaged, JournalError, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.snapshotter import take_snapshot

WHAT_TO_DO: Final = "stop the service, run `acd upgrade --prepare` of the program that wrote it, then this again"


class NotReady(JournalError):
    """The journal cannot be gone on with yet; nothing was changed. The message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What became of a journal.

    Attributes:
        last_seqs: for each tenant its last command under the version before.
    """

    from_version: int
    to_version: int
    last_seqs: Mapping[str, int]


def prepare(data_dir: Path, engine: str, on_tenant: Callable[[str], None] = lambda _name: None) -> dict[str, int]:
    """Have every tenant's journal end with a snapshot; no service may be running.

    Returns:
        The seq of each.

    Raises:
        JournalError, OSError: a journal does not replay, or a snapshot cannot be written.
        DataDirInUse, BadConfig: a service is running; the directory cannot be used.
    """
    lock = DataDirLock.take(data_dir)
    try:
        journal = SqliteJournal.open_to_read(data_dir)
        seqs = {}
        for tenant in _staying(journal):
            on_tenant(tenant)
            seqs[tenant] = take_snapshot(data_dir, tenant, engine).seq
        return seqs
    finally:
        lock.release()


def upgrade_behaviour(data_dir: Path, make: EngineMaker) -> Upgraded:
    """Let a journal of an earlier behaviour version be gone on with under this program's; no service may be running.

    A journal of this version is left as it is.

    Raises:
        NotReady: a tenant has commands after its newest snapshot.
        JournalForeign: it is of a version from which this program cannot go on.
        JournalDamaged: a snapshot is not of the journal's end.
        DataDirInUse, BadConfig: a service is running; the directory cannot be used.
    """
    lock = DataDirLock.take(data_dir)
    try:
        journal = SqliteJournal.open(data_dir, go_on=True)
        try:
            before = journal.behaviour_version
            last_seqs = {tenant: journal.extent(tenant).last_seq for tenant in _staying(journal)}
            if before != BEHAVIOUR_VERSION:
                for tenant in last_seqs:
                    _check_end(journal, tenant, make)
                journal.adopt_behaviour({tenant: seq + 1 for tenant, seq in last_seqs.items() if seq})
            return Upgraded(before, BEHAVIOUR_VERSION, last_seqs)
        finally:
            journal.close()
    finally:
        lock.release()


def _staying(journal: SqliteJournal) -> list[str]:
    """All tenants but those of which there are only parts: the next start goes on with their removal."""
    return [tenant for tenant in journal.tenants() if REMOVING not in journal.facts_of(tenant)]


def _check_end(journal: SqliteJournal, tenant: str, make: EngineMaker) -> None:
    """The newest snapshot is what the journal came to."""
    extent = journal.extent(tenant)
    if not extent.last_seq:
        return
    newest = max(journal.snapshots.seqs(tenant), default=0)
    if newest != extent.last_seq:
        where = f"its newest snapshot is of seq {newest}" if newest else "it has no snapshot"
        text = f"tenant {tenant} has commands up to seq {extent.last_seq} of version {journal.behaviour_version}, and"
        raise NotReady(f"{text} {where}: {WHAT_TO_DO}", extent.last_seq)
    try:
        engine = journal.snapshots.of(tenant, newest).restore(make)
    except BadSnapshot as error:
        raise JournalForeign(f"tenant {tenant}: the snapshot of seq {newest} cannot be read: {error}") from None
    found = engine.seq, engine.event_seq, engine.now_ns
    if found != (extent.last_seq, extent.last_event_seq, extent.last_at_ns):
        raise JournalDamaged(f"tenant {tenant}: the snapshot of seq {newest} is not of the journal's end", newest)
