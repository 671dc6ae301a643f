"""Position, expected wait, explanations: sections 12 and 14 of the routing model. Notation: conftest.py."""

import heapq
from collections.abc import Callable
from math import sqrt
from random import Random
from typing import Any

from acd_core import commands as c
from acd_core.enums import EventType, Membership, ServeRule, StepAction, TreatmentKind
from acd_core.plan import Plan, PlanStep, StepCondition
from acd_core.policy import Policy, QueueSpec
from acd_core.reference.past import explain_match
from acd_core.roster import AgentSpec
from acd_core.views import Explanation

Play = Callable[..., Any]

ORIGIN_NS = 1_600_000_000 * 10**9
QUEUES = (QueueSpec("sales", rate=2_000), QueueSpec("billing"))


def test_position_is_by_priority_score_and_arrival_within_the_queue(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        1 | enqueue c1 sales         | c1 enqueued
        2 | enqueue c2 sales         | c2 enqueued
        2 | enqueue c3 billing       | c3 enqueued
        3 | enqueue c4 sales credit=5000 | c4 enqueued
        4 | enqueue c5 sales priority=-1 credit=99999 | c5 enqueued
        4 | ? position c1            | 2
        4 | ? position c2            | 3
        4 | ? position c3            | 1
        4 | ? position c4            | 1
        4 | ? position c5            | 4
        4 | ? estimate queue sales   | 4 -1 none -1
        5 | update c5 priority=1     | c5 updated
        5 | ? position c5            | 1
        6 | abandon c4               | c4 closed short_abandon
        6 | ? position c2            | 3
        6 | agent ann                | ann added
        6 | ann ready                | ann ready, c5 offered ann #1
        7 | ? position c5            | 0
        7 | ? estimate c5            | 0 -1 none -1
        7 | ? position c1            | 1
        """,
        centre=Policy(queues=QUEUES),
    )


def test_waits_are_predicted_from_the_queues_length_and_from_the_last_wait(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob           | ann added, bob added
        0 | ann ready                | ann ready
        0 | bob ready                | bob ready
        0 | ? estimate queue billing | 1 0 none -1
        1 | enqueue c1 billing       | c1 enqueued, c1 assigned ann #1
        1 | enqueue c2 billing       | c2 enqueued, c2 assigned bob #2
        2 | enqueue c3 billing       | c3 enqueued
       # only the last wait, 0, is known
        2 | ? estimate c3            | 1 0 last_waits -1
       11 | complete c1 wrap=2       | c1 completed ann
       13 | tick                     | c1 closed handled, c3 assigned ann #3 wait=11
       # a service took 12 s; the last wait was 11 s, predicted as 0
       14 | enqueue c4 billing       | c4 enqueued
       14 | ? estimate c4            | 1 11 last_waits 11000
       15 | enqueue c5 billing       | c5 enqueued
       15 | ? estimate c5            | 2 11 last_waits 11000
       15 | ? estimate c4            | 1 10 last_waits 11000
       17 | complete c2              | c2 completed bob, c2 closed handled, c4 assigned bob #4 wait=3
       # services of 12 and 16 s, two being served: 7 s a place. c4: the queue said 6 s, the last wait 11; 3 s
       18 | ? estimate c5            | 1 7 queue_length 3000
       18 | ? estimate queue billing | 2 14 queue_length 3000
        """,
        centre=Policy(queues=(QueueSpec("billing", auto_accept=True),)),
    )


