"""Changes of the directory of customers, by a call of their own or in a batch of commands."""

from typing import Any

from acd.v1 import customer_pb2
from acd_service import codec
from acd_service.codec.customers import customer_ids_of, customers_of
from acd_service.customers.directory import Change
from acd_service.rpc.call import read_aside
from acd_service.tenant import Tenant


async def upsert_customers(tenant: Tenant, request: Any) -> customer_pb2.UpsertCustomersResponse:
    """Carry out an UpsertCustomersRequest.

    Raises:
        Refused, ServiceError: nothing was changed; as `CustomerDirectory.upsert`.
    """
    customers = await read_aside(customers_of, request)
    made = await tenant.directory.upsert(customers, request.request_id, tenant.clock.now_ns())
    return customer_pb2.UpsertCustomersResponse(**_stamp(made))


async def remove_customers(tenant: Tenant, request: Any) -> customer_pb2.RemoveCustomersResponse:
    """Carry out a RemoveCustomersRequest.

    Raises:
        Refused, ServiceError: nothing was changed; as `CustomerDirectory.remove`.
    """
    customer_ids = await read_aside(customer_ids_of, request)
    made = await tenant.directory.remove(customer_ids, request.request_id, tenant.clock.now_ns())
    return customer_pb2.RemoveCustomersResponse(**_stamp(made))


def _stamp(made: Change) -> dict[str, Any]:
    return {"seq": made.seq, "at": codec.timestamp_of(made.at_ns), "duplicate": made.duplicate}
