"""Callbacks, transfers and consultations as tables: sections 10 and 11 of the routing model. Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import EnqueueContact, RequestCallback, TransferContact
from acd_core.enums import EndKind, StepAction, TreatmentKind
from acd_core.plan import EndWait, Overflow, Plan, PlanStep
from acd_core.policy import CallbackPolicy, Channel, Policy, QueueSpec
from acd_core.refusal import Reason, Refused

Play = Callable[..., Any]

PLAIN = Policy(
    queues=(QueueSpec("sales"), QueueSpec("billing", requirement="billing")),
    callback=CallbackPolicy(attempts_max=2, retry_delay_ms=10_000),
)

ANN_AND_BOB = """
    0 | policy centre            | policy 1
    0 | agent ann; bob billing=1 | ann added, bob added
"""


# Callbacks


def test_a_callback_keeps_its_place(play: Play) -> None:
    engine = play(
        ANN_AND_BOB
        + """
        1 | enqueue c1 sales attached | c1 enqueued
        2 | enqueue c2 sales         | c2 enqueued
        4 | callback c1 +34911       | c1 closed moved_to_callback wait=3, c1 segment callback wait=3,
          |                          | c1 callback +34911 until=0 ordinal=2
        4 | ? position c1            | 1
        5 | detach c1                | refused CONTACT_NOT_ATTACHED contact_id
        6 | ann ready                | ann ready, c1 offered ann #1 wait=2
        7 | callback c1 +34912       | refused CONTACT_NOT_WAITING contact_id
        8 | ann accepts c1           | c1 accepted ann #1 wait=4
        9 | complete c1              | c1 completed ann, c1 closed handled wait=4 duration=5, c2 offered ann #2
        """,
        centre=PLAIN,
    ).engine
    assert (engine.counts().opened, sum(engine.counts().closed)) == (3, 2)


def test_outside_its_window_a_callback_is_scheduled(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        1 | enqueue c1 sales         | c1 enqueued
        2 | enqueue c2 sales         | c2 enqueued
        3 | callback c1 +34911 start=60 end=90 | c1 closed moved_to_callback, c1 segment callback, c1 callback +34911,
          |                          | c1 scheduled until=60
        4 | ? c1                     | scheduled
        4 | ? position c2            | 1
        5 | ann ready                | ann ready, c2 offered ann #1
       24 | abandon c2               | c2 withdrawn ann #1, c2 closed abandoned
       25 | ann away                 | ann away
       60 | tick                     | c1 due
       61 | enqueue c3 sales         | c3 enqueued
       61 | ? position c3            | 2
       62 | callback c1 +34911 start=70 | c1 callback +34911 until=0, c1 scheduled until=70
       63 | callback c1 +34911 end=80 | c1 callback +34911, c1 due
       80 | tick                     | c1 closed timed_out
        """,
        centre=PLAIN,
    )


def test_a_window_that_ends_while_the_callback_is_offered(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        1 | ann ready                | ann ready
        2 | enqueue c1 sales callback=+34911 end=10 | c1 enqueued, c1 callback +34911 until=10, c1 offered ann #1
       10 | tick                     | -
       11 | ann declines c1          | c1 declined ann #1, c1 excludes ann, c1 closed timed_out
       12 | enqueue c2 sales callback=+34911 end=12 | refused OUT_OF_RANGE callback.window_end
        """,
        centre=PLAIN,
    )


def test_an_attempt_that_reached_nobody_is_made_again(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        1 | ann ready                | ann ready
        2 | enqueue c1 sales callback=+34911 | c1 enqueued, c1 callback +34911 ordinal=2, c1 offered ann #1
        3 | ann accepts c1           | c1 accepted ann #1
        4 | complete c1 wrap=5 unreached | c1 completed ann until=0, c1 closed handled, c1 segment retry,
          |                          | c1 callback +34911 ordinal=1, c1 scheduled until=14
        5 | enqueue c2 sales         | c2 enqueued, c2 offered ann #2
       14 | tick                     | c1 due
       15 | ann accepts c2           | c2 accepted ann #2
       16 | complete c2 unreached    | refused CONTACT_NOT_CALLBACK not_reached
       17 | complete c2              | c2 completed ann, c2 closed handled, c1 offered ann #3
       18 | ann accepts c1           | c1 accepted ann #3
       19 | complete c1 wrap=5 unreached | c1 completed ann until=24
       24 | tick                     | c1 closed handled
        """,
        centre=PLAIN,
    )


