"""Copies a SQLite file beside those who write it: all of it as of one moment."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import apsw

_PAGES_AT_ONCE: Final = 2_000
_BUSY_MS: Final = 30_000
OnBytes = Callable[[int, int], None]
"""Told how many bytes of a file are copied, and how many there are."""


@contextlib.contextmanager
def one_moment(path: Path) -> Iterator[apsw.Connection]:
    """A connection that sees the file as it is now, whatever is written meanwhile. As long as it is open the
    write-ahead log cannot be begun anew: it grows by what is written.

    Raises:
        FileNotFoundError: there is no such file.
        apsw.Error: it cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(_BUSY_MS)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the moment is that of the first look
        yield connection
    finally:
        connection.close()


def copy_database(source: apsw.Connection, target: Path, on_bytes: OnBytes = lambda _done, _of: None) -> None:
    """Write what a connection of `one_moment` sees to a file that is not there yet; it has no write-ahead log.

    Raises:
        apsw.Error: the source cannot be read or the target not be written.
    """
    page_bytes = source.pragma("page_size")
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_AT_ONCE)
                on_bytes((backup.page_count - backup.remaining) * page_bytes, backup.page_count * page_bytes)
    finally:
        copy.close()
    fold_log(target)


def fold_log(path: Path) -> None:
    """Bring what is in the write-ahead log into the file, and do without the log until somebody wants it again.

    Raises:
        apsw.Error: somebody else has the file open.
    """
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "DELETE")
    finally:
        connection.close()
