"""The life of contacts and agents as tables: one line is one command and what comes of it. Notation: conftest.py."""

from collections.abc import Callable
from typing import Any

from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership

Play = Callable[..., Any]

PLAIN = Policy(queues=(QueueSpec("sales"), QueueSpec("billing")))
WRAP = Policy(queues=(QueueSpec("sales", wrap_up_ms=10_000),))
AUTO = Policy(queues=(QueueSpec("sales", auto_accept=True),))


def test_one_call_from_arrival_to_the_end_of_wrap_up(play: Play) -> None:
    play(
        """
         0 | policy wrap                   | policy 1 at=0
         0 | agent ann spanish=80          | ann added ordinal=0
         1 | ann ready                     | ann ready why=requested until=0
         5 | enqueue c1 sales customer=x attributes=note credit=7 needs spanish>=60 |
           |                               | c1 enqueued ordinal=0 queue=sales channel=voice customer=x
           |                               |   attributes=note priority=0 credit=7 needs=spanish>=60,
           |                               | c1 offered ann #1 queue=sales until=25 tier=0 priority=0 score=7000 wait=0
           |                               |   strategy=longest_idle by=contact version=1
         6 | ? c1                          | offered ann
         7 | ann accepts c1 #1             | c1 accepted ann #1 wait=2 queue=sales
         8 | ? ann                         | ready used=100 c1
         9 | hold c1                       | c1 held ann
         9 | hold c1                       | -
        10 | retrieve c1                   | c1 retrieved ann
        17 | complete c1                   | c1 completed ann until=27 duration=10 queue=sales
        17 | ? c1                          | wrap_up ann
        20 | wrapped ann c1                | c1 closed handled agent=ann wait=2 duration=15 queue=sales
        20 | ? c1                          | unknown
        20 | ? timer                       | none
        """,
        wrap=WRAP,
    )


def test_wrap_up_is_the_queues_the_commands_or_none(play: Play) -> None:
    play(
        """
         0 | policy wrap                   | policy 1
         0 | agent ann cap=300             | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         1 | enqueue c3 sales              | c3 enqueued, c3 offered ann #3
         2 | ann accepts c1                | c1 accepted ann #1
         2 | ann accepts c2                | c2 accepted ann #2
         2 | ann accepts c3                | c3 accepted ann #3
         3 | complete c1 by=ann            | c1 completed ann until=13
         3 | complete c2 wrap=4            | c2 completed ann until=7
         3 | complete c3 wrap=0            | c3 completed ann until=0, c3 closed handled
         7 | tick                          | c2 closed handled at=7
        20 | tick                          | c1 closed handled at=13
        """,
        wrap=WRAP,
    )


def test_an_agent_ends_the_wrap_up_of_all_its_contacts_at_once(play: Play) -> None:
    play(
        """
         0 | policy wrap                   | policy 1
         0 | agent ann cap=200             | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | ann accepts c2                | c2 accepted ann #2
         2 | ann accepts c1                | c1 accepted ann #1
         3 | complete c2                   | c2 completed ann
         3 | complete c1                   | c1 completed ann
         4 | wrapped ann                   | c1 closed handled, c2 closed handled
        """,
        wrap=WRAP,
    )


def test_auto_accept_skips_the_offer(play: Play) -> None:
    play(
        """
         0 | policy auto                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 assigned ann #1 until=0 by=contact
         1 | enqueue c2 sales              | c2 enqueued
         2 | complete c1                   | c1 completed ann, c1 closed handled wait=0 duration=1,
           |                               | c2 assigned ann #2 wait=1 by=agent score=1000000
         2 | ? timer                       | none
        """,
        auto=AUTO,
    )


def test_a_declined_contact_goes_to_another_and_comes_back_when_the_exclusion_ends(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann declines c1               | c1 declined ann #1, c1 excludes ann until=62
         2 | ? c1                          | waiting
         3 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         4 | abandon c2                    | c2 withdrawn ann #2, c2 closed short_abandon agent= wait=1
        62 | tick                          | c1 readmits ann at=62, c1 offered ann #3 wait=61 by=agent
        63 | agent bob                     | bob added
        63 | bob ready                     | bob ready
        63 | ann declines c1               | c1 declined ann #3, c1 excludes ann until=123, c1 offered bob #4
        64 | bob accepts c1                | c1 accepted bob #4 wait=63
        65 | complete c1                   | c1 completed bob, c1 closed handled
        65 | ? timer                       | none
        """,
        plain=PLAIN,
    )


def test_an_exclusion_outlives_the_agents_record_and_does_not_know_its_successor(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added ordinal=0
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann declines c1               | c1 declined ann #1, c1 excludes ann until=62
         3 | remove ann                    | ann offline why=removed, ann removed
         4 | agent ann                     | ann added ordinal=1
         5 | ann ready                     | ann ready, c1 offered ann #2 by=agent
         6 | ann declines c1               | c1 declined ann #2, c1 excludes ann until=66
        62 | tick                          | c1 readmits
        66 | tick                          | c1 readmits ann, c1 offered ann #3
        """,
        plain=PLAIN,
    )


