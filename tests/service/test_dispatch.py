"""Dispatch over a real socket: batches in order, durable before they are answered, bounded in flight."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from acd.v1 import (
    agent_commands_pb2,
    command_pb2,
    contact_commands_pb2,
    contact_pb2,
    customer_pb2,
    customer_service_pb2_grpc,
    policy_commands_pb2,
    policy_pb2,
    routing_service_pb2,
)
from acd.v1.command_pb2 import Command

WAITING, OFFERED, CLOSED = (
    contact_pb2.CONTACT_STATE_WAITING, contact_pb2.CONTACT_STATE_OFFERED, contact_pb2.CONTACT_STATE_CLOSED
)  # fmt: skip


def enqueue(contact_id: str = "", **fields: Any) -> Command:
    request = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id="sales")
    request.MergeFrom(contact_commands_pb2.EnqueueContactRequest(**fields))
    return Command(enqueue_contact=request)


def accept(contact_id: str, agent_id: str, offer_id: int) -> Command:
    return Command(accept_offer={"contact_id": contact_id, "agent_id": agent_id, "offer_id": offer_id})


def cancel(contact_id: str) -> Command:
    return Command(cancel_contact={"contact_id": contact_id})


def batch(number: int, *commands: Command) -> routing_service_pb2.DispatchRequest:
    return routing_service_pb2.DispatchRequest(batch_id=number, commands=commands)


def dispatch(client: Any, *batches: Any, **options: Any) -> list[Any]:
    """The answers to some batches, in the order in which they came."""
    return list(client.routing.Dispatch(iter(batches), **{"timeout": 30, **options}))


def why(result: Any) -> tuple[str, str]:
    info = error_details_pb2.ErrorInfo()
    assert result.error.details[0].Unpack(info)
    return info.reason, info.metadata.get("field", "")


def test_batches_are_answered_in_order_and_see_what_came_before(client: Any) -> None:
    client.apply_policy()
    client.sign_on("ann")
    seq = client.status().seq
    first, second, third = dispatch(
        client,
        batch(7, enqueue("c1"), enqueue("c2"), accept("c1", "ann", 1)),
        batch(8, cancel("c1"), cancel("c2"), cancel("c3")),
        batch(9, Command(complete_contact={"contact_id": "c1"}), Command(heartbeat={"agent_ids": ["ann"]})),
    )
    assert [answer.batch_id for answer in (first, second, third)] == [7, 8, 9]
    assert [result.WhichOneof("result") for result in first.results] == [
        "enqueue_contact", "enqueue_contact", "accept_offer",
    ]  # fmt: skip
    assert [first.results[0].enqueue_contact.contact.state, first.results[1].enqueue_contact.contact.state] == [
        OFFERED, WAITING,
    ]  # fmt: skip
    assert first.results[2].accept_offer.seq == seq + 3
    assert why(second.results[0]) == ("CONTACT_NOT_WAITING", "contact_id")
    assert second.results[1].cancel_contact.contact.state == CLOSED
    assert why(second.results[2]) == ("UNKNOWN_CONTACT", "contact_id")
    assert third.results[0].complete_contact.contact.state == CLOSED
    assert client.status().seq == seq + 6


def test_events_of_batches_are_as_of_calls(client: Any) -> None:
    client.apply_policy()
    client.sign_on("ann")
    next_event_seq = client.status().event_seq + 1
    dispatch(client, batch(1, enqueue("c1", attributes={"a": "1"}), accept("c1", "ann", 1)))
    client.enqueue("c2")
    dispatch(client, batch(1, *(enqueue(f"d{number}") for number in range(40))), batch(2, cancel("c2")))
    status = client.status()
    events = client.events_from(next_event_seq)
    assert [event.event_seq for event in events] == list(range(next_event_seq, status.event_seq + 1))
    assert [event.WhichOneof("detail") for event in events[:4]] == [
        "contact_enqueued", "offer_made", "offer_accepted", "contact_enqueued",
    ]  # fmt: skip
    assert events[0].contact_enqueued.attributes == {"a": "1"}
    assert events[-1].contact_closed.contact_id == "c2"
    assert sum(status.invariant_violations.values()) == 0
    assert status.counters["commands"] >= 47


def test_watchers_hear_of_what_batches_do(client: Any) -> None:
    client.apply_policy()
    client.sign_on("ann", presence=3)
    stream = client.routing.RouteContact(
        routing_service_pb2.RouteContactRequest(
            enqueue=contact_commands_pb2.EnqueueContactRequest(contact_id="c1", queue_id="sales")
        ),
        timeout=30,
    )
    assert next(stream).contact.state == WAITING
    ready = Command(set_presence=agent_commands_pb2.SetPresenceRequest(agent_id="ann", presence=2))
    dispatch(client, batch(1, ready, accept("c1", "ann", 1)))
    assert [update.event.WhichOneof("detail") for update in stream] == ["offer_made", "offer_accepted"]


def test_what_was_answered_outlives_a_kill(make_service: Callable[..., Any]) -> None:
    service = make_service()
    client = service.start()
    client.apply_policy()
    client.enqueue("one")
    dispatch(client, *(batch(number, *(enqueue(f"c{number}-{i}") for i in range(50))) for number in range(8)))
    client.enqueue("two")
    before = client.status()
    service.kill()
    client = service.start()
    after = client.status()
    assert after.seq == before.seq + 1  # the service says that it is back
    contacts = client.routing.ListContacts(routing_service_pb2.ListContactsRequest()).contacts
    assert len(contacts) == 402
    assert [event.event_seq for event in client.events_from(1)] == list(range(1, after.event_seq + 1))


def test_the_same_request_id_gets_the_same_answer(client: Any) -> None:
    client.apply_policy()
    (first,) = dispatch(client, batch(1, enqueue("c1", request_id="r"), enqueue("c1", request_id="r")))
    (again,) = dispatch(client, batch(2, enqueue("c1", request_id="r"), enqueue("c2", request_id="r")))
    one, two = first.results[0].enqueue_contact, first.results[1].enqueue_contact
    assert (one.duplicate, two.duplicate, again.results[0].enqueue_contact.duplicate) == (False, True, True)
    assert one.seq == two.seq == again.results[0].enqueue_contact.seq
    assert why(again.results[1]) == ("REQUEST_ID_REUSED", "request_id")
    assert client.enqueue("c1", request_id="r").duplicate


def test_a_policy_in_a_batch_is_in_force_for_what_follows_it(client: Any) -> None:
    policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
    (answer,) = dispatch(
        client,
        batch(
            1, enqueue("c1"), Command(apply_policy=policy_commands_pb2.ApplyPolicyRequest(policy=policy)), enqueue("c2")
        ),
    )
    assert why(answer.results[0]) == ("UNKNOWN_QUEUE", "queue_id")
    assert answer.results[1].apply_policy.policy_version == 1
    assert answer.results[2].enqueue_contact.contact.contact_id == "c2"
    assert client.status().policy_version == 1


def test_timers_are_for_the_server_to_fire(client: Any) -> None:
    client.apply_policy()
    (answer,) = dispatch(client, batch(1, Command(tick={}), enqueue("c1"), Command()))
    assert why(answer.results[0]) == ("INVALID_VALUE", "commands[0].command")
    assert answer.results[1].enqueue_contact.seq
    assert why(answer.results[2]) == ("EMPTY", "commands[2].command")


def test_customers_are_looked_up(client: Any) -> None:
    client.apply_policy()
    customers = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    customers.UpsertCustomers(
        customer_pb2_request(customer_id="k1", priority=5, addresses=[{"kind": 1, "value": "+491"}])
    )
    by_address, by_id = enqueue("c1", customer_address="+491"), enqueue("c2", customer_id="k1")
    unknown, too_high = enqueue("c3", customer_id="k2"), enqueue("c4", customer_id="k1", priority=1_000_000)
    (answer,) = dispatch(client, batch(1, by_address, by_id, unknown, too_high))
    contacts = client.routing.ListContacts(routing_service_pb2.ListContactsRequest()).contacts
    assert [(c.contact_id, c.customer_id, c.priority) for c in contacts] == [
        ("c1", "k1", 5), ("c2", "k1", 5), ("c3", "k2", 0),
    ]  # fmt: skip
    assert why(answer.results[3]) == ("OUT_OF_RANGE", "priority")


def upsert(request_id: str = "", **fields: Any) -> Command:
    return Command(upsert_customers={"request_id": request_id, "customers": [customer_pb2.Customer(**fields)]})


def remove(*customer_ids: str) -> Command:
    return Command(remove_customers={"customer_ids": customer_ids})


def who_waits(client: Any) -> list[tuple[str, str, int]]:
    contacts = client.routing.ListContacts(routing_service_pb2.ListContactsRequest()).contacts
    return [(contact.contact_id, contact.customer_id, contact.priority) for contact in contacts]


def test_customers_come_and_go_in_their_turn(client: Any) -> None:
    client.apply_policy()
    seq = client.status().seq
    gold = {"customer_id": "k1", "addresses": [{"kind": 1, "value": "+491"}]}
    (answer,) = dispatch(
        client,
        batch(
            1, enqueue("before", customer_id="k1"), upsert(**gold, priority=5), enqueue("by-id", customer_id="k1"),
            enqueue("by-address", customer_address="+49 1"), upsert(**gold, priority=7),
            enqueue("raised", customer_id="k1"), remove("k1"), enqueue("after", customer_id="k1"),
        ),
    )  # fmt: skip
    assert sorted(who_waits(client)) == [
        ("after", "k1", 0), ("before", "k1", 0), ("by-address", "k1", 5), ("by-id", "k1", 5), ("raised", "k1", 7),
    ]  # fmt: skip
    assert [result.WhichOneof("result") for result in answer.results] == [
        "enqueue_contact", "upsert_customers", "enqueue_contact", "enqueue_contact", "upsert_customers",
        "enqueue_contact", "remove_customers", "enqueue_contact",
    ]  # fmt: skip
    # Changes of the directory have numbers of their own, and take none of the tenant's commands.
    assert [answer.results[place].upsert_customers.seq for place in (1, 4)] == [1, 2]
    assert answer.results[6].remove_customers.seq == 3
    assert client.status().seq == seq + 5


def test_changes_of_customers_in_a_batch_are_as_their_own_calls(client: Any) -> None:
    client.apply_policy()
    customers = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    change, other = upsert("r", customer_id="k1", priority=5), upsert("r", customer_id="k2")
    (answer,) = dispatch(
        client, batch(1, change, change, other, upsert(customer_id=""), remove("k9"), upsert(customer_id="k3"))
    )
    first, again = answer.results[0].upsert_customers, answer.results[1].upsert_customers
    assert (first.duplicate, again.duplicate, again.seq, again.at) == (False, True, first.seq, first.at)
    assert [why(answer.results[place]) for place in (2, 3, 4)] == [
        ("REQUEST_ID_REUSED", "request_id"), ("EMPTY", "customers[0].customer_id"),
        ("UNKNOWN_CUSTOMER", "customer_ids[0]"),
    ]  # fmt: skip
    assert answer.results[4].error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert answer.results[5].upsert_customers.seq == 2
    assert customers.UpsertCustomers(change.upsert_customers).duplicate
    with pytest.raises(grpc.RpcError) as refused:
        customers.UpsertCustomers(other.upsert_customers)
    assert refused.value.code().value[0] == answer.results[2].error.code
    assert refused.value.details() == answer.results[2].error.message


def test_of_several_commands_in_one_place_the_last_counts_for_the_directory_too(client: Any) -> None:
    client.apply_policy()
    dispatch(client, batch(1, upsert(customer_id="k1", priority=5, addresses=[{"kind": 1, "value": "+491"}])))
    entry = cancel("c9").SerializeToString() + enqueue("c1", customer_address="+491").SerializeToString()
    raw = client.channel.stream_stream("/acd.v1.RoutingService/Dispatch")
    list(raw(iter([b"\x12" + bytes([len(entry)]) + entry]), timeout=30))
    assert who_waits(client) == [("c1", "k1", 5)]


def customer_pb2_request(**fields: Any) -> Any:
    return customer_pb2.UpsertCustomersRequest(customers=[customer_pb2.Customer(**fields)])


@pytest.mark.parametrize(
    ("last", "reason", "field"),
    [
        (routing_service_pb2.DispatchRequest(batch_id=2), "EMPTY", "commands"),
        (batch(2, *[cancel("c")] * 4_097), "TOO_MANY", "commands"),
    ],
)
def test_what_is_no_batch_ends_the_stream_after_the_answers_before_it(
    client: Any, failure_of: Callable[..., Any], last: Any, reason: str, field: str
) -> None:
    client.apply_policy()
    answers: list[Any] = []

    def kept() -> Iterator[Any]:
        for answer in client.routing.Dispatch(iter([batch(1, enqueue("c1")), last]), timeout=30):
            answers.append(answer)
            yield answer

    failure = failure_of(kept)
    assert (failure.code, failure.reason, failure.field) == (grpc.StatusCode.INVALID_ARGUMENT, reason, field)
    assert [answer.batch_id for answer in answers] == [1]


def test_bytes_that_are_no_batch_are_refused(client: Any, failure_of: Callable[..., Any]) -> None:
    stub = client.channel.stream_stream("/acd.v1.RoutingService/Dispatch")
    failure = failure_of(lambda: stub(iter([b"\xff\xff"]), timeout=30))
    assert (failure.reason, failure.field) == ("INVALID_VALUE", "")


def test_the_largest_batch_is_taken(client: Any) -> None:
    client.apply_policy()
    (answer,) = dispatch(client, batch(1, *(enqueue(f"c{number}") for number in range(4_096))))
    assert [result.enqueue_contact.contact.contact_id for result in answer.results] == [f"c{n}" for n in range(4_096)]


def test_who_does_not_read_is_held_up_and_nobody_else(client: Any) -> None:
    """The client sends as long as it is let; the service takes a bounded number of batches."""
    client.apply_policy()
    sent = 0
    stop = threading.Event()
    large = [enqueue(f"x{number}", attributes={"a": "v" * 2_000}) for number in range(1_000)]

    def requests() -> Iterator[Any]:
        nonlocal sent
        # Taken once; then each is a duplicate of a live contact, with an answer of some size.
        while not stop.is_set() and sent < 2_000:
            sent += 1
            yield batch(sent, *large)

    call = client.routing.Dispatch(requests(), timeout=60)
    for number in range(20):
        assert client.enqueue(f"c{number}").seq
    for _ in range(200):
        before = sent
        stop.wait(0.05)
        if sent == before and sent > 0:
            break
    assert sent < 2_000
    stop.set()
    call.cancel()
    assert client.enqueue("last").seq


def test_a_stopping_service_answers_what_it_took_and_ends_the_stream(
    make_service: Callable[..., Any], failure_of: Callable[..., Any]
) -> None:
    service = make_service()
    client = service.start()
    client.apply_policy()
    go_on = threading.Event()

    def requests() -> Iterator[Any]:
        yield batch(1, enqueue("c1"))
        go_on.wait(30)

    stream = client.routing.Dispatch(requests(), timeout=30)
    assert next(stream).batch_id == 1
    threading.Timer(0.3, lambda: service.signal(15)).start()
    failure = failure_of(lambda: stream)
    go_on.set()
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "STOPPING")
    assert service.wait() == 0


def test_a_deadline_that_has_passed_takes_nothing(client: Any, failure_of: Callable[..., Any]) -> None:
    client.apply_policy()
    go_on = threading.Event()

    def requests() -> Iterator[Any]:
        go_on.wait(30)
        yield batch(1, enqueue("c1"))

    failure = failure_of(lambda: client.routing.Dispatch(requests(), timeout=0.2))
    go_on.set()
    assert failure.code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert not client.enqueue("c1").duplicate


def test_a_driven_clock_gives_all_batches_of_a_stream_its_time(make_service: Callable[..., Any]) -> None:
    client = make_service("--clock", "external").start()
    client.apply_policy()
    at_ns = 1_900_000_000_000_000_000
    answers = dispatch(client, batch(1, enqueue("c1")), batch(2, enqueue("c2")), metadata=[("acd-at-ns", str(at_ns))])
    assert [answer.results[0].enqueue_contact.at.seconds for answer in answers] == [1_900_000_000] * 2
    (late,) = dispatch(client, batch(3, enqueue("c3")), metadata=[("acd-at-ns", str(at_ns - 1))])
    assert why(late.results[0]) == ("TIME_BACKWARDS", "at")


def test_a_time_is_not_taken_from_callers_of_a_service_with_its_own(
    client: Any, failure_of: Callable[..., Any]
) -> None:
    call = client.routing.Dispatch
    failure = failure_of(lambda: call(iter([batch(1, enqueue())]), metadata=[("acd-at-ns", "5")], timeout=30))
    assert (failure.reason, failure.field) == ("INVALID_VALUE", "acd-at-ns")


def test_every_kind_of_command_has_a_kind_of_result() -> None:
    kinds = {field.name for field in command_pb2.Command.DESCRIPTOR.fields if field.number < 80}
    results = {field.name for field in command_pb2.CommandResult.DESCRIPTOR.fields}
    assert kinds <= results