def test_a_callback_hears_no_treatment_but_its_plan_goes_on(play: Play) -> None:
    steps = (
        PlanStep(10_000, StepAction.START_TREATMENT, treatment=TreatmentKind.MUSIC),
        PlanStep(10_000, StepAction.DROP_SKILL, skill="spanish"),
        PlanStep(20_000, StepAction.END_WAIT, end=EndWait(EndKind.HANG_UP)),
    )
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann                | ann added
        1 | enqueue c1 sales callback=+34911 start=30 needs spanish | c1 enqueued, c1 callback +34911, c1 scheduled
        2 | policy centre            | policy 2
       30 | tick                     | c1 due, c1 step 1 drop_skill
       31 | ann ready                | ann ready, c1 offered ann #1
        """,
        centre=Policy(queues=(QueueSpec("sales", plan_id="p", max_waiting=0),), plans=(Plan("p", steps),)),
    )


def test_a_closed_or_full_queue_takes_callbacks(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | close sales              | sales closed
        1 | enqueue c1 sales callback=+34911 | c1 enqueued, c1 callback +34911
        2 | cancel c1                | c1 closed cancelled
        """,
        centre=Policy(queues=(QueueSpec("sales", max_waiting=0),)),
    )


# Transfers


def test_a_transfer_to_a_queue_opens_the_next_segment(play: Play) -> None:
    engine = play(
        ANN_AND_BOB
        + """
        0 | ann ready                | ann ready
        1 | enqueue c1 sales priority=2 | c1 enqueued, c1 offered ann #1
        3 | ann accepts c1           | c1 accepted ann #1 wait=2
        4 | transfer c1 bob queue=billing | refused NOT_OFFERED_TO_AGENT agent_id
        4 | transfer c1 ann queue=none | refused UNKNOWN_QUEUE queue_id
        9 | transfer c1 ann queue=billing needs french=0 | c1 completed ann until=0 duration=6,
          |                          | c1 closed transferred agent=ann wait=2 duration=8,
          |                          | c1 segment transfer queue=billing priority=2 wait=8,
          |                          | c1 excludes ann
       11 | bob ready                | bob ready, c1 offered bob #2 queue=billing score=10000000 wait=2
       12 | bob accepts c1           | c1 accepted bob #2 wait=3
       13 | complete c1              | c1 completed bob, c1 closed handled agent=bob wait=3 duration=4
        """,
        centre=PLAIN,
    ).engine
    assert engine.counts().opened == 2
    assert engine.agent("ann").talk_ns == 6 * 10**9


def test_a_transfer_may_let_the_wait_start_anew_and_change_the_priority(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        0 | ann ready                | ann ready
        1 | enqueue c1 sales priority=2 | c1 enqueued, c1 offered ann #1
        3 | ann accepts c1           | c1 accepted ann #1
        9 | transfer c1 ann queue=billing priority=7 restart | c1 completed ann, c1 closed transferred,
          |                          | c1 segment transfer priority=7 wait=0, c1 excludes ann
       11 | bob ready                | bob ready, c1 offered bob #2 score=2000000
        """,
        centre=PLAIN,
    )


def test_a_closed_or_full_queue_takes_no_transfer_unless_it_overflows(play: Play) -> None:
    centre = Policy(
        queues=(
            QueueSpec("sales"),
            QueueSpec("shut"),
            QueueSpec("full", max_waiting=0),
            QueueSpec("over", max_waiting=0, overflow=Overflow("sales")),
            QueueSpec("box", max_waiting=0, overflow=Overflow(end=EndWait(EndKind.VOICEMAIL))),
        )
    )
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann                | ann added
        0 | ann ready                | ann ready
        0 | close shut               | shut closed
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
        3 | transfer c1 ann queue=shut | refused QUEUE_CLOSED queue_id
        3 | transfer c1 ann queue=full | refused QUEUE_FULL queue_id
        3 | transfer c1 ann queue=box | refused QUEUE_FULL queue_id
        3 | transfer c1 ann queue=over | c1 completed ann, c1 closed transferred, c1 segment transfer queue=sales,
          |                          | c1 excludes ann
        """,
        centre=centre,
    )


