"""Snapshot files: whole or not there, checked when read, never all in memory."""

import pytest

from acd_core.commands import Tick
from acd_core.snapshot import BadSnapshot
from acd_service.engine_interface import engine_maker
from acd_service.journal import JournalDamaged
from acd_service.snapshot_files import SnapshotFiles, written


@pytest.fixture
def make(engine_kind):
    return engine_maker(engine_kind)


@pytest.fixture
def kept(tmp_path, make):
    """Two snapshots of an engine, and the engine."""
    files = SnapshotFiles(tmp_path / "snapshots")
    engine = make(5)
    for at_ns in (1, 2):
        engine.apply(at_ns, Tick())
        files.save("a tenant", engine.seq, engine)
    return files, engine


def test_what_was_saved_is_restored(kept, make):
    files, engine = kept
    seq, restored = files.restore_latest("a tenant", make)
    assert (seq, restored.snapshot()) == (2, engine.snapshot())
    assert files.of("a tenant", 2).digest() == engine.state_digest() == written(engine).digest
    assert written(engine).size_bytes == len(engine.snapshot())
    assert files.restore_latest("another", make) is None


@pytest.mark.parametrize("damage", ["foreign", "empty", "cut", "changed", "longer", "directory"])
def test_a_damaged_one_is_named_and_passed_over(kept, make, damage):
    files, _ = kept
    path = files.of("a tenant", 2).path
    raw = path.read_bytes()
    path.unlink()
    match damage:
        case "foreign":
            path.write_bytes(b"x" * 100)
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(raw[:-5])
        case "changed":
            path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
        case "longer":
            path.write_bytes(raw + b"x")
        case _:
            path.mkdir()
    with pytest.raises(JournalDamaged, match="00000000000000000002"):
        files.of("a tenant", 2).restore(make)
    with pytest.raises(JournalDamaged, match="00000000000000000002"):
        files.of("a tenant", 2).digest()
    seq, restored = files.restore_latest("a tenant", make)
    assert (seq, restored.seq) == (1, 1)


def test_one_of_another_version_is_no_damage(kept, make):
    files, engine = kept

    class Older:
        seq = 3

        def write_snapshot(self, sink):
            sink(b"ACDSNAP\x07" + engine.snapshot()[8:])

    files.save("a tenant", 3, Older())
    with pytest.raises(BadSnapshot, match="seq 3 cannot be read: snapshot format 7"):
        files.restore_latest("a tenant", make)


def test_a_save_that_fails_leaves_nothing(kept, make):
    files, _ = kept

    class Failing:
        seq = 3

        def write_snapshot(self, sink):
            sink(b"the beginning")
            raise MemoryError

    with pytest.raises(MemoryError):
        files.save("a tenant", 3, Failing())
    assert files.seqs("a tenant") == [1, 2]
    assert len(list(files.of("a tenant", 2).path.parent.iterdir())) == 2


def test_one_that_has_been_deleted(kept, make):
    files, _ = kept
    one = files.of("a tenant", 1)
    files.keep_newest("a tenant", 1)
    with pytest.raises(FileNotFoundError):
        one.restore(make)
