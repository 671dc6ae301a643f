"""Commands of a batch are held to the roles of whoever sent it, by either engine."""

import pytest
from google.rpc.status_pb2 import Status

from acd.v1.command_pb2 import Command
from acd.v1.routing_service_pb2 import DispatchRequest, DispatchResponse
from acd_service.batches import apply_batch, read_batch
from acd_service.codec.values import varint
from acd_service.engine_interface import engine_maker
from acd_service.identity.identity import Identity, Role, caller
from acd_service.identity.permissions import CALL_OF_COMMAND, CALLS
from acd_service.rpc.dispatch_permit import permit_of_caller

POLICY = Command(apply_policy={"policy": {"queues": [{"queue_id": "sales"}]}})
ENQUEUE = Command(enqueue_contact={"contact_id": "c", "queue_id": "sales"})
AGENTS = Command(upsert_agents={"agents": [{"agent_id": "ann"}, {"agent_id": "bob"}]})


def presence(agent_id: str) -> Command:
    return Command(set_presence={"agent_id": agent_id, "presence": 1})


@pytest.fixture(params=["compiled", "reference"])
def engine(request):
    made = engine_maker(request.param)(0)
    batch(made, None, POLICY, AGENTS)
    return made


def batch(engine, identity, *commands) -> list[str]:
    """What each command came to: nothing, or the reason why it was refused."""
    contents = [command if isinstance(command, bytes) else command.SerializeToString() for command in commands]
    request = b"".join(bytes([2 << 3 | 2]) + varint(len(content)) + content for content in contents)
    assert len(DispatchRequest.FromString(request).commands) == len(commands)
    token = caller.set(identity) if identity is not None else None
    try:
        taken = read_batch(request)
        results: list[str] = []
        start = 0
        while start < len(taken):
            applied = apply_batch(engine, max(engine.now_ns, 1), taken, start, permit=permit_of_caller())
            for result in DispatchResponse.FromString(applied.results).results:
                results.append(_reason(result.error) if result.HasField("error") else "")
            start = applied.after
        return results
    finally:
        if token is not None:
            caller.reset(token)


def _reason(error: Status) -> str:
    from google.rpc.error_details_pb2 import ErrorInfo

    info = ErrorInfo()
    assert error.details[0].Unpack(info)
    return info.reason


def of(*roles: Role, agent_id: str = "") -> Identity:
    return Identity("x", "default", frozenset(roles), agent_id)


def test_each_kind_of_command_by_each_role(engine) -> None:
    for role in Role:
        for kind, call in CALL_OF_COMMAND.items():
            command = Command()
            getattr(command, kind).SetInParent()
            (result,) = batch(engine, of(role), command)
            assert (result == "PERMISSION_DENIED") == (role not in CALLS[call].roles), (role, kind)


def test_one_that_may_not_be_given_does_not_hold_up_the_others(engine) -> None:
    seq = engine.seq
    assert batch(engine, of(Role.ROUTER), AGENTS, ENQUEUE, POLICY) == ["PERMISSION_DENIED", "", "PERMISSION_DENIED"]
    assert engine.seq == seq + 1


def test_a_bound_agent_gives_commands_for_itself(engine) -> None:
    ann = of(Role.AGENT, agent_id="ann")
    results = batch(engine, ann, presence("ann"), presence("bob"), presence("nobody"), presence(""))
    assert results == [""] + ["PERMISSION_DENIED"] * 3


def test_a_command_that_hides_behind_another_is_found(engine) -> None:
    # Of several fields of a oneof protobuf takes the last: the first must not vouch for it.
    hidden = ENQUEUE.SerializeToString() + POLICY.SerializeToString()
    stretched = b"\x0a\x00" + POLICY.SerializeToString()
    in_an_unknown_field = b"\x08\x01" + POLICY.SerializeToString()
    version = engine.policy_version
    assert batch(engine, of(Role.ROUTER), hidden, stretched, in_an_unknown_field) == ["PERMISSION_DENIED"] * 3
    assert engine.policy_version == version


def test_an_agent_that_hides_behind_another_is_found(engine) -> None:
    own, other = presence("ann").set_presence, presence("bob").set_presence
    both = own.SerializeToString() + other.SerializeToString()
    content = bytes([8 << 3 | 2]) + varint(len(both)) + both
    assert batch(engine, of(Role.AGENT, agent_id="ann"), content) == ["PERMISSION_DENIED"]


def test_whoever_may_do_all_and_a_service_without_credentials_need_no_permit() -> None:
    assert permit_of_caller() is None
    token = caller.set(of(Role.ADMIN, Role.AGENT, agent_id="ann"))
    assert permit_of_caller() is None
    caller.reset(token)