def test_a_plans_times_start_anew_with_a_transfer(play: Play) -> None:
    centre = Policy(
        queues=(QueueSpec("sales", plan_id="p"),),
        plans=(Plan("p", (PlanStep(10_000, StepAction.END_WAIT, end=EndWait(EndKind.HANG_UP)),)),),
    )
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann                | ann added
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
      100 | transfer c1 ann queue=sales | c1 completed ann, c1 closed transferred, c1 segment transfer, c1 excludes ann
      110 | tick                     | c1 step 0 end_wait, c1 sent hang_up, c1 closed timed_out wait=10
        """,
        centre=centre,
    )


def test_a_transfer_to_an_agent_is_an_offer_out_of_turn(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        0 | ann ready                | ann ready
        1 | enqueue c1 billing       | c1 enqueued
        1 | enqueue c2 sales         | c2 enqueued, c2 offered ann #1
        2 | ann accepts c2           | c2 accepted ann #1
        3 | transfer c2 ann agent=zoe | refused UNKNOWN_AGENT to_agent_id
        3 | transfer c2 ann agent=bob | refused AGENT_NOT_SIGNED_ON to_agent_id
        4 | bob away                 | bob away
        5 | transfer c2 ann agent=bob | c2 completed ann, c2 closed transferred, c2 segment transfer queue=sales,
          |                          | c2 excludes ann, c2 offered bob #2 why=transferred for=ann by=agent
        6 | bob declines c2          | c2 declined bob #2, c2 excludes bob
        6 | ? c2                     | waiting
       65 | tick                     | c2 readmits ann, c2 offered ann #3
        """,
        centre=PLAIN,
    )


def test_an_agent_without_room_takes_no_transfer(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        0 | ann ready                | ann ready
        0 | bob ready                | bob ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        1 | enqueue c2 sales         | c2 enqueued, c2 offered bob #2
        2 | ann accepts c1           | c1 accepted ann #1
        3 | transfer c1 ann agent=bob | refused AGENT_HAS_NO_ROOM to_agent_id
        """,
        centre=PLAIN,
    )


# Consultations


def test_a_consultation_is_a_contact_of_its_own_for_somebody_else(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann cap=200; bob   | ann added, bob added
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        1 | enqueue x1 sales about=c1 | refused CONTACT_NOT_ACTIVE consults_contact_id
        1 | enqueue x1 sales about=c9 | refused UNKNOWN_CONTACT consults_contact_id
        2 | ann accepts c1           | c1 accepted ann #1
        3 | enqueue x1 sales about=c1 | x1 enqueued, x1 consults c1 agent=ann
        4 | bob ready                | bob ready, x1 offered bob #2
        5 | bob accepts x1           | x1 accepted bob #2
        6 | enqueue x2 sales about=x1 | refused CONTACT_IS_CONSULTATION consults_contact_id
        6 | transfer x1 bob queue=sales | refused CONTACT_IS_CONSULTATION contact_id
        7 | complete c1              | c1 completed ann, c1 closed handled
        8 | complete x1              | x1 completed bob, x1 closed handled
        """,
        centre=PLAIN,
    )


