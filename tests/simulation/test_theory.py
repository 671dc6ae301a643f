"""Scenarios beside queueing theory: formulas, birth-and-death chains and small Markov chains solved here."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from acd_core.engine import Engine
from acd_service.simulation.oracles import compare
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario


def run(**scenario: Any) -> dict[str, Any]:
    parsed = parse_scenario(json.dumps({"seed": 7, "warmup": 10_000, **scenario}))
    return simulate(parsed, Engine(seed=parsed.seed))


def check(figures: dict[str, Any], exact: dict[str, Any]) -> None:
    comparisons = list(compare(figures, exact))
    assert comparisons
    assert [comparison for comparison in comparisons if not comparison.passes] == []


def one_queue(rate: float, servers: int, service_rate: float = 1.0, **pool: Any) -> dict[str, Any]:
    return {
        "types": [{"rate": rate}],
        "pools": [{"servers": servers, "service_rate": service_rate, **pool}],
        "serves": [[1]],
    }


def test_m_m_1() -> None:
    figures = run(arrivals=400_000, **one_queue(0.6, 1), tails=[1, 2.5])
    tail = {"1": [0.6 * math.exp(-0.4)], "2.5": [0.6 * math.exp(-0.4 * 2.5)]}
    check(figures, {"p_wait": [0.6], "mean_wait": [0.6 / 0.4], "utilisation": [0.6], "p_wait_over": tail})


@pytest.mark.parametrize(
    ("law", "cv2"), [({"service": "deterministic"}, 0.0), ({"service": "lognormal", "cv2": 0.5}, 0.5),
                     ({"service": "lognormal", "cv2": 2}, 2.0)]
)  # fmt: skip
def test_m_g_1_by_pollaczek_and_khinchine(law: dict[str, Any], cv2: float) -> None:
    service_rate, load = 0.25, 0.7
    figures = run(arrivals=600_000, **one_queue(load * service_rate, 1, service_rate, **law))
    mean_wait = load / (1 - load) * (1 + cv2) / 2 / service_rate
    check(figures, {"p_wait": [load], "mean_wait": [mean_wait], "utilisation": [load]})


def erlang_b(load: float, servers: int) -> float:
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


@pytest.mark.parametrize("law", [{}, {"service": "deterministic"}, {"service": "lognormal", "cv2": 3}])
def test_loss_does_not_depend_on_the_law_of_service(law: dict[str, Any]) -> None:
    figures = run(arrivals=300_000, **one_queue(8, 10, **law), max_waiting=0)
    blocked = erlang_b(8, 10)
    check(figures, {"blocked_share": [blocked], "utilisation": [8 * (1 - blocked) / 10]})
    assert figures["types"][0]["p_wait"]["value"] == 0
    assert figures["types"][0]["mean_wait"]["value"] == 0


def birth_and_death(
    rate: float, servers: int, service_rate: float, patience_rate: float, room: int
) -> dict[str, list[float]]:
    """M/M/c with patience and `room` places to wait."""
    chances = [1.0]
    for n in range(1, servers + room + 1):
        leaving = min(n, servers) * service_rate + max(n - servers, 0) * patience_rate
        chances.append(chances[-1] * rate / leaving)
    total = sum(chances)
    chances = [chance / total for chance in chances]
    admitted = rate * (1 - chances[-1])
    waiting = sum(max(n - servers, 0) * chance for n, chance in enumerate(chances))
    busy = sum(min(n, servers) * chance for n, chance in enumerate(chances))
    return {
        "blocked_share": [chances[-1]],
        "p_wait": [sum(chances[servers:-1]) / (1 - chances[-1])],
        "mean_wait": [waiting / admitted],
        "abandoned_share": [patience_rate * waiting / admitted],
        "utilisation": [busy / servers],
    }


@pytest.mark.parametrize(
    ("rate", "servers", "service_rate", "patience_rate"),
    [(9, 10, 1, 0.2), (12, 10, 1, 1), (5, 3, 2, 4), (0.05, 4, 0.01, 0.002)],
)
def test_erlang_a(rate: float, servers: int, service_rate: float, patience_rate: float) -> None:
    scenario = one_queue(rate, servers, service_rate)
    scenario["types"][0]["patience_rate"] = patience_rate
    exact = birth_and_death(rate, servers, service_rate, patience_rate, room=400)
    del exact["blocked_share"]
    check(run(arrivals=300_000, **scenario), exact)


def test_patience_and_a_full_queue() -> None:
    scenario = one_queue(11, 8)
    scenario["types"][0]["patience_rate"] = 0.5
    check(run(arrivals=300_000, **scenario, max_waiting=5), birth_and_death(11, 8, 1, 0.5, room=5))


def test_the_unit_of_time_does_not_matter() -> None:
    exact = birth_and_death(4, 5, 1, 0.1, room=300)
    del exact["blocked_share"]
    scenario = one_queue(0.004, 5, 0.001)
    scenario["types"][0]["patience_rate"] = 0.0001
    check(run(arrivals=300_000, **scenario), exact | {"mean_wait": [exact["mean_wait"][0] * 1000]})
    scenario = one_queue(4e6, 5, 1e6)
    scenario["types"][0]["patience_rate"] = 1e5
    check(run(arrivals=300_000, **scenario), exact | {"mean_wait": [exact["mean_wait"][0] / 1e6]})


def by_cobham(rates: list[float], rest: float) -> list[float]:
    """Waits of classes served in this order without interruption by one server of rate 1 (Cobham 1954)."""
    sums = [sum(rates[:n]) for n in range(len(rates) + 1)]
    return [rest / ((1 - higher) * (1 - upto)) for higher, upto in pairwise(sums)]


@pytest.mark.parametrize(("law", "second_moment"), [("exponential", 2.0), ("deterministic", 1.0)])
def test_strict_priority(law: str, second_moment: float) -> None:
    figures = run(
        arrivals=500_000,
        types=[{"rate": 0.4, "priority": -1}, {"rate": 0.3, "priority": 5}],
        pools=[{"servers": 1, "service_rate": 1, "service": law}],
        serves=[[1], [1]],
    )
    high, low = by_cobham([0.3, 0.4], 0.7 * second_moment / 2)
    check(figures, {"mean_wait": [low, high]})


def test_credit_without_ageing_is_strict_priority() -> None:
    figures = run(
        arrivals=500_000,
        types=[{"rate": 0.4, "score_rate": 0, "credit": -2.5}, {"rate": 0.3, "score_rate": 0, "credit": 1e-3}],
        pools=[{"servers": 1, "service_rate": 1}],
        serves=[[1], [1]],
    )
    high, low = by_cobham([0.3, 0.4], 0.7)
    check(figures, {"mean_wait": [low, high]})


def test_a_credit_larger_than_every_wait_is_strict_priority() -> None:
    figures = run(
        arrivals=500_000,
        types=[{"rate": 0.4}, {"rate": 0.3, "credit": 10_000}],
        pools=[{"servers": 1, "service_rate": 1}],
        serves=[[1], [1]],
    )
    high, low = by_cobham([0.3, 0.4], 0.7)
    check(figures, {"mean_wait": [low, high]})


def test_a_credit_is_worth_its_time() -> None:
    """A credit of d makes a type wait d less than one without, if most wait longer: service goes by arrival − d."""
    figures = run(
        arrivals=1_000_000,
        types=[{"rate": 0.45}, {"rate": 0.45, "credit": 2}],
        pools=[{"servers": 1, "service_rate": 1}],
        serves=[[1], [1]],
    )
    without, with_credit = (row["mean_wait"]["value"] for row in figures["types"])
    # The sum of loads times waits is what it is without credit (Kleinrock's conservation law).
    assert (without + with_credit) / 2 == pytest.approx(9, rel=0.1)
    # Only who waits at least as long can use the head start in full; P(W > 2) = 0.9 exp(−0.2) = 0.74.
    assert 2 * 0.74 < without - with_credit < 2


def test_ageing_at_different_rates() -> None:
    """Kleinrock's delay-dependent priorities, rates that are no whole thousandths."""
    loads, slopes = [0.4, 0.4], [1 / 7, 0.5]
    figures = run(
        arrivals=800_000,
        types=[{"rate": load, "score_rate": slope} for load, slope in zip(loads, slopes, strict=True)],
        pools=[{"servers": 1, "service_rate": 1}],
        serves=[[1], [1]],
    )
    whole = sum(loads)
    # Kleinrock, Queueing Systems II, 3.42: the slowest class first.
    slow = (whole / (1 - whole)) / (1 - loads[1] * (1 - slopes[0] / slopes[1]))
    fast = whole / (1 - whole) - loads[0] * slow * (1 - slopes[0] / slopes[1])
    check(figures, {"mean_wait": [slow, fast]})


