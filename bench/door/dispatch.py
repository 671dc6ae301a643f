"""Commands a second on one Dispatch stream, durable, from one client in another process that sends raw bytes.

Each batch brings contacts that are assigned at once and completed: of 256 commands 128 arrive and 128 end, so the state
stays steady and the same bytes can be sent again and again.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from acd.v1 import (
    admin_service_pb2_grpc,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2_grpc,
    command_pb2,
    contact_commands_pb2,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2_grpc,
    routing_service_pb2,
)
from bench.door import child_process, unary

COMMANDS_A_BATCH = 256
IN_FLIGHT = 8
"""Batches that are sent and not answered yet."""
_AGENTS = 200
_METHOD = "/acd.v1.RoutingService/Dispatch"


class RefusedCommands(RuntimeError):
    """The service did not accept every command of the batches."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One run on one stream."""

    commands: int
    commands_per_s: float
    cpu_us_per_command: float


def measure(batches: int) -> Rate:
    """Send so many batches; a tenth as many first, to warm up.

    Raises:
        RefusedCommands.
    """
    with (
        tempfile.TemporaryDirectory(prefix="acd-dispatch-") as folder,
        child_process.service(Path(folder) / "data") as our,
        grpc.insecure_channel(our.address) as channel,
    ):
        _prepare(channel)
        admin = admin_service_pb2_grpc.AdminServiceStub(channel)
        content = batch()
        _send(channel, content, max(batches // 10, 1))
        before, before_s = unary.accepted(admin), our.cpu_s()
        taken_s = _send(channel, content, batches)
        commands = batches * COMMANDS_A_BATCH
        cpu_s = our.cpu_s() - before_s
        if unary.accepted(admin) - before != commands:
            raise RefusedCommands(f"{unary.accepted(admin) - before} of {commands} commands were accepted")
    return Rate(commands, commands / taken_s, cpu_s / commands * 1e6)


def batch() -> bytes:
    """The batch's bytes."""
    commands = []
    for number in range(COMMANDS_A_BATCH // 2):
        contact_id = f"contact-{number}"
        arrival = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id="sales")
        end = contact_commands_pb2.CompleteContactRequest(contact_id=contact_id)
        commands += [command_pb2.Command(enqueue_contact=arrival), command_pb2.Command(complete_contact=end)]
    return routing_service_pb2.DispatchRequest(batch_id=1, commands=commands).SerializeToString()


def _prepare(channel: grpc.Channel) -> None:
    policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales", auto_accept=True)])
    policy_service_pb2_grpc.PolicyServiceStub(channel).ApplyPolicy(
        policy_commands_pb2.ApplyPolicyRequest(policy=policy)
    )
    agents = agent_service_pb2_grpc.AgentServiceStub(channel)
    agent_ids = [f"agent-{number}" for number in range(_AGENTS)]
    specs = [agent_pb2.AgentSpec(agent_id=agent_id) for agent_id in agent_ids]
    agents.UpsertAgents(agent_commands_pb2.UpsertAgentsRequest(agents=specs))
    for agent_id in agent_ids:
        request = agent_commands_pb2.SetPresenceRequest(agent_id=agent_id, presence=agent_pb2.PRESENCE_READY)
        agents.SetPresence(request)


def _send(channel: grpc.Channel, content: bytes, batches: int) -> float:
    """Seconds until the last of so many batches was answered."""
    room = threading.Semaphore(IN_FLIGHT)

    def requests() -> Iterator[bytes]:
        for _ in range(batches):
            room.acquire()
            yield content

    began_s = time.perf_counter()
    answered = 0
    for _ in channel.stream_stream(_METHOD)(requests()):
        answered += 1
        room.release()
    if answered != batches:
        raise RefusedCommands(f"{answered} of {batches} batches were answered")
    return time.perf_counter() - began_s
