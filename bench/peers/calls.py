"""The commands of a workload as a router on a database takes them, and who they are about.

Contacts, agents, skill profiles and requirements are whole numbers there, times milliseconds since the workload's
start. Which profile meets which requirement is worked out ahead: an application would do so whenever it meets a new
one, and here that costs the peers nothing.

Told apart are only the commands that `small`, `profiles` and workloads like them are made of: one channel that takes an
agent whole, open queues, the longest idle agent.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from acd_core.commands import (
    AcceptOffer,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    UpsertAgents,
)
from acd_core.enums import EventType, Presence
from acd_core.events import Event
from acd_core.requirement import parse
from acd_core.roster import AgentSpec
from bench.workload import EPOCH_NS, NS_PER_MS

Offer = tuple[int, int, int]
"""Contact, agent, offer id."""


class Call(NamedTuple):
    """One command: its name among the routers' functions, and what goes with it, the time first."""

    name: str
    values: tuple[int, ...]


class NotForPeers(ValueError):
    """A command that the routers on databases have no answer to."""


def number_of(name: str) -> int:
    """Of `contact17` or `agent17`: 17. The workload numbers both in order of creation."""
    return int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))


def time_ms(at_ns: int) -> int:
    """Since the workload's start; its times are whole milliseconds."""
    assert at_ns % NS_PER_MS == 0
    return (at_ns - EPOCH_NS) // NS_PER_MS


def offers_in(events: Iterable[Event]) -> list[Offer]:
    """What was decided."""
    return [
        (number_of(event.contact_id), number_of(event.agent_id), event.offer_id)
        for event in events
        if event.type == EventType.OFFER_MADE
    ]


class Catalogue:
    """Skill profiles and requirements by number, as they turn up."""

    def __init__(self) -> None:
        self._profiles: dict[tuple[tuple[str, int], ...], int] = {}
        self._requirements: dict[str, int] = {}

    def profile(self, agent: AgentSpec) -> int:
        """The number of the agent's skills."""
        skills = tuple(sorted((each.skill, each.level) for each in agent.skills))
        return self._profiles.setdefault(skills, len(self._profiles))

    def requirement(self, text: str) -> int:
        """The number of what a contact asks for."""
        return self._requirements.setdefault(text, len(self._requirements))

    def pairs(self) -> list[tuple[int, int]]:
        """Every profile with every requirement that it meets."""
        nodes = [(number, parse(text) if text else None) for text, number in self._requirements.items()]
        return [
            (profile, requirement)
            for skills, profile in self._profiles.items()
            for requirement, node in nodes
            if node is None or node.met_by(dict(skills))
        ]

    def calls(self, at_ns: int, command: Command) -> list[Call]:
        """A command as calls; more than one only where it replaces several agents.

        Raises:
            NotForPeers: it is of another kind, or asks for what the routers on databases cannot do.
        """
        at_ms = time_ms(at_ns)
        match command:
            case EnqueueContact() if command.preferred_agents or command.credit_ms:
                raise NotForPeers(f"{command!r}: preferred agents and credit")
            case EnqueueContact():
                requirement = self.requirement(command.requirement)
                return [Call("arrive", (at_ms, number_of(command.contact_id), requirement, command.priority))]
            case AcceptOffer():
                who = number_of(command.contact_id), number_of(command.agent_id)
                return [Call("accept", (at_ms, *who, command.offer_id))]
            case CancelContact():
                return [Call("cancel", (at_ms, number_of(command.contact_id)))]
            case CompleteContact():
                return [Call("complete", (at_ms, number_of(command.contact_id)))]
            case FinishWrapUp():
                return [Call("finish", (at_ms, number_of(command.contact_id), number_of(command.agent_id)))]
            case SetPresence():
                ready = int(command.presence == Presence.READY)
                return [Call("presence", (at_ms, number_of(command.agent_id), ready))]
            case UpsertAgents():
                return [
                    Call("reskill", (at_ms, number_of(each.agent_id), self.profile(each))) for each in command.agents
                ]
        raise NotForPeers(f"{command!r}: not a command of these workloads")

    def all_calls(self, commands: Sequence[tuple[int, Command]]) -> list[Call]:
        """The calls of many commands."""
        return [call for at_ns, command in commands for call in self.calls(at_ns, command)]
