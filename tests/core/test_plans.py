"""Plans, second queues, full and closed queues as tables: section 8 of the routing model. Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.enums import ClosingRule, EndKind, Membership, StepAction, Strategy, TreatmentKind
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import Policy, QueueSpec
from acd_core.refusal import Reason, Refused

Play = Callable[..., Any]


def step(after_s: float, action: StepAction, **fields: Any) -> PlanStep:
    return PlanStep(round(after_s * 1_000), action, **fields)


def music(after_s: float, name: str = "waltz", **fields: Any) -> PlanStep:
    return step(after_s, StepAction.START_TREATMENT, treatment=TreatmentKind.MUSIC, name=name, **fields)


def drop(after_s: float, skill: str, **fields: Any) -> PlanStep:
    return step(after_s, StepAction.DROP_SKILL, skill=skill, **fields)


def end(after_s: float, kind: EndKind, target: str = "", **fields: Any) -> PlanStep:
    return step(after_s, StepAction.END_WAIT, end=EndWait(kind, target), **fields)


def planned(*steps: PlanStep, queues: tuple[QueueSpec, ...] = (), **more: Any) -> Policy:
    """Queue `sales` with a plan of these steps, and other queues."""
    return Policy(queues=(QueueSpec("sales", plan_id="p", **more), *queues), plans=(Plan("p", steps),))


# Value steps


def test_steps_are_taken_at_their_times_and_match_at_once(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann spanish=50    | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales needs spanish>=60 and billing | c1 enqueued
        1 | ? timer                 | 11
       11 | tick                    | c1 step 0 lower_level
       20 | ? timer                 | 31
       31 | tick                    | c1 step 1 drop_skill needs=spanish>=40 at=31, c1 offered ann #1 step=2 wait=30
       31 | ? timer                 | 41
       41 | tick                    | c1 step 2 set_priority priority=7
       42 | ann declines c1         | c1 declined ann #1, c1 excludes ann
       52 | enqueue c2 sales priority=6 | c2 enqueued, c2 offered ann #2
       53 | ann accepts c2          | c2 accepted ann #2
        """,
        centre=planned(
            step(10, StepAction.LOWER_LEVEL, skill="spanish", level=40),
            drop(30, "billing"),
            step(40, StepAction.SET_PRIORITY, priority=7),
        ),
    )


def test_steps_at_0_are_taken_before_the_contact_chooses(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales needs spanish | c1 enqueued needs=spanish, c1 step 0 set_requirement needs=,
          |                         | c1 step 1 start_treatment, c1 hears waltz position=1 wait=-0.000000001,
          |                         | c1 offered ann #1
        """,
        centre=planned(step(0, StepAction.SET_REQUIREMENT), music(0)),
    )


def test_raising_the_tier_reaches_more_members(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann sales@2; bob sales@1 | ann added, bob added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 raise_max_tier tier=2, c1 offered ann #1 tier=2
        """,
        centre=planned(
            step(10, StepAction.RAISE_MAX_TIER, tier=2),
            step(20, StepAction.RAISE_MAX_TIER, tier=1),
            membership=Membership.LISTED,
            max_tier=0,
        ),
    )


def test_credit_lets_a_contact_overtake(play: Play) -> None:
    two = planned(
        step(10, StepAction.ADD_CREDIT, credit_ms=5_000),
        step(10, StepAction.ADD_CREDIT, credit_ms=-1_000),
        queues=(QueueSpec("billing"),),
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        1 | enqueue c1 billing      | c1 enqueued
        3 | enqueue c2 sales        | c2 enqueued
       13 | tick                    | c2 step 0 add_credit credit=5000, c2 step 1 add_credit credit=4000
       14 | ann ready               | ann ready, c2 offered ann #1 score=15000000
        """,
        centre=two,
    )


def test_a_contacts_new_base_values_are_folded_again(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        1 | enqueue c1 sales needs spanish | c1 enqueued
       11 | tick                    | c1 step 0 drop_skill needs=, c1 step 1 set_priority priority=3
       12 | update c1 priority=9 needs spanish>=50 and billing | c1 updated needs=billing>=1 priority=3
       13 | ann ready               | ann ready
       14 | agent ann billing=1     | ann updated, c1 offered ann #1
        """,
        centre=planned(drop(10, "spanish"), step(10, StepAction.SET_PRIORITY, priority=3)),
    )


# Offered contacts


