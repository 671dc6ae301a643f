"""Every strategy of section 6 of the routing model that keeps figures, weighs or broadcasts. Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.enums import Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec, SkillWeight

Play = Callable[..., Any]

CHATS = (Channel("voice", 100), Channel("chat", 25))


def one(strategy: Strategy, *, listed: bool = False, **more: Any) -> Policy:
    membership = Membership.LISTED if listed else Membership.OPEN
    return Policy(channels=CHATS, queues=(QueueSpec("sales", strategy=strategy, membership=membership, **more),))


THREE = """
    0 | policy centre           | policy 1
    0 | agent ann; bob; eve     | ann added, bob added, eve added
    0 | ann ready               | ann ready
    0 | bob ready               | bob ready
    0 | eve ready               | eve ready
"""


def test_fewest_contacts_counts_what_was_accepted_since_sign_on(play: Play) -> None:
    play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1 strategy=fewest_contacts
        2 | ann declines c1         | c1 declined ann #1, c1 excludes ann, c1 offered bob #2
        3 | bob accepts c1          | c1 accepted bob #2
        4 | complete c1             | c1 completed bob, c1 closed handled
        5 | enqueue c2 sales        | c2 enqueued, c2 offered ann #3
        6 | ann accepts c2          | c2 accepted ann #3
        7 | complete c2             | c2 completed ann, c2 closed handled
        8 | enqueue c3 sales        | c3 enqueued, c3 offered eve #4
        9 | eve accepts c3          | c3 accepted eve #4
        9 | complete c3             | c3 completed eve, c3 closed handled
       10 | enqueue c4 sales        | c4 enqueued, c4 offered ann #5
       11 | ann accepts c4          | c4 accepted ann #5
       12 | complete c4             | c4 completed ann, c4 closed handled
       12 | bob offline             | bob offline
       12 | bob ready               | bob ready
       13 | enqueue c5 sales        | c5 enqueued, c5 offered bob #6
        """,
        centre=one(Strategy.FEWEST_CONTACTS),
    )


def test_fewest_contacts_counts_what_was_assigned(play: Play) -> None:
    engine = play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 assigned ann #1
        2 | complete c1             | c1 completed ann, c1 closed handled
        3 | enqueue c2 sales        | c2 enqueued, c2 assigned bob #2
        """,
        centre=one(Strategy.FEWEST_CONTACTS, auto_accept=True),
    ).engine
    assert (engine.agent("ann").contacts_begun, engine.agent("bob").contacts_begun) == (1, 1)


def test_least_talk_time_adds_up_active_time_at_its_end(play: Play) -> None:
    engine = play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 assigned ann #1
        1 | enqueue c2 sales        | c2 enqueued, c2 assigned bob #2
        1 | enqueue c3 sales        | c3 enqueued, c3 assigned eve #3
        4 | complete c3 wrap=50     | c3 completed eve
        5 | complete c1             | c1 completed ann, c1 closed handled
        6 | complete c2             | c2 completed bob, c2 closed handled
        7 | enqueue c4 sales        | c4 enqueued, c4 assigned ann #4
        8 | wrapped eve             | c3 closed handled
        9 | enqueue c5 sales        | c5 enqueued, c5 assigned eve #5
        """,
        centre=one(Strategy.LEAST_TALK_TIME, auto_accept=True),
    ).engine
    assert (engine.agent("eve").talk_ns, engine.agent("ann").talk_ns) == (3 * 10**9, 4 * 10**9)


def test_least_loaded_compares_exact_shares_of_capacity_then_idleness(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann cap=75; bob cap=100; eve cap=50 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        1 | bob ready               | bob ready
        2 | eve ready               | eve ready
        # nobody holds anything: longest idle
        3 | enqueue c1 sales channel=chat | c1 enqueued, c1 assigned ann #1
        4 | enqueue c2 sales channel=chat | c2 enqueued, c2 assigned bob #2
        5 | enqueue c3 sales channel=chat | c3 enqueued, c3 assigned eve #3
        # 25/75, 25/100, 25/50
        6 | enqueue c4 sales channel=chat | c4 enqueued, c4 assigned bob #4
        # 25/75, 50/100, 25/50
        7 | enqueue c5 sales channel=chat | c5 enqueued, c5 assigned ann #5
        # 50/75, 50/100, 25/50: bob and eve are equal, bob is idle for longer
        8 | enqueue c6 sales channel=chat | c6 enqueued, c6 assigned bob #6
        9 | enqueue c7 sales channel=chat | c7 enqueued, c7 assigned eve #7
        """,
        centre=one(Strategy.LEAST_LOADED, auto_accept=True),
    )


def test_best_match_weighs_levels_by_the_queues_weights_or_the_contacts_own(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann spanish=40 billing=50; bob spanish=60; eve billing=90; sue spanish=60 | ann added, bob added,
          |                         | eve added, sue added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        0 | eve ready               | eve ready
        0 | sue ready               | sue ready
        # 3*40 + 50 = 170, 180, 90, 180: bob and sue are equal, and equally idle
        1 | enqueue c1 sales        | c1 enqueued, c1 offered bob #1
        2 | enqueue c2 sales        | c2 enqueued, c2 offered sue #2
        3 | enqueue c3 sales        | c3 enqueued, c3 offered ann #3
        4 | abandon c1              | c1 withdrawn bob #1, c1 closed short_abandon
        5 | enqueue c4 sales weights=billing:1 | c4 enqueued, c4 offered eve #4
        """,
        centre=one(Strategy.BEST_MATCH, skill_weights=(SkillWeight("spanish", 3), SkillWeight("billing", 1))),
    )


