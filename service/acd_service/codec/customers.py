"""Customers: as the wire's messages and back, and contacts whose customer was looked up."""

from typing import Final

from acd.v1.command_pb2 import EnqueueKnownContactCommand
from acd.v1.customer_pb2 import Customer as CustomerMessage
from acd.v1.customer_pb2 import CustomerAddress, RemoveCustomersRequest, UpsertCustomersRequest
from acd_core.checks import check_id, check_text
from acd_core.commands import EnqueueContact
from acd_core.limits import ID_BYTES_MAX
from acd_core.refusal import Reason, Refused
from acd_service.codec.contacts import enqueue_contact, write_enqueue_contact
from acd_service.codec.values import duration_of_ms, ms_of, packed_attributes, unpacked_attributes, wire_refusal
from acd_service.customers.customer import Address, AddressKind, Customer
from acd_service.customers.known_contact import EnqueueKnownContact, with_customer

CUSTOMERS_PER_REQUEST_MAX: Final = 10_000


def customer_of(message: CustomerMessage) -> Customer:
    """The customer that a message describes.

    Raises:
        Refused: with the path below the message, `addresses[2].value` for instance.
    """
    try:
        return Customer(
            message.customer_id,
            message.display_name,
            tuple(_address(address, index) for index, address in enumerate(message.addresses)),
            message.priority,
            ms_of(message.credit, "credit") if message.HasField("credit") else 0,
            message.requirement,
            tuple(message.preferred_agent_ids),
            tuple(message.attributes.items()),
        )
    except Refused as refused:
        raise wire_refusal(refused) from None


def customer_message(customer: Customer) -> CustomerMessage:
    """A customer as the wire shows it."""
    message = CustomerMessage(
        customer_id=customer.customer_id,
        display_name=customer.display_name,
        addresses=[
            CustomerAddress(kind=int(kind), value=value)  # type: ignore[arg-type]  # the numbers are the same
            for kind, value in customer.addresses
        ],
        priority=customer.priority,
        requirement=customer.requirement,
        preferred_agent_ids=customer.preferred_agent_ids,
        attributes=dict(customer.attributes),
    )
    if customer.credit_ms:
        message.credit.CopyFrom(duration_of_ms(customer.credit_ms))
    return message


def customers_of(request: UpsertCustomersRequest) -> list[Customer]:
    """The customers of a request.

    Raises:
        Refused: with the path in the request.
    """
    _check_request(request.request_id, len(request.customers), "customers")
    customers: list[Customer] = []
    seen: set[str] = set()
    for index, message in enumerate(request.customers):
        try:
            customers.append(customer_of(message))
        except Refused as refused:
            raise refused.within(f"customers[{index}]") from None
        _check_once(message.customer_id, seen, f"customers[{index}].customer_id")
    return customers


def customer_ids_of(request: RemoveCustomersRequest) -> list[str]:
    """The ids of a request.

    Raises:
        Refused: with the path in the request.
    """
    _check_request(request.request_id, len(request.customer_ids), "customer_ids")
    seen: set[str] = set()
    for index, customer_id in enumerate(request.customer_ids):
        _check_once(customer_id, seen, f"customer_ids[{index}]")
    return list(request.customer_ids)


def check_address(address: str, field: str) -> None:
    """Refuse an address to look up by that nobody could have."""
    check_text(address, ID_BYTES_MAX, field)


def known_contact(sent: EnqueueContact, address: str, customer: Customer | None) -> EnqueueKnownContact:
    """The command for a contact whose customer was looked up.

    Raises:
        Refused: the values of both together are beyond the bounds.
    """
    attributes = sent.attributes
    if customer is not None and customer.attributes:
        attributes = packed_attributes(dict(customer.attributes) | dict(unpacked_attributes(sent.attributes)))
    return with_customer(sent, address, customer, attributes)


def write_known_contact(message: EnqueueKnownContactCommand, command: EnqueueKnownContact) -> None:
    """As the journal keeps it: what was sent, and what was found."""
    write_enqueue_contact(message.request, command.sent)
    message.request.customer_address = command.address
    message.attached = command.attached
    if command.customer is not None:
        message.customer.CopyFrom(customer_message(command.customer))


def known_contact_of(message: EnqueueKnownContactCommand) -> EnqueueKnownContact:
    """The command that `write_known_contact` wrote."""
    sent = enqueue_contact(message.request, message.attached)
    found = customer_of(message.customer) if message.HasField("customer") else None
    return known_contact(sent, message.request.customer_address, found)


def _address(message: CustomerAddress, index: int) -> Address:
    try:
        return Address(AddressKind(message.kind), message.value)
    except ValueError:
        raise Refused(Reason.INVALID_VALUE, f"addresses[{index}].kind", "say which kind of address it is") from None


def _check_request(request_id: str, count: int, field: str) -> None:
    if request_id:
        check_id(request_id, "request_id")
    if not count:
        raise Refused(Reason.EMPTY, field, "at least one is needed")
    if count > CUSTOMERS_PER_REQUEST_MAX:
        text = f"{count} entries are more than the {CUSTOMERS_PER_REQUEST_MAX} allowed at once"
        raise Refused(Reason.TOO_MANY, field, text)


def _check_once(customer_id: str, seen: set[str], field: str) -> None:
    if customer_id in seen:
        raise Refused(Reason.DUPLICATE_ENTRY, field, f'"{customer_id}" appears more than once')
    seen.add(customer_id)
