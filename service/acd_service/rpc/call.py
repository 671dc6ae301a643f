"""What every handler needs of a call: whose it is, until when it may wait, what time it says it is."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.asking import Asking
from acd_service.identity.gate import metadata_of_call
from acd_service.identity.identity import caller
from acd_service.journal import TENANT_DEFAULT
from acd_service.sequencer import AT_FIELD
from acd_service.service_error import PermissionDenied, TenantSuspended
from acd_service.tenant import Tenant

READ_AT_ONCE_BYTES_MAX: Final = 16_384
"""Of a message that is read on the event loop: some milliseconds. Its bytes were taken apart by protobuf before."""
T = TypeVar("T")


class Tenants:
    """Finds the tenant of a call: that of its identity, or the only one if the service runs without credentials."""

    def __init__(self) -> None:
        self.by_name: Final[dict[str, Tenant]] = {}
        self.suspended: Final[set[str]] = set()

    def admit(self, tenant: Tenant) -> None:
        self.by_name[tenant.name] = tenant

    def __contains__(self, name: object) -> bool:
        """Whether there is such a tenant, be it suspended."""
        return name in self.by_name or name in self.suspended

    def all(self) -> list[Tenant]:
        """Those that are open, in the order of their admission."""
        return list(self.by_name.values())

    def of(self, _context: Any) -> Tenant:
        """Raises TenantSuspended, or PermissionDenied if the identity's tenant is not served here."""
        identity = caller.get(None)
        name = TENANT_DEFAULT if identity is None else identity.tenant
        tenant = self.by_name.get(name)
        if name in self.suspended:
            raise TenantSuspended
        if tenant is None:
            raise PermissionDenied("your tenant is not served here")
        return tenant


def asked_by() -> str:
    """The name of the identity whose call is being served; empty if the service runs without credentials."""
    identity = caller.get(None)
    return "" if identity is None else identity.name


def asking_of(context: Any) -> Asking:
    """When the command is to be applied, and who asks: until the call's deadline, at the time that the caller gave, if
    it did.

    Raises:
        Refused: INVALID_VALUE if the metadata `acd-at-ns` is no whole number.
    """
    remaining_s = context.time_remaining()
    deadline = None if remaining_s is None else asyncio.get_running_loop().time() + remaining_s
    at_ns = None
    for key, value in metadata_of_call.get() or ():
        if key == AT_FIELD:
            text = str(value)
            if not (text.isascii() and text.isdigit() and len(text) <= 19):
                raise Refused(Reason.INVALID_VALUE, AT_FIELD, "nanoseconds since the Unix epoch are expected")
            at_ns = int(text)
    who = asked_by()
    return Asking(at_ns, deadline, who, who or context.peer())


async def read_aside(read: Callable[[Any], T], request: Any) -> T:
    """What a request says, read in another thread if it is large, so that others are served meanwhile.

    Raises:
        Refused: as `read`.
    """
    if request.ByteSize() <= READ_AT_ONCE_BYTES_MAX:
        return read(request)
    return await asyncio.to_thread(read, request)


async def carry_out(tenant: Tenant, request: Any, context: Any) -> Any:
    """Carry out a request that is one command, and give its response."""
    command = await read_aside(codec.command_of, request)
    return codec.response_of(command, await tenant.submit(command, asking_of(context)))
