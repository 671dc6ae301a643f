"""A backup: a copy of a data directory as of one moment, made beside the service, that has proved its worth.

It is a data directory itself, with a manifest: every file with its size and SHA-256, and of each tenant how far it
reaches and what its state comes to. It is written beside its name and gets the name when all of it is on the disk.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service.config import BadConfig
from acd_service.data_dir import (
    DataDirInUse,
    DataDirLock,
    customers_path,
    figures_path,
    journal_path,
    key_use_path,
    set_aside_path,
    snapshots_path,
    tenant_dir,
    tenants_path,
)
from acd_service.engine_interface import EngineMaker, engine_maker
from acd_service.journal import REMOVING, TENANT_DEFAULT, Extent, JournalMissing
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.sqlite_copy import OnBytes, copy_database, fold_log, one_moment

MANIFEST: Final = "backup.json"
MANIFEST_VERSION: Final = 1
_ATTEMPTS: Final = 5
UNFINISHED: Final = ".unfinished"
"""What a name ends with until all of it is on the disk. Nothing under such a name is a backup, whole as it may look."""


class BackupFailed(RuntimeError):
    """No backup was made, or it cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class TenantState:
    """Up to where a tenant's record reaches, and what its engine comes to there."""

    oldest_seq: int
    last_seq: int
    last_at_ns: int
    oldest_event_seq: int
    last_event_seq: int
    event_hash: str
    state_digest: str
    suspended: bool = False


