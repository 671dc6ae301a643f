"""Every call that is built, over a socket, against a service of its own."""

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from acd.v1 import (
    admin_service_pb2,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    contact_commands_pb2,
    contact_pb2,
    event_pb2,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2,
    routing_service_pb2,
)

WAITING, OFFERED, ACTIVE, WRAP_UP, CLOSED = (
    contact_pb2.CONTACT_STATE_WAITING,
    contact_pb2.CONTACT_STATE_OFFERED,
    contact_pb2.CONTACT_STATE_ACTIVE,
    contact_pb2.CONTACT_STATE_WRAP_UP,
    contact_pb2.CONTACT_STATE_CLOSED,
)


def test_one_call_by_hand(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales", wrap_up=Duration(seconds=30)))
    client.sign_on("ann", english=50, spanish=70)
    client.sign_on("bob", english=90)
    enqueued = client.enqueue("call-1", requirement="spanish>=60", attributes={"number": "+34 91"})
    assert (enqueued.contact.state, enqueued.contact.agent_id) == (OFFERED, "ann")
    accepted = client.accept("call-1", "ann", enqueued.contact.offer_id)
    assert accepted.contact.state == ACTIVE
    completed = client.routing.CompleteContact(contact_commands_pb2.CompleteContactRequest(contact_id="call-1"))
    assert completed.contact.state == WRAP_UP
    finished = client.agents.FinishWrapUp(agent_commands_pb2.FinishWrapUpRequest(agent_id="ann", contact_id="call-1"))
    assert finished.contact.state == CLOSED
    story = client.events_from(1)
    assert [event.event_seq for event in story] == list(range(1, len(story) + 1))
    assert [event.WhichOneof("detail") for event in story] == [
        "policy_applied", "agent_added", "presence_changed", "agent_added", "presence_changed",
        "contact_enqueued", "offer_made", "offer_accepted", "contact_completed", "contact_closed",
    ]  # fmt: skip
    assert dict(story[5].contact_enqueued.attributes) == {"number": "+34 91"}
    assert story[-1].contact_closed.cause == contact_pb2.END_CAUSE_HANDLED
    status = client.status()
    assert (status.seq, status.event_seq) == (finished.seq, len(story))
    assert status.counts.opened == 1
    assert [(entry.cause, entry.count) for entry in status.counts.closed] == [(contact_pb2.END_CAUSE_HANDLED, 1)]
    assert not any(status.invariant_violations.values())


def test_a_repeated_request_is_answered_as_before(client):
    client.apply_policy()
    first = client.enqueue("c", request_id="r-1")
    client.sign_on("ann")
    again = client.enqueue("c", request_id="r-1")
    assert again.duplicate
    assert (again.seq, again.contact.state) == (first.seq, WAITING)


def test_update_decline_and_cancel(client):
    client.apply_policy()
    client.sign_on("ann")
    offered = client.enqueue("c", priority=1)
    declined = client.routing.DeclineOffer(
        contact_commands_pb2.DeclineOfferRequest(
            contact_id="c", agent_id="ann", offer_id=offered.contact.offer_id, outcome=event_pb2.OFFER_OUTCOME_DECLINED
        )
    )
    assert declined.contact.state == WAITING
    client.routing.UpdateContact(
        contact_commands_pb2.UpdateContactRequest(
            contact_id="c", priority=7, attributes=contact_pb2.Attributes(values={"vip": "yes"})
        )
    )
    shown = client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="c")).contact
    assert (shown.priority, dict(shown.attributes)) == (7, {"vip": "yes"})
    cancelled = client.routing.CancelContact(
        contact_commands_pb2.CancelContactRequest(
            contact_id="c", reason=contact_commands_pb2.CancelContactRequest.REASON_CANCELLED
        )
    )
    assert cancelled.contact.state == CLOSED


def test_hold_and_retrieve(client):
    client.apply_policy()
    client.sign_on("ann")
    client.accept("c", "ann", client.enqueue("c").contact.offer_id)
    for held in (True, False):
        client.routing.UpdateContact(contact_commands_pb2.UpdateContactRequest(contact_id="c", held=held))
        shown = client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="c")).contact
        assert shown.held is held


