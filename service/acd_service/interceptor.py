"""The one interceptor: bounds, errors and logging for every call of the surface.

One for all, since each further one costs a measurable share of a unary call. Health and reflection pass by it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
import grpc.aio
from grpc_status import rpc_status

from acd_core.refusal import Refused
from acd_service import errors
from acd_service.service_error import Overloaded, ServiceError, Stopping

_log = logging.getLogger(__name__)
_OURS: Final = "/acd.v1."
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Any]]


class CallInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """Lets calls in while the service serves, at most `in_flight_max` at a time."""

    def __init__(self, in_flight_max: int) -> None:
        self._in_flight_max = in_flight_max
        self._closed: ServiceError | None = Stopping("the service is not ready yet")
        self._wrapped: dict[str, Any] = {}
        self._idle = asyncio.Event()
        self.in_flight = 0
        self.calls = 0
        self.calls_refused = 0

    def let_in(self) -> None:
        self._closed = None

    def shut_out(self, why: ServiceError) -> None:
        """Refuse calls from now on; those in progress go on."""
        self._closed = why

    async def drain(self, timeout_s: float) -> None:
        """Wait until the calls in progress have ended, but not longer than `timeout_s`."""
        self._idle.clear()
        if self.in_flight:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), timeout_s)

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Any:
        method: str = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is None or not method.startswith(_OURS):
            return handler
        wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Any) -> Any:
        name = method.removeprefix(_OURS)
        make: Any
        if handler.request_streaming:
            make, behaviour = grpc.stream_stream_rpc_method_handler, handler.stream_stream
        elif handler.response_streaming:
            make, behaviour = grpc.unary_stream_rpc_method_handler, handler.unary_stream
        else:
            make, behaviour = grpc.unary_unary_rpc_method_handler, handler.unary_unary
        return make(
            self._guarded(name, behaviour),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _guarded(self, name: str, behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Any]:
        """All handlers are coroutines, those of streams too: they write to their context, so that a call that is
        cancelled ends in the handler and not beside it.
        """

        async def call(request: Any, context: Any) -> Any:
            self.calls += 1
            number = self.calls
            self.in_flight += 1
            try:
                if self._closed is not None or self.in_flight > self._in_flight_max:
                    raise self._why_not()
                return await behaviour(request, context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:
                await self._refuse(name, number, context, error)
            finally:
                self.in_flight -= 1
                if not self.in_flight:
                    self._idle.set()

        return call

    def _why_not(self) -> ServiceError:
        return self._closed or Overloaded(f"{self._in_flight_max} calls are in progress", 1_000)

    async def _refuse(self, name: str, number: int, context: Any, error: Exception) -> None:
        self.calls_refused += 1
        if isinstance(error, Refused | ServiceError):
            _log.info("call %d %s refused: %s", number, name, error)
        else:
            _log.error("call %d %s failed", number, name, exc_info=error)
        await context.abort_with_status(rpc_status.to_status(errors.status_of(error)))
