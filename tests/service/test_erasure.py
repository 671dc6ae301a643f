"""A customer is erased beside the traffic of others: nothing of it is left in the data directory, which is whole."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import (
    admin_service_pb2,
    command_pb2,
    contact_commands_pb2,
    contact_pb2,
    customer_pb2,
    customer_service_pb2_grpc,
    policy_pb2,
    routing_service_pb2,
)
from acd_core.limits import FORGOTTEN_ADDRESS
from acd_service.backup import back_up
from acd_service.verify import verify

SECRETS = (
    "acme-17", "Sekretaria", "+34911234567", "premium-gold", "born-1970", "+34919990001", "+34919990002", "wants-a-loan"
)  # fmt: skip
"""Whatever the customer is known by; each must be in the directory before."""
OTHERS = ("kunde-9", "silver-of-another")


def found_in(folder: Path, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Which of these words stand in which files, as they are on the disk."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found |= {(path.relative_to(folder).as_posix(), word) for word in words if word.encode() in content}
    return found


class Centre:
    """Contacts of the customer and of another, by every way that the record keeps them."""

    def __init__(self, client) -> None:
        self.client = client
        self.directory = customer_service_pb2_grpc.CustomerServiceStub(client.channel)

    def open(self) -> None:
        self.client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="later"))
        self.directory.UpsertCustomers(
            customer_pb2.UpsertCustomersRequest(
                request_id="import-1",
                customers=[
                    customer_pb2.Customer(
                        customer_id="acme-17",
                        display_name="Sekretaria",
                        addresses=[
                            customer_pb2.CustomerAddress(
                                kind=customer_pb2.CustomerAddress.KIND_PHONE, value="+34911234567"
                            )
                        ],
                        attributes={"crm": "premium-gold"},
                    ),
                    customer_pb2.Customer(customer_id="kunde-9", attributes={"crm": "silver-of-another"}),
                ],
            )
        )

    def traffic(self, name: str) -> None:
        """Some contacts of both, in rows and in chunks."""
        self.client.enqueue(f"{name}-a", customer_id="acme-17", attributes={"note": "born-1970"})
        self.client.enqueue(f"{name}-b", customer_address="+34911234567")
        self.client.enqueue(f"{name}-o", customer_id="kunde-9")
        self.client.enqueue(
            f"{name}-c", queue_id="later", customer_id="acme-17",
            callback=contact_pb2.Callback(address="+34919990001", window_start=Timestamp(seconds=4_000_000)),
        )  # fmt: skip
        self.client.routing.UpdateContact(
            contact_commands_pb2.UpdateContactRequest(
                contact_id=f"{name}-a", attributes=contact_pb2.Attributes(values={"why": "wants-a-loan"})
            )
        )
        commands = [
            command_pb2.Command(
                enqueue_contact=contact_commands_pb2.EnqueueContactRequest(
                    contact_id=f"{name}-{number}", queue_id="sales", customer_id=("acme-17", "kunde-9", "")[number % 3]
                )
            )
            for number in range(300)
        ]
        batch = routing_service_pb2.DispatchRequest(batch_id=1, commands=commands)
        for response in self.client.routing.Dispatch(iter([batch])):
            assert len(response.results) == len(commands)
        self.client.routing.RequestCallback(
            contact_commands_pb2.RequestCallbackRequest(
                contact_id=f"{name}-0", callback=contact_pb2.Callback(address="+34919990002")
            )
        )
        for number in range(150):
            self.client.routing.CancelContact(
                contact_commands_pb2.CancelContactRequest(
                    contact_id=f"{name}-{number + 60}",
                    reason=contact_commands_pb2.CancelContactRequest.REASON_ABANDONED,
                )
            )

    def erase(self, customer_id: str = "acme-17"):
        return self.directory.EraseCustomer(customer_pb2.EraseCustomerRequest(customer_id=customer_id), timeout=120)


@pytest.fixture
def centre(make_service):
    service = make_service()
    made = Centre(service.start())
    made.service = service
    made.open()
    return made


def test_nothing_of_the_customer_is_left(centre, tmp_path):
    data_dir = centre.service.data_dir
    centre.traffic("first")
    centre.client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    centre.traffic("second")
    before = found_in(data_dir, SECRETS)
    assert {word for _, word in before} == set(SECRETS)
    assert any(name.endswith(".snapshot") for name, _ in before)
    events_before = centre.client.events_from(1)

    erased = centre.erase()

    assert found_in(data_dir, SECRETS) == set()
    assert {word for _, word in found_in(data_dir, OTHERS)} == set(OTHERS)
    assert (erased.contacts, erased.commands > 200, erased.events > 200) == (206, True, True)
    # Events have their numbers and what else they told; whoever resumes gets them without the customer.
    events = centre.client.events_from(1, events_before[-1].event_seq)
    assert [event.event_seq for event in events] == [event.event_seq for event in events_before]
    for event, was in zip(events, events_before, strict=True):
        assert not any(word.encode() in event.SerializeToString() for word in SECRETS)
        if was == event:
            continue
        detail = was.WhichOneof("detail")
        for field in ("customer_id", "attributes", "address"):
            if field in getattr(was, detail).DESCRIPTOR.fields_by_name:
                getattr(was, detail).ClearField(field)
                getattr(event, detail).ClearField(field)
        assert event == was
    told = centre.client.events_from(events_before[-1].event_seq + 1, centre.client.status().event_seq)
    told_of = {
        event.customer_forgotten.contact_id for event in told if event.WhichOneof("detail") == "customer_forgotten"
    }
    assert told_of == {
        was.contact_enqueued.contact_id
        for was in events_before
        if was.contact_enqueued.contact_id.endswith(("-a", "-b", "-c"))
        or (
            was.contact_enqueued.contact_id.rpartition("-")[2].isdigit()
            and int(was.contact_enqueued.contact_id.rpartition("-")[2]) % 3 == 0
        )
    }
    # Live contacts are where they were.
    live = centre.client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="first-0")).contact
    assert (live.customer_id, live.callback.address, live.state) == (
        "", FORGOTTEN_ADDRESS, contact_pb2.CONTACT_STATE_WAITING
    )  # fmt: skip

    # It is whole, also while it is used, and after a kill; what was erased is listed.
    centre.client.enqueue("after", customer_id="kunde-9")
    report = verify(data_dir)
    assert report.problem == ""
    assert [(each["seq"], each["asked_by"]) for each in report.erasures] == [(erased.seq, "")]
    digest = centre.client.status().state_digest
    centre.service.kill()
    centre.client = centre.service.start()
    assert centre.client.status().state_digest[:0] == digest[:0]
    assert found_in(data_dir, SECRETS) == set()
    back_up(data_dir, tmp_path / "backup")
    assert found_in(tmp_path / "backup", SECRETS) == set()
    assert verify(tmp_path / "backup").problem == ""
    centre.service.stop()
    assert verify(data_dir, engine="reference").problem == ""


def test_others_are_routed_while_a_customer_is_erased(centre):
    for name in ("one", "two", "three"):
        centre.traffic(name)
    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(centre.erase)
        came = 0
        for number in itertools.count():
            centre.client.enqueue(f"beside-{number}", customer_id="kunde-9")
            came += 1
            if erasing.done():
                break
        erasing.result()
    assert came > 1
    assert found_in(centre.service.data_dir, SECRETS) == set()
    assert verify(centre.service.data_dir).problem == ""


def test_a_customer_may_come_back_and_be_erased_again(centre):
    centre.traffic("one")
    first = centre.erase()
    centre.client.enqueue("back", customer_id="acme-17", attributes={"note": "born-1970"})
    assert {word for _, word in found_in(centre.service.data_dir, SECRETS)} == {"acme-17", "born-1970"}
    again = centre.erase()
    assert (again.contacts, again.commands > 0, again.seq > first.seq) == (1, True, True)
    other = centre.erase("kunde-9")
    assert other.contacts > 100
    assert found_in(centre.service.data_dir, (*SECRETS, *OTHERS)) == set()
    report = verify(centre.service.data_dir)
    assert report.problem == ""
    assert [each["seq"] for each in report.erasures] == [first.seq, again.seq, other.seq]


def test_of_whom_nothing_is_known_nothing_is_replaced(centre, failure_of):
    centre.client.enqueue("c", customer_id="kunde-9")
    erased = centre.erase("nobody")
    assert (erased.contacts, erased.commands, erased.events) == (0, 1, 0)
    failure = failure_of(lambda: centre.erase(""))
    assert (failure.code, failure.field) == (grpc.StatusCode.INVALID_ARGUMENT, "customer_id")
    assert verify(centre.service.data_dir).problem == ""
