"""What is judged when a command is made, without any state: reason and field of each refusal."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
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
from acd_core.digest import hash_text, mix_word
from acd_core.enums import Presence
from acd_core.limits import (
    AGENTS_PER_COMMAND_MAX,
    ATTRIBUTE_BYTES_MAX,
    CAPACITY_MAX,
    CREDIT_MS_MAX,
    DURATION_MS_MAX,
    ID_BYTES_MAX,
    PRIORITY_MAX,
    REASON_BYTES_MAX,
    REQUIREMENT_BYTES_MAX,
    SKILLS_PER_AGENT_MAX,
)
from acd_core.policy import Policy, QueueSpec
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel

LONG = "x" * (ID_BYTES_MAX + 1)
WIDE = "é" * (ID_BYTES_MAX // 2 + 1)
"""Fewer characters than bytes allowed, but more bytes."""


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: Tick(request_id=LONG), "TOO_LONG request_id"),
        (lambda: Tick(request_id="a\nb"), "INVALID_CHARACTER request_id"),
        (lambda: ApplyPolicy(Policy(), -2), "OUT_OF_RANGE expected_version"),
        (lambda: UpsertAgents(()), "EMPTY agents"),
        (lambda: UpsertAgents((AgentSpec("a"), AgentSpec("b"), AgentSpec("a"))), "DUPLICATE_ENTRY agents[2].agent_id"),
        (lambda: UpsertAgents((AgentSpec("a"),) * (AGENTS_PER_COMMAND_MAX + 1)), "TOO_MANY agents"),
        (lambda: RemoveAgents(()), "EMPTY agent_ids"),
        (lambda: RemoveAgents(("a", "")), "EMPTY agent_ids[1]"),
        (lambda: RemoveAgents(("a", "b", "a")), "DUPLICATE_ENTRY agent_ids[2]"),
        (lambda: Heartbeat(("a",) * (AGENTS_PER_COMMAND_MAX + 1)), "TOO_MANY agent_ids"),
        (lambda: Heartbeat((WIDE,)), "TOO_LONG agent_ids[0]"),
        (lambda: SetPresence("", Presence.READY), "EMPTY agent_id"),
        (lambda: SetPresence("a", 0), "INVALID_VALUE presence"),
        (lambda: SetPresence("a", 4), "INVALID_VALUE presence"),
        (lambda: SetPresence("a", Presence.READY, "lunch"), "INVALID_VALUE reason"),
        (lambda: SetPresence("a", Presence.AWAY, "x" * (REASON_BYTES_MAX + 1)), "TOO_LONG reason"),
        (lambda: SetPresence("a", Presence.AWAY, "\x00"), "INVALID_CHARACTER reason"),
        (lambda: SetPresence("a", Presence.READY, lease_ms=-1), "OUT_OF_RANGE lease_ms"),
        (lambda: SetPresence("a", Presence.READY, lease_ms=DURATION_MS_MAX + 1), "OUT_OF_RANGE lease_ms"),
        (lambda: EnqueueContact(LONG, "q"), "TOO_LONG contact_id"),
        (lambda: EnqueueContact("a\x7fb", "q"), "INVALID_CHARACTER contact_id"),
        (lambda: EnqueueContact("acd:7", "q"), "RESERVED_ID contact_id"),
        (lambda: EnqueueContact("c", ""), "EMPTY queue_id"),
        (lambda: EnqueueContact("c", "q", ""), "EMPTY channel_id"),
        (lambda: EnqueueContact("c", "q", customer_id=LONG), "TOO_LONG customer_id"),
        (lambda: EnqueueContact("c", "q", requirement="a and"), "MALFORMED_REQUIREMENT requirement"),
        (lambda: EnqueueContact("c", "q", requirement="a" * (REQUIREMENT_BYTES_MAX + 1)), "TOO_LONG requirement"),
        (lambda: EnqueueContact("c", "q", priority=PRIORITY_MAX + 1), "OUT_OF_RANGE priority"),
        (lambda: EnqueueContact("c", "q", credit_ms=-CREDIT_MS_MAX - 1), "OUT_OF_RANGE credit_ms"),
        (lambda: EnqueueContact("c", "q", attributes=b"x" * (ATTRIBUTE_BYTES_MAX + 1)), "TOO_LONG attributes"),
        (lambda: UpdateContact("c"), "EMPTY "),
        (lambda: UpdateContact("", held=True), "EMPTY contact_id"),
        (lambda: UpdateContact("c", requirement="a or or b"), "MALFORMED_REQUIREMENT requirement"),
        (lambda: UpdateContact("c", priority=-PRIORITY_MAX - 1), "OUT_OF_RANGE priority"),
        (lambda: UpdateContact("c", credit_ms=CREDIT_MS_MAX + 1), "OUT_OF_RANGE credit_ms"),
        (lambda: UpdateContact("c", attributes=b"x" * (ATTRIBUTE_BYTES_MAX + 1)), "TOO_LONG attributes"),
        (lambda: CancelContact(""), "EMPTY contact_id"),
        (lambda: AcceptOffer("", "a", 1), "EMPTY contact_id"),
        (lambda: AcceptOffer("c", "", 1), "EMPTY agent_id"),
        (lambda: AcceptOffer("c", "a", 0), "OUT_OF_RANGE offer_id"),
        (lambda: DeclineOffer("c", "a", -1), "OUT_OF_RANGE offer_id"),
        (lambda: DeclineOffer("c", "a", 1, 0), "INVALID_VALUE outcome"),
        (lambda: DeclineOffer("c", "a", 1, 5), "INVALID_VALUE outcome"),
        (lambda: CompleteContact(""), "EMPTY contact_id"),
        (lambda: CompleteContact("c", LONG), "TOO_LONG agent_id"),
        (lambda: CompleteContact("c", wrap_up_ms=-2), "OUT_OF_RANGE wrap_up_ms"),
        (lambda: FinishWrapUp(""), "EMPTY agent_id"),
        (lambda: FinishWrapUp("a", LONG), "TOO_LONG contact_id"),
        (lambda: DetachContact(""), "EMPTY contact_id"),
        (lambda: AttachContact(""), "EMPTY contact_id"),
        (lambda: AgentSpec(""), "EMPTY agent_id"),
        (lambda: AgentSpec("a", capacity=0), "OUT_OF_RANGE capacity"),
        (lambda: AgentSpec("a", capacity=CAPACITY_MAX + 1), "OUT_OF_RANGE capacity"),
        (lambda: AgentSpec("a", (SkillLevel("es", 0),)), 'OUT_OF_RANGE skills["es"]'),
        (lambda: AgentSpec("a", (SkillLevel("es", 101),)), 'OUT_OF_RANGE skills["es"]'),
        (lambda: AgentSpec("a", (SkillLevel("es", 1), SkillLevel("es", 2))), "DUPLICATE_ENTRY skills"),
        (
            lambda: AgentSpec("a", tuple(SkillLevel(f"s{n}", 1) for n in range(SKILLS_PER_AGENT_MAX + 1))),
            "TOO_MANY skills",
        ),
        (
            lambda: AgentSpec("a", channel_maxima=(ChannelMaximum("chat", -1),)),
            'OUT_OF_RANGE channel_maxima["chat"]',
        ),
        (
            lambda: AgentSpec("a", memberships=(QueueMembership("q", 101),)),
            'OUT_OF_RANGE memberships["q"].tier',
        ),
        (
            lambda: AgentSpec("a", memberships=(QueueMembership("q", 0, -1),)),
            'OUT_OF_RANGE memberships["q"].position',
        ),
    ],
)
def test_refused(make: Callable[[], Any], refusal: str) -> None:
    with pytest.raises(Refused) as caught:
        make()
    assert f"{caught.value.reason} {caught.value.field}" == refusal
    assert caught.value.message


@pytest.mark.parametrize(
    "make",
    [
        lambda: EnqueueContact("x" * ID_BYTES_MAX, "é" * (ID_BYTES_MAX // 2)),
        lambda: EnqueueContact("", "q", priority=-PRIORITY_MAX, credit_ms=CREDIT_MS_MAX),
        lambda: EnqueueContact("c", "q", attributes=b"x" * ATTRIBUTE_BYTES_MAX),
        lambda: SetPresence("a", Presence.AWAY, "x" * REASON_BYTES_MAX, DURATION_MS_MAX),
        lambda: CompleteContact("c", wrap_up_ms=0),
        lambda: CompleteContact("c", wrap_up_ms=DURATION_MS_MAX),
        lambda: UpdateContact("c", requirement=""),
        lambda: Resume(request_id="r"),
    ],
)
def test_the_bounds_themselves_pass(make: Callable[[], Any]) -> None:
    make()


def test_the_content_word_tells_content_and_not_request_ids_apart() -> None:
    base = EnqueueContact("c", "q")
    assert base.content_word() == EnqueueContact("c", "q", request_id="r").content_word()
    others = [
        EnqueueContact("d", "q"),
        EnqueueContact("c", "p"),
        EnqueueContact("c", "q", "chat"),
        EnqueueContact("c", "q", requirement="a"),
        EnqueueContact("c", "q", priority=1),
        EnqueueContact("c", "q", credit_ms=1),
        EnqueueContact("c", "q", customer_id="x"),
        EnqueueContact("c", "q", attributes=b"x"),
        EnqueueContact("c", "q", attached=True),
        DetachContact("c"),
        AttachContact("c"),
        CancelContact("c"),
        CancelContact("c", abandoned=False),
        UpdateContact("c", priority=0),
        UpdateContact("c", credit_ms=0),
        UpdateContact("c", held=False),
    ]
    words = {command.content_word() for command in [base, *others]}
    assert len(words) == 1 + len(others)


@pytest.mark.parametrize(
    "agents",
    [
        ("ann",),
        ("ann", "bob"),
        ("ann", "o'hara"),
        ('quoted "bob"',),
        ("back\\slash", "b"),
        ("käthe",),
        tuple(f"agent-{number}-{'x' * 20}" for number in range(16)),
        ("a" * 128, "b" * 128, "c" * 128, "d" * 128),
    ],
)
def test_preferred_agents_count_as_python_writes_them(agents: tuple[str, ...]) -> None:
    word = EnqueueContact("c", "q").content_word()
    for text in (repr(agents), "-1", "False", "''", "0", "0", "0", "''", "()"):
        word = mix_word(word, hash_text(text))
    assert EnqueueContact("c", "q", preferred_agents=agents).content_word() == word


def test_lists_of_an_agent_have_one_order() -> None:
    skills = (SkillLevel("a", 1), SkillLevel("b", 2))
    assert AgentSpec("x", skills) == AgentSpec("x", skills[::-1])


class Sent(EnqueueContact):
    """As the directory's commands: what it was made of counts as its content, not what it came to."""

    def content_word(self) -> int:
        return 7


def test_a_kind_of_command_says_itself_what_its_content_is(engine_class) -> None:
    engine = engine_class(1)
    engine.apply(1, ApplyPolicy(Policy(queues=(QueueSpec("sales"),))))
    engine.apply(2, Sent("a", "sales", priority=1))
    assert engine.apply(3, Sent("a", "sales", priority=2)).duplicate
