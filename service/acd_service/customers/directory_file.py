"""The file of a directory of customers: its tables, its formats, and whether it still is what was written.

Rows of customers carry a checksum, and an address has to lead to a customer who has it; so a bit that flipped on the
disk is found whichever of the two is read.
"""

import contextlib
import zlib
from pathlib import Path
from typing import Any, Final

import apsw

from acd_service.customers.customer import Customer
from acd_service.service_error import DirectoryDamaged

APPLICATION_ID: Final = 0x41434443
"""`ACDC`, in the file's header."""
FORMAT_VERSION: Final = 3
"""1 had no erasures, 1 and 2 no checksums."""

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
_SCHEMA_OF_ERASURES: Final = """
CREATE TABLE IF NOT EXISTS erasures (
    tenant TEXT NOT NULL, request_id TEXT NOT NULL, customer_check INTEGER NOT NULL, seq INTEGER NOT NULL,
    at_ns INTEGER NOT NULL, contacts INTEGER NOT NULL, commands INTEGER NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (tenant, request_id)) WITHOUT ROWID;
"""
"""`seq` is 0 as long as an erasure is not finished. `customer_check` is a byte of a hash, which tells almost any other
customer from the one that was erased, and nothing of who that was.
"""
_ADD_CHECKSUMS: Final = """
ALTER TABLE customers ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE customers SET checksum = checksum_of(tenant, customer_id, content);
"""
_BUSY_MS: Final = 5_000


def open_directory(path: Path) -> apsw.Connection:
    """The file, to be read and changed; made if there is none, brought to this format if it is of an earlier one.

    Raises:
        DirectoryDamaged: it cannot be used.
    """
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error as error:
        raise DirectoryDamaged(f"{path} cannot be opened: {error}") from None
    try:
        connection.set_busy_timeout(_BUSY_MS)
        is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        is_older = not is_new and _format_of(connection) != FORMAT_VERSION
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", "FULL")
        connection.pragma("secure_delete", 1)
        if is_new:
            with connection:
                connection.pragma("application_id", APPLICATION_ID)
                connection.pragma("user_version", FORMAT_VERSION)
                connection.execute(_SCHEMA + _SCHEMA_OF_ERASURES)
        elif is_older:
            _upgrade(connection)
    except (apsw.Error, DirectoryDamaged) as error:
        connection.close()
        raise DirectoryDamaged(f"{path} cannot be used: {error}") from None
    except BaseException:
        connection.close()
        raise
    return connection


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
            with connection:
                _check_rows(connection, tenant)
        finally:
            connection.close()
    except (apsw.Error, UnicodeDecodeError) as error:
        raise DirectoryDamaged(f"{path} cannot be read: {error}") from None
    except DirectoryDamaged as error:
        raise DirectoryDamaged(f"{path}: {error}") from None


def row_of(tenant: str, customer: Customer) -> tuple[str, str, str, int]:
    """What is kept of a customer in `customers`."""
    text = customer.to_text()
    return tenant, customer.customer_id, text, _checksum(tenant, customer.customer_id, text)


def customer_of(tenant: str, customer_id: str, content: str, checksum: int) -> Customer:
    """The customer of a row.

    Raises:
        DirectoryDamaged: it is not what was written.
    """
    if checksum != _checksum(tenant, customer_id, content):
        raise DirectoryDamaged(f'customer "{customer_id}" of the directory is not what was written')
    return Customer.from_text(content)


def _check_rows(connection: apsw.Connection, tenant: str) -> None:
    version = _format_of(connection)
    problem = connection.pragma("integrity_check")
    if problem != "ok":
        raise DirectoryDamaged(str(problem))
    if version != FORMAT_VERSION:
        return
    customers = addresses = 0
    rows: Any = connection.execute("SELECT customer_id, content, checksum FROM customers WHERE tenant = ?", (tenant,))
    for row in rows:
        known = customer_of(tenant, *row)
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
    noted = connection.execute("SELECT tenant, customers FROM counts").fetchall()
    if customers and noted != [(tenant, customers)]:
        raise DirectoryDamaged(f"it has {customers} customers, and another number is noted")


def _checksum(*row: Any) -> int:
    """Of a tenant, a customer's id and its content."""
    return zlib.crc32("\0".join(map(str, row)).encode("utf-8", "surrogateescape"))


def _format_of(connection: apsw.Connection) -> int:
    version = int(connection.pragma("user_version"))
    if connection.pragma("application_id") != APPLICATION_ID or not 1 <= version <= FORMAT_VERSION:
        raise DirectoryDamaged("it is something else, or of a format that this program cannot read")
    return version


def _upgrade(connection: apsw.Connection) -> None:
    """Make a file of an earlier format one of this. What its rows say then is taken for what was written."""
    connection.create_scalar_function("checksum_of", _checksum, 3, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    with contextlib.ExitStack() as unless_done:
        unless_done.callback(connection.execute, "ROLLBACK")
        if _format_of(connection) != FORMAT_VERSION:  # another connection may have been first
            connection.execute(_SCHEMA_OF_ERASURES + _ADD_CHECKSUMS)
            connection.pragma("user_version", FORMAT_VERSION)
        unless_done.pop_all()
    connection.execute("COMMIT")
