"""Both engines, one seeded stream of commands: the same answers, event by event, and the same state at intervals.

The worlds here are wide rather than tricky: more classes of agents and contacts than one block of 64, long lists,
many exclusions, so that the compiled engine's bitmaps, heaps and draws all have work. The verification suite has the
tricky ones.
"""

import random
from typing import Any

import pytest

from acd_core import commands as c
from acd_core.engine import Engine
from acd_core.enums import ContactState, Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel

MS = 10**6
SKILLS = [f"skill{index}" for index in range(12)]
STRATEGIES = (Strategy.LONGEST_IDLE, Strategy.ROUND_ROBIN, Strategy.FIXED_ORDER, Strategy.RANDOM)
CHANNELS = ("voice", "chat", "mail")


class Stream:
    """Commands that depend on the state of the engine they are for, drawn from a seed."""

    def __init__(self, seed: int, agents: int) -> None:
        self.draw = random.Random(seed)
        self.queues = [f"q{index}" for index in range(self.draw.choice((1, 4, 12)))]
        self.agent_ids = [f"a{index}" for index in range(agents)]
        self.narrow = self.draw.random() < 0.4
        self.strategies = STRATEGIES if self.draw.random() < 0.6 else (self.draw.choice(STRATEGIES),)
        self.arrivals = 0

    def requirement(self) -> str:
        draw = self.draw
        if self.narrow or draw.random() < 0.3:
            return ""
        terms = [f"{draw.choice(SKILLS)}{draw.choice(('', '>=20', '<50', '>=90', '=50', '!=50'))}" for _ in range(3)]
        return draw.choice((terms[0], f"{terms[0]} or {terms[1]}", f"not {terms[0]} and ({terms[1]} or {terms[2]})"))

    def policy(self) -> Policy:
        draw = self.draw
        outcome = OutcomePolicy(draw.choice((0, 200, 5_000)), draw.choice((0, 300)), draw.choice((0, 2, 3)))
        return Policy(
            channels=(
                Channel("voice", 100, interrupts=("mail",) if draw.random() < 0.5 else ()),
                Channel("chat", draw.choice((25, 40))),
                Channel("mail", 10),
            ),
            queues=tuple(
                QueueSpec(
                    queue_id,
                    requirement=self.requirement() if draw.random() < 0.4 else "",
                    membership=draw.choice((Membership.OPEN, Membership.LISTED)),
                    strategy=draw.choice(self.strategies),
                    offer_timeout_ms=draw.choice((300, 2_000)),
                    auto_accept=draw.random() < 0.3,
                    wrap_up_ms=draw.choice((0, 100)),
                    credit_ms=draw.choice((0, 0, 500)),
                    rate=draw.choice((1_000, 1_000, 0, 1_500)),
                    max_tier=draw.choice((None, None, 1)),
                    max_waiting=draw.choice((None, None, 6)),
                )
                for queue_id in self.queues
            ),
            tier_first=draw.random() < 0.5,
            presence_lease_ms=draw.choice((0, 0, 4_000)),
            reattach_ms=200,
            offer_outcomes=OfferOutcomes(outcome, outcome, OutcomePolicy(), outcome),
        )

    def spec(self, agent_id: str) -> AgentSpec:
        draw = self.draw
        skills = [] if self.narrow else draw.sample(SKILLS, draw.randrange(5))
        queues = draw.sample(self.queues, draw.randrange(len(self.queues) + 1))
        return AgentSpec(
            agent_id,
            skills=tuple(SkillLevel(skill, draw.choice((10, 50, 100))) for skill in skills),
            capacity=draw.choice((100, 100, 50, 220)),
            channel_maxima=(ChannelMaximum("chat", draw.choice((0, 1, 2))),) if draw.random() < 0.3 else (),
            memberships=tuple(QueueMembership(queue, draw.randrange(3), draw.randrange(3)) for queue in queues),
        )

    def command(self, engine: Any) -> c.Command:
        draw = self.draw
        kind = draw.random()
        if kind < 0.3:
            self.arrivals += 1
            return c.EnqueueContact(
                f"c{self.arrivals}" if draw.random() < 0.9 else "",
                draw.choice(self.queues),
                draw.choice(CHANNELS),
                self.requirement(),
                draw.choice((0, 0, 0, 5, -5)),
                draw.choice((0, 0, 1_000)),
                attached=draw.random() < 0.1,
                request_id=f"r{draw.randrange(50)}" if draw.random() < 0.1 else "",
            )
        if kind < 0.5:
            presence = draw.choices((1, 2, 3), (1, 6, 2))[0]
            return c.SetPresence(draw.choice(self.agent_ids), presence, lease_ms=draw.choice((0, 0, 3_000)))
        if kind < 0.53:
            return c.UpsertAgents(tuple(self.spec(a) for a in draw.sample(self.agent_ids, draw.randrange(1, 4))))
        if kind < 0.54:
            return c.RemoveAgents((draw.choice(self.agent_ids),))
        if kind < 0.545:
            return c.ApplyPolicy(self.policy())
        if kind < 0.55:
            return c.Heartbeat(tuple(draw.sample(self.agent_ids, 2)))
        if kind < 0.552:
            return c.Resume()
        contacts = list(engine.contacts())
        if not contacts:
            return c.Tick()
        contact = draw.choice(contacts)
        agent_id = contact.agent_id or draw.choice(self.agent_ids)
        if draw.random() < 0.1:
            return draw.choice(
                (
                    c.DetachContact(contact.contact_id),
                    c.AttachContact(contact.contact_id),
                    c.UpdateContact(contact.contact_id, held=draw.random() < 0.5),
                    c.UpdateContact(contact.contact_id, requirement=self.requirement()),
                    c.UpdateContact(contact.contact_id, priority=draw.randrange(3), credit_ms=draw.randrange(2_000)),
                )
            )
        if contact.state == ContactState.OFFERED:
            if draw.random() < 0.5:
                return c.AcceptOffer(contact.contact_id, agent_id, contact.offer_id)
            return c.DeclineOffer(contact.contact_id, agent_id, contact.offer_id, draw.randrange(1, 5))
        if contact.state == ContactState.ACTIVE:
            return c.CompleteContact(contact.contact_id, wrap_up_ms=draw.choice((-1, 0, 500)))
        if contact.state == ContactState.WRAP_UP:
            return c.FinishWrapUp(agent_id, contact.contact_id if draw.random() < 0.5 else "")
        return c.CancelContact(contact.contact_id, draw.random() < 0.8) if draw.random() < 0.3 else c.Tick()


