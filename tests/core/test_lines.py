"""Positions in long lines, against the order of section 5 of the routing model worked out by sorting."""

import random

import pytest

from acd_core import Engine
from acd_core.commands import ApplyPolicy, CancelContact, EnqueueContact, UpdateContact
from acd_core.policy import Channel, Policy, QueueSpec

EPOCH_NS = 1_700_000_000_000_000_000
NS_PER_MS = 1_000_000

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
