"""CustomerService: the directory of customers. Nothing of it is built yet."""

from typing import Any

from acd.v1 import customer_service_pb2_grpc
from acd_service.rpc.call import not_built


class CustomerService(customer_service_pb2_grpc.CustomerServiceServicer):
    """For CRM."""

    async def UpsertCustomers(self, request: Any, context: Any) -> Any:
        raise not_built("UpsertCustomers")

    async def RemoveCustomers(self, request: Any, context: Any) -> Any:
        raise not_built("RemoveCustomers")

    async def LookUpCustomer(self, request: Any, context: Any) -> Any:
        raise not_built("LookUpCustomer")

    async def ListCustomers(self, request: Any, context: Any) -> Any:
        raise not_built("ListCustomers")
