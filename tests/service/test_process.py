"""How the process starts and stops, and what it refuses to start on."""

import shutil
import signal
import sqlite3
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc

from acd.v1 import (
    admin_service_pb2,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    event_service_pb2,
    policy_pb2,
    routing_service_pb2,
)


def test_a_second_service_on_the_same_data_is_refused(make_service, did_not_start):
    client = make_service().start()
    with pytest.raises(did_not_start, match="DataDirInUse") as refused:
        make_service().start()
    assert refused.value.status == 2
    assert client.status().tenant_id == "default"


def test_a_second_service_on_the_same_port_is_refused(make_service, did_not_start, tmp_path):
    first = make_service()
    first.start()
    with pytest.raises(did_not_start, match="AddressInUse"):
        make_service(data_dir=tmp_path / "other").start(listen=first.address)


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "192.168.1.1:50051", "[::]:0", "example.org:50051"])
def test_only_loopback_addresses_are_taken(make_service, did_not_start, listen):
    with pytest.raises(did_not_start, match="NotLoopback"):
        make_service().start(listen=listen)


def test_a_unix_socket_is_taken(make_service, tmp_path):
    client = make_service().start(listen=f"unix:{tmp_path}/socket")
    assert client.status().tenant_id == "default"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_stop(make_service, number):
    service = make_service()
    client = service.start()
    client.apply_policy()
    stream = client.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=1))
    next(stream)
    health = health_pb2_grpc.HealthStub(client.channel).Watch(health_pb2.HealthCheckRequest(service=""))
    assert next(health).status == health_pb2.HealthCheckResponse.SERVING
    answered, refused = [], []

    def write():
        try:
            while True:
                answered.append(client.enqueue(f"c{len(answered)}").contact.contact_id)
        except grpc.RpcError as error:
            refused.append(error.code())

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 10:
        pass
    service.signal(number)
    assert next(health).status == health_pb2.HealthCheckResponse.NOT_SERVING
    with pytest.raises(grpc.RpcError) as ended:
        for _ in stream:
            pass
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    writer.join(30)
    assert refused == [grpc.StatusCode.UNAVAILABLE]
    assert service.wait() == 0
    client = service.start()
    kept = {
        contact.contact_id
        for contact in client.routing.ListContacts(routing_service_pb2.ListContactsRequest(page_size=10_000)).contacts
    }
    assert set(answered) <= kept


def test_what_it_keeps_is_for_its_owner(make_service, tmp_path):
    make_service(data_dir=tmp_path / "new" / "data").start()
    assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


def test_a_hangup_ends_nothing(make_service):
    service = make_service()
    client = service.start()
    service.signal(signal.SIGHUP)
    client.apply_policy()
    assert client.enqueue("c").contact.contact_id == "c"
    assert service.stop() == 0
    assert "SIGHUP changes nothing" in service.stderr_path.read_text()


LEASE_S = 3
"""Longer than a busy machine takes for a few calls, short enough to wait for."""


def test_after_an_outage_offers_and_leases_run_on(make_service):
    service = make_service()
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales", offer_timeout=Duration(seconds=60)))
    client.sign_on("ann")
    client.agents.SetPresence(
        agent_commands_pb2.SetPresenceRequest(
            agent_id="ann", presence=agent_pb2.PRESENCE_READY, lease=Duration(seconds=LEASE_S)
        )
    )
    offer = client.enqueue("c").contact
    service.kill()
    time.sleep(LEASE_S)
    client = service.start()
    # The lease would have run out while nobody was there to hear of the agent.
    agent = client.agents.GetAgent(agent_service_pb2.GetAgentRequest(agent_id="ann")).agent
    assert agent.presence == agent_pb2.PRESENCE_READY
    shown = client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="c")).contact
    (resumed,) = [event.resumed for event in client.events_from(1) if event.HasField("resumed")]
    gap_ns = resumed.outage.seconds * 10**9 + resumed.outage.nanos
    assert gap_ns > 0
    assert shown.offer_expires_at.ToNanoseconds() == offer.offer_expires_at.ToNanoseconds() + gap_ns


def test_a_snapshot_shortens_the_restart_and_changes_nothing(make_service):
    service = make_service("--verbose")
    client = service.start()
    client.apply_policy()
    for number in range(10):
        client.enqueue(f"c{number}")
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    client.enqueue("after")
    before = client.status()
    service.kill()
    client = service.start()
    assert "snapshot of seq 11 and 1 commands after it" in service.stderr_path.read_text()
    after = client.status()
    assert after.seq == before.seq + 1, "the one more is Resume"
    assert after.counts == before.counts


def test_damage_to_a_snapshot_is_survived(make_service):
    service = make_service()
    client = service.start()
    client.apply_policy()
    client.enqueue("c")
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    before = client.status()
    service.kill()
    (path,) = (service.data_dir / "snapshots").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    after = service.start().status()
    assert after.seq == before.seq + 1
    assert "snapshot passed over" in service.stderr_path.read_text()


