"""Where gRPC looks for the handler of a call: one dict for the whole surface.

It does what an interceptor would, and costs less: gRPC's chain of interceptors takes two more coroutines a call. The
calls that are one command are read by compiled code, straight from the bytes that came.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import grpc

from acd.v1.command_pb2 import Command
from acd_service.codec.sent import SentCommand
from acd_service.codec.wire_reader import CommandReader
from acd_service.identity.gate import Gate, metadata_of_call
from acd_service.identity.identity import caller
from acd_service.interceptor import CALLS_BEGIN, Behaviour, CallInterceptor
from acd_service.rpc.call import Tenants, asking_of
from acd_service.service_error import QuotaExceeded

_READ_COMPILED: Final = {
    "/acd.v1.RoutingService/EnqueueContact": Command.ENQUEUE_CONTACT_FIELD_NUMBER,
    "/acd.v1.RoutingService/UpdateContact": Command.UPDATE_CONTACT_FIELD_NUMBER,
    "/acd.v1.RoutingService/CancelContact": Command.CANCEL_CONTACT_FIELD_NUMBER,
    "/acd.v1.RoutingService/AcceptOffer": Command.ACCEPT_OFFER_FIELD_NUMBER,
    "/acd.v1.RoutingService/DeclineOffer": Command.DECLINE_OFFER_FIELD_NUMBER,
    "/acd.v1.RoutingService/CompleteContact": Command.COMPLETE_CONTACT_FIELD_NUMBER,
    "/acd.v1.AgentService/FinishWrapUp": Command.FINISH_WRAP_UP_FIELD_NUMBER,
    "/acd.v1.AgentService/SetPresence": Command.SET_PRESENCE_FIELD_NUMBER,
}
"""Calls that compiled code reads, with the number that their request has as a part of `acd.v1.Command`."""

_ENQUEUE: Final = Command.ENQUEUE_CONTACT_FIELD_NUMBER


class Surface(grpc.GenericRpcHandler):
    """Takes the place of a server where services are registered, and is registered with the server itself."""

    def __init__(self, calls: CallInterceptor, tenants: Tenants) -> None:
        self._calls = calls
        self._tenants = tenants
        self._reader = CommandReader()
        self._others: list[grpc.GenericRpcHandler] = []
        self._registered: dict[str, Any] = {}
        self._ready: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        self._others += handlers

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        for name, handler in method_handlers.items():
            self._registered[f"/{service_name}/{name}"] = handler

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a call, with all that goes around it; None if there is no such call."""
        metadata = handler_call_details.invocation_metadata
        metadata_of_call.set(metadata)
        method: str = handler_call_details.method
        ready = self._ready.get(method)
        if ready is None:
            return self._make_ready(method, handler_call_details)
        if self._calls.gate is not None and method in _READ_COMPILED:
            why_not = self._beyond_quota(self._calls.gate, method, metadata)
            if why_not is not None:
                return self._calls.turning_away(method, why_not)
        return ready

    def _beyond_quota(self, gate: Gate, method: str, metadata: Any) -> QuotaExceeded | None:
        """What a call that is one command will be refused for, if that is sure before it is read."""
        identity = gate.known_caller(method.removeprefix(CALLS_BEGIN), metadata)
        if identity is None or identity.tenant not in self._tenants.by_name:
            return None
        why_not = self._tenants.by_name[identity.tenant].metering.why_not()
        if why_not is not None:
            caller.set(identity)
        return why_not

    def _make_ready(self, method: str, details: Any) -> Any:
        handler = self._registered.get(method)
        if handler is None:
            found = (each.service(details) for each in self._others)
            handler = next((each for each in found if each is not None), None)
        if handler is None:
            return None
        number = _READ_COMPILED.get(method)
        if number is not None:
            handler = self._read_compiled(number, handler)
        self._ready[method] = handler = self._calls.around_call(method, handler)
        return handler

    def _read_compiled(self, number: int, handler: Any) -> Any:
        """A handler that hands what compiled code could read to the sequencer, with no coroutine between, and leaves
        what is unusual to the plain one. What waits for the sequencer is answered with the bytes of a message.
        """
        plain: Callable[[bytes], Any] = handler.request_deserializer
        unusual: Behaviour = handler.unary_unary
        tenant_of = self._tenants.of
        read = self._reader.request

        def deserialize(content: bytes) -> Any:
            command = read(number, content)
            return plain(content) if command is None else SentCommand(command, number, content)

        def behaviour(request: Any, context: Any) -> Awaitable[Any]:
            if type(request) is not SentCommand:
                return unusual(request, context)
            tenant = tenant_of(context)
            if number == _ENQUEUE and request.customer_id and not tenant.directory.is_empty:
                return unusual(request, context)
            return tenant.submit_sent(request, asking_of(context))

        def serialize(response: Any) -> bytes:
            return response if isinstance(response, bytes) else response.SerializeToString()

        return grpc.unary_unary_rpc_method_handler(
            behaviour,
            request_deserializer=deserialize,
            response_serializer=serialize,
        )
