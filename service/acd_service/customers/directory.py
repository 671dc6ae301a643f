"""Where customers are kept: a SQLite file of its own beside the journal.

Of its own, since customers are no part of a tenant's numbered commands (what matters of them travels in the commands
that use it), are brought in by the hundred thousand, and must not hold up the commits of the journal while they are.
They can be made from nothing else, so every change is synced.
"""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import apsw

from acd_core.limits import REMEMBERED_REQUESTS_MAX
from acd_core.refusal import Reason, Refused
from acd_service.customers.customer import Customer, lookup_keys
from acd_service.opened_by_need import OpenedByNeed
from acd_service.service_error import CustomerLimit, DirectoryDamaged, ErasureUnfinished, UnknownCustomer
from acd_service.shared_by_tenants import SharedByTenants

APPLICATION_ID: Final = 0x41434443
"""`ACDC`, in the file's header."""
FORMAT_VERSION: Final = 2
_FORMAT_WITHOUT_CHECKSUMS: Final = 1

_SCHEMA: Final = """
CREATE TABLE customers (
    tenant TEXT NOT NULL, customer_id TEXT NOT NULL, content TEXT NOT NULL, checksum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, customer_id)) WITHOUT ROWID;
CREATE TABLE addresses (
    tenant TEXT NOT NULL, address TEXT NOT NULL, customer_id TEXT NOT NULL,
    PRIMARY KEY (tenant, address)) WITHOUT ROWID;
CREATE TABLE changes (
    tenant TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL, request_id TEXT NOT NULL,
    content_hash BLOB NOT NULL, PRIMARY KEY (tenant, seq)) WITHOUT ROWID;
CREATE UNIQUE INDEX changes_by_request ON changes (tenant, request_id) WHERE request_id <> '';
CREATE TABLE counts (tenant TEXT PRIMARY KEY, customers INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD_CHECKSUMS: Final = """
ALTER TABLE customers ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE customers SET checksum = checksum_of(tenant, customer_id, content);
"""
_COMPACT_BYTES_MAX: Final = 2**26
"""A file up to this size is written anew when a customer is forgotten; a larger one is overwritten in its place."""
_BUSY_MS: Final = 5_000
T = TypeVar("T")


class Change(NamedTuple):
    """What a change came to: its number among those of the tenant's directory, and when it was made."""

    seq: int
    at_ns: int
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
        self._changing = OpenedByNeed(shared.customers_lane(), files, lambda: _opened(path), apsw.Connection.close)
        self._finding = OpenedByNeed(shared.look_up_lane(), files, lambda: _opened(path), apsw.Connection.close)
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
                writer.execute("UPDATE changes SET content_hash = x'' WHERE tenant = ?", (self._tenant,))
            if writer.pragma("page_count") * writer.pragma("page_size") <= _COMPACT_BYTES_MAX:
                writer.execute("VACUUM")
            ((busy, _, _),) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if busy:
                raise ErasureUnfinished("somebody reads the directory all the time, so its log cannot be emptied")
            return self._count(writer)

        self.is_empty = await self._use(self._changing, forget) == 0

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
            return Page([_customer_of(self._tenant, *row) for row in rows[:size]], following)

        return await self._use(self._changing, read)

    async def _use(self, opened: OpenedByNeed[apsw.Connection], work: Callable[[apsw.Connection], T]) -> T:
        try:
            return await opened.use(work)
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.FullError) as error:
            raise DirectoryDamaged(f"the directory of customers cannot be used: {error}") from error

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
        row: Any = connection.execute(
            "SELECT customer_id, content, checksum FROM customers WHERE tenant = ? AND customer_id = ?",
            (self._tenant, customer_id),
        ).fetchone()
        return None if row is None else _customer_of(self._tenant, *row)

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
        row: Any = writer.execute(
            "SELECT seq, at_ns, content_hash FROM changes WHERE tenant = ? AND request_id = ?",
            (self._tenant, request_id),
        ).fetchone()
        if row is None:
            return None
        if row[2] and row[2] != content_hash:
            raise Refused(Reason.REQUEST_ID_REUSED, "request_id", "an earlier request had this id and other content")
        return Change(row[0], row[1], duplicate=True)

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
            (_row_of(tenant, customer) for customer in customers),
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