# A centre of single-server pools as a Markov chain: (idle pools, longest idle first; waiting types, in order).
State = tuple[tuple[int, ...], tuple[int, ...]]
Chooser = Callable[[tuple[int, ...]], list[tuple[int, float]]]

CHOOSERS: dict[str, Chooser] = {
    "longest_idle": lambda able: [(able[0], 1.0)],
    "fixed_order": lambda able: [(min(able), 1.0)],
    "random": lambda able: [(pool, 1 / len(able)) for pool in able],
}


def chain_figures(scenario: dict[str, Any]) -> dict[str, Any]:
    rates = [t["rate"] for t in scenario["types"]]
    patience = [t.get("patience_rate", 0) for t in scenario["types"]]
    service = [pool["service_rate"] for pool in scenario["pools"]]
    serves, room, choose = scenario["serves"], scenario["max_waiting"], CHOOSERS[scenario["strategy"]]
    types, pools = range(len(rates)), range(len(service))

    def moves(state: State) -> Iterator[tuple[State, float, tuple[str, int, int]]]:
        idle, waiting = state
        for t in types:
            able = tuple(pool for pool in idle if serves[t][pool])
            for pool, chance in choose(able) if able else []:
                yield (tuple(p for p in idle if p != pool), waiting), rates[t] * chance, ("immediate", t, pool)
            if not able and len(waiting) < room:
                yield (idle, (*waiting, t)), rates[t], ("waits", t, 0)
            elif not able:
                yield state, rates[t], ("blocked", t, 0)
        for place, t in enumerate(waiting):
            yield (idle, waiting[:place] + waiting[place + 1 :]), patience[t], ("abandoned", t, 0)
        for pool in set(pools) - set(idle):
            place = next((place for place, t in enumerate(waiting) if serves[t][pool]), None)
            if place is None:
                yield ((*idle, pool), waiting), service[pool], ("idle", 0, pool)
            else:
                after = waiting[:place] + waiting[place + 1 :]
                yield (idle, after), service[pool], ("delayed", waiting[place], pool)

    states: dict[State, int] = {(tuple(pools), ()): 0}
    todo = list(states)
    while todo:
        for after, _, _ in moves(todo.pop()):
            if after not in states:
                states[after] = len(states)
                todo.append(after)
    chances = stationary(states, moves)

    happens: dict[tuple[str, int, int], float] = defaultdict(float)
    in_queue = [0.0 for _ in types]
    busy = [0.0 for _ in pools]
    for state, index in states.items():
        for _, rate, what in moves(state):
            happens[what] += chances[index] * rate
        for t in state[1]:
            in_queue[t] += chances[index]
        for pool in set(pools) - set(state[0]):
            busy[pool] += chances[index]
    admitted = [rates[t] - happens["blocked", t, 0] for t in types]
    return {
        "blocked_share": [happens["blocked", t, 0] / rates[t] for t in types],
        "abandoned_share": [happens["abandoned", t, 0] / admitted[t] for t in types],
        "p_wait": [happens["waits", t, 0] / admitted[t] for t in types],
        "mean_wait": [in_queue[t] / admitted[t] for t in types],
        "immediate": [[happens["immediate", t, pool] for pool in pools] for t in types],
        "delayed": [[happens["delayed", t, pool] for pool in pools] for t in types],
        "utilisation": busy,
    }


