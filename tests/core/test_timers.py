"""Time as tables: timers, ticks, leases, outages (section 2 of the routing model). Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

from acd_core.commands import Tick
from acd_core.enums import EndCause, TimerKind
from acd_core.policy import OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.snapshot import decode

Play = Callable[..., Any]

WRAP = Policy(queues=(QueueSpec("sales", wrap_up_ms=10_000),))
PLAIN = Policy(queues=(QueueSpec("sales"),))
LEASED = Policy(queues=(QueueSpec("sales"),), presence_lease_ms=30_000)


def test_timers_fire_in_order_within_one_tick_each_at_its_own_time(play: Play) -> None:
    play(
        """
          0 | policy wrap                  | policy 1
          0 | agent ann cap=200; bob       | ann added, bob added
          0 | ann ready                    | ann ready
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
          1 | enqueue c2 sales             | c2 enqueued, c2 offered ann #2 until=21
          2 | ann accepts c1               | c1 accepted ann #1
          3 | complete c1 wrap=18          | c1 completed ann until=21
          4 | enqueue c3 sales attached    | c3 enqueued
          9 | detach c3                    | c3 detached until=19
         # At 19 and 21; those due together fire in the order in which they were armed. What a timer's firing arms is
         # fired in the same tick if it is due by then.
        100 | tick                         | c3 closed lost at=19, c2 missed ann #2 at=21,
            |                              | c2 offered ann #3 at=21 until=41, c1 closed handled at=21,
            |                              | c2 missed ann #3 at=41, c2 offered ann #4 at=41,
            |                              | c2 missed ann #4 at=61, ann away at=61 why=not_responding
        100 | ? timer                      | none
        """,
        wrap=WRAP,
    )


def test_a_timer_armed_anew_takes_a_new_place_among_those_due_together(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann; bob; eve           | ann added, bob added, eve added
         0 | ann away lease=30             | ann away until=30
         0 | bob away lease=30             | bob away until=30
         0 | eve away lease=30             | eve away until=30
         # Nothing changes but the order: ann's lease was armed last.
         0 | heartbeat ann                 | -
        30 | tick                          | bob offline why=lease_expired, eve offline, ann offline
        """,
        plain=PLAIN,
    )


def test_a_tick_with_nothing_due_does_nothing(play: Play) -> None:
    play(
        """
         0 | tick                          | -
         7 | tick                          | -
         6 | tick                          | refused TIME_BACKWARDS at
        """
    )


def test_other_commands_wait_for_the_tick(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1 until=21
        21 | ann accepts c1                | refused TIMER_DUE at
        20.999999999 | ann accepts c1      | c1 accepted ann #1
        """,
        plain=PLAIN,
    )


def test_an_expired_offer_cannot_be_accepted(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1 until=21
        21 | tick                          | c1 missed ann #1, c1 offered ann #2 until=41
        21 | ann accepts c1 #1             | refused OFFER_EXPIRED offer_id
        21 | ann accepts c1 #2             | c1 accepted ann #2
        21 | ? timer                       | none
        """,
        plain=PLAIN,
    )


def test_a_presence_lease_runs_out_unless_the_agent_is_heard_of(play: Play) -> None:
    play(
        """
          0 | policy leased                | policy 1
          0 | agent ann cap=300; bob       | ann added, bob added
          0 | ann ready                    | ann ready until=30
          0 | bob away                     | bob away until=30
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1
          1 | enqueue c2 sales             | c2 enqueued, c2 offered ann #2
          1 | enqueue c3 sales             | c3 enqueued, c3 offered ann #3 until=21
          2 | ann accepts c2               | c2 accepted ann #2
          2 | ann accepts c1               | c1 accepted ann #1
         10 | heartbeat ann bob            | -
         15 | bob away                     | -
         20 | ann misses c3                | c3 missed ann #3, c3 offered ann #4 until=40
        40 | tick                         | ann offline why=lease_expired until=0, c3 released ann #4,
           |                              | c1 unattended ann, c2 unattended ann
        45 | tick                         | bob offline why=lease_expired
        46 | heartbeat bob                | -
        46 | ? timer                      | none
        47 | complete c1                  | c1 completed ann, c1 closed handled
        48 | ann ready                    | ann ready until=78, c3 offered ann #5
        """,
        leased=LEASED,
    )


