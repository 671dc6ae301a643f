"""Preferred agents, reservations, direct lines and picks as tables: section 7 of the routing model."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import EnqueueContact, UpdateContact
from acd_core.enums import Membership, Strategy
from acd_core.policy import Policy, PreferencePolicy, QueueSpec
from acd_core.refusal import Reason, Refused

Play = Callable[..., Any]

PLAIN = Policy(queues=(QueueSpec("sales"),))
HOLD = Policy(queues=(QueueSpec("sales"),), preference=PreferencePolicy(hold_ms=20_000))

THREE = """
    0 | policy centre           | policy 1
    0 | agent ann; bob; eve     | ann added, bob added, eve added
    0 | ann ready               | ann ready
    1 | bob ready               | bob ready
    2 | eve ready               | eve ready
"""


def test_the_first_preferred_agent_who_may_serve_comes_before_tier_and_strategy(play: Play) -> None:
    play(
        """
        0 | policy centre           | policy 1
        0 | agent ann sales@0; bob sales@3; eve sales@1 | ann added, bob added, eve added
        0 | ann ready               | ann ready
        0 | bob ready               | bob ready
        3 | enqueue c1 sales prefers=nobody,eve,bob | c1 enqueued, c1 offered bob #1 tier=3 why=preferred
        4 | enqueue c2 sales prefers=bob | c2 enqueued, c2 offered ann #2 why=turn
        """,
        centre=Policy(queues=(QueueSpec("sales", membership=Membership.LISTED, strategy=Strategy.RANDOM),)),
    )


def test_without_a_hold_nobody_waits_for_the_preferred(play: Play) -> None:
    play(
        THREE
        + """
        3 | enqueue c1 sales prefers=ann | c1 enqueued, c1 offered ann #1
        4 | enqueue c2 sales prefers=ann | c2 enqueued, c2 offered bob #2
        """,
        centre=PLAIN,
    )


def test_a_contact_is_held_for_the_preferred_who_could_come_free(play: Play) -> None:
    play(
        THREE
        + """
        3 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        3 | ann accepts c1           | c1 accepted ann #1
        4 | enqueue c2 sales prefers=ann,nobody | c2 enqueued, c2 reserved until=24
        4 | ? c2                     | waiting
        5 | complete c1              | c1 completed ann, c1 closed handled, c2 offered ann #2 why=preferred by=agent
       24 | tick                     | c2 unreserved time_over
       25 | tick                     | c2 missed ann #2, c2 offered ann #3
       26 | ann declines c2          | c2 declined ann #3, c2 excludes ann, c2 offered bob #4
        """,
        centre=HOLD,
    )


def test_a_hold_is_over_when_nobody_is_left(play: Play) -> None:
    play(
        THREE
        + """
        3 | enqueue c1 sales prefers=ann,bob | c1 enqueued, c1 reserved, c1 offered ann #1
        4 | ann declines c1          | c1 declined ann #1, c1 excludes ann, c1 offered bob #2
        5 | bob offline              | bob offline, c1 released bob #2, c1 unreserved nobody_left, c1 offered eve #3
        """,
        centre=HOLD,
    )


def test_of_those_held_for_an_agent_who_goes_each_is_asked_who_is_left(play: Play) -> None:
    play(
        THREE
        + """
        3 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1
        3 | ann accepts c1           | c1 accepted ann #1
        3 | enqueue c2 sales         | c2 enqueued, c2 offered bob #2
        3 | bob accepts c2           | c2 accepted bob #2
        3 | enqueue c3 sales         | c3 enqueued, c3 offered eve #3
        3 | eve accepts c3           | c3 accepted eve #3
        4 | enqueue d1 sales prefers=ann | d1 enqueued, d1 reserved until=24
        5 | enqueue d2 sales prefers=ann,bob | d2 enqueued, d2 reserved until=25
        6 | enqueue d3 sales prefers=bob | d3 enqueued, d3 reserved until=26
        7 | enqueue d4 sales prefers=ann | d4 enqueued, d4 reserved until=27
        8 | cancel d1                | d1 closed cancelled
        9 | ann away                 | ann away
       10 | ann offline              | ann offline, d4 unreserved nobody_left
       11 | bob offline | bob offline, d2 unreserved nobody_left, d3 unreserved nobody_left
        """,
        centre=HOLD,
    )


def test_nobody_is_held_for_those_who_could_not_serve_anyway(play: Play) -> None:
    play(
        THREE
        + """
        3 | bob offline              | bob offline
        3 | enqueue c1 sales prefers=bob | c1 enqueued, c1 offered ann #1
        4 | agent sue spanish=3      | sue added
        4 | sue away                 | sue away
        5 | enqueue c2 sales prefers=ann,sue hold=5 needs spanish | c2 enqueued, c2 reserved until=10
        6 | agent sue                | sue updated, c2 unreserved nobody_left
        """,
        centre=HOLD,
    )


@pytest.mark.parametrize(("hold", "until"), [("", "8"), ("hold=7", "10"), ("hold=0", "")])
def test_the_contacts_hold_comes_before_the_queues_and_the_policys(play: Play, hold: str, until: str) -> None:
    outcome = f"c1 enqueued, c1 reserved until={until}" if until else "c1 enqueued, c1 offered bob #1"
    play(
        THREE
        + f"""
        3 | ann away                 | ann away
        3 | enqueue c1 sales prefers=ann {hold} | {outcome}
        """,
        centre=Policy(
            queues=(QueueSpec("sales", preferred_hold_ms=5_000),), preference=PreferencePolicy(hold_ms=9_000)
        ),
    )


MEMORY = Policy(
    queues=(QueueSpec("sales"),),
    preference=PreferencePolicy(last_agent_window_ms=100_000, agent_of_other_contact=True),
)


def test_the_last_agent_within_the_window_is_preferred(play: Play) -> None:
    play(
        THREE
        + """
        3 | enqueue c1 sales customer=zoe prefers=eve | c1 enqueued, c1 offered eve #1
        4 | eve accepts c1           | c1 accepted eve #1
       10 | complete c1              | c1 completed eve, c1 closed handled
       20 | enqueue c2 sales customer=zoe | c2 enqueued, c2 offered eve #2 why=preferred
       21 | abandon c2               | c2 withdrawn eve #2, c2 closed short_abandon
      110 | enqueue c3 sales customer=zoe | c3 enqueued, c3 offered eve #3
      111 | eve accepts c3           | c3 accepted eve #3
      112 | complete c3              | c3 completed eve, c3 closed handled
      213 | enqueue c4 sales customer=zoe | c4 enqueued, c4 offered ann #4 why=turn
        """,
        centre=MEMORY,
    )


def test_the_agent_of_the_customers_other_contact_is_preferred(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann cap=200; bob cap=200 | ann added, bob added
        0 | bob ready                | bob ready
        3 | enqueue c1 sales customer=zoe | c1 enqueued, c1 offered bob #1
        3 | ann ready                | ann ready
        4 | enqueue c2 sales customer=zoe | c2 enqueued, c2 offered bob #2 why=turn
        5 | bob accepts c1           | c1 accepted bob #1
        5 | abandon c2               | c2 withdrawn bob #2, c2 closed short_abandon
        6 | complete c1 wrap=50      | c1 completed bob
        6 | bob away                 | bob away
        6 | bob ready                | bob ready
        7 | ann away                 | ann away
        7 | ann ready                | ann ready
        8 | enqueue c3 sales customer=zoe | c3 enqueued, c3 offered bob #3 why=preferred
        8 | enqueue c4 sales customer=kim | c4 enqueued, c4 offered ann #4
        """,
        centre=MEMORY,
    )


