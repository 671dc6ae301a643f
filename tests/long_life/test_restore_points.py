"""A backup goes back to any moment that it reaches: each gives what the commands up to there gave, and holds alone."""

import json
import random
import shutil
import sqlite3
import tarfile

import pytest
from long_life.golden import BY_NAME

from acd_service.backup import MANIFEST, BackupFailed, Manifest, back_up
from acd_service.engine_interface import engine_maker
from acd_service.journal import REMOVING, JournalDamaged
from acd_service.journal_search import event_seq_at, seq_at
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import replay
from acd_service.restore import Moment, restore
from acd_service.verify import verify

GOLDENS = [name for name in BY_NAME if name != "wrong"]


@pytest.fixture(scope="module", params=GOLDENS)
def backup(request, tmp_path_factory):
    """A backup of a golden directory, and what each command of each tenant gave."""
    folder = tmp_path_factory.mktemp("golden")
    BY_NAME[request.param].unpack(folder / "data")
    back_up(folder / "data", folder / "backup")
    return folder / "backup"


@pytest.fixture(scope="module")
def history(backup):
    """By tenant: after each command its time, the event seq and the digest."""
    journal = SqliteJournal.open_to_read(backup)
    found = {}
    for tenant in journal.tenants():
        engine = engine_maker("compiled")(journal.seed(tenant))
        found[tenant] = {0: (0, 0, engine.state_digest())}
        for record in journal.read(tenant, 1):
            replay(engine, record)
            found[tenant][engine.seq] = (record.at_ns, engine.event_seq, engine.state_digest())
    return found


def test_all_of_it(backup, history, tmp_path):
    states = restore(backup, tmp_path / "data")
    for tenant, state in states.items():
        assert (state.last_at_ns, state.last_event_seq, state.state_digest) == history[tenant][state.last_seq]
        assert state == Manifest.read(backup).tenants[tenant]
    assert verify(tmp_path / "data").problem == ""


@pytest.mark.parametrize("seed", range(3))
def test_to_a_command(backup, history, tmp_path, seed):
    draw = random.Random(seed)
    tenant = draw.choice(sorted(history))
    to_seq = draw.randrange(1, max(history[tenant]))
    (state,) = restore(backup, tmp_path / "data", moment=Moment(to_seq=to_seq), tenant=tenant).values()
    assert state.last_seq == to_seq
    assert (state.last_at_ns, state.last_event_seq, state.state_digest) == history[tenant][to_seq]
    assert verify(tmp_path / "data").problem == ""
    journal = SqliteJournal.open(tmp_path / "data")
    assert journal.tenants() == [tenant]
    journal.close()


def test_to_a_time_for_all_tenants(backup, history, tmp_path):
    at_ns = sorted(at_ns for tenant in history.values() for at_ns, _, _ in tenant.values())[700]
    for tenant, state in restore(backup, tmp_path / "data", moment=Moment(to_at_ns=at_ns)).items():
        assert state.last_seq == max(seq for seq, (then_ns, _, _) in history[tenant].items() if then_ns <= at_ns)
        assert state.state_digest == history[tenant][state.last_seq][2]
    assert verify(tmp_path / "data").problem == ""


def test_a_restored_directory_goes_on_and_can_be_backed_up_and_cut_again(backup, tmp_path):
    restore(backup, tmp_path / "first", moment=Moment(to_seq=500), tenant="acme")
    journal = SqliteJournal.open(tmp_path / "first")
    journal.put_fact("acme", "agents_max", 7)
    journal.close()
    back_up(tmp_path / "first", tmp_path / "second")
    restore(tmp_path / "second", tmp_path / "third", moment=Moment(to_seq=400))
    assert verify(tmp_path / "third").problem == ""
    again = SqliteJournal.open(tmp_path / "third")
    assert again.facts_of("acme") == {"agents_max": 7}
    again.close()


