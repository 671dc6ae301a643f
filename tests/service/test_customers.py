"""The directory of customers over a socket, and what it changes for the contacts that come."""

import itertools

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from acd.v1 import (
    contact_commands_pb2,
    contact_pb2,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
    policy_pb2,
    routing_service_pb2,
)

PHONE, MAIL, HANDLE = (
    customer_pb2.CustomerAddress.KIND_PHONE,
    customer_pb2.CustomerAddress.KIND_MAIL,
    customer_pb2.CustomerAddress.KIND_HANDLE,
)
_numbers = itertools.count(1)


class Directory:
    def __init__(self, client):
        self.client = client
        self.stub = customer_service_pb2_grpc.CustomerServiceStub(client.channel)

    def upsert(self, *customers, request_id=""):
        request = customer_pb2.UpsertCustomersRequest(request_id=request_id, customers=customers)
        return self.stub.UpsertCustomers(request)

    def remove(self, *customer_ids, request_id=""):
        request = customer_pb2.RemoveCustomersRequest(request_id=request_id, customer_ids=customer_ids)
        return self.stub.RemoveCustomers(request)

    def look_up(self, **by):
        return self.stub.LookUpCustomer(customer_service_pb2.LookUpCustomerRequest(**by)).customer

    def ids(self, page_size):
        token, pages = "", []
        while True:
            request = customer_service_pb2.ListCustomersRequest(page_size=page_size, page_token=token)
            page = self.stub.ListCustomers(request)
            pages.append([customer.customer_id for customer in page.customers])
            token = page.next_page_token
            if not token:
                return pages

    def contact(self, contact_id):
        return self.client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id=contact_id)).contact


def vip(**fields):
    known = {
        "customer_id": "acme",
        "display_name": "Acme",
        "addresses": [
            customer_pb2.CustomerAddress(kind=PHONE, value="+34911234567"),
            customer_pb2.CustomerAddress(kind=MAIL, value="Boss@Acme.example"),
            customer_pb2.CustomerAddress(kind=HANDLE, value="@acme"),
        ],
        "priority": 5,
        "credit": Duration(seconds=60),
        "requirement": "spanish>=50 or french",
        "attributes": {"tier": "gold", "crm": "17"},
    }
    return customer_pb2.Customer(**(known | fields))


@pytest.fixture
def directory(client):
    client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    return Directory(client)


def test_found_by_id_and_by_every_address(directory, failure_of):
    directory.upsert(vip(), customer_pb2.Customer(customer_id="b"))
    for by in (
        {"customer_id": "acme"}, {"address": "+34911234567"}, {"address": "+34 91 123-45-67"},
        {"address": "boss@ACME.example"}, {"address": "@acme"},
    ):  # fmt: skip
        assert directory.look_up(**by) == vip(), by
    failure = failure_of(lambda: directory.look_up(address="+34000"))
    assert (failure.code, failure.reason, failure.field) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_CUSTOMER", "address")
    assert failure_of(lambda: directory.look_up()).reason == "EMPTY"


def test_a_vip_is_known_by_the_number_that_calls(directory):
    client = directory.client
    directory.upsert(vip())
    client.enqueue("early")
    client.enqueue("call", customer_address="+34 911 234 567", priority=1, credit=Duration(seconds=1),
                   requirement="billing", attributes={"crm": "mine", "ivr": "3"})  # fmt: skip
    contact = directory.contact("call")
    assert contact.customer_id == "acme"
    assert (contact.priority, contact.credit.seconds) == (6, 61)
    assert contact.requirement == "billing>=1 and (spanish>=50 or french>=1)"
    assert dict(contact.attributes) == {"tier": "gold", "crm": "mine", "ivr": "3"}
    client.sign_on("ann", billing=10, spanish=60)
    assert directory.contact("call").agent_id == "ann"  # before the one that came earlier


def test_known_by_its_id_too_and_nothing_is_added_for_a_stranger(directory):
    client = directory.client
    directory.upsert(vip())
    client.enqueue("by-id", customer_id="acme")
    client.enqueue("stranger", customer_address="+1555", requirement="billing")
    client.enqueue("other-id", customer_id="somebody", customer_address="+34911234567")  # the id goes before
    assert [directory.contact(name).priority for name in ("by-id", "stranger", "other-id")] == [5, 0, 0]
    assert [directory.contact(name).customer_id for name in ("by-id", "stranger", "other-id")] == [
        "acme", "", "somebody",
    ]  # fmt: skip
    assert directory.contact("stranger").requirement == "billing"