def test_what_callers_hear_and_whether_it_is_worth_saying(play: Play) -> None:
    announcement = PlanStep(
        5_000,
        StepAction.START_TREATMENT,
        treatment=TreatmentKind.ANNOUNCEMENT,
        name="wait",
        condition=StepCondition(expected_wait_min_ms=7_000),
    )
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann                | ann added
        0 | ann ready                | ann ready
        1 | enqueue c1 billing       | c1 enqueued, c1 assigned ann #1
       11 | complete c1              | c1 completed ann, c1 closed handled
       12 | enqueue c2 billing       | c2 enqueued, c2 assigned ann #2
       13 | enqueue c3 billing       | c3 enqueued
       13 | enqueue c4 billing       | c4 enqueued
       14 | enqueue c5 billing       | c5 enqueued
       18 | tick                     | c3 step 0 start_treatment, c3 hears wait position=1 wait=10,
          |                          | c4 step 0 start_treatment, c4 hears wait position=2 wait=20
        """,
        centre=Policy(
            queues=(QueueSpec("billing", auto_accept=True, plan_id="p"),), plans=(Plan("p", (announcement,)),)
        ),
    )


def test_why_a_contact_waits_and_why_not_this_agent(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann sales@0 spanish=1; bob sales@2; eve; sue sales@0 | ann added, bob added, eve added, sue added
        0 | ann ready                | ann ready
        0 | bob ready                | bob ready
        0 | eve ready                | eve ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | enqueue c2 sales needs spanish | c2 enqueued
        2 | ? explain c2 -           | - - - 1 0
        2 | ? explain c2 ann         | room c1 - 0 0
        2 | ? explain c2 bob         | member - - 0 0
        2 | ? explain c2 sue         | ready - - 0 0
        2 | ? explain c1 ann         | none_fails - - 0 0
        2 | ? explain c9 ann         | nothing
        2 | ? explain - zoe          | nothing
        3 | sue ready                | sue ready
        3 | ? explain c2 sue         | skills - - 0 0
        3 | ? explain c1 sue         | none_fails - ann 0 0
        3 | ? explain - sue          | none_fails - - 0 0
        3 | ? explain - ann          | room - - 0 0
        4 | ann declines c1          | c1 declined ann #1, c1 excludes ann, c1 offered sue #2, c2 offered ann #3
        5 | abandon c2               | c2 withdrawn ann #3, c2 closed short_abandon
        5 | ? explain c1 ann         | not_excluded - - 0 0
        6 | enqueue c3 sales prefers=bob only | c3 enqueued
        6 | ? explain c3 ann         | named_only - - 0 0
        6 | update c3 prefers=-      | c3 updated, c3 offered ann #4
        7 | enqueue c4 sales prefers=sue hold=9 | c4 enqueued, c4 reserved
        8 | ann declines c3          | c3 declined ann #4, c3 excludes ann
        8 | ? explain c4 ann         | held_for_preferred - - 0 0
        """,
        centre=Policy(queues=(QueueSpec("sales", membership=Membership.LISTED, max_tier=1),)),
    )


def test_a_past_decision_is_explained_as_of_its_making(play: Play) -> None:
    scenario = play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob; eve x=1  | ann added, bob added, eve added
        0 | ann ready                | ann ready
        1 | bob ready                | bob ready
        """,
        centre=Policy(queues=QUEUES),
    )
    before = scenario.engine.snapshot()
    command = c.EnqueueContact("c1", "sales")

    def why(contact_id: str, agent_id: str) -> Explanation | None:
        return explain_match(before, ORIGIN_NS + 2 * 10**9, command, 1, contact_id, agent_id)

    assert why("c1", "ann") == Explanation(ServeRule.NONE_FAILS)
    assert why("c1", "bob") == Explanation(ServeRule.NONE_FAILS, agent_ahead_id="ann")
    assert why("c1", "eve") == Explanation(ServeRule.READY)
    assert why("c2", "ann") is None
    assert explain_match(before, ORIGIN_NS + 2 * 10**9, command, 2, "c1", "ann") is None


def test_the_expected_wait_is_nearly_the_best_there_can_be(engine_class: Any) -> None:
    """M/M/100 at 95 % load: root mean square error over mean wait between √(1−ρ) and that of the last wait."""
    servers, arrivals, mean_ns = 100, 10_000, 100 * 10**9
    engine = engine_class(seed=3)
    policy = Policy(queues=(QueueSpec("q", auto_accept=True),))
    engine.apply(1, c.ApplyPolicy(policy))
    engine.apply(1, c.UpsertAgents(tuple(AgentSpec(f"a{i}") for i in range(servers))))
    for index in range(servers):
        engine.apply(1, c.SetPresence(f"a{index}", 2))
    random = Random(11)
    ends: list[tuple[int, str]] = []
    predicted: dict[str, tuple[int, int]] = {}
    errors, waits = [], []
    now_ns = 1

    def follow(answer: Any) -> None:
        for event in answer.events:
            if event.type == EventType.CONTACT_ASSIGNED:
                heapq.heappush(ends, (event.at_ns + round(random.expovariate(1) * mean_ns), event.contact_id))
                if event.contact_id in predicted:
                    told_ns, at_ns = predicted.pop(event.contact_id)
                    errors.append(event.at_ns - at_ns - told_ns)
                    waits.append(event.at_ns - at_ns)

    for index in range(arrivals):
        now_ns += round(random.expovariate(0.95 * servers) * mean_ns)
        while ends and ends[0][0] <= now_ns:
            at_ns, contact_id = heapq.heappop(ends)
            follow(engine.apply(at_ns, c.CompleteContact(contact_id)))
        answer = engine.apply(now_ns, c.EnqueueContact(f"c{index}", "q"))
        follow(answer)
        if answer.contact_state == 1 and index > arrivals // 10:
            told = engine.estimate_contact(f"c{index}")
            predicted[f"c{index}"] = (told.expected_wait_ns, now_ns)
    ratio = sqrt(sum(error**2 for error in errors) / len(errors)) / (sum(waits) / len(waits))
    assert 0.2 < ratio < 0.32
    assert engine.estimate_queue("q").predictor.name == "QUEUE_LENGTH"
