"""All features of routing mixed at once, by seeded chance: an engine contradicts neither itself nor what it stored."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from acd_core import commands as c
from acd_core.enums import (
    ClosingRule,
    ContactState,
    EndCause,
    EndKind,
    EventType,
    Membership,
    OfferOutcome,
    StepAction,
    Strategy,
    TreatmentKind,
)
from acd_core.events import Answer
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import (
    CallbackPolicy,
    Channel,
    OfferOutcomes,
    OutcomePolicy,
    Policy,
    PreferencePolicy,
    QueueSpec,
    SkillWeight,
)
from acd_core.reference import ReferenceEngine, engine
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel

START_NS = 1_700_000_000 * 10**9
SKILLS = ("spanish", "french", "billing")
NEEDS = ("", "", "spanish", "spanish>=60 and billing", "french or billing", "not spanish", "spanish=50")
CHANNELS = ("voice", "chat", "mail")


class World:
    """Draws commands that are mostly, but not always, sensible."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.agents = [f"a{index}" for index in range(9)]
        self.queues = [f"q{index}" for index in range(6)]
        self.made = 0
        self.recent: list[str] = []

    def some(self, things: Any) -> Any:
        return self.random.choice(list(things))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def step(self, after_ms: int) -> PlanStep:
        condition = None
        if self.chance(0.3):
            condition = self.some(
                (
                    StepCondition(queue_length_min=self.random.randrange(4)),
                    StepCondition(expected_wait_min_ms=self.random.randrange(1, 20_000)),
                    StepCondition(nobody_signed_on=True),
                )
            )
        action = self.some(StepAction)
        fields: dict[StepAction, dict[str, Any]] = {
            StepAction.SET_REQUIREMENT: {"requirement": self.some(NEEDS)},
            StepAction.LOWER_LEVEL: {"skill": self.some(SKILLS), "level": self.random.randrange(60)},
            StepAction.DROP_SKILL: {"skill": self.some(SKILLS)},
            StepAction.RAISE_MAX_TIER: {"tier": self.random.randrange(3)},
            StepAction.ADD_CREDIT: {"credit_ms": self.random.randrange(-9_000, 9_000)},
            StepAction.SET_PRIORITY: {"priority": self.random.randrange(-2, 3)},
            StepAction.MOVE_TO_QUEUE: {"queue_id": self.some(self.queues), "restart_wait": self.chance(0.4)},
            StepAction.ADD_QUEUE: {"queue_id": self.some(self.queues)},
            StepAction.START_TREATMENT: {"treatment": self.some(TreatmentKind), "name": self.some("xy")},
            StepAction.OFFER_CALLBACK: {"name": "menu"},
            StepAction.END_WAIT: {"end": EndWait(self.some(EndKind), "t")},
        }
        return PlanStep(after_ms, action, condition, **fields[action])

    def policy(self) -> Policy:
        plans = tuple(
            Plan(f"p{index}", tuple(self.step(at * 2_500) for at in sorted(self.random.choices(range(12), k=5))))
            for index in range(3)
        )
        queues = []
        for queue_id in self.queues:
            strategy = self.some(Strategy)
            overflow = Overflow(self.some([q for q in self.queues if q != queue_id]))
            queues.append(
                QueueSpec(
                    queue_id,
                    requirement=self.some(("", "", "billing", "not french")),
                    membership=self.some(Membership),
                    strategy=strategy,
                    offer_timeout_ms=self.random.randrange(500, 9_000),
                    auto_accept=strategy is not Strategy.BROADCAST and self.chance(0.2),
                    wrap_up_ms=self.some((0, 1_500)),
                    credit_ms=self.some((0, 5_000)),
                    rate=self.some((0, 1_000, 3_000)),
                    max_tier=self.some((None, 0, 1)),
                    max_waiting=self.some((None, None, 3)),
                    plan_id=self.some(("", "p0", "p1", "p2")),
                    skill_weights=(SkillWeight("spanish", 2), SkillWeight("billing", 5)),
                    broadcast_to=self.some((2, 3)),
                    preferred_hold_ms=self.some((None, 0, 4_000)),
                    at_closing=self.some(ClosingRule),
                    overflow=self.some((None, overflow, Overflow(end=EndWait(self.some(EndKind))))),
                )
            )
        outcome = OutcomePolicy(self.some((0, 3_000)), self.some((0, 0, 1_000)), self.some((0, 2)))
        return Policy(
            channels=(Channel("voice", 100, interrupts=("mail",)), Channel("chat", 30), Channel("mail", 20)),
            queues=tuple(queues),
            tier_first=self.chance(0.5),
            presence_lease_ms=self.some((0, 40_000)),
            reattach_ms=2_000,
            max_waiting=self.some((None, 25)),
            offer_outcomes=OfferOutcomes(outcome, outcome, outcome, OutcomePolicy(0, 0, self.some((0, 3)))),
            plans=plans,
            preference=PreferencePolicy(self.some((0, 60_000)), self.chance(0.5), self.some((0, 3_000))),
            callback=CallbackPolicy(2, 2_000),
            occupancy_time_constant_ms=self.some((60_000, 1_800_000)),
        )

    def agent(self, agent_id: str) -> AgentSpec:
        skills = [SkillLevel(skill, self.random.randrange(1, 101)) for skill in SKILLS if self.chance(0.5)]
        members = [QueueMembership(q, self.random.randrange(3), 1) for q in self.queues if self.chance(0.5)]
        return AgentSpec(
            agent_id,
            tuple(skills),
            self.some((100, 100, 130, 200)),
            (ChannelMaximum("chat", 2),) if self.chance(0.3) else (),
            tuple(members),
            weight=self.random.randrange(1, 200),
        )

    def enqueue(self) -> c.Command:
        self.made += 1
        contact_id = f"c{self.made}"
        self.recent = [*self.recent[-40:], contact_id]
        more: dict[str, Any] = {}
        if self.chance(0.3):
            more["preferred_agents"] = tuple(self.random.sample([*self.agents, "ghost"], 2))
            more["only_preferred"] = self.chance(0.3)
        if self.chance(0.1):
            more["consults_contact_id"] = self.some(self.recent)
        if self.chance(0.1):
            more["skill_weights"] = (SkillWeight(self.some(SKILLS), 3),)
        return c.EnqueueContact(
            contact_id,
            self.some(self.queues),
            self.some(CHANNELS),
            self.some(NEEDS),
            self.random.randrange(-1, 2),
            self.some((0, 0, 7_000)),
            self.some(("", "zoe", "kim", "lee")),
            attached=self.chance(0.2),
            **more,
        )

    def commands(self, live: Any, now_ns: int) -> Iterator[c.Command]:
        """One command, or two that belong together."""
        alive = [view.contact_id for view in live.contacts()]
        contact_id = self.some(alive if alive and self.chance(0.9) else self.recent or ["none"])
        contact = live.contact(contact_id)
        agent_id = contact.agent_id if contact is not None and contact.agent_id else self.some(self.agents)
        offer_id = max(1, 0 if contact is None else contact.offer_id)
        window = {"window_start_ns": now_ns + self.random.randrange(-3, 6) * 10**9, "attempts_max": 2}
        if self.chance(0.5):
            window["window_end_ns"] = window["window_start_ns"] + self.random.randrange(1, 9) * 10**9
        match self.random.randrange(22):
            case 0 | 1 | 2 | 3 | 4:
                yield self.enqueue()
            case 5 | 6 | 7:
                yield c.AcceptOffer(contact_id, agent_id, offer_id)
            case 8:
                outcome = self.random.randrange(OfferOutcome.DECLINED, OfferOutcome.MISSED + 1)
                yield c.DeclineOffer(contact_id, agent_id, offer_id, outcome)
            case 9 | 10:
                yield c.CompleteContact(contact_id, not_reached=self.chance(0.5))
            case 11 | 12:
                yield c.SetPresence(self.some(self.agents), self.some((1, 2, 2, 2, 3)))
            case 13:
                yield c.UpsertAgents((self.agent(self.some(self.agents)),))
            case 14:
                yield c.RemoveAgents((self.some(self.agents),)) if self.chance(0.3) else c.Heartbeat((agent_id,))
            case 15:
                yield c.CancelContact(contact_id, self.chance(0.7))
            case 16:
                to = self.some(
                    (
                        {"queue_id": self.some(self.queues), "restart_wait": self.chance(0.5)},
                        {"to_agent_id": self.some([a for a in self.agents if a != agent_id])},
                        {"consultation_contact_id": self.some(self.recent or ["none"])},
                    )
                )
                yield c.TransferContact(contact_id, agent_id, **to)
            case 17:
                yield c.RequestCallback(contact_id, "+34", **window)
            case 18:
                yield c.PickContact(contact_id, self.some(self.agents), self.some(("", "boss")))
            case 19:
                yield self.some((c.OpenQueue, c.OpenQueue, c.CloseQueue))(self.some(self.queues))
            case 20:
                named = (self.some(self.agents),) if self.chance(0.3) else None
                yield c.UpdateContact(contact_id, requirement=self.some(NEEDS), preferred_agents=named)
            case _:
                yield c.FinishWrapUp(agent_id, contact_id)
                yield self.some((c.DetachContact, c.AttachContact))(contact_id)


