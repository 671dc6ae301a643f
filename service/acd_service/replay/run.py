"""A call log from beginning to end: what is inferred from it goes to an engine as commands, what comes back is counted.

In one instant of the log, callers give up first, then services end, agents sign on, calls arrive, agents sign off.
"""

import heapq
import random
import time
from collections.abc import Callable, Iterator
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
from acd_core.limits import AGENTS_PER_COMMAND_MAX
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec, QueueMembership
from acd_service.engine_interface import RoutingEngine
from acd_service.replay.call_log import Call, CallLog
from acd_service.replay.figures import Ledger, log_ledger
from acd_service.replay.idleness import share_beside_idle_agents
from acd_service.replay.patience import PatienceCurve
from acd_service.replay.presence import Shift, Staff, infer_staff

_CALLS_PER_STEP: Final = 1_000


class Happening(IntEnum):
    """What can happen, in the order in which it does within one instant."""

    GIVES_UP = 0
    SERVICE_ENDS = 1
    SIGNS_ON = 2
    ARRIVES = 3
    SIGNS_OFF = 4


def replay(
    log: CallLog,
    engine: RoutingEngine,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """The log's figures beside those of routing it again, laid out as `acd replay --json` prints them.

    Args:
        log: the calls.
        engine: a new engine; it decides who serves whom.
        seed: of what the log cannot tell: the patience of those who were answered, the service of those who gave up.
        progress: told from time to time how many calls have arrived.

    Raises:
        Refused: the log is beyond a bound of the engine.
    """
    staff = infer_staff(log.calls)
    began_s = time.perf_counter()
    routed = _Replay(log.calls, staff, engine, seed).run(progress)
    took_s = time.perf_counter() - began_s
    happened = log_ledger(log.calls, staff)
    return {
        "log": happened.whole.figures(),
        "replay": routed.whole.figures(),
        "by_queue": {
            queue_id: {"log": happened.by_queue[queue_id].figures(), "replay": routed.by_queue[queue_id].figures()}
            for queue_id in sorted(happened.by_queue)
        },
        "by_day": {
            day.isoformat(): {"log": happened.by_day[day].figures(), "replay": routed.by_day[day].figures()}
            for day in sorted(happened.by_day)
        },
        "log_waits_beside_idle_agents": share_beside_idle_agents(log.calls, staff),
        "agents": len(staff.queues_of),
        "notes": list(log.notes),
        "commands_per_second": engine.seq / took_s,
        "seed": seed,
        "digest": engine.state_digest(),
        "event_hash": f"{engine.event_hash:016x}",
    }


class _Replay:
    def __init__(self, calls: tuple[Call, ...], staff: Staff, engine: RoutingEngine, seed: int) -> None:
        self._calls = calls
        self._staff = staff
        self._engine = engine
        self._ledger = Ledger()
        self._patience_ns, self._services = _draws(calls, seed)
        self._call_of = {_contact_id(index): index for index in range(len(calls))}
        self._waiting: set[int] = set()
        self._shift_of: dict[str, Shift] = {}
        self._ahead: list[tuple[int, Happening, int]] = []

    def run(self, progress: Callable[[int], None] | None) -> Ledger:
        ahead = self._ahead
        for number, shift in enumerate(self._staff.shifts):
            ahead.append((shift.began_ns, Happening.SIGNS_ON, number))
            ahead.append((shift.ended_ns, Happening.SIGNS_OFF, number))
            self._ledger.present(self._staff, shift, shift.length_ns)
        ahead.extend((call.arrived_ns, Happening.ARRIVES, index) for index, call in enumerate(self._calls))
        heapq.heapify(ahead)
        for command in self._opening():
            self._engine.apply(ahead[0][0], command)
        while ahead:
            now_ns, what, number = heapq.heappop(ahead)
            if what is Happening.ARRIVES:
                self._arrive(now_ns, number)
                if progress is not None and (number + 1) % _CALLS_PER_STEP == 0:
                    progress(number + 1)
            elif what is Happening.SERVICE_ENDS:
                self._apply(now_ns, CompleteContact(_contact_id(number)))
            elif what is Happening.GIVES_UP:
                if number in self._waiting:
                    self._waiting.discard(number)
                    self._apply(now_ns, CancelContact(_contact_id(number)))
            elif what is Happening.SIGNS_ON:
                shift = self._staff.shifts[number]
                self._shift_of[shift.agent_id] = shift
                self._apply(now_ns, SetPresence(shift.agent_id, Presence.READY))
            else:
                self._apply(now_ns, SetPresence(self._staff.shifts[number].agent_id, Presence.OFFLINE))
        return self._ledger

    def _opening(self) -> Iterator[Command]:
        queue_ids = sorted({call.queue_id for call in self._calls})
        queues = tuple(QueueSpec(queue_id, membership=Membership.LISTED, auto_accept=True) for queue_id in queue_ids)
        yield ApplyPolicy(Policy(queues=queues))
        agents = [
            AgentSpec(agent_id, memberships=tuple(QueueMembership(queue_id) for queue_id in sorted(queues)))
            for agent_id, queues in self._staff.queues_of.items()
        ]
        for first in range(0, len(agents), AGENTS_PER_COMMAND_MAX):
            yield UpsertAgents(tuple(agents[first : first + AGENTS_PER_COMMAND_MAX]))

    def _arrive(self, now_ns: int, index: int) -> None:
        call = self._calls[index]
        self._ledger.offered(call)
        self._waiting.add(index)
        self._apply(now_ns, EnqueueContact(_contact_id(index), call.queue_id))
        if index in self._waiting:
            heapq.heappush(self._ahead, (now_ns + self._patience_ns[index], Happening.GIVES_UP, index))

    def _apply(self, now_ns: int, command: Command) -> None:
        for event in self._engine.apply(now_ns, command).events:
            if event.type == EventType.CONTACT_ASSIGNED:
                self._start(now_ns, self._call_of[event.contact_id], event.agent_id)

    def _start(self, now_ns: int, index: int, agent_id: str) -> None:
        self._waiting.remove(index)
        busy_ns, handle_ns = self._services[index]
        self._ledger.answered(self._calls[index], now_ns, busy_ns, handle_ns)
        shift = self._shift_of[agent_id]
        # Who is still with a call when the shift ends is there until it is over.
        self._ledger.present(self._staff, shift, max(now_ns + busy_ns - shift.ended_ns, 0))
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
