"""The file of the embedded journal: its tables, the checksum of each record, and whether a file can be read at all."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import apsw

from acd_core.snapshot import BEHAVIOUR_VERSION, BEHAVIOUR_VERSIONS_READ
from acd_service.journal import JournalDamaged, JournalForeign

APPLICATION_ID: Final = 0x41434431
"""`ACD1`, in the file's header: what SQLite calls the application id."""
FORMAT_VERSION: Final = 4
"""2 added the tables of chunks, 3 the chain of links and checksums of policies, tenants and facts, 4 records that were
replaced when a customer was erased. Older journals are read as they are, and made new when opened for writing."""
FORMAT_WITH_CHUNKS: Final = 2
FORMAT_WITH_CHAIN: Final = 3

SCHEMA: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tenants (tenant TEXT PRIMARY KEY, seed INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    tenant TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL, event_hash INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, seq)) WITHOUT ROWID;
CREATE TABLE events (
    tenant TEXT NOT NULL, event_seq INTEGER NOT NULL, seq INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, event_seq)) WITHOUT ROWID;
CREATE TABLE policies (
    tenant TEXT NOT NULL, policy_version INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (tenant, policy_version)) WITHOUT ROWID;
"""
CHUNKS_SCHEMA: Final = """
CREATE TABLE command_chunks (
    tenant TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_at_ns INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, first_seq));
CREATE TABLE event_chunks (
    tenant TEXT NOT NULL, first_event_seq INTEGER NOT NULL, last_event_seq INTEGER NOT NULL,
    content BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (tenant, first_event_seq));
"""
CHAIN_SCHEMA: Final = """
CREATE TABLE links (
    tenant TEXT NOT NULL, number INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_event_seq INTEGER NOT NULL,
    salt BLOB NOT NULL, commands BLOB NOT NULL, events BLOB NOT NULL, note TEXT NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (tenant, number)) WITHOUT ROWID;
"""
CHECKSUMS_SCHEMA: Final = """
ALTER TABLE facts ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE policies ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE policies ADD COLUMN hash BLOB NOT NULL DEFAULT x'';
"""
"""What formats before 3 lack of `SCHEMA`."""


def command_checksum(tenant: bytes, seq: int, at_ns: int, event_hash: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qqQ", seq, at_ns, event_hash), zlib.crc32(tenant)))


def event_checksum(tenant: bytes, event_seq: int, seq: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qq", event_seq, seq), zlib.crc32(tenant)))


def chunk_start(tenant: bytes, first: int, last: int) -> int:
    """What the checksum of a chunk goes on from at its content."""
    return zlib.crc32(struct.pack("<qq", first, last), zlib.crc32(tenant))


def chunk_checksum(tenant: bytes, first: int, last: int, content: bytes) -> int:
    return zlib.crc32(content, chunk_start(tenant, first, last))


def policy_checksum(tenant: bytes, policy_version: int, seq: int, at_ns: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<qqq", policy_version, seq, at_ns), zlib.crc32(tenant)))


def named_checksum(name: str, value: int) -> int:
    """Of a fact, or of a tenant and its seed."""
    return zlib.crc32(struct.pack("<q", value), zlib.crc32(name.encode()))


def signed(word: int) -> int:
    """SQLite's integers are signed: a hash of 64 bits is kept in two's complement."""
    return word - 2**64 if word >= 2**63 else word


def row_of(connection: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    return connection.execute(statement, values).fetchone()


def damaged(path: Path, error: apsw.Error | UnicodeDecodeError) -> JournalDamaged | JournalForeign:
    """What SQLite says of a file that it cannot read; a text that is none was read from a page that is damaged."""
    if isinstance(error, apsw.NotADBError):
        return JournalForeign(f"{path} is not a journal: {error}")
    return JournalDamaged(f"{path} is cut short or damaged: {error}")


def check_file(path: Path) -> None:
    """Look at the header before SQLite does: it would quietly take a foreign database for its own.

    Raises:
        JournalForeign, JournalDamaged.
    """
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


def check_schema(path: Path, connection: apsw.Connection, *, go_on: bool = False) -> int:
    """The version of the format, which is one that can be read.

    Args:
        go_on: it may also be of an earlier behaviour version from which this one can go on.

    Raises:
        JournalForeign: it is not, or the engine of this program behaves otherwise than the one that wrote it.
        JournalDamaged: what says so is not what was written.
    """
    application_id = connection.pragma("application_id")
    if application_id != APPLICATION_ID:
        raise JournalForeign(f"{path} is a SQLite file of another application (id {application_id})")
    version = connection.pragma("user_version")
    if not 1 <= version <= FORMAT_VERSION:
        raise JournalForeign(f"{path} has journal format {version}, this program reads formats 1 to {FORMAT_VERSION}")
    row = row_of(connection, "SELECT value FROM facts WHERE name = 'behaviour_version'")
    behaviour = 0 if row is None else int(row[0])
    can_go_on = behaviour in BEHAVIOUR_VERSIONS_READ
    if behaviour != BEHAVIOUR_VERSION and not (go_on and can_go_on):
        hint = "; `acd upgrade` lets it be gone on with" if can_go_on else ""
        raise JournalForeign(
            f"{path} was written under behaviour version {behaviour}, this program has {BEHAVIOUR_VERSION}{hint}"
        )
    if version >= FORMAT_WITH_CHAIN:
        (checksum,) = row_of(connection, "SELECT checksum FROM facts WHERE name = 'behaviour_version'")
        if checksum != named_checksum("behaviour_version", behaviour):
            raise JournalDamaged(f"{path}: the fact 'behaviour_version' is not what was written")
    return int(version)
