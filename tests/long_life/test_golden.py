"""Directories that earlier versions wrote open, upgrade and replay to what was recorded then."""

import sqlite3

import pytest
from long_life.golden import BY_NAME, FOLDER, TENANTS, WRONG, Differs, check, goldens, write

from acd_core import snapshot
from acd_core.enums import CommandKind
from acd_service.journal import JournalDamaged, JournalForeign
from acd_service.journal_sqlite import FORMAT_VERSION, SqliteJournal
from acd_service.verify import verify

RIGHT = [golden for golden in goldens() if golden.name != WRONG]


@pytest.mark.parametrize("name", [golden.name for golden in RIGHT])
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_it_opens_and_replays_to_what_was_recorded(name, engine, tmp_path):
    BY_NAME[name].unpack(tmp_path)
    check(BY_NAME[name], tmp_path, engine)


@pytest.mark.parametrize("name", [golden.name for golden in RIGHT])
def test_it_verifies_as_it_lies_and_after_its_upgrade(name, tmp_path):
    BY_NAME[name].unpack(tmp_path)
    assert verify(tmp_path).problem == ""
    SqliteJournal.open(tmp_path).close()
    report = verify(tmp_path)
    assert report.problem == ""
    assert report.snapshots_checked


def test_every_format_has_one_and_every_kind_of_command_is_in_them():
    assert {golden.format_version for golden in RIGHT} == set(range(1, FORMAT_VERSION + 1))
    assert {golden.behaviour_version for golden in RIGHT} == set(range(1, snapshot.BEHAVIOUR_VERSION + 1))
    kinds = {kind for golden in RIGHT for tenant in golden.tenants.values() for kind in tenant["kinds"]}
    assert kinds >= {kind.name for kind in CommandKind if kind <= CommandKind.SET_AGENT_ASIDE}


def test_one_that_was_written_by_a_wrong_engine_is_caught(tmp_path):
    BY_NAME[WRONG].unpack(tmp_path)
    with pytest.raises(JournalDamaged, match="gives other events than it gave at first"):
        check(BY_NAME[WRONG], tmp_path)


def test_one_that_comes_to_something_else_is_caught(tmp_path):
    golden = RIGHT[-1]
    golden.unpack(tmp_path)
    golden.tenants["default"]["events_sha256"] = "0" * 64
    with pytest.raises(Differs, match="events_sha256"):
        check(golden, tmp_path)


def test_none_is_written_twice():
    with pytest.raises(FileExistsError):
        write(RIGHT[0].name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (f"PRAGMA user_version = {FORMAT_VERSION + 1}", rf"journal format {FORMAT_VERSION + 1}, this program reads"),
        ("UPDATE facts SET value = 99 WHERE name = 'behaviour_version'", "behaviour version 99, this program has"),
        ("UPDATE facts SET value = 0 WHERE name = 'behaviour_version'", "behaviour version 0, this program has"),
    ],
)
def test_one_of_another_version_is_refused_with_the_reason(change, reason, tmp_path):
    RIGHT[-1].unpack(tmp_path)
    database = sqlite3.connect(tmp_path / "journal.sqlite")
    database.execute(change)
    database.commit()
    database.close()
    before = (tmp_path / "journal.sqlite").read_bytes()
    with pytest.raises(JournalForeign, match=reason):
        SqliteJournal.open(tmp_path)
    assert verify(tmp_path).error == "JournalForeign"
    assert (tmp_path / "journal.sqlite").read_bytes() == before


def test_both_tenants_and_commits_of_one_command_and_of_many_are_in_it(tmp_path):
    golden = RIGHT[-1]
    golden.unpack(tmp_path)
    assert set(golden.tenants) == set(TENANTS)
    database = sqlite3.connect(tmp_path / "journal.sqlite")
    for table in ("commands", "command_chunks", "events", "event_chunks", "policies"):
        assert database.execute(f"SELECT count(DISTINCT tenant) FROM {table}").fetchone() == (2,)
    database.close()


def test_the_folder_holds_nothing_else():
    names = {golden.name for golden in goldens()}
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}{end}" for name in names for end in (".json", ".tar.gz")
    }