def consult(world: World, live: Any) -> c.Command | None:
    """A transfer after consultation, wherever one could be."""
    for view in live.contacts():
        about = live.contact(view.consults_contact_id) if view.consults_contact_id else None
        if about is not None and view.state == about.state == ContactState.ACTIVE and world.chance(0.3):
            return c.TransferContact(about.contact_id, about.agent_id, consultation_contact_id=view.contact_id)
    return None


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference judges itself after every command."""
    monkeypatch.setattr(engine, "INVARIANTS_EVERY", 1)


class Pair:
    """An engine, and the reference beside it if it is another."""

    def __init__(self, engine_class: Any, seed: int) -> None:
        self.engine_class = engine_class
        self.live = engine_class(seed=seed)
        self.twin = None if engine_class is ReferenceEngine else ReferenceEngine(seed=seed)

    def apply(self, at_ns: int, command: c.Command) -> Answer | None:
        """The answer, None if the command was refused; both engines say the same."""
        answer = attempt(self.live, at_ns, command)
        if self.twin is not None:
            assert attempt(self.twin, at_ns, command) == answer, command
            assert self.twin.event_hash == self.live.event_hash, command
        return answer if isinstance(answer, Answer) else None

    def check(self) -> None:
        """The state survives being stored, and both engines have the same."""
        snapshot = self.live.snapshot()
        assert self.twin is None or self.twin.snapshot() == snapshot
        self.live = self.engine_class.restore(snapshot)
        assert self.live.snapshot() == snapshot

    def ask(self) -> None:
        """What can be asked changes nothing and is the same in both."""
        digest = self.live.state_digest()
        for view in list(self.live.contacts())[:5]:
            asked = [self.live.estimate_contact(view.contact_id), self.live.explain(view.contact_id)]
            asked += [self.live.explain(view.contact_id, agent.spec.agent_id) for agent in self.live.agents()]
            if self.twin is not None:
                assert self.twin.contact(view.contact_id) == view
                told = [self.twin.estimate_contact(view.contact_id), self.twin.explain(view.contact_id)]
                told += [self.twin.explain(view.contact_id, agent.spec.agent_id) for agent in self.twin.agents()]
                assert asked == told
        assert self.live.state_digest() == digest


def attempt(live: Any, at_ns: int, command: c.Command) -> Answer | tuple[str, str]:
    try:
        answer: Answer = live.apply(at_ns, command)
    except Refused as refused:
        return refused.reason, refused.field
    return answer


def test_all_features_at_once(engine_class: Any, strict: None) -> None:
    seen: Counter[int] = Counter()
    causes: Counter[int] = Counter()
    for seed in range(4):
        world = World(seed)
        pair = Pair(engine_class, seed)
        now_ns = START_NS
        pair.apply(now_ns, c.ApplyPolicy(world.policy()))
        pair.apply(now_ns, c.UpsertAgents(tuple(world.agent(agent_id) for agent_id in world.agents)))
        for turn in range(700):
            now_ns += world.random.randrange(0, 1_200) * 10**6
            batch: list[c.Command] = [c.Resume() if world.chance(0.01) else c.Tick()]
            if world.chance(0.02):
                batch.append(c.ApplyPolicy(world.policy()))
            batch += world.commands(pair.live, now_ns)
            batch += filter(None, [consult(world, pair.live)])
            if turn % 100 == 99:
                batch.append(c.SetContactAside(next((view.contact_id for view in pair.live.contacts()), "none")))
                batch.append(c.SetAgentAside(world.some(world.agents)))
            if turn % 50 == 49:
                customers = (view.customer_id for view in pair.live.contacts() if view.customer_id)
                batch.append(c.ForgetCustomer(next(customers, "nobody"), ("none",)))
            for command in batch:
                before = pair.live.state_digest() if turn % 20 == 0 else ""
                answer = pair.apply(now_ns, command)
                if answer is None:
                    assert not before or pair.live.state_digest() == before, f"refused, yet changed: {command}"
                    continue
                seen.update(event.type for event in answer.events)
                causes.update(event.cause for event in answer.events if event.type == EventType.CONTACT_CLOSED)
            if turn % 20 == 0:
                pair.check()
                pair.ask()
        counts = pair.live.counts()
        assert counts.opened == sum(counts.closed) + len(list(pair.live.contacts()))
    assert set(seen) == set(EventType) - {EventType.CONTACT_HELD, EventType.CONTACT_RETRIEVED}
    assert set(causes) == set(EndCause)
