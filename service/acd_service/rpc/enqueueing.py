"""What is done with a new contact before its command is numbered: who is calling is looked up."""

import logging

from acd_core.commands import EnqueueContact
from acd_core.refusal import Refused
from acd_service.codec.customers import check_address, known_contact
from acd_service.codec.values import wire_refusal
from acd_service.service_error import DirectoryDamaged
from acd_service.tenant import Tenant
from acd_service.thinned_log import ThinnedLog

_log = logging.getLogger(__name__)
_thinned = ThinnedLog()


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
    try:
        customer = await tenant.directory.find(sent.customer_id, address)
    except DirectoryDamaged:
        # Whoever waits is worth more than what is known of them. The message would name the customer.
        if (before := _thinned.left_out(tenant.name)) is not None:
            _log.error("tenant %s: a contact is routed without its customer: the directory is damaged, `acd verify`"
                       " says where (%d more like it)", tenant.name, before)  # fmt: skip
        customer = None
    if customer is None and not address:
        return sent
    try:
        return known_contact(sent, address, customer)
    except Refused as refused:
        raise wire_refusal(refused) from None
