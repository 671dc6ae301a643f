"""Questions to a journal through one connection that is kept: what opening one for each costs is most of a life."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from acd_service.journal_format import damaged
from acd_service.journal_reader import close_quietly


class KeptReader:
    """In place of `JournalReader.reading`, which it is one for one but for the connection; a failure ends that."""

    def __init__(self, path: Path, vfs: str) -> None:
        self._path, self._vfs = path, vfs
        self._idle: apsw.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        connection, self._idle = self._idle, None
        try:
            if connection is None:
                connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY, vfs=self._vfs)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except (apsw.Error, UnicodeDecodeError) as error:
            raise damaged(self._path, error) from None
        else:
            self._idle, connection = connection, None
        finally:
            if connection is not None:
                close_quietly(connection)

    def close(self) -> None:
        """Before the journal itself, whose last connection tidies up."""
        if self._idle is not None:
            close_quietly(self._idle)
            self._idle = None
