"""The process is killed at random moments under load: nothing that anybody was told is lost, missing or different.

And the same on a disk that throws away what was not synced, where a journal that does not sync must be caught.
"""

import os
import random
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from acd.v1 import (
    agent_commands_pb2,
    agent_pb2,
    contact_commands_pb2,
    contact_pb2,
    event_service_pb2,
    policy_pb2,
)
from acd_service.verify import verify

SEED = int(os.environ.get("ACD_TEST_KILL_SEED", "20140102"))
ROUNDS = int(os.environ.get("ACD_TEST_KILL_ROUNDS", "20"))
POWER_CUTS = 6
WRITERS = 4
POWER_CUT_SERVER = str(Path(__file__).with_name("power_cut_server.py"))


class Lost(AssertionError):
    """Something that the service had told somebody is not as it was told."""


class Record:
    """What the clients were told, over all the lives of the service."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[object, int]] = []
        self.events: dict[int, bytes] = {}
        self.next_event_seq = 1
        self.made = 0
        self._lock = threading.Lock()

    def name(self) -> int:
        with self._lock:
            self.made += 1
            return self.made

    def acknowledge(self, request, seq: int) -> None:
        self.acknowledged.append((request, seq))

    def see(self, message) -> None:
        for event in message.events:
            if event.event_seq != self.next_event_seq:
                raise Lost(f"event {event.event_seq} came where {self.next_event_seq} was next")
            self.events[event.event_seq] = event.SerializeToString(deterministic=True)
            self.next_event_seq += 1
        if message.next_event_seq != self.next_event_seq:
            raise Lost(f"resume point {message.next_event_seq} after event {self.next_event_seq - 1}")


CALLS = {
    contact_commands_pb2.EnqueueContactRequest: lambda c: c.routing.EnqueueContact,
    contact_commands_pb2.AcceptOfferRequest: lambda c: c.routing.AcceptOffer,
    contact_commands_pb2.CompleteContactRequest: lambda c: c.routing.CompleteContact,
    contact_commands_pb2.CancelContactRequest: lambda c: c.routing.CancelContact,
    agent_commands_pb2.SetPresenceRequest: lambda c: c.agents.SetPresence,
}


def send(client, request):
    return CALLS[type(request)](client)(request)


def write(client, record: Record, draw: random.Random) -> None:
    """Bring contacts and serve them, until the service is gone."""

    def do(request):
        answer = send(client, request)
        record.acknowledge(request, answer.seq)
        return answer

    try:
        while True:
            name = f"c{record.name()}"
            offered = do(
                contact_commands_pb2.EnqueueContactRequest(
                    request_id=f"{name}/enqueue", contact_id=name, queue_id="sales", priority=draw.randrange(3)
                )
            ).contact
            try:
                if offered.state == contact_pb2.CONTACT_STATE_OFFERED:
                    do(
                        contact_commands_pb2.AcceptOfferRequest(
                            request_id=f"{name}/accept",
                            contact_id=name,
                            agent_id=offered.agent_id,
                            offer_id=offered.offer_id,
                        )
                    )
                    do(contact_commands_pb2.CompleteContactRequest(request_id=f"{name}/complete", contact_id=name))
                elif draw.random() < 0.9:
                    do(contact_commands_pb2.CancelContactRequest(request_id=f"{name}/cancel", contact_id=name))
            except grpc.RpcError as error:
                # The contact may have been offered, or the offer have run out, in the meantime.
                if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise


def follow(client, record: Record, problems: list[Exception]) -> None:
    request = event_service_pb2.SubscribeRequest(from_event_seq=record.next_event_seq)
    try:
        for message in client.events.Subscribe(request):
            record.see(message)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            problems.append(error)
    except Lost as lost:
        problems.append(lost)


def set_up(client, record: Record) -> None:
    client.apply_policy(
        policy_pb2.Queue(queue_id="sales", wrap_up=Duration(nanos=20_000_000), offer_timeout=Duration(seconds=1))
    )
    for number in range(3):
        client.agents.UpsertAgents(
            agent_commands_pb2.UpsertAgentsRequest(agents=[agent_pb2.AgentSpec(agent_id=f"a{number}")])
        )
        request = agent_commands_pb2.SetPresenceRequest(
            request_id=f"a{number}/ready", agent_id=f"a{number}", presence=agent_pb2.PRESENCE_READY
        )
        record.acknowledge(request, send(client, request).seq)


def live_and_die(service, client, record: Record, draw: random.Random) -> None:
    """One life under load, and its sudden end."""
    problems: list[Exception] = []
    at_least = len(record.acknowledged) + 3
    threads = [threading.Thread(target=follow, args=(client, record, problems))]
    threads += [
        threading.Thread(target=write, args=(client, record, random.Random(draw.random()))) for _ in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    patience = time.monotonic() + 20
    while len(record.acknowledged) < at_least and time.monotonic() < patience:
        time.sleep(0.002)
    time.sleep(draw.uniform(0.0, 0.15))
    service.kill()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    if problems:
        raise problems[0]


def compare(client, record: Record, told_from: int) -> None:
    """Hold the restarted service to what was told. Asking an acknowledged request again gives its first answer."""
    for request, seq in record.acknowledged[told_from:]:
        try:
            answer = send(client, request)
        except grpc.RpcError as error:
            raise Lost(f"acknowledged as {seq}, now refused ({error.details()}): {request}") from None
        if not answer.duplicate or answer.seq != seq:
            raise Lost(f"acknowledged as {seq}, now answered with {answer.seq}: {request}")
    last = client.status().event_seq
    if last < record.next_event_seq - 1:
        raise Lost(f"event {record.next_event_seq - 1} was seen, now there are {last}")


def run_rounds(service, rounds: int) -> Record:
    record, draw = Record(), random.Random(SEED)
    client = service.start()
    set_up(client, record)
    for _ in range(rounds):
        told_from = len(record.acknowledged) if record.made else 0
        live_and_die(service, client, record, draw)
        client = service.start()
        compare(client, record, told_from)
    compare(client, record, 0)
    kept = client.events_from(1)
    if [event.event_seq for event in kept] != list(range(1, len(kept) + 1)):
        raise Lost("the events have gaps")
    for event in kept[: record.next_event_seq - 1]:
        if event.SerializeToString(deterministic=True) != record.events[event.event_seq]:
            raise Lost(f"event {event.event_seq} is not the one that was seen")
    status = client.status()
    assert not any(status.invariant_violations.values())
    assert service.stop() == 0
    return record


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(3_000)])])
def test_nothing_told_is_lost_by_kill(make_service, engine_kind, rounds):
    service = make_service()
    record = run_rounds(service, rounds)
    assert len(record.acknowledged) > 10 * rounds
    assert record.next_event_seq > 10 * rounds
    report = verify(service.data_dir, engine=engine_kind)
    assert report.ok, report.problem


@pytest.fixture
def make_power_cut_service(make_service, tmp_path):
    def make(synchronous: str):
        config = tmp_path / "config.yaml"
        config.write_text(f'journal_vfs: power-cut\njournal_synchronous: "{synchronous}"\n')
        return make_service("--config", str(config), program=(POWER_CUT_SERVER,))

    return make


def test_nothing_told_is_lost_by_a_power_cut(make_power_cut_service):
    record = run_rounds(make_power_cut_service("FULL"), POWER_CUTS)
    assert len(record.acknowledged) > 10 * POWER_CUTS


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_a_journal_that_does_not_sync_is_caught(make_power_cut_service, synchronous):
    """By its high-water mark at the next start, or by what callers were told."""
    try:
        run_rounds(make_power_cut_service(synchronous), POWER_CUTS)
    except Lost:
        return
    except Exception as error:
        assert "JournalEndLost" in str(error)
    else:
        pytest.fail("nothing was lost")
