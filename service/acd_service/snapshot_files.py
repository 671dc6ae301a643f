"""Snapshots as files of their own: whole or not there at all, and checked when read.

A file is the magic, a 16-byte BLAKE2b digest of the rest, and the engine's canonical bytes. It is written beside its
name and renamed, so that a reader never sees half of one.
"""

import contextlib
import hashlib
import logging
import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from acd_service.journal import JournalDamaged, Snapshot

MAGIC: Final = b"ACDSNFL\x01"
_DIGEST_BYTES: Final = 16
_NAME: Final = re.compile(r"(?P<tenant>.+)-(?P<seq>\d{20})\.snapshot")
_UNFINISHED: Final = re.compile(r"(?P<tenant>.+)-\d{20}\.unfinished-\d+")
_log = logging.getLogger(__name__)


class SnapshotFiles:
    """The snapshots in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def seqs(self, tenant: str) -> list[int]:
        """The seqs of the tenant's snapshots, oldest first."""
        if not self._directory.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self._directory.iterdir())
        return sorted(int(match["seq"]) for match in found if match and match["tenant"] == quote(tenant, safe=""))

    def newest(self) -> dict[str, tuple[int, float, int]]:
        """By tenant, of its newest snapshot: the seq, when it was written in seconds since the Unix epoch, its size."""
        found: dict[str, tuple[int, float, int]] = {}
        for path in self._directory.iterdir() if self._directory.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match and int(match["seq"]) >= found.get(unquote(match["tenant"]), (0,))[0]:
                with contextlib.suppress(FileNotFoundError):
                    stat = path.stat()
                    found[unquote(match["tenant"])] = (int(match["seq"]), stat.st_mtime, stat.st_size)
        return found

    def load(self, tenant: str, seq: int) -> Snapshot:
        """Read one snapshot.

        Raises:
            JournalDamaged: it is cut short, foreign or changed.
        """
        path = self._path(tenant, seq)
        raw = path.read_bytes()
        data = raw[len(MAGIC) + _DIGEST_BYTES :]
        if raw[: len(MAGIC)] != MAGIC:
            raise JournalDamaged(f"{path} is not a snapshot file")
        if hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest() != raw[len(MAGIC) : len(MAGIC) + _DIGEST_BYTES]:
            raise JournalDamaged(f"{path} is cut short or changed: its digest does not fit")
        return Snapshot(tenant, seq, data)

    def latest(self, tenant: str) -> Snapshot | None:
        """The newest snapshot that is whole; damaged ones are passed over with a warning."""
        for seq in reversed(self.seqs(tenant)):
            try:
                return self.load(tenant, seq)
            except JournalDamaged as error:
                _log.warning("snapshot passed over: %s", error)
        return None

    def save(self, snapshot: Snapshot) -> None:
        """Write a snapshot, durably."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(snapshot.tenant, snapshot.seq)
        unfinished = path.with_suffix(f".unfinished-{os.getpid()}")
        digest = hashlib.blake2b(snapshot.data, digest_size=_DIGEST_BYTES).digest()
        with unfinished.open("wb") as file:
            file.write(MAGIC)
            file.write(digest)
            file.write(snapshot.data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def keep_newest(self, tenant: str, count: int) -> None:
        """Delete all but the newest `count`, and what an interrupted save left."""
        for seq in self.seqs(tenant)[:-count]:
            self._path(tenant, seq).unlink(missing_ok=True)
        for leftover in self._directory.glob("*.unfinished-*"):
            match = _UNFINISHED.fullmatch(leftover.name)
            if match and match["tenant"] == quote(tenant, safe=""):
                leftover.unlink(missing_ok=True)

    def remove(self, tenant: str) -> None:
        """Delete all of a tenant's."""
        for seq in self.seqs(tenant):
            self._path(tenant, seq).unlink(missing_ok=True)
        self.keep_newest(tenant, 1)

    def _path(self, tenant: str, seq: int) -> Path:
        return self._directory / f"{quote(tenant, safe='')}-{seq:020d}.snapshot"