def test_contacts_are_listed_page_by_page(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="help"))
    for number in range(7):
        client.enqueue(f"c{number}", queue_id="help" if number == 3 else "sales")
    seen, token = [], ""
    while True:
        page = client.routing.ListContacts(
            routing_service_pb2.ListContactsRequest(queue_id="sales", page_size=2, page_token=token)
        )
        seen += [contact.contact_id for contact in page.contacts]
        assert len(page.contacts) <= 2
        token = page.next_page_token
        if not token:
            break
    assert seen == ["c0", "c1", "c2", "c4", "c5", "c6"]
    assert not client.routing.ListContacts(routing_service_pb2.ListContactsRequest(states=[ACTIVE])).contacts


def test_a_page_is_bounded_in_bytes_too(client):
    client.apply_policy()
    for number in range(100):
        client.enqueue(f"c{number:03}", attributes={"text": "x" * 16_000})
    seen, token, pages = [], "", 0
    while True:
        page = client.routing.ListContacts(routing_service_pb2.ListContactsRequest(page_token=token))
        pages += 1
        seen += [contact.contact_id for contact in page.contacts]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"c{number:03}" for number in range(100)]
    assert pages == 2


def test_agents_are_shown_listed_and_removed(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales", membership=policy_pb2.MEMBERSHIP_LISTED))
    specs = [
        agent_pb2.AgentSpec(agent_id="ann", memberships=[agent_pb2.QueueMembership(queue_id="sales", tier=2)]),
        agent_pb2.AgentSpec(agent_id="bob"),
    ]
    client.agents.UpsertAgents(agent_commands_pb2.UpsertAgentsRequest(agents=specs))
    client.agents.SetPresence(
        agent_commands_pb2.SetPresenceRequest(agent_id="bob", presence=agent_pb2.PRESENCE_AWAY, reason="lunch")
    )
    bob = client.agents.GetAgent(agent_service_pb2.GetAgentRequest(agent_id="bob")).agent
    assert (bob.presence, bob.reason) == (agent_pb2.PRESENCE_AWAY, "lunch")
    members = client.agents.ListAgents(agent_service_pb2.ListAgentsRequest(queue_id="sales")).agents
    assert [agent.spec.agent_id for agent in members] == ["ann"]
    away = client.agents.ListAgents(agent_service_pb2.ListAgentsRequest(presences=[agent_pb2.PRESENCE_AWAY])).agents
    assert [agent.spec.agent_id for agent in away] == ["bob"]
    first = client.agents.ListAgents(agent_service_pb2.ListAgentsRequest(page_size=1))
    second = client.agents.ListAgents(
        agent_service_pb2.ListAgentsRequest(page_size=1, page_token=first.next_page_token)
    )
    assert [page.agents[0].spec.agent_id for page in (first, second)] == ["ann", "bob"]
    assert not second.next_page_token
    client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=["ann"]))
    assert client.status().counts.agents == 1


def test_heartbeat_names_who_has_to_sign_on(client):
    client.apply_policy()
    client.sign_on("ann")
    client.sign_on("bob", agent_pb2.PRESENCE_OFFLINE)
    answer = client.agents.Heartbeat(agent_commands_pb2.HeartbeatRequest(agent_ids=["ann", "bob"]))
    assert list(answer.not_signed_on_agent_ids) == ["bob"]


def test_a_lease_that_runs_out_signs_the_agent_off(client):
    client.apply_policy()
    client.sign_on("ann")
    client.agents.SetPresence(
        agent_commands_pb2.SetPresenceRequest(
            agent_id="ann", presence=agent_pb2.PRESENCE_READY, lease=Duration(nanos=50_000_000)
        )
    )
    watch = client.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="ann"), timeout=20)
    presences = [next(watch).snapshot.agent.presence]
    if presences == [agent_pb2.PRESENCE_READY]:
        presences.append(next(watch).event.presence_changed.presence)
    assert presences[-1] == agent_pb2.PRESENCE_OFFLINE