def test_a_busy_agent_is_left_alone_for_a_time(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann busy c1                   | c1 busy ann #1, ann delayed until=12
         3 | ann away                      | ann away
         4 | ann ready                     | ann ready
        12 | tick                          | ann undelayed, c1 offered ann #2 by=agent
        13 | ann busy c1                   | c1 busy ann #2, ann delayed until=23
        14 | ann offline                   | ann offline
        15 | ann ready                     | ann ready, c1 offered ann #3
        15 | ? timer                       | 35
        """,
        plain=PLAIN,
    )


def test_a_shorter_delay_does_not_cut_a_longer_one(play: Play) -> None:
    outcomes = OfferOutcomes(busy=OutcomePolicy(delay_ms=30_000), unreachable=OutcomePolicy(delay_ms=5_000))
    play(
        """
         0 | policy delays                 | policy 1
         0 | agent ann cap=200             | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | ann busy c1                   | c1 busy ann #1, ann delayed until=32
         3 | ann unreachable c2            | c2 unreachable ann #2, ann delayed until=32
        32 | tick                          | ann undelayed, c1 offered ann #3, c2 offered ann #4
        """,
        delays=Policy(queues=(QueueSpec("sales", offer_timeout_ms=100_000),), offer_outcomes=outcomes),
    )


def test_three_missed_offers_in_a_row_send_the_agent_away(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready lease=500           | ann ready until=500
         0 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
        20 | tick                          | c1 missed ann #1 at=20, c1 offered ann #2 by=contact
        40 | tick                          | c1 missed ann #2, c1 offered ann #3
        60 | tick                          | c1 missed ann #3,
           |                               | ann away reason=not_responding why=not_responding until=500
        61 | ? c1                          | waiting
        70 | ann ready                     | ann ready until=0, c1 offered ann #4 by=agent
        90 | tick                          | c1 missed ann #4, c1 offered ann #5
        """,
        plain=PLAIN,
    )


def test_accepting_forgives_earlier_misses(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         0 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | ann misses c1                 | c1 missed ann #1, c1 offered ann #2
         2 | ann misses c1                 | c1 missed ann #2, c1 offered ann #3
         3 | ann accepts c1                | c1 accepted ann #3
         4 | complete c1                   | c1 completed ann, c1 closed handled
         5 | enqueue c2 sales              | c2 enqueued, c2 offered ann #4
         6 | ann misses c2                 | c2 missed ann #4, c2 offered ann #5
         7 | ann misses c2                 | c2 missed ann #5, c2 offered ann #6
         8 | ann misses c2                 | c2 missed ann #6, ann away
        """,
        plain=PLAIN,
    )


def test_an_agent_sent_away_gives_its_other_offers_back(play: Play) -> None:
    outcomes = OfferOutcomes(unreachable=OutcomePolicy(exclude_ms=9_000, delay_ms=5_000, away_after=1))
    play(
        """
         0 | policy strict                 | policy 1
         0 | agent ann cap=200; bob        | ann added, bob added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | bob ready                     | bob ready
         3 | ann unreachable c2            | c2 unreachable ann #2, c2 excludes ann until=12, ann delayed until=8,
           |                               | ann away, c1 released ann #1, c1 offered bob #3
         4 | ann offline                   | ann offline
         4 | ? timer                       | 12
        """,
        strict=Policy(queues=(QueueSpec("sales"),), offer_outcomes=outcomes),
    )


def test_going_away_or_offline_while_offered_is_no_miss(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann away lunch                | ann away reason=lunch, c1 released ann #1
         3 | ann away meeting              | ann away reason=meeting
         4 | ann ready                     | ann ready reason=, c1 offered ann #2
         5 | ann offline                   | ann offline, c1 released ann #2
         6 | ann ready                     | ann ready, c1 offered ann #3
         7 | ann ready                     | -
        """,
        plain=PLAIN,
    )


