"""What a PBX states of its live calls and agents: the difference, its repair, and both again after a lost reply."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import (
    admin_service_pb2,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    contact_commands_pb2,
    contact_pb2,
    policy_pb2,
    routing_service_pb2,
)

READY, AWAY, OFFLINE = agent_pb2.PRESENCE_READY, agent_pb2.PRESENCE_AWAY, agent_pb2.PRESENCE_OFFLINE
WAITING, OFFERED, ACTIVE, WRAP_UP, CLOSED = (
    contact_pb2.CONTACT_STATE_WAITING,
    contact_pb2.CONTACT_STATE_OFFERED,
    contact_pb2.CONTACT_STATE_ACTIVE,
    contact_pb2.CONTACT_STATE_WRAP_UP,
    contact_pb2.CONTACT_STATE_CLOSED,
)
Kind, AgentKind = admin_service_pb2.Difference.Kind, admin_service_pb2.AgentDifference.Kind


def statement(calls=None, agents=None, channels=("voice",), repair=True, **fields):
    """`calls`: agent by contact; `agents`: presence by agent."""
    return admin_service_pb2.ReconcileRequest(
        contacts=[admin_service_pb2.LiveContact(contact_id=c, agent_id=a) for c, a in (calls or {}).items()],
        agents=[admin_service_pb2.LiveAgent(agent_id=a, presence=p) for a, p in (agents or {}).items()],
        channels=channels,
        repair=repair,
        **fields,
    )


def kinds(answer):
    told = {each.contact_id: Kind.Name(each.kind) for each in answer.differences}
    return told | {each.agent_id: AgentKind.Name(each.kind) for each in answer.agent_differences}


def refusals(answer):
    every = [*answer.differences, *answer.agent_differences]
    return [each.refusal for each in every if each.refusal]


def contact(client, contact_id):
    return client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id=contact_id)).contact


def agent(client, agent_id):
    return client.agents.GetAgent(agent_service_pb2.GetAgentRequest(agent_id=agent_id)).agent


def serve(client, contact_id, agent_id):
    """Have a ready agent, who has nothing else to do, serve a new contact."""
    standing = client.enqueue(contact_id).contact
    assert standing.agent_id == agent_id
    client.accept(contact_id, agent_id, standing.offer_id)


@pytest.fixture
def client(shared_client):
    """A client of the service that the tests of this module share, without contacts and agents."""
    shared_client.apply_policy()
    for agent_ in shared_client.agents.ListAgents(agent_service_pb2.ListAgentsRequest()).agents:
        name = agent_.spec.agent_id
        shared_client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=[name]))
    for each in shared_client.routing.ListContacts(routing_service_pb2.ListContactsRequest()).contacts:
        if each.state == ACTIVE:
            request = contact_commands_pb2.CompleteContactRequest(contact_id=each.contact_id, wrap_up=Duration())
            shared_client.routing.CompleteContact(request)
        elif each.state == WRAP_UP:
            request = agent_commands_pb2.FinishWrapUpRequest(agent_id=each.agent_id)
            shared_client.agents.FinishWrapUp(request)
        else:
            shared_client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id=each.contact_id))
    counts = shared_client.status().counts
    assert (counts.agents, counts.waiting, counts.offered, counts.active, counts.wrap_up) == (0, 0, 0, 0, 0)
    return shared_client


@pytest.fixture
def pbx(client):
    """ann serves `a`; bob is offered `b`; `w` waits; cec is away; dan is offline."""
    client.apply_policy(policy_pb2.Queue(queue_id="sales", wrap_up=Duration(seconds=600)))
    client.sign_on("ann")
    serve(client, "a", "ann")
    client.sign_on("bob")
    client.enqueue("b")
    client.enqueue("w")
    client.sign_on("cec", AWAY)
    client.sign_on("dan", OFFLINE)
    return client


ALIKE = {"a": "ann", "b": "", "w": ""}


@pytest.mark.parametrize(
    ("calls", "kind", "state", "served_by"),
    [
        pytest.param({"b": "", "w": ""}, {"a": "KIND_GONE"}, {"a": WRAP_UP}, {}, id="served, and gone"),
        pytest.param({"a": "ann", "b": ""}, {"w": "KIND_GONE"}, {"w": None}, {}, id="waited, and gone"),
        pytest.param({"a": "ann", "w": ""}, {"b": "KIND_GONE"}, {"b": None, "w": OFFERED}, {}, id="offered, and gone"),
        pytest.param(ALIKE | {"x": "ann"}, {"x": "KIND_UNKNOWN"}, {"x": None}, {}, id="unknown here"),
        pytest.param(ALIKE | {"a": "cec"}, {"a": "KIND_OTHER_AGENT"}, {"a": ACTIVE}, {"a": "cec"}, id="another agent"),
        pytest.param(ALIKE | {"b": "bob"}, {"b": "KIND_SERVED"}, {"b": ACTIVE}, {"b": "bob"}, id="accept was lost"),
        pytest.param(ALIKE | {"w": "cec"}, {"w": "KIND_SERVED"}, {"w": ACTIVE}, {"w": "cec"}, id="taken by hand"),
        pytest.param(ALIKE | {"a": ""}, {"a": "KIND_NOT_SERVED"}, {"a": WAITING}, {}, id="agent lost it"),
        pytest.param({"w": "bob"}, {"a": "KIND_GONE", "b": "KIND_GONE", "w": "KIND_SERVED"},
                     {"b": None, "w": ACTIVE}, {"w": "bob"}, id="another call than the one offered"),
    ],
)  # fmt: skip
def test_calls_that_differ_are_told_and_repaired(pbx, failure_of, calls, kind, state, served_by):
    before = pbx.status()
    told = pbx.admin.Reconcile(statement(calls, repair=False))
    assert kinds(told) == kind
    assert not any(each.repaired or each.refusal for each in told.differences)
    assert pbx.status().state_digest == before.state_digest
    done = pbx.admin.Reconcile(statement(calls))
    assert kinds(done) == kind
    assert {each.contact_id for each in done.differences if not each.repaired} == {
        name for name, what in kind.items() if what == "KIND_UNKNOWN"
    }
    for contact_id, expected in state.items():
        if expected is None:
            assert failure_of(lambda name=contact_id: contact(pbx, name)).reason == "UNKNOWN_CONTACT"
        else:
            assert contact(pbx, contact_id).state == expected
    for contact_id, agent_id in served_by.items():
        assert contact(pbx, contact_id).agent_id == agent_id
    again = pbx.admin.Reconcile(statement(calls))
    assert kinds(again) == {name: what for name, what in kind.items() if what == "KIND_UNKNOWN"}


def test_what_agrees_is_left_alone(pbx):
    answer = pbx.admin.Reconcile(
        statement(ALIKE, {"ann": READY, "bob": READY, "cec": AWAY, "dan": OFFLINE}, all_agents=True)
    )
    assert not answer.differences
    assert not answer.agent_differences
    assert [event.event_seq for event in pbx.events_from(1) if event.seq == answer.seq] == []


@pytest.mark.parametrize(
    ("agents", "kind", "presence"),
    [
        pytest.param({"ann": AWAY}, {"ann": "KIND_OTHER_PRESENCE"}, {"ann": AWAY, "bob": READY}, id="away"),
        pytest.param({"cec": READY}, {"cec": "KIND_OTHER_PRESENCE"}, {"cec": READY}, id="ready"),
        pytest.param({"dan": READY}, {"dan": "KIND_PRESENT"}, {"dan": READY}, id="signed on"),
        pytest.param({"bob": OFFLINE}, {"bob": "KIND_ABSENT"}, {"bob": OFFLINE}, id="signed off"),
        pytest.param({"eve": READY}, {"eve": "KIND_UNKNOWN"}, {"ann": READY}, id="unknown here"),
        pytest.param({"eve": OFFLINE}, {}, {}, id="unknown here, and offline there"),
    ],
)
def test_agents_that_differ(pbx, agents, kind, presence):
    assert kinds(pbx.admin.Reconcile(statement(agents=agents, channels=(), repair=False))) == kind
    answer = pbx.admin.Reconcile(statement(agents=agents, channels=()))
    assert kinds(answer) == kind
    assert {agent_id: agent(pbx, agent_id).presence for agent_id in presence} == presence
    assert {each.agent_id: each.presence for each in answer.agent_differences if each.repaired} == {
        agent_id: presence[agent_id] for agent_id, what in kind.items() if what != "KIND_UNKNOWN"
    }


def test_agents_that_a_pbx_does_not_have(pbx):
    answer = pbx.admin.Reconcile(statement(agents={"ann": READY}, channels=(), all_agents=True))
    assert kinds(answer) == {"bob": "KIND_ABSENT", "cec": "KIND_ABSENT"}
    assert contact(pbx, "b").state == WAITING, "what bob was offered goes back"


def test_an_agent_is_freed_for_the_call_that_it_serves(pbx):
    """ann's call ended and the next one reached her, and of neither was anything heard here."""
    answer = pbx.admin.Reconcile(statement({"b": "", "w": "ann"}))
    assert kinds(answer) == {"a": "KIND_GONE", "w": "KIND_SERVED"}
    assert contact(pbx, "w").agent_id == "ann", "she is not in wrap-up any more: she has begun the next"


