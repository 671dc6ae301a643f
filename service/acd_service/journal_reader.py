"""Reads the embedded journal: each record against its checksum, beside a service that may be writing.

Commands and events that came in large batches are kept as chunks, one row for each; others have rows of their own. A
number is in one of the two places. Readers open a connection for one question and close it, so that none keeps the
write-ahead log from being checkpointed.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import apsw

from acd_service.chain import JOURNAL, Head, Link
from acd_service.chain_rows import read_head, read_link
from acd_service.codec.chunks import command_chunk, commands_in, event_chunk, events_in
from acd_service.data_dir import journal_path, snapshots_path
from acd_service.engine_interface import EngineMaker, RoutingEngine
from acd_service.journal import (
    ERASED,
    CommandRecord,
    EventRecord,
    EventRun,
    Extent,
    JournalDamaged,
    JournalMissing,
    PolicyRecord,
    Written,
)
from acd_service.journal_format import (
    FORMAT_VERSION,
    FORMAT_WITH_CHAIN,
    FORMAT_WITH_CHUNKS,
    check_file,
    check_schema,
    chunk_checksum,
    command_checksum,
    damaged,
    event_checksum,
    named_checksum,
    policy_checksum,
    row_of,
)
from acd_service.snapshot_files import SnapshotFiles

T = TypeVar("T")
_READ_CHUNK: Final = 10_000
_CHUNKS_AT_ONCE: Final = 64
"""Chunks that a reader holds; one has 4,096 commands at most, and in a busy service some hundreds."""


class JournalReader:
    """A journal in a data directory, as far as it is read. See `acd_service.journal.Journal` for each promise."""

    def __init__(self, data_dir: Path, vfs: str) -> None:
        self._path = journal_path(data_dir)
        self._vfs = vfs
        self._know(FORMAT_VERSION)
        self._is_still = False
        self._oldest_event_seqs: dict[str, int] = {}
        self.snapshots = SnapshotFiles(snapshots_path(data_dir))

    @classmethod
    def open_to_read(cls, data_dir: Path, *, vfs: str = "") -> Self:
        """Open a journal that is there, beside a service that may be writing it.

        Raises:
            JournalMissing, JournalForeign, JournalDamaged.
        """
        path = journal_path(data_dir)
        if not path.exists():
            raise JournalMissing(f"{data_dir} has no journal ({path.name})")
        check_file(path)
        journal = cls(data_dir, vfs)
        wal = path.with_name(path.name + "-wal")
        journal._is_still = not os.access(data_dir, os.W_OK) and not (wal.exists() and wal.stat().st_size)
        with journal.reading() as reader:
            journal._know(check_schema(path, reader))
        return journal

    def _know(self, format_version: int) -> None:
        self._has_chunks = format_version >= FORMAT_WITH_CHUNKS
        self._has_chain = format_version >= FORMAT_WITH_CHAIN

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
            with self.reading() as reader:
                found = self._chunks_from(reader, tenant, expected) or self._rows_from(reader, tenant, expected)
            if not found:
                return
            for first, last, content in found:
                if first > expected:
                    raise JournalDamaged(f"{self._path}: command {expected} is missing", expected - 1)
                yield content
                expected = last + 1

    def read_one(self, tenant: str, seq: int) -> CommandRecord:
        """The command `seq`, checked.

        Raises:
            JournalDamaged: as `read`, and if it is not kept.
        """
        with self.reading() as reader:
            found = self._chunks_from(reader, tenant, seq, 1) or self._rows_from(reader, tenant, seq, 1)
        for first, _, content in found:
            if first <= seq:
                return CommandRecord(tenant, *self._in_chunk(seq, commands_in, content)[seq - first])
        raise JournalDamaged(f"{self._path}: command {seq} is missing", seq - 1)

    def _chunks_from(
        self, reader: apsw.Connection, tenant: str, expected: int, chunks_max: int = _CHUNKS_AT_ONCE
    ) -> list[tuple[int, int, bytes]]:
        """The chunk that holds a command, and those that follow right behind it."""
        if not self._has_chunks:
            return []
        found: list[tuple[int, int, bytes]] = []
        following = expected
        for first, last, content, checksum in reader.execute(
            "SELECT first_seq, last_seq, content, checksum FROM command_chunks WHERE tenant = ?1 AND first_seq >="
            " (SELECT max(first_seq) FROM command_chunks WHERE tenant = ?1 AND first_seq <= ?2)"
            " ORDER BY first_seq LIMIT ?3",
            (tenant, expected, chunks_max),
        ):
            if first > following or last < following:
                break
            if chunk_checksum(tenant.encode(), first, last, content) != checksum:
                if found:
                    break  # what is good is read first; the next look begins with this one
                text = f"{self._path}: commands {first} to {last} are not what was written"
                raise JournalDamaged(text, first - 1)
            found.append((first, last, content))
            following = last + 1
        return found

    def _rows_from(
        self, reader: apsw.Connection, tenant: str, expected: int, rows_max: int = 0
    ) -> list[tuple[int, int, bytes]]:
        """The commands that have rows of their own from one on, as far as they follow each other, as one chunk."""
        raw_tenant = tenant.encode()
        first = expected
        contents: list[bytes] = []
        hashes: list[int] = []
        for seq, at_ns, event_hash, content, checksum in reader.execute(
            "SELECT seq, at_ns, event_hash, content, checksum FROM commands"
            " WHERE tenant = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (tenant, expected, rows_max or _READ_CHUNK),
        ):
            if seq != expected:
                break
            event_hash %= 2**64
            if command_checksum(raw_tenant, seq, at_ns, event_hash, content) != checksum:
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
        with self.reading() as reader:
            while len(records) < events_max:
                expected = from_event_seq + len(records)
                left = events_max - len(records)
                found = self._events_in_chunk(reader, tenant, expected, left) or self._events_in_rows(
                    reader, tenant, expected, left
                )
                if not found:
                    if self._last_event(reader, tenant) >= expected:
                        raise JournalDamaged(f"{self._path}: event {expected} is missing")
                    return records
                for record in found:
                    size += len(record.content)
                    if records and size > bytes_max:
                        return records
                    records.append(record)
        return records

    def read_event_runs(self, tenant: str, from_event_seq: int, *, events_max: int) -> Sequence[EventRun]:
        runs: list[EventRun] = []
        expected = from_event_seq
        with self.reading() as reader:
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
        row = row_of(
            reader,
            "SELECT first_event_seq, last_event_seq, content, checksum FROM event_chunks"
            " WHERE tenant = ? AND first_event_seq <= ? ORDER BY first_event_seq DESC LIMIT 1",
            (tenant, expected),
        )
        if row is None or row[1] < expected:
            return None
        first, last, content, checksum = row
        if chunk_checksum(tenant.encode(), first, last, content) != checksum:
            raise JournalDamaged(f"{self._path}: events {first} to {last} are not what was written")
        return EventRun(first, last, content)

    def _run_of_rows(self, reader: apsw.Connection, tenant: str, expected: int, events_max: int) -> EventRun | None:
        records = self._events_in_rows(reader, tenant, expected, min(events_max, _READ_CHUNK))
        if not records:
            return None
        return EventRun(expected, records[-1].event_seq, event_chunk([record.content for record in records]))

    def _events_in_chunk(
        self, reader: apsw.Connection, tenant: str, expected: int, events_max: int
    ) -> list[EventRecord]:
        run = self._run_with(reader, tenant, expected)
        if run is None:
            return []
        events = self._in_chunk(
            run.first_event_seq, lambda content: events_in(content, expected, events_max), run.content
        )
        if not events or events[0][0] != expected:
            raise JournalDamaged(f"{self._path}: event {expected} is missing in its chunk")
        return [EventRecord(tenant, *event) for event in events]

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
            if event_checksum(raw_tenant, event_seq, seq, content) != checksum:
                raise JournalDamaged(f"{self._path}: event {event_seq} is not what was written", seq - 1)
            records.append(EventRecord(tenant, event_seq, seq, content))
            expected += 1
        return records

    def read_policies(self, tenant: str, *, up_to_version: int, policies_max: int) -> Sequence[PolicyRecord]:
        checksum = "checksum" if self._has_chain else "NULL"
        with self.reading() as reader:
            rows: list[Any] = reader.execute(
                f"SELECT policy_version, seq, at_ns, content, {checksum} FROM policies"  # noqa: S608
                " WHERE tenant = ? AND policy_version <= ? ORDER BY policy_version DESC LIMIT ?",
                (tenant, up_to_version, policies_max),
            ).fetchall()
        for place, (*row, checksum) in enumerate(rows):
            if row[0] != rows[0][0] - place:
                raise JournalDamaged(f"{self._path}: policy {rows[0][0] - place} is missing")
            if self._has_chain and policy_checksum(tenant.encode(), *row) != checksum:
                raise JournalDamaged(f"{self._path}: policy {row[0]} is not what was written")
        return [PolicyRecord(tenant, *row) for *row, _ in rows]

    def size_bytes(self) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        return sum(path.stat().st_size for path in (self._path, wal) if path.exists())

    def used_bytes(self) -> int:
        """As `size_bytes`, without the room in the file that is free for what comes."""
        with self.reading() as reader:
            free = reader.pragma("freelist_count") * reader.pragma("page_size")
        return max(self.size_bytes() - int(free), 0)

    def extent(self, tenant: str) -> Extent:
        with self.reading() as reader:
            oldest_seq, oldest_event_seq = self._oldest(reader, tenant)
            last_seq, last_at_ns = self._last_command(reader, tenant)
            return Extent(oldest_seq, last_seq, last_at_ns, oldest_event_seq, self._last_event(reader, tenant))

    def replay_floor(self, tenant: str) -> int:
        erased = self.facts_of(tenant).get(ERASED, 0)
        return max(self.extent(tenant).oldest_seq - 1, erased)

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
        found = self._named("tenants", "tenant", "seed", "tenant = ?", tenant)
        return found[tenant] % 2**64 if found else None

    def facts_of(self, tenant: str) -> dict[str, int]:
        """What is noted of a tenant beside its record."""
        place = f"tenant/{tenant}/"
        facts = self._named("facts", "name", "value", "substr(name, 1, length(?1)) = ?1", place)
        return {name[len(place) :]: value for name, value in facts.items()}

    def _named(self, table: str, name: str, value: str, where: str, *values: str) -> dict[str, int]:
        """Rows of two columns and their checksum."""
        checksum = "checksum" if self._has_chain else "NULL"
        with self.reading() as reader:
            rows: list[Any] = reader.execute(
                f"SELECT {name}, {value}, {checksum} FROM {table} WHERE {where} ORDER BY {name}",  # noqa: S608
                values,
            ).fetchall()
        for found, number, checksum in rows:
            if self._has_chain and named_checksum(found, number) != checksum:
                raise JournalDamaged(f"{self._path}: {table} has a row {found!r} that is not what was written")
        return {found: number for found, number, _ in rows}

    def tenants(self) -> list[str]:
        return list(self._named("tenants", "tenant", "seed", "1"))

    @property
    def has_chain(self) -> bool:
        """Whether its format is one with links."""
        return self._has_chain

    def heads(self) -> dict[str, Head]:
        """The ends of all chains at one moment: the journal's own first, then the tenants'; empty before format 3."""
        if not self._has_chain:
            return {}
        chains = [JOURNAL, *self.tenants()]
        with self.reading() as reader:
            return {chain: read_head(reader, chain) for chain in chains}

    def link(self, chain: str, number: int) -> Link | None:
        """A link of a chain; None if it is not kept."""
        if not self._has_chain:
            return None
        with self.reading() as reader:
            return read_link(reader, chain, number)

    def check_pages(self) -> None:
        """Have SQLite look at every page of the file.

        Raises:
            JournalDamaged: naming what SQLite found first.
        """
        with self.reading() as reader:
            (found,) = row_of(reader, "PRAGMA integrity_check(1)")
        if found != "ok":
            raise JournalDamaged(f"{self._path} is damaged: {found}")

    def restore_latest(self, tenant: str, make: EngineMaker) -> tuple[int, RoutingEngine] | None:
        return self.snapshots.restore_latest(tenant, make)

    def save_snapshot(self, tenant: str, engine: RoutingEngine) -> Written:
        return self.snapshots.save(tenant, engine.seq, engine)

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection for a few questions, all answered as of one moment.

        Raises:
            JournalDamaged, JournalForeign: whatever SQLite cannot read.
        """
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
        except (apsw.Error, UnicodeDecodeError) as error:
            raise damaged(self._path, error) from None
        finally:
            if connection is not None:
                close_quietly(connection)


def close_quietly(connection: apsw.Connection) -> None:
    """A disk that fails now fails for the last time: what was asked of the connection has had its own error."""
    with contextlib.suppress(apsw.Error):
        connection.close()


def _some(connection: apsw.Connection, question: str, tenant: str) -> list[Any]:
    return list(connection.execute(question, (tenant,)))
