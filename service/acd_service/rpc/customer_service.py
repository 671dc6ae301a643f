"""CustomerService: the directory of customers."""

import base64
import binascii
from typing import Any, Final

from acd.v1 import customer_pb2, customer_service_pb2, customer_service_pb2_grpc
from acd_core.checks import check_id
from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.codec.customers import customer_message
from acd_service.rpc.call import Tenants, asking_of
from acd_service.rpc.customer_changes import remove_customers, upsert_customers
from acd_service.rpc.pages import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from acd_service.service_error import UnknownCustomer

_TOKEN_BYTES_MAX: Final = 256


class CustomerService(customer_service_pb2_grpc.CustomerServiceServicer):
    """For CRM."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def UpsertCustomers(self, request: Any, context: Any) -> Any:
        return await upsert_customers(self._tenants.of(context), request)

    async def RemoveCustomers(self, request: Any, context: Any) -> Any:
        return await remove_customers(self._tenants.of(context), request)

    async def EraseCustomer(self, request: Any, context: Any) -> Any:
        if request.request_id:
            check_id(request.request_id, "request_id")
        check_id(request.customer_id, "customer_id")
        eraser = self._tenants.of(context).eraser
        erased = await eraser.erase(request.customer_id, asking_of(context), request.request_id)
        return customer_pb2.EraseCustomerResponse(
            seq=erased.seq,
            at=codec.timestamp_of(erased.at_ns),
            contacts=erased.contacts,
            commands=erased.commands,
            events=erased.events,
            duplicate=erased.duplicate,
        )

    async def LookUpCustomer(self, request: Any, context: Any) -> Any:
        field = request.WhichOneof("by")
        if field is None:
            raise Refused(Reason.EMPTY, "by", "either `customer_id` or `address` must be set")
        check_id(getattr(request, field), field)
        found = await self._tenants.of(context).directory.find(request.customer_id, request.address)
        if found is None:
            raise UnknownCustomer(field, f'there is no customer "{getattr(request, field)}"')
        return customer_service_pb2.LookUpCustomerResponse(customer=customer_message(found))

    async def ListCustomers(self, request: Any, context: Any) -> Any:
        if request.page_size > PAGE_SIZE_MAX:
            raise Refused(Reason.OUT_OF_RANGE, "page_size", f"{request.page_size} is out of range 0 to {PAGE_SIZE_MAX}")
        start = _id_of(request.page_token)
        page = await self._tenants.of(context).directory.page(start, request.page_size or PAGE_SIZE_DEFAULT)
        return customer_service_pb2.ListCustomersResponse(
            customers=map(customer_message, page.customers),
            next_page_token=base64.urlsafe_b64encode(page.next_id.encode()).decode(),
        )


def _id_of(token: str) -> str:
    """The id from which a page starts: its token, which callers should not read."""
    try:
        if len(token) > _TOKEN_BYTES_MAX:
            raise ValueError("too long")
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Refused(Reason.INVALID_VALUE, "page_token", "not a token that an answer gave") from None
