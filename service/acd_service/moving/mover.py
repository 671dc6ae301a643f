"""Gives tenants out as files and takes them in, beside the service that goes on routing for the others."""

import asyncio
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

from acd_service.child import run_module
from acd_service.config import Config
from acd_service.data_dir import high_water_path, journal_path, snapshots_path, tenant_dir
from acd_service.journal_sqlite import SqliteJournal
from acd_service.moving.packing import FILE_NAME
from acd_service.moving.proving import FOREIGN
from acd_service.moving.tenant_file import Manifest
from acd_service.moving.tenant_record import record_of
from acd_service.sequencer import Sequencer
from acd_service.service_error import BadTenantFile, ExportFailed, Overloaded

_log = logging.getLogger(__name__)
_FOLDER: Final = "moving"
_ROOM_FOR: Final = 3
"""So many times its size a file may take on the disk: itself, its parts, the journal."""
_RETRY_AFTER_MS: Final = 60_000
OnProgress = Callable[[int, int], None]


class Mover:
    """Used on the event loop."""

    def __init__(self, journal: SqliteJournal, config: Config) -> None:
        self._journal = journal
        self._config = config

    def clear(self) -> None:
        """Forget what an earlier service left half done. Blocks."""
        shutil.rmtree(self._config.data_dir / _FOLDER, ignore_errors=True)

    def new_folder(self) -> Path:
        """A folder for one file on its way; to be given back to `drop`."""
        folder = self._config.data_dir / _FOLDER / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    async def drop(self, folder: Path) -> None:
        """Delete a folder with all that is in it."""
        await asyncio.to_thread(shutil.rmtree, folder, True)

    def check_room(self, size_bytes: int) -> None:
        """Refuse a file for which the disk has no room: a journal on a full disk serves nobody.

        Raises:
            Overloaded: it has not.
        """
        if shutil.disk_usage(self._config.data_dir).free < _ROOM_FOR * size_bytes:
            raise Overloaded("the disk has no room for a tenant of this size", _RETRY_AFTER_MS)

    async def pack(self, tenant: str, quotas: dict[str, int], folder: Path) -> tuple[Path, Manifest]:
        """The file of a tenant as of now, in a folder.

        Raises:
            ExportFailed: it could not be made.
        """
        status, output, complaint = await run_module(
            "acd_service.moving.packing", "--data", str(self._config.data_dir), "--tenant", tenant, "--to", str(folder),
            "--quotas", json.dumps(quotas), "--engine", self._config.engine,
        )  # fmt: skip
        if status != 0:
            raise ExportFailed(complaint.strip() or f"the packer ended with status {status}")
        return folder / FILE_NAME, Manifest.of(json.loads(output))

    async def prove(self, file: Path, folder: Path) -> Manifest:
        """Take a file apart into a folder that is not there yet.

        Raises:
            BadTenantFile: it cannot be taken in.
        """
        status, output, complaint = await run_module(
            "acd_service.moving.proving", str(file), str(folder), "--engine", self._config.engine
        )
        if status != 0:
            why = complaint.strip() or f"the prover ended with status {status}"
            raise BadTenantFile("TENANT_FILE_FOREIGN" if status == FOREIGN else "BAD_TENANT_FILE", why)
        return Manifest.of(json.loads(output))

    async def put_in(self, sequencer: Sequencer, folder: Path, manifest: Manifest, on_progress: OnProgress) -> None:
        """Put a tenant that was admitted into the journal and its files in their places, durably. Other tenants'
        commands go between.

        Raises:
            JournalError, OSError: it is not there, or not as a whole.
        """
        tenant, extent = manifest.tenant, manifest.extent
        pieces = record_of(SqliteJournal.open_to_read(folder), tenant, extent)
        total = extent.last_seq - extent.oldest_seq + 1 if extent.last_seq else 0
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            batch = piece
            await sequencer.in_worker(lambda: self._journal.append(batch))  # noqa: B023  # it is awaited here
            if batch.stretches:
                on_progress(batch.stretches[-1].last_seq - extent.oldest_seq + 1, total)
        await asyncio.to_thread(self._place_files, folder, tenant)

    def _place_files(self, folder: Path, tenant: str) -> None:
        data_dir = self._config.data_dir
        own, snapshots = tenant_dir(data_dir, tenant), snapshots_path(data_dir)
        own.mkdir(parents=True, exist_ok=True)
        snapshots.mkdir(exist_ok=True)
        places = {path: own / path.name for path in folder.iterdir() if path.is_file()}
        for beside in ("", "-wal", "-shm"):
            journal = journal_path(folder)
            places.pop(journal.with_name(journal.name + beside), None)
        places.pop(high_water_path(folder), None)
        if snapshots_path(folder).is_dir():
            places |= {path: snapshots / path.name for path in snapshots_path(folder).iterdir()}
        for path, place in places.items():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.replace(place)
        for changed in (own, own.parent, snapshots):
            _sync(changed)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