def test_a_direct_line_waits_for_those_it_names(play: Play) -> None:
    play(
        THREE
        + """
        3 | ann away                 | ann away
        4 | enqueue c1 sales prefers=ann only | c1 enqueued
        5 | ann ready                | ann ready, c1 offered ann #1
        6 | ann declines c1          | c1 declined ann #1, c1 excludes ann
       66 | tick                     | c1 readmits ann, c1 offered ann #2
       67 | ? c1                     | offered ann
       68 | enqueue c2 sales prefers=zoe only | refused UNKNOWN_AGENT preferred_agents
        """,
        centre=HOLD,
    )


def test_an_update_names_others(play: Play) -> None:
    play(
        THREE
        + """
        3 | ann away                 | ann away
        4 | enqueue c1 sales prefers=ann | c1 enqueued, c1 reserved
        5 | update c1 prefers=bob    | c1 unreserved replaced, c1 updated, c1 offered bob #1 why=preferred
        6 | bob accepts c1           | c1 accepted bob #1
        7 | update c1 prefers=-      | refused CONTACT_NOT_WAITING preferred_agents
        8 | enqueue c2 sales prefers=ann only | c2 enqueued
        9 | update c2 prefers=-      | c2 updated, c2 offered eve #2
        """,
        centre=HOLD,
    )


