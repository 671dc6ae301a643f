"""A scenario from beginning to end: the engine is built and driven, the figures are made of what was seen."""

import time
from collections.abc import Callable
from typing import Any, Final

from acd_core.policy import Policy
from acd_service.engine_interface import RoutingEngine
from acd_service.simulation.centre import build_centre
from acd_service.simulation.driver import BATCHES, Driver
from acd_service.simulation.estimates import Estimate, ratio
from acd_service.simulation.policy_centre import build_policy_centre
from acd_service.simulation.scenario import Scenario

ARRIVALS_PER_BATCH_MIN: Final = 10
"""With fewer arrivals in a batch no half-width is given."""

_ARRIVALS_PER_STEP: Final = 50_000

Batches = list[list[Any]]


def simulate(
    scenario: Scenario,
    engine: RoutingEngine,
    progress: Callable[[int], None] | None = None,
    policy: Policy | None = None,
) -> dict[str, Any]:
    """The figures of a scenario, laid out as `acd simulate --json` prints them.

    Args:
        scenario: what to run.
        engine: a new engine; it decides every start of service.
        progress: told from time to time how many arrivals have come.
        policy: routes instead of the scenario's own strategy, score rates and bound.

    Raises:
        ScenarioError: the scenario's scores do not fit the engine, or the scenario does not fit the policy.
        Refused: the engine's bounds were reached: more wait than it takes, or time ran out.
    """
    began_s = time.perf_counter()
    centre = build_centre(scenario) if policy is None else build_policy_centre(scenario, policy)
    driver = Driver(engine, centre)
    while driver.advance(_ARRIVALS_PER_STEP):
        if progress is not None:
            progress(driver.arrivals)
    took_s = time.perf_counter() - began_s
    return {
        "name": scenario.name,
        **_figures(scenario, driver.tallies(), driver.arrivals, with_policy=policy is not None),
        **({} if policy is None else {"notes": list(centre.notes)}),
        "arrivals": driver.arrivals,
        "warmup": scenario.warmup,
        "commands_per_second": engine.seq / took_s,
        "seed": scenario.seed,
        "digest": engine.state_digest(),
        "event_hash": f"{engine.event_hash:016x}",
    }


def _figures(scenario: Scenario, seen: dict[str, Any], arrivals: int, *, with_policy: bool) -> dict[str, Any]:
    long_enough = arrivals - scenario.warmup >= BATCHES * ARRIVALS_PER_BATCH_MIN
    duration: list[float] = seen["duration"]

    def per_time(rows: Batches, *cell: int) -> Estimate:
        return ratio(_column(rows, *cell), duration, long_enough=long_enough)

    def share(index: int, above: list[float]) -> Estimate:
        arrived, blocked = _column(seen["arrived"], index), _column(seen["blocked"], index)
        admitted = [a - b for a, b in zip(arrived, blocked, strict=True)]
        return ratio(above, admitted, long_enough=long_enough)

    def contact_type(index: int) -> dict[str, Any]:
        def column(name: str) -> list[float]:
            return _column(seen[name], index)

        names = ("arrived", "served", "abandoned", "blocked", *(("diverted",) if with_policy else ()))
        return {
            **{name: int(sum(column(name))) for name in names},
            "blocked_share": ratio(column("blocked"), column("arrived"), long_enough=long_enough),
            "abandoned_share": share(index, column("abandoned")),
            "p_wait": share(index, column("delayed_arrivals")),
            "mean_wait": share(index, column("wait")),
            "p_wait_over": {
                tail.text: share(index, _column(seen["over"], index, number))
                for number, tail in enumerate(scenario.tails)
            },
        }

    def matrix(name: str) -> list[list[Estimate]]:
        pools = range(len(scenario.pools))
        return [[per_time(seen[name], index, pool) for pool in pools] for index in range(len(scenario.types))]

    def utilisation(pool: int) -> Estimate:
        servers = scenario.pools[pool].servers
        return ratio(
            _column(seen["busy_time"], pool), [servers * length for length in duration], long_enough=long_enough
        )

    return {
        "types": [contact_type(index) for index in range(len(scenario.types))],
        "pools": [{"utilisation": utilisation(pool)} for pool in range(len(scenario.pools))],
        "immediate": matrix("immediate"),
        "delayed": matrix("delayed"),
    }


def _column(rows: Batches, *cell: int) -> list[float]:
    column: list[Any] = rows
    for index in cell:
        column = [row[index] for row in column]
    return column
