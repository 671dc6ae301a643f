"""The table of roles and calls: whole, as documented, and what it means for each role."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from acd.v1 import command_pb2
from acd_service.identity.identity import Identity, Role
from acd_service.identity.permissions import CALL_OF_COMMAND, CALLS, check, check_command
from acd_service.service_error import PermissionDenied

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {
    "RoutingService": "routing_service", "AgentService": "agent_service", "CustomerService": "customer_service",
    "PolicyService": "policy_service", "EventService": "event_service", "InsightService": "insight_service",
    "AdminService": "admin_service", "TenantService": "tenant_service",
}  # fmt: skip


def methods() -> dict[str, object]:
    found = {}
    for service, module in SERVICES.items():
        descriptor = importlib.import_module(f"acd.v1.{module}_pb2").DESCRIPTOR.services_by_name[service]
        found |= {f"{service}/{method.name}": method for method in descriptor.methods}
    return found


def test_every_call_is_in_the_table_and_nothing_else() -> None:
    assert set(CALLS) == set(methods())
    assert len(CALLS) == 44


def test_all_services_of_the_contract_are_looked_at() -> None:
    modules = {path.stem for path in (ROOT / "proto/acd/v1").glob("*_service.proto")}
    assert modules == set(SERVICES.values())


def test_agent_fields_are_fields_of_the_requests() -> None:
    for call, rule in CALLS.items():
        if rule.agent_field:
            assert rule.agent_field in methods()[call].input_type.fields_by_name, call  # type: ignore[attr-defined]


def test_what_names_the_acting_agent_is_held_to_it() -> None:
    # Any call that the role `agent` may make has to say for which agent, or a bound one could act for others.
    open_calls = {call for call, rule in CALLS.items() if Role.AGENT in rule.roles and not rule.agent_field}
    assert open_calls == {"RoutingService/Dispatch"}


def test_every_command_of_callers_has_the_rule_of_its_call() -> None:
    given_by_callers = {field.name for field in command_pb2.Command.DESCRIPTOR.fields if field.number < 80}
    assert set(CALL_OF_COMMAND) == given_by_callers
    for kind, call in CALL_OF_COMMAND.items():
        field = command_pb2.Command.DESCRIPTOR.fields_by_name[kind]
        assert field.message_type == methods()[call].input_type  # type: ignore[attr-defined]


def test_whoever_may_send_a_command_may_open_a_dispatch() -> None:
    senders = frozenset().union(*(CALLS[call].roles for call in CALL_OF_COMMAND.values()))
    assert CALLS["RoutingService/Dispatch"].roles == senders


def test_admin_may_make_every_call_within_its_tenant_and_host_none() -> None:
    for call, rule in CALLS.items():
        if call.startswith("TenantService/"):
            assert rule.roles == {Role.HOST}, call
        else:
            assert Role.ADMIN in rule.roles, call
            assert Role.HOST not in rule.roles, call


def test_the_documented_table_is_the_table() -> None:
    lines = (ROOT / "docs/security.md").read_text().splitlines()
    head = next(index for index, line in enumerate(lines) if line.startswith("| call |"))
    columns = [cell.strip(" `") for cell in lines[head].split("|")[2:-1]]
    assert columns == [*Role]
    documented = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        documented[cells[0].strip("`")] = {role: cell for role, cell in zip(columns, cells[1:], strict=True) if cell}
    expected = {
        call: {
            role.value: "own" if role is Role.AGENT and rule.agent_field else "yes"
            for role in Role
            if role in rule.roles
        }
        for call, rule in CALLS.items()
    }
    assert documented == expected


def of(*roles: Role, agent_id: str = "") -> Identity:
    return Identity("x", "default", frozenset(roles), agent_id)


OWN, OTHER = SimpleNamespace(agent_id="ann"), SimpleNamespace(agent_id="bob")


def test_an_agent_acts_for_itself_only_if_it_is_bound() -> None:
    check(of(Role.AGENT, agent_id="ann"), "AgentService/SetPresence", OWN)
    check(of(Role.AGENT), "AgentService/SetPresence", OTHER)
    with pytest.raises(PermissionDenied):
        check(of(Role.AGENT, agent_id="ann"), "AgentService/SetPresence", OTHER)
    with pytest.raises(PermissionDenied):
        check(of(Role.AGENT, agent_id="ann"), "AgentService/SetPresence", SimpleNamespace(agent_id=""))


def test_another_role_frees_a_bound_agent_where_it_allows_the_call() -> None:
    both = of(Role.AGENT, Role.SUPERVISOR, agent_id="ann")
    check(both, "AgentService/SetPresence", OTHER)
    with pytest.raises(PermissionDenied):
        check(both, "RoutingService/AcceptOffer", OTHER)


@pytest.mark.parametrize(("agent_ids", "allowed"), [(["ann"], True), (["ann", "bob"], False), ([], False)])
def test_each_of_several_agents_has_to_be_the_own(agent_ids: list[str], allowed: bool) -> None:
    request = SimpleNamespace(agent_ids=agent_ids)
    if allowed:
        check(of(Role.AGENT, agent_id="ann"), "AgentService/Heartbeat", request)
    else:
        with pytest.raises(PermissionDenied):
            check(of(Role.AGENT, agent_id="ann"), "AgentService/Heartbeat", request)


def test_no_roles_and_unknown_calls() -> None:
    with pytest.raises(PermissionDenied):
        check(of(), "AgentService/ListAgents", None)
    with pytest.raises(PermissionDenied):
        check(of(Role.ADMIN), "AgentService/Nothing", None)


def test_commands_of_a_dispatch_are_held_to_their_calls() -> None:
    check_command(of(Role.AGENT, agent_id="ann"), "accept_offer", OWN)
    check_command(of(Role.ROUTER), "enqueue_contact", None)
    for identity, kind, request in (
        (of(Role.AGENT, agent_id="ann"), "accept_offer", OTHER),
        (of(Role.AGENT), "enqueue_contact", None),
        (of(Role.ROUTER), "apply_policy", None),
    ):
        with pytest.raises(PermissionDenied):
            check_command(identity, kind, request)
