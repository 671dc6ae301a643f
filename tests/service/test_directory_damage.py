"""A directory of customers that is not what was written: named, never served, and nobody who waits is lost by it."""

import asyncio
import sqlite3

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from acd.v1 import customer_pb2, customer_service_pb2, customer_service_pb2_grpc, policy_pb2, routing_service_pb2
from acd_service.customers.customer import Customer
from acd_service.customers.directory import CustomerDirectory
from acd_service.service_error import DirectoryDamaged
from acd_service.shared_by_tenants import SharedByTenants
from acd_service.verify import verify

PHONE = customer_pb2.CustomerAddress.KIND_PHONE
ACME = customer_pb2.Customer(
    customer_id="acme",
    priority=5,
    addresses=[customer_pb2.CustomerAddress(kind=PHONE, value="+34911234567")],
)
OTHER = customer_pb2.Customer(customer_id="other")
BROUGHT_IN = customer_pb2.UpsertCustomersRequest(customers=[ACME, OTHER])


def change(path, statement):
    connection = sqlite3.connect(path / "customers.sqlite", isolation_level=None)
    assert connection.execute(statement).rowcount
    connection.close()


@pytest.mark.parametrize(
    ("statement", "is_told"),
    [
        ("UPDATE customers SET content = replace(content, '\"priority\":5', '\"priority\":4')", True),
        ("UPDATE customers SET content = replace(content, '{', '[')", True),
        ("UPDATE customers SET content = CAST(x'7BFF7D' AS TEXT)", True),
        ("UPDATE customers SET checksum = checksum + 1 WHERE customer_id = 'acme'", True),
        ("UPDATE addresses SET customer_id = 'other'", True),
        ("UPDATE addresses SET customer_id = 'acmf'", True),
        ("UPDATE addresses SET address = '+34911234566'", False),
        ("UPDATE customers SET customer_id = 'acmd' WHERE customer_id = 'acme'", True),
    ],
)
def test_a_row_that_was_changed_on_disk(make_service, failure_of, statement, is_told):
    service = make_service()
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    stub = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    stub.UpsertCustomers(BROUGHT_IN)
    assert service.stop() == 0
    assert verify(service.data_dir).ok
    change(service.data_dir, statement)
    report = verify(service.data_dir)
    assert (report.ok, report.error, report.tenant) == (False, "DirectoryDamaged", "default")

    client = service.start()
    stub = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    by_number = customer_service_pb2.LookUpCustomerRequest(address="+34911234567")
    failure = failure_of(lambda: stub.LookUpCustomer(by_number))
    assert failure.reason == ("DIRECTORY_DAMAGED" if is_told else "UNKNOWN_CUSTOMER")
    assert client.enqueue("c", customer_address="+34911234567").contact.contact_id == "c"
    shown = client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="c")).contact
    assert (shown.priority, shown.customer_id) == (0, ""), "routed as a stranger"
    stub.UpsertCustomers(BROUGHT_IN)
    assert MessageToDict(stub.LookUpCustomer(by_number).customer) == MessageToDict(ACME), "brought in again"
    assert service.stop() == 0
    assert ("routed without its customer" in service.stderr_path.read_text()) == is_told
    assert "34911234567" not in service.stderr_path.read_text()


def test_addresses_whose_customer_was_lost_go_with_an_erasure(make_service):
    service = make_service()
    customer_service_pb2_grpc.CustomerServiceStub(service.start().channel).UpsertCustomers(BROUGHT_IN)
    assert service.stop() == 0
    change(service.data_dir, "DELETE FROM customers WHERE customer_id = 'acme'")
    stub = customer_service_pb2_grpc.CustomerServiceStub(service.start().channel)
    stub.EraseCustomer(customer_pb2.EraseCustomerRequest(customer_id="acme"))
    assert service.stop() == 0
    assert not [path for path in service.data_dir.rglob("*") if path.is_file() and b"34911234567" in path.read_bytes()]


def test_a_page_that_sqlite_itself_finds_damaged(make_service, failure_of):
    service = make_service()
    client = service.start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    stub = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    stub.UpsertCustomers(BROUGHT_IN)
    assert service.stop() == 0
    path = service.data_dir / "customers.sqlite"
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'customers'").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4_096 : root * 4_096] = b"\xff" * 4_096
    path.write_bytes(content)
    assert verify(service.data_dir).error == "DirectoryDamaged"
    client = service.start()
    stub = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    for call, request in (
        (stub.LookUpCustomer, customer_service_pb2.LookUpCustomerRequest(customer_id="acme")),
        (stub.ListCustomers, customer_service_pb2.ListCustomersRequest()),
        (stub.UpsertCustomers, BROUGHT_IN),
    ):
        failure = failure_of(lambda call=call, request=request: call(request))
        assert (failure.code, failure.reason) == (grpc.StatusCode.INTERNAL, "DIRECTORY_DAMAGED")
    assert client.enqueue("c", customer_id="acme").contact.contact_id == "c"


def test_a_full_disk_is_told_and_what_fits_is_taken(tmp_path):
    async def ask() -> None:
        shared = SharedByTenants()
        directory = CustomerDirectory(tmp_path / "customers.sqlite", "default", 10_000, shared)
        try:
            await directory._changing.use(lambda writer: writer.pragma("max_page_count", 14))
            with pytest.raises(DirectoryDamaged, match="disk is full"):
                await directory.upsert([Customer(f"c{number}", "n" * 100) for number in range(400)], "", 1)
            assert (await directory.upsert([Customer("c0")], "", 1)).seq == 1
            assert [found.customer_id for found in (await directory.page("", 10)).customers] == ["c0"]
        finally:
            await directory.close()
            shared.stop()

    asyncio.run(ask())


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_from_before_there_were_checksums_gets_them(make_service, version):
    service = make_service()
    client = service.start()
    customer_service_pb2_grpc.CustomerServiceStub(client.channel).UpsertCustomers(BROUGHT_IN)
    assert service.stop() == 0
    connection = sqlite3.connect(service.data_dir / "customers.sqlite", isolation_level=None)
    connection.execute("ALTER TABLE customers DROP COLUMN checksum")
    connection.execute(f"PRAGMA user_version = {version}")
    if version == 1:
        connection.execute("DROP TABLE erasures")
    connection.close()
    assert verify(service.data_dir).ok
    stub = customer_service_pb2_grpc.CustomerServiceStub(service.start().channel)
    found = stub.LookUpCustomer(customer_service_pb2.LookUpCustomerRequest(address="+34911234567")).customer
    assert found == ACME
    assert service.stop() == 0
    assert verify(service.data_dir).ok
    change(service.data_dir, "UPDATE customers SET content = replace(content, '5', '6')")
    assert verify(service.data_dir).error == "DirectoryDamaged"
