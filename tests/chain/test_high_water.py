"""A journal that has lost its end at the border of a commit is refused by its high-water mark, or the loss accepted."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from acd_core.commands import EnqueueContact
from acd_service.chain import JOURNAL, Head
from acd_service.chain_rows import read_links
from acd_service.high_water import HighWater, owner_of, read_marks
from acd_service.journal import TENANT_DEFAULT, JournalEndLost
from acd_service.journal_sqlite import SqliteJournal
from acd_service.verify import verify


def copy_of(folder: Path, to: Path) -> Path:
    """The journal without its mark, as it is now."""
    to.mkdir()
    for path in folder.glob("journal.sqlite*"):
        shutil.copy(path, to)
    return to


def test_a_journal_cut_at_any_commit_is_refused_and_named(kept, tmp_path):
    commits = []
    for number in range(8):
        commits.append((copy_of(kept.folder, tmp_path / f"cut{number}"), kept.engines[TENANT_DEFAULT].seq))
        kept.commit(*(EnqueueContact("", "sales") for _ in range(1 + number)))
    kept.close()
    for folder, seq in commits:
        shutil.copy(kept.folder / "journal.mark", folder)
        with pytest.raises(JournalEndLost, match=f"ends with command {seq} .*--accept-loss"):
            SqliteJournal.open(folder)
        report = verify(folder)
        assert (report.error, report.good_through_seq) == ("JournalEndLost", seq)
    SqliteJournal.open(kept.folder).close()


def test_an_accepted_loss_is_noted_and_routing_goes_on(kept, tmp_path):
    cut = copy_of(kept.folder, tmp_path / "cut")
    before = kept.engines[TENANT_DEFAULT].seq
    kept.commit(EnqueueContact("lost", "sales"))
    kept.snapshot()
    kept.close()
    shutil.copy(kept.folder / "journal.mark", cut)
    shutil.copytree(kept.folder / "snapshots", cut / "snapshots", dirs_exist_ok=True)
    journal = SqliteJournal.open(cut, accept_loss=True)
    with journal.reading() as reader:
        note = json.loads(read_links(reader, JOURNAL, 0, 99)[-1].note)["loss_accepted"]
    assert (note["tenant"], note["last_seq"], note["marked_seq"]) == (TENANT_DEFAULT, before, before + 1)
    journal.close()
    assert verify(cut).ok, "the snapshot of what was lost is gone too"
    SqliteJournal.open(cut).close()


def test_another_journal_in_its_place_is_told(kept, tmp_path):
    fork = copy_of(kept.folder, tmp_path / "fork")
    kept.commit(EnqueueContact("one", "sales"))
    kept.close()
    other = SqliteJournal.open(fork)
    kept.journal = other
    kept.engines[TENANT_DEFAULT] = kept.engines[TENANT_DEFAULT].restore(_state_before(kept))
    kept.commit(EnqueueContact("other", "sales"))
    kept.close()
    shutil.copy(kept.folder / "journal.mark", fork)
    with pytest.raises(JournalEndLost, match="is not the one that was committed: link"):
        SqliteJournal.open(fork)


def _state_before(kept) -> bytes:
    from acd_core.engine import Engine
    from acd_service.recovery import recover

    return recover(kept.journal, TENANT_DEFAULT, Engine).engine.snapshot()


def test_a_tenant_that_is_gone_is_told_and_a_removed_one_is_not(kept, tmp_path):
    kept.admit("late", 1)
    early = copy_of(kept.folder, tmp_path / "early")
    kept.admit("later", 1)
    mark = (kept.folder / "journal.mark").read_bytes()
    (early / "journal.mark").write_bytes(mark)
    with pytest.raises(JournalEndLost, match="not there any more"):
        SqliteJournal.open(early)
    while kept.journal.remove_some("later"):
        pass
    kept.close()
    journal = SqliteJournal.open(kept.folder)
    assert "later" not in journal.tenants()
    journal.close()
    assert verify(kept.folder).ok


def test_a_journal_that_was_deleted_is_missed(folder):
    for path in folder.glob("journal.sqlite*"):
        path.unlink()
    with pytest.raises(JournalEndLost, match="not there any more"):
        SqliteJournal.open(folder)


@pytest.mark.parametrize("content", [None, b"", b"something else", b"ACDMARK\x01"])
def test_without_a_mark_the_journal_is_taken_as_it_is(folder, content, caplog):
    (folder / "journal.mark").unlink()
    if content is not None:
        (folder / "journal.mark").write_bytes(content)
    SqliteJournal.open(folder).close()
    marks = read_marks(folder / "journal.mark")
    assert marks is not None
    assert marks[owner_of(TENANT_DEFAULT)].last_seq == 22
    assert "cannot be told" in caplog.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda mark: b"", "is no file of high-water marks"),
        (lambda mark: bytes(len(mark)), "is no file of high-water marks"),
        (lambda mark: mark[:100], "is cut short"),
        (lambda mark: mark[:80] + bytes([mark[80] ^ 1]) + mark[81:], "the mark at byte 64 is not what was written"),
        (lambda mark: mark[:3_000] + b"x" + mark[3_001:], "the mark at byte 2944 is not what was written"),
    ],
)
def test_a_damaged_mark_is_named_and_made_anew(folder, change, says, caplog):
    path = folder / "journal.mark"
    path.write_bytes(change(path.read_bytes()))
    report = verify(folder)
    assert (report.error, report.good_through_seq) == ("JournalDamaged", 22)
    assert says in report.problem
    SqliteJournal.open(folder).close()
    assert says in caplog.text
    assert verify(folder).ok


def test_the_half_that_was_torn_leaves_the_other(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    marks = HighWater.open(path)
    for number in range(6):
        marks.set("a", Head(number, 10 * number, 20 * number, bytes([number]) * 32))
    marks.close()
    raw = bytearray(path.read_bytes())
    raw[64 + 64 + 20] ^= 1  # in the later half of the first slot
    path.write_bytes(raw)
    marks_read = read_marks(path)
    assert marks_read is not None
    assert [mark[:3] for mark in marks_read.values()] == [(4, 40, 80)]


def test_more_tenants_than_there_was_room_for(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    marks = HighWater.open(path)
    names = [f"t{number}" for number in range(200)]
    for name in names:
        marks.set(name, Head(3, 4, 5, bytes(32)))
    marks.reset("t7", None)
    marks.set("new", Head(1, 1, 1, bytes(32)))
    marks.close()
    found = read_marks(path)
    assert found is not None
    assert set(found) == {owner_of(name) for name in [*names, "new"] if name != "t7"}


@pytest.fixture
def cut(folder: Path) -> Callable[[], None]:
    """Take the last commit away, as if it had never been."""

    def run() -> None:
        connection = sqlite3.connect(folder / "journal.sqlite", isolation_level=None)
        last = "(SELECT max(first_event_seq) FROM event_chunks WHERE tenant = 'default')"
        for statement in (
            "DELETE FROM command_chunks WHERE tenant = 'default' AND first_seq = 17",
            f"DELETE FROM event_chunks WHERE tenant = 'default' AND first_event_seq = {last}",
            "DELETE FROM links WHERE tenant = 'default' AND number = 7",
        ):
            connection.execute(statement)
        connection.close()

    return run


def test_what_nothing_inside_the_journal_tells_an_anchor_does(acd_verify, folder, cut, tmp_path):
    anchor = tmp_path / "anchor.json"
    printed = acd_verify(str(folder), "--anchor")
    anchor.write_text(printed.stdout)
    assert json.loads(printed.stdout)["chains"][TENANT_DEFAULT]["seq"] == 22
    assert acd_verify(str(folder), "--against", str(anchor)).exit_code == 0
    cut()
    (folder / "journal.mark").unlink()
    assert acd_verify(str(folder)).exit_code == 0
    told = acd_verify(str(folder), "--against", str(anchor))
    assert told.exit_code == 1
    assert "its end was cut off" in told.stdout.replace("\n", " ")
    journal = SqliteJournal.open(folder)
    journal.put_fact(TENANT_DEFAULT, "streams_max", 3)
    journal.close()
    told = acd_verify(str(folder), "--against", printed.stdout)
    assert "it was written anew" in told.stdout.replace("\n", " ")


def test_an_anchor_holds_over_what_is_forgotten_removed_and_added(acd_verify, kept, tmp_path):
    anchor = acd_verify(str(kept.folder), "--anchor").stdout
    kept.commit(EnqueueContact("more", "sales"))
    kept.snapshot()
    kept.journal.forget(TENANT_DEFAULT, through_seq=23, through_event_seq=10)
    while kept.journal.remove_some("acme"):
        pass
    kept.commit(EnqueueContact("and", "sales"), EnqueueContact("again", "sales", request_id="x"))
    kept.close()
    told = acd_verify(str(kept.folder), "--against", anchor)
    assert told.exit_code == 0, told.stdout


_END = '{"acd_anchor": 1, "chains": {"default": {"link": %s, "hash": "", "seq": 1, "event_seq": 1}}}'


@pytest.mark.parametrize(
    "text",
    ["{}", '{"acd_anchor": 2, "chains": {}}', '{"acd_anchor": 1, "chains": {"a": 1}}']
    + [_END % link for link in ("-1", "true", "1.0", '"1"', "9223372036854775808", "1" * 4_400)],
)
def test_what_is_no_anchor_is_refused(acd_verify, folder, text):
    told = acd_verify(str(folder), "--against", text)
    assert told.exit_code == 2
    assert "anchor" in told.output
