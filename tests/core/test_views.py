"""What an engine shows of itself, and what it keeps across a snapshot and for repeated requests."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import CancelContact, Tick
from acd_core.limits import REMEMBERED_REQUESTS_MAX
from acd_core.policy import Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_core.views import AgentCounts, AgentView, ContactView, Line

Play = Callable[..., Any]

POLICY = Policy(queues=(QueueSpec("sales", wrap_up_ms=10_000), QueueSpec("billing")))
DAY = """
     0 | policy centre                 | policy 1
     0 | agent ann spanish=70 cap=200; bob; eve | ann added, bob added, eve added
     1 | ann ready lease=100           | ann ready
     1 | bob away lunch                | bob away
     2 | enqueue c1 sales customer=x priority=3 credit=9 attributes=note needs spanish |
       |                               | c1 enqueued, c1 offered ann #1
     3 | enqueue c2 billing attached   | c2 enqueued, c2 offered ann #2
     4 | ann accepts c1                | c1 accepted ann #1
     5 | hold c1                       | c1 held ann
     5 | enqueue c3 sales              | c3 enqueued
     5 | enqueue c4 sales              | c4 enqueued
     6 | cancel c4                     | c4 closed cancelled
     6 | abandon c3                    | c3 closed short_abandon
     7 | enqueue c5 sales              | c5 enqueued
