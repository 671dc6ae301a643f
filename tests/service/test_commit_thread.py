"""The thread that carries out transactions without the interpreter."""

import gc
import hashlib
import os
import select
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from acd_service.commit_thread import CommitFailed, CommitThread
from acd_service.sums import Crc32, Sha256

INSERT = "INSERT INTO kept VALUES (?, ?)"


class Desk:
    """A file of SQLite, and the thread that writes it."""

    def __init__(self, path: Path) -> None:
        self.connection = apsw.Connection(str(path))
        self.connection.pragma("journal_mode", "WAL")
        self.connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, content)")
        self.thread = CommitThread(self.connection)

    def carry_out(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        self.thread.begin(list(statements))
        assert select.select([self.thread.descriptor], [], [], 60)[0]
        self.thread.end()
        assert not select.select([self.thread.descriptor], [], [], 0)[0]

    def carry_out_here(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        self.thread.carry_out(list(statements))

    def kept(self) -> list[Any]:
        return self.connection.execute("SELECT number, content FROM kept ORDER BY number").fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "file")
    yield desk
    desk.thread.close()
    desk.connection.close()


@pytest.mark.parametrize(
    "value", [None, 0, 2**63 - 1, -(2**63), "", "Grüße\0", b"", b"\0\xff" * 5_000], ids=lambda value: repr(value)[:12]
)
def test_values_are_kept_as_they_are(desk: Desk, value: object) -> None:
    desk.carry_out((INSERT, (1, value)))
    assert desk.kept() == [(1, value)]


def test_sums_are_taken_on_the_way(desk: Desk) -> None:
    content = b"content" * 1_000
    inner = Sha256(content)
    outer = Sha256(b"before", inner)
    desk.carry_out((INSERT, (Crc32(content, 5), outer)), (INSERT, (1, inner)))
    hashed = hashlib.sha256(content).digest()
    whole = hashlib.sha256(b"before" + hashed).digest()
    assert desk.kept() == [(1, hashed), (zlib.crc32(content, 5), whole)]
    assert (inner.taken(), outer.taken()) == (hashed, whole)


def test_one_statement_may_be_carried_out_often(desk: Desk) -> None:
    for start in range(0, 100, 10):
        desk.carry_out(*((INSERT, (number, str(number))) for number in range(start, start + 10)))
    assert desk.kept() == [(number, str(number)) for number in range(100)]


@pytest.mark.parametrize("carry_out", [Desk.carry_out, Desk.carry_out_here])
def test_of_several_statements_all_are_kept_or_none(desk: Desk, carry_out: Callable[..., None]) -> None:
    carry_out(desk, (INSERT, (1, "before")))
    with pytest.raises(CommitFailed, match=r"UNIQUE.*code"):
        carry_out(desk, (INSERT, (2, "new")), (INSERT, (1, "again")), (INSERT, (3, "new")))
    assert desk.kept() == [(1, "before")]
    assert not desk.connection.in_transaction
    carry_out(desk, (INSERT, (2, "after")))
    assert desk.kept() == [(1, "before"), (2, "after")]


class Grumbling(apsw.VFS):
    """A file system in Python whose log cannot be written once it says so."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("grumbling", "")
        self.error = error
        self.is_writable = True

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _GrumblingFile(self, name, flags)


class _GrumblingFile(apsw.VFSFile):
    def __init__(self, grumbling: Grumbling, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._grumbling = grumbling

    def xWrite(self, data: bytes, offset: int) -> None:
        if not self._grumbling.is_writable:
            raise self._grumbling.error
        super().xWrite(data, offset)


@pytest.mark.parametrize("error", [apsw.FullError("no room"), KeyboardInterrupt()])
def test_what_a_file_system_in_python_raises_comes_through(tmp_path: Path, error: BaseException) -> None:
    grumbling = Grumbling(error)
    connection = apsw.Connection(str(tmp_path / "file"), vfs="grumbling")
    connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, content)")
    thread = CommitThread(connection)
    grumbling.is_writable = False
    for _ in range(2):
        with pytest.raises(type(error)):
            thread.carry_out([(INSERT, (1, b"x" * 10_000))])
    grumbling.is_writable = True
    thread.carry_out([(INSERT, (1, "y"))])
    assert connection.execute("SELECT * FROM kept").fetchall() == [(1, "y")]
    thread.close()
    connection.close()
    grumbling.unregister()


def test_a_statement_that_means_nothing_begins_nothing(desk: Desk) -> None:
    with pytest.raises(CommitFailed, match="nowhere"):
        desk.thread.begin([(INSERT, (1, "x")), ("INSERT INTO nowhere VALUES (?)", (1,))])
    desk.carry_out((INSERT, (1, "y")))
    assert desk.kept() == [(1, "y")]


@pytest.mark.parametrize(("value", "error"), [(1.5, TypeError), (2**63, OverflowError), ("\ud800", UnicodeError)])
def test_what_is_no_value_begins_nothing(desk: Desk, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        desk.thread.begin([(INSERT, (1, value))])
    desk.carry_out((INSERT, (1, "y")))
    assert desk.kept() == [(1, "y")]


def test_one_at_a_time(desk: Desk) -> None:
    with pytest.raises(ValueError, match="begun"):
        desk.thread.end()
    desk.thread.begin([(INSERT, (1, "x"))])
    for again in (desk.thread.begin, desk.thread.carry_out):
        with pytest.raises(ValueError, match="not been ended"):
            again([(INSERT, (2, "y"))])
    desk.thread.end()
    assert desk.kept() == [(1, "x")]


def test_the_bytes_are_held_until_the_end(desk: Desk) -> None:
    for number in range(50):
        desk.thread.begin([(INSERT, (number, os.urandom(10_000) + str(number).encode()))])
        gc.collect()
        trash = [os.urandom(10_000) for _ in range(20)]
        desk.thread.end()
        del trash
    assert [content[10_000:] for _, content in desk.kept()] == [str(number).encode() for number in range(50)]


def test_what_was_begun_is_kept_when_it_is_closed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "file")
    desk.thread.begin([(INSERT, (1, "x"))])
    desk.thread.close()
    desk.thread.close()
    with pytest.raises(ValueError, match="closed"):
        desk.thread.begin([(INSERT, (2, "y"))])
    assert desk.kept() == [(1, "x")]
    desk.connection.close()
