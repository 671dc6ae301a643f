"""What callers are answered, and how live contacts and agents are shown."""

import pytest

from acd.v1 import agent_commands_pb2, agent_pb2, command_pb2, contact_commands_pb2, contact_pb2, policy_commands_pb2
from acd_core import commands
from acd_core.events import Answer
from acd_core.policy import Policy
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel
from acd_core.views import AgentView, ContactView
from acd_service import codec

AT_NS = 1_700_000_000_123_456_789
AT = {"seconds": 1_700_000_000, "nanos": 123_456_789}
OFFERED = Answer(
    5, AT_NS, contact_id="c", contact_state=2, agent_id="a", offer_id=3, offer_expires_ns=AT_NS + 1, policy_version=2
)
OFFERED_MESSAGE = {
    "contact_id": "c",
    "state": "CONTACT_STATE_OFFERED",
    "agent_id": "a",
    "offer_id": 3,
    "offer_expires_at": {"seconds": 1_700_000_000, "nanos": 123_456_790},
}


def test_an_answer_about_a_contact_shows_how_it_stands() -> None:
    response = codec.response_of(commands.EnqueueContact("c", "q"), OFFERED)
    expected = contact_commands_pb2.EnqueueContactResponse(seq=5, at=AT, contact=OFFERED_MESSAGE)
    assert response == expected
    result = codec.result_of(commands.EnqueueContact("c", "q"), OFFERED)
    assert result == command_pb2.CommandResult(enqueue_contact=expected)
    assert codec.route_response(OFFERED).contact == expected.contact
    assert codec.contact_standing(OFFERED) == expected.contact


def test_a_closed_contact_has_no_agent_and_offer() -> None:
    answer = Answer(6, AT_NS, contact_id="c", contact_state=5, duplicate=True)
    response = codec.response_of(commands.CancelContact("c"), answer)
    assert response == contact_commands_pb2.CancelContactResponse(
        seq=6, at=AT, duplicate=True, contact={"contact_id": "c", "state": "CONTACT_STATE_CLOSED"}
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (commands.UpdateContact("c", held=True), contact_commands_pb2.UpdateContactResponse),
        (commands.AcceptOffer("c", "a", 1), contact_commands_pb2.AcceptOfferResponse),
        (commands.DeclineOffer("c", "a", 1), contact_commands_pb2.DeclineOfferResponse),
        (commands.CompleteContact("c"), contact_commands_pb2.CompleteContactResponse),
        (commands.FinishWrapUp("a", "c"), agent_commands_pb2.FinishWrapUpResponse),
    ],
)
def test_each_command_has_its_response(command: commands.Command, expected: type) -> None:
    assert codec.response_of(command, OFFERED) == expected(seq=5, at=AT, contact=OFFERED_MESSAGE)


def test_answers_about_other_things_show_no_contact() -> None:
    answer = Answer(7, AT_NS, policy_version=4)
    agents = agent_commands_pb2
    assert codec.response_of(commands.SetPresence("a", 1), answer) == agents.SetPresenceResponse(seq=7, at=AT)
    assert codec.response_of(commands.RemoveAgents(("a",)), answer) == agents.RemoveAgentsResponse(seq=7, at=AT)
    assert codec.response_of(commands.FinishWrapUp("a"), answer) == agents.FinishWrapUpResponse(seq=7, at=AT)
    upsert = commands.UpsertAgents((AgentSpec("a"),))
    assert codec.response_of(upsert, answer) == agents.UpsertAgentsResponse(seq=7, at=AT)
    assert codec.response_of(commands.Heartbeat(("a", "b")), answer, ["b"]) == agents.HeartbeatResponse(
        seq=7, at=AT, not_signed_on_agent_ids=["b"]
    )
    assert codec.response_of(commands.ApplyPolicy(Policy()), answer) == policy_commands_pb2.ApplyPolicyResponse(
        seq=7, at=AT, policy_version=4
    )


def test_a_contact_is_shown_whole() -> None:
    view = ContactView(
        "c", 4, "q", "chat", "a>=2", -7, -1_500, "cust", b"\x0a\x06\x0a\x01k\x12\x01v", 3, AT_NS, AT_NS, "a", 9, 0,
        AT_NS, True, True,
    )  # fmt: skip
    assert codec.contact_message(view) == contact_pb2.Contact(
        contact_id="c",
        ordinal=4,
        queue_id="q",
        channel="chat",
        requirement="a>=2",
        priority=-7,
        credit={"seconds": -1, "nanos": -500_000_000},
        customer_id="cust",
        attributes={"k": "v"},
        state="CONTACT_STATE_ACTIVE",
        state_since=AT,
        arrived_at=AT,
        agent_id="a",
        offer_id=9,
        accepted_at=AT,
        held=True,
        attached=True,
    )


def test_an_agent_is_shown_whole() -> None:
    spec = AgentSpec("a", (SkillLevel("x", 3),), 50, (), (QueueMembership("q", 1, 2),), "Ann")
    view = AgentView(spec, 2, 3, "lunch", AT_NS, AT_NS, 30_000, True, 25, ("c1", "c2"))
    assert codec.agent_message(view) == agent_pb2.Agent(
        spec={
            "agent_id": "a",
            "skills": {"x": 3},
            "capacity": 50,
            "memberships": [{"queue_id": "q", "tier": 1, "position": 2}],
            "display_name": "Ann",
        },
        ordinal=2,
        presence="PRESENCE_AWAY",
        reason="lunch",
        idle_since=AT,
        delayed_until=AT,
        lease={"seconds": 30},
        leaving=True,
        used=25,
        contact_ids=["c1", "c2"],
    )
