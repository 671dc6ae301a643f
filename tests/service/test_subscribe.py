"""Events reach whoever follows them: all, in order, from where they ask, and no faster than they read."""

import threading
import time

import grpc
import pytest

from acd.v1 import admin_service_pb2, agent_pb2, contact_commands_pb2, event_pb2, event_service_pb2


def subscribe(client, **fields):
    return client.events.Subscribe(event_service_pb2.SubscribeRequest(**fields), timeout=60)


def take(stream, count):
    """Read events until there are `count`, and the resume point after them."""
    events, following = [], 0
    for message in stream:
        events.extend(message.events)
        following = message.next_event_seq
        if len(events) >= count:
            break
    return events, following


def test_resume_is_inclusive_without_gap_or_repeat(client):
    client.apply_policy()
    seen, following = [], 1
    for number in range(5):
        client.enqueue(f"c{number}")
        stream = subscribe(client, from_event_seq=following)
        events, following = take(stream, 1)
        stream.cancel()
        seen += [event.event_seq for event in events]
        assert following == seen[-1] + 1
    assert seen == list(range(1, client.status().event_seq + 1))


def test_from_now_gives_only_what_follows(client):
    client.apply_policy()
    client.enqueue("before")
    stream = subscribe(client, now={})
    deadline = time.monotonic() + 20
    while not client.status().subscribers and time.monotonic() < deadline:
        time.sleep(0.01)
    client.enqueue("after")
    events, _ = take(stream, 1)
    assert [event.contact_enqueued.contact_id for event in events] == ["after"]


def test_a_snapshot_and_then_what_follows(make_service, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("message_bytes_max: 2000\n")
    client = make_service("--config", str(config)).start()
    client.apply_policy()
    client.sign_on("ann", agent_pb2.PRESENCE_AWAY)
    for number in range(50):
        client.enqueue(f"c{number}", attributes={"text": "x" * 100})
    stream = subscribe(client, snapshot={})
    contacts, agents, parts = [], [], 0
    for message in stream:
        assert message.HasField("snapshot")
        parts += 1
        contacts += [contact.contact_id for contact in message.snapshot.contacts]
        agents += [agent.spec.agent_id for agent in message.snapshot.agents]
        if message.snapshot.last:
            break
    assert parts > 3, "one message would pass the bound"
    assert contacts == [f"c{number}" for number in range(50)]
    assert agents == ["ann"]
    client.enqueue("next")
    events, _ = take(stream, 1)
    assert [event.contact_enqueued.contact_id for event in events] == ["next"]
    assert events[0].event_seq == message.next_event_seq


@pytest.fixture(scope="module", params=["from memory", "from the journal"])
def client_after_one_call(request, make_shared_service, tmp_path_factory):
    config = tmp_path_factory.mktemp("settings") / "config.yaml"
    config.write_text(f"progress_s: 0.1\nrecent_events_max: {1_000 if request.param == 'from memory' else 1}\n")
    client = make_shared_service("--config", str(config)).start()
    client.apply_policy()
    client.sign_on("ann")
    client.accept("c", "ann", client.enqueue("c").contact.offer_id)
    return client


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"types": [event_pb2.EVENT_TYPE_OFFER_MADE]}, {"offer_made"}),
        ({"queue_ids": ["sales"]}, {"contact_enqueued", "offer_made", "offer_accepted"}),
        ({"agent_ids": ["ann"]}, {"agent_added", "presence_changed", "offer_made", "offer_accepted"}),
        ({"agent_ids": ["ann"], "types": [event_pb2.EVENT_TYPE_OFFER_ACCEPTED]}, {"offer_accepted"}),
        ({"agent_ids": ["eve"]}, set()),
    ],
)
def test_filters(client_after_one_call, fields, wanted):
    last = client_after_one_call.status().event_seq
    kinds = set()
    for message in subscribe(client_after_one_call, from_event_seq=1, **fields):
        kinds |= {event.WhichOneof("detail") for event in message.events}
        if message.next_event_seq > last:
            break
    assert kinds == wanted


def test_an_idle_stream_tells_how_far_it_is(make_service, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("progress_s: 0.05\n")
    client = make_service("--config", str(config)).start()
    client.apply_policy()
    stream = subscribe(client, from_event_seq=1, types=[event_pb2.EVENT_TYPE_OFFER_MADE])
    client.enqueue("c")
    for message in stream:
        assert message.progress
        assert not message.events
        if message.next_event_seq == 3:
            break
    assert message.HasField("at")


def test_a_reader_that_lags_reads_the_journal_and_holds_up_nobody(make_service, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("recent_events_max: 10\nmessage_events_max: 7\n")
    client = make_service("--config", str(config)).start()
    client.apply_policy()
    stream = subscribe(client, from_event_seq=1)
    first = next(stream)
    for number in range(400):
        client.enqueue(f"c{number}", attributes={"text": "x" * 2_000})
    last = client.status().event_seq
    events, _ = take(stream, last - len(first.events))
    assert [event.event_seq for event in (*first.events, *events)] == list(range(1, last + 1))


def test_what_is_no_longer_kept_is_refused_with_the_oldest(make_service, tmp_path, failure_of):
    config = tmp_path / "config.yaml"
    config.write_text("events_kept_min: 5\nsnapshots_kept: 1\nrecent_events_max: 2\nfigures_gather_ms: 1\n")
    service = make_service("--config", str(config))
    client = service.start()
    client.apply_policy()
    for number in range(20):
        client.enqueue(f"c{number}")
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    status = client.status()
    while status.oldest_event_seq == 1:  # they are forgotten in pieces, between commits
        time.sleep(0.01)
        status = client.status()
    assert status.oldest_event_seq == status.event_seq - 4
    failure = failure_of(lambda: subscribe(client, from_event_seq=1))
    assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_NO_LONGER_KEPT")
    assert failure.metadata["oldest_event_seq"] == str(status.oldest_event_seq)
    kept = client.events_from(status.oldest_event_seq)
    assert [event.event_seq for event in kept] == list(range(status.oldest_event_seq, status.event_seq + 1))
    service.kill()
    again = service.start()
    assert again.status().seq == status.seq + 1


def test_many_readers_see_the_same(client):
    client.apply_policy()
    count, seen = 200, {}

    def read(name):
        events, _ = take(subscribe(client, from_event_seq=1), count + 1)
        seen[name] = [event.SerializeToString(deterministic=True) for event in events]

    readers = [threading.Thread(target=read, args=(name,)) for name in range(4)]
    for reader in readers:
        reader.start()
    for number in range(count):
        client.routing.EnqueueContact(
            contact_commands_pb2.EnqueueContactRequest(contact_id=f"c{number}", queue_id="sales")
        )
    for reader in readers:
        reader.join(60)
    assert len(seen) == 4
    assert all(events == seen[0] for events in seen.values())
    assert len(seen[0]) == count + 1
