"""RouteContact: a stream follows a contact; only CancelContact means that the caller is gone."""

import signal
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from acd.v1 import contact_commands_pb2, contact_pb2, policy_pb2, routing_service_pb2

WAITING, OFFERED, ACTIVE, CLOSED = (
    contact_pb2.CONTACT_STATE_WAITING,
    contact_pb2.CONTACT_STATE_OFFERED,
    contact_pb2.CONTACT_STATE_ACTIVE,
    contact_pb2.CONTACT_STATE_CLOSED,
)


def route(client, contact_id="c", **fields):
    enqueue = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id="sales", **fields)
    return client.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=enqueue), timeout=30)


def attach(client, contact_id="c"):
    request = routing_service_pb2.RouteContactRequest(attach=routing_service_pb2.AttachContact(contact_id=contact_id))
    return client.routing.RouteContact(request, timeout=30)


def until(client, kind, contact_id="c"):
    """Wait for an event of a contact to be in the journal."""
    for _ in range(400):
        for event in client.events_from(1):
            detail = getattr(event, kind)
            if event.WhichOneof("detail") == kind and detail.contact_id == contact_id:
                return detail
        time.sleep(0.02)
    pytest.fail(f"no {kind} of {contact_id}")


def test_follows_until_assigned(client):
    client.apply_policy()
    stream = route(client)
    first = next(stream)
    assert (first.contact.state, first.duplicate) == (WAITING, False)
    assert not first.HasField("event")
    client.sign_on("ann")
    offered = next(stream)
    assert offered.event.HasField("offer_made")
    assert (offered.contact.state, offered.contact.agent_id) == (OFFERED, "ann")
    client.accept("c", "ann", offered.contact.offer_id)
    accepted = next(stream)
    assert accepted.contact.state == ACTIVE
    assert list(stream) == []


def test_ends_with_the_cause(client):
    client.apply_policy()
    stream = route(client)
    next(stream)
    client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="c"))
    last = list(stream)[-1]
    assert (last.contact.state, last.end_cause) == (CLOSED, contact_pb2.END_CAUSE_SHORT_ABANDON)


def test_a_full_queue_is_told_at_once(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales", max_waiting=0))
    answers = list(route(client))
    assert [(answer.contact.state, answer.end_cause) for answer in answers] == [
        (CLOSED, contact_pb2.END_CAUSE_REFUSED_FULL)
    ]


def test_a_given_id_can_be_followed(client):
    client.apply_policy()
    stream = route(client, contact_id="")
    contact_id = next(stream).contact.contact_id
    assert contact_id.startswith("acd:")
    client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id=contact_id))
    assert [answer.contact.state for answer in stream] == [CLOSED]


def test_a_lost_stream_ends_the_contact_after_the_reattach_time(client):
    client.apply_policy(reattach=Duration(nanos=100_000_000))
    stream = route(client)
    next(stream)
    stream.cancel()
    until(client, "contact_detached")
    assert until(client, "contact_closed").cause == contact_pb2.END_CAUSE_LOST


def test_a_stream_that_comes_back_keeps_the_contact(client):
    client.apply_policy(reattach=Duration(seconds=20))
    for come_back in (attach, route):
        stream = route(client)
        next(stream)
        stream.cancel()
        until(client, "contact_detached")
        again = come_back(client)
        first = next(again)
        assert (first.contact.state, first.duplicate) == (WAITING, True)
        until(client, "contact_attached")
        client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="c"))
        assert [answer.contact.state for answer in again] == [CLOSED]


def test_the_contact_stays_while_one_of_two_streams_does(client):
    client.apply_policy(reattach=Duration(nanos=1_000_000))
    first = route(client)
    next(first)
    second = attach(client)
    next(second)
    first.cancel()
    client.enqueue("another")
    time.sleep(0.3)
    kinds = [event.WhichOneof("detail") for event in client.events_from(1)]
    assert "contact_detached" not in kinds
    client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="c"))
    assert [answer.contact.state for answer in second] == [CLOSED]


def test_a_repeated_request_of_an_ended_contact_tells_so(client):
    client.apply_policy()
    next(route(client, request_id="r"))
    client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="c"))
    answers = list(route(client, request_id="r"))
    assert [(answer.contact.state, answer.duplicate) for answer in answers] == [(CLOSED, True)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_services_own_stop_starts_nothing(make_service, number):
    service = make_service()
    client = service.start()
    client.apply_policy(reattach=Duration(nanos=1_000_000))
    stream = route(client)
    next(stream)
    service.signal(number)
    with pytest.raises(grpc.RpcError) as raised:
        list(stream)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    service.wait()
    client = service.start()
    again = attach(client)
    assert next(again).contact.state == WAITING
    kinds = [event.WhichOneof("detail") for event in client.events_from(1)]
    assert kinds == ["policy_applied", "contact_enqueued", "resumed"]
