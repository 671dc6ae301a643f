"""The start state of a workload as rows, for a database to load in bulk."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from acd_core.commands import ApplyPolicy, Command, EnqueueContact, SetPresence, UpsertAgents
from acd_core.enums import EventType, Presence
from acd_core.events import Event
from bench.peers.calls import Catalogue, number_of, time_ms


class AgentRow(NamedTuple):
    agent: int
    profile: int
    is_ready: bool
    idle_ms: int
    contact: int | None
    """What it has, offered or accepted."""


class ContactRow(NamedTuple):
    contact: int
    requirement: int
    priority: int
    state: str
    """`waiting`, `offered` or `active`: nobody has hung up or been served yet."""
    agent: int | None
    offer: int | None


class StartState:
    """Built by following what an engine makes of the commands. Of `small`, `profiles` and those like them.

    Attributes:
        offers: how many were made so far; the next one's id is one more.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.offers = 0
        self._catalogue = catalogue
        self._agents: dict[int, dict[str, Any]] = {}
        self._contacts: dict[int, dict[str, Any]] = {}

    def follow(self, at_ns: int, command: Command, events: Iterable[Event]) -> None:
        """Take in a command and what came of it."""
        match command:
            case UpsertAgents():
                for agent in command.agents:
                    profile = self._catalogue.profile(agent)
                    known: dict[str, Any] = {"profile": profile, "is_ready": False, "idle_ms": 0, "contact": None}
                    self._agents[number_of(agent.agent_id)] = known
            case SetPresence():
                assert command.presence == Presence.READY
                self._agents[number_of(command.agent_id)] |= {"is_ready": True, "idle_ms": time_ms(at_ns)}
            case EnqueueContact():
                requirement = self._catalogue.requirement(command.requirement)
                row: dict[str, Any] = {"requirement": requirement, "priority": command.priority}
                row |= {"state": "waiting", "agent": None, "offer": None}
                self._contacts[number_of(command.contact_id)] = row
            case ApplyPolicy():
                pass
        for event in events:
            self._learn(event)

    def _learn(self, event: Event) -> None:
        match event.type:
            case EventType.OFFER_MADE:
                self.offers = event.offer_id
                contact, agent = number_of(event.contact_id), number_of(event.agent_id)
                self._contacts[contact] |= {"state": "offered", "agent": agent, "offer": event.offer_id}
                self._agents[agent]["contact"] = contact
            case EventType.OFFER_ACCEPTED:
                self._contacts[number_of(event.contact_id)]["state"] = "active"
            case EventType.CONTACT_ENQUEUED | EventType.PRESENCE_CHANGED | EventType.POLICY_APPLIED:
                pass
            case _ if event.contact_id:
                raise AssertionError(f"{event!r} is not followed")

    def agents(self) -> list[AgentRow]:
        """In order of creation."""
        return [AgentRow(number, **row) for number, row in self._agents.items()]

    def contacts(self) -> list[ContactRow]:
        """In order of arrival."""
        return [ContactRow(number, **row) for number, row in self._contacts.items()]
