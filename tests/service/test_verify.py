"""`verify` finds what is wrong with a journal, and up to where it is good."""

import shutil
import sqlite3

import pytest

from acd.v1 import admin_service_pb2
from acd_service.verify import verify


@pytest.fixture(scope="module")
def whole_data_dir(make_shared_service):
    service = make_shared_service()
    client = service.start()
    client.apply_policy()
    client.sign_on("ann")
    for number in range(5):
        client.enqueue(f"c{number}")
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    for number in range(5, 10):
        client.enqueue(f"c{number}")
    client.close()
    service.stop()
    return service.data_dir


@pytest.fixture
def data_dir(whole_data_dir, tmp_path):
    return shutil.copytree(whole_data_dir, tmp_path / "copy")


def change(data_dir, statement):
    connection = sqlite3.connect(data_dir / "journal.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_whole_journal(data_dir, engine_kind):
    told = []
    report = verify(data_dir, engine=engine_kind, on_progress=lambda done, of: told.append((done, of)))
    assert report.ok, report.problem
    assert (report.commands_checked, report.last_seq, report.good_through_seq) == (13, 13, 13)
    assert report.events_checked == report.last_event_seq == 14
    assert report.snapshots_checked == [8]
    assert told[-1] == (13, 13)
    assert report.as_dict()["ok"] is True


@pytest.mark.parametrize(
    ("statement", "says", "good"),
    [
        ("DELETE FROM commands WHERE seq = 5", "command 5 is missing", 4),
        ("UPDATE commands SET at_ns = at_ns + 1 WHERE seq = 6", "command 6 is not what was written", 5),
        ("DELETE FROM events WHERE event_seq = 7", "event 7 is missing", None),
        ("UPDATE events SET content = substr(content, 2) WHERE event_seq = 7", "event 7 is not what was written", 5),
        ("DELETE FROM events WHERE event_seq = 14", "event 14 is missing", 12),
        ("DELETE FROM commands WHERE seq > 11", "event 13 was not caused by any command", 11),
        ("UPDATE policies SET content = zeroblob(length(content))", "policy 1 is not what was written", 0),
        ("DELETE FROM policies", "policy 1 is missing", 0),
        ("DELETE FROM commands WHERE seq > 6", "before the snapshot of seq 8", 6),
    ],
)
def test_damage_is_found(data_dir, engine_kind, statement, says, good):
    change(data_dir, statement)
    report = verify(data_dir, engine=engine_kind)
    assert not report.ok
    assert report.error == "JournalDamaged"
    assert says in report.problem
    if good is not None:
        assert report.good_through_seq == good


def test_a_snapshot_that_is_not_what_replay_gives(data_dir, engine_kind):
    from acd_service.engine_interface import engine_maker
    from acd_service.snapshot_files import SnapshotFiles

    files = SnapshotFiles(data_dir / "snapshots")
    engine = engine_maker(engine_kind)(seed=99)
    files.save("default", 8, engine)
    report = verify(data_dir, engine=engine_kind)
    assert report.problem.startswith("the snapshot of seq 8 is not what the commands give")


def test_no_journal(tmp_path):
    report = verify(tmp_path)
    assert report.error == "JournalMissing"
