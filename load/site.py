"""What the users of one Locust process share: connections, ids, and the accounts of what was acknowledged."""

import itertools
import os
import time
from typing import Any, Final

import gevent
import gevent.hub
import grpc

from acd.v1 import (
    admin_service_pb2_grpc,
    agent_service_pb2_grpc,
    event_service_pb2_grpc,
    insight_service_pb2_grpc,
    policy_service_pb2_grpc,
    routing_service_pb2_grpc,
)
from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.contact_pb2 import CONTACT_STATE_UNSPECIFIED
from acd.v1.event_pb2 import EVENT_TYPE_CONTACT_CLOSED, EVENT_TYPE_CONTACT_ENQUEUED
from acd.v1.event_service_pb2 import SubscribeRequest
from acd.v1.routing_service_pb2 import GetContactRequest
from load.calls import CALL_S
from load.ledger import Ledger

CATCH_UP_S: Final = 20.0
"""An event that has not come so long after everything stopped will not come."""
_UNARY_THREADS: Final = 128
"""gRPC waits for each unary call in a thread of gevent's pool; beyond so many at once they wait for a thread."""


class Connection:
    """Stubs for every service over one HTTP/2 connection."""

    def __init__(self, address: str) -> None:
        # Without a pool of its own, gRPC would lay all channels to one address on one connection.
        self.channel = grpc.insecure_channel(address, options=(("grpc.use_local_subchannel_pool", 1),))
        self.routing = routing_service_pb2_grpc.RoutingServiceStub(self.channel)
        self.agents = agent_service_pb2_grpc.AgentServiceStub(self.channel)
        self.policies = policy_service_pb2_grpc.PolicyServiceStub(self.channel)
        self.events = event_service_pb2_grpc.EventServiceStub(self.channel)
        self.insight = insight_service_pb2_grpc.InsightServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)


class Site:
    """Made once in each Locust process when the test starts there.

    Args:
        connections: how many; users take them by turns.

    Attributes:
        prefix: how the ids that this process gives begin; no two processes or runs have the same.
        is_stopping: users hang up instead of waiting on.
    """

    def __init__(self, address: str, connections: int) -> None:
        # One thread waits for the streams of each connection.
        gevent.get_hub().threadpool.maxsize = connections + _UNARY_THREADS
        self.prefix = f"load-{time.time_ns():x}-{os.getpid():x}-"
        self.ledger = Ledger(self.prefix)
        self.is_stopping = False
        self._numbers = itertools.count(1)
        self._connections = [Connection(address) for _ in range(connections)]
        self._turns = itertools.cycle(self._connections)
        self.own = Connection(address)
        self.first_event_seq = self._status().event_seq + 1
        self._covered = self.first_event_seq
        self._problem = ""
        self._stream: Any = None
        self._reader = gevent.spawn(self._follow)

    def connection(self) -> Connection:
        """The next one in turn."""
        return next(self._turns)

    def number(self) -> int:
        """1, 2, 3 …"""
        return next(self._numbers)

    def name(self, kind: str) -> str:
        """An id that nobody else gives."""
        return f"{self.prefix}{kind}-{self.number()}"

    def _status(self) -> Any:
        return self.own.admin.GetStatus(GetStatusRequest(), timeout=CALL_S)

    def _follow(self) -> None:
        wanted = [EVENT_TYPE_CONTACT_ENQUEUED, EVENT_TYPE_CONTACT_CLOSED]
        request = SubscribeRequest(from_event_seq=self.first_event_seq, types=wanted)
        self._stream = self.own.events.Subscribe(request)
        try:
            for message in self._stream:
                self.ledger.take(message.events)
                self._covered = message.next_event_seq
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                self._problem = f"the stream of the accounts broke: {error.code().name}"

    def settle(self) -> list[str]:
        """After the users have stopped: wait for the last events, and say what is wrong. Empty if all is accounted for.

        A contact that was acknowledged must have arrived under the seq of the acknowledgement, and either have ended
        once or be live. Counts that must stay zero are looked at too.
        """
        problems = []
        status = self._status()
        deadline = time.monotonic() + CATCH_UP_S
        while self._covered <= status.event_seq and not self._problem and time.monotonic() < deadline:
            gevent.sleep(0.05)
        if self._covered <= status.event_seq:
            problems.append(self._problem or "the last events did not come")
        self._stream.cancel()
        self._reader.join(CALL_S)
        lost = self.ledger.lost()
        if lost:
            problems.append(f"{len(lost)} acknowledged contacts have no event, {lost[0]} for one")
        gone = [contact_id for contact_id in self.ledger.live() if not self._is_live(contact_id)]
        if gone:
            problems.append(f"{len(gone)} contacts are neither live nor ended, {gone[0]} for one")
        if self.ledger.disagreements:
            problems.append(f"{self.ledger.disagreements} contacts came or ended twice, or with another seq")
        if self.ledger.lost_callers:
            problems.append(f"{self.ledger.lost_callers} contacts ended as LOST although their streams came back")
        problems += [f"invariant {name}: {count}" for name, count in status.invariant_violations.items() if count]
        problems += [f"command set aside: {one.kind}" for one in status.set_aside]
        return problems

    def _is_live(self, contact_id: str) -> bool:
        try:
            answer = self.own.routing.GetContact(GetContactRequest(contact_id=contact_id), timeout=CALL_S)
        except grpc.RpcError:
            self._catch_up_with_end(contact_id)
            return contact_id not in self.ledger.live()
        return bool(answer.contact.state != CONTACT_STATE_UNSPECIFIED)

    def _catch_up_with_end(self, contact_id: str) -> None:
        """A wrap-up may have run out since: read on, until the ledger has heard of it or nothing comes."""
        request = SubscribeRequest(from_event_seq=self._covered, types=[EVENT_TYPE_CONTACT_CLOSED])
        stream = self.own.events.Subscribe(request, timeout=CALL_S)
        last = self._status().event_seq
        try:
            for message in stream:
                self.ledger.take(message.events)
                self._covered = message.next_event_seq
                if self._covered > last:
                    break
        except grpc.RpcError as error:
            self._problem = f"the events of {contact_id} could not be read: {error.code().name}"
        finally:
            stream.cancel()
