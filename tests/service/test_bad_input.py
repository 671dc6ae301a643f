"""What is wrong with a call is named, with its field, and nothing is changed."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from acd.v1 import (
    admin_service_pb2,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    contact_commands_pb2,
    event_service_pb2,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2,
    routing_service_pb2,
)

INVALID, MISSING, EXISTS, STATE, RANGE = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
)


def enqueue(**fields):
    return lambda c: c.routing.EnqueueContact(
        contact_commands_pb2.EnqueueContactRequest(**({"queue_id": "sales"} | fields))
    )


def accept(contact_id, agent_id, offer_id):
    return lambda c: c.accept(contact_id, agent_id, offer_id)


def upsert(**fields):
    spec = agent_pb2.AgentSpec(**({"agent_id": "new"} | fields))
    return lambda c: c.agents.UpsertAgents(agent_commands_pb2.UpsertAgentsRequest(agents=[spec]))


def presence(**fields):
    return lambda c: c.agents.SetPresence(agent_commands_pb2.SetPresenceRequest(**({"agent_id": "ann"} | fields)))


def policy(expected_version=None, **fields):
    request = policy_commands_pb2.ApplyPolicyRequest(
        policy=policy_pb2.Policy(**fields), expected_version=expected_version
    )
    return lambda c: c.policy.ApplyPolicy(request)


def queue(queue_id="sales", **fields):
    return policy_pb2.Queue(queue_id=queue_id, **fields)


def subscribe(**fields):
    return lambda c: c.events.Subscribe(event_service_pb2.SubscribeRequest(**fields), timeout=20)


# The state that the cases meet: queue `sales` (policy version 1), agents `ann` (holding `active`) and `bob` (offered
# `offered`, which is offer 2), and `waiting`, which nobody can serve.
CASES = [
    ("unknown queue", enqueue(queue_id="nope"), MISSING, "UNKNOWN_QUEUE", "queue_id"),
    ("unknown channel", enqueue(channel="fax"), MISSING, "UNKNOWN_CHANNEL", "channel"),
    ("no queue", enqueue(queue_id=""), INVALID, "EMPTY", "queue_id"),
    ("skill level too high", upsert(skills={"english": 101}), INVALID, "OUT_OF_RANGE", 'agents[0].skills["english"]'),
    ("skill level too low", upsert(skills={"english": 0}), INVALID, "OUT_OF_RANGE", 'agents[0].skills["english"]'),
    ("malformed requirement", enqueue(requirement="a and"), INVALID, "MALFORMED_REQUIREMENT", "requirement"),
    ("contact id with other content", enqueue(contact_id="waiting", priority=9), EXISTS, "CONTACT_EXISTS",
     "contact_id"),
    ("request id with other content", enqueue(contact_id="x", request_id="r-1"), EXISTS, "REQUEST_ID_REUSED",
     "request_id"),
    ("reserved contact id", enqueue(contact_id="acd:7"), INVALID, "RESERVED_ID", "contact_id"),
    ("contact id too long", enqueue(contact_id="x" * 129), INVALID, "TOO_LONG", "contact_id"),
    ("control character", enqueue(contact_id="a\nb"), INVALID, "INVALID_CHARACTER", "contact_id"),
    ("attributes too long", enqueue(attributes={"a": "x" * 20_000}), INVALID, "TOO_LONG", "attributes"),
    ("priority out of range", enqueue(priority=2_000_000), INVALID, "OUT_OF_RANGE", "priority"),
    ("credit out of range", enqueue(credit=Duration(seconds=2 * 10**9)), INVALID, "OUT_OF_RANGE", "credit"),
    ("credit with microseconds", enqueue(credit=Duration(nanos=1_000)), INVALID, "INVALID_VALUE", "credit"),
    ("offer that never was", accept("waiting", "ann", 9), STATE, "OFFER_NOT_LIVE", "offer_id"),
    ("another agent's offer", accept("offered", "ann", 2), STATE, "NOT_OFFERED_TO_AGENT", "agent_id"),
    ("offer accepted already", accept("active", "ann", 1), STATE, "OFFER_ALREADY_ACCEPTED", "offer_id"),
    ("offer of an unknown contact", accept("nobody", "ann", 1), MISSING, "UNKNOWN_CONTACT", "contact_id"),
    ("offer to an unknown agent", accept("offered", "eve", 2), MISSING, "UNKNOWN_AGENT", "agent_id"),
    ("offer id 0", accept("offered", "bob", 0), INVALID, "OUT_OF_RANGE", "offer_id"),
    ("policy with a malformed requirement", policy(queues=[queue(requirement="a >")]), INVALID,
     "MALFORMED_REQUIREMENT", 'policy.queues["sales"].requirement'),
    ("policy with a queue twice", policy(queues=[queue(), queue()]), INVALID, "DUPLICATE_ENTRY",
     'policy.queues["sales"]'),
    ("policy that interrupts an unknown channel",
     policy(queues=[queue()], channels=[policy_pb2.Channel(channel_id="voice", cost=1, interrupts=["fax"])]), MISSING,
     "UNKNOWN_CHANNEL", 'policy.channels["voice"].interrupts'),
    ("policy without a queue in use", policy(queues=[queue("help")]), STATE, "QUEUE_IN_USE", "policy.queues"),
    ("policy of another version", policy(7, queues=[queue()]), STATE, "POLICY_VERSION_MISMATCH", "expected_version"),
    ("member of an unknown queue", upsert(memberships=[agent_pb2.QueueMembership(queue_id="nope")]), MISSING,
     "UNKNOWN_QUEUE", 'agents[0].memberships["nope"]'),
    ("capacity 0", upsert(capacity=0), INVALID, "OUT_OF_RANGE", "agents[0].capacity"),
    ("agent without an id", upsert(agent_id=""), INVALID, "EMPTY", "agents[0].agent_id"),
    ("no presence", presence(), INVALID, "INVALID_VALUE", "presence"),
    ("reason without being away", presence(presence=agent_pb2.PRESENCE_READY, reason="x"), INVALID, "INVALID_VALUE",
     "reason"),
    ("presence of an unknown agent", presence(agent_id="eve", presence=agent_pb2.PRESENCE_READY), MISSING,
     "UNKNOWN_AGENT", "agent_id"),
    ("heartbeat of an unknown agent",
     lambda c: c.agents.Heartbeat(agent_commands_pb2.HeartbeatRequest(agent_ids=["ann", "eve"])), MISSING,
     "UNKNOWN_AGENT", "agent_ids[1]"),
    ("removal of an unknown agent",
     lambda c: c.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=["eve"])), MISSING,
     "UNKNOWN_AGENT", "agent_ids[0]"),
    ("update of nothing",
     lambda c: c.routing.UpdateContact(contact_commands_pb2.UpdateContactRequest(contact_id="waiting")), INVALID,
     "EMPTY", ""),
    ("cancel of an active contact",
     lambda c: c.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="active")), STATE,
     "CONTACT_NOT_WAITING", "contact_id"),
    ("completion of a waiting contact",
     lambda c: c.routing.CompleteContact(contact_commands_pb2.CompleteContactRequest(contact_id="waiting")), STATE,
     "CONTACT_NOT_ACTIVE", "contact_id"),
    ("wrap-up of nobody",
     lambda c: c.agents.FinishWrapUp(agent_commands_pb2.FinishWrapUpRequest(agent_id="ann")), STATE,
     "AGENT_NOT_IN_WRAP_UP", "agent_id"),
    ("unknown contact shown",
     lambda c: c.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="nobody")), MISSING,
     "UNKNOWN_CONTACT", "contact_id"),
    ("unknown agent shown", lambda c: c.agents.GetAgent(agent_service_pb2.GetAgentRequest(agent_id="eve")), MISSING,
     "UNKNOWN_AGENT", "agent_id"),
    ("unknown agent watched",
     lambda c: c.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="eve"), timeout=20), MISSING,
     "UNKNOWN_AGENT", "agent_id"),
    ("page too large",
     lambda c: c.routing.ListContacts(routing_service_pb2.ListContactsRequest(page_size=10_001)), INVALID,
     "OUT_OF_RANGE", "page_size"),
    ("page token that nobody gave",
     lambda c: c.agents.ListAgents(agent_service_pb2.ListAgentsRequest(page_token="x")), INVALID, "INVALID_VALUE",
     "page_token"),
    ("route of nothing",
     lambda c: c.routing.RouteContact(routing_service_pb2.RouteContactRequest(), timeout=20), INVALID, "EMPTY",
     "contact"),
    ("attach to an unknown contact",
     lambda c: c.routing.RouteContact(
         routing_service_pb2.RouteContactRequest(attach=routing_service_pb2.AttachContact(contact_id="nobody")),
         timeout=20),
     MISSING, "UNKNOWN_CONTACT", "attach.contact_id"),
    ("policy version that never was",
     lambda c: c.policy.GetPolicy(policy_service_pb2.GetPolicyRequest(policy_version=9)), MISSING,
     "UNKNOWN_POLICY_VERSION", "policy_version"),
    ("subscription from nowhere", subscribe(), INVALID, "EMPTY", "from"),
    ("subscription from event 0", subscribe(from_event_seq=0), INVALID, "OUT_OF_RANGE", "from_event_seq"),
    ("subscription from the future", subscribe(from_event_seq=10**6), RANGE, "EVENT_SEQ_AHEAD", ""),
    ("subscription to an unknown type", subscribe(now={}, types=[999]), INVALID, "INVALID_VALUE", "types[0]"),
    ("time given to a service that keeps its own",
     lambda c: c.routing.EnqueueContact(
         contact_commands_pb2.EnqueueContactRequest(queue_id="sales"), metadata=(("acd-at-ns", "1"),)),
     INVALID, "INVALID_VALUE", "acd-at-ns"),
]  # fmt: skip


@pytest.fixture(scope="module")
def client(shared_client):
    shared_client.apply_policy()
    shared_client.sign_on("ann", english=1)
    shared_client.accept("active", "ann", shared_client.enqueue("active", requirement="english").contact.offer_id)
    shared_client.sign_on("bob", french=1)
    shared_client.enqueue("offered", requirement="french", request_id="r-1")
    shared_client.agents.SetPresence(
        agent_commands_pb2.SetPresenceRequest(agent_id="bob", presence=agent_pb2.PRESENCE_READY)
    )
    shared_client.enqueue("waiting", requirement="klingon")
    return shared_client


@pytest.mark.parametrize(("call", "code", "reason", "field"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_is_refused_by_name_and_changes_nothing(client, failure_of, call, code, reason, field):
    before = client.status()
    failure = failure_of(lambda: call(client))
    after = client.status()
    assert (failure.code, failure.reason, failure.field) == (code, reason, field)
    assert failure.details
    assert failure.violations == ([field] if code is INVALID else [])
    assert (after.seq, after.event_seq, after.state_digest) == (before.seq, before.event_seq, before.state_digest)


def test_requirement_errors_name_the_position(client, failure_of):
    failure = failure_of(lambda: enqueue(requirement="english and >")(client))
    assert failure.metadata["position"] == "12"


def test_bytes_that_are_no_message_do_not_stop_the_service(client):
    raw = client.channel.unary_unary("/acd.v1.RoutingService/EnqueueContact")
    with pytest.raises(grpc.RpcError):
        raw(b"\xff\xff\xff")
    assert client.status().seq


def test_a_bound_that_is_reached_is_named(client, failure_of):
    too_many = agent_commands_pb2.UpsertAgentsRequest(
        agents=[agent_pb2.AgentSpec(agent_id=f"a{n}") for n in range(10_001)]
    )
    failure = failure_of(lambda: client.agents.UpsertAgents(too_many))
    assert (failure.reason, failure.field) == ("TOO_MANY", "agents")
    assert client.admin.GetStatus(admin_service_pb2.GetStatusRequest()).counts.agents == 2