def test_a_followed_contact_is_known_too(directory):
    directory.upsert(vip())
    request = contact_commands_pb2.EnqueueContactRequest(contact_id="c", queue_id="sales", customer_address="@acme")
    stream = directory.client.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=request))
    assert next(stream).contact.state == contact_pb2.CONTACT_STATE_WAITING
    assert directory.contact("c").priority == 5
    assert directory.contact("c").attached
    stream.cancel()


@pytest.mark.parametrize("by", [{"customer_address": "+34911234567"}, {"customer_id": "acme"}])
@pytest.mark.parametrize("request_id", ["", "r-1"])
@pytest.mark.parametrize("restart", [False, True])
def test_a_retry_is_answered_as_before_whatever_the_directory_says_now(
    make_service, failure_of, by, request_id, restart
):
    service = make_service()
    directory = Directory(service.start())
    directory.client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    directory.upsert(customer_pb2.Customer(customer_id="other"))

    def enqueue(contact_id, request=request_id, **fields):
        return directory.client.enqueue(contact_id, request_id=request, **(by | fields))

    before = enqueue("unknown-then", f"{request_id and 'x'}")
    directory.upsert(vip())
    known = enqueue("known-then")
    directory.upsert(vip(priority=9, attributes={"tier": "silver"}))
    assert enqueue("known-then").duplicate
    if restart:
        service.kill()
        directory = Directory(service.start())
    directory.remove("acme")
    again = enqueue("known-then")
    assert again.duplicate
    if request_id:
        assert again.seq == known.seq
    directory.upsert(vip())
    assert enqueue("unknown-then", f"{request_id and 'x'}").duplicate
    assert (directory.contact("known-then").priority, directory.contact("unknown-then").priority) == (5, 0)
    assert before.seq < known.seq
    # Another content is still told apart.
    reason = failure_of(lambda: enqueue("known-then", priority=3)).reason
    assert reason == ("REQUEST_ID_REUSED" if request_id else "CONTACT_EXISTS")
    if "customer_address" in by:
        assert failure_of(lambda: enqueue("known-then", customer_address="@acme")).reason == reason


def test_what_was_found_is_in_the_journal(make_service):
    service = make_service()
    directory = Directory(service.start())
    directory.client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    directory.upsert(vip())
    directory.client.enqueue("c", customer_address="@acme", attributes={"a": "b"})
    directory.client.enqueue("d", customer_address="@nobody")
    digest = directory.client.status().state_digest
    service.kill()
    for file in service.data_dir.glob("customers.sqlite*"):
        file.unlink()
    directory = Directory(service.start())
    assert directory.contact("c").priority == 5
    assert directory.ids(0) == [[]]
    assert directory.client.enqueue("c", customer_address="@acme", attributes={"a": "b"}).duplicate
    assert digest


def test_repeated_and_reused_request_ids(directory, failure_of):
    first = directory.upsert(vip(), request_id="r")
    again = directory.upsert(vip(), request_id="r")
    assert (again.duplicate, again.seq, again.at) == (True, first.seq, first.at)
    failure = failure_of(lambda: directory.upsert(vip(priority=1), request_id="r"))
    assert (failure.reason, failure.field) == ("REQUEST_ID_REUSED", "request_id")
    assert failure_of(lambda: directory.remove("acme", request_id="r")).reason == "REQUEST_ID_REUSED"
    assert directory.look_up(customer_id="acme").priority == 5
    gone = directory.remove("acme", request_id="q")
    assert gone.seq == first.seq + 1
    assert directory.remove("acme", request_id="q").duplicate


def test_all_or_none(directory, failure_of):
    directory.upsert(vip())
    taken = customer_pb2.Customer(
        customer_id="thief", addresses=[customer_pb2.CustomerAddress(kind=PHONE, value="+34911234567")]
    )
    failure = failure_of(lambda: directory.upsert(customer_pb2.Customer(customer_id="fine"), taken))
    assert (failure.reason, failure.field) == ("DUPLICATE_ENTRY", "customers[1].addresses[0].value")
    assert directory.ids(0) == [["acme"]]
    failure = failure_of(lambda: directory.remove("acme", "nobody"))
    assert (failure.reason, failure.field) == ("UNKNOWN_CUSTOMER", "customer_ids[1]")
    assert directory.ids(0) == [["acme"]]
    # An address may pass from one to another in one request, and is free when its customer is gone.
    directory.upsert(vip(addresses=[]), taken)
    assert directory.look_up(address="+34911234567").customer_id == "thief"
    directory.remove("thief")
    directory.upsert(vip())


