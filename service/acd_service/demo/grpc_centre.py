"""The demo's only way to its service: one unary call a command, one event stream, both over gRPC."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message

from acd.v1.admin_service_pb2 import GetStatusRequest, GetStatusResponse
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd.v1.event_service_pb2 import SubscribeRequest, SubscribeResponse
from acd.v1.event_service_pb2_grpc import EventServiceStub
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub
from acd_core.commands import Command, Resume, Tick
from acd_core.enums import CommandKind, EventType
from acd_core.events import Event
from acd_service.checker import Checker
from acd_service.codec import event_of
from acd_service.codec.requests import journalled_message

AT_KEY: Final = "acd-at-ns"
"""The metadata that tells a service with an external clock what time it is."""
STREAM_S: Final = 30.0
"""An event that has not come so long after the reply to its command will not come."""


class StreamBroken(RuntimeError):
    """The event stream ended or fell behind for good."""


class GrpcCentre:
    """A `Centre`. Judges what it sees with the independent checker as it goes.

    Args:
        seed: of the service's random draws, which the checker has to know.
    """

    def __init__(self, channel: grpc.aio.Channel, seed: int) -> None:
        routing, agents, policies = RoutingServiceStub(channel), AgentServiceStub(channel), PolicyServiceStub(channel)
        self._calls: Mapping[int, tuple[str, Any]] = {
            CommandKind.APPLY_POLICY: ("apply_policy", policies.ApplyPolicy),
            CommandKind.UPSERT_AGENTS: ("upsert_agents", agents.UpsertAgents),
            CommandKind.SET_PRESENCE: ("set_presence", agents.SetPresence),
            CommandKind.HEARTBEAT: ("heartbeat", agents.Heartbeat),
            CommandKind.FINISH_WRAP_UP: ("finish_wrap_up", agents.FinishWrapUp),
            CommandKind.ENQUEUE_CONTACT: ("enqueue_contact", routing.EnqueueContact),
            CommandKind.CANCEL_CONTACT: ("cancel_contact", routing.CancelContact),
            CommandKind.ACCEPT_OFFER: ("accept_offer", routing.AcceptOffer),
            CommandKind.DECLINE_OFFER: ("decline_offer", routing.DeclineOffer),
            CommandKind.COMPLETE_CONTACT: ("complete_contact", routing.CompleteContact),
        }
        self._admin = AdminServiceStub(channel)
        self._subscribe = EventServiceStub(channel).Subscribe
        self._stream: Any = None
        self._covered_seq = 0
        """Every event of the commands up to this one was seen."""
        self._to_judge: tuple[int, int, Command, Sequence[Event]] | None = None
        self.checker = Checker(seed)
        self.rpc_calls = 0
        self.next_event_seq = 1

    async def open(self) -> None:
        """Subscribe from the first event on."""
        self._stream = self._subscribe(SubscribeRequest(from_event_seq=1))
        self.rpc_calls += 1

    async def send(self, at_ns: int, command: Command) -> Sequence[Event]:
        """As `Centre.send`.

        Raises:
            grpc.RpcError: the service did not take the command.
            StreamBroken: the command's events did not come.
        """
        field, call = self._calls[command.kind]
        request: Message = getattr(journalled_message(command), field)
        pending = call(request, metadata=((AT_KEY, str(at_ns)),))
        await asyncio.sleep(0)
        self._judge_last()  # while the call is under way
        reply = await pending
        self.rpc_calls += 1
        # A heartbeat has no events of its own, only those of the tick before it, if there was one.
        awaited_seq = reply.seq - 1 if command.kind == CommandKind.HEARTBEAT else reply.seq
        events: list[Event] = []
        while self._covered_seq < awaited_seq:
            events += await self._read()
        self._covered_seq = reply.seq
        self._to_judge = (reply.seq, at_ns, command, events)
        return events

    async def status(self) -> GetStatusResponse:
        """What the service says of itself."""
        status: GetStatusResponse = await self._admin.GetStatus(GetStatusRequest(with_state_digest=True))
        self.rpc_calls += 1
        return status

    async def close(self) -> None:
        """Judge what is left to judge and end the stream."""
        self._judge_last()
        if self._stream is not None:
            self._stream.cancel()

    async def _read(self) -> list[Event]:
        try:
            async with asyncio.timeout(STREAM_S):
                message = await self._stream.read()
        except TimeoutError:
            raise StreamBroken(f"no event came within {STREAM_S:.0f} s of the reply to its command") from None
        if not isinstance(message, SubscribeResponse):
            raise StreamBroken("the service ended the event stream")
        events = [event_of(event) for event in message.events]
        if events:
            self._covered_seq = events[-1].seq
        self.next_event_seq = message.next_event_seq
        return events

    def _judge_last(self) -> None:
        """Give the checker the last command, after those that the service put in front of it by itself."""
        if self._to_judge is None:
            return
        seq, at_ns, command, events = self._to_judge
        self._to_judge = None
        for own_seq in range(self.checker.seq + 1, seq):
            own = [event for event in events if event.seq == own_seq]
            resumed = any(event.type == EventType.RESUMED for event in own)
            self.checker.observe(own_seq, at_ns, Resume() if resumed else Tick(), own)
        self.checker.observe(seq, at_ns, command, [event for event in events if event.seq == seq])
