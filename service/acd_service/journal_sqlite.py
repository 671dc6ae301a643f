"""The embedded journal: one SQLite file in WAL mode, a transaction for each batch, a checksum in each record, and a
chain of hashes over all of it (`acd_service.chain`).

Commands and events that came in large batches are kept as chunks, one row for each: a row costs about a microsecond,
and a batch has hundreds of each. Others have rows of their own.

One connection writes and checkpoints, always from the sequencer's worker thread.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service import chain
from acd_service.chain import JOURNAL, Head, NewLink
from acd_service.chain_rows import (
    insert_link,
    notes_of_erasures,
    oldest_link,
    policy_hash_kept,
    read_head,
    read_link,
    settings_of,
)
from acd_service.commit_thread import CommitFailed, CommitThread
from acd_service.data_dir import high_water_path
from acd_service.erasing.links import Replaced, write_replaced
from acd_service.high_water import HighWater, damage, read_marks
from acd_service.journal import (
    BEHAVIOUR_FROM,
    Batch,
    EventRecord,
    JournalDamaged,
    JournalEndLost,
    JournalWriteFailed,
)
from acd_service.journal_end import WHAT_TO_DO, losses
from acd_service.journal_format import (
    APPLICATION_ID,
    CHAIN_SCHEMA,
    CHUNKS_SCHEMA,
    FORMAT_VERSION,
    FORMAT_WITH_CHAIN,
    SCHEMA,
    check_file,
    check_schema,
    damaged,
    named_checksum,
    row_of,
    signed,
)
from acd_service.journal_reader import JournalReader, close_quietly
from acd_service.journal_transaction import STRETCHES, Statement, plain, transaction_of
from acd_service.journal_upgrade import upgrade

_log = logging.getLogger(__name__)
_RECORDS: Final = (
    ("commands", "seq", 4_000), ("command_chunks", "first_seq", 32), ("events", "event_seq", 4_000),
    ("event_chunks", "first_event_seq", 32), ("policies", "policy_version", 32),
)  # fmt: skip
"""What is kept of a tenant: the table, the column that numbers its records, how many of them are deleted at a time."""
_LINKS_AT_ONCE: Final = 4_000
_BUSY_MS: Final = 5_000
_WIPE_BUSY_MS: Final = 50
_READ_BYTES: Final = 2**24
_INCREMENTAL: Final = 2
"""Of `PRAGMA auto_vacuum`: free pages can be given back, a few at a time."""
_WAL_PAGES: Final = 4_000
"""Pages in the write-ahead log before a checkpoint: 16 MB, a tenth of a second of copying at most."""


class SqliteJournal(JournalReader):
    """The journal in a data directory. See `acd_service.journal.Journal` for what each call promises."""

    def __init__(self, data_dir: Path, vfs: str) -> None:
        super().__init__(data_dir, vfs)
        self._writer: apsw.Connection | None = None
        self._high_water: HighWater | None = None
        self._heads: dict[str, Head] = {}
        self._commits: CommitThread | None = None
        self._beginning: dict[str, NewLink] = {}
        """The links of the batch whose appending was begun."""

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        vfs: str = "",
        synchronous: str = "FULL",
        accept_loss: bool = False,
        go_on: bool = False,
    ) -> Self:
        """Open the journal for writing; it is made if the directory has none. The caller holds the directory's lock.

        Args:
            accept_loss: go on with a journal that ends before its high-water mark; the chain of the journal notes it.
            go_on: it may be of an earlier behaviour version; nothing is to be appended before `adopt_behaviour`.

        Raises:
            JournalForeign, JournalDamaged: nothing has been changed.
            JournalEndLost: likewise.
            OSError: the file of marks cannot be written.
        """
        journal = cls(data_dir, vfs)
        path = journal._path
        if path.exists() and path.stat().st_size > 0:
            check_file(path)
        try:
            writer = apsw.Connection(str(path), vfs=vfs or None)
        except apsw.Error as error:
            raise JournalDamaged(f"{path} cannot be opened: {error}") from None
        journal._writer = writer
        try:
            writer.set_busy_timeout(_BUSY_MS)
            # A file without tables is one whose making was interrupted.
            is_new = row_of(writer, "SELECT count(*) FROM sqlite_schema") == (0,) and not writer.pragma(
                "application_id"
            )
            format_version = FORMAT_VERSION if is_new else check_schema(path, writer, go_on=go_on)
            journal._know(format_version)
            marks = read_marks(high_water_path(data_dir)) or {}
            found = losses({} if is_new else journal.heads(), marks, journal.link)
            if found and not accept_loss:
                raise JournalEndLost(f"{path}: {found[0].text}; {WHAT_TO_DO}", found[0].last_seq)
            if is_new:
                writer.pragma("auto_vacuum", _INCREMENTAL)  # can be set only before there is anything
            writer.pragma("journal_mode", "WAL")
            # What is deleted leaves nothing in the pages that are written then; see `erase` for all other places.
            writer.pragma("secure_delete", "FAST")
            writer.pragma("synchronous", synchronous)
            writer.pragma("wal_autocheckpoint", _WAL_PAGES)
            with writer:
                if is_new:
                    journal._make(writer)
                elif format_version < FORMAT_VERSION:
                    _log.warning("the journal is of format %d and is made one of %d", format_version, FORMAT_VERSION)
                    upgrade(writer, format_version)
                for loss in found:
                    _log.warning("%s: %s: accepted", path, loss.text)
                    journal._note(writer, JOURNAL, {"loss_accepted": loss.as_note()})
            journal._know(FORMAT_VERSION)
            for loss in found:
                journal.snapshots.remove_after(loss.tenant, loss.last_seq)
            writer.execute(STRETCHES)
            journal._commits = CommitThread(writer)
            journal._begin_marks(may_have_marks=not is_new and format_version >= FORMAT_WITH_CHAIN)
        except (apsw.Error, UnicodeDecodeError) as error:
            journal.close()
            raise damaged(path, error) from None
        except BaseException:
            journal.close()
            raise
        return journal

    def _make(self, writer: apsw.Connection) -> None:
        writer.pragma("application_id", APPLICATION_ID)
        writer.pragma("user_version", FORMAT_VERSION)
        writer.execute(SCHEMA + CHUNKS_SCHEMA + CHAIN_SCHEMA)
        fact = ("behaviour_version", BEHAVIOUR_VERSION)
        writer.execute("INSERT INTO facts VALUES (?, ?, ?)", (*fact, named_checksum(*fact)))
        self._note(writer, JOURNAL, {"made": {"format": FORMAT_VERSION}, "behaviour_version": BEHAVIOUR_VERSION})

    def _begin_marks(self, *, may_have_marks: bool) -> None:
        """Say how far the chains reach; from now on after each commit."""
        path = high_water_path(self._path.parent)
        if may_have_marks and not path.exists():
            _log.warning("%s has no file of high-water marks: whether its end was lost cannot be told", self._path)
        if problem := damage(path):
            _log.warning("%s; whether the end of the journal was lost cannot be told for sure", problem)
            path.unlink()
        self._high_water = HighWater.open(path)
        heads = self.heads()
        self._high_water.keep_only(heads)
        for name, head in heads.items():
            self._high_water.reset(name, head)

    def append(self, batch: Batch) -> None:
        with self._appending():
            commits, statements = self._begin(batch)
            commits.carry_out(statements)
        self._mark_appended()

    @property
    def commit_descriptor(self) -> int | None:
        return None if self._commits is None else self._commits.descriptor

    def begin_append(self, batch: Batch) -> None:
        with self._appending():
            commits, statements = self._begin(batch)
            commits.begin(statements)

    def end_append(self) -> None:
        assert self._commits is not None
        with self._appending():
            self._commits.end()
        self._mark_appended()

    def _begin(self, batch: Batch) -> tuple[CommitThread, list[Statement]]:
        if self._writer is None or self._commits is None:
            raise JournalWriteFailed("the journal was opened to read")
        statements, self._beginning = transaction_of(batch, self._writer, self._head_of)
        return self._commits, statements

    @contextlib.contextmanager
    def _appending(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, CommitFailed, OSError) as error:
            self._heads.clear()
            raise JournalWriteFailed(f"{self._path}: {error}") from error

    def _mark_appended(self) -> None:
        # Not kept until the next batch: it holds all that it is over.
        beginning, self._beginning = self._beginning, {}
        for tenant, link in beginning.items():
            self._mark(tenant, link.head())

    def _head_of(self, tenant: str) -> Head:
        assert self._writer is not None
        return self._head(self._writer, tenant)

    def _head(self, writer: apsw.Connection, tenant: str) -> Head:
        head = self._heads.get(tenant)
        if head is None:
            head = self._heads[tenant] = read_head(writer, tenant)
        return head

    def _note(self, writer: apsw.Connection, tenant: str, note: Mapping[str, Any]) -> None:
        """Put a link with a note; the transaction is the caller's."""
        link = chain.next_link(self._head(writer, tenant), tenant, note=chain.note_text(note))
        insert_link(writer, tenant, link)
        self._heads[tenant] = chain.head_of(link)

    def _mark(self, tenant: str, head: Head) -> None:
        """The chain is durable up to there."""
        self._heads[tenant] = head
        if self._high_water is not None:
            self._high_water.set(tenant, head)

    def admit(self, tenant: str, seed: int, facts: Mapping[str, int] | None = None) -> None:
        with self._writing(tenant) as writer:
            row = (tenant, signed(seed))
            writer.execute("INSERT INTO tenants VALUES (?, ?, ?)", (*row, named_checksum(*row)))
            for name, value in (facts or {}).items():
                self._put_fact(writer, tenant, name, value)
            self._note_settings(writer, tenant)

    def put_fact(self, tenant: str, name: str, value: int) -> None:
        with self._writing(tenant) as writer:
            self._put_fact(writer, tenant, name, value)
            self._note_settings(writer, tenant)

    def adopt_behaviour(self, from_seqs: Mapping[str, int]) -> None:
        """From these commands on the tenants are of this program's behaviour version."""
        before = self.behaviour_version
        with self._writing(JOURNAL, *from_seqs) as writer:
            fact = ("behaviour_version", BEHAVIOUR_VERSION)
            writer.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (*fact, named_checksum(*fact)))
            self._note(writer, JOURNAL, {"behaviour_version": BEHAVIOUR_VERSION, "gone_on_from": before})
            for tenant, seq in from_seqs.items():
                self._put_fact(writer, tenant, BEHAVIOUR_FROM, seq)
                self._note_settings(writer, tenant)

    def drop_fact(self, tenant: str, name: str) -> None:
        with self._writing(tenant) as writer:
            writer.execute("DELETE FROM facts WHERE name = ?", (f"tenant/{tenant}/{name}",))
            self._note_settings(writer, tenant)

    def _put_fact(self, writer: apsw.Connection, tenant: str, name: str, value: int) -> None:
        row = (f"tenant/{tenant}/{name}", value)
        writer.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (*row, named_checksum(*row)))

    def _note_settings(self, writer: apsw.Connection, tenant: str) -> None:
        self._note(writer, tenant, {"settings": settings_of(writer, tenant)})

    def remove_some(self, tenant: str) -> bool:
        """Delete a part of a tenant's record, as much as takes about as long as a few commits. In the end the tenant
        itself goes, with what is noted of it, and the chain of the journal says so: False, there is nothing more.
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
            head = self._head(writer, tenant)
            if self._delete_links_before(writer, tenant, head.number):
                return True
            # First of all, so that no mark is ever left of a tenant that is not there any more.
            if self._high_water is not None:
                self._high_water.reset(tenant, None)
            place = f"tenant/{tenant}/"
            writer.execute("DELETE FROM facts WHERE substr(name, 1, ?) = ?", (len(place), place))
            writer.execute("DELETE FROM links WHERE tenant = ?", (tenant,))
            writer.execute("DELETE FROM tenants WHERE tenant = ?", (tenant,))
            self._note(writer, JOURNAL, {"removed": {"tenant": tenant, "link": head.number, "hash": head.hash.hex()}})
        self._mark_head(JOURNAL)
        self._heads.pop(tenant, None)
        self._oldest_event_seqs.pop(tenant, None)
        return False

    def _delete_links_before(self, writer: apsw.Connection, tenant: str, number: int) -> bool:
        """Delete some links; whether there were any."""
        writer.execute(
            "DELETE FROM links WHERE tenant = ?1 AND number IN"
            " (SELECT number FROM links WHERE tenant = ?1 AND number < ?2 ORDER BY number LIMIT ?3)",
            (tenant, number, _LINKS_AT_ONCE),
        )
        return writer.changes() > 0

    @contextlib.contextmanager
    def _writing(self, *noted: str) -> Iterator[apsw.Connection]:
        """A transaction; `noted`: whose chains it may add to."""
        if self._writer is None:
            raise JournalWriteFailed("the journal was opened to read")
        try:
            with self._writer as writer:
                yield writer
        except apsw.Error as error:
            self._heads.clear()
            raise JournalWriteFailed(f"{self._path}: {error}") from error
        except BaseException:
            self._heads.clear()
            raise
        for tenant in noted:
            self._mark_head(tenant)

    def _mark_head(self, tenant: str) -> None:
        head = self._heads.get(tenant)
        if head is not None and self._high_water is not None:
            self._high_water.set(tenant, head)

    def forget(self, tenant: str, *, through_seq: int, through_event_seq: int) -> None:
        """Drop the last record never: it is what says how far the journal reached. What one transaction brought goes
        as a whole, with the links that nothing is left of; the chain says what is forgotten.
        """
        extent = self.extent(tenant)
        with self._writing(tenant) as writer:
            cut = self._last_link(writer, tenant, "last_seq", min(through_seq, extent.last_seq - 1))
            event_cut = self._last_link(
                writer, tenant, "last_event_seq", min(through_event_seq, extent.last_event_seq - 1)
            )
            seq, event_seq = cut.last_seq, event_cut.last_event_seq
            if (seq < extent.oldest_seq or not extent.oldest_seq) and (
                event_seq < extent.oldest_event_seq or not extent.oldest_event_seq
            ):
                return
            writer.execute("DELETE FROM commands WHERE tenant = ? AND seq <= ?", (tenant, seq))
            writer.execute("DELETE FROM command_chunks WHERE tenant = ? AND first_seq <= ?", (tenant, seq))
            writer.execute("DELETE FROM events WHERE tenant = ? AND event_seq <= ?", (tenant, event_seq))
            writer.execute("DELETE FROM event_chunks WHERE tenant = ? AND first_event_seq <= ?", (tenant, event_seq))
            seq = max(seq, extent.oldest_seq - 1)
            event_seq = max(event_seq, extent.oldest_event_seq - 1)
            root = max(oldest_link(writer, tenant), min(cut.number, event_cut.number))
            writer.execute("DELETE FROM links WHERE tenant = ? AND number < ?", (tenant, root))
            self._note(
                writer,
                tenant,
                {
                    "forgotten": {"through_seq": seq, "through_event_seq": event_seq, "root": root},
                    "policy_hash": policy_hash_kept(writer, tenant).hex(),
                    "settings": settings_of(writer, tenant),
                },
            )
        self._oldest_event_seqs.pop(tenant, None)

    def take_back(self, tenant: str, *, to_seq: int, to_event_seq: int) -> None:
        """Let a tenant's record end earlier, for a directory that is restored as things stood then. Links up to there
        stay; what is left of the one that is cut through becomes a link of its own, and the chain says what it had.

        Args:
            to_event_seq: the last event of the commands up to `to_seq`.
        """
        extent = self.extent(tenant)
        with self._writing(tenant) as writer:
            before = self._head(writer, tenant)
            cut, event_cut = (
                self._last_link(writer, tenant, "last_seq", to_seq),
                self._last_link(writer, tenant, "last_event_seq", to_event_seq),
            )
            base = chain.NO_LINKS
            link = read_link(writer, tenant, min(cut.number, event_cut.number))
            if link is not None:
                base = chain.head_of(link)
            left = self._between(tenant, base, to_seq, to_event_seq)
            erasures = notes_of_erasures(writer, tenant, base.number)
            for table, column, last in (
                ("commands", "seq", base.last_seq),
                ("command_chunks", "first_seq", base.last_seq),
                ("events", "event_seq", base.last_event_seq),
                ("event_chunks", "first_event_seq", base.last_event_seq),
                ("policies", "seq", base.last_seq),
                ("links", "number", base.number),
            ):
                writer.execute(f"DELETE FROM {table} WHERE tenant = ? AND {column} > ?", (tenant, last))  # noqa: S608
            self._heads[tenant] = base
            statements, links = transaction_of(left, writer, self._head_of)
            for text, values in statements:
                writer.execute(text, plain(values))
            for left_over in links.values():
                self._heads[tenant] = left_over.head()
            forgotten = {
                "through_seq": max(extent.oldest_seq - 1, 0),
                "through_event_seq": max(extent.oldest_event_seq - 1, 0),
                "root": oldest_link(writer, tenant),
            }
            note = {
                "taken_back": {"link": before.number, "hash": before.hash.hex(), "last_seq": before.last_seq},
                "policy_hash": policy_hash_kept(writer, tenant).hex(),
                "settings": settings_of(writer, tenant),
            }
            for erasure in erasures:
                self._note(writer, tenant, erasure)
            self._note(writer, tenant, note | ({"forgotten": forgotten} if any(forgotten.values()) else {}))
        if self._high_water is not None:
            self._high_water.reset(tenant, self._heads[tenant])
        self._oldest_event_seqs.pop(tenant, None)
        self.snapshots.remove_after(tenant, to_seq)

    def _between(self, tenant: str, base: Head, to_seq: int, to_event_seq: int) -> Batch:
        """What is kept from behind a link to some end."""
        commands = list(islice(self.read(tenant, base.last_seq + 1), to_seq - base.last_seq))
        events: list[EventRecord] = []
        while (count := to_event_seq - base.last_event_seq - len(events)) > 0:
            from_event_seq = to_event_seq - count + 1
            events += self.read_events(tenant, from_event_seq, events_max=count, bytes_max=_READ_BYTES)
        policies = self.read_policies(tenant, up_to_version=2**62, policies_max=2**31 - 1)
        left = [policy for policy in reversed(policies) if base.last_seq < policy.seq <= to_seq]
        return Batch(commands, events, left)

    def erase(self, tenant: str, replaced: Sequence[Replaced], note: Mapping[str, Any]) -> None:
        """Put other records in the places of some, with a note in the chain of what the links are over now. Nothing of
        the old ones stays in the file; the write-ahead log has them until `wipe_log`.
        """
        with self._overwriting(), self._writing(tenant) as writer:
            for each in replaced:
                write_replaced(writer, tenant, each)
            links = {str(each.number): [each.commands.hex(), each.events.hex()] for each in replaced}
            self._note(writer, tenant, {"erased": {**note, "links": links}})

    @contextlib.contextmanager
    def _overwriting(self) -> Iterator[None]:
        """What is let go of is overwritten, wherever it is."""
        assert self._writer is not None
        self._writer.pragma("secure_delete", 1)
        try:
            yield
        finally:
            self._writer.pragma("secure_delete", "FAST")

    def compact(self, bytes_max: int) -> bool:
        """Write the file anew, unless it is larger than this: pages that cells were moved in have nothing of what was
        there before. Whether it was done.
        """
        if self.used_bytes() > bytes_max:
            return False
        assert self._writer is not None
        try:
            self._writer.execute("VACUUM")
        except apsw.Error as error:
            raise JournalWriteFailed(f"{self._path}: {error}") from error
        return True

    def wipe_log(self) -> bool:
        """Bring what is in the write-ahead log into the file and empty the log; False if a reader is in the way."""
        assert self._writer is not None
        try:
            # Commits wait as long as this waits for readers, and a backup reads for minutes.
            self._writer.set_busy_timeout(_WIPE_BUSY_MS)
            busy, _, _ = row_of(self._writer, "PRAGMA wal_checkpoint(TRUNCATE)")
        except apsw.BusyError:
            return False
        except apsw.Error as error:
            raise JournalWriteFailed(f"{self._path}: {error}") from error
        finally:
            self._writer.set_busy_timeout(_BUSY_MS)
        return not busy

    def give_back(self, pages_max: int) -> bool:
        """Give free room in the file back to the file system; whether there is more of it. A journal that was made
        before version 3 of the format has to keep its size, and uses the room again.
        """
        with self._writing() as writer:
            if writer.pragma("auto_vacuum") != _INCREMENTAL:
                return False
            writer.execute(f"PRAGMA incremental_vacuum({pages_max})").fetchall()
            return bool(writer.pragma("freelist_count"))

    def _last_link(self, writer: apsw.Connection, tenant: str, column: str, through: int) -> Head:
        """The last link whose `column` is not above `through`; the numbers of links have no gap."""
        low, high = oldest_link(writer, tenant), self._head(writer, tenant).number
        found = chain.NO_LINKS
        while low <= high:
            middle = (low + high) // 2
            link = read_link(writer, tenant, middle)
            if link is None:
                raise JournalDamaged(f"{self._path}: link {middle} of tenant {tenant} is missing")
            if getattr(link, column) <= through:
                found, low = chain.head_of(link), middle + 1
            else:
                high = middle - 1
        return found

    def close(self) -> None:
        if self._commits is not None:
            self._commits.close()
            self._commits = None
        if self._writer is not None:
            close_quietly(self._writer)
            self._writer = None
        if self._high_water is not None:
            self._high_water.close()
            self._high_water = None
