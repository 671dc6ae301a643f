"""Repairs: the commands that make the engine agree with a statement.

They go in an order in which the calls that are really being served find their agents free:

1. Offers are accepted by agents who serve their contact already.
2. Agents who are absent sign off. Agents who are to be given a contact are away meanwhile, so that nothing else is
   routed to them.
3. Contacts that are gone end; those that nobody serves go back to their queues.
4. Contacts go to the agents who serve them, as often over as that makes room for another. An agent who is in wrap-up
   and without room is done with that: it serves the next.
5. Agents are as they were, or as the PBX says.

What the engine refuses is not repaired, and told so by its reason.
"""

from collections.abc import Callable, Sequence
from typing import Final

from acd_core.commands import (
    AcceptOffer,
    CancelContact,
    Command,
    CompleteContact,
    FinishWrapUp,
    PickContact,
    SetPresence,
    Tick,
    TransferContact,
)
from acd_core.enums import ContactState, Presence
from acd_core.events import Answer
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service.engine_interface import RoutingEngine
from acd_service.reconciling.difference import (
    AgentDifference,
    AgentKind,
    ContactDifference,
    ContactKind,
    agent_difference,
    contact_difference,
)
from acd_service.reconciling.statement import Statement
from acd_service.series import Apply, Kept
from acd_service.service_error import CommandSetAside

DIFFERENCES_MAX: Final = 4_096
"""Contacts and agents that one call may repair: as many as a batch has commands, since nothing else runs meanwhile."""
ASKED_BY: Final = "reconcile"
"""Who picked a contact, and why an agent is away, as the events say."""
_ROUNDS_MAX: Final = 4
_ASSIGNED: Final = (ContactKind.SERVED, ContactKind.OTHER_AGENT)


class Repair:
    """A `Series` that repairs what differs of some contacts and agents.

    The first of its commands is a Tick with the request_id, by which the engine tells a repeated call; what the call
    came to is kept with it.

    Args:
        suspects: contacts that may differ.
        agent_suspects: agents that may differ.
        keep: what to keep of what the call came to.
    """

    def __init__(
        self,
        statement: Statement,
        request_id: str,
        suspects: Sequence[str],
        agent_suspects: Sequence[str],
        keep: Callable[["Repair"], bytes],
    ) -> None:
        self._statement = statement
        self._begin = Tick(request_id=request_id)
        self._suspects = suspects
        self._agent_suspects = agent_suspects
        self._keep = keep
        self._clear()

    def _clear(self) -> None:
        self.contacts: list[ContactDifference] = []
        self.agents: list[AgentDifference] = []
        self.first_seq = self.seq = self.at_ns = 0
        self.duplicate = False

    def __len__(self) -> int:
        return 1 + len(self._suspects) + len(self._agent_suspects)

    def response(self) -> "Repair":
        """Itself: `first_seq` and `seq` are of its first and last command, or of the first one of an earlier call."""
        return self

    def run(self, engine: RoutingEngine, apply: Apply) -> Kept | None:
        """See `Series`."""
        self._clear()
        begun = apply(self._begin)
        self.first_seq, self.at_ns, self.duplicate = begun.seq, begun.at_ns, begun.duplicate
        if begun.duplicate:
            return None
        self._look(engine)
        _Commands(engine, apply, self._statement).give(self.contacts, self.agents)
        for contact in self.contacts:
            contact.after = engine.contact(contact.contact_id)
        for agent in self.agents:
            view = engine.agent(agent.agent_id)
            agent.after = None if view is None else Presence(view.presence)
        self.seq = engine.seq
        return Kept(begun.seq, self._keep(self))

    def _look(self, engine: RoutingEngine) -> None:
        """What differs now: commands may have come since the suspects were found."""
        found = (contact_difference(engine, self._statement, contact_id) for contact_id in self._suspects)
        self.contacts = [each for each in found if each is not None]
        others = (agent_difference(engine, self._statement, agent_id) for agent_id in self._agent_suspects)
        self.agents = [each for each in others if each is not None]


