"""What each role may call: the one table, held to `docs/security.md` and to the services by tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from acd_service.identity.identity import Identity, Role
from acd_service.service_error import PermissionDenied

_ROUTER, _AGENT, _SUBSCRIBER = Role.ROUTER, Role.AGENT, Role.SUBSCRIBER
_SUPERVISOR, _OPERATOR, _ADMIN = Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may make a call.

    Attributes:
        roles: any one of these is enough.
        agent_field: the field of the request that names the agent (or agents) for whom the call acts. An identity that
            has nothing but the role `agent` to show, and is bound to an agent, may name no other.
    """

    roles: frozenset[Role]
    agent_field: str = ""


def _rule(*roles: Role, agent_field: str = "") -> Rule:
    return Rule(frozenset({*roles, _ADMIN}), agent_field)


_OWN: Final = "agent_id"
_HOSTING: Final = Rule(frozenset({Role.HOST}))
"""What concerns other tenants: not even for whoever may do everything within one."""

CALLS: Final[Mapping[str, Rule]] = {
    "RoutingService/EnqueueContact": _rule(_ROUTER),
    "RoutingService/RouteContact": _rule(_ROUTER),
    "RoutingService/UpdateContact": _rule(_ROUTER, _SUPERVISOR),
    "RoutingService/CancelContact": _rule(_ROUTER, _SUPERVISOR),
    "RoutingService/TransferContact": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "RoutingService/PickContact": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "RoutingService/CompleteContact": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "RoutingService/RequestCallback": _rule(_ROUTER),
    "RoutingService/AcceptOffer": _rule(_ROUTER, _AGENT, agent_field=_OWN),
    "RoutingService/DeclineOffer": _rule(_ROUTER, _AGENT, agent_field=_OWN),
    "RoutingService/GetContact": _rule(_ROUTER, _SUPERVISOR),
    "RoutingService/ListContacts": _rule(_ROUTER, _SUPERVISOR),
    # Whoever may send any command; each command is held to the rule of its own call.
    "RoutingService/Dispatch": _rule(_ROUTER, _SUPERVISOR, _AGENT, _OPERATOR),
    "AgentService/UpsertAgents": _rule(_OPERATOR),
    "AgentService/RemoveAgents": _rule(_OPERATOR),
    "AgentService/SetPresence": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "AgentService/Heartbeat": _rule(_ROUTER, _AGENT, agent_field="agent_ids"),
    "AgentService/FinishWrapUp": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "AgentService/GetAgent": _rule(_ROUTER, _SUPERVISOR, _OPERATOR, _AGENT, agent_field=_OWN),
    "AgentService/ListAgents": _rule(_ROUTER, _SUPERVISOR, _OPERATOR),
    "AgentService/WatchAgent": _rule(_ROUTER, _SUPERVISOR, _AGENT, agent_field=_OWN),
    "CustomerService/UpsertCustomers": _rule(_OPERATOR),
    "CustomerService/RemoveCustomers": _rule(_OPERATOR),
    "CustomerService/EraseCustomer": _rule(_OPERATOR),
    "CustomerService/LookUpCustomer": _rule(_ROUTER, _SUPERVISOR, _OPERATOR),
    "CustomerService/ListCustomers": _rule(_OPERATOR),
    "PolicyService/ApplyPolicy": _rule(_OPERATOR),
    "PolicyService/GetPolicy": _rule(_SUPERVISOR, _OPERATOR),
    "PolicyService/ListPolicyVersions": _rule(_SUPERVISOR, _OPERATOR),
    "EventService/Subscribe": _rule(_SUBSCRIBER, _SUPERVISOR),
    "InsightService/GetQueueStats": _rule(_SUBSCRIBER, _SUPERVISOR, _OPERATOR),
    "InsightService/WatchStats": _rule(_SUBSCRIBER, _SUPERVISOR, _OPERATOR),
    "InsightService/EstimateWait": _rule(_ROUTER, _SUPERVISOR, _OPERATOR),
    "InsightService/Explain": _rule(_SUPERVISOR, _OPERATOR),
    "AdminService/GetStatus": _rule(_SUBSCRIBER, _SUPERVISOR, _OPERATOR),
    "AdminService/TakeSnapshot": _rule(),
    "AdminService/Reconcile": _rule(_ROUTER),
    "TenantService/CreateTenant": _HOSTING,
    "TenantService/ListTenants": _HOSTING,
    "TenantService/SuspendTenant": _HOSTING,
    "TenantService/ResumeTenant": _HOSTING,
    "TenantService/RemoveTenant": _HOSTING,
    "TenantService/ExportTenant": _HOSTING,
    "TenantService/ImportTenant": _HOSTING,
}
"""By `Service/Call` of `acd.v1`. A call that is not here may be made by nobody."""