def answer_of(engine: Any, at_ns: int, command: c.Command) -> object:
    try:
        return engine.apply(at_ns, command)
    except Refused as refused:
        return refused.reason, refused.field


@pytest.mark.parametrize("seed", range(24))
def test_both_engines_say_the_same(seed: int) -> None:
    stream = Stream(seed, agents=(6, 40, 150)[seed % 3])
    fast: Any = Engine(seed=seed)
    plain: Any = ReferenceEngine(seed=seed)
    at_ns = 10**18
    opening = [c.ApplyPolicy(stream.policy()), c.UpsertAgents(tuple(stream.spec(a) for a in stream.agent_ids))]
    taken = 0
    for step in range(700):
        due = fast.next_timer()
        at_ns += stream.draw.choice((0, 1, 1, 20, 150)) * MS
        assert due == plain.next_timer()
        command = opening[step] if step < 2 else c.Tick() if due and due <= at_ns else stream.command(fast)
        expected = answer_of(plain, at_ns, command)
        assert answer_of(fast, at_ns, command) == expected, f"step {step}: {command}"
        assert fast.event_hash == plain.event_hash, f"step {step}: {command}"
        taken += not isinstance(expected, tuple)
        if step % 50 == 0:
            assert fast.snapshot() == plain.snapshot(), f"step {step}: {command}"
            assert list(fast.contacts()) == list(plain.contacts())
            assert list(fast.agents()) == list(plain.agents())
            assert fast.counts() == plain.counts()
        if step % 175 == 100:
            fast = Engine.restore(fast.snapshot())
    assert taken > 300
    assert fast.state_digest() == plain.state_digest()