def test_side_effects_wait_until_the_contact_waits_value_steps_do_not(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
        6 | tick                    | c1 step 0 add_credit
       11 | tick                    | -
       12 | ? timer                 | 21
       13 | ann declines c1         | c1 declined ann #1, c1 excludes ann, c1 step 1 start_treatment,
          |                         | c1 hears waltz, c1 step 2 add_credit
       14 | ? timer                 | 61
        """,
        centre=planned(
            step(5, StepAction.ADD_CREDIT, credit_ms=1), music(10), step(11, StepAction.ADD_CREDIT, credit_ms=1),
            end(60, EndKind.HANG_UP),
        ),
    )  # fmt: skip


def test_a_served_contact_goes_through_no_plan(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
        2 | ann accepts c1          | c1 accepted ann #1
        2 | ? timer                 | none
        """,
        centre=planned(music(10)),
    )


# Conditions


def test_conditions_are_judged_once_at_the_steps_time(play: Play) -> None:
    centre = planned(
        music(0, "busy", condition=StepCondition(queue_length_min=1)),
        drop(10, "spanish", condition=StepCondition(queue_length_min=1)),
        end(20, EndKind.VOICEMAIL, "box", condition=StepCondition(nobody_signed_on=True)),
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann french=1      | ann added
        1 | enqueue c1 sales needs spanish | c1 enqueued
        5 | enqueue c2 sales        | c2 enqueued, c2 step 0 start_treatment, c2 hears busy
        6 | abandon c2              | c2 closed short_abandon
       11 | tick                    | -
       12 | enqueue c3 sales        | c3 enqueued, c3 step 0 start_treatment, c3 hears busy
       13 | ann away                | ann away
       14 | enqueue c4 sales needs french | c4 enqueued, c4 step 0 start_treatment, c4 hears busy
       21 | tick                    | c1 step 2 end_wait, c1 sent voicemail box, c1 closed overflowed
       34 | tick                    | c3 step 1 drop_skill at=22, c4 step 1 drop_skill at=24
       35 | ? timer                 | none
        """,
        centre=centre,
    )


# New policies


def test_a_new_policy_takes_what_is_due_and_repeats_no_side_effect(play: Play) -> None:
    first = planned(music(10, "waltz"), drop(20, "spanish"), step(20, StepAction.SET_PRIORITY, priority=5))
    second = planned(
        music(5, "waltz"), music(15, "polka"), step(25, StepAction.ADD_CREDIT, credit_ms=9), drop(60, "spanish")
    )
    play(
        """
        0 | policy first            | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales needs spanish and billing | c1 enqueued
       11 | tick                    | c1 step 0 start_treatment, c1 hears waltz
       21 | tick                    | c1 step 1 drop_skill, c1 step 2 set_priority
       31 | policy second           | policy 2, c1 step 1 start_treatment, c1 hears polka,
          |                         | c1 updated priority=0 credit=9
       31 | ? timer                 | 61
       32 | policy second           | policy 3
        """,
        first=first,
        second=second,
    )


def test_a_verdict_once_given_stays_under_a_new_policy(play: Play) -> None:
    long_queue = StepCondition(queue_length_min=1)
    steps = (drop(10, "spanish", condition=long_queue), step(10, StepAction.ADD_CREDIT, credit_ms=1))
    play(
        """
        0 | policy first            | policy 1
        0 | agent ann               | ann added
        1 | enqueue c1 sales needs spanish | c1 enqueued
        2 | enqueue c2 sales needs french | c2 enqueued
       11 | tick                    | c1 step 0 drop_skill, c1 step 1 add_credit
       12 | tick                    | c2 step 0 drop_skill, c2 step 1 add_credit
       13 | abandon c2              | c2 closed abandoned
       # nobody else waits now, but c1's step was taken and stays taken
       14 | policy second           | policy 2, c1 updated credit=2
       15 | ann ready               | ann ready, c1 offered ann #1
        """,
        first=planned(*steps),
        second=planned(*steps, step(12, StepAction.ADD_CREDIT, credit_ms=1)),
    )


def test_a_new_policy_matches_in_the_same_command(play: Play) -> None:
    play(
        """
        0 | policy first            | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales needs spanish | c1 enqueued
       20 | policy second           | policy 2, c1 updated needs=, c1 offered ann #1
        """,
        first=planned(),
        second=planned(drop(10, "spanish"), music(30)),
    )


# Moves and ends


def test_a_move_keeps_the_arrival_and_what_is_asked_for(play: Play) -> None:
    centre = Policy(
        queues=(QueueSpec("sales", plan_id="p"), QueueSpec("billing", plan_id="q")),
        plans=(
            Plan("p", (drop(5, "spanish"), step(10, StepAction.MOVE_TO_QUEUE, queue_id="billing"))),
            Plan("q", (music(8), step(10, StepAction.MOVE_TO_QUEUE, queue_id="sales"), music(30, "polka"))),
        ),
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        1 | enqueue c1 sales needs spanish | c1 enqueued
        6 | tick                    | c1 step 0 drop_skill
       # the way back has happened by the time it is looked at again: no circle
       11 | tick                    | c1 step 1 move_to_queue, c1 moved queue=billing wait=10,
          |                         | c1 step 0 start_treatment, c1 hears waltz queue=billing,
          |                         | c1 step 1 move_to_queue, c1 moved queue=sales,
          |                         | c1 step 0 drop_skill
       12 | policy centre           | policy 2
       13 | ann ready               | ann ready, c1 offered ann #1 queue=sales wait=12
        """,
        centre=centre,
    )


