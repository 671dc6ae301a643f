"""The embedded journal: one SQLite file in WAL mode, a transaction for each batch, a checksum in each record.

Commands and events that came in large batches are kept as chunks, one row for each: a row costs about a microsecond,
and a batch has hundreds of each. Others have rows of their own. A number is in one of the two places.

One connection writes and checkpoints, always from the sequencer's worker thread. Readers open a connection of their
own for one question and close it, so that none keeps the write-ahead log from being checkpointed.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service.codec.chunks import command_chunk, commands_in, event_chunk, events_in
from acd_service.data_dir import journal_path, snapshots_path
from acd_service.engine_interface import EngineMaker, RoutingEngine
from acd_service.journal import (
    Batch,
    CommandRecord,
    EventRecord,
    EventRun,
    Extent,
    JournalDamaged,
    JournalForeign,
    JournalMissing,
    JournalWriteFailed,
    PolicyRecord,
    Stretch,
    Written,
)
from acd_service.snapshot_files import SnapshotFiles

T = TypeVar("T")
APPLICATION_ID: Final = 0x41434431
"""`ACD1`, in the file's header: what SQLite calls the application id."""
FORMAT_VERSION: Final = 2
"""2 added the tables of chunks; a journal of format 1 is read as it is, and gets them when it is written."""

_FORMAT_WITH_CHUNKS: Final = 2
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
_CHUNKS_SCHEMA: Final = """
CREATE TABLE command_chunks (
    tenant TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_at_ns INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, first_seq));
CREATE TABLE event_chunks (
    tenant TEXT NOT NULL, first_event_seq INTEGER NOT NULL, last_event_seq INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, first_event_seq));
"""
_RECORDS: Final = (
    ("commands", "seq", 4_000), ("command_chunks", "first_seq", 32), ("events", "event_seq", 4_000),
    ("event_chunks", "first_event_seq", 32), ("policies", "policy_version", 32),
)  # fmt: skip
"""What is kept of a tenant: the table, the column that numbers its records, how many of them are deleted at a time."""
_STRETCHES: Final = """
PRAGMA temp_store = MEMORY;
CREATE TEMP VIEW stretches AS
    SELECT 0 AS tenant, 0 AS first_seq, 0 AS last_seq, 0 AS last_at_ns, 0 AS content, 0 AS checksum,
    0 AS first_event_seq, 0 AS last_event_seq, 0 AS events, 0 AS event_checksum;
CREATE TEMP TRIGGER keep_stretch INSTEAD OF INSERT ON stretches BEGIN
    INSERT INTO command_chunks VALUES (
        NEW.tenant, NEW.first_seq, NEW.last_seq, NEW.last_at_ns, NEW.content, NEW.checksum);
    INSERT INTO event_chunks
        SELECT NEW.tenant, NEW.first_event_seq, NEW.last_event_seq, NEW.events, NEW.event_checksum
        WHERE length(NEW.events) > 0;
END;
"""
"""Known to the connection that writes alone, and not kept in the file: both chunks go in with one statement."""
_INSERT_STRETCH: Final = f"INSERT INTO stretches VALUES ({','.join('?' * 10)})"  # noqa: S608
_READ_CHUNK: Final = 10_000
_CHUNKS_AT_ONCE: Final = 64
"""Chunks that a reader holds; one has 4,096 commands at most, and in a busy service some hundreds."""
_ROWS_A_STATEMENT_MAX: Final = 256
_WAL_PAGES: Final = 4_000
"""Pages in the write-ahead log before a checkpoint: 16 MB, a tenth of a second of copying at most."""