def test_least_skilled_takes_whoever_can_do_least_else(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann a=1 b=1 c=1; bob a=1 b=1; eve a=9 d=1 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | eve ready               | eve ready
        1 | bob ready               | bob ready
        2 | enqueue c1 sales needs a | c1 enqueued, c1 offered eve #1
        2 | enqueue c2 sales needs a | c2 enqueued, c2 offered bob #2
        2 | enqueue c3 sales needs a | c3 enqueued, c3 offered ann #3
        """,
        centre=one(Strategy.LEAST_SKILLED),
    )


def test_weighted_draws_by_weight_in_order_of_creation(play: Play) -> None:
    # With seed 1 the draws z / 2**64 are 0.566..., 0.745..., 0.971...
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann weight=1; bob weight=5000; eve weight=4999 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        0 | eve ready               | eve ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered eve #1
        1 | enqueue c2 sales        | c2 enqueued, c2 offered bob #2
        # one candidate: no draw
        1 | enqueue c3 sales        | c3 enqueued, c3 offered ann #3
        2 | abandon c1              | c1 withdrawn eve #1, c1 closed short_abandon
        2 | abandon c2              | c2 withdrawn bob #2, c2 closed short_abandon
        3 | enqueue c4 sales        | c4 enqueued, c4 offered eve #4
        """,
        centre=one(Strategy.WEIGHTED),
    )


def test_least_occupied_goes_by_recent_share_of_time_busy(play: Play) -> None:
    play(
        THREE
        + """
         1 | enqueue c1 sales        | c1 enqueued, c1 assigned ann #1
         1 | enqueue c2 sales        | c2 enqueued, c2 assigned bob #2
         5 | complete c1 wrap=20     | c1 completed ann
        11 | complete c2             | c2 completed bob, c2 closed handled
        25 | tick                    | c1 closed handled
        # ann was busy for 24 s (wrap-up counts), bob for 10 s, eve never
        30 | enqueue c3 sales        | c3 enqueued, c3 assigned eve #3
        31 | enqueue c4 sales        | c4 enqueued, c4 assigned bob #4
        32 | complete c4             | c4 completed bob, c4 closed handled
        32 | complete c3             | c3 completed eve, c3 closed handled
        # eve was busy for 2 s, bob for 10 s and 1 s
        33 | enqueue c5 sales        | c5 enqueued, c5 assigned eve #5
        34 | enqueue c6 sales        | c6 enqueued, c6 assigned bob #6
        """,
        centre=one(Strategy.LEAST_OCCUPIED, auto_accept=True),
    )


def test_offers_do_not_occupy(play: Play) -> None:
    play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
       11 | ann declines c1         | c1 declined ann #1, c1 excludes ann, c1 offered bob #2
       12 | abandon c1              | c1 withdrawn bob #2, c1 closed abandoned
       13 | enqueue c2 sales        | c2 enqueued, c2 offered ann #3
        """,
        centre=one(Strategy.LEAST_OCCUPIED),
    )


def test_another_time_constant_keeps_the_shares_as_they_are(play: Play) -> None:
    play(
        THREE
        + """
         1 | enqueue c1 sales        | c1 enqueued, c1 assigned ann #1
         1 | enqueue c2 sales        | c2 enqueued, c2 assigned bob #2
         3 | complete c2             | c2 completed bob, c2 closed handled
        11 | complete c1             | c1 completed ann, c1 closed handled
        11 | policy longer           | policy 2
        12 | enqueue c3 sales        | c3 enqueued, c3 assigned eve #3
        13 | enqueue c4 sales        | c4 enqueued, c4 assigned bob #4
        14 | enqueue c5 sales        | c5 enqueued, c5 assigned ann #5
        """,
        centre=one(Strategy.LEAST_OCCUPIED, auto_accept=True),
        longer=Policy(
            channels=CHATS,
            queues=(QueueSpec("sales", strategy=Strategy.LEAST_OCCUPIED, auto_accept=True),),
            occupancy_time_constant_ms=86_400_000,
        ),
    )


# broadcast

BROADCAST = one(Strategy.BROADCAST, broadcast_to=2, offer_timeout_ms=20_000)


def test_the_first_to_accept_a_broadcast_gets_it(play: Play) -> None:
    play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1 until=21, c1 offered bob #2 until=21
        1 | ? ann                   | ready used=100 c1
        1 | ? bob                   | ready used=100 c1
        2 | bob accepts c1 #2       | c1 accepted bob #2, c1 released ann #1
        2 | ? ann                   | ready used=0
        3 | ann accepts c1 #1       | refused OFFER_RELEASED offer_id
        3 | ann accepts c1 #2       | refused NOT_OFFERED_TO_AGENT agent_id
        3 | bob accepts c1 #2       | refused OFFER_ALREADY_ACCEPTED offer_id
        4 | ? timer                 | none
        """,
        centre=BROADCAST,
    )


