"""Every command and every event says whose call it was; nothing else about routing changes."""

from typing import Any

import pytest

from acd.v1 import (
    agent_commands_pb2,
    agent_pb2,
    contact_commands_pb2,
    event_service_pb2,
    insight_service_pb2,
    policy_commands_pb2,
    policy_pb2,
    routing_service_pb2,
)
from acd_service import codec
from acd_service.codec.records import asked_by_field
from acd_service.identity.identity import Role
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.verify import verify


@pytest.fixture
def service(make_service, keys):
    keys.make("first", Role.ADMIN)
    return make_service(access={"api_keys": str(keys.path)})


def test_each_event_and_each_command_says_who_asked(service, keys) -> None:
    ops, pbx = keys.make("ops", Role.ADMIN), keys.make("pbx-1", Role.ROUTER)
    ann = keys.make("ann's desktop", Role.AGENT, agent_id="ann")
    service.start()
    admin, router, desktop = (service.caller(key) for key in (ops, pbx, ann))
    policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
    admin.call("PolicyService/ApplyPolicy", policy_commands_pb2.ApplyPolicyRequest(policy=policy))
    specs = [agent_pb2.AgentSpec(agent_id="ann")]
    admin.call("AgentService/UpsertAgents", agent_commands_pb2.UpsertAgentsRequest(agents=specs))
    ready = agent_commands_pb2.SetPresenceRequest(agent_id="ann", presence=agent_pb2.PRESENCE_READY)
    desktop.call("AgentService/SetPresence", ready)
    enqueue = contact_commands_pb2.EnqueueContactRequest(contact_id="c", queue_id="sales")
    route = router.stream("RoutingService/RouteContact", routing_service_pb2.RouteContactRequest(enqueue=enqueue))
    offer = routing_service_pb2.RouteContactResponse.FromString(next(route)).contact
    accept = contact_commands_pb2.AcceptOfferRequest(contact_id="c", agent_id="ann", offer_id=offer.offer_id)
    desktop.call("RoutingService/AcceptOffer", accept)
    updates = [routing_service_pb2.RouteContactResponse.FromString(update) for update in route]
    assert {update.event.asked_by for update in updates if update.HasField("event")} == {"ann's desktop"}

    expected = {
        "policy_applied": "ops",
        "agent_added": "ops",
        "presence_changed": "ann's desktop",
        "contact_enqueued": "pbx-1",
        "offer_made": "pbx-1",
        "offer_accepted": "ann's desktop",
    }
    assert told(admin, len(expected)) == expected
    assert service.stop() == 0

    journal = SqliteJournal.open_to_read(service.folder / "data")
    from acd.v1.journal_pb2 import CommandRecord

    asked = {}
    for record in journal.read(TENANT_DEFAULT, 1):
        message = CommandRecord.FromString(record.content)
        asked[message.command.WhichOneof("command")] = message.asked_by
        assert codec.decode_record(record.content)[0] == record.seq
    assert asked == {
        "apply_policy": "ops",
        "upsert_agents": "ops",
        "set_presence": "ann's desktop",
        "enqueue_attached_contact": "pbx-1",
        "accept_offer": "ann's desktop",
    }
    journal.close()
    report = verify(service.folder / "data")
    assert report.ok, report.problem

    # After a restart, and read from the journal, it is the same; the service itself has no name.
    service.start()
    admin = service.caller(ops)
    assert told(admin, len(expected) + 1) == expected | {"resumed": ""}
    assert told(admin, 1, types=["EVENT_TYPE_OFFER_MADE"], agent_ids=["ann"]) == {"offer_made": "pbx-1"}
    explained = insight_service_pb2.ExplainRequest(contact_id="c", before_event_seq=5)
    assert admin.call("InsightService/Explain", explained)


def told(caller, count: int, **only: Any) -> dict[str, str]:
    """Who asked for the events from the first on."""
    found: dict[str, str] = {}
    stream = caller.stream("EventService/Subscribe", event_service_pb2.SubscribeRequest(from_event_seq=1, **only))
    for content in stream:
        for event in event_service_pb2.SubscribeResponse.FromString(content).events:
            found[event.WhichOneof("detail")] = event.asked_by
        if len(found) >= count:
            stream.cancel()
            return found
    return found


def test_a_service_without_credentials_names_nobody(make_service) -> None:
    service = make_service()
    service.start()
    caller = service.caller()
    caller.call("AgentService/UpsertAgents", agent_commands_pb2.UpsertAgentsRequest(agents=[{"agent_id": "ann"}]))
    assert told(caller, 1) == {"agent_added": ""}


@pytest.mark.parametrize("name", ["a", "ann's desktop", "ä" * 64, "x" * 128])
def test_the_field_is_what_protobuf_writes(name: str) -> None:
    from acd.v1 import event_pb2, journal_pb2

    assert event_pb2.Event(asked_by=name).SerializeToString() == asked_by_field(name)
    assert journal_pb2.CommandRecord(asked_by=name).SerializeToString() == asked_by_field(name)


def test_no_name_is_no_field() -> None:
    assert asked_by_field("") == b""
