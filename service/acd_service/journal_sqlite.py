"""The embedded journal: one SQLite file in WAL mode, a transaction for each batch, a checksum in each record.

One connection writes and checkpoints, always from the sequencer's worker thread. Readers open a connection of their
own for one question and close it, so that none keeps the write-ahead log from being checkpointed.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service.data_dir import journal_path, snapshots_path
from acd_service.journal import (
    Batch,
    CommandRecord,
    EventRecord,
    Extent,
    JournalDamaged,
    JournalForeign,
    JournalMissing,
    JournalWriteFailed,
    PolicyRecord,
    Snapshot,
)
from acd_service.snapshot_files import SnapshotFiles

APPLICATION_ID: Final = 0x41434431
"""`ACD1`, in the file's header: what SQLite calls the application id."""
FORMAT_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tenants (tenant TEXT PRIMARY KEY, seed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    tenant TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL, event_hash INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, seq)) WITHOUT ROWID;
CREATE TABLE events (
    tenant TEXT NOT NULL, event_seq INTEGER NOT NULL, seq INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, event_seq)) WITHOUT ROWID;
CREATE TABLE policies (
    tenant TEXT NOT NULL, policy_version INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    content BLOB NOT NULL, PRIMARY KEY (tenant, policy_version)) WITHOUT ROWID;
