"""Where customers are kept: a SQLite file of its own beside the journal.

Of its own, since customers are no part of a tenant's numbered commands (what matters of them travels in the commands
that use it), are brought in by the hundred thousand, and must not hold up the commits of the journal while they are.
They can be made from nothing else, so every change is synced.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import apsw

from acd_core.limits import REMEMBERED_REQUESTS_MAX
from acd_core.refusal import Reason, Refused
from acd_service.customers.customer import Customer, lookup_keys
from acd_service.customers.directory_file import customer_of, open_directory, row_of
from acd_service.opened_by_need import OpenedByNeed
from acd_service.service_error import CustomerLimit, DirectoryDamaged, ErasureUnfinished, UnknownCustomer
from acd_service.shared_by_tenants import SharedByTenants

_COMPACT_BYTES_MAX: Final = 2**26
"""A file up to this size is written anew when a customer is forgotten; a larger one is overwritten in its place."""
_UNUSABLE: Final = (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.FullError, UnicodeDecodeError)
T = TypeVar("T")


class Change(NamedTuple):
    """What a change came to: its number among those of the tenant's directory, and when it was made."""

    seq: int
    at_ns: int
    duplicate: bool = False


class Erased(NamedTuple):
    """What the erasure of a customer came to."""

    seq: int
    """Up to this command the record was erased."""
    at_ns: int
    contacts: int
    commands: int
    events: int
    duplicate: bool = False


class Page(NamedTuple):
    customers: list[Customer]
    next_id: str
    """The customer after the last of the page; empty if there is none."""


