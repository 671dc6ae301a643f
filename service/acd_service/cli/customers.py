"""`acd customers`: the directory of customers, from a file into a running service and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import grpc

from acd.v1.customer_pb2 import EraseCustomerRequest, UpsertCustomersRequest
from acd.v1.customer_service_pb2 import ListCustomersRequest
from acd.v1.customer_service_pb2_grpc import CustomerServiceStub
from acd_service.cli.bulk import PAGE, export_file, exported_file, format_option, import_file, imported_file, pages
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.progress import Done
from acd_service.cli.terminal import example, json_option, print_json, results
from acd_service.codec.customers import customer_message, customer_of
from acd_service.customers.customer import Customer
from acd_service.customers.customer_file import CustomerRow, read_customers, write_customers

_ERASURE_S: Final = 3_600.0
"""The record of commands and events is read from its beginning."""


@click.group("customers")
def customers_group() -> None:
    """Bring the directory of customers in, take it out: addresses, standing, requirements."""


@customers_group.command(
    "import",
    epilog=example(
        "acd customers import customers.csv",
        "",
        "customers.csv:",
        "  customer_id,phones,priority,requirement",
        "  acme,+34911234567;+34911234568,5,spanish",
    ),
)
@imported_file
@format_option
@server_option
@json_option
def import_customers(file: Path, kind: str | None, server: Service, as_json: bool) -> None:
    """Add the customers in FILE (- for standard input), or replace what is known of them.

    Rows that cannot be used are left out and reported with line, field and reason; all others are taken. Exit status 2
    if a row was left out.
    """
    import_file("customers", file, kind, server, as_json, read_customers, _upsert)


def _upsert(channel: grpc.Channel, rows: list[CustomerRow]) -> None:
    request = UpsertCustomersRequest(customers=[customer_message(row.customer) for row in rows])
    CustomerServiceStub(channel).UpsertCustomers(request, timeout=DEADLINE_S)


@customers_group.command("export", epilog=example("acd customers export customers.csv"))
@exported_file
@format_option
@server_option
@json_option
def export_customers(file: Path | None, kind: str | None, server: Service, as_json: bool) -> None:
    """Write all customers to FILE, or to standard output, so that `acd customers import` takes them back."""
    export_file("customers", file, kind, server, as_json, _all_customers, write_customers)


def _all_customers(channel: grpc.Channel, progress: Done) -> Iterator[Customer]:
    stub, count = CustomerServiceStub(channel), 0
    for page in pages(
        lambda token: stub.ListCustomers(ListCustomersRequest(page_size=PAGE, page_token=token), timeout=DEADLINE_S)
    ):
        yield from map(customer_of, page.customers)
        count += len(page.customers)
        progress(count, None)


@customers_group.command("erase", epilog=example("acd customers erase acme"))
@click.argument("customer_id")
@server_option
@json_option
def erase_customer(customer_id: str, server: Service, as_json: bool) -> None:
    """Erase CUSTOMER_ID from the directory, from what routing remembers, and from the record of commands and events.

    Live contacts keep their place, without the customer. Routing goes on; the command ends when nothing is left. There
    is no way back; backups and exports made before are not changed.
    """
    with connect(server) as channel:
        erased = CustomerServiceStub(channel).EraseCustomer(
            EraseCustomerRequest(customer_id=customer_id), timeout=_ERASURE_S
        )
    facts = {"seq": erased.seq, "contacts": erased.contacts, "commands": erased.commands, "events": erased.events}
    if as_json:
        print_json(facts)
    else:
        results().print(
            f"erased up to command {erased.seq:,}: {erased.contacts:,} contacts, "
            f"{erased.commands:,} commands and {erased.events:,} events had data of the customer"
        )
