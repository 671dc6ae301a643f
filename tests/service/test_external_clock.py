"""A service that takes the time from its callers."""

import pytest
from google.protobuf.duration_pb2 import Duration

from acd.v1 import agent_commands_pb2, agent_pb2, contact_commands_pb2, contact_pb2, policy_pb2

SECOND = 10**9
START = 1_700_000_000 * SECOND


@pytest.fixture
def service(make_service):
    return make_service("--clock", "external")


def at(seconds: float):
    return (("acd-at-ns", str(START + int(seconds * SECOND))),)


def enqueue(client, contact_id, seconds=None):
    request = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id="sales")
    return client.routing.EnqueueContact(request, metadata=at(seconds) if seconds is not None else None)


def test_time_is_what_callers_say(service):
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales", offer_timeout=Duration(seconds=20)))
    assert enqueue(client, "a", 0).at.ToNanoseconds() == START
    assert enqueue(client, "b", 1.5).at.ToNanoseconds() == START + 3 * SECOND // 2
    assert enqueue(client, "c").at.ToNanoseconds() == START + 3 * SECOND // 2, "without a word, time stands still"


def test_what_is_due_happens_at_its_own_time(service):
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales", offer_timeout=Duration(seconds=20)))
    enqueue(client, "a", 0)
    client.sign_on("ann")
    answer = client.agents.Heartbeat(agent_commands_pb2.HeartbeatRequest(agent_ids=["ann"]), metadata=at(3_600))
    assert answer.at.ToNanoseconds() == START + 3_600 * SECOND
    ended = [event for event in client.events_from(1) if event.HasField("offer_ended")]
    assert [event.at.ToNanoseconds() - START for event in ended] == [20 * SECOND, 40 * SECOND, 60 * SECOND]
    away = [event for event in client.events_from(1) if event.HasField("presence_changed")][-1]
    assert away.presence_changed.cause == agent_pb2.PRESENCE_CAUSE_NOT_RESPONDING


def test_time_does_not_go_back(service, failure_of):
    client = service.start()
    client.apply_policy()
    enqueue(client, "a", 100)
    before = client.status()
    assert failure_of(lambda: enqueue(client, "b", 99)).reason == "TIME_BACKWARDS"
    assert client.status().state_digest == before.state_digest


def test_a_time_that_is_none_is_refused(service, failure_of):
    client = service.start()
    request = contact_commands_pb2.EnqueueContactRequest(queue_id="sales")
    for value in ("soon", "-1", "1e9", "9" * 25):
        metadata = (("acd-at-ns", value),)
        failure = failure_of(lambda metadata=metadata: client.routing.EnqueueContact(request, metadata=metadata))
        assert (failure.reason, failure.field) == ("INVALID_VALUE", "acd-at-ns")


def test_a_restart_goes_on_where_the_journal_ends(service):
    client = service.start()
    client.apply_policy()
    enqueue(client, "a", 50)
    service.kill()
    client = service.start()
    answer = enqueue(client, "b")
    assert answer.at.ToNanoseconds() == START + 50 * SECOND
    assert answer.contact.state == contact_pb2.CONTACT_STATE_WAITING