"""
_READ_CHUNK: Final = 10_000
_ROWS_A_STATEMENT_MAX: Final = 256
_WAL_PAGES: Final = 4_000
"""Pages in the write-ahead log before a checkpoint: 16 MB, a tenth of a second of copying at most."""


def _command_checksum(tenant: bytes, seq: int, at_ns: int, event_hash: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qqQ", seq, at_ns, event_hash), zlib.crc32(tenant)))


def _event_checksum(tenant: bytes, event_seq: int, seq: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qq", event_seq, seq), zlib.crc32(tenant)))


def _signed(word: int) -> int:
    """SQLite's integers are signed: a hash of 64 bits is kept in two's complement."""
    return word - 2**64 if word >= 2**63 else word


def _insert_statements(table: str, columns: int) -> dict[int, str]:
    row = f"({','.join('?' * columns)})"
    return {1 << k: f"INSERT INTO {table} VALUES {','.join([row] * (1 << k))}" for k in range(9)}  # noqa: S608


_INSERT_COMMANDS: Final = _insert_statements("commands", 6)
_INSERT_EVENTS: Final = _insert_statements("events", 5)


class SqliteJournal:
    """The journal in a data directory. See `acd_service.journal.Journal` for what each call promises."""

    def __init__(self, data_dir: Path, vfs: str, writer: apsw.Connection | None) -> None:
        self._path = journal_path(data_dir)
        self._vfs = vfs
        self._writer = writer
        self.snapshots = SnapshotFiles(snapshots_path(data_dir))

    @classmethod
    def open(cls, data_dir: Path, *, vfs: str = "", synchronous: str = "FULL") -> Self:
        """Open the journal for writing; it is made if the directory has none. The caller holds the directory's lock.

        Raises:
            JournalForeign, JournalDamaged: nothing has been changed.
        """
        path = journal_path(data_dir)
        if path.exists() and path.stat().st_size > 0:
            _check_file(path)
        try:
            writer = apsw.Connection(str(path), vfs=vfs or None)
        except apsw.Error as error:
            raise JournalDamaged(f"{path} cannot be opened: {error}") from None
        try:
            writer.set_busy_timeout(5_000)
            # A file without tables is one whose making was interrupted.
            is_new = _row(writer, "SELECT count(*) FROM sqlite_schema") == (0,) and not writer.pragma("application_id")
            if not is_new:
                _check_schema(path, writer)
            writer.pragma("journal_mode", "WAL")
            writer.pragma("synchronous", synchronous)
            writer.pragma("wal_autocheckpoint", _WAL_PAGES)
            if is_new:
                with writer:
                    writer.pragma("application_id", APPLICATION_ID)
                    writer.pragma("user_version", FORMAT_VERSION)
                    writer.execute(_SCHEMA)
                    writer.execute("INSERT INTO facts VALUES ('behaviour_version', ?)", (BEHAVIOUR_VERSION,))
        except apsw.Error as error:
            writer.close()
            raise _damaged(path, error) from None
        except Exception:
            writer.close()
            raise
        return cls(data_dir, vfs, writer)

    @classmethod
    def open_to_read(cls, data_dir: Path, *, vfs: str = "") -> Self:
        """Open a journal that is there, beside a service that may be writing it.

        Raises:
            JournalMissing, JournalForeign, JournalDamaged.
        """
        path = journal_path(data_dir)
        if not path.exists():
            raise JournalMissing(f"{data_dir} has no journal ({path.name})")
        _check_file(path)
        journal = cls(data_dir, vfs, None)
        with journal._reader() as reader:
            _check_schema(path, reader)
        return journal

    def append(self, batch: Batch) -> None:
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        commands: list[Any] = []
        for tenant, seq, at_ns, event_hash, content in batch.commands:
            checksum = _command_checksum(tenant.encode(), seq, at_ns, event_hash, content)
            commands += (tenant, seq, at_ns, _signed(event_hash), content, checksum)
        events: list[Any] = []
        for tenant, event_seq, seq, content in batch.events:
            events += (tenant, event_seq, seq, content, _event_checksum(tenant.encode(), event_seq, seq, content))
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._insert(_INSERT_COMMANDS, commands, 6)
            self._insert(_INSERT_EVENTS, events, 5)
            for policy in batch.policies:
                self._writer.execute("INSERT INTO policies VALUES (?, ?, ?, ?, ?)", policy)
            self._writer.execute("COMMIT")
        except apsw.Error as error:
            with contextlib.suppress(apsw.Error):
                self._writer.execute("ROLLBACK")
            raise JournalWriteFailed(f"{self._path}: {error}") from error

    def _insert(self, statements: dict[int, str], values: list[Any], columns: int) -> None:
        # Each execution lets go of the interpreter and must wait to get it back from a busy event loop, so rows go in
        # by powers of two: few executions, few distinct statements to keep prepared.
        assert self._writer is not None
        at, left, rows = 0, len(values) // columns, _ROWS_A_STATEMENT_MAX
        while left:
            while rows > left:
                rows //= 2
            self._writer.execute(statements[rows], values[at : at + rows * columns])
            at += rows * columns
            left -= rows

    def read(self, tenant: str, from_seq: int) -> Iterator[CommandRecord]:
        expected = from_seq
        raw_tenant = tenant.encode()
        while True:
            with self._reader() as reader:
                rows: list[Any] = reader.execute(
                    "SELECT seq, at_ns, event_hash, content, checksum FROM commands"
                    " WHERE tenant = ? AND seq >= ? ORDER BY seq LIMIT ?",
                    (tenant, expected, _READ_CHUNK),
                ).fetchall()
            for seq, at_ns, event_hash, content, checksum in rows:
                if seq != expected:
                    raise JournalDamaged(f"{self._path}: command {expected} is missing", expected - 1)
                event_hash %= 2**64
                if _command_checksum(raw_tenant, seq, at_ns, event_hash, content) != checksum:
                    raise JournalDamaged(f"{self._path}: command {seq} is not what was written", seq - 1)
                yield CommandRecord(tenant, seq, at_ns, event_hash, content)
                expected += 1
            if len(rows) < _READ_CHUNK:
                return

    def read_events(
        self, tenant: str, from_event_seq: int, *, events_max: int, bytes_max: int
    ) -> Sequence[EventRecord]:
        records: list[EventRecord] = []
        expected, size, raw_tenant = from_event_seq, 0, tenant.encode()
        with self._reader() as reader:
            for event_seq, seq, content, checksum in reader.execute(
                "SELECT event_seq, seq, content, checksum FROM events"
                " WHERE tenant = ? AND event_seq >= ? ORDER BY event_seq LIMIT ?",
                (tenant, from_event_seq, events_max),
            ):
                if event_seq != expected:
                    raise JournalDamaged(f"{self._path}: event {expected} is missing")
                if _event_checksum(raw_tenant, event_seq, seq, content) != checksum:
                    raise JournalDamaged(f"{self._path}: event {event_seq} is not what was written", seq - 1)
                size += len(content)
                if records and size > bytes_max:
                    break
                records.append(EventRecord(tenant, event_seq, seq, content))
                expected += 1
        return records

    def read_policies(self, tenant: str, *, up_to_version: int, policies_max: int) -> Sequence[PolicyRecord]:
        with self._reader() as reader:
            rows: list[Any] = reader.execute(
                "SELECT policy_version, seq, at_ns, content FROM policies WHERE tenant = ? AND policy_version <= ?"
                " ORDER BY policy_version DESC LIMIT ?",
                (tenant, up_to_version, policies_max),
            ).fetchall()
        return [PolicyRecord(tenant, *row) for row in rows]

    def size_bytes(self) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        return sum(path.stat().st_size for path in (self._path, wal) if path.exists())

    def extent(self, tenant: str) -> Extent:
        with self._reader() as reader:
            row = _row(
                reader,
                "SELECT (SELECT min(seq) FROM commands WHERE tenant = ?1), (SELECT max(seq) FROM commands"
                " WHERE tenant = ?1), (SELECT at_ns FROM commands WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1),"
                " (SELECT min(event_seq) FROM events WHERE tenant = ?1),"
                " (SELECT max(event_seq) FROM events WHERE tenant = ?1)",
                (tenant,),
            )
        oldest, last, last_at_ns, oldest_event, last_event = row
        return Extent(oldest or 0, last or 0, last_at_ns or 0, oldest_event or 0, last_event or 0)

    def seed(self, tenant: str) -> int | None:
        with self._reader() as reader:
            row = _row(reader, "SELECT seed FROM tenants WHERE tenant = ?", (tenant,))
        return None if row is None else int(row[0]) % 2**64

    def admit(self, tenant: str, seed: int) -> None:
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        try:
            self._writer.execute("INSERT INTO tenants VALUES (?, ?)", (tenant, _signed(seed)))
        except apsw.Error as error:
            raise JournalWriteFailed(f"{self._path}: {error}") from error

    def tenants(self) -> list[str]:
        with self._reader() as reader:
            return [row[0] for row in reader.execute("SELECT tenant FROM tenants ORDER BY tenant")]

    def check_pages(self) -> None:
        """Have SQLite look at every page of the file.

        Raises:
            JournalDamaged: naming what SQLite found first.
        """
        with self._reader() as reader:
            (found,) = _row(reader, "PRAGMA integrity_check(1)")
        if found != "ok":
            raise JournalDamaged(f"{self._path} is damaged: {found}")

    def latest_snapshot(self, tenant: str) -> Snapshot | None:
        return self.snapshots.latest(tenant)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots.save(snapshot)

    def forget(self, tenant: str, *, through_seq: int, through_event_seq: int) -> None:
        """Drop the last record never: it is what says how far the journal reached."""
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        extent = self.extent(tenant)
        try:
            with self._writer:
                self._writer.execute(
                    "DELETE FROM commands WHERE tenant = ? AND seq <= ?",
                    (tenant, min(through_seq, extent.last_seq - 1)),
                )
                self._writer.execute(
                    "DELETE FROM events WHERE tenant = ? AND event_seq <= ?",
                    (tenant, min(through_event_seq, extent.last_event_seq - 1)),
                )
        except apsw.Error as error:
            raise JournalWriteFailed(f"{self._path}: {error}") from error

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextlib.contextmanager
    def _reader(self) -> Iterator[apsw.Connection]:
        connection = None
        try:
            flags = apsw.SQLITE_OPEN_READONLY
            connection = apsw.Connection(str(self._path), flags=flags, vfs=self._vfs or None)
            connection.set_busy_timeout(5_000)
            yield connection
        except apsw.Error as error:
            raise _damaged(self._path, error) from None
        finally:
            if connection is not None:
                connection.close()


def _row(connection: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    return connection.execute(statement, values).fetchone()


def _damaged(path: Path, error: apsw.Error) -> JournalDamaged | JournalForeign:
    if isinstance(error, apsw.NotADBError):
        return JournalForeign(f"{path} is not a journal: {error}")
    return JournalDamaged(f"{path} is cut short or damaged: {error}")


def _check_file(path: Path) -> None:
    """Look at the header before SQLite does: it would quietly take a foreign database for its own."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(100)
    if header[:16] != b"SQLite format 3\0"[: len(header)]:
        raise JournalForeign(f"{path} is not a journal: it is no SQLite file")
    if len(header) < 100:
        raise JournalDamaged(f"{path} is cut short: {size} bytes are less than a header")
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65_536 if page_size == 1 else page_size
    pages = int.from_bytes(header[28:32], "big")
    wal = path.with_name(path.name + "-wal")
    if pages * page_size > size and not (wal.exists() and os.stat(wal).st_size > 0):
        raise JournalDamaged(f"{path} is cut short: {size} bytes of {pages * page_size}")


def _check_schema(path: Path, connection: apsw.Connection) -> None:
    application_id = connection.pragma("application_id")
    if application_id != APPLICATION_ID:
        raise JournalForeign(f"{path} is a SQLite file of another application (id {application_id})")
    version = connection.pragma("user_version")
    if version != FORMAT_VERSION:
        raise JournalForeign(f"{path} has journal format {version}, this program reads format {FORMAT_VERSION}")
    row = _row(connection, "SELECT value FROM facts WHERE name = 'behaviour_version'")
    behaviour = None if row is None else row[0]
    if behaviour != BEHAVIOUR_VERSION:
        raise JournalForeign(
            f"{path} was written under behaviour version {behaviour}, this program has {BEHAVIOUR_VERSION}"
        )