class CustomerDirectory:
    """The directory of one tenant; used on the event loop. Changes and lists take turns in one lane, looking up goes on
    beside them in another. The file is opened by need: many tenants have customers, few of them calls at a time.

    Attributes:
        is_empty: nobody can be found, so that there is no need to look.
    """

    def __init__(self, path: Path, tenant: str, customers_max: int, shared: SharedByTenants) -> None:
        self._tenant = tenant
        self._customers_max = customers_max
        self._path = path
        files = shared.customer_files
        self._changing = OpenedByNeed(
            shared.customers_lane(), files, lambda: open_directory(path), apsw.Connection.close
        )
        self._finding = OpenedByNeed(shared.look_up_lane(), files, lambda: open_directory(path), apsw.Connection.close)
        self.is_empty = True

    async def start(self) -> None:
        """Find out whether there is anybody in it.

        Raises:
            DirectoryDamaged: it cannot be used.
        """
        # As long as nobody was brought in there is no file: a tenant without customers costs nothing.
        self.is_empty = not self._path.exists() or await self._changing.use(self._count) == 0

    async def close(self) -> None:
        """Let go of the file, when all is done that it is used for."""
        await self._changing.close()
        await self._finding.close()

    async def find(self, customer_id: str, address: str) -> Customer | None:
        """The customer with this id, or if that is empty the one with this address.

        Raises:
            DirectoryDamaged: the file cannot be read there, or a row is not what was written.
        """
        if self.is_empty:
            return None
        return await self._use(self._finding, partial(self._find, customer_id, address))

    async def upsert(self, customers: Sequence[Customer], request_id: str, at_ns: int) -> Change:
        """Add customers, or replace what is known of them, all or none.

        Raises:
            Refused: an address belongs to another customer, or the request's id to another request.
            CustomerLimit: there would be too many.
            DirectoryDamaged: the file cannot be read or written. A row that is not what was written is replaced.
        """
        content = json.dumps(["upsert", *(customer.to_text() for customer in customers)])
        return await self._change(content, request_id, at_ns, partial(self._upsert, customers))

    async def remove(self, customer_ids: Sequence[str], request_id: str, at_ns: int) -> Change:
        """Remove customers, all or none.

        Raises:
            UnknownCustomer: there is no such customer.
            Refused: the request's id belongs to another request.
        """
        content = json.dumps(["remove", *customer_ids])
        return await self._change(content, request_id, at_ns, partial(self._remove, customer_ids))

    async def forget(self, customer_id: str) -> None:
        """Leave nothing of a customer in the file, be it there or not. What earlier changes were made of is known by
        their request ids alone from then on.

        Raises:
            ErasureUnfinished: a reader is in the way, and the log still has it.
            DirectoryDamaged: the file cannot be read or written.
        """
        if not self._path.exists():
            return

        def forget(writer: apsw.Connection) -> int:
            with writer:
                if self._forget_addresses(writer, customer_id):
                    writer.execute(
                        "DELETE FROM customers WHERE tenant = ? AND customer_id = ?", (self._tenant, customer_id)
                    )
                    self._add_to_count(writer, -1)
                # Those too of which no row tells, as it was lost.
                writer.execute(
                    "DELETE FROM addresses WHERE tenant = ? AND customer_id = ?", (self._tenant, customer_id)
                )
                writer.execute("UPDATE changes SET content_hash = x'' WHERE tenant = ?", (self._tenant,))
            if writer.pragma("page_count") * writer.pragma("page_size") <= _COMPACT_BYTES_MAX:
                writer.execute("VACUUM")
            ((busy, _, _),) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if busy:
                raise ErasureUnfinished("somebody reads the directory all the time, so its log cannot be emptied")
            return self._count(writer)

        self.is_empty = await self._use(self._changing, forget) == 0

    async def begin_to_erase(self, customer_id: str, request_id: str) -> Erased | None:
        """Note that a request has a customer erased; what that came to, if it did before. One that was noted and not
        finished is not under way any more.

        Args:
            request_id: may be empty: nothing is noted then.

        Raises:
            Refused: the request's id belongs to another request.
        """
        if not request_id and not self._path.exists():
            return None
        check = hashlib.blake2b(customer_id.encode(), digest_size=1).digest()[0]

        def begin(writer: apsw.Connection) -> Erased | None:
            with writer:
                if not request_id:
                    # What this one comes to must not be taken for what that one did.
                    writer.execute("DELETE FROM erasures WHERE tenant = ? AND seq = 0", (self._tenant,))
                    return None
                row: Any = writer.execute(
                    "SELECT customer_check, seq, at_ns, contacts, commands, events FROM erasures"
                    " WHERE tenant = ? AND request_id = ?",
                    (self._tenant, request_id),
                ).fetchone()
                if self._earlier_change(writer, request_id) is not None or (row is not None and row[0] != check):
                    raise _reused()
                if row is not None and row[1]:
                    return Erased._make((*row[1:], True))
                writer.execute("DELETE FROM erasures WHERE tenant = ? AND seq = 0", (self._tenant,))
                writer.execute(
                    "INSERT INTO erasures VALUES (?, ?, ?, 0, 0, 0, 0, 0)", (self._tenant, request_id, check)
                )
            return None

        return await self._use(self._changing, begin)

    async def remember_erased(self, erased: Erased) -> None:
        """What the erasure came to that was begun last, for whoever asks again by its request's id."""
        if not self._path.exists():
            return

        def remember(writer: apsw.Connection) -> None:
            with writer:
                writer.execute(
                    "UPDATE erasures SET seq = ?, at_ns = ?, contacts = ?, commands = ?, events = ?"
                    " WHERE tenant = ? AND seq = 0",
                    (*erased[:5], self._tenant),
                )
                writer.execute(
                    "DELETE FROM erasures WHERE tenant = ? AND request_id IN"
                    " (SELECT request_id FROM erasures WHERE tenant = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)",
                    (self._tenant, self._tenant, REMEMBERED_REQUESTS_MAX),
                )

        await self._use(self._changing, remember)

    async def page(self, from_id: str, size: int) -> Page:
        """Customers in order of id, from one on.

        Raises:
            DirectoryDamaged: the file cannot be read there, or a row is not what was written.
        """

        def read(connection: apsw.Connection) -> Page:
            rows: list[Any] = connection.execute(
                "SELECT customer_id, content, checksum FROM customers WHERE tenant = ? AND customer_id >= ?"
                " ORDER BY customer_id LIMIT ?",
                (self._tenant, from_id, size + 1),
            ).fetchall()
            following = str(rows[size][0]) if len(rows) > size else ""
            return Page([customer_of(self._tenant, *row) for row in rows[:size]], following)

        return await self._use(self._changing, read)

    async def _use(self, opened: OpenedByNeed[apsw.Connection], work: Callable[[apsw.Connection], T]) -> T:
        try:
            return await opened.use(work)
        except (apsw.Error, UnicodeDecodeError) as error:
            # A full disk has SQLite itself go back: then there is nothing to go back from any more, and that is raised.
            failed = error.__context__ if isinstance(error, apsw.SQLError) else None
            failed = failed or error
            if not isinstance(failed, _UNUSABLE):
                raise
            raise DirectoryDamaged(f"the directory of customers cannot be used: {failed}") from failed

    def _find(self, customer_id: str, address: str, finder: apsw.Connection) -> Customer | None:
        tenant = self._tenant
        if customer_id:
            return self._content(finder, customer_id)
        with finder:  # one moment: an address and whose it is
            for key in lookup_keys(address):
                row = finder.execute(
                    "SELECT customer_id FROM addresses WHERE tenant = ? AND address = ?", (tenant, key)
                ).fetchone()
                if row is not None:
                    found = self._content(finder, str(row[0]))
                    if found is None or all(known.key != key for known in found.addresses):
                        raise DirectoryDamaged(
                            "an address in the directory of customers leads to one who has not got it"
                        )
                    return found
        return None

    def _content(self, connection: apsw.Connection, customer_id: str) -> Customer | None:
        try:
            row: Any = connection.execute(
                "SELECT customer_id, content, checksum FROM customers WHERE tenant = ? AND customer_id = ?",
                (self._tenant, customer_id),
            ).fetchone()
        except UnicodeDecodeError as error:
            raise DirectoryDamaged(f'customer "{customer_id}" of the directory is not what was written') from error
        return None if row is None else customer_of(self._tenant, *row)

    async def _change(
        self, content: str, request_id: str, at_ns: int, work: Callable[[apsw.Connection], None]
    ) -> Change:
        content_hash = hashlib.sha256(content.encode()).digest()

        def change(writer: apsw.Connection) -> tuple[Change, int]:
            with writer:
                earlier = self._earlier(writer, request_id, content_hash)
                if earlier is None:
                    work(writer)
                made = earlier or self._remember(writer, request_id, content_hash, at_ns)
            return made, self._count(writer)

        made, count = await self._use(self._changing, change)
        self.is_empty = count == 0
        return made

    def _earlier(self, writer: apsw.Connection, request_id: str, content_hash: bytes) -> Change | None:
        if not request_id:
            return None
        row = self._earlier_change(writer, request_id)
        is_erasure = writer.execute(
            "SELECT 1 FROM erasures WHERE tenant = ? AND request_id = ?", (self._tenant, request_id)
        ).fetchone()
        if is_erasure or (row is not None and row[2] and row[2] != content_hash):
            raise _reused()
        return None if row is None else Change(row[0], row[1], duplicate=True)

    def _earlier_change(self, writer: apsw.Connection, request_id: str) -> Any:
        return writer.execute(
            "SELECT seq, at_ns, content_hash FROM changes WHERE tenant = ? AND request_id = ?",
            (self._tenant, request_id),
        ).fetchone()

    def _remember(self, writer: apsw.Connection, request_id: str, content_hash: bytes, at_ns: int) -> Change:
        row: Any = writer.execute("SELECT max(seq) FROM changes WHERE tenant = ?", (self._tenant,)).fetchone()
        seq = (row[0] or 0) + 1
        writer.execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?)", (self._tenant, seq, at_ns, request_id, content_hash)
        )
        writer.execute(
            "DELETE FROM changes WHERE tenant = ? AND seq <= ?", (self._tenant, seq - REMEMBERED_REQUESTS_MAX)
        )
        return Change(seq, at_ns)

    def _upsert(self, customers: Sequence[Customer], writer: apsw.Connection) -> None:
        tenant, added = self._tenant, 0
        for customer in customers:
            added += not self._forget_addresses(writer, customer.customer_id)
        for index, customer in enumerate(customers):
            for place, address in enumerate(customer.addresses):
                self._take_address(
                    writer, address.key, customer.customer_id, f"customers[{index}].addresses[{place}].value"
                )
        writer.executemany(
            "REPLACE INTO customers VALUES (?, ?, ?, ?)",
            (row_of(tenant, customer) for customer in customers),
        )
        self._add_to_count(writer, added)

    def _take_address(self, writer: apsw.Connection, key: str, customer_id: str, field: str) -> None:
        owner = writer.execute(
            "SELECT customer_id FROM addresses WHERE tenant = ? AND address = ?", (self._tenant, key)
        ).fetchone()
        if owner is not None and owner != (customer_id,):  # its own, if its row was lost
            raise Refused(Reason.DUPLICATE_ENTRY, field, f'"{key}" belongs to customer "{owner[0]}"')
        writer.execute("REPLACE INTO addresses VALUES (?, ?, ?)", (self._tenant, key, customer_id))

    def _forget_addresses(self, writer: apsw.Connection, customer_id: str) -> bool:
        """Free the addresses of a customer; whether there is such a customer."""
        try:
            known = self._content(writer, customer_id)
        except DirectoryDamaged:
            # Which addresses it had cannot be told by its row, but the row is to be replaced, or to go.
            writer.execute("DELETE FROM addresses WHERE tenant = ? AND customer_id = ?", (self._tenant, customer_id))
            return True
        if known is None:
            return False
        writer.executemany(
            "DELETE FROM addresses WHERE tenant = ? AND address = ?",
            ((self._tenant, address.key) for address in known.addresses),
        )
        return True

    def _remove(self, customer_ids: Sequence[str], writer: apsw.Connection) -> None:
        for index, customer_id in enumerate(customer_ids):
            if not self._forget_addresses(writer, customer_id):
                raise UnknownCustomer(f"customer_ids[{index}]", f'there is no customer "{customer_id}"')
            writer.execute("DELETE FROM customers WHERE tenant = ? AND customer_id = ?", (self._tenant, customer_id))
        self._add_to_count(writer, -len(customer_ids))

    def _count(self, connection: apsw.Connection) -> int:
        row: Any = connection.execute("SELECT customers FROM counts WHERE tenant = ?", (self._tenant,)).fetchone()
        return row[0] if row is not None else 0

    def _add_to_count(self, writer: apsw.Connection, added: int) -> None:
        count = self._count(writer) + added
        if added > 0 and count > self._customers_max:
            raise CustomerLimit(f"the directory holds at most {self._customers_max} customers")
        writer.execute("REPLACE INTO counts VALUES (?, ?)", (self._tenant, count))


def _reused() -> Refused:
    return Refused(Reason.REQUEST_ID_REUSED, "request_id", "an earlier request had this id and other content")
