"""A call log through an engine: what is inferred from it goes in as commands, what comes back is counted.

In one instant of the log the engine's own timers fire first (steps of plans, wrap-ups), then callers give up, services
end, agents sign on, calls arrive, agents sign off.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from acd_core.commands import (
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    SetPresence,
    Tick,
    UpsertAgents,
)
from acd_core.enums import EndCause, EventType, Presence
from acd_core.events import Event
from acd_core.limits import AGENTS_PER_COMMAND_MAX
from acd_service.engine_interface import RoutingEngine
from acd_service.replay.call_log import Call
from acd_service.replay.centre import ReplayCentre
from acd_service.replay.figures import Ledger
from acd_service.replay.patience import PatienceCurve
from acd_service.replay.presence import Shift, Staff

_CALLS_PER_STEP: Final = 1_000


class Happening(IntEnum):
    """What can happen, in the order in which it does within one instant."""

    GIVES_UP = 0
    SERVICE_ENDS = 1
    SIGNS_ON = 2
    ARRIVES = 3
    SIGNS_OFF = 4


class End(IntEnum):
    """How a call's wait ended."""

    ANSWERED = 1
    ABANDONED = 2
    REFUSED = 3
    """Its queue was full or closed."""
    ENDED_BY_PLAN = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call."""

    end: End
    waited_ns: int
    agent_id: str = ""
    """Who answered."""


class Routing:
    """One replay of a log. Run it once, then read `ledger` and `outcomes`."""

    def __init__(
        self, calls: tuple[Call, ...], staff: Staff, engine: RoutingEngine, centre: ReplayCentre, seed: int
    ) -> None:
        self.ledger = Ledger()
        self.outcomes: dict[int, Outcome] = {}
        """By the call's place in the log."""
        self._calls = calls
        self._staff = staff
        self._engine = engine
        self._centre = centre
        self._patience_ns, self._services = _draws(calls, seed)
        self._call_of = {_contact_id(index): index for index in range(len(calls))}
        self._waiting: set[int] = set()
        self._shift_of: dict[str, Shift] = {}
        self._ahead: list[tuple[int, Happening, int]] = []

    def run(self, progress: Callable[[int], None] | None) -> None:
        """Route all calls; `progress` is told from time to time how many have arrived."""
        ahead = self._ahead
        for number, shift in enumerate(self._staff.shifts):
            ahead.append((shift.began_ns, Happening.SIGNS_ON, number))
            ahead.append((shift.ended_ns, Happening.SIGNS_OFF, number))
            self.ledger.present(self._staff, shift, shift.length_ns)
        ahead.extend((call.arrived_ns, Happening.ARRIVES, index) for index, call in enumerate(self._calls))
        heapq.heapify(ahead)
        for command in self._opening():
            self._engine.apply(ahead[0][0], command)
        while ahead:
            due_ns = self._engine.next_timer()
            if due_ns is not None and due_ns <= ahead[0][0]:
                self._apply(due_ns, Tick())
                continue
            now_ns, what, number = heapq.heappop(ahead)
            if what is Happening.ARRIVES:
                self._arrive(now_ns, number)
                if progress is not None and (number + 1) % _CALLS_PER_STEP == 0:
                    progress(number + 1)
            elif what is Happening.SERVICE_ENDS:
                self._apply(now_ns, CompleteContact(_contact_id(number)))
            elif what is Happening.GIVES_UP:
                if number in self._waiting:
                    self._end_wait(number, End.ABANDONED, now_ns)
                    self._apply(now_ns, CancelContact(_contact_id(number)))
            elif what is Happening.SIGNS_ON:
                shift = self._staff.shifts[number]
                self._shift_of[shift.agent_id] = shift
                self._apply(now_ns, SetPresence(shift.agent_id, Presence.READY))
            else:
                self._apply(now_ns, SetPresence(self._staff.shifts[number].agent_id, Presence.OFFLINE))

    def _opening(self) -> Iterable[Command]:
        yield ApplyPolicy(self._centre.policy)
        agents = self._centre.agents
        for first in range(0, len(agents), AGENTS_PER_COMMAND_MAX):
            yield UpsertAgents(agents[first : first + AGENTS_PER_COMMAND_MAX])

    def _arrive(self, now_ns: int, index: int) -> None:
        call = self._calls[index]
        self.ledger.offered(call)
        self._waiting.add(index)
        self._apply(now_ns, EnqueueContact(_contact_id(index), call.queue_id, self._centre.channel_id))
        if index in self._waiting:
            heapq.heappush(self._ahead, (now_ns + self._patience_ns[index], Happening.GIVES_UP, index))

    def _apply(self, now_ns: int, command: Command) -> None:
        for event in self._engine.apply(now_ns, command).events:
            if event.type == EventType.CONTACT_ASSIGNED:
                self._start(now_ns, self._call_of[event.contact_id], event.agent_id)
            elif event.type == EventType.CONTACT_CLOSED:
                self._closed(now_ns, event)

    def _closed(self, now_ns: int, event: Event) -> None:
        index = self._call_of[event.contact_id]
        if index in self._waiting:
            refused = event.cause in (EndCause.REFUSED_FULL, EndCause.REFUSED_CLOSED)
            self._end_wait(index, End.REFUSED if refused else End.ENDED_BY_PLAN, now_ns)

    def _end_wait(self, index: int, end: End, now_ns: int, agent_id: str = "") -> None:
        self._waiting.remove(index)
        self.outcomes[index] = Outcome(end, now_ns - self._calls[index].arrived_ns, agent_id)

    def _start(self, now_ns: int, index: int, agent_id: str) -> None:
        self._end_wait(index, End.ANSWERED, now_ns, agent_id)
        busy_ns, handle_ns = self._services[index]
        self.ledger.answered(self._calls[index], now_ns, busy_ns, handle_ns)
        shift = self._shift_of[agent_id]
        # Who is still with a call when the shift ends is there until it is over.
        self.ledger.present(self._staff, shift, max(now_ns + busy_ns - shift.ended_ns, 0))
        heapq.heappush(self._ahead, (now_ns + busy_ns, Happening.SERVICE_ENDS, index))


def _contact_id(index: int) -> str:
    return f"call-{index}"


def _draws(calls: tuple[Call, ...], seed: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Each call's patience, and its service: ns until the agent is free and until the call is over.

    Who gave up has the patience that the log shows, who was answered one that is longer than its wait. Who was
    answered has the service that the log shows, who gave up that of another call of its queue, picked evenly.
    """
    curve = PatienceCurve(calls)
    everywhere: list[tuple[int, int]] = []
    in_queue: dict[str, list[tuple[int, int]]] = {}
    for call in calls:
        if call.answered:
            service = (call.released_ns - call.answered_ns, call.ended_ns - call.answered_ns)
            everywhere.append(service)
            in_queue.setdefault(call.queue_id, []).append(service)
    generator = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    patience_ns: list[int] = []
    services: list[tuple[int, int]] = []
    for call in calls:
        draw = generator.random()
        if call.answered:
            patience_ns.append(curve.longer_than(call.waited_ns, draw))
            services.append((call.released_ns - call.answered_ns, call.ended_ns - call.answered_ns))
        else:
            patience_ns.append(call.waited_ns)
            others = in_queue.get(call.queue_id) or everywhere or [(0, 0)]
            services.append(others[int(draw * len(others))])
    return patience_ns, services
