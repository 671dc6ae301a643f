"""How the engine and a statement differ, contact by contact and agent by agent. Looking changes nothing."""

from dataclasses import dataclass
from enum import IntEnum

from acd_core.enums import ContactState, Presence
from acd_core.views import AgentView, ContactView
from acd_service.engine_interface import RoutingEngine
from acd_service.reconciling.statement import Statement


class ContactKind(IntEnum):
    """How a contact differs; numbered as on the wire."""

    GONE = 1
    UNKNOWN = 2
    OTHER_AGENT = 3
    SERVED = 4
    NOT_SERVED = 5
    OVER = 6


class AgentKind(IntEnum):
    """How an agent differs; numbered as on the wire."""

    UNKNOWN = 1
    ABSENT = 2
    PRESENT = 3
    OTHER_PRESENCE = 4


@dataclass(slots=True)
class ContactDifference:
    """A contact that differs, and what became of it.

    Attributes:
        stated_agent_id: who serves it with the PBX; empty if nobody does.
        refusal: why it was not repaired, if that was tried.
        after: how it stands in the end; None if it is not live here.
    """

    contact_id: str
    kind: ContactKind
    stated_agent_id: str = ""
    repaired: bool = False
    refusal: str = ""
    after: ContactView | None = None


@dataclass(slots=True)
class AgentDifference:
    """An agent that differs, and what became of it.

    Attributes:
        stated: what it says of itself with the PBX.
        refusal: why it was not repaired, if that was tried.
        after: what it says of itself here in the end; None if it is unknown here.
    """

    agent_id: str
    kind: AgentKind
    stated: Presence = Presence.OFFLINE
    repaired: bool = False
    refusal: str = ""
    after: Presence | None = None


def contact_difference(engine: RoutingEngine, statement: Statement, contact_id: str) -> ContactDifference | None:
    """How a contact that one of the two knows differs; None if it does not, or has changed since the statement."""
    view = engine.contact(contact_id)
    stated = statement.contacts.get(contact_id)
    if view is None:
        return None if stated is None else ContactDifference(contact_id, ContactKind.UNKNOWN, stated)
    if view.state_since_ns > statement.as_of_ns:
        return None
    kind = _gone(view, statement) if stated is None else _otherwise(view, stated)
    return None if kind is None else ContactDifference(contact_id, kind, stated or "", after=view)


def agent_difference(engine: RoutingEngine, statement: Statement, agent_id: str) -> AgentDifference | None:
    """How an agent that one of the two knows differs; None if it does not."""
    view = engine.agent(agent_id)
    stated = statement.agents.get(agent_id)
    if view is None or view.leaving:
        is_there = stated is not None and stated != Presence.OFFLINE
        return AgentDifference(agent_id, AgentKind.UNKNOWN, stated or Presence.OFFLINE) if is_there else None
    here = Presence(view.presence)
    if stated is None and not statement.all_agents:
        return None
    there = Presence.OFFLINE if stated is None else stated
    if here == there:
        return None
    if there == Presence.OFFLINE:
        kind = AgentKind.ABSENT
    else:
        kind = AgentKind.PRESENT if here == Presence.OFFLINE else AgentKind.OTHER_PRESENCE
    return AgentDifference(agent_id, kind, there, after=here)


def may_be_gone(view: ContactView, statement: Statement) -> bool:
    """Whether a contact looks as if it had ended with the PBX."""
    is_new = view.state_since_ns > statement.as_of_ns or view.contact_id in statement.contacts
    return not is_new and _gone(view, statement) is not None


def may_be_absent(view: AgentView, statement: Statement) -> bool:
    """Whether an agent looks as if it had signed off with the PBX."""
    return (
        statement.all_agents
        and view.presence != Presence.OFFLINE
        and not view.leaving
        and view.spec.agent_id not in statement.agents
    )


def _gone(view: ContactView, statement: Statement) -> ContactKind | None:
    if view.channel_id not in statement.channels or view.state == ContactState.WRAP_UP:
        return None
    # A callback has no line before an agent dials.
    if view.callback_address and view.state != ContactState.ACTIVE:
        return None
    return ContactKind.GONE


def _otherwise(view: ContactView, stated_agent_id: str) -> ContactKind | None:
    """How a contact that both know differs."""
    if view.state == ContactState.WRAP_UP:
        return ContactKind.OVER
    if view.state == ContactState.ACTIVE:
        if view.agent_id == stated_agent_id:
            return None
        return ContactKind.OTHER_AGENT if stated_agent_id else ContactKind.NOT_SERVED
    if not stated_agent_id:
        return None
    is_offered_elsewhere = view.state == ContactState.OFFERED and view.agent_id != stated_agent_id
    return ContactKind.OTHER_AGENT if is_offered_elsewhere else ContactKind.SERVED
