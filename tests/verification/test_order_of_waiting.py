"""Who waits in order, and who came behind others and yet goes before them: exclusions are heeded among both, and a
policy that takes all out of order at once leaves nothing behind."""

from typing import Any

import pytest
from verification.engines import BOTH, UNSHARED
from verification.lockstep import Lockstep

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    EnqueueContact,
    SetPresence,
    Tick,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.enums import ContactState, Membership, Presence, StepAction, Strategy
from acd_core.events import Answer
from acd_core.plan import Plan, PlanStep
from acd_core.policy import OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel

MS = 10**6
LONG_MS = 10_000_000
SERVED_LEAST = 50
OUTCOMES = OfferOutcomes(declined=OutcomePolicy(exclude_ms=LONG_MS))


class Story:
    """Both engines side by side, a moment between two commands."""

    def __init__(self, kinds: dict[str, Any] = BOTH) -> None:
        self.steps = Lockstep({name: kind(1) for name, kind in kinds.items()}, None, "order of waiting")
        self.now_ns = 1_600_000_000 * 10**9

    def tell(self, *commands: Command) -> None:
        for command in commands:
            self.now_ns += MS
            while (due_ns := self.steps.lead.next_timer()) is not None and due_ns <= self.now_ns:
                self.steps.apply(due_ns, Tick())
            assert isinstance(self.steps.apply(self.now_ns, command), Answer)

    def offer_of(self, contact_id: str) -> tuple[str, int]:
        view = self.steps.lead.contact(contact_id)
        assert view is not None
        assert view.state == ContactState.OFFERED
        return str(view.agent_id), int(view.offer_id)

    def offered(self) -> str:
        """The only contact that is offered."""
        (found,) = [view.contact_id for view in self.steps.lead.contacts() if view.state == ContactState.OFFERED]
        return found

    def decline(self, contact_id: str) -> str:
        """Who declines it."""
        agent_id, offer_id = self.offer_of(contact_id)
        self.tell(DeclineOffer(contact_id, agent_id, offer_id))
        return agent_id


def test_an_agent_goes_past_contacts_that_exclude_it_in_order_and_before_it() -> None:
    """Contacts of one class, some with a higher priority than those before them; one agent declines each in turn."""
    story = Story()
    priorities = [0, 0, 0, 5, 0, 7, 0, 5, 0]
    best_first = sorted(range(len(priorities)), key=lambda index: (-priorities[index], index))
    story.tell(
        ApplyPolicy(Policy(queues=(QueueSpec("calls", offer_timeout_ms=LONG_MS),), offer_outcomes=OUTCOMES)),
        UpsertAgents((AgentSpec("ann"),)),
        *(EnqueueContact(f"c{index}", "calls", priority=priority) for index, priority in enumerate(priorities)),
        CancelContact("c2"),
        SetPresence("ann", Presence.READY),
    )
    told = []
    for _ in range(len(priorities) - 2):
        told.append(story.offered())
        story.decline(told[-1])
        story.tell(SetPresence("ann", Presence.READY))
    told.append(story.offered())
    assert told == [f"c{index}" for index in best_first if index != 2]
    story.decline(told[-1])
    story.tell(SetPresence("ann", Presence.READY), EnqueueContact("behind", "calls"))
    assert story.offered() == "behind"
    story.steps.compare_digests()


def test_a_contact_goes_past_agents_whom_it_excludes_in_order_and_before_it() -> None:
    """Agents of one class who become free in another order than the contact takes them in; each declines."""
    story = Story()
    agents = [f"a{index}" for index in range(7)]
    queue = QueueSpec("calls", offer_timeout_ms=LONG_MS, strategy=Strategy.FIXED_ORDER)
    story.tell(
        ApplyPolicy(Policy(queues=(queue,), offer_outcomes=OUTCOMES)),
        UpsertAgents(tuple(AgentSpec(agent_id) for agent_id in agents)),
        *(SetPresence(agents[index], Presence.READY) for index in (1, 4, 2, 6, 0, 3, 5)),
        SetPresence("a2", Presence.AWAY),
        EnqueueContact("c", "calls"),
    )
    asked = []
    for _ in range(len(agents) - 1):
        asked.append(story.decline("c"))
        story.tell(SetPresence(asked[-1], Presence.READY))
    assert asked == [agent_id for agent_id in agents if agent_id != "a2"]
    story.tell(SetPresence("a2", Presence.READY))
    assert story.offer_of("c")[0] == "a2"
    story.steps.compare_digests()