def test_a_lease_is_the_commands_the_policys_or_none(play: Play) -> None:
    play(
        """
         0 | policy leased                 | policy 1
         0 | agent ann                     | ann added
         0 | ann ready lease=5             | ann ready until=5
         1 | heartbeat ann                 | -
         1 | ? timer                       | 6
         2 | ann ready                     | -
         2 | ? timer                       | 32
         3 | policy plain                  | policy 2
         # Running leases keep their times, and their length until the presence is set again.
         3 | ? timer                       | 32
         4 | heartbeat ann                 | -
         4 | ? timer                       | 34
         5 | ann ready                     | -
         5 | ? timer                       | none
         6 | ann away lease=9              | ann away until=15
         7 | ann offline lease=9           | ann offline until=0
         7 | ? timer                       | none
        """,
        leased=LEASED,
        plain=PLAIN,
    )


def test_a_lease_that_ends_while_the_agent_is_delayed_ends_the_delay_in_silence(play: Play) -> None:
    play(
        """
         0 | policy leased                 | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready until=30
        15 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        25 | ann busy c1                   | c1 busy ann #1, ann delayed until=35
        99 | tick                          | ann offline at=30 why=lease_expired
        99 | ann ready                     | ann ready, c1 offered ann #2
        """,
        leased=LEASED,
    )


def test_after_an_outage_offers_and_leases_are_extended_and_nothing_else(play: Play) -> None:
    outcomes = OfferOutcomes(declined=OutcomePolicy(exclude_ms=60_000), busy=OutcomePolicy(delay_ms=20_000))
    play(
        """
          0 | policy centre                | policy 1
          0 | agent ann cap=300; bob       | ann added, bob added
          0 | ann ready                    | ann ready until=30
          0 | bob ready lease=90           | bob ready until=90
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
          1 | enqueue c2 sales             | c2 enqueued, c2 offered ann #2 until=21
          2 | ann accepts c2               | c2 accepted ann #2
          3 | complete c2 wrap=20          | c2 completed ann until=23
          4 | enqueue c3 sales attached    | c3 enqueued, c3 offered ann #3 until=24
          5 | ann declines c3              | c3 declined ann #3, c3 excludes ann until=65, c3 offered bob #4 until=25
          6 | detach c3                    | c3 detached until=16
         # Nobody was there for 100 seconds.
        106 | resume                       | resumed 100
        106 | ? timer                      | 16
        106 | ann accepts c1               | refused TIMER_DUE at
        # What is overdue fires now, in the order in which it was due.
        106 | tick                         | c3 withdrawn bob #4 at=106, c3 closed lost at=106, c2 closed handled at=106
        106 | ? timer                      | 121
        107 | resume                       | resumed 1
        122 | tick                         | c1 missed ann #1 at=122, c1 offered bob #5 until=142
        131 | tick                         | ann offline why=lease_expired at=131
        191 | tick                         | c1 missed bob #5 at=142, c1 offered bob #6, c1 missed bob #6 at=162,
            |                              | c1 offered bob #7, c1 missed bob #7 at=182, bob away until=191,
            |                              | bob offline at=191 why=lease_expired
        """,
        centre=Policy(
            queues=(QueueSpec("sales"),),
            presence_lease_ms=30_000,
            offer_outcomes=outcomes,
        ),
    )


def test_a_resume_says_until_when_an_offer_now_lives(play: Play) -> None:
    scenario = play(
        """
          0 | policy plain                 | policy 1
          0 | agent ann                    | ann added
          0 | ann ready                    | ann ready
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
        101 | resume id=r1                 | resumed 100
        101 | resume id=r1                 | duplicate
        102 | update c1 priority=2         | c1 updated
        """,
        plain=PLAIN,
    )
    assert scenario.answer.offer_expires_ns % 10**12 == 121 * 10**9
    assert scenario.answer.offer_expires_ns == scenario.engine.contact("c1").offer_expires_ns
    assert scenario.answer.offer_expires_ns == scenario.engine.next_timer()


def test_overdue_timers_after_an_outage_do_not_take_time_back(play: Play) -> None:
    play(
        """
          0 | policy wrap                  | policy 1
          0 | agent ann                    | ann added
          0 | ann ready                    | ann ready
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1
          2 | ann accepts c1               | c1 accepted ann #1
          3 | complete c1                  | c1 completed ann until=13
          4 | enqueue c2 sales             | c2 enqueued
         50 | resume                       | resumed 46
         60 | tick                         | c1 closed handled at=50 duration=49,
            |                              | c2 offered ann #2 at=50 wait=46 until=70
        """,
        wrap=WRAP,
    )


def test_delay_and_exclusion_that_end_together(play: Play) -> None:
    outcomes = OfferOutcomes(missed=OutcomePolicy(exclude_ms=10_000, delay_ms=10_000))
    play(
        """
         0 | policy both                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | enqueue c2 sales              | c2 enqueued
         3 | ann misses c1                 | c1 missed ann #1, c1 excludes ann until=13, ann delayed until=13
         # When the exclusion ends the agent is still delayed; once the delay has ended too, it takes the first of both.
        13 | tick                          | c1 readmits ann, ann undelayed, c1 offered ann #2 by=agent
        """,
        both=Policy(queues=(QueueSpec("sales"),), offer_outcomes=outcomes),
    )


