"""What is done with a new contact before its command is numbered: who is calling is looked up."""

from acd_core.commands import EnqueueContact
from acd_core.refusal import Refused
from acd_service.codec.customers import check_address, known_contact
from acd_service.codec.values import wire_refusal
from acd_service.tenant import Tenant


async def with_customer(tenant: Tenant, sent: EnqueueContact, customer_address: str) -> EnqueueContact:
    """The command for a request's contact, joined with what the directory has of its customer.

    Args:
        sent: what the codec made of the request.
        customer_address: the request's.

    Raises:
        Refused: the values of both together are beyond the bounds, or the address is too long.
    """
    address = "" if sent.customer_id else customer_address
    if not address and (not sent.customer_id or tenant.directory.is_empty):
        return sent
    check_address(customer_address, "customer_address")
    customer = await tenant.directory.find(sent.customer_id, address)
    if customer is None and not address:
        return sent
    try:
        return known_contact(sent, address, customer)
    except Refused as refused:
        raise wire_refusal(refused) from None
