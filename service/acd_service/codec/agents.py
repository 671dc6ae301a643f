"""Agents: the requests about them as commands, the commands as requests, and views of them as messages."""

from acd.v1 import agent_pb2
from acd.v1.agent_commands_pb2 import (
    FinishWrapUpRequest,
    HeartbeatRequest,
    RemoveAgentsRequest,
    SetPresenceRequest,
    UpsertAgentsRequest,
)
from acd_core.commands import FinishWrapUp, Heartbeat, RemoveAgents, SetPresence, UpsertAgents
from acd_core.limits import AGENTS_PER_COMMAND_MAX
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.views import AgentView
from acd_service.codec.values import duration_of_ms, not_built, span_ms_of, timestamp_of

CAPACITY_DEFAULT = 100


def agent_spec(message: agent_pb2.AgentSpec) -> AgentSpec:
    """The agent that a message describes.

    Raises:
        Refused: with the path below the message, `skills["spanish"]` for instance.
    """
    if message.HasField("weight"):
        raise not_built("weight")
    return AgentSpec(
        message.agent_id,
        tuple(map(SkillLevel._make, message.skills.items())),
        message.capacity if message.HasField("capacity") else CAPACITY_DEFAULT,
        tuple(map(ChannelMaximum._make, message.channel_maxima.items())),
        tuple(QueueMembership(member.queue_id, member.tier, member.position) for member in message.memberships),
        message.display_name,
    )


def agent_spec_message(spec: AgentSpec) -> agent_pb2.AgentSpec:
    return agent_pb2.AgentSpec(
        agent_id=spec.agent_id,
        skills=dict(spec.skills),
        capacity=spec.capacity,
        channel_maxima=dict(spec.channel_maxima),
        memberships=[
            agent_pb2.QueueMembership(queue_id=queue_id, tier=tier, position=position)
            for queue_id, tier, position in spec.memberships
        ],
        display_name=spec.display_name,
    )


def upsert_agents(request: UpsertAgentsRequest) -> UpsertAgents:
    if len(request.agents) > AGENTS_PER_COMMAND_MAX:
        raise Refused(
            Reason.TOO_MANY,
            "agents",
            f"{len(request.agents)} agents are more than the {AGENTS_PER_COMMAND_MAX} allowed at once",
        )
    specs = []
    for index, message in enumerate(request.agents):
        try:
            specs.append(agent_spec(message))
        except Refused as refused:
            raise refused.within(f"agents[{index}]") from None
    return UpsertAgents(tuple(specs), request_id=request.request_id)


def write_upsert_agents(request: UpsertAgentsRequest, command: UpsertAgents) -> None:
    request.request_id = command.request_id
    request.agents.extend(agent_spec_message(spec) for spec in command.agents)


def remove_agents(request: RemoveAgentsRequest) -> RemoveAgents:
    return RemoveAgents(tuple(request.agent_ids), request_id=request.request_id)


def write_remove_agents(request: RemoveAgentsRequest, command: RemoveAgents) -> None:
    request.request_id = command.request_id
    request.agent_ids.extend(command.agent_ids)


def set_presence(request: SetPresenceRequest) -> SetPresence:
    return SetPresence(
        request.agent_id,
        request.presence,
        request.reason,
        span_ms_of(request.lease, "lease") if request.HasField("lease") else 0,
        request_id=request.request_id,
    )


def write_set_presence(request: SetPresenceRequest, command: SetPresence) -> None:
    request.request_id = command.request_id
    request.agent_id = command.agent_id
    request.presence = command.presence  # type: ignore[assignment]  # the numbers are the same
    request.reason = command.reason
    if command.lease_ms:
        request.lease.CopyFrom(duration_of_ms(command.lease_ms))


def heartbeat(request: HeartbeatRequest) -> Heartbeat:
    return Heartbeat(tuple(request.agent_ids), request_id=request.request_id)


def write_heartbeat(request: HeartbeatRequest, command: Heartbeat) -> None:
    request.request_id = command.request_id
    request.agent_ids.extend(command.agent_ids)


def finish_wrap_up(request: FinishWrapUpRequest) -> FinishWrapUp:
    return FinishWrapUp(request.agent_id, request.contact_id, request_id=request.request_id)


def write_finish_wrap_up(request: FinishWrapUpRequest, command: FinishWrapUp) -> None:
    request.request_id = command.request_id
    request.agent_id = command.agent_id
    request.contact_id = command.contact_id


def agent_message(view: AgentView) -> agent_pb2.Agent:
    """An agent as the wire shows it."""
    message = agent_pb2.Agent(
        spec=agent_spec_message(view.spec),
        ordinal=view.ordinal,
        presence=view.presence,  # type: ignore[arg-type]  # the numbers are the same
        reason=view.reason,
        leaving=view.leaving,
        used=view.used,
        contact_ids=view.contact_ids,
    )
    if view.idle_since_ns:
        message.idle_since.CopyFrom(timestamp_of(view.idle_since_ns))
    if view.delayed_until_ns:
        message.delayed_until.CopyFrom(timestamp_of(view.delayed_until_ns))
    if view.lease_ms:
        message.lease.CopyFrom(duration_of_ms(view.lease_ms))
    return message
