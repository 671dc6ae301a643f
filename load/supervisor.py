"""A supervisor: a wallboard that is always on, and questions now and then."""

from datetime import timedelta
from typing import Any

import gevent
from locust import between, task

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.agent_pb2 import PRESENCE_READY
from acd.v1.agent_service_pb2 import ListAgentsRequest
from acd.v1.contact_pb2 import CONTACT_STATE_WAITING
from acd.v1.insight_service_pb2 import (
    EstimateWaitRequest,
    ExplainRequest,
    GetQueueStatsRequest,
    WatchStatsRequest,
)
from acd.v1.routing_service_pb2 import ListContactsRequest
from load.calls import Stream
from load.centre import QUEUES
from load.grpc_user import GrpcUser


class Supervisor(GrpcUser):
    """Watches figures and looks into single contacts."""

    fixed_count = 1
    wait_time = between(0.2, 1)

    def on_start(self) -> None:
        """Put the wallboard on."""
        self._is_gone = False
        self._stream: Stream | None = None
        self._reader = gevent.spawn(self._watch)

    def on_stop(self) -> None:
        """Put it off."""
        self._is_gone = True
        if self._stream is not None:
            self._stream.close()
        self._reader.join(timeout=5)

    def _watch(self) -> None:
        request = WatchStatsRequest(queue_ids=QUEUES, with_agents=True, period=timedelta(seconds=1))
        while not self._is_gone:
            self._stream = self.calls.stream("WatchStats", self.to.insight.WatchStats, request)
            event_seq = 0
            with self.told_already():
                for message in self._stream:
                    if message.event_seq < event_seq:
                        self.calls.failed_check("WatchStats", "the figures went back")
                    event_seq = message.event_seq
            gevent.sleep(0.2)

    @task(3)
    def figures_of_the_day(self) -> None:
        """The queues' figures since midnight; what was answered cannot be more than what was offered."""
        ask = GetQueueStatsRequest(queue_ids=QUEUES)
        answer = self.calls.unary("GetQueueStats", self.to.insight.GetQueueStats, ask)
        if any(one.answered_within_target > one.answered for one in answer.stats):
            self.calls.failed_check("GetQueueStats", "more answered in time than answered")

    @task(3)
    def expected_wait(self) -> None:
        """How long a caller would wait who came now."""
        ask = EstimateWaitRequest(queue_id=self.draws.choice(QUEUES))
        self.calls.unary("EstimateWait", self.to.insight.EstimateWait, ask)

    @task(2)
    def why_does_it_wait(self) -> None:
        """Look at a waiting contact, and ask why it waits."""
        ask = ListContactsRequest(states=[CONTACT_STATE_WAITING], page_size=20)
        waiting: Any = self.calls.unary("ListContacts", self.to.routing.ListContacts, ask)
        if waiting.contacts:
            why = ExplainRequest(contact_id=self.draws.choice(waiting.contacts).contact_id)
            self.calls.unary("Explain", self.to.insight.Explain, why, frozenset(("UNKNOWN_CONTACT",)))

    @task(2)
    def who_is_ready(self) -> None:
        """The agents who are ready."""
        ask = ListAgentsRequest(presences=[PRESENCE_READY], page_size=100)
        self.calls.unary("ListAgents", self.to.agents.ListAgents, ask)

    @task(1)
    def is_all_well(self) -> None:
        """The counts that must stay zero."""
        status = self.calls.unary("GetStatus", self.to.admin.GetStatus, GetStatusRequest())
        for name, count in status.invariant_violations.items():
            if count:
                self.calls.failed_check("GetStatus", f"invariant {name}")