def test_agents_join_while_fewer_than_n_offers_are_live(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann; bob; eve     | ann added, bob added, eve added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
        2 | bob ready               | bob ready, c1 offered bob #2 until=22 by=agent
        3 | eve ready               | eve ready
        4 | ann declines c1 #1      | c1 declined ann #1, c1 excludes ann, c1 offered eve #3 until=24
        4 | ? c1                    | offered bob
       22 | tick                    | c1 missed bob #2, c1 offered bob #4 until=42
        # of the two that live eve's is the earlier one
       22 | ? c1                    | offered eve
       23 | abandon c1              | c1 withdrawn eve #3, c1 withdrawn bob #4, c1 closed abandoned
        """,
        centre=BROADCAST,
    )


def test_a_released_broadcast_offer_does_not_count_for_round_robin(play: Play) -> None:
    both = Policy(
        queues=(
            QueueSpec("ring", strategy=Strategy.BROADCAST, broadcast_to=2, membership=Membership.LISTED),
            QueueSpec("turn", strategy=Strategy.ROUND_ROBIN),
        )
    )
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann cap=300 ring@0; bob cap=300 ring@0; eve cap=300 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        0 | eve ready               | eve ready
        1 | enqueue c1 ring         | c1 enqueued, c1 offered ann #1, c1 offered bob #2
        # while they live, broadcast offers count
        2 | enqueue c2 turn         | c2 enqueued, c2 offered eve #3
        3 | bob accepts c1 #2       | c1 accepted bob #2, c1 released ann #1
        4 | enqueue c3 turn         | c3 enqueued, c3 offered ann #4
        5 | enqueue c4 turn         | c4 enqueued, c4 offered bob #5
        """,
        centre=both,
    )


def test_a_broadcast_goes_to_the_lowest_tier_first(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann sales@1; bob sales@0; eve sales@1 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | eve ready               | eve ready
        1 | bob ready               | bob ready
        2 | enqueue c1 sales        | c1 enqueued, c1 offered bob #1 tier=0, c1 offered ann #2 tier=1
        """,
        centre=one(Strategy.BROADCAST, listed=True),
    )


def test_a_decline_may_leave_the_same_agent_to_be_asked_again(play: Play) -> None:
    unforgiving = OfferOutcomes(declined=OutcomePolicy())
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
        2 | ann declines c1         | c1 declined ann #1, c1 offered ann #2
        """,
        centre=Policy(queues=(QueueSpec("sales", strategy=Strategy.BROADCAST),), offer_outcomes=unforgiving),
    )


def test_an_agent_who_goes_away_leaves_a_broadcast_to_the_others(play: Play) -> None:
    play(
        THREE
        + """
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1, c1 offered bob #2
        2 | ann away                | ann away, c1 released ann #1, c1 offered eve #3
        3 | resume                  | resumed 1
        3 | ? timer                 | 22
        22 | bob accepts c1 #2      | refused TIMER_DUE at
        22 | tick                   | c1 missed bob #2, c1 offered bob #4
        """,
        centre=BROADCAST,
    )


@pytest.mark.parametrize("strategy", list(Strategy))
def test_one_candidate_is_taken_whatever_the_strategy_and_nothing_is_drawn(play: Play, strategy: Strategy) -> None:
    from acd_core.snapshot import decode

    scenario = play(
        """
        0 | policy centre           | policy 1
        0 | agent ann               | ann added
        0 | ann ready               | ann ready
        1 | enqueue c1 sales        | c1 enqueued, c1 offered ann #1
        """,
        centre=one(strategy),
    )
    assert decode(scenario.engine.snapshot())["random_state"] == 1
