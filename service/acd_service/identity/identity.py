"""Who a caller is: a name, a tenant, roles."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Final

from acd_core.checks import check_id
from acd_core.refusal import Reason, Refused


class Role(StrEnum):
    """What somebody does here. What each may call is in `permissions`."""

    ROUTER = "router"
    """A PBX or a chat gateway: brings contacts, reports what becomes of them."""
    AGENT = "agent"
    """An agent's desktop; acts for one agent only if its identity is bound to one."""
    SUBSCRIBER = "subscriber"
    """A CRM or a reporting system: reads events and figures."""
    SUPERVISOR = "supervisor"
    """Watches queues and agents, and steps in."""
    OPERATOR = "operator"
    """Keeps the policy, the roster and the directory of customers."""
    ADMIN = "admin"
    """May do everything within its tenant."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a caller is, as its credential says; nothing of it comes from a message.

    Raises:
        Refused: a text that is empty, too long or has control characters, with the field.
    """

    name: str
    """Recorded with each command as `asked_by`."""
    tenant: str
    roles: frozenset[Role]
    agent_id: str = ""
    """The only agent that the role `agent` lets it act for; empty if it is bound to none."""
    expires_at_s: float = inf
    """Seconds since the Unix epoch; from then on it is nobody."""
    key_id: str = field(default="", compare=False)
    """The API key that it came with, if it came with one."""

    def __post_init__(self) -> None:
        check_id(self.name, "name")
        check_id(self.tenant, "tenant")
        if self.agent_id:
            check_id(self.agent_id, "agent_id")


def roles_of(names: object, field_name: str = "roles") -> frozenset[Role]:
    """Roles from their names.

    Raises:
        Refused: EMPTY if there are none, INVALID_VALUE for a name that is no role.
    """
    if not isinstance(names, list | tuple) or not names:
        raise Refused(Reason.EMPTY, field_name, "a list of at least one role is expected")
    unknown = [str(name) for name in names if not isinstance(name, str) or name not in set(Role)]
    if unknown:
        raise Refused(Reason.INVALID_VALUE, field_name, f'"{unknown[0]}" is no role; there are {", ".join(Role)}')
    return frozenset(Role(name) for name in names)


caller: Final[ContextVar[Identity]] = ContextVar("caller")
"""Whose call is being served; each call runs in a context of its own."""
