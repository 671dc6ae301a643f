"""Every refusal that depends on the state: reason, field, and that nothing changed (the notation proves it)."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import EnqueueContact, Tick
from acd_core.enums import Membership
from acd_core.limits import AT_NS_MAX, SKILLS_PER_AGENT_MAX, SKILLS_PER_TENANT_MAX
from acd_core.policy import Channel, Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.snapshot import BadSnapshot

Play = Callable[..., Any]

PLAIN = Policy(queues=(QueueSpec("sales", wrap_up_ms=10_000), QueueSpec("billing")))

CENTRE = """
     0 | policy plain                  | policy 1
     0 | agent ann; bob; eve           | ann added, bob added, eve added
     0 | ann ready                     | ann ready
     1 | enqueue on sales attached     | on enqueued, on offered ann #1
     1 | bob ready                     | bob ready
     1 | enqueue at sales              | at enqueued, at offered bob #2
     1 | bob accepts at                | at accepted bob #2
     2 | enqueue w1 sales              | w1 enqueued
"""
"""`on` is offered to ann, `at` active with bob, `w1` waits, eve is signed off."""


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("policy plain expect=0", "POLICY_VERSION_MISMATCH expected_version"),
        ("policy plain expect=2", "POLICY_VERSION_MISMATCH expected_version"),
        ("policy mailless", "CHANNEL_IN_USE channels"),
        ("policy salesless", "QUEUE_IN_USE queues"),
        ("policy other", "CHANNEL_IN_USE channels"),
        ("agent sue; tom max:chat=1 max:telex=1", 'UNKNOWN_CHANNEL agents[1].channel_maxima["telex"]'),
        ("agent sue; tom sales@0 returns@1", 'UNKNOWN_QUEUE agents[1].memberships["returns"]'),
        ("remove ann sue", "UNKNOWN_AGENT agent_ids[1]"),
        ("sue ready", "UNKNOWN_AGENT agent_id"),
        ("heartbeat ann bob sue", "UNKNOWN_AGENT agent_ids[2]"),
        ("enqueue w1 billing", "CONTACT_EXISTS contact_id"),
        ("enqueue w1 nowhere", "CONTACT_EXISTS contact_id"),
        ("enqueue w2 nowhere channel=telex", "UNKNOWN_QUEUE queue_id"),
        ("enqueue w2 sales channel=telex", "UNKNOWN_CHANNEL channel_id"),
        ("update w9 priority=1", "UNKNOWN_CONTACT contact_id"),
        ("update at needs spanish", "CONTACT_NOT_WAITING requirement"),
        ("update at priority=1 credit=1", "CONTACT_NOT_WAITING priority"),
        ("update at credit=1", "CONTACT_NOT_WAITING credit_ms"),
        ("hold w1", "CONTACT_NOT_ACTIVE held"),
        ("retrieve on", "CONTACT_NOT_ACTIVE held"),
        ("abandon w9", "UNKNOWN_CONTACT contact_id"),
        ("abandon at", "CONTACT_NOT_WAITING contact_id"),
        ("cancel at", "CONTACT_NOT_WAITING contact_id"),
        ("ann accepts w9 #1", "UNKNOWN_CONTACT contact_id"),
        ("sue accepts on #1", "UNKNOWN_AGENT agent_id"),
        ("bob accepts on #1", "NOT_OFFERED_TO_AGENT agent_id"),
        ("ann accepts on #2", "OFFER_NOT_LIVE offer_id"),
        ("ann accepts w1 #1", "OFFER_NOT_LIVE offer_id"),
        ("bob accepts at #2", "OFFER_ALREADY_ACCEPTED offer_id"),
        ("ann accepts at #2", "NOT_OFFERED_TO_AGENT agent_id"),
        ("ann declines w9 #1", "UNKNOWN_CONTACT contact_id"),
        ("sue declines on #1", "UNKNOWN_AGENT agent_id"),
        ("bob busy on #1", "NOT_OFFERED_TO_AGENT agent_id"),
        ("ann misses on #7", "OFFER_NOT_LIVE offer_id"),
        ("bob declines at #2", "OFFER_ALREADY_ACCEPTED offer_id"),
        ("complete w9", "UNKNOWN_CONTACT contact_id"),
        ("complete w1", "CONTACT_NOT_ACTIVE contact_id"),
        ("complete on by=ann", "CONTACT_NOT_ACTIVE contact_id"),
        ("complete at by=ann", "NOT_OFFERED_TO_AGENT agent_id"),
        ("complete at by=sue", "NOT_OFFERED_TO_AGENT agent_id"),
        ("wrapped bob w9", "UNKNOWN_CONTACT contact_id"),
        ("wrapped bob at", "CONTACT_NOT_IN_WRAP_UP contact_id"),
        ("wrapped sue", "UNKNOWN_AGENT agent_id"),
        ("wrapped bob", "AGENT_NOT_IN_WRAP_UP agent_id"),
        ("detach w9", "UNKNOWN_CONTACT contact_id"),
        ("detach w1", "CONTACT_NOT_ATTACHED contact_id"),
        ("detach at", "CONTACT_NOT_ATTACHED contact_id"),
        ("attach w9", "UNKNOWN_CONTACT contact_id"),
    ],
)
def test_refused(play: Play, command: str, refusal: str) -> None:
    play(
        f"""
        {CENTRE}
         3 | {command} | refused {refusal}
        """,
        plain=PLAIN,
        mailless=Policy(channels=(Channel("mail", 10),), queues=PLAIN.queues),
        salesless=Policy(queues=(QueueSpec("billing"),)),
        other=Policy(channels=(Channel("mail", 10),), queues=(QueueSpec("billing"),)),
    )


def test_refused_in_wrap_up(play: Play) -> None:
    play(
        f"""
        {CENTRE}
         3 | complete at                   | at completed bob until=13
         4 | complete at                   | refused CONTACT_NOT_ACTIVE contact_id
         4 | hold at                       | refused CONTACT_NOT_ACTIVE held
         4 | update at priority=2          | refused CONTACT_NOT_WAITING priority
         4 | bob accepts at #2             | refused OFFER_ALREADY_ACCEPTED offer_id
         4 | ann accepts at #2             | refused NOT_OFFERED_TO_AGENT agent_id
         4 | wrapped ann at                | refused NOT_OFFERED_TO_AGENT agent_id
         4 | wrapped ann                   | refused AGENT_NOT_IN_WRAP_UP agent_id
         4 | abandon at                    | refused CONTACT_NOT_WAITING contact_id
         5 | update at attributes=note     | at updated
        """,
        plain=PLAIN,
    )


def test_an_offer_that_is_over_is_refused_by_the_way_it_ended(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann; bob                | ann added, bob added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | ann misses c1                 | c1 missed ann #1, c1 offered ann #2
         1 | ann accepts c1 #1             | refused OFFER_EXPIRED offer_id
         1 | bob accepts c1 #1             | refused NOT_OFFERED_TO_AGENT agent_id
         2 | ann away                      | ann away, c1 released ann #2
         2 | ann accepts c1 #2             | refused OFFER_RELEASED offer_id
         2 | ann declines c1 #2            | refused OFFER_RELEASED offer_id
         # Only the last offer is remembered.
         2 | ann accepts c1 #1             | refused OFFER_NOT_LIVE offer_id
         3 | ann ready                     | ann ready, c1 offered ann #3
         3 | ann busy c1                   | c1 busy ann #3, ann delayed until=13
         3 | ann accepts c1 #3             | refused OFFER_DECLINED offer_id
        13 | tick                          | ann undelayed, c1 offered ann #4
        13 | ann unreachable c1            | c1 unreachable ann #4, ann delayed until=23
        13 | ann accepts c1 #4             | refused OFFER_DECLINED offer_id
        23 | tick                          | ann undelayed, c1 offered ann #5
        23 | ann declines c1               | c1 declined ann #5, c1 excludes ann
        23 | ann accepts c1 #5             | refused OFFER_DECLINED offer_id
        23 | bob accepts c1 #5             | refused NOT_OFFERED_TO_AGENT agent_id
        """,
        plain=PLAIN,
    )