def _command_checksum(tenant: bytes, seq: int, at_ns: int, event_hash: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qqQ", seq, at_ns, event_hash), zlib.crc32(tenant)))


def _event_checksum(tenant: bytes, event_seq: int, seq: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qq", event_seq, seq), zlib.crc32(tenant)))


def _chunk_checksum(tenant: bytes, first: int, last: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qq", first, last), zlib.crc32(tenant)))


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
        self._has_chunks = True
        self._is_still = False
        self._oldest_event_seqs: dict[str, int] = {}
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
            format_version = FORMAT_VERSION if is_new else _check_schema(path, writer)
            writer.pragma("journal_mode", "WAL")
            writer.pragma("synchronous", synchronous)
            writer.pragma("wal_autocheckpoint", _WAL_PAGES)
            if is_new:
                with writer:
                    writer.pragma("application_id", APPLICATION_ID)
                    writer.pragma("user_version", FORMAT_VERSION)
                    writer.execute(_SCHEMA + _CHUNKS_SCHEMA)
                    writer.execute("INSERT INTO facts VALUES ('behaviour_version', ?)", (BEHAVIOUR_VERSION,))
            elif format_version < FORMAT_VERSION:
                with writer:
                    writer.execute(_CHUNKS_SCHEMA)
                    writer.pragma("user_version", FORMAT_VERSION)
            writer.execute(_STRETCHES)
        except apsw.Error as error:
            _close(writer)
            raise _damaged(path, error) from None
        except Exception:
            _close(writer)
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
        wal = path.with_name(path.name + "-wal")
        journal._is_still = not os.access(data_dir, os.W_OK) and not (wal.exists() and wal.stat().st_size)
        with journal._reader() as reader:
            journal._has_chunks = _check_schema(path, reader) >= _FORMAT_WITH_CHUNKS
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
            if len(batch.stretches) == 1 and not (commands or events or batch.policies):
                # What a busy service commits again and again: one statement is a transaction of its own, and each
                # statement lets go of the interpreter and must wait to get it back from a busy event loop.
                self._insert_stretch(self._writer, batch.stretches[0])
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._insert(_INSERT_COMMANDS, commands, 6)
            self._insert(_INSERT_EVENTS, events, 5)
            for stretch in batch.stretches:
                self._insert_stretch(self._writer, stretch)
            for policy in batch.policies:
                self._writer.execute("INSERT INTO policies VALUES (?, ?, ?, ?, ?)", policy)
            self._writer.execute("COMMIT")
        except apsw.Error as error:
            with contextlib.suppress(apsw.Error):
                self._writer.execute("ROLLBACK")
            raise JournalWriteFailed(f"{self._path}: {error}") from error

    def _insert_stretch(self, writer: apsw.Connection, stretch: Stretch) -> None:
        tenant, first, last, at_ns, content, first_event, last_event, events = stretch
        name = tenant.encode()
        checksum = _chunk_checksum(name, first, last, content)
        event_checksum = _chunk_checksum(name, first_event, last_event, events)
        writer.execute(
            _INSERT_STRETCH,
            (tenant, first, last, at_ns, content, checksum, first_event, last_event, events, event_checksum),
        )

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
        for chunk in self.read_chunks(tenant, from_seq):
            for seq, at_ns, event_hash, content in self._in_chunk(expected, commands_in, chunk):
                if seq < expected:
                    continue
                if seq != expected:
                    raise JournalDamaged(f"{self._path}: command {expected} is missing", expected - 1)
                yield CommandRecord(tenant, seq, at_ns, event_hash, content)
                expected += 1

    def read_chunks(self, tenant: str, from_seq: int) -> Iterator[bytes]:
        expected = from_seq
        while True:
            with self._reader() as reader:
                found = self._chunks_from(reader, tenant, expected) or self._rows_from(reader, tenant, expected)
            if not found:
                return
            for first, last, content in found:
                if first > expected:
                    raise JournalDamaged(f"{self._path}: command {expected} is missing", expected - 1)
                yield content
                expected = last + 1

    def _chunks_from(self, reader: apsw.Connection, tenant: str, expected: int) -> list[tuple[int, int, bytes]]:
        """The chunk that holds a command, and those that follow right behind it."""
        if not self._has_chunks:
            return []
        found: list[tuple[int, int, bytes]] = []
        following = expected
        for first, last, content, checksum in reader.execute(
            "SELECT first_seq, last_seq, content, checksum FROM command_chunks WHERE tenant = ?1 AND first_seq >="
            " (SELECT max(first_seq) FROM command_chunks WHERE tenant = ?1 AND first_seq <= ?2)"
            " ORDER BY first_seq LIMIT ?3",
            (tenant, expected, _CHUNKS_AT_ONCE),
        ):
            if first > following or last < following:
                break
            if _chunk_checksum(tenant.encode(), first, last, content) != checksum:
                if found:
                    break  # what is good is read first; the next look begins with this one
                text = f"{self._path}: commands {first} to {last} are not what was written"
                raise JournalDamaged(text, first - 1)
            found.append((first, last, content))
            following = last + 1
        return found

    def _rows_from(self, reader: apsw.Connection, tenant: str, expected: int) -> list[tuple[int, int, bytes]]:
        """The commands that have rows of their own from one on, as far as they follow each other, as one chunk."""
        raw_tenant = tenant.encode()
        first = expected
        contents: list[bytes] = []
        hashes: list[int] = []
        for seq, at_ns, event_hash, content, checksum in reader.execute(
            "SELECT seq, at_ns, event_hash, content, checksum FROM commands"
            " WHERE tenant = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (tenant, expected, _READ_CHUNK),
        ):
            if seq != expected:
                break
            event_hash %= 2**64
            if _command_checksum(raw_tenant, seq, at_ns, event_hash, content) != checksum:
                if contents:
                    break
                raise JournalDamaged(f"{self._path}: command {seq} is not what was written", seq - 1)
            contents.append(content)
            hashes.append(event_hash)
            expected += 1
        if contents:
            return [(first, expected - 1, command_chunk(contents, hashes))]
        if self._last_command(reader, tenant)[0] >= expected:
            raise JournalDamaged(f"{self._path}: command {expected} is missing", expected - 1)
        return []

    def _last_command(self, reader: apsw.Connection, tenant: str) -> tuple[int, int]:
        """The last command and its time, or zeros."""
        found = [(0, 0)]
        found += _some(reader, "SELECT seq, at_ns FROM commands WHERE tenant = ? ORDER BY seq DESC LIMIT 1", tenant)
        if self._has_chunks:
            question = (
                "SELECT last_seq, last_at_ns FROM command_chunks WHERE tenant = ? ORDER BY first_seq DESC LIMIT 1"
            )
            found += _some(reader, question, tenant)
        return max(found)

    def _last_event(self, reader: apsw.Connection, tenant: str) -> int:
        found = [(0,)]
        found += _some(reader, "SELECT max(event_seq) FROM events WHERE tenant = ?", tenant)
        if self._has_chunks:
            question = "SELECT last_event_seq FROM event_chunks WHERE tenant = ? ORDER BY first_event_seq DESC LIMIT 1"
            found += _some(reader, question, tenant)
        return max(last or 0 for (last,) in found)

    def _oldest(self, reader: apsw.Connection, tenant: str) -> list[int]:
        """The oldest command and the oldest event, or zeros."""
        questions = [("min(seq)", "commands"), ("min(event_seq)", "events")]
        found = [_some(reader, f"SELECT {what} FROM {table} WHERE tenant = ?", tenant) for what, table in questions]  # noqa: S608
        if self._has_chunks:
            for place, what in enumerate(("command_chunks", "event_chunks")):
                column = ("first_seq", "first_event_seq")[place]
                found[place] += _some(reader, f"SELECT min({column}) FROM {what} WHERE tenant = ?", tenant)  # noqa: S608
        return [min((oldest for (oldest,) in both if oldest is not None), default=0) for both in found]

    def _in_chunk(self, first: int, take_apart: Callable[[bytes], list[T]], content: bytes) -> list[T]:
        try:
            return take_apart(content)
        except ValueError as error:
            raise JournalDamaged(f"{self._path}: a chunk with {first} cannot be read: {error}", first - 1) from None

    def read_events(
        self, tenant: str, from_event_seq: int, *, events_max: int, bytes_max: int
    ) -> Sequence[EventRecord]:
        records: list[EventRecord] = []
        size = 0
        with self._reader() as reader:
            while len(records) < events_max:
                expected = from_event_seq + len(records)
                found = self._events_in_chunk(reader, tenant, expected) or self._events_in_rows(
                    reader, tenant, expected, events_max - len(records)
                )
                if not found:
                    if self._last_event(reader, tenant) >= expected:
                        raise JournalDamaged(f"{self._path}: event {expected} is missing")
                    return records
                for record in found[: events_max - len(records)]:
                    size += len(record.content)
                    if records and size > bytes_max:
                        return records
                    records.append(record)
        return records

    def read_event_runs(self, tenant: str, from_event_seq: int, *, events_max: int) -> Sequence[EventRun]:
        runs: list[EventRun] = []
        expected = from_event_seq
        with self._reader() as reader:
            while expected < from_event_seq + events_max:
                left = from_event_seq + events_max - expected
                try:
                    run = self._run_with(reader, tenant, expected) or self._run_of_rows(reader, tenant, expected, left)
                    if run is None and self._last_event(reader, tenant) >= expected:
                        raise JournalDamaged(f"{self._path}: event {expected} is missing")
                except JournalDamaged:
                    if runs:
                        break  # what is good is read first; the next look begins with this one
                    raise
                if run is None:
                    break
                runs.append(run)
                expected = run.last_event_seq + 1
        return runs

    def _run_with(self, reader: apsw.Connection, tenant: str, expected: int) -> EventRun | None:
        """The chunk that holds an event."""
        if not self._has_chunks:
            return None
        row = _row(
            reader,
            "SELECT first_event_seq, last_event_seq, content, checksum FROM event_chunks"
            " WHERE tenant = ? AND first_event_seq <= ? ORDER BY first_event_seq DESC LIMIT 1",
            (tenant, expected),
        )
        if row is None or row[1] < expected:
            return None
        first, last, content, checksum = row
        if _chunk_checksum(tenant.encode(), first, last, content) != checksum:
            raise JournalDamaged(f"{self._path}: events {first} to {last} are not what was written")
        return EventRun(first, last, content)

    def _run_of_rows(self, reader: apsw.Connection, tenant: str, expected: int, events_max: int) -> EventRun | None:
        records = self._events_in_rows(reader, tenant, expected, min(events_max, _READ_CHUNK))
        if not records:
            return None
        return EventRun(expected, records[-1].event_seq, event_chunk([record.content for record in records]))

    def _events_in_chunk(self, reader: apsw.Connection, tenant: str, expected: int) -> list[EventRecord]:
        run = self._run_with(reader, tenant, expected)
        if run is None:
            return []
        first, last, content = run
        events = self._in_chunk(first, events_in, content)
        if [event_seq for event_seq, _, _ in events] != list(range(first, last + 1)):
            raise JournalDamaged(f"{self._path}: events {first} to {last} are not all there")
        return [EventRecord(tenant, *event) for event in events[expected - first :]]

    def _events_in_rows(
        self, reader: apsw.Connection, tenant: str, expected: int, events_max: int
    ) -> list[EventRecord]:
        records: list[EventRecord] = []
        raw_tenant = tenant.encode()
        for event_seq, seq, content, checksum in reader.execute(
            "SELECT event_seq, seq, content, checksum FROM events"
            " WHERE tenant = ? AND event_seq >= ? ORDER BY event_seq LIMIT ?",
            (tenant, expected, events_max),
        ):
            if event_seq != expected:
                break
            if _event_checksum(raw_tenant, event_seq, seq, content) != checksum:
                raise JournalDamaged(f"{self._path}: event {event_seq} is not what was written", seq - 1)
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
            oldest_seq, oldest_event_seq = self._oldest(reader, tenant)
            last_seq, last_at_ns = self._last_command(reader, tenant)
            return Extent(oldest_seq, last_seq, last_at_ns, oldest_event_seq, self._last_event(reader, tenant))

    def oldest_event_seq(self, tenant: str) -> int:
        """The oldest event that is kept; 0 if there is none."""
        oldest = self.extent(tenant).oldest_event_seq
        if oldest:
            self._oldest_event_seqs[tenant] = oldest
        return oldest

    def oldest_event_seq_known(self, tenant: str) -> int:
        """As `oldest_event_seq`, without a look into the file; 0 if nobody has looked since events were forgotten."""
        return self._oldest_event_seqs.get(tenant, 0)

    def seed(self, tenant: str) -> int | None:
        with self._reader() as reader:
            row = _row(reader, "SELECT seed FROM tenants WHERE tenant = ?", (tenant,))
        return None if row is None else int(row[0]) % 2**64

    def admit(self, tenant: str, seed: int, facts: Mapping[str, int] | None = None) -> None:
        with self._writing() as writer:
            writer.execute("INSERT INTO tenants VALUES (?, ?)", (tenant, _signed(seed)))
            for name, value in (facts or {}).items():
                writer.execute("INSERT INTO facts VALUES (?, ?)", (f"tenant/{tenant}/{name}", value))

    def facts_of(self, tenant: str) -> dict[str, int]:
        """What is noted of a tenant beside its record."""
        place = f"tenant/{tenant}/"
        with self._reader() as reader:
            rows: list[Any] = reader.execute(
                "SELECT name, value FROM facts WHERE substr(name, 1, ?) = ?", (len(place), place)
            ).fetchall()
        return {name[len(place) :]: value for name, value in rows}

    def put_fact(self, tenant: str, name: str, value: int) -> None:
        with self._writing() as writer:
            writer.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"tenant/{tenant}/{name}", value))

    def drop_fact(self, tenant: str, name: str) -> None:
        with self._writing() as writer:
            writer.execute("DELETE FROM facts WHERE name = ?", (f"tenant/{tenant}/{name}",))

    def remove_some(self, tenant: str) -> bool:
        """Delete a part of a tenant's record, as much as takes about as long as a few commits. In the end the tenant
        itself goes, with what is noted of it: False, there is nothing more.
        """
        with self._writing() as writer:
            for table, number, count in _RECORDS:
                writer.execute(
                    f"DELETE FROM {table} WHERE tenant = ?1 AND {number} IN"  # noqa: S608
                    f" (SELECT {number} FROM {table} WHERE tenant = ?1 ORDER BY {number} LIMIT {count})",
                    (tenant,),
                )
                if writer.changes():
                    return True
            place = f"tenant/{tenant}/"
            writer.execute("DELETE FROM facts WHERE substr(name, 1, ?) = ?", (len(place), place))
            writer.execute("DELETE FROM tenants WHERE tenant = ?", (tenant,))
        self._oldest_event_seqs.pop(tenant, None)
        return False

    @contextlib.contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """A transaction."""
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        try:
            with self._writer as writer:
                yield writer
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

    def restore_latest(self, tenant: str, make: EngineMaker) -> tuple[int, RoutingEngine] | None:
        return self.snapshots.restore_latest(tenant, make)

    def save_snapshot(self, tenant: str, engine: RoutingEngine) -> Written:
        return self.snapshots.save(tenant, engine.seq, engine)

    def forget(self, tenant: str, *, through_seq: int, through_event_seq: int) -> None:
        """Drop the last record never: it is what says how far the journal reached. A chunk goes as a whole."""
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        extent = self.extent(tenant)
        seq = min(through_seq, extent.last_seq - 1)
        event_seq = min(through_event_seq, extent.last_event_seq - 1)
        try:
            with self._writer as writer:
                writer.execute("DELETE FROM commands WHERE tenant = ? AND seq <= ?", (tenant, seq))
                writer.execute(
                    "DELETE FROM command_chunks WHERE tenant = ? AND first_seq <= ? AND last_seq <= ?",
                    (tenant, seq, seq),
                )
                writer.execute("DELETE FROM events WHERE tenant = ? AND event_seq <= ?", (tenant, event_seq))
                writer.execute(
                    "DELETE FROM event_chunks WHERE tenant = ? AND first_event_seq <= ? AND last_event_seq <= ?",
                    (tenant, event_seq, event_seq),
                )
        except apsw.Error as error:
            raise JournalWriteFailed(f"{self._path}: {error}") from error
        finally:
            self._oldest_event_seqs.pop(tenant, None)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextlib.contextmanager
    def _reader(self) -> Iterator[apsw.Connection]:
        connection = None
        try:
            flags, name = apsw.SQLITE_OPEN_READONLY, str(self._path)
            if self._is_still:
                # Where nothing can be written SQLite cannot make the file that readers of a log share, and needs none.
                flags, name = flags | apsw.SQLITE_OPEN_URI, f"{self._path.absolute().as_uri()}?immutable=1"
            connection = apsw.Connection(name, flags=flags, vfs=self._vfs or None)
            connection.set_busy_timeout(5_000)
            connection.execute("BEGIN")  # all that is asked of it is as of one moment
            yield connection
        except apsw.Error as error:
            raise _damaged(self._path, error) from None
        finally:
            if connection is not None:
                _close(connection)


def _close(connection: apsw.Connection) -> None:
    """A disk that fails now fails for the last time: what was asked of the connection has had its own error."""
    with contextlib.suppress(apsw.Error):
        connection.close()


def _some(connection: apsw.Connection, question: str, tenant: str) -> list[Any]:
    return list(connection.execute(question, (tenant,)))


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


def _check_schema(path: Path, connection: apsw.Connection) -> int:
    """The version of the format, which is one that can be read."""
    application_id = connection.pragma("application_id")
    if application_id != APPLICATION_ID:
        raise JournalForeign(f"{path} is a SQLite file of another application (id {application_id})")
    version = connection.pragma("user_version")
    if not 1 <= version <= FORMAT_VERSION:
        raise JournalForeign(f"{path} has journal format {version}, this program reads formats 1 to {FORMAT_VERSION}")
    row = _row(connection, "SELECT value FROM facts WHERE name = 'behaviour_version'")
    behaviour = None if row is None else row[0]
    if behaviour != BEHAVIOUR_VERSION:
        raise JournalForeign(
            f"{path} was written under behaviour version {behaviour}, this program has {BEHAVIOUR_VERSION}"
        )
    return int(version)
