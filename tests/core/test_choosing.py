"""Who gets whom as tables: sections 3 to 6 and 9 of the routing model, rule by rule. Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.enums import Membership, Strategy
from acd_core.limits import EXCLUSIONS_PER_CONTACT_MAX
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec

Play = Callable[..., Any]

PLAIN = Policy(queues=(QueueSpec("sales"), QueueSpec("billing")))
BLENDED = Policy(
    channels=(Channel("voice", 100, interrupts=("mail",)), Channel("chat", 25), Channel("mail", 10)),
    queues=(QueueSpec("sales", offer_timeout_ms=1_000_000),),
)


def listed(strategy: Strategy = Strategy.LONGEST_IDLE, **more: Any) -> Policy:
    return Policy(queues=(QueueSpec("sales", membership=Membership.LISTED, strategy=strategy, **more),))


# Section 3: who may serve whom


def test_only_an_agent_who_is_ready_serves(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann; bob; eve           | ann added, bob added, eve added
        0 | ann away                      | ann away
        1 | enqueue c1 sales              | c1 enqueued
        2 | bob away                      | bob away
        2 | ann away tea                  | ann away
        3 | eve ready                     | eve ready, c1 offered eve #1
        """,
        plain=PLAIN,
    )


def test_the_queues_requirement_and_the_contacts_own_must_both_be_met(play: Play) -> None:
    play(
        """
        0 | policy skilled                | policy 1
        0 | agent ann sales=50; bob spanish=60; eve sales=49 spanish=90 | ann added, bob added, eve added
        0 | agent sue sales=50 spanish=60 trainee=1 | sue added
        0 | ann ready                     | ann ready
        0 | bob ready                     | bob ready
        0 | eve ready                     | eve ready
        0 | sue ready                     | sue ready
        1 | enqueue c1 sales needs spanish>=60 and not trainee | c1 enqueued
        2 | enqueue c2 sales needs spanish | c2 enqueued, c2 offered sue #1
        3 | enqueue c3 sales              | c3 enqueued, c3 offered ann #2
        4 | agent eve sales=50 spanish=60 | eve updated, c1 offered eve #3
        """,
        skilled=Policy(queues=(QueueSpec("sales", requirement="sales>=50"),)),
    )


def test_a_listed_queue_is_served_by_its_members_alone(play: Play) -> None:
    play(
        """
        0 | policy listed                 | policy 1
        0 | agent ann; bob sales@3        | ann added, bob added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued
        2 | bob ready                     | bob ready, c1 offered bob #1 tier=3
        3 | enqueue c2 sales              | c2 enqueued
        4 | agent ann sales@0             | ann updated, c2 offered ann #2 tier=0
        """,
        listed=listed(),
    )


def test_tiers_up_to_the_queues_highest_are_used(play: Play) -> None:
    play(
        """
        0 | policy reach1                 | policy 1
        0 | agent ann sales@2; bob sales@1 | ann added, bob added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued
        2 | bob ready                     | bob ready, c1 offered bob #1 tier=1
        3 | enqueue c2 sales              | c2 enqueued
        4 | policy reach2                 | policy 2, c2 offered ann #2 tier=2
        """,
        reach1=listed(max_tier=1),
        reach2=listed(max_tier=2),
    )


def test_tier_0_alone(play: Play) -> None:
    play(
        """
        0 | policy reach0                 | policy 1
        0 | agent ann sales@1; bob sales@0 | ann added, bob added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued
        2 | bob ready                     | bob ready, c1 offered bob #1 tier=0
        """,
        reach0=listed(max_tier=0),
    )


def test_in_an_open_queue_memberships_mean_nothing(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann sales@9             | ann added
        0 | agent bob                     | bob added
        0 | ann ready                     | ann ready
        1 | bob ready                     | bob ready
        2 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1 tier=0
        """,
        plain=Policy(queues=(QueueSpec("sales", max_tier=0),)),
    )


def test_an_excluded_agent_is_passed_over_for_that_contact_alone(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann; bob                | ann added, bob added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        2 | enqueue c2 billing            | c2 enqueued
        3 | ann declines c1               | c1 declined ann #1, c1 excludes ann, c2 offered ann #2 by=contact
        4 | bob ready                     | bob ready, c1 offered bob #3
        5 | bob declines c1               | c1 declined bob #3, c1 excludes bob until=65
        5 | ? c1                          | waiting
        """,
        plain=PLAIN,
    )