def test_a_contacts_timers_end_with_it(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales attached     | c1 enqueued, c1 offered ann #1
         2 | ann declines c1               | c1 declined ann #1, c1 excludes ann until=62
         3 | detach c1                     | c1 detached until=13
         3 | ? timer                       | 13
         4 | cancel c1                     | c1 closed cancelled
         4 | ? timer                       | none
         5 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         6 | cancel c2                     | c2 withdrawn ann #2, c2 closed cancelled
         6 | ? timer                       | none
        """,
        plain=PLAIN,
    )


def test_an_agent_who_is_set_aside_is_offline_without_his_timers(play: Play) -> None:
    play(
        """
          0 | policy centre                | policy 1
          0 | agent ann cap=200            | ann added
          0 | agent bob                    | bob added
          0 | ann ready lease=20           | ann ready until=20
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
          2 | ann accepts c1               | c1 accepted ann #1
          3 | enqueue c2 sales             | c2 enqueued, c2 offered ann #2 until=23
          4 | bob ready                    | bob ready
        # Her lease is due: any other command waits for a tick, this one goes before.
         20 | heartbeat ann                | refused TIMER_DUE at
         20 | ann aside                    | ann offline why=set_aside, c2 released ann #2, c1 unattended ann,
            |                              | c2 offered bob #3 until=40
         20 | ann aside                    | -
         20 | ? timer                      | 40
        # She goes on where she was, once she says that she is there.
         21 | complete c1                  | c1 completed ann, c1 closed handled
         21 | ann ready                    | ann ready
        # Of a delay there is nothing left either.
         22 | bob declines c2              | c2 declined bob #3, bob delayed until=52, c2 offered ann #4 until=42
         23 | bob aside                    | bob offline why=set_aside
         24 | bob ready                    | bob ready
         25 | remove bob                   | bob offline why=removed, bob removed
         25 | bob aside                    | refused UNKNOWN_AGENT agent_id
         25 | ? timer                      | 42
        """,
        centre=Policy(
            queues=(QueueSpec("sales"),), offer_outcomes=OfferOutcomes(declined=OutcomePolicy(delay_ms=30_000))
        ),
    )


def test_a_contact_that_is_set_aside_ends_whatever_its_state(play: Play) -> None:
    scenario = play(
        """
          0 | policy centre                | policy 1
          0 | agent ann cap=200            | ann added
          0 | ann ready                    | ann ready
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
          1 | enqueue c2 sales             | c2 enqueued, c2 offered ann #2 until=21
          1 | enqueue c3 sales             | c3 enqueued
          2 | ann accepts c2               | c2 accepted ann #2
        # Its timer is due: any other command waits for a tick, this one goes before.
         30 | cancel c1                    | refused TIMER_DUE at
         30 | aside c1                     | c1 withdrawn ann #1, c1 closed set_aside, c3 offered ann #3 until=50
         31 | aside c2                     | c2 completed ann, c2 closed set_aside
         31 | enqueue c4 sales             | c4 enqueued, c4 offered ann #4 until=51
         32 | ann accepts c4               | c4 accepted ann #4
         33 | complete c4 wrap=20          | c4 completed ann until=53
         34 | aside c4                     | c4 closed set_aside
         34 | aside c4                     | refused UNKNOWN_CONTACT contact_id
         34 | ? timer                      | 50
        """,
        centre=Policy(queues=(QueueSpec("sales"),)),
    )
    assert scenario.engine.counts().closed[EndCause.SET_ASIDE - 1] == 3
    snapshot = scenario.engine.snapshot()
    assert type(scenario.engine).restore(snapshot).snapshot() == snapshot
    assert len(decode(snapshot)["closed"]) == EndCause.SET_ASIDE


def test_the_last_timer_that_fired_is_known_by_name(play: Play) -> None:
    engine = play(
        """
          0 | policy centre                | policy 1
          0 | agent ann                    | ann added
          0 | ann ready lease=90           | ann ready until=90
          1 | enqueue c1 sales             | c1 enqueued, c1 offered ann #1 until=21
        """,
        centre=Policy(queues=(QueueSpec("sales"),)),
    ).engine
    assert engine.last_fired is None
    engine.apply(1_600_000_021 * 10**9, Tick())
    assert engine.last_fired == (TimerKind.OFFER_EXPIRY, 0, 0)
    engine.apply(1_600_000_090 * 10**9, Tick())
    assert engine.last_fired == (TimerKind.LEASE_END, -1, 0)
