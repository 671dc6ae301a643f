"""Puts all that is kept of a tenant into one file, in a process of its own, so that nobody who routes waits for it.

    python -m acd_service.moving.packing --data DIR --tenant T --to FOLDER [--quotas JSON] [--engine compiled]

It makes FOLDER with the file `tenant.acd` in it and prints the manifest as JSON.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

import apsw

from acd_service.data_dir import customers_path, figures_path, set_aside_path, snapshots_path
from acd_service.engine_interface import engine_maker
from acd_service.journal import ERASURE_FACTS, Extent, JournalError, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.moving.tenant_file import Manifest, pack, parts_in
from acd_service.moving.tenant_record import record_of
from acd_service.recovery import recover

FILE_NAME: Final = "tenant.acd"
_PARTS: Final = "parts"
_PAGES_AT_ONCE: Final = 1_000


def pack_tenant(data_dir: Path, tenant: str, folder: Path, quotas: dict[str, int], engine: str) -> Manifest:
    """Make the file of a tenant as of now, which is proved by a replay.

    Raises:
        JournalError: the tenant's record cannot be read, or does not replay.
        OSError, apsw.Error: the file cannot be written.
    """
    parts = folder / _PARTS
    parts.mkdir(parents=True)
    source = SqliteJournal.open_to_read(data_dir)
    extent = source.extent(tenant)
    seed = source.seed(tenant)
    if seed is None:
        raise JournalForeign(f"the journal has no tenant {tenant!r}")
    if source.earlier_behaviour(tenant) >= max(extent.oldest_seq, 1):
        raise JournalForeign(
            f"tenant {tenant!r} still has commands of an earlier behaviour version: it can be moved when retention has"
            " forgotten them"
        )
    _copy_snapshot(source, tenant, extent, parts)
    copy = SqliteJournal.open(parts, synchronous="OFF")
    erased = {name: value for name, value in source.facts_of(tenant).items() if name in ERASURE_FACTS}
    copy.admit(tenant, seed, erased)
    for batch in record_of(source, tenant, extent):
        copy.append(batch)
    copy.close()
    for path in (customers_path(data_dir, tenant), figures_path(data_dir, tenant)):
        _copy_database(path, parts / path.name)
    set_aside = set_aside_path(data_dir, tenant)
    if set_aside.exists():
        shutil.copyfile(set_aside, parts / set_aside.name)
    proved = recover(SqliteJournal.open_to_read(parts), tenant, engine_maker(engine)).engine
    manifest = Manifest(
        tenant,
        seed,
        quotas,
        extent,
        proved.event_seq,
        f"{proved.event_hash:016x}",
        proved.state_digest(),
        parts_in(parts),
    )
    pack(parts, manifest, folder / FILE_NAME)
    shutil.rmtree(parts)
    return manifest


def _copy_snapshot(source: SqliteJournal, tenant: str, extent: Extent, parts: Path) -> None:
    """The newest: recovery begins there, and needs it if the commands before are forgotten."""
    seqs = [seq for seq in source.snapshots.seqs(tenant) if seq <= extent.last_seq]
    if seqs:
        path = source.snapshots.of(tenant, seqs[-1]).path
        snapshots_path(parts).mkdir()
        shutil.copyfile(path, snapshots_path(parts) / path.name)


def _copy_database(path: Path, target: Path) -> None:
    """A SQLite file as of one moment, whoever writes it."""
    if not path.exists():
        return
    source, copy = apsw.Connection(str(path)), apsw.Connection(str(target))
    try:
        source.set_busy_timeout(5_000)
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_AT_ONCE)
        copy.pragma("journal_mode", "DELETE")
    finally:
        copy.close()
        source.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="acd_service.moving.packing", description="make the file of a tenant")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--quotas", type=json.loads, default={})
    parser.add_argument("--engine", default="compiled", choices=("compiled", "reference"))
    options = parser.parse_args()
    os.nice(10)
    try:
        manifest = pack_tenant(options.data, options.tenant, options.to, options.quotas, options.engine)
    except (JournalError, OSError, apsw.Error) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(json.dumps(manifest.as_dict()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
