"""Repairs of random statements in random states, on both engines: what is said to be repaired is as the PBX says."""

import random

import pytest

from acd_core import commands as c
from acd_core.engine import Engine
from acd_core.enums import ContactState, Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_service.checker import Checker
from acd_service.reconciling.difference import (
    AgentKind,
    ContactKind,
    agent_difference,
    contact_difference,
)
from acd_service.reconciling.repair import Repair
from acd_service.reconciling.statement import statement_of
from acd_service.service_error import CommandSetAside

AGENTS = [f"a{number}" for number in range(6)]
CONTACTS = [f"c{number}" for number in range(10)]
SECOND = 10**9
START = 1_700_000_000 * SECOND


class World:
    """Both engines, each command judged by the checker."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.engines = [Engine(seed), ReferenceEngine(seed)]
        self.checker = Checker(seed)
        self.now_ns = START
        queues = (
            QueueSpec("sales"),
            QueueSpec("help", requirement="help"),
            QueueSpec("auto", auto_accept=True, wrap_up_ms=60_000),
        )
        self.apply(c.ApplyPolicy(Policy(queues=queues)))
        skilled = tuple(
            AgentSpec(name, (SkillLevel("help", 5),) if index % 2 else ()) for index, name in enumerate(AGENTS)
        )
        self.apply(c.UpsertAgents(skilled))

    def apply(self, command):
        """On both engines; refused by both or by none."""
        outcomes = []
        for engine in self.engines:
            try:
                outcomes.append(engine.apply(self.now_ns, command))
            except Refused as refused:
                outcomes.append(refused.reason)
        if isinstance(outcomes[1], str):
            assert outcomes[0] == outcomes[1]
            raise Refused(outcomes[0], "", "")
        first, second = outcomes
        assert first.events == second.events
        if not first.duplicate:
            assert self.checker.observe(first.seq, self.now_ns, command, first.events) is None
        return first

    def step(self):
        """Something that happens in a centre."""
        draw = self.random
        self.now_ns += draw.randrange(5 * SECOND)
        self.apply(c.Tick())
        contact_id, agent_id = draw.choice(CONTACTS), draw.choice(AGENTS)
        view = self.engines[0].contact(contact_id)
        agent = self.engines[0].agent(agent_id)
        state = None if view is None else view.state
        if draw.random() < 0.25:
            command = c.SetPresence(agent_id, draw.choice(list(Presence)))
        elif state is None:
            address = "+4930" if draw.random() < 0.1 else ""
            queue_id = draw.choice(["sales", "help", "auto"])
            command = c.EnqueueContact(contact_id, queue_id, callback_address=address)
        elif state == ContactState.OFFERED:
            command = c.AcceptOffer(contact_id, view.agent_id, view.offer_id)
        elif state == ContactState.ACTIVE:
            command = c.CompleteContact(contact_id)
        elif state == ContactState.WRAP_UP:
            command = c.FinishWrapUp(view.agent_id)
        else:
            command = c.CancelContact(contact_id)
        assert agent is not None
        self.apply(command)

    def statement(self):
        """What a PBX may say: the truth for the most part."""
        draw = self.random
        contacts = {}
        for contact_id in [*CONTACTS, "x"]:
            view = self.engines[0].contact(contact_id)
            live = view is not None or contact_id == "x"
            if draw.random() < (0.85 if live else 0.1):
                is_active = view is not None and view.state == ContactState.ACTIVE
                known = view.agent_id if is_active else ""
                contacts[contact_id] = known if draw.random() < 0.6 else draw.choice(["", "nobody", *AGENTS])
        agents = {}
        for agent_id in [*AGENTS, "nobody"]:
            if draw.random() < 0.5:
                agents[agent_id] = draw.choice(list(Presence))
        channels = ["voice"] if draw.random() < 0.8 else []
        return statement_of(
            contacts.items(), channels, agents.items(), draw.random() < 0.3 or not contacts, self.now_ns
        )


def differences(world, statement):
    engine = world.engines[0]
    contacts = {each: contact_difference(engine, statement, each) for each in [*CONTACTS, "x"]}
    agents = {each: agent_difference(engine, statement, each) for each in [*AGENTS, "nobody"]}
    return (
        {key: found.kind for key, found in contacts.items() if found is not None},
        {key: found.kind for key, found in agents.items() if found is not None},
    )


def run(seed):
    world = World(seed)
    counts = {"repaired": 0, "refused": 0}
    for round_ in range(6):
        for _ in range(world.random.randrange(3, 25)):
            world.step()
        statement = world.statement()
        world.now_ns += 1
        world.apply(c.Tick())
        contacts, agents = differences(world, statement)
        repair = Repair(statement, f"r{round_}", [*CONTACTS, "x"], [*AGENTS, "nobody"], lambda _: b"kept")
        before = world.engines[0].agents()
        presences = {view.spec.agent_id: (view.presence, view.reason, view.lease_ms) for view in before}
        first_seq = world.engines[0].seq + 1
        kept = repair.run(world.engines[0], world.apply)
        assert (kept.seq, kept.content, repair.first_seq) == (first_seq, b"kept", first_seq)
        assert {each.contact_id: each.kind for each in repair.contacts} == contacts
        assert {each.agent_id: each.kind for each in repair.agents} == agents
        left_contacts, left_agents = differences(world, statement)
        for each in repair.contacts:
            counts["repaired"] += each.repaired
            counts["refused"] += bool(each.refusal)
            assert not (each.repaired and each.refusal)
            if each.kind in (ContactKind.UNKNOWN, ContactKind.OVER):
                assert not each.repaired
            elif each.repaired:
                assert each.contact_id not in left_contacts, each
            else:
                assert each.refusal, each
        for each in repair.agents:
            if each.kind is AgentKind.UNKNOWN:
                assert not each.repaired
            else:
                assert each.repaired, each
                assert each.agent_id not in left_agents
        # Whoever the statement says nothing about keeps the presence that it had.
        for view in world.engines[0].agents():
            if view.spec.agent_id not in agents:
                was = presences[view.spec.agent_id]
                assert (view.presence, view.reason, view.lease_ms) == was
        again = Repair(statement, f"r{round_}", CONTACTS, AGENTS, lambda _: b"")
        assert again.run(world.engines[0], world.apply) is None
        assert (again.duplicate, again.first_seq) == (True, first_seq)
    return counts


def test_what_is_repaired_is_as_stated():
    totals = {"repaired": 0, "refused": 0}
    for seed in range(25):
        for key, count in run(seed).items():
            totals[key] += count
    assert totals["repaired"] > 100
    assert totals["refused"] > 30


@pytest.mark.slow
def test_what_is_repaired_is_as_stated_long():
    for seed in range(1_000, 3_000):
        run(seed)


def test_a_command_that_was_set_aside_is_not_repaired_and_named():
    world = World(1)
    world.apply(c.EnqueueContact("c0", "sales"))
    world.apply(c.EnqueueContact("c1", "sales"))
    world.now_ns += 1

    def apply(command):
        if command == c.CancelContact("c0", abandoned=False):
            raise CommandSetAside("the engine failed on this command before")
        return world.apply(command)

    repair = Repair(statement_of([], ["voice"], [], False, world.now_ns), "", ["c0", "c1"], [], lambda _: b"")
    repair.run(world.engines[0], apply)
    assert [(each.contact_id, each.repaired, each.refusal) for each in repair.contacts] == [
        ("c0", False, "ENGINE_FAULT"),
        ("c1", True, ""),
    ]