def stationary(
    states: dict[State, int], moves: Callable[[State], Iterator[tuple[State, float, tuple[str, int, int]]]]
) -> list[float]:
    """The chances that balance the flow through every state, by Gaussian elimination."""
    size = len(states)
    rows = [[0.0] * (size + 1) for _ in range(size)]
    for state, index in states.items():
        for after, rate, _ in moves(state):
            rows[states[after]][index] += rate
            rows[index][index] -= rate
    rows[-1] = [1.0] * (size + 1)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for row in range(size):
            factor = rows[row][column] / rows[column][column]
            if row != column and factor:
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [rows[index][-1] / rows[index][index] for index in range(size)]


N_MODEL = [[1, 0], [1, 1]]
M_MODEL = [[1, 0, 1], [0, 1, 1]]


@pytest.mark.parametrize("strategy", CHOOSERS)
@pytest.mark.parametrize(("serves", "service"), [(N_MODEL, [1.3, 0.6]), (M_MODEL, [0.7, 0.5, 0.9])])
def test_small_graph_with_loss_and_patience(strategy: str, serves: list[list[int]], service: list[float]) -> None:
    scenario = {
        "types": [{"rate": 0.7, "patience_rate": 0.2}, {"rate": 0.9, "patience_rate": 0.5}],
        "pools": [{"servers": 1, "service_rate": rate} for rate in service],
        "serves": serves,
        "strategy": strategy,
        "max_waiting": 3,
    }
    check(run(arrivals=300_000, **scenario), chain_figures(scenario))
