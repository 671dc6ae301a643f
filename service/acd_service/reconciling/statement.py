"""What a PBX states, checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from acd_core.checks import check_id
from acd_core.enums import Presence
from acd_core.limits import CHANNELS_MAX
from acd_core.refusal import Reason, Refused

STATED_MAX: Final = 100_000
"""Contacts and agents of one statement: as many agents as a tenant may have, and about what fits a message."""
_PRESENCES: Final = frozenset(Presence)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is live with a PBX.

    Attributes:
        contacts: who serves it, by contact; empty if nobody does.
        channels: whose contacts it names all of.
        agents: what they say of themselves.
        all_agents: nobody else is signed on with it.
        as_of_ns: when it was made; nanoseconds since the Unix epoch.
    """

    contacts: Mapping[str, str]
    channels: tuple[str, ...]
    agents: Mapping[str, Presence]
    all_agents: bool
    as_of_ns: int


def statement_of(
    contacts: Iterable[tuple[str, str]],
    channels: Iterable[str],
    agents: Iterable[tuple[str, int]],
    all_agents: bool,
    as_of_ns: int,
) -> Statement:
    """The statement that these values make.

    Raises:
        Refused: with the field's path in the request.
    """
    by_contact: dict[str, str] = {}
    for index, (contact_id, agent_id) in enumerate(contacts):
        _check_room(index, "contacts")
        check_id(contact_id, f"contacts[{index}].contact_id")
        if agent_id:
            check_id(agent_id, f"contacts[{index}].agent_id")
        if contact_id in by_contact:
            raise Refused(Reason.DUPLICATE_ENTRY, f"contacts[{index}].contact_id", f'"{contact_id}" comes twice')
        by_contact[contact_id] = agent_id
    by_agent: dict[str, Presence] = {}
    for index, (agent_id, presence) in enumerate(agents):
        _check_room(len(by_contact) + index, "agents")
        check_id(agent_id, f"agents[{index}].agent_id")
        if agent_id in by_agent:
            raise Refused(Reason.DUPLICATE_ENTRY, f"agents[{index}].agent_id", f'"{agent_id}" comes twice')
        if presence not in _PRESENCES:
            raise Refused(Reason.INVALID_VALUE, f"agents[{index}].presence", "offline, ready or away is expected")
        by_agent[agent_id] = Presence(presence)
    spoken_for = tuple(channels)
    if len(spoken_for) > CHANNELS_MAX:
        raise Refused(
            Reason.TOO_MANY, f"channels[{CHANNELS_MAX}]", f"more than the {CHANNELS_MAX} channels that there can be"
        )
    if not (by_contact or spoken_for or by_agent or all_agents):
        raise Refused(Reason.EMPTY, "", "nothing is stated: give contacts, channels, agents or all_agents")
    return Statement(by_contact, spoken_for, by_agent, all_agents, as_of_ns)


def _check_room(count: int, field: str) -> None:
    if count >= STATED_MAX:
        raise Refused(Reason.TOO_MANY, field, f"more than the {STATED_MAX} contacts and agents allowed")
