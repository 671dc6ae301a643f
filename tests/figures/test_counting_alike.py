"""The compiled counter against the plain one, on streams of events that engines gave to adversarial commands."""

import random
from pathlib import Path

import pytest
from figures.projection import Projection, Tables
from figures.streams import events_of

from acd_service.codec.chunks import event_chunk
from acd_service.figures.counting import FiguresCounter
from acd_service.figures.store import FiguresStore
from acd_service.released import Released


def targets(policy_version: int) -> dict[str, int]:
    return {f"q{number}": (policy_version * 7 + number) % 4 * 10**9 for number in range(6)}


def table(store: FiguresStore, name: str, keys: int) -> dict[tuple[object, ...], tuple[object, ...]]:
    rows = store._connection.execute(f"SELECT * FROM {name} WHERE tenant = 't'")
    return {row[1 : 1 + keys]: row[1 + keys :] for row in rows}


def assert_alike(store: FiguresStore, tables: Tables) -> None:
    assert table(store, "queue_intervals", 3) == tables.queue_intervals
    assert table(store, "open_contacts", 1) == tables.open_contacts
    assert table(store, "agent_sessions", 2) == tables.agent_sessions
    assert table(store, "agent_away", 3) == tables.agent_away
    assert table(store, "agents_now", 1) == tables.agents_now


@pytest.mark.parametrize("seed", range(12))
def test_compiled_and_plain_count_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = events_of(seed)
    store = FiguresStore.open(tmp_path / "figures.sqlite", "t")
    counter, projection, tables = FiguresCounter(targets), Projection(targets), Tables()
    place = 0
    while place < len(events):
        some = events[place : place + chance.choice((1, 1, 7, 100))]
        run = [Released(*some[0])]
        if len(some) > 1:
            chunk = event_chunk([content for _, content in some])
            run = [Released.of_chunk(chunk, some[0][0].event_seq, some[-1][0].event_seq)]
        again = [Released(*events[place - 1])] if place else []
        counter.count(again + run)
        for event, _ in some:
            projection.apply(event)
        place += len(some)
        at_ns = some[-1][0].at_ns + chance.randrange(10**12)
        shown = {name: projection.agent_figures(name, at_ns) for name in projection.agents}
        assert counter.agents(at_ns) == {name: figures for name, figures in shown.items() if figures is not None}
        if chance.random() < 0.2:
            store.save(counter)
            tables.save(projection)
            assert_alike(store, tables)
            if chance.random() < 0.5:
                store.close()
                store = FiguresStore.open(tmp_path / "figures.sqlite", "t")
                counter = FiguresCounter(targets, events[place - 1][0].event_seq)
                store.load(counter)
    store.save(counter)
    tables.save(projection)
    assert_alike(store, tables)
    assert len(tables.queue_intervals) > len(store.queues()), "no quarter of an hour went by"
    assert sum(row[1] for row in tables.queue_intervals.values()), "nobody was answered"