def test_going_away_while_active_keeps_the_contact_and_takes_no_more(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann cap=200             | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | ann accepts c1                | c1 accepted ann #1
         3 | ann offline                   | ann offline, c2 released ann #2
         4 | complete c1                   | c1 completed ann, c1 closed handled agent=ann
         4 | ? c2                          | waiting
        """,
        plain=PLAIN,
    )


def test_removal_while_offered_and_while_active(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann cap=200; bob        | ann added, bob added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued, c2 offered ann #2
         2 | ann accepts c1                | c1 accepted ann #1
         3 | remove ann bob                | c2 released ann #2, ann offline why=removed until=0, ann removed,
           |                               | bob removed
         3 | ? ann                         | offline used=100 c1
         3 | ? bob                         | unknown
         4 | ann ready                     | refused UNKNOWN_AGENT agent_id
         4 | complete c1 by=ann            | c1 completed ann, c1 closed handled agent=ann
         4 | ? ann                         | unknown
         5 | agent ann                     | ann added ordinal=2
        """,
        plain=PLAIN,
    )


def test_a_leaving_agent_that_is_added_again_is_the_same_agent(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added ordinal=0
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann accepts c1                | c1 accepted ann #1
         3 | remove ann                    | ann offline, ann removed ordinal=0
         4 | ann accepts c1 #1             | refused OFFER_ALREADY_ACCEPTED offer_id
         5 | agent ann                     | ann added ordinal=0
         6 | complete c1                   | c1 completed ann, c1 closed handled
         7 | ann ready                     | ann ready
        """,
        plain=PLAIN,
    )


def test_a_leaving_agent_ends_its_wrap_up(play: Play) -> None:
    play(
        """
         0 | policy wrap                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann accepts c1                | c1 accepted ann #1
         3 | complete c1                   | c1 completed ann until=13
         4 | remove ann                    | ann offline, ann removed
         5 | wrapped ann                   | c1 closed handled agent=ann
         5 | ? ann                         | unknown
        """,
        wrap=WRAP,
    )


def test_what_callers_who_give_up_count_as(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         1 | enqueue c1 sales              | c1 enqueued
         1 | enqueue c2 sales              | c2 enqueued
         1 | enqueue c3 sales              | c3 enqueued
         1 | agent ann                     | ann added
         2 | ann ready                     | ann ready, c1 offered ann #1 by=agent
         5.999 | abandon c2                | c2 closed short_abandon wait=4.999 duration=4.999 agent=
         6 | abandon c1                    | c1 withdrawn ann #1, c1 closed abandoned wait=5, c3 offered ann #2 by=agent
         7 | cancel c3                     | c3 withdrawn ann #2, c3 closed cancelled
        """,
        plain=PLAIN,
    )


def test_a_threshold_of_zero_counts_nobody_as_short(play: Play) -> None:
    play(
        """
         0 | policy exact                  | policy 1
         1 | enqueue c1 sales              | c1 enqueued
         1 | abandon c1                    | c1 closed abandoned wait=0
        """,
        exact=Policy(queues=(QueueSpec("sales"),), short_abandon_ms=0),
    )


def test_a_stream_that_breaks_and_comes_back_or_not(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         1 | enqueue c1 sales attached     | c1 enqueued
         2 | detach c1                     | c1 detached until=12
         3 | attach c1                     | c1 attached
         3 | attach c1                     | -
         3 | ? timer                       | none
         4 | detach c1                     | c1 detached until=14
         5 | detach c1                     | refused CONTACT_NOT_ATTACHED contact_id
        14 | tick                          | c1 closed lost wait=13 duration=13
        15 | enqueue c2 sales              | c2 enqueued
        16 | attach c2                     | c2 attached
        17 | detach c2                     | c2 detached until=27
        """,
        plain=PLAIN,
    )


def test_a_stream_that_breaks_during_an_offer(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales attached     | c1 enqueued, c1 offered ann #1
         2 | detach c1                     | c1 detached until=12
         2 | enqueue c2 sales attached     | c2 enqueued
         3 | detach c2                     | c2 detached until=13
        12 | tick                          | c1 withdrawn ann #1 at=12, c1 closed lost, c2 offered ann #2 by=agent
        12 | ann accepts c2                | c2 accepted ann #2
        12 | ? timer                       | none
        13 | detach c2                     | refused CONTACT_NOT_ATTACHED contact_id
        14 | attach c2                     | c2 attached
        15 | detach c2                     | refused CONTACT_NOT_ATTACHED contact_id
        """,
        plain=PLAIN,
    )


