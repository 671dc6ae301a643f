"""Days of a published multi-skill model, routed by the engine: three kinds of calls, two groups of agents.

The model is SimpleMSK of the ContactCenters library (umontreal-simul/contactcenters, doc/examples): arrivals by period,
all of a day times one gamma draw (its busyness); exponential service and patience at the rates of the period of
arrival; staffing by period. Where a period has fewer agents than the one before, idle ones leave at once, and as long
as there are too many whoever ends a contact leaves. After the last period nobody arrives and its staffing stays until
nobody is left.

Kind 0 goes to group 0, kind 2 to group 1, kind 1 to group 0 or, if nobody is free there, to group 1; who becomes free
takes the longest waiting. Who serves whom is the engine's decision alone.
"""

import heapq
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from acd_core.commands import (
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    SetPresence,
    UpsertAgents,
)
from acd_core.enums import EventType, Membership, Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec, QueueMembership
from acd_service.engine_interface import RoutingEngine

MINUTE_NS: Final = 60_000_000_000
IN_TIME_NS: Final = 20_000_000_000
"""Waits shorter than this count as in time."""
_BETWEEN_DAYS_NS: Final = 1_000_000_000

GROUPS_OF_KIND: Final = ((0,), (0, 1), (1,))
"""The groups that serve each kind, first choice first."""


@dataclass(frozen=True, slots=True)
class Model:
    """The parameters. Times are in minutes; lists within lists have an entry for each period."""

    period_lengths: tuple[float, ...]
    arrival_rates: tuple[tuple[float, ...], ...]
    service_rates: tuple[float, ...]
    patience_rates: tuple[float, ...]
    staffing: tuple[tuple[int, ...], ...]
    busyness_shape: float
    """Of the gamma law with mean 1; 0 for days that are all alike."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], busyness_shape: float) -> "Model":
        """The model as `simple_msk.json` has it; its busyness is there in words only."""
        return cls(
            period_lengths=tuple(raw["periods_minutes"]),
            arrival_rates=tuple(tuple(raw["arrival_rate"][f"type{k}"]) for k in range(len(GROUPS_OF_KIND))),
            service_rates=tuple(raw["service_rate_by_arrival_period"]),
            patience_rates=tuple(raw["patience_rate_by_arrival_period"]),
            staffing=tuple(tuple(raw["agents"][name]) for name in sorted(raw["agents"])),
            busyness_shape=busyness_shape,
        )


@dataclass(slots=True)
class DayTally:
    """What one day came to. Times in ns."""

    served: int = 0
    abandoned: int = 0
    served_in_time: int = 0
    abandoned_late: int = 0
    busy_ns: list[int] = field(default_factory=list)
    """Of each group, with contacts; what goes on after the last period included."""
    present_ns: list[int] = field(default_factory=list)
    """Of each group, until the day's end; those who stay only to finish a contact are present."""


class _Next(IntEnum):
    """What can happen, in the order in which it does within one instant."""

    SERVICE_ENDS = 0
    GIVES_UP = 1
    STAFFING = 2
    ARRIVES = 3


