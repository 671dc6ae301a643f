"""The fragments of docs/features.md: each is a policy, and a contact goes through it."""

import re
from pathlib import Path
from typing import Any

import pytest

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    Tick,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.enums import ContactState, EndCause, EventType, Presence
from acd_core.policy import Policy
from acd_core.reference import ReferenceEngine
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel
from acd_service.policy_file import parse_policy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
PEERS = ROOT / ".." / "shared" / "design" / "peers.md"
_FRAGMENT = re.compile(
    r"^### (?P<name>.+)\n"
    r"(?:Shows, (?P<when>[^:]+): (?P<shows>.+)\.\n)?"
    r"```yaml\n(?P<yaml>[^`]+)```",
    re.MULTILINE,
)
FRAGMENTS = {match["name"]: match for match in _FRAGMENT.finditer(PAGE)}
SECOND_NS = 1_000_000_000
LONG_NS = 15 * 60 * SECOND_NS


class Centre:
    """A fragment in an engine, with three agents who can do everything but be trainees."""

    def __init__(self, engine: Any, policy: Policy) -> None:
        self.engine = engine
        self.queue_id = policy.queues[0].queue_id
        self.now_ns = SECOND_NS
        self.seen: list[str] = []
        skills = tuple(SkillLevel(skill, 100) for skill in ("spanish", "billing", "refunds"))
        memberships = tuple(QueueMembership(queue.queue_id) for queue in policy.queues)
        self.agents = [AgentSpec(name, skills, memberships=memberships) for name in ("ann", "ben", "cem")]
        self.do(ApplyPolicy(policy))
        self.do(UpsertAgents(tuple(self.agents)))

    def do(self, command: Any) -> Any:
        answer = self.engine.apply(self.now_ns, command)
        self.seen.extend(EventType(event.type).name for event in answer.events)
        self.last = answer
        return answer

    def ready(self) -> None:
        for agent in self.agents:
            self.do(SetPresence(agent.agent_id, Presence.READY))

    def enqueue(self) -> None:
        self.do(EnqueueContact("c1", self.queue_id))

    def wait(self, length_ns: int) -> None:
        self.now_ns += length_ns
        self.do(Tick())


@pytest.fixture(params=[Engine, ReferenceEngine], ids=["compiled", "reference"])
def engine(request: pytest.FixtureRequest) -> Any:
    return request.param(seed=1)


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_contact_goes_through(engine: Any, name: str) -> None:
    centre = Centre(engine, parse_policy(FRAGMENTS[name]["yaml"]))
    centre.ready()
    centre.enqueue()
    offered = engine.contact("c1")
    assert offered.state == ContactState.OFFERED
    centre.do(AcceptOffer("c1", centre.last.agent_id, centre.last.offer_id))
    assert engine.contact("c1").state == ContactState.ACTIVE
    centre.now_ns += 5 * SECOND_NS
    centre.do(CompleteContact("c1"))
    contact = engine.contact("c1")
    if contact is not None:
        assert contact.state == ContactState.WRAP_UP
        centre.do(FinishWrapUp(contact_id="c1", agent_id=contact.agent_id))
    assert engine.contact("c1") is None
    closed = [event for event in centre.last.events if event.type == EventType.CONTACT_CLOSED]
    assert [EndCause(event.cause) for event in closed] == [EndCause.HANDLED]


@pytest.mark.parametrize("name", [name for name, match in FRAGMENTS.items() if match["shows"]])
def test_what_it_shows(engine: Any, name: str) -> None:
    centre = Centre(engine, parse_policy(FRAGMENTS[name]["yaml"]))
    when = FRAGMENTS[name]["when"]
    if "signed on" not in when:
        centre.ready()
    centre.enqueue()
    if "free" not in when:
        centre.wait(LONG_NS)
    seen = list(centre.seen)
    for event_type in re.findall(r"`([A-Z_]+)`", FRAGMENTS[name]["shows"]):
        assert event_type in seen
        seen.remove(event_type)


def test_every_row_has_a_fragment_and_no_fragment_is_without_a_row() -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if row != "---"] == list(FRAGMENTS)


@pytest.mark.skipif(not PEERS.exists(), reason="the design folder (../shared) is not here")
def test_no_feature_of_the_comparison_is_left_out() -> None:
    section = PEERS.read_text(encoding="utf-8").split("## Features")[1].split("\n## ")[0]
    names = [line.split("|")[1].strip(" *") for line in section.splitlines() if line.startswith("| ")]
    assert [name for name in names if name not in ("Feature", "---")] == list(FRAGMENTS)