@dataclass(slots=True)
class Manifest:
    """What is in a backup."""

    tenants: dict[str, TenantState] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path within the backup: `bytes` and `sha256`."""
    behaviour_version: int = BEHAVIOUR_VERSION
    version: int = MANIFEST_VERSION

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a backup.

        Raises:
            BackupFailed: there is none, it was not finished, or this program cannot read it.
        """
        if folder.name.endswith(UNFINISHED):
            raise BackupFailed(f"{folder} is no backup: it was not finished; make it again")
        try:
            raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            version = raw["version"]
            if version != MANIFEST_VERSION:
                raise BackupFailed(f"{folder} is a backup of version {version}, this program reads {MANIFEST_VERSION}")
            raw["tenants"] = {name: TenantState(**state) for name, state in raw["tenants"].items()}
            return cls(**raw)
        except FileNotFoundError:
            raise BackupFailed(f"{folder} is no backup: it has no {MANIFEST}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupFailed(f"{folder / MANIFEST} cannot be read: {error}") from None

    def write(self, folder: Path) -> None:
        with (folder / MANIFEST).open("x", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def size_bytes(self) -> int:
        return sum(entry["bytes"] for entry in self.files.values())


def back_up(
    data_dir: Path, target: Path, *, engine: str = "compiled", on_bytes: OnBytes = lambda _done, _of: None
) -> Manifest:
    """Make a backup of `data_dir` as `target`; a service may be running on it, and goes on.

    Raises:
        BackupFailed: `target` is there already, lies within `data_dir`, or cannot be written.
        JournalError: the journal cannot be read, or does not replay; there is no backup.
    """
    if not journal_path(data_dir).exists():
        raise JournalMissing(f"{data_dir} has no journal ({journal_path(data_dir).name})")
    refuse_within(target, data_dir)
    with unfinished(target) as folder:
        try:
            _copy_journal(data_dir, folder, on_bytes)
            _copy_others(data_dir, folder)
            tenants = prove(folder, engine_maker(engine))
            manifest = Manifest(tenants, _files_of(folder))
            manifest.write(folder)
        except apsw.Error as error:
            raise BackupFailed(f"{data_dir} cannot be copied: {error}") from error
    return manifest


def refuse_within(target: Path, source: Path) -> None:
    """Raises:
    BackupFailed: `target` lies within what it is to be made of: it would become a part of it.
    """
    if target.resolve().is_relative_to(source.resolve()):
        raise BackupFailed(f"{target} lies within {source}; choose a place outside of it")


@contextlib.contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A folder beside `target` that gets its name at the end, if all went well. What an interrupted one left goes.

    Raises:
        BackupFailed: `target` is there and not empty, cannot be written, or is being made by another process.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupFailed(f"{target} is there already and not empty")
    folder = target.with_name(target.name + UNFINISHED)
    try:
        lock = DataDirLock.take(folder)
    except DataDirInUse:
        raise BackupFailed(f"{target} is being written by another process") from None
    except BadConfig as error:
        raise BackupFailed(f"{target} cannot be made: {error}") from None
    try:
        for leftover in folder.iterdir():
            if leftover.name == "lock":
                continue
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        folder.chmod(0o700)  # it holds customers' data
        yield folder
        for path in [path for path in folder.rglob("*") if path.name != "lock"] + [folder]:
            _sync(path)
        (folder / "lock").unlink()
        folder.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be made: {error}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.release()


def prove(folder: Path, make: EngineMaker) -> dict[str, TenantState]:
    """Recover every tenant as a service would when it starts, and keep a snapshot of where each ends.

    Raises:
        JournalError: one cannot be recovered.
    """
    journal = SqliteJournal.open(folder)
    tenants = {}
    try:
        for tenant in journal.tenants():
            if REMOVING in journal.facts_of(tenant):
                _finish_removal(journal, folder, tenant)
                continue
            recovered = recover(journal, tenant, make)
            if recovered.replayed:
                journal.save_snapshot(tenant, recovered.engine)
            suspended = bool(journal.facts_of(tenant).get("suspended"))
            state = (f"{recovered.engine.event_hash:016x}", recovered.engine.state_digest())
            tenants[tenant] = TenantState(*_numbers(recovered.extent), *state, suspended)
    finally:
        journal.close()
    fold_log(journal_path(folder))
    return tenants


def _finish_removal(journal: SqliteJournal, folder: Path, tenant: str) -> None:
    """As the next start of the service would: what was going when the copy was made is in no backup."""
    shutil.rmtree(tenant_dir(folder, tenant), ignore_errors=True)
    journal.snapshots.remove(tenant)
    while journal.remove_some(tenant):
        pass


def _numbers(extent: Extent) -> tuple[int, int, int, int, int]:
    return extent.oldest_seq, extent.last_seq, extent.last_at_ns, extent.oldest_event_seq, extent.last_event_seq


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_journal(data_dir: Path, folder: Path, on_bytes: OnBytes) -> None:
    """The journal at one moment, and of its snapshots those that lie within it. The service may delete a snapshot at
    any time, after it has written a newer one: if none is left that the journal can go on from, all begins again.
    """
    source_snapshots = snapshots_path(data_dir)
    for _ in range(_ATTEMPTS):
        shutil.rmtree(snapshots_path(folder), ignore_errors=True)
        journal_path(folder).unlink(missing_ok=True)
        with one_moment(journal_path(data_dir)) as source:
            _copy_snapshots(source_snapshots, snapshots_path(folder))
            copy_database(source, journal_path(folder), on_bytes)
        journal = SqliteJournal.open_to_read(folder)
        stranded = [tenant for tenant in journal.tenants() if not _can_go_on(journal, tenant)]
        if not stranded:
            return
    raise BackupFailed(f"the snapshots of {stranded[0]} were replaced {_ATTEMPTS} times while they were copied")


def _copy_snapshots(source: Path, target: Path) -> None:
    """Those that are there; one may go meanwhile."""
    target.mkdir()
    for path in sorted(source.glob("*.snapshot")) if source.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path, target / path.name)


def _can_go_on(journal: SqliteJournal, tenant: str) -> bool:
    """Whether a snapshot is there that the journal goes on from. Those that lie beyond it are deleted."""
    if REMOVING in journal.facts_of(tenant):
        return True
    extent = journal.extent(tenant)
    for seq in journal.snapshots.seqs(tenant):
        if seq > extent.last_seq:
            journal.snapshots.of(tenant, seq).path.unlink()
    floor = journal.replay_floor(tenant)
    return not floor or any(seq >= floor for seq in journal.snapshots.seqs(tenant))


def _copy_others(data_dir: Path, folder: Path) -> None:
    """Tenants' directories and figures, commands that were set aside, when keys were used. Nothing that others keep in
    the directory; and no marks, which may be ahead of the moment that is copied: the copy gets its own.
    """
    for path in _others(data_dir):
        target = folder / path.relative_to(data_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # of a tenant that was removed since
            if path.suffix == ".sqlite":
                with one_moment(path) as source:
                    copy_database(source, target)
            else:
                shutil.copyfile(path, target)


def _others(data_dir: Path) -> list[Path]:
    tenants = [TENANT_DEFAULT]
    with contextlib.suppress(OSError):
        tenants += sorted(path.name for path in tenants_path(data_dir).iterdir())
    files = [place(data_dir, name) for name in tenants for place in (customers_path, figures_path, set_aside_path)]
    return [path for path in [*files, key_use_path(data_dir)] if path.is_file()]


def _files_of(folder: Path) -> dict[str, dict[str, Any]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "lock"]
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256_of(path)}
        for path in paths
    }


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