def test_a_move_may_let_the_wait_start_anew(play: Play) -> None:
    centre = Policy(
        queues=(QueueSpec("sales", plan_id="p"), QueueSpec("billing", plan_id="q")),
        plans=(
            Plan("p", (step(10, StepAction.MOVE_TO_QUEUE, queue_id="billing", restart_wait=True),)),
            Plan("q", (end(10, EndKind.HANG_UP, "patience"),)),
        ),
    )
    play(
        """
        0 | policy centre           | policy 1
        1 | enqueue c1 sales        | c1 enqueued
        1 | agent ann               | ann added
       11 | tick                    | c1 step 0 move_to_queue, c1 moved queue=billing wait=0
       12 | ? timer                 | 21
       21 | tick                    | c1 step 0 end_wait, c1 sent hang_up patience, c1 closed timed_out wait=20
        """,
        centre=centre,
    )


def test_a_wait_ends_in_another_system(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 offer_callback, c1 is asked menu
       21 | tick                    | c1 step 1 end_wait, c1 sent external sip:other, c1 closed overflowed
        """,
        centre=planned(step(10, StepAction.OFFER_CALLBACK, name="menu"), end(20, EndKind.EXTERNAL, "sip:other")),
    )


# Two entries

TWO = Policy(
    queues=(
        QueueSpec("sales", plan_id="p", requirement="sales"),
        QueueSpec("billing", requirement="billing", credit_ms=60_000, wrap_up_ms=5_000, offer_timeout_ms=7_000),
    ),
    plans=(Plan("p", (step(10, StepAction.ADD_QUEUE, queue_id="billing"),)),),
)


def test_a_second_queue_brings_its_agents_and_becomes_home_on_acceptance(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann billing=1     | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 add_queue, c1 moved queue=sales second=billing,
          |                         | c1 offered ann #1 queue=billing until=18 score=70000000
       18 | tick                    | c1 missed ann #1 queue=billing, c1 offered ann #2 queue=billing
       19 | ann accepts c1          | c1 accepted ann #2 queue=billing
       20 | complete c1             | c1 completed ann queue=billing until=25
       25 | tick                    | c1 closed handled queue=billing
        """,
        centre=TWO,
    )


def test_the_home_queues_agents_come_first(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann billing=1; bob sales=1 | ann added, bob added
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 add_queue, c1 moved
       12 | enqueue c2 sales priority=9 needs nobody | c2 enqueued
       12 | ? queue billing         | 1
       12 | ? position c1           | 2
       # both come free in one command: c1 chooses
       13 | ann away                | ann away
       13 | bob away                | bob away
       14 | agent ann billing=1 sales=1 nobody=1; bob sales=2 | ann updated, bob updated
       15 | bob ready               | bob ready, c1 offered bob #1 queue=sales
        """,
        centre=TWO,
    )


def test_an_agent_judges_a_contact_by_its_better_entry(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann billing=1 sales=1 | ann added
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 add_queue, c1 moved
       11 | enqueue c2 billing      | c2 enqueued
       12 | ann ready               | ann ready, c1 offered ann #1 queue=billing score=71000000
        """,
        centre=TWO,
    )


