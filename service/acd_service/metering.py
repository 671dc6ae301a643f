"""Holds a tenant to those of its quotas that the engine does not know: how fast, and how many streams."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from acd_service.clock import stopwatch_ns
from acd_service.service_error import QuotaExceeded
from acd_service.tenant_settings import Quotas

_RETRY_AFTER_MS: Final = 1_000
_TOKEN: Final = 1_000_000_000
"""A token, in parts of which a rate of one a second earns one each nanosecond."""


class Metering:
    """One tenant's; used on the event loop.

    The rate of commands is a token bucket that holds one second's worth. A batch takes as many tokens as it has
    commands; it may take more than there are, and the next has to wait until they are paid back, so that a batch of
    more than a second's worth is possible and costs what it is.

    Args:
        now_ns: a clock that never goes back.
    """

    def __init__(self, quotas: Quotas, now_ns: Callable[[], int] = stopwatch_ns) -> None:
        self.quotas = quotas
        self.streams = 0
        self.subscribers = 0
        self._now_ns = now_ns
        self._rate = quotas.commands_per_s
        self._tokens = self._rate * _TOKEN
        self._at_ns = now_ns()

    def why_not(self) -> QuotaExceeded | None:
        """Why no command may come now; None if one may."""
        if not self._rate:
            return None
        now_ns = self._now_ns()
        self._tokens = min(self._tokens + (now_ns - self._at_ns) * self._rate, self._rate * _TOKEN)
        self._at_ns = now_ns
        if self._tokens >= _TOKEN:
            return None
        missing_ns = -(-(_TOKEN - self._tokens) // self._rate)
        return QuotaExceeded("commands_per_s", self._rate, -(-missing_ns // 1_000_000))

    def take(self, commands: int = 1) -> None:
        """Count commands that a caller sent.

        Raises:
            QuotaExceeded: they come too fast; none is counted.
        """
        if not self._rate:
            return
        exceeded = self.why_not()
        if exceeded is not None:
            raise exceeded
        self._tokens -= commands * _TOKEN

    @contextlib.contextmanager
    def stream(self, *, subscribes: bool = False) -> Iterator[None]:
        """A stream, as long as it is open.

        Raises:
            QuotaExceeded: there are as many as there may be.
        """
        quotas = self.quotas
        if quotas.streams_max and self.streams >= quotas.streams_max:
            raise QuotaExceeded("streams_max", quotas.streams_max, _RETRY_AFTER_MS)
        if subscribes and quotas.subscribers_max and self.subscribers >= quotas.subscribers_max:
            raise QuotaExceeded("subscribers_max", quotas.subscribers_max, _RETRY_AFTER_MS)
        self.streams += 1
        self.subscribers += subscribes
        try:
            yield
        finally:
            self.streams -= 1
            self.subscribers -= subscribes
