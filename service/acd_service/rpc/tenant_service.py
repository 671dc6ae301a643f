"""TenantService: tenants made, suspended, resumed, moved and removed while the service runs."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import grpc.aio

from acd.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from acd_core.refusal import Reason, Refused
from acd_service.hosting import Hosted, Hosting
from acd_service.moving.tenant_file import Manifest
from acd_service.service_error import Stopping
from acd_service.tenant_settings import BadTenant, Quotas

_PIECE_BYTES: Final = 2**20


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

    async def ExportTenant(self, request: Any, context: Any) -> None:
        async with self._there().exported(request.name) as (path, manifest):
            with path.open("rb") as file:
                extent, size = _extent(manifest), path.stat().st_size
                content = await asyncio.to_thread(file.read, _PIECE_BYTES)
                piece = tenant_service_pb2.ExportTenantResponse(extent=extent, size_bytes=size, content=content)
                await context.write(piece)
                while content := await asyncio.to_thread(file.read, _PIECE_BYTES):
                    await context.write(tenant_service_pb2.ExportTenantResponse(content=content))

    async def ImportTenant(self, _requests: Any, context: Any) -> None:
        hosting = self._there()
        async with hosting.importing() as coming:
            while (request := await context.read()) is not grpc.aio.EOF:
                await coming.write(_content_of(request))
            told: asyncio.Queue[tuple[int, int] | None] = asyncio.Queue()
            task = asyncio.create_task(coming.take_in(lambda *progress: told.put_nowait(progress)))
            telling = asyncio.create_task(_tell(told, context))
            try:
                hosted, manifest = await task
            finally:
                # Not cancelled: a message that is half written would keep the next from being sent.
                told.put_nowait(None)
                await asyncio.gather(task, telling, return_exceptions=True)
            answer = tenant_service_pb2.ImportTenantResponse(
                tenant=await _message(hosting, hosted), extent=_extent(manifest)
            )
            await context.write(answer)

    def _there(self) -> Hosting:
        hosting = self._hosting()
        if hosting is None:
            raise Stopping("the service is stopping")
        return hosting


def _content_of(request: Any) -> bytes:
    if not isinstance(request, tenant_service_pb2.ImportTenantRequest):
        raise Refused(Reason.INVALID_VALUE, "", "not a valid acd.v1.ImportTenantRequest")
    return bytes(request.content)


async def _tell(progress: "asyncio.Queue[tuple[int, int] | None]", context: Any) -> None:
    while (told := await progress.get()) is not None:
        done, total = told
        await context.write(tenant_service_pb2.ImportTenantResponse(commands=done, commands_total=total))


def _extent(manifest: Manifest) -> tenant_service_pb2.TenantExtent:
    return tenant_service_pb2.TenantExtent(
        seq=manifest.extent.last_seq, event_seq=manifest.event_seq, state_digest=manifest.state_digest
    )


async def _message(hosting: Hosting, hosted: Hosted) -> tenant_service_pb2.TenantInfo:
    states = tenant_service_pb2.TenantInfo
    return tenant_service_pb2.TenantInfo(
        name=hosted.name,
        state=states.STATE_SUSPENDED if hosted.is_suspended else states.STATE_SERVED,
        quotas=tenant_service_pb2.TenantQuotas(**asdict(hosting.quotas_of(hosted))),
        seq=0 if hosted.tenant is None else await hosted.tenant.look(lambda engine: engine.seq),
    )
