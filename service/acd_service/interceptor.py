"""What goes around every call of the surface: bounds, errors, who calls, timing and logging.

One step for all, since each further one costs a measurable share of a unary call. Health passes by it; reflection too,
but for the question who asks.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from acd_core.refusal import Reason, Refused
from acd_service.clock import stopwatch_ns
from acd_service.identity.gate import Gate
from acd_service.identity.identity import caller
from acd_service.log_fields import facts
from acd_service.meters import Meters
from acd_service.ready_refusals import FREQUENT, ReadyRefusals
from acd_service.service_error import Overloaded, ServiceError, Stopping
from acd_service.thinned_log import ThinnedLog

_log = logging.getLogger(__name__)
CALLS_BEGIN: Final = "/acd.v1."
"""How the calls are named that are ours, before service and call."""
_REFLECTION: Final = "/grpc.reflection."
Behaviour = Callable[[Any, Any], Awaitable[Any]]


class Unreadable:
    """In the place of a request whose bytes are no such message. It names nothing."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __getattr__(self, name: str) -> str:
        return ""


class CallInterceptor:
    """Lets calls in while the service serves, at most `in_flight_max` at a time."""

    def __init__(self, in_flight_max: int) -> None:
        self._in_flight_max = in_flight_max
        self._closed: ServiceError | None = Stopping("the service is not ready yet")
        self._idle = asyncio.Event()
        self._refusals = ReadyRefusals()
        self._thinned = ThinnedLog()
        self.in_flight = 0
        self.calls = 0
        self.calls_refused = 0
        self.calls_turned_away: Counter[str] = Counter()
        """Of those, the ones that say more of the service or of a quota than of the call, by reason."""
        self.meters: Meters | None = None
        """Where calls are timed, if they are; set before the first call, as is `around`."""
        self.around: Callable[[str, Behaviour], Behaviour] | None = None
        """Puts something around the handler of a call with one answer: for traces."""
        self.gate: Gate | None = None
        """Checks who calls, if there are credentials; set before the first call."""

    def let_in(self) -> None:
        self._closed = None

    @property
    def lets_in(self) -> bool:
        """Whether calls are let in."""
        return self._closed is None

    def shut_out(self, why: ServiceError) -> None:
        """Refuse calls from now on; those in progress go on."""
        self._closed = why

    async def drain(self, timeout_s: float) -> None:
        """Wait until the calls in progress have ended, but not longer than `timeout_s`."""
        self._idle.clear()
        if self.in_flight:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), timeout_s)

    def turning_away(self, method: str, why: ServiceError) -> Any:
        """A handler that refuses a call of ours: as one of streams, so that gRPC does not read the request before."""
        name = method.removeprefix(CALLS_BEGIN)

        async def turn_away(_requests: Any, context: Any) -> None:
            self.calls += 1
            await self._refuse(name, self.calls, None, context, why)

        return grpc.stream_stream_rpc_method_handler(turn_away)

    def around_call(self, method: str, handler: Any) -> Any:
        """A handler of gRPC with everything around it that calls of `method` pass.

        Args:
            method: as gRPC names it, with both slashes.
        """
        if method.startswith(CALLS_BEGIN):
            return self._wrap(method, handler)
        if self.gate is not None and method.startswith(_REFLECTION):
            return self._for_the_known(handler)
        return handler

    def _wrap(self, method: str, handler: Any) -> Any:
        name = method.removeprefix(CALLS_BEGIN)
        make: Any
        if handler.request_streaming:
            make, behaviour = grpc.stream_stream_rpc_method_handler, handler.stream_stream
        elif handler.response_streaming:
            make, behaviour = grpc.unary_stream_rpc_method_handler, handler.unary_stream
        else:
            make, behaviour = grpc.unary_unary_rpc_method_handler, handler.unary_unary
        return make(
            self._guarded(name, behaviour, is_stream=handler.request_streaming or handler.response_streaming),
            request_deserializer=_never_failing(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _for_the_known(self, handler: Any) -> Any:
        """Reflection, for whoever has an identity."""
        gate = self.gate
        assert gate is not None

        async def call(requests: Any, context: Any) -> Any:
            try:
                gate.identify(context)
            except ServiceError as error:
                _, code, message, trailing_metadata = self._refusals.of(error)
                await context.abort(code, message, trailing_metadata)
            async for response in handler.stream_stream(requests, context):
                yield response

        return grpc.stream_stream_rpc_method_handler(
            call, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )

    def _guarded(self, name: str, behaviour: Behaviour, *, is_stream: bool) -> Behaviour:
        """All handlers are coroutines, those of streams too: they write to their context, so that a call that is
        cancelled ends in the handler and not beside it.
        """
        behaviour = _of_what_can_be_read(behaviour)
        if self.gate is not None:
            behaviour = self.gate.guard(name, behaviour, is_stream=is_stream)
        if self.around is not None and not is_stream:
            behaviour = self.around(name, behaviour)
        timing = None if self.meters is None or is_stream else self.meters.calls_of(name)

        async def call(request: Any, context: Any) -> Any:
            began_ns = 0 if timing is None else stopwatch_ns()
            self.calls += 1
            number = self.calls
            self.in_flight += 1
            try:
                if self._closed is not None or self.in_flight > self._in_flight_max:
                    raise self._closed or Overloaded(f"{self._in_flight_max} calls are in progress", 1_000)
                return await behaviour(request, context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:
                await self._refuse(name, number, request, context, error)
            finally:
                if timing is not None:
                    timing.observe(stopwatch_ns() - began_ns)
                self.in_flight -= 1
                if not self.in_flight:
                    self._idle.set()

        return call

    async def _refuse(self, name: str, number: int, request: Any, context: Any, error: Exception) -> None:
        reason, code, message, trailing_metadata = self._refusals.of(error)
        self.calls_refused += 1
        if isinstance(error, FREQUENT):
            self.calls_turned_away[reason] += 1
        if self.meters is not None:
            self.meters.count_call_refused(name, reason)
        if not isinstance(error, Refused | ServiceError):
            _log.error("call failed", exc_info=error, extra=facts(**_about(name, number, request)))
        elif _log.isEnabledFor(logging.INFO):
            left_out = self._thinned.left_out(reason) if isinstance(error, FREQUENT) else 0
            if left_out is not None:
                about = _about(name, number, request) | {"reason": reason, "left_out": left_out or None}
                _log.info("call refused", extra=facts({"why": str(error)}, **about))
        await context.abort(code, message, trailing_metadata)


def _about(name: str, number: int, request: Any) -> dict[str, Any]:
    identity = caller.get(None)
    who = "" if identity is None else identity.name
    return {"method": name, "call": number, "asked_by": who, "request_id": getattr(request, "request_id", "")}


def _never_failing(read: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    """A deserializer that fails would be answered by gRPC itself: as UNKNOWN, before anybody has looked who calls, and
    logged as a fault of ours.
    """
    if read is None:
        return None

    def read_or_tell(content: bytes) -> Any:
        try:
            return read(content)
        except DecodeError as error:
            return Unreadable(str(error))

    return read_or_tell


def _of_what_can_be_read(behaviour: Behaviour) -> Behaviour:
    def call(request: Any, context: Any) -> Awaitable[Any]:
        if type(request) is Unreadable:
            raise Refused(Reason.INVALID_VALUE, "", f"the request is not a valid message: {request.why}")
        return behaviour(request, context)

    return call
