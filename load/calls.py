"""Calls of the service, each told to Locust: its name, how long it took, and whether it went as it should."""

import time
from collections.abc import Collection, Iterator
from typing import Any, Final

import grpc
from locust.event import EventHook
from locust.exception import RescheduleTask

from load.refusal import reason_of

CALL_S: Final = 10.0
"""A unary call that is not answered within so long has failed."""


class CallFailed(RescheduleTask):
    """A call ended otherwise than it may; it was told to Locust as a failure. The user begins its next task."""


class Unexpected(Exception):
    """What Locust shows as the failure. Has no ids in it, so that equal failures are counted together."""


class Calls:
    """Calls over one connection, on behalf of a user.

    A refusal that belongs to life (the caller hung up while the agent answered) is named in `expected`: it counts as an
    answer, under the call's name with the reason behind it.
    """

    def __init__(self, request: EventHook) -> None:
        self._request = request

    def unary(self, name: str, method: Any, message: Any, expected: Collection[str] = ()) -> Any:
        """The response, or None if it was refused for a reason in `expected`.

        Raises:
            CallFailed: it was not answered, or refused for another reason.
        """
        began = time.perf_counter()
        try:
            response = method(message, timeout=CALL_S)
        except grpc.RpcError as error:
            reason = reason_of(error)
            if reason in expected:
                self.report(f"{name}, {reason}", began)
                return None
            self.fail(name, began, reason)
            raise CallFailed(reason) from None
        self.report(name, began, response.ByteSize())
        return response

    def stream(self, name: str, method: Any, message: Any, expected: Collection[str] = ()) -> "Stream":
        """Open a stream; what is reported is the time to its first message. A refusal in `expected` ends it quietly."""
        return Stream(self, name, method(message), expected)

    def report(self, name: str, began: float, response_bytes: int = 0) -> None:
        """Tell of something that went well, begun at `began` (of `time.perf_counter`)."""
        self._tell(name, began, response_bytes, None)

    def fail(self, name: str, began: float, reason: str) -> None:
        """Tell of something that went wrong."""
        self._tell(name, began, 0, Unexpected(reason))

    def failed_check(self, name: str, reason: str) -> None:
        """Tell that what came was not what must come."""
        self.fail(name, time.perf_counter(), reason)

    def report_check(self, name: str) -> None:
        """Tell that a check came out well."""
        self.report(name, time.perf_counter())

    def _tell(self, name: str, began: float, response_bytes: int, error: Exception | None) -> None:
        self._request.fire(
            request_type="grpc",
            name=name,
            response_time=(time.perf_counter() - began) * 1_000,
            response_length=response_bytes,
            exception=error,
            context={},
        )


class Stream:
    """One stream of messages, until it ends or is closed.

    Iterating ends quietly when the stream ends or was closed from this side.

    Raises:
        CallFailed: the stream broke; it was told to Locust.
    """

    def __init__(self, calls: Calls, name: str, call: Any, expected: Collection[str]) -> None:
        self._calls = calls
        self._name = name
        self._call = call
        self._expected = expected
        self._is_closed = False

    def __iter__(self) -> Iterator[Any]:
        began = time.perf_counter()
        is_first = True
        try:
            for message in self._call:
                if is_first:
                    self._calls.report(self._name, began, message.ByteSize())
                    is_first = False
                yield message
        except grpc.RpcError as error:
            if self._is_closed:
                return
            reason = reason_of(error)
            if reason in self._expected:
                self._calls.report(f"{self._name}, {reason}", began)
                return
            self._calls.fail(self._name, began, reason)
            raise CallFailed(reason) from None
        finally:
            self.close()

    def close(self) -> None:
        """Cut the stream off from this side."""
        self._is_closed = True
        self._call.cancel()