# Section 4: capacity and channels


def test_capacity_is_shared_by_the_channels(play: Play) -> None:
    play(
        """
        0 | policy blended                | policy 1
        0 | agent ann                     | ann added
        0 | ann ready                     | ann ready
        1 | enqueue h1 sales channel=chat | h1 enqueued, h1 offered ann #1
        1 | enqueue h2 sales channel=chat | h2 enqueued, h2 offered ann #2
        1 | enqueue h3 sales channel=chat | h3 enqueued, h3 offered ann #3
        1 | enqueue v1 sales              | v1 enqueued
        1 | enqueue m1 sales channel=mail | m1 enqueued, m1 offered ann #4
        1 | enqueue m2 sales channel=mail | m2 enqueued, m2 offered ann #5
        1 | ? ann                         | ready used=95 h1 h2 h3 m1 m2
        1 | enqueue m3 sales channel=mail | m3 enqueued
        1 | enqueue h4 sales channel=chat | h4 enqueued
        2 | abandon h1                    | h1 withdrawn ann #1, h1 closed short_abandon, m3 offered ann #6 by=agent
        3 | abandon h2                    | h2 withdrawn ann #2, h2 closed short_abandon, h4 offered ann #7 by=agent
        """,
        blended=BLENDED,
    )


def test_a_call_interrupts_mail_and_mail_does_not_interrupt_a_call(play: Play) -> None:
    play(
        """
        0 | policy blended                | policy 1
        0 | agent ann                     | ann added
        0 | ann ready                     | ann ready
        1 | enqueue m1 sales channel=mail | m1 enqueued, m1 offered ann #1
        1 | enqueue v1 sales              | v1 enqueued, v1 offered ann #2
        1 | ? ann                         | ready used=110 m1 v1
        1 | enqueue v2 sales              | v2 enqueued
        1 | enqueue m2 sales channel=mail | m2 enqueued
        2 | abandon m1                    | m1 withdrawn ann #1, m1 closed short_abandon
        3 | abandon v1                    | v1 withdrawn ann #2, v1 closed short_abandon, v2 offered ann #3
        """,
        blended=BLENDED,
    )


def test_a_channels_maximum_counts_offers_active_contacts_and_wrap_up(play: Play) -> None:
    play(
        """
         0 | policy blended                | policy 1
         0 | agent ann max:chat=2 max:voice=0 | ann added
         0 | ann ready                     | ann ready
         1 | enqueue v1 sales              | v1 enqueued
         1 | enqueue h1 sales channel=chat | h1 enqueued, h1 offered ann #1
         1 | enqueue h2 sales channel=chat | h2 enqueued, h2 offered ann #2
         1 | enqueue h3 sales channel=chat | h3 enqueued
         2 | ann accepts h1                | h1 accepted ann #1
         3 | complete h1 wrap=7            | h1 completed ann until=10
         4 | enqueue h4 sales channel=chat | h4 enqueued
        10 | tick                          | h1 closed handled, h3 offered ann #3 by=agent
        11 | agent ann max:chat=3          | ann updated, h4 offered ann #4
        12 | enqueue h5 sales channel=chat | h5 enqueued
        13 | agent ann                     | ann updated, h5 offered ann #5
        """,
        blended=BLENDED,
    )


def test_wrap_up_holds_capacity_and_lowering_it_takes_nothing_away(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann cap=200             | ann added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
        1 | enqueue c3 sales              | c3 enqueued
        2 | agent ann cap=100             | ann updated
        2 | ? ann                         | ready used=200 c1 c2
        3 | ann accepts c1                | c1 accepted ann #1
        4 | complete c1                   | c1 completed ann, c1 closed handled
        5 | ann accepts c2                | c2 accepted ann #2
        6 | complete c2 wrap=3            | c2 completed ann
        6 | ? c3                          | waiting
        7 | wrapped ann c2                | c2 closed handled, c3 offered ann #3 by=agent
        """,
        plain=PLAIN,
    )


def test_raising_capacity_lets_the_agent_choose(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann                     | ann added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        1 | enqueue c2 sales              | c2 enqueued
        1 | enqueue c3 sales priority=1   | c3 enqueued
        2 | agent ann cap=300             | ann updated, c3 offered ann #2 by=agent, c2 offered ann #3 by=agent
        """,
        plain=PLAIN,
    )