def test_one_change_of_many_agents_lets_the_contact_choose_its_home_queue(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann; bob          | ann added, bob added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 add_queue, c1 moved
       12 | agent ann billing=1; bob sales=1 | ann updated, bob updated, c1 offered bob #1 queue=sales by=contact
        """,
        centre=TWO,
    )


def test_the_losers_of_an_assignment_by_the_second_entry_choose_again(play: Play) -> None:
    centre = Policy(
        queues=(
            QueueSpec("sales", requirement="sales", strategy=Strategy.BROADCAST, broadcast_to=3, plan_id="p"),
            QueueSpec("billing", requirement="billing", auto_accept=True),
        ),
        plans=(Plan("p", (step(0, StepAction.ADD_QUEUE, queue_id="billing"),)),),
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann sales=1; bob sales=1; eve billing=1 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        1 | enqueue c1 sales        | c1 enqueued, c1 step 0 add_queue, c1 moved, c1 offered ann #1, c1 offered bob #2
        2 | enqueue c2 sales        | c2 enqueued, c2 step 0 add_queue, c2 moved
        3 | eve ready               | eve ready, c1 assigned eve #3 queue=billing, c1 released ann #1,
          |                         | c1 released bob #2, c2 offered ann #4, c2 offered bob #5
        """,
        centre=centre,
    )


# Full queues


def test_a_full_queue_overflows_and_a_full_centre_refuses(play: Play) -> None:
    centre = Policy(
        queues=(
            QueueSpec("sales", max_waiting=1, overflow=Overflow("billing")),
            QueueSpec("billing", max_waiting=0, overflow=Overflow("last")),
            QueueSpec("last", max_waiting=1, overflow=Overflow(end=EndWait(EndKind.HANG_UP, "busy"))),
            QueueSpec("mail", max_waiting=0, overflow=Overflow(end=EndWait(EndKind.VOICEMAIL, "box"))),
        ),
        max_waiting=3,
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann last=1        | ann added
        1 | enqueue c1 sales        | c1 enqueued
        2 | enqueue c2 sales        | c2 enqueued, c2 moved queue=billing why=full, c2 moved queue=last why=full
        3 | enqueue c3 sales        | c3 enqueued, c3 moved, c3 moved, c3 sent hang_up busy, c3 closed refused_full
        4 | enqueue c4 mail         | c4 enqueued, c4 sent voicemail box, c4 closed overflowed
        5 | ann ready               | ann ready, c1 offered ann #1
        6 | enqueue c5 sales        | c5 enqueued
        7 | ann away                | ann away, c1 released ann #1
        8 | enqueue c6 sales        | c6 enqueued, c6 closed refused_full
        """,
        centre=centre,
    )


def test_a_circle_of_full_queues_ends_in_a_refusal(play: Play) -> None:
    centre = Policy(
        queues=(
            QueueSpec("sales", max_waiting=0, overflow=Overflow("billing")),
            QueueSpec("billing", max_waiting=0, overflow=Overflow("sales")),
        )
    )
    scenario = play("0 | policy centre | policy 1", centre=centre)
    moves = ", ".join(["c1 moved"] * 8)
    scenario(f"1 | enqueue c1 sales | c1 enqueued, {moves}, c1 closed refused_full")


def test_an_overflow_queue_may_serve_at_once(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann last=1        | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 moved queue=last, c1 offered ann #1 queue=last
        """,
        centre=Policy(
            queues=(
                QueueSpec("sales", requirement="sales", max_waiting=0, overflow=Overflow("last")), QueueSpec("last"),
            )
        ),
    )  # fmt: skip


# Closed queues


def test_a_closed_queue_takes_nobody(play: Play) -> None:
    centre = Policy(
        queues=(
            QueueSpec("sales", plan_id="p", overflow=Overflow("night")),
            QueueSpec("night", plan_id="n"),
            QueueSpec("mail", overflow=Overflow(end=EndWait(EndKind.HANG_UP, "closed"))),
            QueueSpec("bare"),
        ),
        plans=(Plan("p", (music(0, "day"),)), Plan("n", (music(0, "night"),))),
    )
    play(
        """
        0 | policy centre           | policy 1
        1 | close sales             | sales closed
        1 | close sales             | -
        1 | close mail              | mail closed
        1 | close bare              | bare closed
        1 | close none              | refused UNKNOWN_QUEUE queue_id
        2 | enqueue c1 sales        | c1 enqueued queue=sales, c1 moved queue=night why=closed,
          |                         | c1 step 0 start_treatment, c1 hears night
        3 | enqueue c2 mail         | c2 enqueued, c2 sent hang_up closed, c2 closed refused_closed
        4 | enqueue c3 bare         | c3 enqueued, c3 closed refused_closed
        5 | open sales              | sales opened
        5 | open sales              | -
        6 | enqueue c4 sales        | c4 enqueued, c4 step 0 start_treatment, c4 hears day
        7 | policy centre           | policy 2
        8 | enqueue c5 bare         | c5 enqueued, c5 closed refused_closed
        """,
        centre=centre,
    )


