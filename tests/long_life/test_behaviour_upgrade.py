"""A journal of one behaviour version is gone on with by a program of the next, from a snapshot of its end only.

The program of the next version is this one, told in a process of its own that its version is 2.
"""

import json
import subprocess
import sys

import pytest
from long_life.golden import BY_NAME

from acd_service.behaviour_upgrade import prepare, upgrade_behaviour
from acd_service.engine_interface import engine_maker
from acd_service.journal import REMOVING, Batch, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.verify import verify

NEXT = """
import sys
import acd_core.snapshot as snapshot
snapshot.BEHAVIOUR_VERSION = 2
snapshot.BEHAVIOUR_VERSIONS_READ = frozenset({reads})
"""
CLI = """
from acd_service.cli import main
main()
"""
GO_ON = """
from pathlib import Path
from acd_core.commands import EnqueueContact, Tick
from acd_service.engine_interface import engine_maker
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.set_aside import SetAside
from acd_service.seat import Seat
from acd_service.uncommitted import Uncommitted
folder = Path(sys.argv[1])
journal = SqliteJournal.open(folder)
engine = recover(journal, TENANT_DEFAULT, engine_maker(sys.argv[2])).engine
seat = Seat(TENANT_DEFAULT, engine, None, SetAside(folder / "set_aside"), rebuild=lambda: engine)
made = Uncommitted()
at_ns = engine.now_ns + 1
made.record(seat, Tick(), engine.apply(at_ns, Tick()))
queue_id = engine.policy.queues[0].queue_id
made.record(seat, command := EnqueueContact("after", queue_id), engine.apply(at_ns, command))
journal.append(made.batch())
print(engine.seq, engine.state_digest())
journal.close()
"""


def next_program(script, *arguments, reads="{1, 2}"):
    """What the next version's program prints; if it failed, why too."""
    program = NEXT.replace("{reads}", reads) + script
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + (done.stderr if done.returncode else "")


@pytest.fixture
def folder(tmp_path):
    BY_NAME["format-3"].unpack(tmp_path)
    return tmp_path


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_it_is_gone_on_with_from_snapshots_of_its_end(folder, engine):
    seqs = prepare(folder, engine)
    before = verify(folder)
    status, told = next_program(CLI, "verify", folder)
    assert status == 1
    assert "`acd upgrade` lets it be gone on with" in " ".join(told.split())

    status, told = next_program(CLI, "upgrade", folder, "--engine", engine, "--json")
    assert status == 0, told
    assert json.loads(told) == {"from_version": 1, "to_version": 2, "last_seqs": seqs}
    status, told = next_program(GO_ON, folder, engine)
    assert status == 0, told
    assert int(told.split()[0]) == seqs["default"] + 2

    status, told = next_program(CLI, "verify", folder, "--json")
    assert status == 0, told
    report = json.loads(told)
    assert report["ok"]
    # What is before the upgrade is kept and checked, though not replayed.
    assert report["links_checked"] > before.links_checked

    with pytest.raises(JournalForeign, match="written under behaviour version 2, this program has 1"):
        SqliteJournal.open(folder)
    status, told = next_program(CLI, "upgrade", folder)
    assert status == 0
    assert "already" in told


def test_what_is_before_is_not_replayed_by_another_version(folder):
    seqs = prepare(folder, "compiled")
    assert next_program(CLI, "upgrade", folder)[0] == 0
    for snapshot in (folder / "snapshots").rglob(f"*{seqs['default']}*"):
        snapshot.unlink()
    status, told = next_program(GO_ON, folder, "compiled")
    assert status == 1
    assert f"commands up to {seqs['default']} are of an earlier behaviour version" in told


def test_a_journal_that_goes_on_after_its_snapshot_is_refused_by_name(folder):
    for snapshot in [path for path in (folder / "snapshots").rglob("*") if path.is_file()]:
        snapshot.unlink()
    status, told = next_program(CLI, "upgrade", folder)
    told = " ".join(told.split())
    assert status == 1
    assert "it has no snapshot: stop the service, run `acd upgrade --prepare` of the program that wrote it" in told
    assert SqliteJournal.open_to_read(folder).behaviour_version == 1


def test_a_version_from_which_it_cannot_go_on_is_refused(folder):
    prepare(folder, "compiled")
    status, told = next_program(CLI, "upgrade", folder, reads="{2}")
    assert status == 1
    assert "behaviour version 1, this program has 2" in " ".join(told.split())
    assert "acd upgrade" not in told


def test_a_journal_of_this_version_is_left_as_it_is(folder):
    done = upgrade_behaviour(folder, engine_maker("compiled"))
    assert (done.from_version, done.to_version) == (1, 1)


def test_a_tenant_that_is_being_removed_is_not_in_the_way(folder):
    journal = SqliteJournal.open(folder)
    journal.admit("leaving", 7, {REMOVING: 1})
    record = next(iter(journal.read("default", 2)))
    # What is left of it cannot be replayed any more.
    journal.append(Batch([record._replace(tenant="leaving", seq=1)], [], []))
    journal.close()
    seqs = prepare(folder, "compiled")
    assert "leaving" not in seqs
    status, told = next_program(CLI, "upgrade", folder, "--json")
    assert status == 0, told
    assert json.loads(told)["last_seqs"] == seqs
