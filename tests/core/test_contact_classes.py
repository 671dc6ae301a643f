"""Classes of contacts come and go with what is asked for; none of that shows outside."""

from collections.abc import Iterator

import pytest

from acd_core.commands import ApplyPolicy, CancelContact, EnqueueContact
from acd_core.engine import Engine
from acd_core.policy import Policy, QueueSpec
from acd_core.reference import ReferenceEngine


def orders(count: int) -> Iterator[list[int]]:
    yield list(range(count))
    yield list(reversed(range(count)))
    yield [*range(count - 1, 63, -1), *range(64)]
    yield [(index * 37) % count for index in range(count)]


@pytest.mark.parametrize("order", list(orders(1_025)), ids=["first", "last", "second block", "scattered"])
def test_classes_end_in_any_order(order: list[int]) -> None:
    """A thousand kinds of contacts, each by itself in its class, leave in an order; then the policy changes."""
    engines = (Engine(), ReferenceEngine())
    commands = [
        ApplyPolicy(Policy(queues=(QueueSpec("calls"), QueueSpec("slow", rate=10)))),
        *(EnqueueContact(f"c{index}", "calls", requirement=f"a{index}") for index in range(len(order))),
        *(CancelContact(f"c{index}") for index in order[:-1]),
        ApplyPolicy(Policy(queues=(QueueSpec("calls", rate=20),))),
    ]
    for engine in engines:
        for at_ns, command in enumerate(commands, 1):
            engine.apply(at_ns, command)
    assert engines[0].event_hash == engines[1].event_hash
    assert engines[0].state_digest() == engines[1].state_digest()
