"""A CRM: follows every event, breaks off now and then, and checks that it misses nothing."""

import time
from collections.abc import Iterator
from typing import Any, Final

import gevent
from locust import between, task

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.event_service_pb2 import SubscribeRequest
from load.calls import Stream
from load.gapless import Gapless, MissedEvents
from load.grpc_user import GrpcUser

CATCH_UP_S: Final = 15.0
EVENTS: Final = "Subscribe (events)"
"""What each message is reported as. Its response time is how old the newest event in it was, by both clocks."""
CATCHING_UP: Final = "Subscribe (catching up)"
"""The same, of events from before the stream was opened."""


class CrmSubscriber(GrpcUser):
    """Ends only when it has seen all events that there were."""

    fixed_count = 1
    wait_time = between(2, 4)

    def on_start(self) -> None:
        """Begin with the next event."""
        self._gapless = Gapless(self._status().event_seq + 1)
        self._is_gone = False
        self._stream: Stream | None = None
        self._reader = gevent.spawn(self._read)

    def on_stop(self) -> None:
        """Read on up to the last event that there is now; what does not come is missed."""
        last = self._status().event_seq
        until = time.monotonic() + CATCH_UP_S
        while self._gapless.next_event_seq <= last and time.monotonic() < until:
            gevent.sleep(0.05)
        if self._gapless.next_event_seq <= last:
            self.calls.failed_check(EVENTS, "missed events: the last did not come")
        self._is_gone = True
        if self._stream is not None:
            self._stream.close()
        self._reader.join(timeout=5)

    @task
    def break_off(self) -> None:
        """The connection is lost; the reader resumes where it was."""
        if self._stream is not None:
            self._stream.close()

    def messages(self, stream: Stream) -> Iterator[Any]:
        """What came. A test loses some here."""
        return iter(stream)

    def _read(self) -> None:
        while not self._is_gone:
            request = SubscribeRequest(from_event_seq=self._gapless.next_event_seq)
            self._opened_s = time.time()
            self._stream = self.calls.stream("Subscribe", self.to.events.Subscribe, request)
            with self.told_already():
                for message in self.messages(self._stream):
                    self._check(message)
            gevent.sleep(self.draws.uniform(0, 0.5))

    def _check(self, message: Any) -> None:
        try:
            self._gapless.take(message)
        except MissedEvents as missed:
            self.calls.failed_check(EVENTS, f"missed events: {missed}")
        if message.events:
            at = message.events[-1].at
            at_s = at.seconds + at.nanos / 1e9
            began = time.perf_counter() - max(time.time() - at_s, 0.0)
            self.calls.report(EVENTS if at_s >= self._opened_s else CATCHING_UP, began, message.ByteSize())

    def _status(self) -> Any:
        return self.calls.unary("GetStatus", self.to.admin.GetStatus, GetStatusRequest())
