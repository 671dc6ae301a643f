"""What is forgotten, in which pieces, and what never is."""

import asyncio
import importlib.util
from pathlib import Path

import grpc
import pytest
from long_life.golden import BY_NAME

from acd.v1 import admin_service_pb2, event_service_pb2_grpc
from acd.v1.event_service_pb2 import SubscribeRequest
from acd_service import retention as retention_module
from acd_service.clock import DrivenClock
from acd_service.config import BadConfig, Config
from acd_service.engine_interface import engine_maker
from acd_service.journal import ERASING, Batch, CommandRecord
from acd_service.journal_search import at_ns_of, event_seq_at
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover, replay
from acd_service.retention import DAY_NS, Retention
from acd_service.verify import verify

_spec = importlib.util.spec_from_file_location(
    "service_conftest", Path(__file__).parents[1] / "service" / "conftest.py"
)
service_conftest = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(service_conftest)
make_service, failure_of = service_conftest.make_service, service_conftest.failure_of
TENANT = "default"


class Idle:
    """A sequencer for which no command waits."""

    waiting = 0

    async def in_worker(self, work):
        return work()


class House:
    """A golden directory with snapshots at the seqs that are given."""

    def __init__(self, folder, snapshots, **settings):
        self.folder = folder
        BY_NAME["format-3"].unpack(folder)
        self.journal = SqliteJournal.open(folder)
        self.journal.snapshots.remove(TENANT)
        engine = engine_maker("compiled")(self.journal.seed(TENANT))
        for record in self.journal.read(TENANT, 1):
            replay(engine, record)
            if engine.seq in snapshots:
                self.journal.save_snapshot(TENANT, engine)
        self.digest = engine.state_digest()
        self.before = self.journal.extent(TENANT)
        self.clock = DrivenClock(self.before.last_at_ns)
        self.retention = Retention(TENANT, Config(data_dir=folder, **settings), self.journal, Idle(), self.clock)

    def run(self):
        asyncio.run(self.retention.run())
        return self.journal.extent(TENANT)

    def check(self):
        """It can be started from, and all that is kept is right."""
        assert recover(self.journal, TENANT, engine_maker("compiled")).engine.state_digest() == self.digest
        assert verify(self.folder).problem == ""


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(retention_module, "PIECE_COMMANDS", 50)
    monkeypatch.setattr(retention_module, "_PIECE_EVENTS", 150)
    houses = []

    def make(*snapshots, **settings):
        houses.append(House(tmp_path, snapshots, **settings))
        return houses[-1]

    yield make
    for each in houses:
        each.journal.close()


def test_without_a_setting_nothing_goes(house):
    centre = house(400, 600)
    assert centre.run() == centre.before


def test_without_a_snapshot_no_command_goes(house):
    centre = house(journal_kept_days=1e-3)
    centre.clock.advance_to(centre.before.last_at_ns + DAY_NS)
    assert centre.run().oldest_seq == 1
    centre.check()


def test_by_age_only_what_is_so_old_goes(house):
    centre = house(400, 600, journal_kept_days=0.1)
    moment = at_ns_of(centre.journal, TENANT, 300)
    centre.clock.advance_to(moment + int(0.1 * DAY_NS))
    kept = centre.run()
    # What one transaction brought goes as a whole or stays.
    assert 260 < kept.oldest_seq <= 301
    assert kept.oldest_event_seq <= event_seq_at(centre.journal, TENANT, 300) + 1
    assert kept.last_seq == centre.before.last_seq
    centre.check()


def test_however_old_no_command_goes_that_the_oldest_snapshot_does_not_cover(house):
    centre = house(400, 600, journal_kept_days=1e-3)
    centre.clock.advance_to(centre.before.last_at_ns + DAY_NS)
    kept = centre.run()
    assert 350 < kept.oldest_seq <= 401
    assert kept.oldest_event_seq <= event_seq_at(centre.journal, TENANT, 600) + 1
    centre.check()


def test_events_that_nobody_has_counted_stay(house):
    centre = house(400, 600, events_kept_min=1)
    centre.retention.events_read = lambda: 123
    assert centre.run().oldest_event_seq <= 124
    centre.check()


