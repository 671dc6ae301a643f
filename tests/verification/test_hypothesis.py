"""Short histories made by Hypothesis: fast engine = reference, judged by the checker, and shrunk when they fail.

The seeded streams find faults; these find the shortest history that shows one.
"""

import os
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from verification.engines import BOTH
from verification.lockstep import DisagreementError, Lockstep
from verification.mutants import MUTANTS

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    DetachContact,
    EnqueueContact,
    FinishWrapUp,
    Heartbeat,
    RemoveAgents,
    Resume,
    SetPresence,
    Tick,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import ContactState, Membership, OfferOutcome, Presence, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service.checker import Checker
from bench.workload import EPOCH_NS, NS_PER_MS

AGENTS = ("a0", "a1", "a2", "a3")
CONTACTS = ("c0", "c1", "c2", "c3", "c4", "c5")
QUEUES = ("q0", "q1")
CHANNELS = ("voice", "chat", "mail")

agent_ids = st.sampled_from(AGENTS)
contact_ids = st.sampled_from(CONTACTS)
requirements = st.sampled_from(("", "", "s>=50", "s", "not s", "t and s<60", "s or t!=2"))
priorities = st.sampled_from((0, 0, 1, -1))
credits_ms = st.sampled_from((0, 0, 1, -1, 5_000))
brief_ms = st.sampled_from((0, 0, 1, 40, 2_000))
steps_ns = st.sampled_from((0, 0, 1, 333_333, NS_PER_MS, 40 * NS_PER_MS, 2_000 * NS_PER_MS))
outcomes = st.builds(OutcomePolicy, exclude_ms=brief_ms, delay_ms=brief_ms, away_after=st.sampled_from((0, 0, 1, 2)))


def _queue(queue_id: str) -> st.SearchStrategy[QueueSpec]:
    ways = [(s, a) for s in sorted(Strategy) for a in (False, True) if not (a and s is Strategy.BROADCAST)]
    return st.builds(
        lambda way, **rest: QueueSpec(queue_id, strategy=way[0], auto_accept=way[1], **rest),
        st.sampled_from(ways),
        requirement=requirements,
        membership=st.sampled_from(Membership),
        offer_timeout_ms=st.sampled_from((40, 2_000, 5_000)),
        wrap_up_ms=brief_ms,
        credit_ms=credits_ms,
        rate=st.sampled_from((1_000, 1_000, 0, 999, 3_000)),
        max_tier=st.sampled_from((None, 0, 1)),
        max_waiting=st.sampled_from((None, None, None, 0, 1)),
    )


policies = st.builds(
    Policy,
    channels=st.sampled_from(
        (
            (Channel("voice", 100), Channel("chat", 25), Channel("mail", 10)),
            (Channel("voice", 100, ("mail",)), Channel("chat", 50), Channel("mail", 60, ("chat",))),
            (Channel("voice", 60), Channel("chat", 60)),
        )
    ),
    queues=st.one_of(st.tuples(_queue("q0"), _queue("q1")), st.tuples(_queue("q0"))),
    tier_first=st.booleans(),
    short_abandon_ms=st.sampled_from((0, 1, 2_000)),
    presence_lease_ms=st.sampled_from((0, 0, 5_000)),
    reattach_ms=st.sampled_from((1, 2_000)),
    max_waiting=st.sampled_from((None, None, None, 2)),
    offer_outcomes=st.builds(OfferOutcomes, outcomes, outcomes, outcomes, outcomes),
)

agents = st.builds(
    AgentSpec,
    agent_ids,
    skills=st.sampled_from(((), (SkillLevel("s", 50),), (SkillLevel("s", 60), SkillLevel("t", 2)))),
    capacity=st.sampled_from((100, 100, 50, 200)),
    channel_maxima=st.sampled_from(((), (), (ChannelMaximum("chat", 1),), (ChannelMaximum("voice", 0),))),
    memberships=st.lists(
        st.builds(QueueMembership, st.sampled_from(QUEUES), st.integers(0, 2), st.integers(0, 1)),
        unique_by=lambda member: member.queue_id,
    ).map(tuple),
)