class _Commands:
    """Gives the commands of one repair."""

    def __init__(self, engine: RoutingEngine, apply: Apply, statement: Statement) -> None:
        self._engine = engine
        self._apply = apply
        self._stated = statement.agents
        self._before: dict[str, SetPresence] = {}
        """What gives agents back the presence that they had, by agent."""

    def give(self, contacts: Sequence[ContactDifference], agents: Sequence[AgentDifference]) -> None:
        for contact in contacts:
            if contact.kind is ContactKind.SERVED:
                self._accept_if_offered(contact)
        for agent in agents:
            if agent.kind is AgentKind.ABSENT:
                self._set_presence(agent)
        assigned = [each for each in contacts if each.kind in _ASSIGNED and not each.repaired]
        for contact in assigned:
            self._make_away(contact.stated_agent_id)
        for contact in contacts:
            if contact.kind is ContactKind.GONE:
                self._end(contact)
            elif contact.kind is ContactKind.NOT_SERVED:
                self._send_back(contact)
        for _ in range(_ROUNDS_MAX):
            left = [each for each in assigned if not each.repaired]
            for contact in left:
                self._assign(contact)
            if all(not each.repaired for each in left):
                break
        for agent in agents:
            if agent.kind in (AgentKind.PRESENT, AgentKind.OTHER_PRESENCE):
                self._before.pop(agent.agent_id, None)
                self._set_presence(agent)
        for command in self._before.values():
            self._try(command)

    def _try(self, command: Command) -> Answer | str:
        """The answer, or why the command was not taken."""
        try:
            return self._apply(command)
        except Refused as refused:
            return refused.reason.value
        except CommandSetAside:
            return "ENGINE_FAULT"

    def _note(self, difference: ContactDifference | AgentDifference, outcome: Answer | str) -> None:
        difference.repaired = not isinstance(outcome, str)
        difference.refusal = outcome if isinstance(outcome, str) else ""

    def _view(self, difference: ContactDifference) -> ContactView | None:
        return self._engine.contact(difference.contact_id)

    def _set_presence(self, agent: AgentDifference) -> None:
        reason = ASKED_BY if agent.stated == Presence.AWAY else ""
        self._note(agent, self._try(SetPresence(agent.agent_id, agent.stated, reason)))

    def _make_away(self, agent_id: str) -> None:
        """Have an agent who is to be given contacts get no others meanwhile."""
        view = self._engine.agent(agent_id)
        if agent_id in self._before or view is None or view.leaving or view.presence == Presence.AWAY:
            return
        if view.presence == Presence.OFFLINE:
            if self._stated.get(agent_id, Presence.OFFLINE) != Presence.OFFLINE:
                self._try(SetPresence(agent_id, Presence.AWAY, ASKED_BY))
            return
        self._before[agent_id] = SetPresence(agent_id, view.presence, "", view.lease_ms)
        self._try(SetPresence(agent_id, Presence.AWAY, ASKED_BY, view.lease_ms))

    def _accept_if_offered(self, contact: ContactDifference) -> None:
        view = self._view(contact)
        if view is not None and view.state == ContactState.OFFERED and view.agent_id == contact.stated_agent_id:
            self._note(contact, self._try(AcceptOffer(view.contact_id, view.agent_id, view.offer_id)))

    def _end(self, contact: ContactDifference) -> None:
        view = self._view(contact)
        if view is None or view.state == ContactState.WRAP_UP:
            # With another one that went before: a consultation ends with the contact that it is about.
            contact.repaired = True
        elif view.state == ContactState.ACTIVE:
            self._note(contact, self._try(CompleteContact(view.contact_id, view.agent_id)))
        else:
            self._note(contact, self._try(CancelContact(view.contact_id, abandoned=False)))

    def _send_back(self, contact: ContactDifference) -> None:
        view = self._view(contact)
        if view is not None and view.state == ContactState.ACTIVE:
            command = TransferContact(view.contact_id, view.agent_id, queue_id=view.queue_id)
            self._note(contact, self._try(command))

    def _assign(self, contact: ContactDifference) -> None:
        view = self._view(contact)
        if view is None:
            return
        agent_id = contact.stated_agent_id
        command: Command
        if view.state == ContactState.ACTIVE:
            command = TransferContact(view.contact_id, view.agent_id, to_agent_id=agent_id)
        else:
            command = PickContact(view.contact_id, agent_id, ASKED_BY)
        outcome = self._try(command)
        if outcome == Reason.AGENT_HAS_NO_ROOM and not isinstance(self._try(FinishWrapUp(agent_id)), str):
            outcome = self._try(command)
        if not isinstance(outcome, str) and outcome.contact_state == ContactState.OFFERED:
            outcome = self._try(AcceptOffer(contact.contact_id, agent_id, outcome.offer_id))
        self._note(contact, outcome)