def test_nothing_else_reaches_an_agent_on_the_way(client):
    client.apply_policy()
    client.sign_on("ann")
    serve(client, "old", "ann")
    for name in ("first", "second", "third"):
        client.enqueue(name)
    before = client.status()
    answer = client.admin.Reconcile(statement({"first": "", "second": "", "third": "ann"}))
    assert kinds(answer) == {"old": "KIND_GONE", "third": "KIND_SERVED"}
    assert not refusals(answer)
    assert contact(client, "third").agent_id == "ann"
    assert agent(client, "ann").presence == READY
    events = client.events_from(before.event_seq + 1)
    assert {event.offer_made.contact_id for event in events if event.HasField("offer_made")} == {"third"}
    assert len({event.at.ToNanoseconds() for event in events}) == 1, "all of it happened at one moment"
    seqs = [event.seq for event in events]
    assert before.seq < seqs[0] <= seqs[-1] <= answer.seq == client.status().seq


def test_calls_that_moved_on_from_agent_to_agent(client):
    client.apply_policy()
    for contact_id, agent_id in (("1", "ann"), ("2", "bob")):
        client.sign_on(agent_id)
        serve(client, contact_id, agent_id)
    client.sign_on("cec", AWAY)
    answer = client.admin.Reconcile(statement({"1": "bob", "2": "cec"}))
    assert not refusals(answer)
    assert [contact(client, name).agent_id for name in "12"] == ["bob", "cec"]
    exchanged = client.admin.Reconcile(statement({"1": "cec", "2": "bob"}))
    assert refusals(exchanged) == ["AGENT_HAS_NO_ROOM"] * 2, "an exchange needs room that nobody has"
    assert [contact(client, name).agent_id for name in "12"] == ["bob", "cec"]


