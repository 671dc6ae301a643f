"""A call log from beginning to end: routed again, its figures set beside the log's own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acd_core.policy import Policy
from acd_core.roster import AgentSpec
from acd_service.engine_interface import RoutingEngine
from acd_service.replay.call_log import CallLog
from acd_service.replay.centre import plain_centre, policy_centre
from acd_service.replay.figures import Ledger, log_ledger
from acd_service.replay.idleness import share_beside_idle_agents
from acd_service.replay.presence import Staff, infer_staff
from acd_service.replay.routing import Outcome, Routing


@dataclass(frozen=True, slots=True)
class Routed:
    """One replay of a log."""

    ledger: Ledger
    outcomes: Mapping[int, Outcome]
    """By the call's place in the log."""
    staff: Staff
    notes: tuple[str, ...]
    """What of the policy did not act."""
    commands_per_second: float
    digest: str
    event_hash: str


def route(
    log: CallLog,
    engine: RoutingEngine,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
    policy: Policy | None = None,
    roster: Mapping[str, AgentSpec] | None = None,
) -> Routed:
    """Route a log again.

    Args:
        log: the calls.
        engine: a new engine; it decides who serves whom.
        seed: of what the log cannot tell: the patience of those who were answered, the service of those who gave up.
        progress: told from time to time how many calls have arrived.
        policy: in force instead of listed queues with the longest idle first.
        roster: what the log's agents can do, by id; only with a policy.

    Raises:
        CentreError: the policy lacks queues of the log, or the roster agents.
        Refused: the log is beyond a bound of the engine, or the roster does not fit the policy.
    """
    staff = infer_staff(log.calls)
    queue_ids = sorted({call.queue_id for call in log.calls})
    centre = plain_centre(queue_ids, staff) if policy is None else policy_centre(queue_ids, staff, policy, roster)
    began_s = time.perf_counter()
    routing = Routing(log.calls, staff, engine, centre, seed)
    routing.run(progress)
    return Routed(
        ledger=routing.ledger,
        outcomes=routing.outcomes,
        staff=staff,
        notes=centre.notes,
        commands_per_second=engine.seq / (time.perf_counter() - began_s),
        digest=engine.state_digest(),
        event_hash=f"{engine.event_hash:016x}",
    )


def replay(
    log: CallLog,
    engine: RoutingEngine,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
    policy: Policy | None = None,
    roster: Mapping[str, AgentSpec] | None = None,
) -> dict[str, Any]:
    """The log's figures beside those of routing it again, laid out as `acd replay --json` prints them.

    Arguments and errors are those of `route`.
    """
    routed = route(log, engine, seed, progress, policy, roster)
    return {
        **beside({"log": log_ledger(log.calls, routed.staff), "replay": routed.ledger}),
        "log_waits_beside_idle_agents": share_beside_idle_agents(log.calls, routed.staff),
        "agents": len(routed.staff.queues_of),
        "notes": list(log.notes),
        **({} if policy is None else {"policy_notes": list(routed.notes)}),
        "commands_per_second": routed.commands_per_second,
        "seed": seed,
        "digest": routed.digest,
        "event_hash": routed.event_hash,
    }


def beside(ledgers: Mapping[str, Ledger]) -> dict[str, Any]:
    """The figures of several ledgers of the same calls: of all, by queue, by day; each by the ledger's name."""
    first = next(iter(ledgers.values()))
    return {
        **{name: ledger.whole.figures() for name, ledger in ledgers.items()},
        "by_queue": {
            queue_id: {name: ledger.by_queue[queue_id].figures() for name, ledger in ledgers.items()}
            for queue_id in sorted(first.by_queue)
        },
        "by_day": {
            day.isoformat(): {name: ledger.by_day[day].figures() for name, ledger in ledgers.items()}
            for day in sorted(first.by_day)
        },
    }