def test_the_first_in_use_in_order_of_creation_is_named(play: Play) -> None:
    scenario = play(
        """
         0 | policy both                   | policy 1
         0 | agent ann max:fax=1 billing@0 | ann added
         1 | policy faxless                | refused CHANNEL_IN_USE channels
         1 | policy billingless            | refused QUEUE_IN_USE queues
         1 | policy neither                | refused CHANNEL_IN_USE channels
         2 | enqueue c1 billing            | c1 enqueued
         # Contacts are looked at before agents.
         3 | policy neither                | refused QUEUE_IN_USE queues
         4 | cancel c1                     | c1 closed cancelled
         5 | agent ann                     | ann updated
         6 | policy neither                | policy 2
        """,
        both=Policy(
            channels=(Channel("voice", 100), Channel("fax", 5)),
            queues=(QueueSpec("sales"), QueueSpec("billing", membership=Membership.LISTED)),
        ),
        faxless=Policy(channels=(Channel("voice", 100),), queues=(QueueSpec("sales"), QueueSpec("billing"))),
        billingless=Policy(channels=(Channel("voice", 100), Channel("fax", 5)), queues=(QueueSpec("sales"),)),
        neither=Policy(channels=(Channel("voice", 100),), queues=(QueueSpec("sales"),)),
    )
    assert scenario.engine.policy_version == 2