def test_an_assignment_needs_no_stream(play: Play) -> None:
    play(
        """
         0 | policy auto                   | policy 1
         0 | agent ann                     | ann added
         1 | enqueue c1 sales attached     | c1 enqueued
         2 | detach c1                     | c1 detached until=12
         3 | ann ready                     | ann ready, c1 assigned ann #1
         3 | ? timer                       | none
        """,
        auto=AUTO,
    )


def test_a_full_queue_answers_at_once(play: Play) -> None:
    play(
        """
         0 | policy small                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued
         1 | enqueue c3 sales              | c3 enqueued, c3 closed refused_full wait=0 duration=0
         1 | ? c3                          | unknown
         # Offered contacts do not count, and another queue has room of its own.
         2 | enqueue c4 none               | c4 enqueued, c4 closed refused_full
         2 | enqueue c5 other              | c5 enqueued
         # Two wait: that is what all queues together may have.
         3 | enqueue c6 other              | c6 enqueued, c6 closed refused_full
         4 | abandon c2                    | c2 closed short_abandon
         4 | enqueue c6 other              | c6 enqueued
         # A contact that comes back is never refused.
         5 | ann declines c1               | c1 declined ann #1, c1 excludes ann, c5 offered ann #2 by=contact
         5 | ? queue sales                 | 1
        """,
        small=Policy(
            queues=(QueueSpec("sales", max_waiting=1), QueueSpec("none", max_waiting=0), QueueSpec("other")),
            max_waiting=2,
        ),
    )


def test_a_full_queue_still_takes_whom_somebody_serves_at_once(play: Play) -> None:
    play(
        """
         0 | policy none                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | enqueue c2 sales              | c2 enqueued, c2 closed refused_full
         3 | ann away                      | ann away, c1 released ann #1
         3 | ? c1                          | waiting
        """,
        none=Policy(queues=(QueueSpec("sales", max_waiting=0),)),
    )


def test_the_engine_gives_an_id_to_a_contact_without_one(play: Play) -> None:
    scenario = play(
        """
         0 | policy plain                  | policy 1
         1 | enqueue c1 sales              | c1 enqueued ordinal=0
         1 | enqueue - sales               | acd:1 enqueued ordinal=1
         2 | abandon acd:1                 | acd:1 closed short_abandon
        """,
        plain=PLAIN,
    )
    assert scenario.answer.contact_id == "acd:1"


def test_the_answer_shows_the_contact_as_it_stands_after_matching(play: Play) -> None:
    scenario = play(
        """
         0 | policy wrap                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1 until=21
        """,
        wrap=WRAP,
    )

    def shown() -> tuple[Any, ...]:
        answer = scenario.answer
        expires = answer.offer_expires_ns
        return answer.contact_id, answer.contact_state, answer.agent_id, answer.offer_id, expires and expires % 10**11

    assert shown() == ("c1", 2, "ann", 1, 21 * 10**9)
    scenario("2 | ann misses c1                 | c1 missed ann #1, c1 offered ann #2 until=22")
    assert shown() == ("c1", 2, "ann", 2, 22 * 10**9)
    scenario("3 | ann accepts c1                | c1 accepted ann #2")
    assert shown() == ("c1", 3, "ann", 2, 0)
    scenario("4 | ann away                      | ann away")
    assert shown() == ("", 0, "", 0, 0)
    scenario("5 | complete c1                   | c1 completed ann")
    assert shown() == ("c1", 4, "ann", 2, 0)
    scenario("6 | wrapped ann c1                | c1 closed handled")
    assert shown() == ("c1", 5, "", 0, 0)
    assert scenario.answer.policy_version == 1


def test_updates_of_the_roster(play: Play) -> None:
    scenario = play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann spanish=50          | ann added
         0 | agent ann spanish=50          | -
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales needs spanish>=60 | c1 enqueued
         2 | agent ann spanish=60          | ann updated ordinal=0, c1 offered ann #1 by=agent
         3 | ? c1                          | offered ann
         3 | agent ann sales@2 max:chat=3  | ann updated
        """,
        plain=PLAIN,
    )
    (event,) = scenario.answer.events
    assert event.agent == AgentSpec("ann", (), 100, (ChannelMaximum("chat", 3),), (QueueMembership("sales", 2),))
    assert scenario.engine.agent("ann").spec == event.agent
    # A live offer stays, though the agent could no longer be chosen.
    scenario("4 | ann accepts c1                | c1 accepted ann #1")


def test_an_update_of_a_waiting_contact_is_judged_at_once(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann english=50          | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales needs spanish | c1 enqueued
         2 | update c1 needs english       | c1 updated needs=english, c1 offered ann #1 by=contact
         # A live offer stays, whatever becomes of the requirement.
         3 | update c1 priority=4 credit=5 needs spanish | c1 updated needs=spanish priority=4 credit=5
         3 | ? c1                          | offered ann
         4 | update c1 attributes=vip      | c1 updated needs=spanish priority=4 credit=5 attributes=vip
         5 | ann declines c1               | c1 declined ann #1, c1 excludes ann
         6 | update c1 needs               | c1 updated needs=
         7 | update c1 priority=4          | c1 updated needs= priority=4 credit=5
        """,
        plain=PLAIN,
    )