# Section 5: which contact an agent gets


def test_priority_goes_before_score_and_score_before_arrival(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann cap=500             | ann added
        1 | enqueue c1 sales              | c1 enqueued
        1 | enqueue c2 sales              | c2 enqueued
        2 | enqueue c3 sales credit=5000  | c3 enqueued
        9 | enqueue c4 sales priority=1   | c4 enqueued
        9 | enqueue c5 sales priority=-1 credit=999999 | c5 enqueued
        10 | ann ready                    | ann ready,
           |                              | c4 offered ann #1 priority=1 score=1000000,
           |                              | c3 offered ann #2 priority=0 score=13000000,
           |                              | c1 offered ann #3 priority=0 score=9000000,
           |                              | c2 offered ann #4 priority=0 score=9000000,
           |                              | c5 offered ann #5 priority=-1
        """,
        plain=PLAIN,
    )


def test_credit_of_contact_and_queue_add_up_and_the_rate_is_the_queues(play: Play) -> None:
    # At second 11: sales (10 - 4 + 1) s, slow 20 s flat, fast 3 * 3 s.
    play(
        """
         0 | policy queues                 | policy 1
         0 | agent ann cap=300             | ann added
         1 | enqueue c1 sales credit=1000  | c1 enqueued
         2 | enqueue c2 slow               | c2 enqueued
         8 | enqueue c3 fast               | c3 enqueued
        11 | ann ready                     | ann ready, c2 offered ann #1 score=20000000,
           |                               | c3 offered ann #2 score=9000000, c1 offered ann #3 score=7000000
        """,
        queues=Policy(
            queues=(
                QueueSpec("sales", credit_ms=-4_000),
                QueueSpec("slow", credit_ms=20_000, rate=0),
                QueueSpec("fast", rate=3_000),
            )
        ),
    )


def test_times_are_floored_to_milliseconds_one_by_one(play: Play) -> None:
    # 1.0019 and 1.0010 are the same millisecond: the earlier ordinal goes first. 2.0001 - 1.9999 counts as 1 ms.
    play(
        """
        1.0010 | policy plain              | policy 1
        1.0010 | enqueue c1 sales          | c1 enqueued
        1.0019 | enqueue c2 sales          | c2 enqueued
        1.9999 | enqueue c3 sales          | c3 enqueued
        1.9999 | agent ann cap=300         | ann added
        2.0001 | ann ready                 | ann ready, c1 offered ann #1 score=999000 wait=0.9991,
               |                           | c2 offered ann #2 score=999000, c3 offered ann #3 score=1000
        """,
        plain=PLAIN,
    )


def test_a_contact_that_comes_back_keeps_its_place(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann; bob                | ann added, bob added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        2 | enqueue c2 sales              | c2 enqueued
        3 | ann offline                   | ann offline, c1 released ann #1
        4 | bob ready                     | bob ready, c1 offered bob #2 wait=3
        """,
        plain=PLAIN,
    )


@pytest.mark.parametrize(("policy", "first", "second"), [("tier_first", "c2", "c1"), ("priority_first", "c1", "c2")])
def test_an_agent_looks_at_its_tier_first_only_if_the_policy_says_so(
    play: Play, policy: str, first: str, second: str
) -> None:
    queues = tuple(QueueSpec(name, membership=Membership.LISTED) for name in ("sales", "billing"))
    play(
        f"""
        0 | policy {policy}               | policy 1
        0 | agent ann cap=200 sales@1 billing@0 | ann added
        1 | enqueue c1 sales priority=9   | c1 enqueued
        2 | enqueue c2 billing            | c2 enqueued
        3 | ann ready                     | ann ready, {first} offered ann #1 by=agent, {second} offered ann #2
        """,
        tier_first=Policy(queues=queues, tier_first=True),
        priority_first=Policy(queues=queues),
    )