def test_listed_by_id_in_pages(directory, failure_of):
    names = sorted(f"c{number}" for number in range(25))
    directory.upsert(*(customer_pb2.Customer(customer_id=name) for name in reversed(names)))
    pages = directory.ids(10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert list(itertools.chain.from_iterable(pages)) == names
    request = customer_service_pb2.ListCustomersRequest(page_token="?")
    assert failure_of(lambda: directory.stub.ListCustomers(request)).field == "page_token"
    request = customer_service_pb2.ListCustomersRequest(page_size=10_001)
    assert failure_of(lambda: directory.stub.ListCustomers(request)).reason == "OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"customer_id": ""}, "EMPTY", "customer_id"),
        ({"customer_id": "x" * 129}, "TOO_LONG", "customer_id"),
        ({"display_name": "a\nb"}, "INVALID_CHARACTER", "display_name"),
        ({"priority": 1_000_001}, "OUT_OF_RANGE", "priority"),
        ({"credit": Duration(nanos=1)}, "INVALID_VALUE", "credit"),
        ({"requirement": "and"}, "MALFORMED_REQUIREMENT", "requirement"),
        ({"preferred_agent_ids": ["a"] * 2}, "DUPLICATE_ENTRY", "preferred_agent_ids"),
        ({"preferred_agent_ids": [str(n) for n in range(17)]}, "TOO_MANY", "preferred_agent_ids"),
        ({"attributes": {"k": "v" * 8_192}}, "TOO_LONG", "attributes"),
        ({"addresses": [customer_pb2.CustomerAddress(value="+34911")]}, "INVALID_VALUE", "addresses[0].kind"),
        ({"addresses": [customer_pb2.CustomerAddress(kind=PHONE, value="911")]}, "INVALID_VALUE", "addresses[0].value"),
        ({"addresses": [customer_pb2.CustomerAddress(kind=MAIL, value="x")]}, "INVALID_VALUE", "addresses[0].value"),
        ({"addresses": [customer_pb2.CustomerAddress(kind=HANDLE, value="x")] * 2}, "DUPLICATE_ENTRY",
         "addresses[1].value"),
    ],
)  # fmt: skip
def test_bad_customers(shared_client, failure_of, fields, reason, field):
    directory = Directory(shared_client)
    failure = failure_of(lambda: directory.upsert(customer_pb2.Customer(customer_id="fine"), vip(**fields)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert failure.field == f"customers[1].{field}"
    assert directory.ids(0) == [[]]


def test_bad_requests(shared_client, failure_of):
    directory = Directory(shared_client)
    assert failure_of(lambda: directory.upsert()).field == "customers"
    failure = failure_of(lambda: directory.upsert(vip(), vip()))
    assert (failure.reason, failure.field) == ("DUPLICATE_ENTRY", "customers[1].customer_id")
    assert failure_of(lambda: directory.remove("a", "a")).reason == "DUPLICATE_ENTRY"


def test_both_together_are_held_to_the_bounds(directory, failure_of):
    directory.upsert(vip(priority=1_000_000, requirement=" or ".join(f"s{n}" for n in range(60))))
    failure = failure_of(lambda: directory.client.enqueue("c", customer_address="@acme", priority=1))
    assert (failure.reason, failure.field) == ("OUT_OF_RANGE", "priority")
    assert 'customer "acme"' in failure.details
    terms = " or ".join(f"t{n}" for n in range(10))
    failure = failure_of(lambda: directory.client.enqueue("c", customer_address="@acme", requirement=terms))
    assert (failure.reason, failure.field) == ("TOO_MANY", "requirement")
    failure = failure_of(lambda: directory.client.enqueue("c", customer_address="x" * 129))
    assert (failure.reason, failure.field) == ("TOO_LONG", "customer_address")


def test_the_directory_is_bounded(make_service, tmp_path, failure_of):
    config = tmp_path / "config.yaml"
    config.write_text("customers_max: 2\n")
    directory = Directory(make_service("--config", str(config)).start())
    directory.upsert(*(customer_pb2.Customer(customer_id=name) for name in "ab"))
    failure = failure_of(lambda: directory.upsert(customer_pb2.Customer(customer_id="c")))
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "CUSTOMER_LIMIT")
    directory.upsert(customer_pb2.Customer(customer_id="b", priority=1))
    directory.remove("a")
    directory.upsert(customer_pb2.Customer(customer_id="c"))
    assert directory.ids(0) == [["b", "c"]]


def test_a_damaged_file_is_named_and_the_service_does_not_start(make_service, did_not_start):
    service = make_service()
    service.start()
    service.stop()
    (service.data_dir / "customers.sqlite").write_bytes(b"something else" * 1_000)
    with pytest.raises(did_not_start, match=r"customers\.sqlite") as raised:
        service.start()
    assert raised.value.status == 2