def test_a_consultation_that_nobody_took_ends_with_what_it_is_about(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob           | ann added, bob added
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
        3 | enqueue x1 sales about=c1 | x1 enqueued, x1 consults c1
        3 | bob ready                | bob ready, x1 offered bob #2
        4 | enqueue x2 billing about=c1 | x2 enqueued, x2 consults c1
        5 | complete c1              | x1 withdrawn bob #2, x1 closed cancelled, x2 closed cancelled, c1 completed ann,
          |                          | c1 closed handled
        """,
        centre=PLAIN,
    )


def test_a_transfer_after_consultation(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob cap=200   | ann added, bob added
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
        3 | enqueue x1 sales about=c1 channel=chat | x1 enqueued, x1 consults c1
        3 | bob ready                | bob ready, x1 offered bob #2
        4 | transfer c1 ann with=x1  | refused CONTACT_NOT_ACTIVE consultation_contact_id
        4 | bob accepts x1           | x1 accepted bob #2
        5 | enqueue c2 sales         | c2 enqueued, c2 offered bob #3
        6 | transfer c1 ann with=c2  | refused NOT_ITS_CONSULTATION consultation_contact_id
        6 | transfer c1 ann with=x1  | c1 completed ann, c1 closed transferred, c1 segment transfer, x1 completed bob,
          |                          | x1 closed handled, c1 assigned bob #4 why=transferred for=ann wait=0
        6 | ? c1                     | active bob
        7 | complete c1              | c1 completed bob, c1 closed handled agent=bob
        """,
        centre=PLAIN,
    )


def test_no_room_for_what_the_consultation_was_about(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob           | ann added, bob added
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
        3 | bob ready                | bob ready
        3 | enqueue x1 sales about=c1 channel=chat | x1 enqueued, x1 consults c1, x1 offered bob #2
        4 | bob accepts x1           | x1 accepted bob #2
        5 | enqueue c2 sales channel=chat | c2 enqueued, c2 offered bob #3
        6 | transfer c1 ann with=x1  | refused AGENT_HAS_NO_ROOM consultation_contact_id
        """,
        centre=Policy(channels=(Channel("voice", 100), Channel("chat", 25)), queues=PLAIN.queues),
    )


def test_a_leaving_agents_last_contact_may_be_transferred(play: Play) -> None:
    play(
        ANN_AND_BOB
        + """
        0 | ann ready                | ann ready
        1 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1           | c1 accepted ann #1
        3 | remove ann               | ann offline, ann removed
        4 | transfer c1 ann queue=sales | c1 completed ann, c1 closed transferred, c1 segment transfer, c1 excludes ann
        5 | ? ann                    | unknown
        """,
        centre=PLAIN,
    )


# What is refused


@pytest.mark.parametrize(
    ("build", "reason", "field"),
    [
        (lambda: RequestCallback("c", ""), Reason.EMPTY, "callback.address"),
        (lambda: RequestCallback("c", "+1", 5, 5), Reason.INVALID_VALUE, "callback.window_end"),
        (lambda: RequestCallback("c", "+1", -1), Reason.OUT_OF_RANGE, "callback.window_start"),
        (lambda: RequestCallback("c", "+1", attempts_max=101), Reason.OUT_OF_RANGE, "callback.attempts_max"),
        (lambda: EnqueueContact("c", "q", window_end_ns=7), Reason.EMPTY, "callback.address"),
        (lambda: TransferContact("c", "a"), Reason.INVALID_VALUE, "to"),
        (lambda: TransferContact("c", "a", queue_id="q", to_agent_id="b"), Reason.INVALID_VALUE, "to"),
        (lambda: TransferContact("c", "a", to_agent_id="a"), Reason.INVALID_VALUE, "to_agent_id"),
        (lambda: TransferContact("c", "a", to_agent_id="b", priority=1), Reason.INVALID_VALUE, "priority"),
        (
            lambda: TransferContact("c", "a", queue_id="q", requirement="a>="),
            Reason.MALFORMED_REQUIREMENT,
            "requirement",
        ),
    ],
)
def test_refused(build: Callable[[], object], reason: Reason, field: str) -> None:
    with pytest.raises(Refused) as caught:
        build()
    assert (caught.value.reason, caught.value.field) == (reason, field)