# Section 6: which agent a contact gets


def test_longest_idle(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann; bob; eve           | ann added, bob added, eve added
         1 | bob ready                     | bob ready
         2 | ann ready                     | ann ready
         2 | eve ready                     | eve ready
         3 | enqueue c1 sales              | c1 enqueued, c1 offered bob #1 strategy=longest_idle
         # Same idle time: the earlier created.
         4 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         # A missed or declined offer does not change it, nor does being away.
         5 | bob declines c1               | c1 declined bob #1, c1 excludes bob, c1 offered eve #3
         6 | bob away                      | bob away
         7 | bob ready                     | bob ready
         8 | ann accepts c2                | c2 accepted ann #2
         9 | complete c2                   | c2 completed ann, c2 closed handled
        10 | enqueue c3 sales              | c3 enqueued, c3 offered bob #4
        11 | bob accepts c3                | c3 accepted bob #4
        11 | eve accepts c1                | c1 accepted eve #3
        12 | complete c1 wrap=5            | c1 completed eve until=17
        13 | complete c3                   | c3 completed bob, c3 closed handled
        # Wrap-up counts as holding something: eve is idle from 17 on, ann from 9, bob from 13.
        17 | tick                          | c1 closed handled
        18 | enqueue c4 sales              | c4 enqueued, c4 offered ann #5
        18 | enqueue c5 sales              | c5 enqueued, c5 offered bob #6
        18 | enqueue c6 sales              | c6 enqueued, c6 offered eve #7
        """,
        plain=PLAIN,
    )


def test_idle_time_starts_with_the_last_contact_of_several_and_anew_at_sign_on(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann cap=300; bob        | ann added, bob added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | bob ready                     | bob ready
         3 | ann accepts c1                | c1 accepted ann #1
         3 | ann accepts c2                | c2 accepted ann #2
         4 | complete c1                   | c1 completed ann, c1 closed handled
         # Still holding c2, ann is idle since 0, and goes before bob.
         5 | enqueue c3 sales              | c3 enqueued, c3 offered ann #3
         # An offer is not holding: with c2 gone ann is idle from 6.
         6 | complete c2                   | c2 completed ann, c2 closed handled
         7 | enqueue c4 sales              | c4 enqueued, c4 offered bob #4
         8 | ann accepts c3                | c3 accepted ann #3
         8 | bob offline                   | bob offline, c4 released bob #4, c4 offered ann #5
         9 | ann offline                   | ann offline, c4 released ann #5
        # What ends while an agent is signed off does not count: sign-on starts anew.
        10 | complete c3                   | c3 completed ann, c3 closed handled
        11 | cancel c4                     | c4 closed cancelled
        12 | bob ready                     | bob ready
        13 | ann ready                     | ann ready
        14 | enqueue c5 sales              | c5 enqueued, c5 offered bob #6
        """,
        plain=PLAIN,
    )


def test_round_robin_goes_by_the_last_offer_from_any_queue(play: Play) -> None:
    play(
        """
        0 | policy robin                  | policy 1
        0 | agent ann; bob; eve           | ann added, bob added, eve added
        0 | eve ready                     | eve ready
        1 | bob ready                     | bob ready
        2 | ann ready                     | ann ready
        # Nobody had an offer yet: the earliest created.
        3 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1 strategy=round_robin
        4 | abandon c1                    | c1 withdrawn ann #1, c1 closed short_abandon
        # An offer from another queue counts; that queue goes by idle time.
        5 | enqueue c2 billing            | c2 enqueued, c2 offered eve #2 strategy=longest_idle
        6 | abandon c2                    | c2 withdrawn eve #2, c2 closed short_abandon
        7 | enqueue c3 sales              | c3 enqueued, c3 offered bob #3
        8 | abandon c3                    | c3 withdrawn bob #3, c3 closed short_abandon
        9 | enqueue c4 sales              | c4 enqueued, c4 offered ann #4
        9 | enqueue c5 sales              | c5 enqueued, c5 offered eve #5
        """,
        robin=Policy(queues=(QueueSpec("sales", strategy=Strategy.ROUND_ROBIN), QueueSpec("billing"))),
    )


