"""Many contacts that each ask for something of their own: the lists under their rarest skills, long enough to be cut,
joined and emptied, give the reference's answers."""

from itertools import islice

import pytest
from verification.engines import UNSHARED
from verification.lockstep import Lockstep

from acd_core import unshared
from acd_core.enums import Strategy
from acd_core.policy import Channel
from bench.workload import Shape, Workload

OPEN = Shape(
    "open", agents=50, waiting=250, skills=12, queues=6, profiles=0, requirements=0, skills_per_agent=3, terms_max=3
)
LISTED = Shape(
    "listed",
    agents=50,
    waiting=120,
    skills=8,
    queues=8,
    profiles=0,
    requirements=0,
    skills_per_agent=3,
    terms_max=3,
    strategies=tuple(Strategy),
    channels=(Channel("voice", 100, ("mail",)), Channel("mail", 20)),
    listed_thousandths=600,
    cancel_thousandths=200,
    reskill_thousandths=30,
    away_thousandths=60,
    steps_after_ms=(20_000, 40_000, 80_000),
    preferred_thousandths=100,
)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", [OPEN, LISTED], ids=lambda shape: shape.name)
def test_demands_of_their_own(shape: Shape, seed: int) -> None:
    steps = Lockstep({name: kind(seed) for name, kind in UNSHARED.items()}, None, f"{shape.name}, seed {seed},")
    workload = Workload(shape, seed)
    for at_ns, command in workload.start(steps.lead.next_timer):
        workload.learn(steps.apply(at_ns, command).events)
    for at_ns, command in islice(workload.stream(steps.lead.next_timer), 1_200):
        workload.learn(steps.apply(at_ns, command).events)
    steps.compare_digests()


def test_what_is_tuned_has_bounds() -> None:
    with pytest.raises(ValueError, match="2 to 64"):
        unshared.tune(1, 0, 65)
    before = unshared.tune(1, 2, 3)
    assert unshared.tune(*before) == (1, 2, 3)