def test_places_are_found(backup, history):
    journal = SqliteJournal.open_to_read(backup)
    for tenant, states in history.items():
        assert seq_at(journal, tenant, 0) == 0
        for seq in list(states)[1::97]:
            at_ns, event_seq, _ = states[seq]
            assert seq_at(journal, tenant, at_ns) == max(s for s, (then_ns, _, _) in states.items() if then_ns <= at_ns)
            assert event_seq_at(journal, tenant, seq) == event_seq


def test_what_it_does_not_reach_is_refused(backup, tmp_path):
    target = tmp_path / "data"
    for moment, tenant, why in (
        (Moment(to_seq=10**9), "acme", "the backup ends at seq"),
        (Moment(to_seq=5), "", "name one of acme, default"),
        (Moment(), "nobody", "has no tenant 'nobody'; it has acme, default"),
    ):
        with pytest.raises(BackupFailed, match=why):
            restore(backup, target, moment=moment, tenant=tenant)
    assert not list(tmp_path.iterdir())


def test_a_journal_that_has_forgotten_is_restored_no_earlier_than_its_oldest_snapshot(tmp_path):
    BY_NAME["format-2"].unpack(tmp_path / "data")
    journal = SqliteJournal.open(tmp_path / "data")
    (snapshot,) = journal.snapshots.seqs("default")
    journal.forget("default", through_seq=snapshot, through_event_seq=300)
    oldest = journal.extent("default").oldest_seq
    journal.close()
    assert 1 < oldest <= snapshot + 1
    back_up(tmp_path / "data", tmp_path / "backup")
    with pytest.raises(BackupFailed, match=f"its earliest state is that of seq {snapshot}"):
        restore(tmp_path / "backup", tmp_path / "no", moment=Moment(to_seq=snapshot - 1), tenant="default")
    moment = Moment(to_seq=snapshot + 5)
    assert restore(tmp_path / "backup", tmp_path / "yes", moment=moment, tenant="default")["default"].last_seq == (
        snapshot + 5
    )
    assert verify(tmp_path / "yes").problem == ""


@pytest.fixture
def small(tmp_path):
    BY_NAME["format-2"].unpack(tmp_path / "data")
    back_up(tmp_path / "data", tmp_path / "backup")
    return tmp_path / "backup"


def test_a_flipped_bit_in_any_file_is_named(small, tmp_path):
    for name in Manifest.read(small).files:
        path = small / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        with pytest.raises(BackupFailed, match=f"{path} is not what was backed up"):
            restore(small, tmp_path / "restored")
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    restore(small, tmp_path / "restored")


