"""Transfers, picks, callbacks, consultations, expected waits and explanations, over a socket."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import (
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    contact_commands_pb2,
    contact_pb2,
    event_pb2,
    insight_service_pb2,
    insight_service_pb2_grpc,
    policy_pb2,
    routing_service_pb2,
)

WAITING, OFFERED, ACTIVE, CLOSED, SCHEDULED = (
    contact_pb2.CONTACT_STATE_WAITING,
    contact_pb2.CONTACT_STATE_OFFERED,
    contact_pb2.CONTACT_STATE_ACTIVE,
    contact_pb2.CONTACT_STATE_CLOSED,
    contact_pb2.CONTACT_STATE_SCHEDULED,
)
FAR = Timestamp(seconds=4_000_000_000 - 10**9)
AWAY = agent_pb2.PRESENCE_AWAY
FAILED, NOT_FOUND = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND


def transfer(client, contact_id="c", agent_id="ann", **fields):
    return client.routing.TransferContact(
        contact_commands_pb2.TransferContactRequest(contact_id=contact_id, agent_id=agent_id, **fields)
    )


def pick(client, contact_id, agent_id, **fields):
    return client.routing.PickContact(
        contact_commands_pb2.PickContactRequest(contact_id=contact_id, agent_id=agent_id, **fields)
    )


def call_back(client, contact_id, **callback):
    return client.routing.RequestCallback(
        contact_commands_pb2.RequestCallbackRequest(contact_id=contact_id, callback={"address": "+34", **callback})
    )


def shown(client, contact_id):
    return client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id=contact_id)).contact


def insight(client):
    return insight_service_pb2_grpc.InsightServiceStub(client.channel)


def explain(client, **fields):
    return insight(client).Explain(insight_service_pb2.ExplainRequest(**fields))


def estimate(client, **fields):
    return insight(client).EstimateWait(insight_service_pb2.EstimateWaitRequest(**fields))


def served(client, contact_id="c", agent_id="ann", **fields):
    """A contact that an agent serves."""
    offered = client.enqueue(contact_id, **fields).contact
    assert offered.agent_id == agent_id
    return client.accept(contact_id, agent_id, offered.offer_id)


def details(client, from_event_seq):
    return [event.WhichOneof("detail") for event in client.events_from(from_event_seq)]


def test_a_transfer_to_a_queue_opens_the_next_segment(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="help", requirement="help"))
    client.sign_on("ann")
    served(client)
    before = client.status().event_seq
    moved = transfer(client, queue_id="help", requirement="spanish", priority=7)
    assert moved.contact.state == WAITING
    contact = shown(client, "c")
    assert (contact.queue_id, contact.requirement, contact.priority) == ("help", "spanish", 7)
    assert contact.opened_at.ToNanoseconds() > contact.arrived_at.ToNanoseconds()
    events = client.events_from(before + 1)
    assert [event.WhichOneof("detail") for event in events] == [
        "contact_completed", "contact_closed", "segment_opened", "agent_excluded",
    ]  # fmt: skip
    assert events[1].contact_closed.cause == contact_pb2.END_CAUSE_TRANSFERRED
    assert events[2].segment_opened.cause == event_pb2.SEGMENT_CAUSE_TRANSFER
    client.sign_on("bob", help=1, spanish=1)
    assert shown(client, "c").agent_id == "bob"


def test_a_transfer_to_an_agent_is_offered_to_that_agent(client):
    client.apply_policy()
    client.sign_on("ann")
    client.sign_on("bob", presence=AWAY)
    served(client)
    offered = transfer(client, to_agent_id="bob").contact
    assert (offered.state, offered.agent_id) == (OFFERED, "bob")
    decision = client.events_from(1)[-1].offer_made.decision
    assert (decision.cause, decision.requested_by) == (event_pb2.MATCH_CAUSE_TRANSFERRED, "ann")


def test_a_consultation_ends_in_a_transfer_to_who_was_consulted(client):
    client.apply_policy()
    client.sign_on("ann")
    client.sign_on("bob")
    served(client)
    asked = client.enqueue("d", consults_contact_id="c").contact
    assert asked.agent_id == "bob"
    client.accept("d", "bob", asked.offer_id)
    assert shown(client, "d").consults_contact_id == "c"
    client.routing.UpdateContact(contact_commands_pb2.UpdateContactRequest(contact_id="c", held=True))
    joined = transfer(client, consultation_contact_id="d").contact
    assert (joined.contact_id, joined.state, joined.agent_id) == ("c", ACTIVE, "bob")
    assert not any(client.status().invariant_violations.values())


def test_a_pick_goes_past_those_before(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="other"))
    for contact_id in ("first", "second"):
        client.enqueue(contact_id)
    client.sign_on("ann", presence=AWAY)
    picked = pick(client, "second", "ann", requested_by="boss").contact
    assert (picked.state, picked.agent_id) == (OFFERED, "ann")
    decision = client.events_from(1)[-1].offer_made.decision
    assert (decision.cause, decision.requested_by) == (event_pb2.MATCH_CAUSE_PICKED, "boss")


def test_a_callback_waits_for_its_window_and_is_tried_again(client):
    client.apply_policy(callback=policy_pb2.CallbackPolicy(attempts_max=2, retry_delay=Duration(seconds=60)))
    client.enqueue("c")
    assert call_back(client, "c", window_start=FAR).contact.state == SCHEDULED
    contact = shown(client, "c")
    assert (contact.callback.address, contact.callback.window_start) == ("+34", FAR)
    again = call_back(client, "c")
    assert again.contact.state == WAITING
    client.sign_on("ann")
    contact = shown(client, "c")
    client.accept("c", "ann", contact.offer_id)
    complete = contact_commands_pb2.CompleteContactRequest(contact_id="c", agent_id="ann", not_reached=True)
    assert client.routing.CompleteContact(complete).contact.state == SCHEDULED
    assert shown(client, "c").callback_attempts == 1
    counts = client.status().counts
    assert (counts.opened, sum(entry.count for entry in counts.closed)) == (3, 2)
    assert not any(client.status().invariant_violations.values())


def test_a_stream_ends_when_its_contact_becomes_a_callback(client):
    client.apply_policy()
    request = {"contact_id": "c", "queue_id": "sales"}
    stream = client.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=request), timeout=20)
    assert next(stream).contact.state == WAITING
    call_back(client, "c")
    *_, last = stream
    assert (last.contact.state, last.end_cause) == (CLOSED, contact_pb2.END_CAUSE_MOVED_TO_CALLBACK)
    assert shown(client, "c").state == WAITING


def test_a_stream_follows_a_broadcast_from_offer_to_offer(client):
    queue = policy_pb2.Queue(queue_id="sales", strategy=policy_pb2.STRATEGY_BROADCAST, broadcast_to=2)
    client.apply_policy(queue)
    client.sign_on("ann")
    client.sign_on("bob")
    request = {"contact_id": "c", "queue_id": "sales"}
    stream = client.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=request), timeout=20)
    first = next(stream).contact
    assert (first.state, first.agent_id) == (OFFERED, "ann")
    client.routing.DeclineOffer(
        contact_commands_pb2.DeclineOfferRequest(contact_id="c", agent_id="ann", offer_id=first.offer_id)
    )
    after = next(stream)
    assert (after.event.WhichOneof("detail"), after.contact.state, after.contact.agent_id) == (
        "offer_ended", OFFERED, "bob",
    )  # fmt: skip
    client.accept("c", "bob", after.contact.offer_id)
    *_, last = stream
    assert (last.contact.state, last.contact.agent_id) == (ACTIVE, "bob")
    assert not any(client.status().invariant_violations.values())


def test_a_desktop_keeps_following_when_the_offer_to_another_ends(client):
    queue = policy_pb2.Queue(queue_id="sales", strategy=policy_pb2.STRATEGY_BROADCAST, broadcast_to=2)
    client.apply_policy(queue)
    client.sign_on("ann")
    client.sign_on("bob")
    watch = client.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="bob"), timeout=20)
    assert next(watch).snapshot.agent.spec.agent_id == "bob"
    offered = client.enqueue("c").contact
    assert next(watch).offer.contact.contact_id == "c"
    decline = contact_commands_pb2.DeclineOfferRequest(contact_id="c", agent_id="ann", offer_id=offered.offer_id)
    client.routing.DeclineOffer(decline)
    client.routing.UpdateContact(contact_commands_pb2.UpdateContactRequest(contact_id="c", priority=3))
    told = [next(watch).event.WhichOneof("detail") for _ in range(3)]
    assert told == ["offer_ended", "agent_excluded", "contact_updated"]
    watch.cancel()


def test_plans_treat_widen_and_end(client):
    plan = policy_pb2.Plan(
        plan_id="p",
        steps=[
            policy_pb2.PlanStep(treatment=policy_pb2.Treatment(kind=policy_pb2.Treatment.KIND_MUSIC, name="waltz")),
            policy_pb2.PlanStep(drop_skill="spanish"),
            policy_pb2.PlanStep(
                after=Duration(nanos=1_000_000),
                end=policy_pb2.EndWait(kind=policy_pb2.EndWait.KIND_VOICEMAIL, target="box"),
            ),
        ],
    )
    client.apply_policy(policy_pb2.Queue(queue_id="sales", plan_id="p"), plans=[plan])
    request = {"contact_id": "c", "queue_id": "sales", "requirement": "spanish"}
    stream = client.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=request), timeout=20)
    *_, last = stream
    assert last.end_cause == contact_pb2.END_CAUSE_OVERFLOWED
    story = client.events_from(1)
    treatment = next(event for event in story if event.HasField("treatment_started")).treatment_started
    assert (treatment.treatment.name, treatment.position, treatment.HasField("expected_wait")) == ("waltz", 1, False)
    ended = next(event for event in story if event.HasField("wait_ended")).wait_ended
    assert ended.end.target == "box"


def test_preferred_agents_are_waited_for(client):
    client.apply_policy()
    client.sign_on("ann")
    client.sign_on("bob")
    served(client, "busy")
    held = client.enqueue("c", preference={"agent_ids": ["ann"], "hold": Duration(seconds=60)}).contact
    assert held.state == WAITING
    contact = shown(client, "c")
    assert list(contact.reserved_for_agent_ids) == ["ann"]
    assert list(contact.preference.agent_ids) == ["ann"]
    answer = explain(client, contact_id="c", agent_id="bob")
    assert answer.rule == insight_service_pb2.SERVE_RULE_HELD_FOR_PREFERRED
    assert "bob" in answer.text
    update = contact_commands_pb2.UpdateContactRequest(contact_id="c", preference={})
    assert client.routing.UpdateContact(update).contact.agent_id == "bob"


@pytest.mark.parametrize(
    ("call", "reason", "code", "field"),
    [
        (lambda c: transfer(c, "none", queue_id="sales"), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
        (lambda c: transfer(c, "waits", queue_id="sales"), "CONTACT_NOT_ACTIVE", FAILED, "contact_id"),
        (lambda c: transfer(c, agent_id="bob", queue_id="sales"), "NOT_OFFERED_TO_AGENT", FAILED, "agent_id"),
        (lambda c: transfer(c, queue_id="none"), "UNKNOWN_QUEUE", NOT_FOUND, "queue_id"),
        (lambda c: transfer(c, queue_id="tiny"), "QUEUE_FULL", FAILED, "queue_id"),
        (lambda c: transfer(c, to_agent_id="none"), "UNKNOWN_AGENT", NOT_FOUND, "to_agent_id"),
        (lambda c: transfer(c, to_agent_id="off"), "AGENT_NOT_SIGNED_ON", FAILED, "to_agent_id"),
        (lambda c: transfer(c, to_agent_id="bob"), "AGENT_HAS_NO_ROOM", FAILED, "to_agent_id"),
        (
            lambda c: transfer(c, consultation_contact_id="b"),
            "NOT_ITS_CONSULTATION",
            FAILED,
            "consultation_contact_id",
        ),
        (
            lambda c: transfer(c, consultation_contact_id="asks"),
            "CONTACT_NOT_ACTIVE",
            FAILED,
            "consultation_contact_id",
        ),
        (
            lambda c: c.enqueue("x", consults_contact_id="waits"),
            "CONTACT_NOT_ACTIVE",
            FAILED,
            "consults_contact_id",
        ),
        (
            lambda c: c.enqueue("x", preference={"agent_ids": ["none"], "only_these": True}),
            "UNKNOWN_AGENT",
            NOT_FOUND,
            "preference.agent_ids",
        ),
        (lambda c: pick(c, "none", "ann"), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
        (lambda c: pick(c, "waits", "none"), "UNKNOWN_AGENT", NOT_FOUND, "agent_id"),
        (lambda c: pick(c, "c", "ann"), "CONTACT_NOT_WAITING", FAILED, "contact_id"),
        (lambda c: pick(c, "waits", "off"), "AGENT_NOT_SIGNED_ON", FAILED, "agent_id"),
        (lambda c: pick(c, "waits", "ann"), "AGENT_HAS_NO_ROOM", FAILED, "agent_id"),
        (lambda c: pick(c, "waits", "cat"), "SKILLS_NOT_MET", FAILED, "agent_id"),
        (lambda c: pick(c, "listed", "cat"), "AGENT_NOT_MEMBER", FAILED, "agent_id"),
        (lambda c: call_back(c, "none"), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
        (lambda c: call_back(c, "c"), "CONTACT_NOT_WAITING", FAILED, "contact_id"),
        (
            lambda c: call_back(c, "waits", window_end=Timestamp(seconds=1)),
            "OUT_OF_RANGE",
            grpc.StatusCode.INVALID_ARGUMENT,
            "callback.window_end",
        ),
        (
            lambda c: c.routing.CompleteContact(
                contact_commands_pb2.CompleteContactRequest(contact_id="c", not_reached=True)
            ),
            "CONTACT_NOT_CALLBACK",
            FAILED,
            "not_reached",
        ),
        (lambda c: estimate(c), "EMPTY", grpc.StatusCode.INVALID_ARGUMENT, "of"),
        (lambda c: estimate(c, contact_id="none"), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
        (lambda c: estimate(c, queue_id="none"), "UNKNOWN_QUEUE", NOT_FOUND, "queue_id"),
        (lambda c: explain(c), "EMPTY", grpc.StatusCode.INVALID_ARGUMENT, "contact_id"),
        (lambda c: explain(c, contact_id="none"), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
        (lambda c: explain(c, contact_id="c", agent_id="none"), "UNKNOWN_AGENT", NOT_FOUND, "agent_id"),
        (
            lambda c: explain(c, contact_id="c", before_event_seq=10**6),
            "EVENT_SEQ_AHEAD",
            grpc.StatusCode.OUT_OF_RANGE,
            "",
        ),
        (lambda c: explain(c, contact_id="c", before_event_seq=1), "UNKNOWN_CONTACT", NOT_FOUND, "contact_id"),
    ],
)
def test_refusals_name_reason_and_field(busy_centre, failure_of, call, reason, code, field):
    before = busy_centre.status()
    failure = failure_of(lambda: call(busy_centre))
    assert (failure.reason, failure.code, failure.field) == (reason, code, field)
    after = busy_centre.status()
    assert (after.seq, after.state_digest) == (before.seq, before.state_digest)


@pytest.fixture(scope="module")
def busy_centre(shared_client):
    """Ann serves `c` and Bob `b`; `waits` asks for Spanish, which nobody speaks, `listed` for a member."""
    client = shared_client
    client.apply_policy(
        policy_pb2.Queue(queue_id="sales"),
        policy_pb2.Queue(queue_id="tiny", max_waiting=0),
        policy_pb2.Queue(queue_id="members", membership=policy_pb2.MEMBERSHIP_LISTED),
    )
    for agent_id in ("ann", "bob"):
        client.sign_on(agent_id, busy=1)
    client.sign_on("off", presence=agent_pb2.PRESENCE_OFFLINE)
    served(client, "c", "ann")
    served(client, "b", "bob")
    client.enqueue("asks", consults_contact_id="c", requirement="nobody")
    client.enqueue("waits", requirement="busy")
    client.enqueue("listed", queue_id="members")
    client.sign_on("cat", presence=AWAY)
    return client


def test_positions_and_expected_waits(client):
    client.apply_policy()
    client.sign_on("ann")
    served(client, "done")
    client.routing.CompleteContact(contact_commands_pb2.CompleteContactRequest(contact_id="done"))
    served(client, "now")
    for contact_id in ("a", "b"):
        client.enqueue(contact_id)
    second = estimate(client, contact_id="b")
    assert (second.position, second.predictor) == (2, insight_service_pb2.EstimateWaitResponse.PREDICTOR_QUEUE_LENGTH)
    assert second.HasField("expected_wait")
    assert not second.HasField("error")
    assert estimate(client, queue_id="sales").position == 3
    assert estimate(client, contact_id="now").position == 0


def test_the_present_is_explained(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales", requirement="sales"))
    client.sign_on("ann", sales=1)
    client.sign_on("bob")
    served(client, "busy")
    client.enqueue("c")
    pair = explain(client, contact_id="c", agent_id="ann")
    assert (pair.rule, pair.contact_ahead_id) == (insight_service_pb2.SERVE_RULE_ROOM, "busy")
    assert explain(client, contact_id="c", agent_id="bob").rule == insight_service_pb2.SERVE_RULE_SKILLS
    contact = explain(client, contact_id="c")
    assert (contact.agents_able, contact.agents_with_room) == (1, 0)
    assert contact.event_seq == client.status().event_seq
    agent = explain(client, agent_id="bob")
    assert (agent.rule, agent.contact_ahead_id) == (insight_service_pb2.SERVE_RULE_NONE_FAILS, "")
    assert "nobody waits" in agent.text


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_the_past_is_explained(client, with_snapshot):
    """Bob asks why Ann got the call: the contact chose her, who had been idle for longer."""
    client.apply_policy()
    client.sign_on("ann")
    client.sign_on("bob")
    if with_snapshot:
        from acd.v1 import admin_service_pb2

        client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    offered = client.enqueue("c").contact
    (offer,) = [event for event in client.events_from(1) if event.HasField("offer_made")]
    client.accept("c", "ann", offered.offer_id)
    presence = agent_commands_pb2.SetPresenceRequest(agent_id="bob", presence=AWAY)
    client.agents.SetPresence(presence)
    answer = explain(client, contact_id="c", agent_id="bob", before_event_seq=offer.event_seq)
    assert (answer.rule, answer.agent_ahead_id) == (insight_service_pb2.SERVE_RULE_NONE_FAILS, "ann")
    assert answer.decision == offer.offer_made.decision
    assert answer.event_seq == offer.event_seq - 1
    now = explain(client, contact_id="c", agent_id="bob")
    assert now.rule == insight_service_pb2.SERVE_RULE_READY
    decided = explain(client, contact_id="c", before_event_seq=offer.event_seq)
    assert "ann" in decided.text
    last = client.status().event_seq
    was_ready = explain(client, contact_id="c", agent_id="bob", before_event_seq=last)
    assert (was_ready.rule, was_ready.agent_ahead_id) == (insight_service_pb2.SERVE_RULE_NONE_FAILS, "ann")
    assert explain(client, contact_id="c", agent_id="bob", before_event_seq=last + 1).rule == now.rule