def test_a_new_policy_judges_those_who_wait(play: Play) -> None:
    strict = Policy(queues=(QueueSpec("sales", requirement="expert"),))
    relaxed = Policy(queues=(QueueSpec("sales", requirement="expert or trainee", offer_timeout_ms=3_000),))
    play(
        """
         0 | policy strict                 | policy 1
         0 | agent ann trainee=1           | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued
         1 | enqueue c2 sales priority=1   | c2 enqueued
         2 | policy relaxed expect=1       | policy 2, c2 offered ann #1 until=5 by=contact version=2
         # Live offers keep their times and their agents.
         3 | policy strict                 | policy 3
         3 | ? c2                          | offered ann
         3 | ? timer                       | 5
        """,
        strict=strict,
        relaxed=relaxed,
    )


def test_a_policy_that_makes_room(play: Play) -> None:
    play(
        """
         0 | policy dear                   | policy 1
         0 | agent ann                     | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales channel=chat | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales channel=chat | c2 enqueued
         2 | policy cheap                  | policy 2, c2 offered ann #2
         3 | policy dear                   | policy 3
         3 | ? ann                         | ready used=120 c1 c2
         4 | ann accepts c1                | c1 accepted ann #1
         5 | complete c1                   | c1 completed ann, c1 closed handled
         6 | enqueue c3 sales channel=chat | c3 enqueued
        """,
        dear=Policy(channels=(Channel("chat", 60),), queues=(QueueSpec("sales"),)),
        cheap=Policy(channels=(Channel("chat", 50),), queues=(QueueSpec("sales"),)),
    )


def test_commands_sent_twice(play: Play) -> None:
    scenario = play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann                     | ann added
         0 | ann ready id=r1               | ann ready
         1 | enqueue c1 sales id=r2        | c1 enqueued, c1 offered ann #1
         2 | ann accepts c1 #1 id=r3       | c1 accepted ann #1
         # The same id with the same content: the first answer again, even if it could not be taken now.
         3 | ann accepts c1 #1 id=r3       | duplicate
         3 | enqueue c1 sales id=r2        | duplicate
        """,
        plain=PLAIN,
    )
    assert (scenario.answer.seq, scenario.answer.contact_state, scenario.answer.offer_id) == (4, 2, 1)
    scenario(
        """
         3 | enqueue c2 sales id=r2        | refused REQUEST_ID_REUSED request_id
         3 | ann ready id=r2               | refused REQUEST_ID_REUSED request_id
         # A refused command is not remembered.
         3 | ann busy c1 #1 id=r4          | refused OFFER_ALREADY_ACCEPTED offer_id
         3 | hold c1 id=r4                 | c1 held ann
         # The id of a live contact with the content that made it, under any request id or none.
         4 | enqueue c1 sales              | duplicate
        """
    )
    assert (scenario.answer.seq, scenario.answer.contact_state, scenario.answer.offer_id) == (6, 3, 1)
    scenario(
        """
         5 | enqueue c1 sales id=r5        | duplicate
         5 | enqueue c2 sales id=r5        | c2 enqueued
         5 | enqueue c1 billing            | refused CONTACT_EXISTS contact_id
         6 | complete c1                   | c1 completed ann, c1 closed handled, c2 offered ann #2
         # Once it has closed, its id may be used again; but a remembered request is still a duplicate.
         7 | enqueue c1 sales id=r2        | duplicate
         7 | enqueue c1 sales              | c1 enqueued ordinal=2
         8 | tick id=r6                    | -
         9 | tick id=r6                    | duplicate
         # A remembered request is answered even while a timer is due, and at any later time.
        99 | enqueue c1 sales id=r2        | duplicate
        99 | abandon c1                    | refused TIMER_DUE at
        """
    )