def test_fixed_order_goes_by_position_in_the_list(play: Play) -> None:
    play(
        """
        0 | policy fixed                  | policy 1
        0 | agent ann sales@0/7; bob sales@0/3; eve sales@0/3; sue sales@1/0 |
          |                               | ann added, bob added, eve added, sue added
        0 | eve ready                     | eve ready
        1 | sue ready                     | sue ready
        2 | ann ready                     | ann ready
        3 | bob ready                     | bob ready
        4 | enqueue c1 sales              | c1 enqueued, c1 offered bob #1 strategy=fixed_order
        4 | enqueue c2 sales              | c2 enqueued, c2 offered eve #2
        4 | enqueue c3 sales              | c3 enqueued, c3 offered ann #3
        4 | enqueue c4 sales              | c4 enqueued, c4 offered sue #4 tier=1
        """,
        fixed=listed(Strategy.FIXED_ORDER),
    )


def test_fixed_order_in_an_open_queue_is_the_order_of_creation(play: Play) -> None:
    play(
        """
        0 | policy fixed                  | policy 1
        0 | agent ann sales@0/7; bob sales@0/3 | ann added, bob added
        0 | bob ready                     | bob ready
        1 | ann ready                     | ann ready
        2 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        """,
        fixed=Policy(queues=(QueueSpec("sales", strategy=Strategy.FIXED_ORDER),)),
    )


def test_the_lowest_tier_goes_before_the_strategy(play: Play) -> None:
    play(
        """
        0 | policy listed                 | policy 1
        0 | agent ann sales@2; bob sales@1; eve sales@1 | ann added, bob added, eve added
        0 | ann ready                     | ann ready
        1 | eve ready                     | eve ready
        2 | bob ready                     | bob ready
        3 | enqueue c1 sales              | c1 enqueued, c1 offered eve #1 tier=1
        3 | enqueue c2 sales              | c2 enqueued, c2 offered bob #2 tier=1
        3 | enqueue c3 sales              | c3 enqueued, c3 offered ann #3 tier=2
        """,
        listed=listed(),
    )


def splitmix64(seed: int, draws: int) -> list[int]:
    """The published generator, written down once more for the test."""
    words, state, mask = [], seed, 2**64 - 1
    for _ in range(draws):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        words.append(z ^ (z >> 31))
    return words


def test_splitmix64_gives_its_published_words() -> None:
    """The first words for the seed 1234567, as in Rosetta Code's collection of results."""
    assert splitmix64(1234567, 2) == [6457827717110365317, 3203168211198807973]


def test_random_draws_once_for_each_decision_between_two_or_more(play: Play) -> None:
    first, second, third = splitmix64(1, 3)
    names = ["ann", "bob", "eve"]
    one = names[first * 3 >> 64]
    left = [name for name in names if name != one]
    two = left[second * 2 >> 64]
    (last,) = (name for name in left if name != two)
    after = names[third * 3 >> 64]
    play(
        f"""
        0 | policy random                 | policy 1
        0 | agent ann sales@0; bob sales@0; eve sales@0; sue sales@1 | ann added, bob added, eve added, sue added
        0 | eve ready                     | eve ready
        0 | ann ready                     | ann ready
        0 | bob ready                     | bob ready
        0 | sue ready                     | sue ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered {one} #1 strategy=random
        1 | enqueue c2 sales              | c2 enqueued, c2 offered {two} #2
        # One candidate of the lowest tier is left: no draw. Nor is there one when an agent chooses.
        1 | enqueue c3 sales              | c3 enqueued, c3 offered {last} #3
        1 | enqueue c4 sales              | c4 enqueued, c4 offered sue #4
        1 | enqueue c5 sales              | c5 enqueued
        2 | cancel c1                     | c1 withdrawn {one} #1, c1 closed cancelled, c5 offered {one} #5 by=agent
        3 | cancel c2                     | c2 withdrawn {two} #2, c2 closed cancelled
        3 | cancel c3                     | c3 withdrawn {last} #3, c3 closed cancelled
        3 | cancel c5                     | c5 withdrawn {one} #5, c5 closed cancelled
        4 | enqueue c6 sales              | c6 enqueued, c6 offered {after} #6
        """,
        random=listed(Strategy.RANDOM),
    )