def check_directory(path: Path, tenant: str) -> None:
    """Hold all of a tenant's directory against what was written: its pages, each row, whom each address leads to. May
    be done beside a service.

    Raises:
        DirectoryDamaged: something is not as it was written; the message names it.
    """
    if not path.exists():
        return
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(_BUSY_MS)
            _check_rows(connection, tenant)
        finally:
            connection.close()
    except apsw.Error as error:
        raise DirectoryDamaged(f"{path} cannot be read: {error}") from None
    except DirectoryDamaged as error:
        raise DirectoryDamaged(f"{path}: {error}") from None


def _check_rows(connection: apsw.Connection, tenant: str) -> None:
    with connection:
        version = _format_of(connection)
        problem = connection.pragma("integrity_check")
        if problem != "ok":
            raise DirectoryDamaged(str(problem))
        if version == _FORMAT_WITHOUT_CHECKSUMS:
            return
        customers = addresses = 0
        for row in connection.execute(
            "SELECT customer_id, content, checksum FROM customers WHERE tenant = ?", (tenant,)
        ):
            known = _customer_of(tenant, *row)
            for address in known.addresses:
                owner = connection.execute(
                    "SELECT customer_id FROM addresses WHERE tenant = ? AND address = ?", (tenant, address.key)
                ).fetchone()
                if owner != (known.customer_id,):
                    raise DirectoryDamaged(f'an address of customer "{known.customer_id}" does not lead to it')
            customers, addresses = customers + 1, addresses + len(known.addresses)
        for table, counted in (("customers", customers), ("addresses", addresses)):
            ((kept,),) = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            if kept != counted:
                raise DirectoryDamaged(f"it has {kept} {table}, and {counted} that are tenant {tenant}'s")
        said = connection.execute("SELECT tenant, customers FROM counts").fetchall()
        if customers and said != [(tenant, customers)]:
            raise DirectoryDamaged(f"it has {customers} customers, and another number is noted")


def _row_of(tenant: str, customer: Customer) -> tuple[str, str, str, int]:
    text = customer.to_text()
    return tenant, customer.customer_id, text, _checksum(tenant, customer.customer_id, text)


def _customer_of(tenant: str, customer_id: str, content: str, checksum: int) -> Customer:
    if checksum != _checksum(tenant, customer_id, content):
        raise DirectoryDamaged(f'customer "{customer_id}" of the directory is not what was written')
    return Customer.from_text(content)


def _checksum(*row: Any) -> int:
    """Of a tenant, a customer's id and its content: what a bit that flipped on the disk is found by."""
    return zlib.crc32("\0".join(map(str, row)).encode("utf-8", "surrogateescape"))


def _format_of(connection: apsw.Connection) -> int:
    version = connection.pragma("user_version")
    known = (_FORMAT_WITHOUT_CHECKSUMS, FORMAT_VERSION)
    if connection.pragma("application_id") != APPLICATION_ID or version not in known:
        raise DirectoryDamaged("it is something else, or of a format that this program cannot read")
    return int(version)


def _add_checksums(connection: apsw.Connection) -> None:
    """Make a file of the first format one of this. What its rows say then is taken for what was written."""
    connection.create_scalar_function("checksum_of", _checksum, 3, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    with contextlib.ExitStack() as unless_done:
        unless_done.callback(connection.execute, "ROLLBACK")
        if _format_of(connection) == _FORMAT_WITHOUT_CHECKSUMS:
            connection.execute(_ADD_CHECKSUMS)
            connection.pragma("user_version", FORMAT_VERSION)
        unless_done.pop_all()
    connection.execute("COMMIT")


def _opened(path: Path) -> apsw.Connection:
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error as error:
        raise DirectoryDamaged(f"{path} cannot be opened: {error}") from None
    try:
        connection.set_busy_timeout(_BUSY_MS)
        is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        older = not is_new and _format_of(connection) == _FORMAT_WITHOUT_CHECKSUMS
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", "FULL")
        connection.pragma("secure_delete", 1)
        if is_new:
            with connection:
                connection.pragma("application_id", APPLICATION_ID)
                connection.pragma("user_version", FORMAT_VERSION)
                connection.execute(_SCHEMA)
        elif older:
            _add_checksums(connection)
    except (apsw.Error, DirectoryDamaged) as error:
        connection.close()
        raise DirectoryDamaged(f"{path} cannot be used: {error}") from None
    except BaseException:
        connection.close()
        raise
    return connection