CALL_OF_COMMAND: Final[Mapping[str, str]] = {
    "enqueue_contact": "RoutingService/EnqueueContact",
    "update_contact": "RoutingService/UpdateContact",
    "cancel_contact": "RoutingService/CancelContact",
    "accept_offer": "RoutingService/AcceptOffer",
    "decline_offer": "RoutingService/DeclineOffer",
    "complete_contact": "RoutingService/CompleteContact",
    "transfer_contact": "RoutingService/TransferContact",
    "pick_contact": "RoutingService/PickContact",
    "request_callback": "RoutingService/RequestCallback",
    "finish_wrap_up": "AgentService/FinishWrapUp",
    "set_presence": "AgentService/SetPresence",
    "heartbeat": "AgentService/Heartbeat",
    "upsert_agents": "AgentService/UpsertAgents",
    "remove_agents": "AgentService/RemoveAgents",
    "apply_policy": "PolicyService/ApplyPolicy",
    "upsert_customers": "CustomerService/UpsertCustomers",
    "remove_customers": "CustomerService/RemoveCustomers",
}
"""The call whose rule a command of a Dispatch is held to, by the command's field in `acd.v1.Command`."""


def check(identity: Identity, call: str, request: Any) -> None:
    """Refuse a call that the identity may not make, before anything is looked at that could tell what there is.

    Args:
        call: `Service/Call`.
        request: its message; of a call that streams requests, anything.

    Raises:
        PermissionDenied: none of its roles may make the call, or not for the agent that the request names.
    """
    agent_field = grants_of(identity).get(call)
    if agent_field is None:
        raise PermissionDenied(f"{call} is not for {' and '.join(sorted(identity.roles))}")
    if agent_field and not _names_only(getattr(request, agent_field), identity.agent_id):
        raise PermissionDenied(f"{call} is for your own agent only")


def is_granted(identity: Identity, call: str) -> bool:
    """Whether the identity may make a call whatever its request says."""
    return grants_of(identity).get(call) == ""


def check_command(identity: Identity, kind: str, request: Any) -> None:
    """As `check`, for one command of a Dispatch.

    Args:
        kind: the command's field in `acd.v1.Command`.
        request: the message in that field.

    Raises:
        PermissionDenied: as for the call of the same name. A command that callers do not give passes: the codec
            refuses it.
    """
    call = CALL_OF_COMMAND.get(kind)
    if call is not None:
        check(identity, call, request)


def grants_of(identity: Identity) -> Mapping[str, str]:
    """What an identity may call, each with the field that has to name its own agent; empty if none has to."""
    return _grants(identity.roles, bool(identity.agent_id))


@lru_cache(maxsize=512)
def _grants(roles: frozenset[Role], is_bound: bool) -> Mapping[str, str]:
    """There are at most 256 different arguments."""
    granted: dict[str, str] = {}
    for call, rule in CALLS.items():
        if roles & (rule.roles - {_AGENT}):
            granted[call] = ""
        elif _AGENT in roles & rule.roles:
            granted[call] = rule.agent_field if is_bound else ""
    return granted


def _names_only(named: Any, agent_id: str) -> bool:
    if isinstance(named, str):
        return named == agent_id
    return len(named) > 0 and all(name == agent_id for name in named)