def test_a_pick_is_out_of_turn(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann spanish=1 cap=200 max:mail=0; bob; eve | ann added, bob added, eve added
        1 | enqueue c1 sales         | c1 enqueued
        1 | enqueue c2 sales needs spanish | c2 enqueued
        2 | ann picks c3             | refused UNKNOWN_CONTACT contact_id
        2 | sue picks c2             | refused UNKNOWN_AGENT agent_id
        2 | ann picks c2             | refused AGENT_NOT_SIGNED_ON agent_id
        3 | ann away                 | ann away
        3 | bob away                 | bob away
        4 | bob picks c2             | refused SKILLS_NOT_MET agent_id
        5 | ann picks c2 for=zoe     | c2 offered ann #1 why=picked by=agent for=zoe
        6 | bob picks c2             | refused CONTACT_NOT_WAITING contact_id
        7 | ann accepts c2           | c2 accepted ann #1
        8 | enqueue c3 sales channel=mail | c3 enqueued
        8 | ann picks c3             | refused AGENT_HAS_NO_ROOM agent_id
        9 | ann ready                | ann ready, c1 offered ann #2
       10 | ann declines c1          | c1 declined ann #2, c1 excludes ann
       11 | ann picks c1             | refused AGENT_EXCLUDED agent_id
       12 | enqueue c4 sales prefers=ann only needs spanish | c4 enqueued, c4 offered ann #3
       13 | bob picks c1             | c1 offered bob #4
        """,
        centre=PLAIN,
    )


def test_a_member_only_picks(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann sales@2; bob   | ann added, bob added
        0 | ann ready                | ann ready
        0 | bob ready                | bob ready
        1 | enqueue c1 sales         | c1 enqueued
        2 | bob picks c1             | refused AGENT_NOT_MEMBER agent_id
        2 | ann picks c1             | refused AGENT_NOT_MEMBER agent_id
        """,
        centre=Policy(queues=(QueueSpec("sales", membership=Membership.LISTED, max_tier=1),)),
    )


def test_a_picked_contact_of_a_broadcast_queue_is_put_before_that_agent_only(play: Play) -> None:
    play(
        """
        0 | policy centre            | policy 1
        0 | agent ann; bob           | ann added, bob added
        0 | ann away                 | ann away
        1 | enqueue c1 sales         | c1 enqueued
        2 | ann picks c1             | c1 offered ann #1
        3 | bob ready                | bob ready
        4 | ann declines c1          | c1 declined ann #1, c1 excludes ann, c1 offered bob #2
        """,
        centre=Policy(queues=(QueueSpec("sales", strategy=Strategy.BROADCAST),)),
    )


@pytest.mark.parametrize(
    ("build", "reason", "field"),
    [
        (lambda: EnqueueContact("c", "q", only_preferred=True), Reason.EMPTY, "preferred_agents"),
        (
            lambda: EnqueueContact("c", "q", preferred_agents=("a", "a")),
            Reason.DUPLICATE_ENTRY,
            "preferred_agents",
        ),
        (
            lambda: EnqueueContact("c", "q", preferred_agents=tuple(f"a{i}" for i in range(17))),
            Reason.TOO_MANY,
            "preferred_agents",
        ),
        (lambda: EnqueueContact("c", "q", preferred_agents=("",)), Reason.EMPTY, "preferred_agents[0]"),
        (lambda: EnqueueContact("c", "q", preferred_hold_ms=-2), Reason.OUT_OF_RANGE, "preferred_hold_ms"),
        (lambda: UpdateContact("c", only_preferred=True), Reason.EMPTY, "preferred_agents"),
    ],
)
def test_refused(build: Callable[[], object], reason: Reason, field: str) -> None:
    with pytest.raises(Refused) as caught:
        build()
    assert (caught.value.reason, caught.value.field) == (reason, field)
