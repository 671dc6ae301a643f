"""Tenants that the settings name, side by side in one process and one journal, over a real socket."""

import grpc
import pytest

from acd.v1.routing_service_pb2 import DispatchRequest
from acd_service.identity.identity import Role


def status(caller):
    return caller("AdminService/GetStatus", with_state_digest=True)


def picture(caller) -> tuple:
    state = status(caller)
    return state.seq, state.event_seq, state.event_hash, state.state_digest, str(state.counts)


BY_ID = {
    "RoutingService/UpdateContact": {"contact_id": "call-2", "priority": 5},
    "RoutingService/CancelContact": {"contact_id": "call-2"},
    "RoutingService/TransferContact": {"contact_id": "call-1", "agent_id": "ann", "queue_id": "sales"},
    "RoutingService/PickContact": {"contact_id": "call-2", "agent_id": "ann"},
    "RoutingService/CompleteContact": {"contact_id": "call-1", "agent_id": "ann"},
    "RoutingService/AcceptOffer": {"contact_id": "call-1", "agent_id": "ann", "offer_id": 1},
    "RoutingService/DeclineOffer": {"contact_id": "call-1", "agent_id": "ann", "offer_id": 1},
    "RoutingService/GetContact": {"contact_id": "call-1"},
    "RoutingService/EnqueueContact": {"contact_id": "mine", "queue_id": "sales"},
    "AgentService/RemoveAgents": {"agent_ids": ["ann"]},
    "AgentService/SetPresence": {"agent_id": "ann", "presence": "PRESENCE_AWAY"},
    "AgentService/Heartbeat": {"agent_ids": ["ann"]},
    "AgentService/FinishWrapUp": {"agent_id": "ann", "contact_id": "call-1"},
    "AgentService/GetAgent": {"agent_id": "ann"},
    "CustomerService/RemoveCustomers": {"customer_ids": ["c-1"]},
    "CustomerService/LookUpCustomer": {"customer_id": "c-1"},
    "PolicyService/GetPolicy": {"policy_version": 1},
    "InsightService/EstimateWait": {"contact_id": "call-2"},
    "InsightService/Explain": {"contact_id": "call-2"},
}
"""Calls that name something of acme's; to globex there is no such thing."""

NOT_FOUND = grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("call", BY_ID)
def test_what_another_tenant_has_is_not_there(shared, refusal_of, call) -> None:
    acme, globex = shared.caller("acme"), shared.caller("globex")
    before = picture(acme)
    refusal = refusal_of(lambda: globex(call, **BY_ID[call]))
    assert refusal.code == NOT_FOUND
    assert refusal.reason.startswith("UNKNOWN_")
    assert picture(acme) == before


LISTS = {
    "RoutingService/ListContacts": "contacts",
    "AgentService/ListAgents": "agents",
    "CustomerService/ListCustomers": "customers",
    "PolicyService/ListPolicyVersions": "versions",
    "InsightService/GetQueueStats": "stats",
}


@pytest.mark.parametrize("call", LISTS)
def test_lists_hold_the_own_only(shared, call) -> None:
    assert len(getattr(shared.caller("acme")(call), LISTS[call])) > 0
    assert len(getattr(shared.caller("globex")(call), LISTS[call])) == 0


def test_customers_are_found_by_address_in_the_own_directory_only(shared, refusal_of) -> None:
    assert shared.caller("acme")("CustomerService/LookUpCustomer", address="+1555").customer.customer_id == "c-1"
    refusal = refusal_of(lambda: shared.caller("globex")("CustomerService/LookUpCustomer", address="+1555"))
    assert refusal.reason == "UNKNOWN_CUSTOMER"


def test_event_streams_hold_the_own_only(shared, refusal_of) -> None:
    acme, globex = shared.caller("acme"), shared.caller("globex")
    first = next(iter(acme.stream("EventService/Subscribe", from_event_seq=1)))
    assert len(first.events) >= 4
    assert status(globex).event_seq == 0
    # Neither may look where the other's numbers are.
    refusal = refusal_of(lambda: globex.stream("EventService/Subscribe", from_event_seq=3))
    assert refusal.reason == "EVENT_SEQ_AHEAD"
    snapshot = next(iter(globex.stream("EventService/Subscribe", snapshot={})))
    assert '"ann"' not in str(snapshot)
    assert "call-1" not in str(snapshot)
    refusal = refusal_of(lambda: globex.stream("AgentService/WatchAgent", agent_id="ann"))
    assert refusal.reason == "UNKNOWN_AGENT"
    refusal = refusal_of(lambda: globex.stream("RoutingService/RouteContact", attach={"contact_id": "call-2"}))
    assert refusal.reason == "UNKNOWN_CONTACT"


def test_batches_go_to_the_own_tenant(shared) -> None:
    acme, globex = shared.caller("acme"), shared.caller("globex")
    before = picture(acme)
    batch = DispatchRequest(commands=[{"cancel_contact": {"contact_id": "call-2"}}])
    (answer,) = globex.dispatch(batch)
    assert "UNKNOWN_CONTACT" in str(answer)
    assert picture(acme) == before


def test_the_same_ids_are_different_things(make_house) -> None:
    house = make_house("acme", "globex", tenants={"acme": {}, "globex": {}})
    acme, globex = house.caller("acme"), house.caller("globex")
    for caller, queue in ((acme, "sales"), (globex, "support")):
        caller("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": queue}]}, request_id="p")
        answer = caller("RoutingService/EnqueueContact", contact_id="x", queue_id=queue, request_id="r")
        assert not answer.duplicate
    before = picture(acme), picture(globex)
    assert before[0] != before[1]
    house.kill()
    house.start()
    acme, globex = house.caller("acme"), house.caller("globex")
    assert acme("RoutingService/GetContact", contact_id="x").contact.queue_id == "sales"
    assert globex("RoutingService/GetContact", contact_id="x").contact.queue_id == "support"
    # After a kill each has had its Resume, and nothing else.
    assert [status(caller).seq for caller in (acme, globex)] == [before[0][0] + 1, before[1][0] + 1]
    assert house.caller("default")("AdminService/GetStatus").seq == 0


def test_snapshots_are_the_own(shared) -> None:
    acme = shared.caller("acme")
    assert acme("AdminService/TakeSnapshot").state_digest == status(acme).state_digest
    names = [path.name for path in (shared.data / "snapshots").iterdir()]
    assert len(names) == 1
    assert names[0].startswith("acme-")


def test_a_tenant_that_is_not_named_is_not_served(make_house, refusal_of) -> None:
    house = make_house("acme", "globex", tenants={"acme": {}})
    refusal = refusal_of(lambda: house.caller("globex")("AdminService/GetStatus"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert house.caller("acme", Role.ADMIN)("AdminService/GetStatus").tenant_id == "acme"
