"""Times of single operations of the engine, for `make bench`: where to look, not what to promise.

Each operation leaves the state as large as it found it, so that it can be repeated. What is promised is measured by
`bench.report`, beside the floor.
"""

from collections.abc import Callable
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    Tick,
)
from acd_core.engine import Engine
from acd_core.enums import EventType, Presence
from bench.recording import Recording
from bench.workload import SHAPES

_STATES: dict[str, bytes] = {}


def _engine(name: str) -> Engine:
    """An engine in the start state of a workload, of its own."""
    if name not in _STATES:
        _STATES[name] = Recording.of(SHAPES[name]).built().snapshot()
    return Engine.restore(_STATES[name])


@pytest.fixture(params=("small", "profiles", "idle", "unique", "mixed"))
def engine(request: pytest.FixtureRequest) -> Engine:
    """In the start state of each workload by turns."""
    return _engine(request.param)


@pytest.fixture(params=("small", "profiles", "unique"))
def busy(request: pytest.FixtureRequest) -> Engine:
    """In the start state of each workload in which agents choose from many who wait."""
    return _engine(request.param)


def _arrivals(engine: Engine) -> Callable[[], EnqueueContact]:
    """Makes commands like the last arrival's, with new ids."""
    last = list(engine.contacts())[-1]
    numbers = count()
    return lambda: EnqueueContact(f"new{next(numbers)}", last.queue_id, last.channel_id, last.requirement)


def test_a_contact_comes_and_goes(benchmark: BenchmarkFixture, engine: Engine) -> None:
    """Arrival (with an offer where an agent is free) and cancellation."""
    arrival, at_ns = _arrivals(engine), engine.now_ns

    def come_and_go() -> None:
        command = arrival()
        engine.apply(at_ns, command)
        engine.apply(at_ns, CancelContact(command.contact_id))

    benchmark(come_and_go)


def test_a_contact_from_arrival_to_the_end_of_wrap_up(benchmark: BenchmarkFixture, busy: Engine) -> None:
    """One arrives, one is completed; the freed agent chooses another one and accepts it."""
    engine, at_ns = busy, busy.now_ns
    arrival = _arrivals(engine)
    active = [(contact.contact_id, contact.agent_id) for contact in engine.contacts() if contact.agent_id]

    def turn() -> None:
        engine.apply(at_ns, arrival())
        contact_id, agent_id = active.pop()
        engine.apply(at_ns, CompleteContact(contact_id))
        for event in engine.apply(at_ns, FinishWrapUp(agent_id, contact_id)).events:
            if event.type == EventType.OFFER_MADE:
                engine.apply(at_ns, AcceptOffer(event.contact_id, event.agent_id, event.offer_id))
                active.append((event.contact_id, event.agent_id))

    benchmark.pedantic(turn, rounds=2_000, warmup_rounds=100)  # type: ignore[no-untyped-call]


def test_an_agent_goes_away_and_comes_back(benchmark: BenchmarkFixture, engine: Engine) -> None:
    agent_id, at_ns = "agent1", engine.now_ns

    def away_and_back() -> None:
        engine.apply(at_ns, SetPresence(agent_id, Presence.AWAY))
        engine.apply(at_ns, SetPresence(agent_id, Presence.READY))

    benchmark(away_and_back)


def test_nothing_is_due(benchmark: BenchmarkFixture, engine: Engine) -> None:
    benchmark(engine.apply, engine.now_ns, Tick())


def test_where_a_contact_stands(benchmark: BenchmarkFixture, busy: Engine) -> None:
    last = list(busy.contacts())[-1].contact_id
    benchmark(busy.estimate_contact, last)


def test_a_policy_is_applied_again(benchmark: BenchmarkFixture, engine: Engine) -> None:
    command = ApplyPolicy(engine.policy)
    benchmark.pedantic(engine.apply, (engine.now_ns, command), rounds=5)  # type: ignore[no-untyped-call]


def test_a_snapshot(benchmark: BenchmarkFixture, engine: Engine) -> None:
    benchmark.pedantic(engine.snapshot, rounds=5)  # type: ignore[no-untyped-call]


def test_a_restore(benchmark: BenchmarkFixture) -> None:
    data = _engine("profiles").snapshot()
    benchmark.pedantic(Engine.restore, (data,), rounds=3)  # type: ignore[no-untyped-call]