class Histories(RuleBasedStateMachine):
    """Each rule is one command; time moves with it, and a tick goes before it when a timer is due."""

    kinds: ClassVar[dict[str, Any]] = BOTH

    def __init__(self) -> None:
        super().__init__()
        self.steps = Lockstep({name: kind(7) for name, kind in self.kinds.items()}, Checker(7, thorough_every=1))
        self.now_ns = EPOCH_NS
        self.sound = True

    def give(self, command: Command, step_ns: int = 0) -> None:
        self.now_ns += step_ns
        due_ns = self.steps.lead.next_timer()
        if due_ns is not None and due_ns <= self.now_ns and not isinstance(command, Tick | Resume):
            self.apply(Tick())
        self.apply(command)

    def apply(self, command: Command) -> None:
        self.sound = False
        self.steps.apply(self.now_ns, command)
        self.sound = True

    def live(self, *states: ContactState) -> list[Any]:
        return [contact for contact in self.steps.lead.contacts() if contact.state in states]

    @initialize(policy=policies, roster=st.lists(agents, min_size=1, unique_by=lambda agent: agent.agent_id))
    def open(self, policy: Policy, roster: list[AgentSpec]) -> None:
        self.give(ApplyPolicy(policy))
        for agent in roster:
            self.give(UpsertAgents((agent,)))
            self.give(SetPresence(agent.agent_id, Presence.READY))

    @rule(policy=policies, step_ns=steps_ns)
    def apply_policy(self, policy: Policy, step_ns: int) -> None:
        self.give(ApplyPolicy(policy), step_ns)

    @rule(agent=agents, step_ns=steps_ns)
    def upsert(self, agent: AgentSpec, step_ns: int) -> None:
        self.give(UpsertAgents((agent,)), step_ns)

    @rule(agent_id=agent_ids, step_ns=steps_ns)
    def remove(self, agent_id: str, step_ns: int) -> None:
        self.give(RemoveAgents((agent_id,)), step_ns)

    @rule(
        agent_id=agent_ids,
        presence=st.sampled_from(Presence),
        lease_ms=st.sampled_from((0, 2_000)),
        step_ns=steps_ns,
    )
    def set_presence(self, agent_id: str, presence: Presence, lease_ms: int, step_ns: int) -> None:
        self.give(SetPresence(agent_id, presence, "", lease_ms), step_ns)

    @rule(agent_id=agent_ids, step_ns=steps_ns)
    def be_ready(self, agent_id: str, step_ns: int) -> None:
        self.give(SetPresence(agent_id, Presence.READY), step_ns)

    @rule(agent_id=agent_ids, step_ns=steps_ns)
    def heartbeat(self, agent_id: str, step_ns: int) -> None:
        self.give(Heartbeat((agent_id,)), step_ns)

    @rule(
        contact_id=contact_ids,
        queue_id=st.sampled_from(QUEUES),
        channel_id=st.sampled_from(CHANNELS),
        requirement=requirements,
        priority=priorities,
        credit_ms=credits_ms,
        attached=st.booleans(),
        step_ns=steps_ns,
    )
    def enqueue(self, contact_id: str, queue_id: str, channel_id: str, requirement: str, priority: int,
                credit_ms: int, attached: bool, step_ns: int) -> None:  # fmt: skip
        command = EnqueueContact(contact_id, queue_id, channel_id, requirement, priority, credit_ms, attached=attached)
        self.give(command, step_ns)

    @rule(contact_id=contact_ids, requirement=st.none() | requirements, priority=st.none() | priorities,
          held=st.none() | st.booleans(), step_ns=steps_ns)  # fmt: skip
    def update(self, contact_id: str, requirement: str | None, priority: int | None, held: bool | None,
               step_ns: int) -> None:  # fmt: skip
        if (requirement, priority, held) != (None, None, None):
            self.give(UpdateContact(contact_id, requirement=requirement, priority=priority, held=held), step_ns)

    @rule(contact_id=contact_ids, abandoned=st.booleans(), step_ns=steps_ns)
    def cancel(self, contact_id: str, abandoned: bool, step_ns: int) -> None:
        self.give(CancelContact(contact_id, abandoned), step_ns)

    @rule(data=st.data(), step_ns=steps_ns)
    def accept(self, data: st.DataObject, step_ns: int) -> None:
        offered = self.live(ContactState.OFFERED)
        if offered:
            contact = data.draw(st.sampled_from(offered))
            self.give(AcceptOffer(contact.contact_id, contact.agent_id, contact.offer_id), step_ns)

    @rule(data=st.data(), outcome=st.sampled_from(list(OfferOutcome)[:4]), step_ns=steps_ns)
    def decline(self, data: st.DataObject, outcome: OfferOutcome, step_ns: int) -> None:
        offered = self.live(ContactState.OFFERED)
        if offered:
            contact = data.draw(st.sampled_from(offered))
            self.give(DeclineOffer(contact.contact_id, contact.agent_id, contact.offer_id, outcome), step_ns)

    @rule(contact_id=contact_ids, agent_id=agent_ids, offer_id=st.integers(1, 12), step_ns=steps_ns)
    def accept_anything(self, contact_id: str, agent_id: str, offer_id: int, step_ns: int) -> None:
        self.give(AcceptOffer(contact_id, agent_id, offer_id), step_ns)

    @rule(contact_id=contact_ids, wrap_up_ms=st.sampled_from((-1, 0, 2_000)), step_ns=steps_ns)
    def complete(self, contact_id: str, wrap_up_ms: int, step_ns: int) -> None:
        self.give(CompleteContact(contact_id, wrap_up_ms=wrap_up_ms), step_ns)

    @rule(agent_id=agent_ids, step_ns=steps_ns)
    def finish_wrap_up(self, agent_id: str, step_ns: int) -> None:
        self.give(FinishWrapUp(agent_id), step_ns)

    @rule(contact_id=contact_ids, step_ns=steps_ns)
    def detach(self, contact_id: str, step_ns: int) -> None:
        self.give(DetachContact(contact_id), step_ns)

    @rule(contact_id=contact_ids, step_ns=steps_ns)
    def attach(self, contact_id: str, step_ns: int) -> None:
        self.give(AttachContact(contact_id), step_ns)

    @rule(step_ns=steps_ns)
    def tick(self, step_ns: int) -> None:
        self.give(Tick(), step_ns)

    @rule(step_ns=steps_ns)
    def resume(self, step_ns: int) -> None:
        self.give(Resume(), step_ns)

    @rule()
    def restore_crosswise(self) -> None:
        snapshots = [engine.snapshot() for engine in self.steps.engines.values()]
        for (name, kind), snapshot in zip(self.kinds.items(), reversed(snapshots), strict=True):
            self.steps.engines[name] = kind.restore(snapshot)

    @invariant()
    def states_are_equal(self) -> None:
        self.steps.compare_digests()

    def teardown(self) -> None:
        if not self.sound:
            return
        for kind in self.kinds.values():
            replayed = kind(7)
            for at_ns, command in self.steps.accepted:
                replayed.apply(at_ns, command)
            assert replayed.state_digest() == self.steps.lead.state_digest()


EXAMPLES = int(os.environ.get("ACD_EXAMPLES", "0"))
"""Set it for a longer run over histories that are new each time; else the same few each time, so that a red run is
about the change."""

SETTINGS = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TestHistories = Histories.TestCase
TestHistories.settings = SETTINGS


class HistoriesOfAMutant(Histories):
    """The canary: a fault that these histories must find. Sixty of them do nine times in ten; it ends at the first."""

    kinds: ClassVar[dict[str, Any]] = {"reference": BOTH["reference"], "mutant": MUTANTS["QueueRequirementForgotten"]}


def test_a_mutant_is_found() -> None:
    patient = settings(SETTINGS, max_examples=600, phases=[Phase.generate])
    with pytest.raises(DisagreementError):
        run_state_machine_as_test(HistoriesOfAMutant, settings=patient)
