"""Every call by every role, by nobody and by another tenant, over a real socket."""

import importlib

import grpc
import pytest

from acd.v1 import admin_service_pb2, agent_commands_pb2, agent_pb2, contact_commands_pb2, routing_service_pb2
from acd_service.identity.identity import Role
from acd_service.identity.permissions import CALLS

UNAUTHENTICATED, DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED


def shape(call: str) -> tuple[bool, bool]:
    service, name = call.split("/")
    module = importlib.import_module(f"acd.v1.{service.removesuffix('Service').lower()}_service_pb2")
    method = module.DESCRIPTOR.services_by_name[service].methods_by_name[name]
    return method.client_streaming, method.server_streaming


def outcome(caller, call: str):
    """The code and reason of a call with an empty request; of a stream that goes on, what its beginning says."""
    client_streams, server_streams = shape(call)
    try:
        if client_streams:
            for _ in caller.both_ways(call):
                break
        elif server_streams:
            stream = caller.stream(call, timeout=2)
            next(stream, None)
            stream.cancel()
        else:
            caller.call(call)
    except grpc.RpcError as error:
        return error
    return None


@pytest.fixture(scope="module")
def as_whom(shared):
    service, keys = shared
    credentials: dict[str, str] = {"nobody": "", "unknown": keys.make("unknown", Role.ADMIN)[:-1] + "x"}
    credentials["of another tenant"] = keys.make("stranger", Role.ADMIN, tenant="another")
    # The admin's comes last: once it is known, all are.
    credentials |= {role: keys.make(f"a {role}", role) for role in Role}
    return lambda who: service.caller(credentials[who])


def digest(as_whom) -> str:
    request = admin_service_pb2.GetStatusRequest(with_state_digest=True)
    answer = as_whom(Role.ADMIN).call("AdminService/GetStatus", request)
    status = admin_service_pb2.GetStatusResponse.FromString(answer)
    return f"{status.seq} {status.event_seq} {status.state_digest}"


@pytest.mark.parametrize("call", CALLS)
def test_each_call_by_everybody(as_whom, call, failure_of, eventually) -> None:
    eventually(lambda: outcome(as_whom(Role.ADMIN), "PolicyService/GetPolicy") is None)
    before = digest(as_whom)
    failures = {}
    for who in ("nobody", "unknown", "of another tenant", *(role for role in Role if role not in CALLS[call].roles)):
        error = outcome(as_whom(who), call)
        assert error is not None, f"{who} got through"
        failures[who] = failure_of(lambda error=error: (_ for _ in ()).throw(error))
    for who, failure in failures.items():
        expected = UNAUTHENTICATED if who in ("nobody", "unknown") else DENIED
        assert (failure.code, failure.reason) == (expected, expected.name), who
    assert digest(as_whom) == before

    for role in CALLS[call].roles:
        error = outcome(as_whom(role), call)
        assert error is None or error.code() not in (UNAUTHENTICATED, DENIED), role


def test_an_agent_bound_to_one_learns_nothing_of_others(shared, failure_of, eventually) -> None:
    service, keys = shared
    ann = service.caller(keys.make("a", Role.AGENT, agent_id="ann"))
    admin = service.caller(keys.make("adm", Role.ADMIN))
    agents = [agent_pb2.AgentSpec(agent_id=name) for name in ("ann", "bob")]
    eventually(lambda: outcome(admin, "PolicyService/GetPolicy") is None)
    admin.call("AgentService/UpsertAgents", agent_commands_pb2.UpsertAgentsRequest(agents=agents))

    def presence(agent_id: str):
        request = agent_commands_pb2.SetPresenceRequest(agent_id=agent_id, presence=agent_pb2.PRESENCE_READY)
        return ann.call("AgentService/SetPresence", request)

    presence("ann")
    there, not_there = failure_of(lambda: presence("bob")), failure_of(lambda: presence("nobody at all"))
    assert there.code is DENIED
    assert repr(there) == repr(not_there)
    request = contact_commands_pb2.AcceptOfferRequest(contact_id="c", agent_id="bob", offer_id=1)
    assert failure_of(lambda: ann.call("RoutingService/AcceptOffer", request)).code is DENIED
    removed = agent_commands_pb2.RemoveAgentsRequest(agent_ids=["ann", "bob"])
    admin.call("AgentService/RemoveAgents", removed)


def test_another_tenant_learns_nothing_of_what_there_is(shared, failure_of, eventually) -> None:
    service, keys = shared
    stranger = service.caller(keys.make("stranger 2", Role.ADMIN, tenant="another"))
    eventually(lambda: failure_of(lambda: stranger.call("PolicyService/GetPolicy")).code is DENIED)
    answers = {
        repr(
            failure_of(
                lambda contact_id=contact_id: stranger.call(
                    "RoutingService/GetContact", routing_service_pb2.GetContactRequest(contact_id=contact_id)
                )
            )
        )
        for contact_id in ("", "no such contact", "x" * 10_000)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer x", "Bearer x y", "Bearer acd__"])
def test_what_is_no_credential_gets_nobody_in(shared, failure_of, value) -> None:
    service, _ = shared
    make = service.caller().channel.unary_unary("/acd.v1.PolicyService/GetPolicy")
    failure = failure_of(lambda: make(b"", metadata=(("authorization", value),)))
    assert (failure.code, failure.reason) == (UNAUTHENTICATED, "UNAUTHENTICATED")


def test_two_credentials_get_nobody_in(shared, failure_of, eventually) -> None:
    service, keys = shared
    key = keys.make("twice", Role.ADMIN)
    eventually(lambda: outcome(service.caller(key), "PolicyService/GetPolicy") is None)
    make = service.caller().channel.unary_unary("/acd.v1.PolicyService/GetPolicy")
    entry = ("authorization", f"Bearer {key}")
    # What kind of credential it is may be written in any case (RFC 9110, section 11.1).
    assert make(b"", metadata=(entry,)) == make(b"", metadata=(("authorization", f"bearer {key}"),))
    assert failure_of(lambda: make(b"", metadata=(entry, entry))).code is UNAUTHENTICATED


def test_health_is_for_everybody_and_reflection_for_the_known(shared, failure_of, eventually) -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    service, keys = shared
    key = keys.make("reflecting", Role.SUBSCRIBER)
    eventually(lambda: outcome(service.caller(key), "InsightService/GetQueueStats") is None)
    channel = service.caller().channel
    check = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert check.status == health_pb2.HealthCheckResponse.SERVING

    def services(*metadata):
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        return list(stub.ServerReflectionInfo(iter([request]), metadata=metadata))

    assert failure_of(services).code is UNAUTHENTICATED
    (answer,) = services(("authorization", f"Bearer {key}"))
    assert "acd.v1.RoutingService" in {entry.name for entry in answer.list_services_response.service}
