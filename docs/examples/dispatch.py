"""Many calls through one Dispatch stream: contacts that come, are assigned and end, in batches.

    python docs/examples/dispatch.py HOST:PORT [CONTACTS]

The queue accepts by itself, so that every command is known before the answers come. Prints how many commands were taken
and how many were refused, by reason.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from threading import Semaphore

import grpc
from google.rpc.error_details_pb2 import ErrorInfo

from acd.v1.agent_commands_pb2 import UpsertAgentsRequest
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd.v1.command_pb2 import Command
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2 import DispatchRequest, DispatchResponse
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub

BATCH = 256
IN_FLIGHT = 8


def commands(contacts: int) -> Iterator[Command]:
    for number in range(contacts):
        contact_id = f"call-{number}"
        # The request_id makes it safe to send the same batch again when an answer did not come.
        yield Command(enqueue_contact={"request_id": f"in-{number}", "contact_id": contact_id, "queue_id": "sales"})
        yield Command(complete_contact={"request_id": f"out-{number}", "contact_id": contact_id})


def batches(contacts: int, free: Semaphore) -> Iterator[DispatchRequest]:
    batch = DispatchRequest(batch_id=1)
    for command in commands(contacts):
        batch.commands.append(command)
        if len(batch.commands) == BATCH:
            free.acquire()
            yield batch
            batch = DispatchRequest(batch_id=batch.batch_id + 1)
    if batch.commands:
        free.acquire()
        yield batch


def told(answer: DispatchResponse) -> Iterator[str]:
    for result in answer.results:
        info = ErrorInfo()
        if result.HasField("error") and result.error.details[0].Unpack(info):
            yield info.reason
        else:
            yield "taken"


def main(address: str, contacts: int) -> None:
    with grpc.insecure_channel(address) as channel:
        policy = {"queues": [{"queue_id": "sales", "auto_accept": True}]}
        PolicyServiceStub(channel).ApplyPolicy(ApplyPolicyRequest(policy=policy))
        AgentServiceStub(channel).UpsertAgents(UpsertAgentsRequest(agents=[{"agent_id": "ann"}]))
        ready = DispatchRequest(commands=[Command(set_presence={"agent_id": "ann", "presence": "PRESENCE_READY"})])
        routing = RoutingServiceStub(channel)
        list(routing.Dispatch(iter([ready])))

        free = Semaphore(IN_FLIGHT)
        outcomes: Counter[str] = Counter()
        for answer in routing.Dispatch(batches(contacts, free)):
            outcomes.update(told(answer))
            free.release()
        print(dict(sorted(outcomes.items())))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