def test_policy_versions(client):
    first = client.apply_policy()
    second = client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="help"))
    assert (first.policy_version, second.policy_version) == (1, 2)
    in_force = client.policy.GetPolicy(policy_service_pb2.GetPolicyRequest())
    assert (in_force.policy_version, len(in_force.policy.queues)) == (2, 2)
    assert in_force.applied_at == second.at
    earlier = client.policy.GetPolicy(policy_service_pb2.GetPolicyRequest(policy_version=1))
    assert (earlier.policy_version, len(earlier.policy.queues)) == (1, 1)
    page = client.policy.ListPolicyVersions(policy_service_pb2.ListPolicyVersionsRequest(page_size=1))
    rest = client.policy.ListPolicyVersions(
        policy_service_pb2.ListPolicyVersionsRequest(page_token=page.next_page_token)
    )
    assert [entry.policy_version for entry in (*page.versions, *rest.versions)] == [2, 1]
    assert [entry.seq for entry in (*page.versions, *rest.versions)] == [second.seq, first.seq]


def test_validate_only_changes_nothing(client, failure_of):
    client.apply_policy()
    client.enqueue("c")
    before = client.status()

    def check(*queues: str):
        policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id=queue) for queue in queues])
        return client.policy.ApplyPolicy(
            policy_commands_pb2.ApplyPolicyRequest(policy=policy, validate_only=True, expected_version=1)
        )

    answer = check("sales", "help")
    assert (answer.policy_version, answer.seq) == (1, 0)
    assert failure_of(lambda: check("help")).reason == "QUEUE_IN_USE"
    after = client.status()
    assert (after.seq, after.state_digest) == (before.seq, before.state_digest)


@pytest.mark.parametrize("validate_only", [False, True])
def test_warnings_are_of_the_policy_and_of_the_agents_there_are(client, validate_only):
    client.apply_policy()
    client.sign_on("ann", spanish=50)
    queues = [
        policy_pb2.Queue(queue_id="sales", requirement="spanish>=50"),
        policy_pb2.Queue(queue_id="help", requirement="spanish>=60", plan_id="patience"),
    ]
    plans = [{"plan_id": "patience", "steps": []}, {"plan_id": "unused", "steps": []}]
    answer = client.policy.ApplyPolicy(
        policy_commands_pb2.ApplyPolicyRequest(policy={"queues": queues, "plans": plans}, validate_only=validate_only)
    )
    assert sorted((warning.field, warning.reason) for warning in answer.warnings) == [
        ('plans["unused"]', "PLAN_NOT_USED"),
        ('queues["help"].requirement', "NOBODY_MEETS_REQUIREMENT"),
    ]
    assert all(warning.message for warning in answer.warnings)


def test_watch_agent_tells_offers_with_attributes(client):
    client.apply_policy()
    client.sign_on("ann")
    watch = client.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="ann"), timeout=20)
    assert next(watch).snapshot.agent.spec.agent_id == "ann"
    offer_id = client.enqueue("c", attributes={"name": "Eve"}).contact.offer_id
    offer = next(watch).offer
    assert (offer.offer_id, offer.contact.contact_id) == (offer_id, "c")
    assert dict(offer.contact.attributes) == {"name": "Eve"}
    client.accept("c", "ann", offer_id)
    assert next(watch).event.HasField("offer_accepted")
    client.routing.UpdateContact(
        contact_commands_pb2.UpdateContactRequest(contact_id="c", attributes=contact_pb2.Attributes())
    )
    assert next(watch).event.HasField("contact_updated")
    client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=["ann"]))
    rest = [message.event.WhichOneof("detail") for message in watch]
    assert rest == ["presence_changed", "agent_removed"]


def test_take_snapshot(client):
    client.apply_policy()
    client.enqueue("c")
    status = client.status()
    taken = client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    assert (taken.seq, taken.state_digest) == (status.seq, status.state_digest)


def test_health_by_service_and_reflection(client):
    health = health_pb2_grpc.HealthStub(client.channel)
    for service in ("", "acd.v1.RoutingService", "acd.v1.AdminService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(client.channel)
    answers = reflection.ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=20
    )
    listed = {service.name for service in next(answers).list_services_response.service}
    assert {"acd.v1.RoutingService", "acd.v1.EventService", "grpc.health.v1.Health"} <= listed
