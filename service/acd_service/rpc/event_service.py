"""EventService: everything that happens, in order, without gaps."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import grpc
import grpc.aio

from acd.v1 import agent_pb2, contact_pb2, event_service_pb2
from acd_core.enums import EventType
from acd_core.policy import Policy
from acd_core.refusal import Reason, Refused
from acd_core.views import AgentView, ContactView
from acd_service import codec
from acd_service.codec.values import varint
from acd_service.engine_interface import RoutingEngine
from acd_service.fanout import Chunk, EventFilter
from acd_service.rpc.call import Tenants
from acd_service.rpc.surface import Surface
from acd_service.tenant import Tenant

SERVICE: Final = "acd.v1.EventService"
_FILTER_ENTRIES_MAX: Final = 10_000
_TYPES: Final = frozenset(int(kind) for kind in EventType)
_FRAME_BYTES: Final = 8
"""What a message within a message takes besides its own bytes, at most."""
_EVENTS_TAG: Final = bytes([2 << 3 | 2])
"""Field 2, length-delimited: how `SubscribeResponse.events` begins on the wire."""


class EventService:
    """For CRM and reporting."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def add_to(self, server: Surface) -> None:
        """Register with a server. Responses are bytes already: events are sent as the journal holds them."""
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_stream_rpc_method_handler(
            self.subscribe,
            request_deserializer=event_service_pb2.SubscribeRequest.FromString,
            response_serializer=None,
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Subscribe": handler}),))

    async def subscribe(self, request: Any, context: Any) -> None:
        tenant = self._tenants.of(context)
        with tenant.metering.stream(subscribes=True):
            await _follow(tenant, request, context)


async def _follow(tenant: Tenant, request: Any, context: Any) -> None:
    wanted = _filter_of(request)
    match request.WhichOneof("from"):
        case "from_event_seq":
            cursor = request.from_event_seq
            if cursor < 1:
                raise Refused(Reason.OUT_OF_RANGE, "from_event_seq", "events count from 1")
        case "now":
            cursor = tenant.fanout.next_event_seq
        case "snapshot":
            picture = await tenant.look(_Picture)
            cursor = picture.next_event_seq
            for part in picture.parts(tenant.config.message_bytes_max):
                await context.write(part.SerializeToString())
            del picture
        case _:
            raise Refused(Reason.EMPTY, "from", "say where to start: from_event_seq, now or snapshot")
    async for chunk in tenant.fanout.follow(cursor, wanted, context.peer()):
        await context.write(_message(tenant, chunk))


def _message(tenant: Tenant, chunk: Chunk) -> bytes:
    head = event_service_pb2.SubscribeResponse(next_event_seq=chunk.next_event_seq, progress=not chunk.contents)
    if chunk.next_event_seq >= tenant.fanout.next_event_seq:
        head.at.CopyFrom(codec.timestamp_of(tenant.clock.now_ns()))
    parts = [head.SerializeToString()]
    for content in chunk.contents:
        parts += (_EVENTS_TAG, varint(len(content)), content)
    return b"".join(parts)


def _filter_of(request: Any) -> EventFilter:
    for field in ("types", "queue_ids", "agent_ids"):
        if len(getattr(request, field)) > _FILTER_ENTRIES_MAX:
            raise Refused(Reason.TOO_MANY, field, f"more than the {_FILTER_ENTRIES_MAX} entries allowed")
    for index, kind in enumerate(request.types):
        if kind not in _TYPES:
            raise Refused(Reason.INVALID_VALUE, f"types[{index}]", f"{kind} is not a type of event")
    return EventFilter(frozenset(request.types), frozenset(request.queue_ids), frozenset(request.agent_ids))


class _Picture:
    """The state of a tenant at one moment, sent in parts."""

    def __init__(self, engine: RoutingEngine) -> None:
        self._seq = engine.seq
        self._policy: Policy = engine.policy
        self._policy_version = engine.policy_version
        self._agents: Sequence[AgentView] = list(engine.agents())
        self._contacts: Sequence[ContactView] = list(engine.contacts())
        self._at_ns = engine.now_ns
        self.next_event_seq = engine.event_seq + 1

    def parts(self, bytes_max: int) -> Iterator[event_service_pb2.SubscribeResponse]:
        """Messages of about `bytes_max` bytes at most each."""
        response = self._part()
        response.snapshot.policy.CopyFrom(codec.policy_message(self._policy))
        response.snapshot.policy_version = self._policy_version
        size = response.ByteSize()
        messages: Iterator[agent_pb2.Agent | contact_pb2.Contact] = chain(
            map(codec.agent_message, self._agents), map(codec.contact_message, self._contacts)
        )
        for message in messages:
            size += message.ByteSize() + _FRAME_BYTES
            if size > bytes_max:
                yield response
                response = self._part()
                size = message.ByteSize()
            if isinstance(message, agent_pb2.Agent):
                response.snapshot.agents.append(message)
            else:
                response.snapshot.contacts.append(message)
        response.snapshot.last = True
        yield response

    def _part(self) -> event_service_pb2.SubscribeResponse:
        return event_service_pb2.SubscribeResponse(
            next_event_seq=self.next_event_seq,
            at=codec.timestamp_of(self._at_ns),
            snapshot=event_service_pb2.SnapshotPart(seq=self._seq),
        )