def test_a_policy_may_not_drop_what_a_leaving_agent_or_wrap_up_uses(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         0 | agent ann billing@0           | ann added
         0 | ann ready                     | ann ready
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         2 | ann accepts c1                | c1 accepted ann #1
         3 | complete c1                   | c1 completed ann until=13
         3 | remove ann                    | ann offline, ann removed
         4 | policy billing                | refused QUEUE_IN_USE queues
         4 | policy sales                  | refused QUEUE_IN_USE queues
         5 | wrapped ann                   | c1 closed handled
         5 | policy billing                | policy 2
        """,
        plain=PLAIN,
        sales=Policy(queues=(QueueSpec("sales"),)),
        billing=Policy(queues=(QueueSpec("billing"),)),
    )


def test_bounds_that_an_operator_lowered(play: Play) -> None:
    scenario = play("0 | policy plain | policy 1", plain=PLAIN, one=Policy(queues=(QueueSpec("sales"),)))
    scenario.limit(agents=2, waiting_contacts=2, queues=1)
    scenario(
        """
         0 | policy plain                  | refused QUEUE_LIMIT queues
         0 | policy one                    | policy 2
         0 | agent ann; bob; eve           | refused AGENT_LIMIT agents
         0 | agent ann; bob                | ann added, bob added
         0 | agent eve                     | refused AGENT_LIMIT agents
         0 | agent ann spanish=1; bob      | ann updated
         1 | ann ready                     | ann ready
         # Waiting and offered ones count, active ones do not.
         1 | enqueue c1 sales              | c1 enqueued, c1 offered ann #1
         1 | enqueue c2 sales              | c2 enqueued
         1 | enqueue c3 sales              | refused WAITING_LIMIT contact_id
         1 | enqueue c2 sales              | duplicate
         2 | ann accepts c1                | c1 accepted ann #1
         2 | enqueue c3 sales              | c3 enqueued
         # An agent who leaves counts until its last contact has ended.
         3 | remove ann                    | ann offline, ann removed
         3 | agent eve                     | refused AGENT_LIMIT agents
         4 | complete c1 wrap=0            | c1 completed ann, c1 closed handled
         4 | agent eve                     | eve added
        """
    )


def skilled_agents(prefix: str, agents: int) -> str:
    """Agents whose skills are all different, as many as one agent may have."""
    skills = (" ".join(f"{prefix}{a}_{s}=1" for s in range(SKILLS_PER_AGENT_MAX)) for a in range(agents))
    return "; ".join(f"{prefix}{a} {listed}" for a, listed in enumerate(skills))


def test_distinct_skills_of_a_tenant_are_bounded(play: Play) -> None:
    agents = SKILLS_PER_TENANT_MAX // SKILLS_PER_AGENT_MAX
    added = ", ".join(f"x{a} added" for a in range(agents))
    fewer = " ".join(f"x0_{s}=1" for s in range(1, SKILLS_PER_AGENT_MAX))
    play(
        f"""
         0 | policy plain                  | policy 1
         0 | agent {skilled_agents("x", agents)} | {added}
         # All that there may be are in use. What is in use already may be used again.
         1 | enqueue c1 sales needs one | refused SKILL_LIMIT requirement
         1 | enqueue c1 sales needs x0_0 | c1 enqueued
         1 | update c1 needs x1_1 and one | refused SKILL_LIMIT requirement
         1 | agent ann one=1 | refused SKILL_LIMIT agents
         1 | policy skilled | refused SKILL_LIMIT queues
         # A skill that an agent gives up is still in use by a contact.
         2 | agent x0 {fewer} | x0 updated
         2 | enqueue c2 sales needs one | refused SKILL_LIMIT requirement
         # What is replaced in the same command does not count.
         3 | update c1 needs one | c1 updated
         3 | enqueue c2 sales needs x0_0 | refused SKILL_LIMIT requirement
         3 | policy skilled | policy 2
         4 | cancel c1 | c1 closed cancelled
         4 | agent ann x0_0=1 | refused SKILL_LIMIT agents
         5 | policy plain | policy 3
         5 | agent ann x0_0=1 | ann added
        """,
        plain=PLAIN,
        skilled=Policy(queues=(QueueSpec("sales", requirement="one"), QueueSpec("billing"))),
    )


@pytest.mark.parametrize("at_ns", [-1, 0, AT_NS_MAX + 1])
def test_times_out_of_range(engine_class: Any, at_ns: int) -> None:
    engine = engine_class()
    before = engine.state_digest()
    with pytest.raises(Refused) as refusal:
        engine.apply(at_ns, Tick())
    assert (refusal.value.reason, refusal.value.field) == (Reason.OUT_OF_RANGE, "at")
    assert (engine.state_digest(), engine.seq) == (before, 0)


def test_the_whole_range_of_times_is_taken(engine_class: Any) -> None:
    engine = engine_class()
    engine.apply(1, Tick())
    engine.apply(AT_NS_MAX, Tick())
    assert engine.now_ns == AT_NS_MAX


def test_times_are_judged_before_anything_else(play: Play) -> None:
    play(
        """
         0 | policy plain                  | policy 1
         5 | enqueue c1 sales id=r1        | c1 enqueued
         4 | enqueue c1 sales id=r1        | refused TIME_BACKWARDS at
         4 | enqueue c2 nowhere id=r1      | refused TIME_BACKWARDS at
         5 | enqueue c2 nowhere id=r1      | refused REQUEST_ID_REUSED request_id
        """,
        plain=PLAIN,
    )


@pytest.mark.parametrize("damage", [b"", b"foreign", None], ids=["empty", "foreign", "cut short"])
def test_bytes_that_are_no_snapshot(engine_class: Any, damage: bytes | None) -> None:
    data = engine_class().snapshot()[:-9] if damage is None else damage
    with pytest.raises(BadSnapshot):
        engine_class.restore(data)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(engine_class: Any, seed: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        engine_class(seed)


def test_a_new_engine_knows_nothing(engine_class: Any) -> None:
    engine = engine_class(seed=2**64 - 1)
    assert (engine.now_ns, engine.seq, engine.event_seq, engine.event_hash, engine.policy_version) == (0, 0, 0, 0, 0)
    assert (engine.next_timer(), list(engine.agents()), list(engine.contacts())) == (None, [], [])
    assert (engine.contact("c"), engine.agent("a"), engine.waiting_in("q"), engine.policy) == (None, None, 0, Policy())
    assert engine.state_digest() != engine_class().state_digest()
    with pytest.raises(Refused) as refusal:
        engine.apply(1, EnqueueContact("c", "q"))
    assert refusal.value.reason == Reason.UNKNOWN_QUEUE