def test_by_age_and_number_so_many_events_stay(house):
    centre = house(400, 600, events_kept_min=1_000, journal_kept_days=1e-3)
    centre.clock.advance_to(centre.before.last_at_ns + DAY_NS)
    kept = centre.run()
    assert kept.last_event_seq - kept.oldest_event_seq + 1 >= 1_000
    assert kept.oldest_seq > 350
    centre.check()


def test_it_goes_in_pieces_and_begins_again_where_it_was_stopped(house, monkeypatch):
    centre = house(700, 750, events_kept_min=10)
    pieces = []
    forget = centre.journal.forget

    def counted(tenant, *, through_seq, through_event_seq):
        before = centre.journal.extent(tenant)
        if len(pieces) == 3:
            raise KeyboardInterrupt
        forget(tenant, through_seq=through_seq, through_event_seq=through_event_seq)
        after = centre.journal.extent(tenant)
        pieces.append((after.oldest_seq - before.oldest_seq, after.oldest_event_seq - before.oldest_event_seq))

    monkeypatch.setattr(centre.journal, "forget", counted)
    with pytest.raises(KeyboardInterrupt):
        centre.run()
    centre.check()
    pieces.append((0, 0))
    centre.run()
    centre.check()
    assert len(pieces) > 8
    # A transaction of this journal has 40 commands at most; one that lies on the border of a piece goes with the next.
    assert max(commands for commands, _ in pieces) <= 50 + 40
    assert max(events for _, events in pieces) <= 150 + 4 * 40
    assert centre.journal.extent(TENANT).oldest_seq > 650


def test_the_oldest_piece_alone(house):
    centre = house(400, 600)
    assert asyncio.run(centre.retention.forget_oldest())
    assert 1 < centre.journal.extent(TENANT).oldest_seq <= 51
    assert centre.retention.oldest_at_ns() == at_ns_of(centre.journal, TENANT, 1)
    while asyncio.run(centre.retention.forget_oldest()):
        pass
    assert centre.journal.extent(TENANT).oldest_seq <= 401
    centre.check()


def test_room_is_given_back_bit_by_bit(tmp_path):
    journal = SqliteJournal.open(tmp_path)
    journal.admit(TENANT, 1)
    for seq in range(1, 401):
        journal.append(Batch([CommandRecord(TENANT, seq, seq, 0, bytes(20_000))], []))
    file = tmp_path / "journal.sqlite"
    journal.forget(TENANT, through_seq=390, through_event_seq=0)
    full = journal.size_bytes()
    assert journal.used_bytes() < full - 6 * 2**20
    sizes = 0
    while journal.give_back(256):
        sizes += 1
    assert sizes >= 5
    journal.close()
    assert file.stat().st_size < 2**20


def test_a_service_tells_what_is_gone(make_service, tmp_path, failure_of):
    settings = ("journal_kept_days: 0.000001", "snapshots_kept: 1", "recent_events_max: 2", "figures_gather_ms: 1")
    (tmp_path / "acd.yaml").write_text("\n".join(settings))
    service = make_service("--config", str(tmp_path / "acd.yaml"))
    client = service.start()
    client.apply_policy()
    for number in range(10):
        client.enqueue(f"c{number}")
    oldest = 1
    while oldest == 1:
        client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
        oldest = client.status().oldest_event_seq
    events = event_service_pb2_grpc.EventServiceStub(client.channel)
    failure = failure_of(lambda: events.Subscribe(SubscribeRequest(from_event_seq=1)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_NO_LONGER_KEPT")
    assert int(failure.metadata["oldest_event_seq"]) >= oldest
    assert service.stop() == 0
    assert verify(service.data_dir).problem == ""


@pytest.mark.parametrize("name", ["journal_kept_days", "journal_bytes_max", "snapshot_every_h"])
def test_bounds_below_nothing_are_refused(name):
    with pytest.raises(BadConfig, match=name):
        Config(**{name: -1})


def test_nothing_goes_that_an_erasure_under_way_is_found_by(house):
    centre = house(600, 700, events_kept_min=10)
    # It began there: what tells of whom, if it is interrupted, is in the commands behind and in their events.
    centre.journal.put_fact(TENANT, ERASING, 300)
    kept = centre.run()
    assert 200 < kept.oldest_seq <= 301
    assert kept.oldest_event_seq <= event_seq_at(centre.journal, TENANT, 300) + 1
    centre.journal.drop_fact(TENANT, ERASING)
    assert centre.run().oldest_seq > 500
    centre.check()
