"""The checker itself: it lets true histories pass, and finds whatever is tampered with in them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from verification.adversary import Adversary

from acd_core.commands import ApplyPolicy, Command, EnqueueContact, SetPresence, Tick, UpsertAgents
from acd_core.enums import EventType, Presence
from acd_core.events import EVENT_FIELDS, Event
from acd_core.policy import Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec
from acd_service.checker import Checker
from acd_service.checker.violation import Invariant
from bench.workload import EPOCH_NS, NS_PER_MS, Draws

Step = tuple[int, int, Command, tuple[Event, ...]]
SEED = 21


@pytest.fixture(scope="module")
def history() -> list[Step]:
    """Accepted commands of a true engine with their events."""
    engine = ReferenceEngine(SEED)
    adversary = Adversary(SEED)
    steps: list[Step] = []
    while len(steps) < 250:
        at_ns, command = adversary.next(engine.next_timer())
        try:
            answer = engine.apply(at_ns, command)
        except Refused:
            continue
        adversary.learn(answer.events)
        if not answer.duplicate:
            steps.append((answer.seq, at_ns, command, answer.events))
    return steps


def judge(history: Sequence[Step]) -> Checker:
    checker = Checker(SEED, thorough_every=32)
    for step in history:
        if checker.observe(*step) is not None:
            break
    return checker


def altered(event: Event, **changes: Any) -> Event:
    names = (*EVENT_FIELDS[EventType(event.type)], "attributes", "agent")
    fields = {name: getattr(event, name) for name in names} | changes
    places = [fields.pop(name, getattr(event, name)) for name in ("type", "event_seq", "seq", "at_ns")]
    return Event(*places, **fields)


def tampered(history: list[Step], index: int, events: Sequence[Event]) -> list[Step]:
    seq, at_ns, command, _ = history[index]
    return [*history[:index], (seq, at_ns, command, tuple(events)), *history[index + 1 :]]


def test_a_true_history_passes(history: list[Step]) -> None:
    checker = judge(history)
    assert checker.violation is None
    assert checker.violations == 0
    assert checker.seq == len(history)
    assert checker.opened == sum(isinstance(command, EnqueueContact) for _, _, command, _ in history)


def test_another_seed_is_another_history(history: list[Step]) -> None:
    draws = [e for _, _, _, events in history for e in events if e.strategy == 10]
    assert draws, "the history has random decisions"
    checker = Checker(SEED + 1)
    assert any(checker.observe(*step) is not None for step in history)
    assert checker.violation is not None
    assert checker.violation.invariant == Invariant.OVERTAKEN


def test_every_event_counts(history: list[Step]) -> None:
    """Drop any one event, and the history is found to be false where it was dropped or at the next event."""
    for index in range(0, len(history), 2):
        events = history[index][3]
        for place in range(len(events)):
            checker = judge(tampered(history, index, events[:place] + events[place + 1 :])[: index + 60])
            assert checker.violation is not None, f"{events[place]!r} dropped"


def test_every_field_counts(history: list[Step]) -> None:
    """Alter any one field of any event, and the checker says so at once."""
    draws = Draws(1)
    for index, (_, _, _, events) in enumerate(history):
        if not events or index % 4:
            continue
        place = draws.below(len(events))
        event = events[place]
        for name in ("event_seq", "seq", "at_ns", *EVENT_FIELDS[EventType(event.type)]):
            value = getattr(event, name)
            other = value + "x" if isinstance(value, str) else value + 1
            changed = altered(event, **{name: other})
            checker = judge(tampered(history, index, (*events[:place], changed, *events[place + 1 :]))[: index + 1])
            assert checker.violation is not None, f"{name} of {event!r} altered"
            assert checker.violation.seq == index + 1


@pytest.mark.parametrize(
    ("tamper", "invariant"),
    [
        (lambda seq, at_ns: (seq + 1, at_ns), Invariant.SEQUENCE),
        (lambda seq, at_ns: (seq - 1, at_ns), Invariant.SEQUENCE),
        (lambda seq, _: (seq, 1), Invariant.SEQUENCE),
        (lambda seq, _: (seq, 10**19), Invariant.SEQUENCE),
    ],
)
def test_gaps_and_time(
    history: list[Step], tamper: Callable[[int, int], tuple[int, int]], invariant: Invariant
) -> None:
    seq, at_ns, command, events = history[50]
    checker = judge([*history[:50], (*tamper(seq, at_ns), command, events)])
    assert checker.violation is not None
    assert checker.violation.invariant == invariant


def _offered() -> list[Step]:
    """A contact offered to one of two agents; the offer runs out after 5 s."""
    engine = ReferenceEngine(1)
    commands: list[Command] = [
        ApplyPolicy(Policy(queues=(QueueSpec("q", offer_timeout_ms=5_000),))),
        UpsertAgents((AgentSpec("a"), AgentSpec("b"))),
        SetPresence("a", Presence.READY),
        SetPresence("b", Presence.READY),
        EnqueueContact("c", "q"),
    ]
    steps: list[Step] = []
    for number, command in enumerate(commands):
        answer = engine.apply(EPOCH_NS + number, command)
        steps.append((answer.seq, EPOCH_NS + number, command, answer.events))
    return steps


def _judged(steps: list[Step], *more: Step) -> Invariant | None:
    checker = Checker(1, thorough_every=1)
    for step in [*steps, *more]:
        checker.observe(*step)
    return checker.violation.invariant if checker.violation else None


def test_a_timer_that_does_not_fire() -> None:
    steps = _offered()
    late_ns = EPOCH_NS + 6_000 * NS_PER_MS
    assert _judged(steps) is None
    assert _judged(steps, (6, late_ns, Tick(), ())) == Invariant.TIMERS
    assert _judged(steps, (6, late_ns, EnqueueContact("d", "q"), ())) == Invariant.TIMERS


def test_an_offer_to_another_agent_than_the_right_one() -> None:
    steps = _offered()
    enqueued, made = steps[-1][3]
    assert made.agent_id == "a"
    other = tampered(steps, 4, (enqueued, altered(made, agent_id="b")))
    assert _judged(other) == Invariant.OVERTAKEN


def test_an_offer_made_twice() -> None:
    steps = _offered()
    enqueued, made = steps[-1][3]
    again = altered(made, event_seq=made.event_seq + 1, agent_id="b", offer_id=2)
    assert _judged(tampered(steps, 4, (enqueued, made, again))) == Invariant.ONCE


def test_an_offer_to_who_has_no_room() -> None:
    steps = _offered()
    made = steps[-1][3][1]
    at_ns, last = EPOCH_NS + 9, made.event_seq
    enqueued = altered(steps[-1][3][0], event_seq=last + 1, seq=6, at_ns=at_ns, contact_id="d", ordinal=1)
    offer = altered(made, event_seq=last + 2, seq=6, at_ns=at_ns, contact_id="d", offer_id=2)
    assert _judged(steps, (6, at_ns, EnqueueContact("d", "q"), (enqueued, offer))) == Invariant.ROOM


def test_an_offer_to_who_is_away() -> None:
    steps = [step for step in _offered() if not (isinstance(step[2], SetPresence) and step[2].agent_id == "a")]
    moved = []
    for seq, (_, at_ns, command, events) in enumerate(steps, 1):
        first = moved[-1][3][-1].event_seq + 1 if moved else 1
        shifted = tuple(altered(event, seq=seq, event_seq=first + n) for n, event in enumerate(events))
        moved.append((seq, at_ns, command, shifted))
    assert _judged(moved) == Invariant.REACH


def test_a_contact_left_waiting() -> None:
    steps = _offered()
    assert _judged(tampered(steps, 4, steps[-1][3][:1])) == Invariant.LEFT_WAITING


def test_the_story_is_told() -> None:
    checker = Checker(1)
    for step in tampered(_offered(), 4, ()):
        checker.observe(*step)
    text = str(checker.violation)
    assert "EnqueueContact(contact_id='c'" in text
    assert "seq 5" in text
    assert checker.observe(6, EPOCH_NS + 9, Tick(), ()) is checker.violation, "judging has ended"