def test_what_cannot_be_repaired_says_why(pbx):
    answer = pbx.admin.Reconcile(statement({"a": "nobody", "b": "cec", "w": "dan"}))
    why = {each.contact_id: each.refusal for each in answer.differences}
    assert why == {"a": "UNKNOWN_AGENT", "b": "CONTACT_NOT_WAITING", "w": "AGENT_NOT_SIGNED_ON"}
    assert {each.contact_id: each.stated_agent_id for each in answer.differences} == {
        "a": "nobody", "b": "cec", "w": "dan",
    }  # fmt: skip


def test_callbacks_and_wrap_up_have_no_call(pbx):
    pbx.enqueue("later", callback=contact_pb2.Callback(address="+49301234567"))
    pbx.routing.CompleteContact(contact_commands_pb2.CompleteContactRequest(contact_id="a"))
    assert kinds(pbx.admin.Reconcile(statement({"b": "", "w": ""}, repair=False))) == {}
    assert kinds(pbx.admin.Reconcile(statement(ALIKE))) == {"a": "KIND_OVER"}


def test_other_channels_and_what_is_newer_are_left_alone(pbx):
    pbx.enqueue("chat", channel="chat")
    moment = Timestamp()
    moment.CopyFrom(pbx.enqueue("new").at)
    moment.FromNanoseconds(moment.ToNanoseconds() - 1)
    assert kinds(pbx.admin.Reconcile(statement(ALIKE, as_of=moment))) == {}
    assert kinds(pbx.admin.Reconcile(statement(ALIKE))) == {"new": "KIND_GONE"}
    assert kinds(pbx.admin.Reconcile(statement(ALIKE, channels=["voice", "chat"]))) == {"chat": "KIND_GONE"}


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (statement(channels=()), "EMPTY", ""),
        (statement(channels=["voice", "fax"]), "UNKNOWN_CHANNEL", "channels[1]"),
        (statement(channels=["voice"] * 17), "TOO_MANY", "channels[16]"),
        (statement({"": "ann"}), "EMPTY", "contacts[0].contact_id"),
        (statement({"a": "x" * 129}), "TOO_LONG", "contacts[0].agent_id"),
        (statement({"a\x07": "ann"}), "INVALID_CHARACTER", "contacts[0].contact_id"),
        (statement(agents={"ann": 0}), "INVALID_VALUE", "agents[0].presence"),
        (statement(agents={"ann": 9}), "INVALID_VALUE", "agents[0].presence"),
        (statement(as_of=Timestamp(seconds=4 * 10**9)), "OUT_OF_RANGE", "as_of"),
        (statement(request_id="r\n"), "INVALID_CHARACTER", "request_id"),
        (admin_service_pb2.ReconcileRequest(contacts=[admin_service_pb2.LiveContact(contact_id="a")] * 2),
         "DUPLICATE_ENTRY", "contacts[1].contact_id"),
        (admin_service_pb2.ReconcileRequest(agents=[admin_service_pb2.LiveAgent(agent_id="a", presence=READY)] * 2),
         "DUPLICATE_ENTRY", "agents[1].agent_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_a_bad_statement_is_refused_by_name(shared_client, failure_of, request_, reason, field):
    before = shared_client.status()
    failure = failure_of(lambda: shared_client.admin.Reconcile(request_))
    assert (failure.reason, failure.field) == (reason, field)
    assert shared_client.status().state_digest == before.state_digest


def test_more_than_may_be_repaired_at_once_is_refused(shared_client, failure_of):
    before = shared_client.status()
    one_too_many = {f"c{number}": "" for number in range(4_097)}
    failure = failure_of(lambda: shared_client.admin.Reconcile(statement(one_too_many, channels=())))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "TOO_MANY")
    del one_too_many["c0"]
    assert len(shared_client.admin.Reconcile(statement(one_too_many, channels=(), repair=False)).differences) == 4_096
    assert shared_client.status().state_digest == before.state_digest