"""


def at(second: int) -> int:
    return (1_600_000_000 + second) * 10**9


def test_the_view_of_a_contact(play: Play) -> None:
    engine = play(DAY, centre=POLICY).engine
    served = ContactView(
        contact_id="c1",
        ordinal=0,
        queue_id="sales",
        channel_id="voice",
        requirement="spanish",
        priority=3,
        credit_ms=9,
        customer_id="x",
        attributes=b"note",
        state=3,
        state_since_ns=at(4),
        arrived_ns=at(2),
        agent_id="ann",
        offer_id=1,
        offer_expires_ns=0,
        accepted_ns=at(4),
        held=True,
        attached=False,
        opened_ns=at(2),
    )
    assert engine.contact("c1") == served
    offered = engine.contact("c2")
    assert (offered.state, offered.agent_id, offered.offer_id, offered.offer_expires_ns) == (2, "ann", 2, at(23))
    assert (offered.accepted_ns, offered.held, offered.attached, offered.queue_id) == (0, False, True, "billing")
    waiting = engine.contact("c5")
    assert (waiting.state, waiting.state_since_ns, waiting.agent_id, waiting.offer_id) == (1, at(7), "", 0)
    assert [view.contact_id for view in engine.contacts()] == ["c1", "c2", "c5"]
    assert next(engine.contacts()) == served


def test_the_view_of_an_agent(play: Play) -> None:
    engine = play(DAY, centre=POLICY).engine
    ann = AgentView(
        spec=AgentSpec("ann", (SkillLevel("spanish", 70),), 200),
        ordinal=0,
        presence=2,
        reason="",
        idle_since_ns=at(1),
        delayed_until_ns=0,
        lease_ms=100_000,
        leaving=False,
        used=200,
        contact_ids=("c1", "c2"),
        contacts_begun=1,
    )
    assert engine.agent("ann") == ann
    bob = engine.agent("bob")
    assert (bob.presence, bob.reason, bob.idle_since_ns, bob.used, bob.contact_ids) == (3, "lunch", 0, 0, ())
    assert [view.spec.agent_id for view in engine.agents()] == ["ann", "bob", "eve"]


def test_counts(play: Play) -> None:
    scenario = play(DAY, centre=POLICY)
    scenario(
        """
         8 | complete c1                   | c1 completed ann until=18
         8 | ann busy c2                   | c2 busy ann #2, ann delayed until=18
         9 | remove ann                    | ann offline, ann removed
         9 | agent sue                     | sue added
         9 | sue ready                     | sue ready, c2 offered sue #3
        """
    )
    counts = scenario.engine.counts()
    assert (counts.agents, counts.agents_ready) == (4, 1)
    assert (counts.waiting, counts.offered, counts.active, counts.wrap_up) == (1, 1, 0, 1)
    assert (counts.opened, counts.closed) == (5, (0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0))
    assert scenario.engine.agent("ann").leaving
    assert (scenario.engine.waiting_in("sales"), scenario.engine.waiting_in("billing")) == (1, 0)
    assert scenario.engine.lines() == (
        Line("billing", "voice", 0, 1, at(3)),
        Line("sales", "voice", 1, 0, at(7)),
    )
    assert scenario.engine.agent_counts() == AgentCounts(
        offline=2, ready=1, away=1, offline_busy=1, ready_busy=1, away_busy=0
    )
    states, offers = scenario.engine.contact_states()
    assert list(states.items()) == [(view.contact_id, view.state) for view in scenario.engine.contacts()]
    assert offers == {"c2": 1}


def test_pages_hold_each_once_whatever_their_size(play: Play) -> None:
    engine = play(DAY, centre=POLICY).engine
    of_contacts = ({}, {"queue_id": "sales"}, {"states": 0b10}, {"agent_id": "ann"})
    of_agents = ({}, {"queue_id": "sales"}, {"presences": 0b1000})
    for ask, all_of, filters in (
        (engine.contacts_from, list(engine.contacts()), of_contacts),
        (engine.agents_from, list(engine.agents()), of_agents),
    ):
        for wanted in filters:
            (whole, end, _) = ask(0, -1, 1_000, 1_000, **wanted)
            assert end == -1
            assert wanted or list(whole) == all_of
            for count, looks_max in ((1, 1_000), (2, 1_000), (1_000, 1), (1, 1)):
                found, ordinal, place = [], 0, -1
                while ordinal >= 0:
                    views, ordinal, place = ask(ordinal, place, count, looks_max, **wanted)
                    assert len(views) <= count
                    found += views
                assert found == list(whole)
    assert {view.queue_id for view in engine.contacts_from(0, -1, 9, 99, queue_id="sales")[0]} == {"sales"}
    assert {view.agent_id for view in engine.contacts_from(0, -1, 9, 99, agent_id="ann")[0]} == {"ann"}
    assert engine.contacts_from(0, -1, 9, 99, queue_id="none")[0] == ()


def test_a_page_goes_on_where_its_first_contact_was_though_it_has_ended(play: Play) -> None:
    scenario = play(DAY, centre=POLICY)
    engine = scenario.engine
    _, ordinal, place = engine.contacts_from(0, -1, 1, 1_000)
    rest = engine.contacts_from(ordinal, place, 1_000, 1_000)[0]
    engine.apply(engine.now_ns, CancelContact(rest[0].contact_id))
    after = engine.contacts_from(ordinal, place, 1_000, 1_000)[0]
    assert [view.contact_id for view in after] == [view.contact_id for view in rest[1:]]


def test_a_snapshot_can_be_read_by_the_other_engine(play: Play, engine_class: Any) -> None:
    engine = play(DAY, centre=POLICY).engine
    other = ReferenceEngine.restore(engine.snapshot())
    back = engine_class.restore(other.snapshot())
    assert back.snapshot() == other.snapshot() == engine.snapshot()
    assert (back.state_digest(), back.event_hash, back.next_timer()) == (
        engine.state_digest(),
        engine.event_hash,
        engine.next_timer(),
    )


def test_the_oldest_request_is_forgotten_at_the_bound(engine_class: Any) -> None:
    engine = engine_class()
    for number in range(REMEMBERED_REQUESTS_MAX):
        engine.apply(1, Tick(request_id=f"r{number}"))
    assert engine.apply(1, Tick(request_id="r0")).duplicate
    engine.apply(1, Tick(request_id="one more"))
    assert engine.apply(1, Tick(request_id="r1")).duplicate
    assert not engine.apply(1, Tick(request_id="r0")).duplicate


def test_refusals_are_not_remembered(play: Play) -> None:
    engine = play(DAY, centre=POLICY).engine
    before = engine.snapshot()
    with pytest.raises(Refused) as refusal:
        engine.apply(at(6), Tick(request_id="r"))
    assert refusal.value.reason == Reason.TIME_BACKWARDS
    assert engine.snapshot() == before
