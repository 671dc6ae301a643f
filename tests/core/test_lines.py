"""Positions in long lines, against the order of section 5 of the routing model worked out by sorting."""

import random

import pytest

from acd_core import Engine
from acd_core.commands import ApplyPolicy, CancelContact, EnqueueContact, Tick, UpdateContact
from acd_core.enums import StepAction
from acd_core.plan import Plan, PlanStep
from acd_core.policy import Channel, Policy, QueueSpec

EPOCH_NS = 1_700_000_000_000_000_000
NS_PER_MS = 1_000_000
_WIDE_AFTER_MS = 40

# Draws, how many of a hundred draws add a contact, the priorities, how many contacts of a hundred have a credit.
SHAPES = {
    "grows": (900, 80, (0, 5), 0),
    "full of holes": (3_000, 52, (0,), 1),
    "many priorities": (900, 70, tuple(range(-6, 7)), 10),
    "out of turn": (900, 70, (0, 1), 60),
}


def _key(contact: tuple[int, int, int, int]) -> tuple[int, int, int]:
    priority, credit_ms, arrived_ms, ordinal = contact
    return -priority, arrived_ms - credit_ms, ordinal


@pytest.mark.parametrize("shape", SHAPES)
def test_positions_are_those_of_the_sorted_line(shape: str) -> None:
    draws, adds, priorities, credited = SHAPES[shape]
    dice = random.Random(shape)
    engine = Engine()
    engine.apply(EPOCH_NS, ApplyPolicy(Policy((Channel("voice", 100),), (QueueSpec("q"),))))
    waiting: dict[str, tuple[int, int, int, int]] = {}
    now_ns, ordinal = EPOCH_NS, 0
    for draw in range(draws):
        now_ns += dice.randrange(3) * NS_PER_MS
        contact_id = f"c{ordinal}"
        credit_ms = dice.randrange(-500, 500) if dice.randrange(100) < credited else 0
        if dice.randrange(100) < adds or not waiting:
            priority = dice.choice(priorities)
            engine.apply(now_ns, EnqueueContact(contact_id, "q", priority=priority, credit_ms=credit_ms))
            waiting[contact_id] = (priority, credit_ms, now_ns // NS_PER_MS, ordinal)
            ordinal += 1
        else:
            contact_id = dice.choice(list(waiting))
            if dice.randrange(10):
                engine.apply(now_ns, CancelContact(contact_id))
                del waiting[contact_id]
            else:
                priority = dice.choice(priorities)
                engine.apply(now_ns, UpdateContact(contact_id, priority=priority, credit_ms=credit_ms))
                waiting[contact_id] = (priority, credit_ms, *waiting[contact_id][2:])
        if draw % 150 == 149:
            line = sorted(waiting, key=lambda one: _key(waiting[one]))
            found = [engine.estimate_contact(one).position for one in line]
            assert found == list(range(1, len(line) + 1))
            assert engine.estimate_queue("q").position == 1 + sum(
                _key(one) < (0, now_ns // NS_PER_MS, ordinal) for one in waiting.values()
            )


@pytest.mark.parametrize("seed", range(4))
def test_positions_after_rates_and_credits_of_queues_change(seed: int) -> None:
    """Contacts of `left` join the line of `right` too after a while, so that lines have entries of either kind."""
    dice = random.Random(seed)
    plan = Plan("wide", (PlanStep(_WIDE_AFTER_MS, StepAction.ADD_QUEUE, queue_id="right"),))
    engine = Engine()
    terms = {"left": (1_000, 0), "right": (1_000, 0)}
    waiting: dict[str, tuple[str, int, int, int, int]] = {}
    now_ns, ordinal = EPOCH_NS, 0

    def line(queue_id: str) -> list[str]:
        """Who has an entry in the queue, in order."""
        rate, queue_credit_ms = terms[queue_id]
        keys = {}
        for contact_id, (home, priority, credit_ms, arrived_ms, number) in waiting.items():
            if home == queue_id or (home == "left" and now_ns >= (arrived_ms + _WIDE_AFTER_MS) * NS_PER_MS):
                minor = rate * arrived_ms - 1_000 * (credit_ms + queue_credit_ms)
                keys[contact_id] = (-priority, minor, number)
        return sorted(keys, key=keys.__getitem__)

    for draw in range(700):
        now_ns += dice.randrange(1, 3) * NS_PER_MS
        while (due_ns := engine.next_timer()) is not None and due_ns <= now_ns:
            engine.apply(due_ns, Tick())
        if draw % 35 == 0:
            for queue_id in dice.sample(("left", "right"), dice.randrange(1, 3)):
                terms[queue_id] = (dice.choice((0, 500, 1_000, 2_000)), dice.randrange(-300, 300))
            queues = [
                QueueSpec(queue_id, rate=rate, credit_ms=credit_ms, plan_id="wide" if queue_id == "left" else "")
                for queue_id, (rate, credit_ms) in terms.items()
            ]
            engine.apply(now_ns, ApplyPolicy(Policy((Channel("voice", 100),), tuple(queues), plans=(plan,))))
        if dice.randrange(100) < 65 or not waiting:
            contact_id, home, priority = f"c{ordinal}", dice.choice(("left", "right")), dice.choice((0, 0, 5))
            credit_ms = dice.randrange(-100, 100) if dice.randrange(4) == 0 else 0
            engine.apply(now_ns, EnqueueContact(contact_id, home, priority=priority, credit_ms=credit_ms))
            waiting[contact_id] = (home, priority, credit_ms, now_ns // NS_PER_MS, ordinal)
            ordinal += 1
        else:
            # As often as not the last of a line, whose end is looked for anew.
            contact_id = dice.choice(
                (dice.choice(list(waiting)), list(waiting)[-1], (line("left") or list(waiting))[-1])
            )
            engine.apply(now_ns, CancelContact(contact_id))
            del waiting[contact_id]
        if draw % 5 == 0:
            for queue_id in terms:
                for position, contact_id in enumerate(line(queue_id), 1):
                    if waiting[contact_id][0] == queue_id:
                        assert engine.estimate_contact(contact_id).position == position


def test_positions_when_steps_give_credit_one_by_one() -> None:
    """Two steps move everybody ahead of those who came shortly before, in the order in which they came."""
    steps = (10, 500), (25, 1_500)
    plan = Plan("ahead", tuple(PlanStep(after, StepAction.ADD_CREDIT, credit_ms=credit) for after, credit in steps))
    dice = random.Random(11)
    engine = Engine()
    queue = QueueSpec("q", plan_id="ahead")
    engine.apply(EPOCH_NS, ApplyPolicy(Policy((Channel("voice", 100),), (queue,), plans=(plan,))))
    waiting: dict[str, tuple[int, int, int]] = {}
    now_ns = EPOCH_NS
    for ordinal in range(600):
        now_ns += NS_PER_MS
        engine.apply(now_ns, Tick())
        priority = dice.choice((0, 0, 1))
        engine.apply(now_ns, EnqueueContact(f"c{ordinal}", "q", priority=priority))
        waiting[f"c{ordinal}"] = (priority, now_ns // NS_PER_MS, ordinal)
        if dice.randrange(3):
            gone = dice.choice(list(waiting))
            engine.apply(now_ns, CancelContact(gone))
            del waiting[gone]
        if ordinal % 20 == 0:
            keys = {}
            for one, (priority, arrived_ms, number) in waiting.items():
                waited_ms = now_ns // NS_PER_MS - arrived_ms
                credit_ms = sum(credit for after, credit in steps if waited_ms >= after)
                keys[one] = (-priority, arrived_ms - credit_ms, number)
            line = sorted(keys, key=keys.__getitem__)
            assert [engine.estimate_contact(one).position for one in line] == list(range(1, len(line) + 1))