def test_a_missing_file_another_manifest_and_a_place_outside_are_named(small, tmp_path):
    manifest = json.loads((small / MANIFEST).read_text())
    gone = next(name for name in manifest["files"] if name.startswith("snapshots/"))
    (small / gone).rename(tmp_path / "kept")
    with pytest.raises(BackupFailed, match=f"{gone} is missing"):
        restore(small, tmp_path / "restored")
    (tmp_path / "kept").rename(small / gone)
    for change, why in (
        ({"version": 99}, "backup of version 99"),
        ({"files": {"../outside": {"bytes": 1, "sha256": ""}}}, "which is not in the backup"),
        ({"tenants": 5}, "cannot be read"),
        ({"surprise": 5}, "cannot be read"),
    ):
        (small / MANIFEST).write_text(json.dumps(manifest | change))
        with pytest.raises(BackupFailed, match=why):
            restore(small, tmp_path / "restored")
    (small / MANIFEST).unlink()
    with pytest.raises(BackupFailed, match="is no backup"):
        restore(small, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_nothing_is_written_over(small, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(BackupFailed, match="is there already and not empty"):
        restore(small, tmp_path / "full")
    with pytest.raises(BackupFailed, match="is there already and not empty"):
        back_up(tmp_path / "data", tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["file"]
    (tmp_path / "empty").mkdir()
    restore(small, tmp_path / "empty")


def test_nothing_is_made_within_what_it_is_made_of(small, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for target in (tmp_path / "data" / "backup", tmp_path / "link" / "deep" / "backup"):
        with pytest.raises(BackupFailed, match="lies within"):
            back_up(tmp_path / "data", target)
    with pytest.raises(BackupFailed, match="lies within"):
        restore(small, small / "restored")
    assert not (tmp_path / "data" / "deep").exists()


def test_a_backup_holds_what_is_the_services_and_nothing_else(tmp_path):
    BY_NAME["format-2"].unpack(tmp_path / "data")
    (tmp_path / "data" / "earlier").mkdir()
    for name in ("keys.json", "server.key", "earlier/journal.sqlite", "journal.sqlite.bak"):
        (tmp_path / "data" / name).write_text("secret")
    files = back_up(tmp_path / "data", tmp_path / "backup").files
    assert {name.split("/")[0].split(".")[0] for name in files} <= {"journal", "snapshots", "figures", "customers"}


def test_a_journal_that_does_not_replay_makes_no_backup(tmp_path):
    BY_NAME["wrong"].unpack(tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "snapshots", ignore_errors=True)
    with pytest.raises(JournalDamaged, match="gives other events"):
        back_up(tmp_path / "data", tmp_path / "backup")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_tenant_that_was_being_removed_is_in_no_backup(tmp_path):
    BY_NAME["format-3"].unpack(tmp_path / "data")
    (tmp_path / "data" / "tenants" / "acme").mkdir(parents=True)
    (tmp_path / "data" / "tenants" / "acme" / "set_aside.jsonl").write_text("")
    journal = SqliteJournal.open(tmp_path / "data")
    journal.put_fact("acme", REMOVING, 1)
    assert journal.remove_some("acme")
    journal.close()
    manifest = back_up(tmp_path / "data", tmp_path / "backup")
    assert list(manifest.tenants) == ["default"]
    assert not [name for name in manifest.files if "acme" in name]
    restore(tmp_path / "backup", tmp_path / "restored")
    assert verify(tmp_path / "restored").problem == ""


def test_of_other_tenants_nothing_is_restored(tmp_path):
    data = tmp_path / "data"
    BY_NAME["format-3"].unpack(data)
    (data / "tenants" / "acme").mkdir(parents=True)
    for folder in (data, data / "tenants" / "acme"):
        (folder / "set_aside.jsonl").write_text("")
        sqlite3.connect(folder / "customers.sqlite").execute("CREATE TABLE customers (name TEXT)").connection.close()
    back_up(data, tmp_path / "backup")
    for tenant, place, other in (("acme", "tenants/acme/", "default"), ("default", "", "acme")):
        restored = tmp_path / tenant
        restore(tmp_path / "backup", restored, tenant=tenant)
        files = {path.relative_to(restored).as_posix() for path in restored.rglob("*") if path.is_file()}
        own = {f"{place}set_aside.jsonl", f"{place}customers.sqlite"}
        snapshots = {name for name in files if name.startswith("snapshots/")}
        assert snapshots
        assert not [name for name in snapshots if other in name]
        assert {name for name in files if name.endswith(("aside.jsonl", "customers.sqlite"))} == own


def test_what_an_interrupted_one_left_goes(small, tmp_path):
    leftover = tmp_path / "restored.unfinished"
    (leftover / "snapshots").mkdir(parents=True)
    (leftover / "journal.sqlite").write_bytes(b"half of one")
    restore(small, tmp_path / "restored")
    assert not leftover.exists()


def test_it_can_be_packed_and_unpacked(small, tmp_path):
    with tarfile.open(tmp_path / "backup.tar", "w") as archive:
        archive.add(small, "backup")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        archive.extractall(tmp_path / "elsewhere", filter="data")
    restore(tmp_path / "elsewhere" / "backup", tmp_path / "restored")
