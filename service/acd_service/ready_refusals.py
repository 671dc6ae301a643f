"""Refusals as gRPC sends them; those of which a service in need gives many are made once.

A status with its details takes longer to make than many a command takes to be applied, and a service that has more to
do than it can should not spend its time on saying so.
"""

from typing import Final, NamedTuple

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd_service import errors
from acd_service.service_error import Overloaded, QuotaExceeded, Stopping

_KEPT_MAX: Final = 1_024
FREQUENT: Final = (Overloaded, QuotaExceeded, Stopping)
"""They say the same to many: what they are is told by their kind, their text and their delay."""


class Refusal(NamedTuple):
    """How a call ends."""

    reason: str
    """The named cause as callers see it; `INTERNAL` for a fault of ours."""
    code: grpc.StatusCode
    message: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]


class ReadyRefusals:
    """Keeps the last of those that are given often."""

    def __init__(self) -> None:
        self._ready: dict[tuple[type[Exception], str, int], Refusal] = {}

    def of(self, error: Exception) -> Refusal:
        """The refusal that tells a caller of an error; `errors.status_of` says what is in it."""
        if not isinstance(error, FREQUENT):
            return _made(error)
        key = type(error), str(error), 0 if isinstance(error, Stopping) else error.retry_after_ms
        refusal = self._ready.get(key)
        if refusal is None:
            if len(self._ready) >= _KEPT_MAX:
                del self._ready[next(iter(self._ready))]
            refusal = self._ready[key] = _made(error)
        return refusal


def _made(error: Exception) -> Refusal:
    status = errors.status_of(error)
    sent = rpc_status.to_status(status)
    reason = "INTERNAL"
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reason = info.reason
            break
    return Refusal(reason, sent.code, sent.details, sent.trailing_metadata)
