"""How an event of the stream is written, for programs and for people."""

from acd.v1 import agent_pb2, contact_pb2, event_pb2, policy_pb2
from acd_service.cli.event_text import event_object, event_text


def event(**detail: object) -> event_pb2.Event:
    made = event_pb2.Event(event_seq=7, seq=3, **detail)  # type: ignore[arg-type]
    made.at.FromNanoseconds(1_767_600_000_123_000_000)
    return made


def test_enums_by_name_times_in_iso_durations_in_seconds() -> None:
    closed = event_pb2.ContactClosed(contact_id="c", queue_id="sales", cause=contact_pb2.END_CAUSE_SHORT_ABANDON)
    closed.wait.FromMilliseconds(1_500)
    closed.duration.FromMilliseconds(1_500)
    assert event_object(event(contact_closed=closed)) == {
        "event_seq": 7,
        "seq": 3,
        "at": "2026-01-05T08:00:00.123000000Z",
        "type": "CONTACT_CLOSED",
        "contact_id": "c",
        "agent_id": "",
        "queue_id": "sales",
        "cause": "SHORT_ABANDON",
        "wait_seconds": 1.5,
        "duration_seconds": 1.5,
    }


def test_maps_lists_and_messages_within() -> None:
    spec = agent_pb2.AgentSpec(
        agent_id="ann",
        skills={"sales": 80},
        memberships=[agent_pb2.QueueMembership(queue_id="support", tier=1)],
    )
    said = event_object(event(agent_added=event_pb2.AgentAdded(agent_id="ann", spec=spec)))["spec"]
    assert said["skills"] == {"sales": 80}
    assert said["memberships"] == [{"queue_id": "support", "tier": 1, "position": 0}]
    assert "capacity" not in said, "what is not set is not said"


def test_line_for_people() -> None:
    decision = event_pb2.Decision(
        strategy=policy_pb2.STRATEGY_LONGEST_IDLE, chosen_by=event_pb2.CHOSEN_BY_AGENT, policy_version=1
    )
    decision.wait.FromMilliseconds(3_200)
    made = event_pb2.OfferMade(contact_id="c", agent_id="ann", queue_id="sales", offer_id=1, decision=decision)
    made.expires_at.FromSeconds(1_767_600_020)
    line = event_text(event(offer_made=made)).plain
    assert line.startswith("2026-01-05 08:00:00.123        7 offer made")
    assert "contact c agent ann queue sales offer 1 expires at 08:00:20.000" in line
    assert line.endswith("wait 3.2 s strategy longest_idle chosen_by agent")


def test_event_of_a_type_that_this_version_does_not_know() -> None:
    assert event_object(event())["type"] == "UNKNOWN"
    assert "unknown" in event_text(event()).plain
