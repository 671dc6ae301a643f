"""RoutingService: contacts in, agents out."""

from itertools import islice
from typing import Any

from acd.v1 import contact_pb2, routing_service_pb2, routing_service_pb2_grpc
from acd_core.commands import AttachContact, Command, DetachContact, EnqueueContact
from acd_core.enums import EventType
from acd_core.events import Answer
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service import codec
from acd_service.engine_interface import RoutingEngine
from acd_service.rpc.call import Tenants, asked_by, carry_out, command_of, not_built, page_filled, page_of, stamp_of
from acd_service.rpc.enqueueing import with_customer
from acd_service.seat import Released
from acd_service.sequencer import AT_FIELD
from acd_service.standing import Standing
from acd_service.tenant import Tenant
from acd_service.watchers import Watcher


class RoutingService(routing_service_pb2_grpc.RoutingServiceServicer):
    """For PBXs and chat gateways."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def EnqueueContact(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        command = command_of(request)
        assert isinstance(command, EnqueueContact)
        # What the surface has read already has no customer_address.
        if command is not request or command.customer_id:
            command = await with_customer(tenant, command, "" if command is request else request.customer_address)
        return codec.response_of(command, await tenant.submit(command, **stamp_of(context)))

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
        size, start = page_of(request)
        states = frozenset(request.states)

        def wanted(contact: ContactView) -> bool:
            return (
                (start is None or contact.ordinal >= start)
                and (not request.queue_id or contact.queue_id == request.queue_id)
                and (not states or contact.state in states)
                and (not request.agent_id or contact.agent_id == request.agent_id)
            )

        def question(engine: RoutingEngine) -> tuple[list[ContactView], int]:
            return list(islice(filter(wanted, engine.contacts()), size + 1)), engine.seq

        tenant = self._tenants.of(context)
        found, seq = await tenant.look(question)
        contacts = page_filled(found, size, tenant.config.message_bytes_max, codec.contact_message)
        return routing_service_pb2.ListContactsResponse(
            contacts=contacts,
            next_page_token=str(found[len(contacts)].ordinal) if len(found) > len(contacts) else "",
            seq=seq,
        )

    async def TransferContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def PickContact(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def RequestCallback(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def Dispatch(self, request: Any, context: Any) -> None:
        raise not_built("Dispatch")


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
            answer = await self._tenant.submit(command, **stamp_of(self._context), on_release=self._begin)
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
            return await self._tenant.submit(command, on_release=self._begin, asked_by=asked_by())
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
