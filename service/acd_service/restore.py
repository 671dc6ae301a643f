"""From a backup to a data directory that a service can be started on; on request as things stood earlier.

What is copied is held against the manifest, file by file, and what was restored is recovered as a service would before
the directory gets its name: a restore that was interrupted leaves nothing that a service takes for one.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import apsw

from acd_service.backup import MANIFEST, BackupFailed, Manifest, TenantState, prove, refuse_within, unfinished
from acd_service.data_dir import (
    customers_path,
    figures_path,
    journal_path,
    set_aside_path,
    snapshots_path,
    tenant_dir,
)
from acd_service.engine_interface import engine_maker
from acd_service.journal import JournalForeign
from acd_service.journal_search import event_seq_at, seq_at
from acd_service.journal_sqlite import SqliteJournal
from acd_service.sqlite_copy import OnBytes
from acd_service.tenant_settings import TENANT_DEFAULT

_PIECE_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Moment:
    """Up to where is restored; at most one of them. None: up to the end of the backup."""

    to_seq: int | None = None
    """The last command to be kept; only with one tenant."""
    to_at_ns: int | None = None
    """Commands after this time are dropped, nanoseconds since the Unix epoch; of every tenant."""

    def __post_init__(self) -> None:
        if self.to_seq is not None and self.to_at_ns is not None:
            raise ValueError("a seq and a time cannot both be given")


def restore(
    backup: Path,
    target: Path,
    *,
    moment: Moment = Moment(),
    tenant: str = "",
    engine: str = "compiled",
    on_bytes: OnBytes = lambda _done, _of: None,
) -> dict[str, TenantState]:
    """Make `target` a data directory as the backup has it.

    Args:
        tenant: restore only this one; empty for all.

    Returns:
        How far each tenant reaches, and its state's digest there.

    Raises:
        BackupFailed: it is no backup, it is damaged, `target` is there and not empty, or the backup does not reach
            back to the moment. There is no `target` then.
        JournalError: what is in the backup cannot be recovered.
    """
    manifest = Manifest.read(backup)
    tenants = _chosen(manifest, tenant)
    if moment.to_seq is not None and len(tenants) > 1:
        raise BackupFailed(f"tenants have numbers of their own: name one of {', '.join(tenants)}")
    refuse_within(target, backup)
    with unfinished(target) as folder:
        _copy_files(backup, folder, manifest, tenants, on_bytes)
        journal = SqliteJournal.open(folder)
        try:
            for other in set(journal.tenants()) - set(tenants):
                journal.snapshots.remove(other)
                while journal.remove_some(other):
                    pass
            for name in tenants:
                _go_back(journal, name, manifest.tenants[name], moment)
        except apsw.Error as error:
            raise BackupFailed(f"{target} cannot be written: {error}") from error
        finally:
            journal.close()
        states = prove(folder, engine_maker(engine))
        for name, state in states.items():
            expected = manifest.tenants[name]
            if state.last_seq == expected.last_seq and state.state_digest != expected.state_digest:
                raise JournalForeign(
                    f"tenant {name} comes to digest {state.state_digest}, the backup says {expected.state_digest}"
                )
    return states


def _chosen(manifest: Manifest, tenant: str) -> Sequence[str]:
    if not tenant:
        return sorted(manifest.tenants)
    if tenant not in manifest.tenants:
        raise BackupFailed(f"the backup has no tenant {tenant!r}; it has {', '.join(sorted(manifest.tenants))}")
    return [tenant]


def _go_back(journal: SqliteJournal, tenant: str, state: TenantState, moment: Moment) -> None:
    seq = state.last_seq
    if moment.to_seq is not None:
        seq = moment.to_seq
        if seq > state.last_seq:
            raise BackupFailed(f"the backup ends at seq {state.last_seq}, before {seq}")
    elif moment.to_at_ns is not None and moment.to_at_ns < state.last_at_ns:
        seq = seq_at(journal, tenant, moment.to_at_ns)
    if seq >= state.last_seq:
        return
    earliest = 0
    floor = journal.replay_floor(tenant)
    if floor:
        earliest = min(kept for kept in journal.snapshots.seqs(tenant) if kept >= floor)
    if seq < earliest:
        raise BackupFailed(
            f"the backup does not reach back so far for tenant {tenant}: its earliest state is that of seq {earliest}"
        )
    journal.take_back(tenant, to_seq=seq, to_event_seq=event_seq_at(journal, tenant, seq))


def _own_files(tenant: str) -> list[Path]:
    """What a tenant has of its own, beside the journal and snapshots: a folder, but for the tenant `default`."""
    if tenant != TENANT_DEFAULT:
        return [tenant_dir(Path(), tenant)]
    return [place(Path(), tenant) for place in (customers_path, figures_path, set_aside_path)]


def _copy_files(backup: Path, folder: Path, manifest: Manifest, tenants: Sequence[str], on_bytes: OnBytes) -> None:
    skipped = [place for name in manifest.tenants if name not in tenants for place in _own_files(name)]
    done, size_bytes = 0, manifest.size_bytes
    for name, entry in manifest.files.items():
        place = Path(name)
        if place.is_absolute() or ".." in place.parts:
            raise BackupFailed(f"{backup / MANIFEST} names {name!r}, which is not in the backup")
        if any(place.is_relative_to(other) for other in skipped):
            continue
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_checked(backup / place, target, entry)
        done += entry["bytes"]
        on_bytes(done, size_bytes)
    snapshots_path(folder).mkdir(exist_ok=True)
    if not journal_path(folder).exists():
        raise BackupFailed(f"{backup} has no journal")


def _copy_checked(source: Path, target: Path, entry: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file, target.open("xb") as copy:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                copy.write(piece)
    except FileNotFoundError:
        raise BackupFailed(f"{source} is missing from the backup") from None
    if digest.hexdigest() != entry["sha256"]:
        raise BackupFailed(f"{source} is not what was backed up: its SHA-256 does not fit")
    shutil.copymode(source, target)
