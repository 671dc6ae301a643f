"""RoutingService: contacts in, agents out."""

from typing import Any, Final

import grpc

from acd.v1 import contact_pb2, routing_service_pb2, routing_service_pb2_grpc
from acd_core.commands import AttachContact, Command, DetachContact, EnqueueContact
from acd_core.enums import EventType
from acd_core.events import Answer
from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.asking import Asking
from acd_service.codec.sent import SentCommand
from acd_service.rpc.call import Tenants, asked_by, asking_of, carry_out
from acd_service.rpc.dispatching import DispatchStream
from acd_service.rpc.enqueueing import with_customer
from acd_service.rpc.pages import LOOKS_MAX, bits_of, messages_of, page_of
from acd_service.seat import Released
from acd_service.sequencer import AT_FIELD
from acd_service.standing import Standing
from acd_service.tenant import Tenant
from acd_service.watchers import Watcher

SERVICE: Final = "acd.v1.RoutingService"


class RoutingService(routing_service_pb2_grpc.RoutingServiceServicer):
    """For PBXs and chat gateways."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def add_to(self, server: Any) -> None:
        """Register with a server. Dispatch is bytes on both sides: compiled code reads and writes them."""
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server(self, server)
        dispatch: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(self.Dispatch)
        server.add_registered_method_handlers(SERVICE, {"Dispatch": dispatch})

    async def EnqueueContact(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        if isinstance(request, SentCommand):
            # It has no customer_address: such a request is left to the plain codec.
            sent, address = request.command, ""
        else:
            sent, address = codec.command_of(request), request.customer_address
        assert isinstance(sent, EnqueueContact)
        command = await with_customer(tenant, sent, address)
        return codec.response_of(command, await tenant.submit(command, asking_of(context)))

    async def UpdateContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def CancelContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def CompleteContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def AcceptOffer(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def DeclineOffer(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def RouteContact(self, request: Any, context: Any) -> None:
        tenant = self._tenants.of(context)
        command = codec.command_of(request)
        try:
            if isinstance(command, EnqueueContact):
                command = await with_customer(tenant, command, request.enqueue.customer_address)
            with tenant.metering.stream():
                await _ContactStream(tenant, context).run(command)
        except Refused as refused:
            if refused.field in ("", AT_FIELD):
                raise
            raise codec.wire_refusal(refused).within(request.WhichOneof("contact")) from None

    async def GetContact(self, request: Any, context: Any) -> Any:
        view, seq = await self._tenants.of(context).look(
            lambda engine: (engine.contact(request.contact_id), engine.seq)
        )
        if view is None:
            raise Refused(Reason.UNKNOWN_CONTACT, "contact_id", f'there is no live contact "{request.contact_id}"')
        return routing_service_pb2.GetContactResponse(contact=codec.contact_message(view), seq=seq)

    async def ListContacts(self, request: Any, context: Any) -> Any:
        page = page_of(request)
        states = bits_of(request.states)
        tenant = self._tenants.of(context)
        found, seq = await tenant.look(
            lambda engine: (
                engine.contacts_from(
                    page.ordinal, page.place, page.size, LOOKS_MAX, request.queue_id, states, request.agent_id
                ),
                engine.seq,
            )
        )
        contacts, token = await messages_of(found, tenant.config.message_bytes_max, codec.contact_message)
        return routing_service_pb2.ListContactsResponse(contacts=contacts, next_page_token=token, seq=seq)

    async def TransferContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def PickContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def RequestCallback(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def Dispatch(self, request: Any, context: Any) -> None:
        await DispatchStream(self._tenants.of(context), context).run()


class _ContactStream:
    """One RouteContact stream.

    A stream that ends before the contact is assigned or has ended leaves it detached, unless another stream follows it
    or the service itself is stopping: nobody can tell a caller who hung up from a client that was cut off.
    """

    def __init__(self, tenant: Tenant, context: Any) -> None:
        self._tenant = tenant
        self._context = context
        self._watcher: Watcher | None = None
        self._is_gone = False

    async def run(self, command: Command) -> None:
        standing: Standing | None = None
        try:
            answer = await self._tenant.submit(command, asking_of(self._context), on_release=self._begin)
            is_new = not answer.duplicate and not isinstance(command, AttachContact)
            if answer.duplicate:
                answer = await self._attach_again(answer)
            standing = Standing.of_answer(answer)
            first = codec.route_response(answer)
            first.duplicate = not is_new
            first.end_cause = _end_cause(answer)
            await self._context.write(first)
            while not standing.is_settled and self._watcher is not None:
                for released in await self._watcher.take():
                    if released.event.seq <= answer.seq:
                        continue
                    standing = standing.after(released.event)
                    await self._context.write(_update(standing, released))
        finally:
            self._is_gone = True
            if self._watcher is not None:
                self._watcher.close()
                if standing is None or not standing.is_settled:
                    self._detach(self._contact_id)

    def _begin(self, answer: Answer) -> None:
        if Standing.of_answer(answer).is_settled:
            return
        if self._is_gone:
            self._detach(answer.contact_id)
        elif self._watcher is None:
            self._contact_id = answer.contact_id
            self._watcher = self._tenant.fanout.watch_contact(answer.contact_id)

    async def _attach_again(self, answer: Answer) -> Answer:
        """A repeated request is answered as it was the first time; what the contact is now, attaching tells."""
        command = AttachContact(answer.contact_id)
        try:
            return await self._tenant.submit(command, Asking(asked_by=asked_by()), on_release=self._begin)
        except Refused:
            closed = contact_pb2.CONTACT_STATE_CLOSED
            return Answer(answer.seq, answer.at_ns, contact_id=answer.contact_id, contact_state=closed)

    def _detach(self, contact_id: str) -> None:
        fanout = self._tenant.fanout
        if not self._tenant.is_stopping and not fanout.contact_is_watched(contact_id):
            self._tenant.in_background(DetachContact(contact_id), f"detach of {contact_id}")


def _update(standing: Standing, released: Released) -> routing_service_pb2.RouteContactResponse:
    response = codec.route_response(standing.as_answer(released.event))
    response.event.CopyFrom(codec.event_message(released.event))
    response.event.asked_by = released.asked_by
    response.end_cause = standing.end_cause  # type: ignore[assignment]  # the numbers are the same
    return response


def _end_cause(answer: Answer) -> Any:
    for event in answer.events:
        if event.type == EventType.CONTACT_CLOSED and event.contact_id == answer.contact_id:
            return event.cause
    return 0