def test_those_who_stay_keep_their_order_when_most_have_gone() -> None:
    """Somebody waits whom the agent declined; most of those behind leave, in no order, and their places are closed."""
    story = Story()
    names = [f"c{index}" for index in range(600)]
    stay = names[::97]
    story.tell(
        ApplyPolicy(Policy(queues=(QueueSpec("calls", offer_timeout_ms=LONG_MS),), offer_outcomes=OUTCOMES)),
        UpsertAgents((AgentSpec("ann"),)),
        EnqueueContact("old", "calls"),
        SetPresence("ann", Presence.READY),
    )
    assert story.decline("old") == "ann"
    story.tell(
        *(EnqueueContact(name, "calls") for name in names),
        *(CancelContact(name) for name in sorted(names, key=lambda name: name[::-1]) if name not in stay),
    )
    served = []
    for _ in stay:
        story.tell(SetPresence("ann", Presence.READY))
        served.append(story.offered())
        story.decline(served[-1])
    assert served == stay
    story.steps.compare_digests()


@pytest.mark.parametrize("kinds", [BOTH, UNSHARED], ids=["classes", "unshared"])
def test_a_policy_takes_all_out_of_order_at_once(kinds: dict[str, Any]) -> None:
    """All kinds of those who wait: in order and before it, of two queues, offered, with demands that nobody shares."""
    steps = (
        PlanStep(20, StepAction.SET_PRIORITY, priority=3),
        PlanStep(60, StepAction.RAISE_MAX_TIER, tier=2),
        PlanStep(90, StepAction.ADD_QUEUE, queue_id="mails"),
    )

    def policy(rate: int, plan: tuple[PlanStep, ...]) -> Policy:
        calls = QueueSpec(
            "calls", rate=rate, plan_id="plan", offer_timeout_ms=LONG_MS, max_tier=0, membership=Membership.LISTED
        )
        mails = QueueSpec("mails", rate=2 * rate, offer_timeout_ms=LONG_MS)
        return Policy(queues=(calls, mails), plans=(Plan("plan", plan),), offer_outcomes=OUTCOMES)

    story = Story(kinds)
    skills = tuple(SkillLevel(f"s{index}", 50) for index in range(6))
    story.tell(
        ApplyPolicy(policy(1_000, steps)),
        UpsertAgents(
            tuple(
                AgentSpec(f"a{index}", skills=skills[index:], memberships=(QueueMembership("calls", index % 3),))
                for index in range(6)
            )
        ),
        SetPresence("a0", Presence.READY),
        *(
            EnqueueContact(
                f"c{index}",
                "calls" if index % 3 else "mails",
                priority=(index % 4 == 3) * 2,
                requirement=("", "s0", "s1 and s2", f"s{index % 6} and s5")[index % 4],
            )
            for index in range(150)
        ),
        *(CancelContact(f"c{index}") for index in range(40, 90, 3)),
    )
    for rate, plan in ((3_000, steps), (3_000, ()), (1_000, steps[:2]), (500, steps)):
        offered = story.offered()
        before = story.steps.lead.counts()
        story.tell(ApplyPolicy(policy(rate, plan)))
        assert story.steps.lead.counts() == before
        for queue_id in ("calls", "mails"):
            (reference, fast) = [engine.waiting_in(queue_id) for engine in story.steps.engines.values()]
            assert reference == fast
        agent_id, offer_id = story.offer_of(offered)
        story.tell(
            AcceptOffer(offered, agent_id, offer_id),
            CompleteContact(offered, agent_id),
            *(
                EnqueueContact(f"later{rate}-{len(plan)}-{index}", "calls", requirement="s1 and s2")
                for index in range(5)
            ),
        )
    story.steps.compare_digests()
    (fast,) = [engine for engine in story.steps.engines.values() if isinstance(engine, Engine)]
    story.steps.engines["restored"] = Engine.restore(fast.snapshot())
    served = 0
    while fast.counts().offered:
        contact_id = story.offered()
        agent_id, offer_id = story.offer_of(contact_id)
        story.tell(AcceptOffer(contact_id, agent_id, offer_id), CompleteContact(contact_id, agent_id))
        served += 1
    assert served > SERVED_LEAST
    story.steps.compare_digests()
