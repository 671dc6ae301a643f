"""How good the engine's expected wait is, where theory knows how good it can be.

    python -m acd_service.simulation.expected_wait [--arrivals N] [--load X] [--agents N]

Callers arrive evenly at random, service is exponential, the queue is served in order. Each caller who has to wait is
told what the engine expects just after arriving; what is measured is the root mean square error of that over the mean
wait of those who wait. Who knows the number of waiting callers and the mean service time exactly errs by √(1 − load) of
it; who knows the last wait to enter service alone by about √(2(1 − load)) (Ibrahim and Whitt, Real-time delay
estimation based on delay history, 2009). Exit status 1 if the error lies outside these two.
"""

import heapq
import math
import random
from dataclasses import dataclass
from typing import Any, Final

import click

from acd_core.commands import ApplyPolicy, CompleteContact, EnqueueContact, SetPresence, UpsertAgents
from acd_core.enums import EventType, Presence, WaitPredictor
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.cli.terminal import EXIT_FAILED, json_option, print_json, results
from acd_service.engine_interface import engine_maker

_SERVICE_MEAN_NS: Final = 180 * 1_000_000_000
_START_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Quality:
    """Over those who had to wait and came after the warm-up."""

    told: int
    """Callers who were told an expected wait."""
    untold: int
    """Those for whom there was nothing to go on."""
    mean_wait_s: float
    error_s: float
    """Root mean square error."""
    by_queue_length: float
    """The share that was told by the queue's length."""

    @property
    def error_share(self) -> float:
        """Of the mean wait."""
        return self.error_s / self.mean_wait_s


def measure(engine: Any, *, agents: int, load: float, arrivals: int, warmup: int, seed: int) -> Quality:
    """Run a single queue and compare what callers were told with how long they waited.

    Args:
        engine: a new one, with `estimate_contact`.
        agents: servers of the queue.
        load: arrivals over what all agents can serve, below 1.
        arrivals: in all, those of the warm-up included.
        warmup: the first so many count for nothing.
        seed: of arrivals and services.
    """
    generator = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    now_ns = _START_NS
    engine.apply(now_ns, ApplyPolicy(Policy(queues=(QueueSpec("calls", auto_accept=True),))))
    names = [f"a{number}" for number in range(agents)]
    engine.apply(now_ns, UpsertAgents(tuple(AgentSpec(name) for name in names)))
    for name in names:
        engine.apply(now_ns, SetPresence(name, Presence.READY))
    spacing_ns = _SERVICE_MEAN_NS / (agents * load)
    arrived_ns: dict[str, int] = {}
    told_ns: dict[str, int] = {}
    counted: set[str] = set()
    ending: list[tuple[int, str]] = []
    told = untold = by_length = waited = wait_ns = 0
    squares = 0.0
    next_ns = now_ns
    for number in range(arrivals):
        next_ns += round(generator.expovariate(1.0) * spacing_ns)
        contact_id = f"c{number}"
        while True:
            arriving = not ending or ending[0][0] > next_ns
            if not arriving:
                now_ns, ended_id = heapq.heappop(ending)
                answer = engine.apply(now_ns, CompleteContact(ended_id))
            else:
                now_ns = arrived_ns[contact_id] = next_ns
                answer = engine.apply(now_ns, EnqueueContact(contact_id, "calls"))
            for event in answer.events:
                if event.type == EventType.CONTACT_ASSIGNED:
                    service_ns = round(generator.expovariate(1.0) * _SERVICE_MEAN_NS)
                    heapq.heappush(ending, (now_ns + service_ns, event.contact_id))
                    its_wait_ns = now_ns - arrived_ns.pop(event.contact_id)
                    if event.contact_id in counted:
                        counted.discard(event.contact_id)
                        waited += 1
                        wait_ns += its_wait_ns
                        if event.contact_id in told_ns:
                            squares += float(its_wait_ns - told_ns.pop(event.contact_id)) ** 2
            if arriving:
                break
        if contact_id in arrived_ns and number >= warmup:
            counted.add(contact_id)
            estimate = engine.estimate_contact(contact_id)
            if estimate.expected_wait_ns < 0:
                untold += 1
                continue
            told += 1
            told_ns[contact_id] = estimate.expected_wait_ns
            by_length += estimate.predictor is WaitPredictor.QUEUE_LENGTH
    served = told - len(told_ns)
    return Quality(
        told=told,
        untold=untold,
        mean_wait_s=wait_ns / max(waited, 1) / 1e9,
        error_s=math.sqrt(squares / max(served, 1)) / 1e9,
        by_queue_length=by_length / max(told, 1),
    )


def bounds(load: float) -> tuple[float, float]:
    """The error over the mean wait with perfect knowledge of the queue, and with the last wait alone."""
    return math.sqrt(1 - load), math.sqrt(2 * (1 - load))


@click.command()
@click.option("--arrivals", type=click.IntRange(1_000), default=300_000, show_default=True)
@click.option("--agents", type=click.IntRange(1), default=100, show_default=True)
@click.option("--load", type=click.FloatRange(0.5, 0.99), default=0.95, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--engine", type=click.Choice(["compiled", "reference"]), default="compiled")
@json_option
@click.pass_context
def main(
    context: click.Context, arrivals: int, agents: int, load: float, seed: int, engine: str, *, as_json: bool
) -> None:
    """Measure the expected wait's error in a single queue, and print it beside what is possible."""
    routed = engine_maker(engine)(seed=seed)
    quality = measure(routed, agents=agents, load=load, arrivals=arrivals, warmup=arrivals // 10, seed=seed)
    low, high = bounds(load)
    passes = low <= quality.error_share <= high
    if as_json:
        print_json({
            "told": quality.told, "untold": quality.untold, "mean_wait_seconds": quality.mean_wait_s,
            "error_seconds": quality.error_s, "error_share": quality.error_share, "best_possible": low,
            "last_wait": high, "by_queue_length": quality.by_queue_length, "passes": passes,
        })  # fmt: skip
    else:
        results().print(
            f"{quality.told:,} callers were told, {quality.untold:,} not; mean wait {quality.mean_wait_s:.1f} s, "
            f"error {quality.error_s:.1f} s: {quality.error_share:.3f} of it. Best possible {low:.3f}, by the last "
            f"wait {high:.3f}. Told by the queue's length: {quality.by_queue_length:.1%}."
        )
    context.exit(0 if passes else EXIT_FAILED)


if __name__ == "__main__":
    main()