def test_at_closing_those_who_wait_are_served_or_released(play: Play) -> None:
    release = ClosingRule.RELEASE
    centre = Policy(
        queues=(
            QueueSpec("sales", at_closing=release, plan_id="p"),
            QueueSpec("mail", at_closing=release, overflow=Overflow("night")),
            QueueSpec("late"),
            QueueSpec("night"),
        ),
        plans=(
            Plan("p", (step(0, StepAction.ADD_QUEUE, queue_id="night", condition=StepCondition(queue_length_min=2)),)),
        ),
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        1 | enqueue c1 sales        | c1 enqueued
        1 | enqueue c2 mail         | c2 enqueued
        1 | enqueue c3 late         | c3 enqueued
        1 | enqueue c4 sales        | c4 enqueued
        1 | enqueue c5 sales        | c5 enqueued, c5 step 0 add_queue, c5 moved second=night
        2 | ann ready               | ann ready, c1 offered ann #1
        3 | close sales             | sales closed, c4 closed refused_closed, c5 moved queue=night second=
        4 | close mail              | mail closed, c2 moved queue=night why=closed
        5 | close late              | late closed
        5 | ? c3                    | waiting
        6 | ann declines c1         | c1 declined ann #1, c1 excludes ann, c1 closed refused_closed, c2 offered ann #2
        """,
        centre=centre,
    )


# What is refused


@pytest.mark.parametrize(
    ("build", "reason", "field"),
    [
        (lambda: step(-1, StepAction.DROP_SKILL, skill="a"), Reason.OUT_OF_RANGE, "after_ms"),
        (lambda: step(1, StepAction.DROP_SKILL), Reason.EMPTY, "skill"),
        (lambda: step(1, StepAction.DROP_SKILL, skill="a", level=3), Reason.INVALID_VALUE, "level"),
        (lambda: step(1, StepAction.LOWER_LEVEL, skill="a", level=101), Reason.OUT_OF_RANGE, "level"),
        (lambda: step(1, StepAction.SET_REQUIREMENT, requirement="a>="), Reason.MALFORMED_REQUIREMENT, "requirement"),
        (lambda: step(1, StepAction.MOVE_TO_QUEUE), Reason.EMPTY, "queue_id"),
        (lambda: step(1, StepAction.START_TREATMENT), Reason.EMPTY, "treatment"),
        (lambda: step(1, StepAction.END_WAIT), Reason.EMPTY, "end"),
        (lambda: Plan("p", (drop(2, "a"), drop(1, "b"))), Reason.INVALID_VALUE, "steps[1].after_ms"),
        (lambda: Plan("p", tuple(drop(1, "a") for _ in range(257))), Reason.TOO_MANY, "steps"),
        (lambda: StepCondition(queue_length_min=-1), Reason.OUT_OF_RANGE, "queue_length_min"),
        (lambda: Overflow(), Reason.INVALID_VALUE, ""),
        (lambda: Policy(queues=(QueueSpec("a", plan_id="p"),)), Reason.UNKNOWN_PLAN, 'queues["a"].plan_id'),
        (lambda: QueueSpec("a", overflow=Overflow("a")), Reason.INVALID_VALUE, "overflow.queue_id"),
        (
            lambda: Policy(queues=(QueueSpec("a", overflow=Overflow("b")),)),
            Reason.UNKNOWN_QUEUE,
            'queues["a"].overflow.queue_id',
        ),
        (
            lambda: planned(step(1, StepAction.ADD_QUEUE, queue_id="b")),
            Reason.UNKNOWN_QUEUE,
            'plans["p"].steps[0].queue_id',
        ),
        (lambda: Policy(queues=(QueueSpec("a", calendar_id="c"),)), Reason.UNKNOWN_CALENDAR, 'queues["a"].calendar_id'),
    ],
)
def test_refused(build: Callable[[], object], reason: Reason, field: str) -> None:
    with pytest.raises(Refused) as caught:
        build()
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_second_queue_is_in_use(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        1 | enqueue c1 sales        | c1 enqueued
       11 | tick                    | c1 step 0 add_queue, c1 moved
       12 | policy without          | refused QUEUE_IN_USE queues
        """,
        centre=TWO,
        without=Policy(queues=(QueueSpec("sales"),)),
    )


# Broadcasts and plans


def test_an_open_broadcast_is_widened_by_its_plan(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann spanish=1; bob | ann added, bob added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        1 | enqueue c1 sales needs spanish | c1 enqueued, c1 offered ann #1
       11 | tick                    | c1 step 0 drop_skill, c1 offered bob #2
        """,
        centre=planned(drop(10, "spanish"), strategy=Strategy.BROADCAST),
    )