class MskCentre:
    """The model's centre in an engine, day after day; an agent of one day is the same agent on the next."""

    def __init__(self, model: Model, engine: RoutingEngine, seed: int) -> None:
        self._model = model
        self._engine = engine
        self._random = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._now_ns = MINUTE_NS
        self._contacts = 0
        self._agents = [[f"g{g}-{i:02}" for i in range(max(row))] for g, row in enumerate(model.staffing)]
        self._group_of = {agent_id: g for g, row in enumerate(self._agents) for agent_id in row}
        queues = tuple(
            QueueSpec(f"kind{kind}", membership=Membership.LISTED, auto_accept=True)
            for kind in range(len(GROUPS_OF_KIND))
        )
        engine.apply(self._now_ns, ApplyPolicy(Policy(queues=queues)))
        memberships = [
            tuple(
                QueueMembership(f"kind{k}", groups.index(g)) for k, groups in enumerate(GROUPS_OF_KIND) if g in groups
            )
            for g in range(len(self._agents))
        ]
        specs = [AgentSpec(agent_id, memberships=memberships[g]) for agent_id, g in self._group_of.items()]
        engine.apply(self._now_ns, UpsertAgents(tuple(specs)))

    def day(self) -> DayTally:
        """Run one day to its end."""
        groups = range(len(self._agents))
        self._tally = DayTally(busy_ns=[0 for _ in groups], present_ns=[0 for _ in groups])
        self._present: list[dict[str, int]] = [{} for _ in groups]
        self._wanted = [0 for _ in groups]
        self._waiting: dict[str, int] = {}
        self._served_by: dict[str, str] = {}
        self._busy: set[str] = set()
        self._period_of: dict[str, int] = {}
        self._ahead: list[tuple[int, int, int, str]] = []
        began_ns = self._now_ns + _BETWEEN_DAYS_NS
        self._plan_day(began_ns)
        while self._ahead:
            due_ns, what, number, contact_id = heapq.heappop(self._ahead)
            if what == _Next.GIVES_UP and contact_id not in self._waiting:
                continue  # it was served; the day does not last until it would have given up
            self._now_ns = due_ns
            if what == _Next.SERVICE_ENDS:
                self._end_service(contact_id)
            elif what == _Next.GIVES_UP:
                self._give_up(contact_id)
            elif what == _Next.STAFFING:
                self._staff(number)
            else:
                self._arrive(contact_id, number)
        for group in groups:
            for agent_id in list(self._present[group]):
                self._leave(group, agent_id)
        return self._tally

    def _plan_day(self, began_ns: int) -> None:
        shape = self._model.busyness_shape
        busyness = self._random.gammavariate(shape, 1 / shape) if shape else 1.0
        at = 0.0
        for period, length in enumerate(self._model.period_lengths):
            self._push(began_ns, at, _Next.STAFFING, period, "")
            for kind, rates in enumerate(self._model.arrival_rates):
                rate = rates[period] * busyness
                arrival = self._random.expovariate(rate)
                while arrival < length:
                    contact_id = f"c{self._contacts}"
                    self._contacts += 1
                    self._period_of[contact_id] = period
                    self._push(began_ns, at + arrival, _Next.ARRIVES, kind, contact_id)
                    arrival += self._random.expovariate(rate)
            at += length

    def _push(self, from_ns: int, minutes: float, what: _Next, number: int, contact_id: str) -> None:
        heapq.heappush(self._ahead, (from_ns + round(minutes * MINUTE_NS), int(what), number, contact_id))

    def _staff(self, period: int) -> None:
        for group, present in enumerate(self._present):
            self._wanted[group] = wanted = self._model.staffing[group][period]
            for agent_id in self._agents[group]:
                if len(present) < wanted and agent_id not in present:
                    present[agent_id] = self._now_ns
                    self._apply(SetPresence(agent_id, Presence.READY))
                elif len(present) > wanted and agent_id in present and agent_id not in self._busy:
                    self._leave(group, agent_id)

    def _leave(self, group: int, agent_id: str) -> None:
        self._tally.present_ns[group] += self._now_ns - self._present[group].pop(agent_id)
        self._apply(SetPresence(agent_id, Presence.OFFLINE))

    def _arrive(self, contact_id: str, kind: int) -> None:
        self._waiting[contact_id] = self._now_ns
        self._apply(EnqueueContact(contact_id, f"kind{kind}"))
        if contact_id in self._waiting:
            patience = self._random.expovariate(self._model.patience_rates[self._period_of[contact_id]])
            self._push(self._now_ns, patience, _Next.GIVES_UP, 0, contact_id)

    def _give_up(self, contact_id: str) -> None:
        arrived_ns = self._waiting.pop(contact_id)
        self._apply(CancelContact(contact_id))
        self._tally.abandoned += 1
        self._tally.abandoned_late += self._now_ns - arrived_ns >= IN_TIME_NS

    def _end_service(self, contact_id: str) -> None:
        agent_id = self._served_by.pop(contact_id)
        group = self._group_of[agent_id]
        self._busy.discard(agent_id)
        if len(self._present[group]) > self._wanted[group]:
            self._leave(group, agent_id)
        self._apply(CompleteContact(contact_id))

    def _apply(self, command: Command) -> None:
        for event in self._engine.apply(self._now_ns, command).events:
            if event.type == EventType.CONTACT_ASSIGNED:
                self._start(event.contact_id, event.agent_id)

    def _start(self, contact_id: str, agent_id: str) -> None:
        wait_ns = self._now_ns - self._waiting.pop(contact_id)
        self._served_by[contact_id] = agent_id
        self._busy.add(agent_id)
        service_ns = round(self._random.expovariate(self._model.service_rates[self._period_of[contact_id]]) * MINUTE_NS)
        self._tally.served += 1
        self._tally.served_in_time += wait_ns < IN_TIME_NS
        self._tally.busy_ns[self._group_of[agent_id]] += service_ns
        heapq.heappush(self._ahead, (self._now_ns + service_ns, int(_Next.SERVICE_ENDS), 0, contact_id))