# Section 9: who chooses


def test_contacts_choose_when_several_agents_gain(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann; bob                | ann added, bob added
        0 | ann ready                     | ann ready
        1 | bob ready                     | bob ready
        2 | enqueue c1 sales needs x      | c1 enqueued
        3 | enqueue c2 sales priority=2 needs x | c2 enqueued
        4 | agent ann x=1; bob x=1        | ann updated, bob updated,
          |                               | c2 offered ann #1 by=contact, c1 offered bob #2 by=contact
        """,
        plain=PLAIN,
    )


def test_one_available_agent_among_those_who_gain_chooses(play: Play) -> None:
    play(
        """
        0 | policy plain                  | policy 1
        0 | agent ann; bob                | ann added, bob added
        0 | ann ready                     | ann ready
        1 | bob away                      | bob away
        2 | enqueue c1 sales needs x      | c1 enqueued
        4 | agent ann x=1; bob x=1        | ann updated, bob updated, c1 offered ann #1 by=agent
        """,
        plain=PLAIN,
    )


def test_a_pass_goes_through_all_who_wait_in_their_order(play: Play) -> None:
    # Ann speaks both languages, bob only English. Who waits longest chooses first, though it leaves bob with nobody.
    play(
        """
        0 | policy strict                 | policy 1
        0 | agent ann es=9 en=9; bob en=9 | ann added, bob added
        0 | ann ready                     | ann ready
        1 | bob ready                     | bob ready
        2 | enqueue c1 sales needs en     | c1 enqueued
        3 | enqueue c2 sales needs es     | c2 enqueued
        4 | enqueue c3 sales needs en     | c3 enqueued
        5 | policy open                   | policy 2, c1 offered ann #1 by=contact, c3 offered bob #2 by=contact
        5 | ? c2                          | waiting
        """,
        strict=Policy(queues=(QueueSpec("sales", requirement="nobody"),)),
        open=Policy(queues=(QueueSpec("sales"),)),
    )


def test_a_contact_is_gone_through_once_in_a_pass(play: Play) -> None:
    outcomes = OfferOutcomes(declined=OutcomePolicy())
    play(
        """
        0 | policy lenient                | policy 1
        0 | agent ann                     | ann added
        0 | ann ready                     | ann ready
        1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        2 | enqueue c2 sales              | c2 enqueued
        # With no consequences to a decline the same agent is asked again, for the same contact.
        3 | ann declines c1               | c1 declined ann #1, c1 offered ann #2 by=contact
        3 | ? c2                          | waiting
        """,
        lenient=Policy(queues=(QueueSpec("sales"),), offer_outcomes=outcomes),
    )


def test_a_contact_remembers_the_newest_exclusions_up_to_the_bound(play: Play) -> None:
    last = EXCLUSIONS_PER_CONTACT_MAX
    agents = "; ".join(f"a{n}" for n in range(last + 1))
    added = ", ".join(f"a{n} added" for n in range(last + 1))
    scenario = play(f"0 | policy plain | policy 1\n 0 | agent {agents} | {added}", plain=PLAIN)
    for n in range(last + 1):
        scenario(f"0 | a{n} ready | a{n} ready")
    scenario("1 | enqueue c1 sales | c1 enqueued, c1 offered a0 #1")
    for n in range(last):
        ended = f"c1 declined a{n} #{n + 1}, c1 excludes a{n}"
        scenario(f"{2 + n / 10} | a{n} declines c1 | {ended}, c1 offered a{n + 1} #{n + 2}")
    # One more than a contact remembers: the first exclusion ends early, in silence, and its agent is asked again.
    scenario(
        f"""
        9 | a{last} declines c1 | c1 declined a{last} #{last + 1}, c1 excludes a{last}, c1 offered a0 #{last + 2}
        9 | ? timer | 29
        10 | a0 accepts c1 | c1 accepted a0 #{last + 2}
        10 | ? timer | 62.1
        """
    )