def test_the_same_answer_again_after_a_kill(make_service, failure_of):
    service = make_service()
    client = service.start()
    client.apply_policy()
    client.sign_on("ann")
    serve(client, "a", "ann")
    client.enqueue("w")
    request = statement({"x": "ann", "w": "bob"}, {"eve": READY}, request_id="night")
    first = client.admin.Reconcile(request)
    assert kinds(first) == {"a": "KIND_GONE", "w": "KIND_SERVED", "x": "KIND_UNKNOWN", "eve": "KIND_UNKNOWN"}
    assert refusals(first) == ["UNKNOWN_AGENT"]
    assert not first.duplicate
    service.kill()
    client = service.start()
    before = client.status()
    again = client.admin.Reconcile(request)
    assert again.duplicate
    again.duplicate = False
    assert again == first
    assert client.status().state_digest == before.state_digest
    request.repair, request.contacts[0].agent_id = True, "zoe"
    assert failure_of(lambda: client.admin.Reconcile(request)).reason == "REQUEST_ID_REUSED"
    assert failure_of(lambda: client.enqueue("n", request_id="night")).reason == "REQUEST_ID_REUSED"
    client.enqueue("n", request_id="day")
    assert failure_of(lambda: client.admin.Reconcile(statement(request_id="day"))).reason == "REQUEST_ID_REUSED"


def test_asked_twice_at_once_it_is_done_once(pbx):
    before = pbx.status()
    with ThreadPoolExecutor(8) as pool:
        request = statement({"a": "cec"}, request_id="twice")
        answers = list(pool.map(lambda _: pbx.admin.Reconcile(request), range(8)))
    assert sorted(answer.duplicate for answer in answers) == [False] + [True] * 7
    for answer in answers:
        answer.duplicate = False
    assert all(answer == answers[0] for answer in answers)
    opened = [event for event in pbx.events_from(before.event_seq + 1) if event.HasField("segment_opened")]
    assert len(opened) == 1


def test_a_stuck_agent_goes_when_its_lease_ends(client):
    """Nobody says that it has gone: its desktop crashed."""
    before = client.status()
    client.sign_on("ann")
    client.agents.SetPresence(
        agent_commands_pb2.SetPresenceRequest(agent_id="ann", presence=READY, lease=Duration(nanos=300_000_000))
    )
    serve(client, "a", "ann")
    stream = client.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="ann"), timeout=30)
    changed = next(message.event for message in stream if message.event.HasField("presence_changed"))
    assert changed.presence_changed.cause == agent_pb2.PRESENCE_CAUSE_LEASE_EXPIRED
    assert agent(client, "ann").presence == OFFLINE
    assert contact(client, "a").state == ACTIVE, "the call may well go on"
    unattended = [event for event in client.events_from(before.event_seq + 1) if event.HasField("contact_unattended")]
    assert [event.contact_unattended.contact_id for event in unattended] == ["a"]
    assert kinds(client.admin.Reconcile(statement())) == {"a": "KIND_GONE"}
