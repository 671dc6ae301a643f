"""Snapshots as files of their own: whole or not there at all, and checked when read.

A file is the magic, a 16-byte BLAKE2b digest of the rest, and the engine's canonical bytes. It is written beside its
name and renamed, so that a reader never sees half of one. Neither writer nor reader ever has all of it in memory.
"""

import contextlib
import logging
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote, unquote

from acd_core.snapshot import BadSnapshot, new_digest
from acd_service.engine_interface import EngineMaker, RoutingEngine
from acd_service.journal import JournalDamaged, Written

MAGIC: Final = b"ACDSNFL\x01"
_DIGEST_BYTES: Final = 16
_START: Final = len(MAGIC) + _DIGEST_BYTES
_PIECE_BYTES: Final = 2**23
"""Read at a time. The thread that reads ahead waits for the interpreter twice a piece, some milliseconds each time."""
_NAME: Final = re.compile(r"(?P<tenant>.+)-(?P<seq>\d{20})\.snapshot")
_UNFINISHED: Final = re.compile(r"(?P<tenant>.+)-\d{20}\.unfinished-\d+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One snapshot. It may be deleted at any time: then whoever reads it gets a FileNotFoundError."""

    path: Path
    seq: int

    def restore(self, make: EngineMaker) -> RoutingEngine:
        """The engine whose state it is.

        Raises:
            JournalDamaged: it is cut short, foreign or changed, or the disk does not give it back.
            BadSnapshot: it is as it was written, but this version cannot read it.
        """
        with self._opened() as (file, digest, size), _ReadAhead(file, size) as content:
            try:
                engine = make.restore_from(content, size)
            except BadSnapshot:
                self._compare(content.digest_of_all(), digest)
                raise
            self._compare(content.digest_of_all(), digest)
            return engine

    def digest(self) -> str:
        """The digest of the state, in hexadecimal.

        Raises:
            JournalDamaged: as `restore`.
        """
        with self._opened() as (file, digest, size), _ReadAhead(file, size) as content:
            self._compare(content.digest_of_all(), digest)
            return digest.hex()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[FileIO, bytes, int]]:
        """The file where the state begins, the digest before it, and how many bytes follow."""
        try:
            with FileIO(self.path) as file:
                start = file.read(_START)
                if start[: len(MAGIC)] != MAGIC:
                    raise JournalDamaged(f"{self.path} is not a snapshot file")
                yield file, start[len(MAGIC) :], max(0, os.fstat(file.fileno()).st_size - _START)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise JournalDamaged(f"{self.path} cannot be read: {error}") from error

    def _compare(self, found: bytes, digest: bytes) -> None:
        if found != digest:
            raise JournalDamaged(f"{self.path} is cut short or changed: its digest does not fit")


class _ReadAhead:
    """A file that is read once, from here to its end, in a thread that also takes the digest: a piece ahead of whoever
    uses what is read. Where that is one piece alone there is no thread.
    """

    def __init__(self, file: FileIO, size: int) -> None:
        self._file = file
        self._digest = new_digest()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="snapshot") if size > _PIECE_BYTES else None
        self._piece = memoryview(b"")
        self._coming: Future[bytes] | None = None

    def __enter__(self) -> Self:
        if self._pool is not None:
            self._coming = self._pool.submit(self._read)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def readinto(self, buffer: memoryview) -> int:
        self._piece = self._piece or memoryview(self._next())
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def digest_of_all(self) -> bytes:
        """The digest of all from where it began to the end; what has not been asked for by then is passed over."""
        while self._next():
            pass
        return self._digest.digest()

    def _next(self) -> bytes:
        if self._pool is None or self._coming is None:
            return self._read()
        piece = self._coming.result()
        self._coming = self._pool.submit(self._read)
        return piece

    def _read(self) -> bytes:
        piece = self._file.read(_PIECE_BYTES)
        self._digest.update(piece)
        return piece


def written(engine: RoutingEngine, write: Callable[[bytes], object] | None = None) -> Written:
    """Give the state to `write` in pieces, and what it comes to as a whole."""
    digest = new_digest()
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        digest.update(piece)
        if write is not None:
            write(piece)

    engine.write_snapshot(take)
    return Written(engine.seq, digest.hexdigest(), size)


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

    def of(self, tenant: str, seq: int) -> SnapshotFile:
        """One of those that `seqs` names."""
        return SnapshotFile(self._path(tenant, seq), seq)

    def restore_latest(self, tenant: str, make: EngineMaker) -> tuple[int, RoutingEngine] | None:
        """The newest snapshot that is whole: its seq and its engine. Damaged ones are passed over with a warning.

        Raises:
            BadSnapshot: this version cannot read it.
        """
        for seq in reversed(self.seqs(tenant)):
            try:
                return seq, self.of(tenant, seq).restore(make)
            except (JournalDamaged, FileNotFoundError) as error:
                _log.warning("snapshot passed over: %s", error)
            except BadSnapshot as error:
                raise BadSnapshot(f"the snapshot of seq {seq} cannot be read: {error}") from None
        return None

    def save(self, tenant: str, seq: int, engine: RoutingEngine) -> Written:
        """Write a snapshot, durably.

        Raises:
            OSError: it could not be written; nothing of it is left.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(tenant, seq)
        unfinished = path.with_suffix(f".unfinished-{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                file.write(MAGIC + bytes(_DIGEST_BYTES))
                result = written(engine, file.write)
                file.seek(len(MAGIC))
                file.write(bytes.fromhex(result.digest))
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return result

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

    def remove_before(self, tenant: str, seq: int) -> None:
        """Delete those of a tenant's that are of earlier states than this, and what an interrupted save left."""
        kept = self.seqs(tenant)
        self.keep_newest(tenant, max(sum(each >= seq for each in kept), 1))

    def remove_after(self, tenant: str, seq: int) -> None:
        """Delete those of a tenant's that are of later states than this."""
        for later in self.seqs(tenant):
            if later > seq:
                self._path(tenant, later).unlink(missing_ok=True)

    def _path(self, tenant: str, seq: int) -> Path:
        return self._directory / f"{quote(tenant, safe='')}-{seq:020d}.snapshot"
