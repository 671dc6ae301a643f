"""AgentService: who is there, and what they are offered."""

from typing import Any

from acd.v1 import agent_service_pb2, agent_service_pb2_grpc, contact_pb2
from acd_core.enums import EventType, Presence
from acd_core.refusal import Reason, Refused
from acd_core.views import AgentView, ContactView
from acd_service import codec
from acd_service.engine_interface import RoutingEngine
from acd_service.rpc.call import Tenants, asking_of, carry_out
from acd_service.rpc.pages import LOOKS_MAX, bits_of, messages_of, page_of
from acd_service.seat import Released
from acd_service.tenant import Tenant


class AgentService(agent_service_pb2_grpc.AgentServiceServicer):
    """For agent desktops, PBXs and workforce systems."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def UpsertAgents(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def RemoveAgents(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def SetPresence(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def FinishWrapUp(self, request: Any, context: Any) -> Any:
        return await carry_out(self._tenants.of(context), request, context)

    async def Heartbeat(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        command = codec.command_of(request)
        answer = await tenant.submit(command, asking_of(context))

        def offline(engine: RoutingEngine) -> list[str]:
            views = ((agent_id, engine.agent(agent_id)) for agent_id in request.agent_ids)
            return [agent_id for agent_id, view in views if view is None or view.presence == Presence.OFFLINE]

        return codec.response_of(command, answer, await tenant.look(offline))

    async def GetAgent(self, request: Any, context: Any) -> Any:
        view, seq = await self._tenants.of(context).look(lambda engine: (engine.agent(request.agent_id), engine.seq))
        if view is None:
            raise _unknown_agent(request.agent_id)
        return agent_service_pb2.GetAgentResponse(agent=codec.agent_message(view), seq=seq)

    async def ListAgents(self, request: Any, context: Any) -> Any:
        page = page_of(request)
        presences = bits_of(request.presences)
        tenant = self._tenants.of(context)
        found, seq = await tenant.look(
            lambda engine: (
                engine.agents_from(page.ordinal, page.place, page.size, LOOKS_MAX, request.queue_id, presences),
                engine.seq,
            )
        )
        agents, token = await messages_of(found, tenant.config.message_bytes_max, codec.agent_message)
        return agent_service_pb2.ListAgentsResponse(agents=agents, next_page_token=token, seq=seq)

    async def WatchAgent(self, request: Any, context: Any) -> None:
        tenant = self._tenants.of(context)
        with tenant.metering.stream():
            await _watch(tenant, request.agent_id, context)


async def _watch(tenant: Tenant, agent_id: str, context: Any) -> None:
    def question(engine: RoutingEngine) -> tuple[AgentView | None, list[ContactView], int, int]:
        # The watch begins in the same moment as the picture is taken: nothing between is lost or told twice.
        view = engine.agent(agent_id)
        held = [] if view is None else [engine.contact(contact_id) for contact_id in view.contact_ids]
        contacts = [contact for contact in held if contact is not None]
        if view is not None:
            watchers.append(tenant.fanout.watch_agent(agent_id, [contact.contact_id for contact in contacts]))
        return view, contacts, engine.event_seq, engine.now_ns

    watchers: list[Any] = []
    try:
        view, contacts, event_seq, at_ns = await tenant.look(question)
        if view is None:
            raise _unknown_agent(agent_id)
        await context.write(
            agent_service_pb2.WatchAgentResponse(
                event_seq=event_seq,
                at=codec.timestamp_of(at_ns),
                snapshot=agent_service_pb2.AgentSnapshot(
                    agent=codec.agent_message(view),
                    contacts=[codec.contact_message(contact) for contact in contacts],
                ),
            )
        )
        while True:
            for released in await watchers[0].take():
                await context.write(await _update(tenant, released))
                if released.event.type == EventType.AGENT_REMOVED:
                    return
    finally:
        for watcher in watchers:
            watcher.close()


async def _update(tenant: Tenant, released: Released) -> agent_service_pb2.WatchAgentResponse:
    message = codec.event_message(released.event)
    update = agent_service_pb2.WatchAgentResponse(event_seq=message.event_seq, at=message.at)
    if released.event.type not in (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED):
        message.asked_by = released.asked_by
        update.event.CopyFrom(message)
        return update
    event = released.event
    view = await tenant.look(lambda engine: engine.contact(event.contact_id))
    # A contact that has ended since is no longer there to be shown: its id and queue are in the event.
    contact = (
        contact_pb2.Contact(contact_id=event.contact_id, queue_id=event.queue_id)
        if view is None
        else codec.contact_message(view)
    )
    detail = message.offer_made if event.type == EventType.OFFER_MADE else message.contact_assigned
    update.offer.offer_id = event.offer_id
    update.offer.contact.CopyFrom(contact)
    update.offer.decision.CopyFrom(detail.decision)
    if event.until_ns:
        update.offer.expires_at.CopyFrom(codec.timestamp_of(event.until_ns))
    return update


def _unknown_agent(agent_id: str) -> Refused:
    return Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{agent_id}"')
