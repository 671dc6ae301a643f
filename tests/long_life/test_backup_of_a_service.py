"""`acd backup` beside a real service under calls, `acd restore`, and a service on what was restored."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest

from acd.v1 import admin_service_pb2, event_service_pb2_grpc
from acd.v1.event_service_pb2 import SubscribeRequest
from acd_service.engine_interface import engine_maker
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import replay
from acd_service.verify import verify

_spec = importlib.util.spec_from_file_location(
    "service_conftest", Path(__file__).parents[1] / "service" / "conftest.py"
)
service_conftest = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(service_conftest)
make_service, failure_of = service_conftest.make_service, service_conftest.failure_of
KILLS = int(os.environ.get("ACD_TEST_BACKUP_KILLS", "4"))


def acd(*arguments, status=0):
    """Run `acd` with `--json` and give what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "acd_service.cli", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if status == 0 else done.stderr


class Callers:
    """Contacts brought and taken away, until `stop`."""

    def __init__(self, client):
        self._client = client
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.brought = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            self._client.enqueue(f"c{self.brought}", attributes={"text": "x" * 500})
            self.brought += 1

    def wait_for(self, count):
        while self.brought < count:
            time.sleep(0.01)


def digest_at(data_dir, seq):
    """What the commands up to one come to, from the first."""
    journal = SqliteJournal.open_to_read(data_dir)
    engine = engine_maker("compiled")(journal.seed("default"))
    for record in journal.read("default", 1):
        if record.seq > seq:
            break
        replay(engine, record)
    return engine.state_digest()


def test_a_backup_under_calls_is_the_service_at_one_moment(make_service, tmp_path):
    service = make_service()
    client = service.start()
    client.apply_policy()
    with Callers(client) as callers:
        callers.wait_for(50)
        before = client.status().seq
        made = acd("backup", service.data_dir, tmp_path / "first")["tenants"]["default"]
        after = client.status().seq
        callers.wait_for(callers.brought + 20)
        client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
        acd("backup", service.data_dir, tmp_path / "second")
    assert before <= made["last_seq"] <= after
    assert made["state_digest"] == digest_at(service.data_dir, made["last_seq"])
    status = client.admin.GetStatus(admin_service_pb2.GetStatusRequest(with_state_digest=True))
    quiet = acd("backup", service.data_dir, tmp_path / "third")["tenants"]["default"]
    assert (quiet["last_seq"], quiet["last_event_seq"]) == (status.seq, status.event_seq)
    assert (quiet["state_digest"], quiet["event_hash"]) == (status.state_digest, status.event_hash)
    assert service.stop() == 0
    for name in ("first", "second", "third"):
        assert verify(tmp_path / name).problem == ""


def test_a_service_goes_on_from_what_was_restored(make_service, tmp_path):
    service = make_service()
    client = service.start()
    client.apply_policy()
    with Callers(client) as callers:
        callers.wait_for(60)
    told = client.events_from(1)
    acd("backup", service.data_dir, tmp_path / "backup")
    assert service.stop() == 0
    to_seq = 31
    state = acd("restore", tmp_path / "backup", tmp_path / "restored", "--to-seq", to_seq)["tenants"]["default"]
    assert state["last_seq"] == to_seq
    assert state["state_digest"] == digest_at(service.data_dir, to_seq)
    again = make_service(data_dir=tmp_path / "restored").start()
    status = again.status()
    assert status.seq == to_seq + 1, "the outage is a command of its own"
    assert not any(status.invariant_violations.values())
    assert again.events_from(1)[: state["last_event_seq"]] == told[: state["last_event_seq"]]
    again.enqueue("after")


def test_a_follower_that_is_ahead_of_what_was_restored_is_told(make_service, tmp_path, failure_of):
    service = make_service()
    client = service.start()
    client.apply_policy()
    for number in range(5):
        client.enqueue(f"c{number}")
    last = client.status().event_seq
    acd("backup", service.data_dir, tmp_path / "backup")
    service.stop()
    acd("restore", tmp_path / "backup", tmp_path / "restored", "--to-seq", 2)
    again = make_service(data_dir=tmp_path / "restored").start()
    events = event_service_pb2_grpc.EventServiceStub(again.channel)
    failure = failure_of(lambda: events.Subscribe(SubscribeRequest(from_event_seq=last + 1)))
    assert failure.code == grpc.StatusCode.OUT_OF_RANGE


def test_a_backup_that_is_killed_leaves_nothing_that_counts(make_service, tmp_path):
    service = make_service()
    client = service.start()
    client.apply_policy()
    draw = random.Random(os.environ.get("ACD_TEST_SEED", "1"))
    target = tmp_path / "backup"
    with Callers(client) as callers:
        callers.wait_for(100)
        for _ in range(KILLS):
            process = subprocess.Popen(
                [sys.executable, "-m", "acd_service.cli", "backup", str(service.data_dir), str(target)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            folder = tmp_path / "backup.unfinished"
            while not folder.exists() and process.poll() is None:
                time.sleep(0.001)
            time.sleep(draw.random() * 0.1)
            process.kill()
            process.wait()
            if target.exists():  # it was done before
                assert verify(target).problem == ""
                target.rename(tmp_path / f"done-{_}")
            else:
                assert "is no backup" in acd("restore", folder, tmp_path / "restored", status=1)
                assert not (tmp_path / "restored").exists()
        acd("backup", service.data_dir, target)
    assert not folder.exists()
    assert not any(client.status().invariant_violations.values())
    state = acd("restore", target, tmp_path / "restored")["tenants"]["default"]
    assert state["state_digest"] == digest_at(service.data_dir, state["last_seq"])


def test_a_backup_that_died_just_before_it_got_its_name_is_none(make_service, tmp_path):
    service = make_service()
    service.start().apply_policy()
    service.stop()
    acd("backup", service.data_dir, tmp_path / "backup")
    whole = (tmp_path / "backup").rename(tmp_path / "backup.unfinished")
    assert "was not finished" in acd("restore", whole, tmp_path / "restored", status=1)
    assert not (tmp_path / "restored").exists()


def test_mistakes_are_named(tmp_path):
    (tmp_path / "data").mkdir()
    assert "has no journal" in acd("backup", tmp_path / "data", tmp_path / "backup", status=1)
    assert "is no backup" in acd("restore", tmp_path / "data", tmp_path / "restored", status=1)
    for time_given in ("yesterday", "2026-11-22T09:30:00"):
        assert "--to-time" in acd("restore", tmp_path, tmp_path / "x", "--to-time", time_given, status=2)
    assert "cannot both" in acd("restore", tmp_path, tmp_path / "x", "--to-seq", 1, "--to-time", "0", status=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_backups_that_are_killed_in_many_places(make_service, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "KILLS", 60)
    test_a_backup_that_is_killed_leaves_nothing_that_counts(make_service, tmp_path)