def test_a_disk_that_is_full_ends_the_service_and_loses_nothing(make_service, tmp_path, monkeypatch, failure_of):
    marker, config = tmp_path / "disk-is-full", tmp_path / "config.yaml"
    config.write_text("journal_vfs: power-cut\n")
    monkeypatch.setenv("ACD_TEST_DISK_IS_FULL", str(marker))
    service = make_service("--config", str(config), program=(str(Path(__file__).with_name("power_cut_server.py")),))
    client = service.start()
    client.apply_policy()
    client.enqueue("kept")
    marker.touch()
    assert failure_of(lambda: client.enqueue("not kept")).code is grpc.StatusCode.UNAVAILABLE
    assert service.wait() == 1
    marker.unlink()
    contacts = service.start().routing.ListContacts(routing_service_pb2.ListContactsRequest()).contacts
    assert [contact.contact_id for contact in contacts] == ["kept"]


def test_more_calls_than_the_bound_are_told_to_come_back(make_service, tmp_path, failure_of):
    config = tmp_path / "config.yaml"
    config.write_text("calls_in_flight_max: 1\n")
    client = make_service("--config", str(config)).start()
    client.apply_policy()
    stream = client.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=1))
    next(stream)
    failure = failure_of(client.status)
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert failure.retry_after_ms > 0
    stream.cancel()


def test_a_data_directory_that_cannot_be_is_refused(make_service, did_not_start, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(did_not_start, match="BadConfig: data_dir"):
        make_service(data_dir=tmp_path / "file" / "data").start()


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("no_sqlite", "JournalForeign", "no SQLite file"),
        ("other_application", "JournalForeign", "another application"),
        ("cut_short", "JournalDamaged", "cut short"),
        ("missing_command", "JournalDamaged", "command 3 is missing"),
        ("missing_last_event", "JournalDamaged", "events"),
        ("changed_command", "JournalDamaged", "command 4 is not what was written"),
        ("other_events", "JournalDamaged", "command 4 gives other events"),
        ("other_format", "JournalForeign", "journal format 99"),
        ("other_behaviour", "JournalForeign", "behaviour version 99"),
        ("before_snapshot", "JournalDamaged", "before the snapshot"),
    ],
)
def test_a_journal_that_cannot_be_used_is_refused_by_name(
    make_service, whole_data_dir, did_not_start, name, error, says
):
    service = make_service()
    shutil.copytree(whole_data_dir, service.data_dir)
    if name != "before_snapshot":
        shutil.rmtree(service.data_dir / "snapshots")
    path = service.data_dir / "journal.sqlite"
    SABOTAGE[name](path)
    untouched = path.read_bytes()
    with pytest.raises(did_not_start, match=error) as refused:
        service.start()
    assert says in refused.value.stderr
    assert refused.value.status == 2
    assert path.read_bytes() == untouched


@pytest.fixture(scope="module")
def whole_data_dir(make_shared_service):
    """What a service left that was stopped in good order."""
    service = make_shared_service()
    client = service.start()
    client.apply_policy()
    for number in range(20):
        client.enqueue(f"c{number}", attributes={"text": "x" * 500})
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    client.close()
    assert service.stop() == 0
    return service.data_dir


def change(*statements):
    def apply(path):
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    return apply


def with_other_hash(path):
    """A record whose checksum is right, but not its events: as an engine of other behaviour would have left it."""
    import zlib

    connection = sqlite3.connect(path, isolation_level=None)
    at_ns, content = connection.execute("SELECT at_ns, content FROM commands WHERE seq = 4").fetchone()
    head = b"".join(value.to_bytes(8, "little") for value in (4, at_ns, 12345))
    checksum = zlib.crc32(content, zlib.crc32(head, zlib.crc32(b"default")))
    connection.execute("UPDATE commands SET event_hash = 12345, checksum = ? WHERE seq = 4", (checksum,))
    connection.close()


SABOTAGE = {
    "no_sqlite": lambda path: path.write_bytes(b"a letter to a friend" * 100),
    "other_application": change("PRAGMA application_id = 7"),
    "cut_short": lambda path: path.write_bytes(path.read_bytes()[:-5_000]),
    "missing_command": change("DELETE FROM commands WHERE seq = 3"),
    "missing_last_event": change("DELETE FROM events WHERE event_seq = (SELECT max(event_seq) FROM events)"),
    "changed_command": change("UPDATE commands SET content = zeroblob(length(content)) WHERE seq = 4"),
    "other_events": with_other_hash,
    "other_format": change("PRAGMA user_version = 99"),
    "other_behaviour": change("UPDATE facts SET value = 99 WHERE name = 'behaviour_version'"),
    "before_snapshot": change("DELETE FROM commands WHERE seq > 15"),
}
