"""Queues open and close by their calendars: under way, around changes of the clocks, and over a restart."""

from datetime import UTC, datetime

import pytest

from acd.v1 import contact_commands_pb2, contact_pb2, policy_commands_pb2, policy_pb2

WEEK = [1, 2, 3, 4, 5, 6, 7]
DAYTIME = policy_pb2.OpeningHours(days=WEEK, from_minute=540, to_minute=1_080)
MADRID = policy_pb2.Calendar(calendar_id="office", time_zone="Europe/Madrid", hours=[DAYTIME])
CLOSED = contact_pb2.CONTACT_STATE_CLOSED


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def at(text):
    return (("acd-at-ns", str(ns(text))),)


def apply(client, when, *queues, calendars=(MADRID,)):
    policy = policy_pb2.Policy(queues=queues, calendars=calendars)
    client.policy.ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy), metadata=at(when))


def enqueue(client, contact_id, when, queue_id="sales"):
    request = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id=queue_id)
    return client.routing.EnqueueContact(request, metadata=at(when)).contact


def openings(client):
    """When queues opened (True) and closed."""
    return [
        (event.at.ToDatetime().strftime("%m-%d %H:%M"), event.HasField("queue_opened"))
        for event in client.events_from(1)
        if event.HasField("queue_opened") or event.HasField("queue_closed")
    ]


def test_over_a_change_of_the_clocks_with_a_driven_clock(make_service):
    """Two days that no caller touched: each opening and closing has its own time all the same."""
    client = make_service("--clock", "external").start()
    apply(client, "2027-03-27 07:00", policy_pb2.Queue(queue_id="sales", calendar_id="office"))
    assert enqueue(client, "early", "2027-03-27 07:59").state == CLOSED
    assert enqueue(client, "late", "2027-03-28 16:00").state == CLOSED
    assert openings(client) == [
        ("03-27 07:00", False), ("03-27 08:00", True), ("03-27 17:00", False), ("03-28 07:00", True),
        ("03-28 16:00", False),
    ]  # fmt: skip
    causes = [event.contact_closed.cause for event in client.events_from(1) if event.HasField("contact_closed")]
    assert causes == [contact_pb2.END_CAUSE_REFUSED_CLOSED] * 2
    assert not any(client.status().invariant_violations.values())


def test_a_closing_queue_releases_or_serves_those_who_wait(make_service):
    client = make_service("--clock", "external").start()
    apply(
        client,
        "2027-03-27 12:00",
        policy_pb2.Queue(queue_id="sales", calendar_id="office"),
        policy_pb2.Queue(queue_id="strict", calendar_id="office", at_closing=policy_pb2.CLOSING_RULE_RELEASE),
    )
    enqueue(client, "stays", "2027-03-27 16:59")
    enqueue(client, "goes", "2027-03-27 16:59", "strict")
    enqueue(client, "later", "2027-03-27 17:01")
    ended = [event.contact_closed.contact_id for event in client.events_from(1) if event.HasField("contact_closed")]
    assert ended == ["goes", "later"]


def test_a_restart_finds_the_right_state(make_service):
    service = make_service("--clock", "external")
    client = service.start()
    apply(client, "2027-03-27 12:00", policy_pb2.Queue(queue_id="sales", calendar_id="office"))
    enqueue(client, "first", "2027-03-27 13:00")
    service.stop()
    client = service.start()
    assert enqueue(client, "second", "2027-03-27 20:00").state == CLOSED
    service.kill()
    client = service.start()
    assert enqueue(client, "third", "2027-03-28 08:00").state == contact_pb2.CONTACT_STATE_WAITING
    assert openings(client) == [("03-27 17:00", False), ("03-28 07:00", True)]


def test_a_policy_without_the_calendar_opens_the_queue_again(make_service):
    client = make_service("--clock", "external").start()
    apply(client, "2027-03-27 20:00", policy_pb2.Queue(queue_id="sales", calendar_id="office"))
    apply(client, "2027-03-27 20:01", policy_pb2.Queue(queue_id="sales"))
    assert openings(client) == [("03-27 20:00", False), ("03-27 20:01", True)]


@pytest.mark.parametrize("is_open", [True, False])
def test_by_the_wall_clock(make_service, is_open):
    """Always or never open, so that it does not matter when the test runs; over a restart too."""
    hours = [policy_pb2.OpeningHours(days=WEEK, from_minute=0, to_minute=1_440)] if is_open else []
    calendar = policy_pb2.Calendar(calendar_id="c", time_zone="Asia/Tokyo", hours=hours)
    service = make_service()
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales", calendar_id="c"), calendars=[calendar])
    state = contact_pb2.CONTACT_STATE_WAITING if is_open else CLOSED
    assert client.enqueue("before").contact.state == state
    service.stop()
    client = service.start()
    assert client.enqueue("after").contact.state == state
    assert len(openings(client)) == (0 if is_open else 1)


def test_an_unknown_time_zone_is_refused(client, failure_of):
    calendar = policy_pb2.Calendar(calendar_id="c", time_zone="Mars/Olympus")
    failure = failure_of(lambda: client.apply_policy(calendars=[calendar]))
    assert (failure.reason, failure.field) == ("INVALID_VALUE", 'policy.calendars["c"].time_zone')
