"""TenantService: tenants made, suspended, resumed and removed while the service runs."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from acd.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from acd_core.refusal import Reason, Refused
from acd_service.hosting import Hosted, Hosting
from acd_service.service_error import Stopping
from acd_service.tenant_settings import BadTenant, Quotas


class TenantService(tenant_service_pb2_grpc.TenantServiceServicer):
    """For whoever runs the service.

    Args:
        hosting: None as long as there is none.
    """

    def __init__(self, hosting: Callable[[], Hosting | None]) -> None:
        self._hosting = hosting

    async def CreateTenant(self, request: Any, context: Any) -> Any:
        hosting = self._there()
        try:
            quotas = Quotas(**{name: getattr(request.quotas, name) for name in asdict(Quotas())})
            sent = request.SerializeToString(deterministic=True) if request.request_id else b""
            hosted, duplicate = await hosting.create(request.name, quotas, request.seed, sent)
        except BadTenant as error:
            field = error.field if error.field == "name" else f"quotas.{error.field}"
            raise Refused(Reason.INVALID_VALUE, field, error.message) from None
        return tenant_service_pb2.CreateTenantResponse(tenant=await _message(hosting, hosted), duplicate=duplicate)

    async def ListTenants(self, request: Any, context: Any) -> Any:
        hosting = self._there()
        return tenant_service_pb2.ListTenantsResponse(
            tenants=[await _message(hosting, hosted) for hosted in hosting.list()]
        )

    async def SuspendTenant(self, request: Any, context: Any) -> Any:
        hosting = self._there()
        hosted = await hosting.suspend(request.name)
        return tenant_service_pb2.SuspendTenantResponse(tenant=await _message(hosting, hosted))

    async def ResumeTenant(self, request: Any, context: Any) -> Any:
        hosting = self._there()
        hosted = await hosting.resume(request.name)
        return tenant_service_pb2.ResumeTenantResponse(tenant=await _message(hosting, hosted))

    async def RemoveTenant(self, request: Any, context: Any) -> Any:
        await self._there().remove(request.name)
        return tenant_service_pb2.RemoveTenantResponse()

    def _there(self) -> Hosting:
        hosting = self._hosting()
        if hosting is None:
            raise Stopping("the service is stopping")
        return hosting


async def _message(hosting: Hosting, hosted: Hosted) -> tenant_service_pb2.TenantInfo:
    states = tenant_service_pb2.TenantInfo
    return tenant_service_pb2.TenantInfo(
        name=hosted.name,
        state=states.STATE_SUSPENDED if hosted.is_suspended else states.STATE_SERVED,
        quotas=tenant_service_pb2.TenantQuotas(**asdict(hosting.quotas_of(hosted))),
        seq=0 if hosted.tenant is None else await hosted.tenant.look(lambda engine: engine.seq),
    )
