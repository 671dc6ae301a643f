"""What the drivers post: an arrival without an id, the same bytes each time, and the policy that makes it bearable.

Each call is a new contact with an id of the server's, whose wait the plan ends within a second, so that the state stays
as large as it is, however long it goes on.
"""

from datetime import timedelta
from typing import Final

import grpc

from acd.v1 import policy_service_pb2_grpc
from acd.v1.contact_commands_pb2 import EnqueueContactRequest, EnqueueContactResponse
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_pb2 import EndWait, Plan, PlanStep, Policy, Queue

QUEUE_ID: Final = "load_short"
ENQUEUE: Final = "/acd.v1.RoutingService/EnqueueContact"
ID_PREFIX: Final = "acd:"
"""How the ids that the server gives begin."""
_WAIT: Final = timedelta(milliseconds=500)


def message() -> bytes:
    """What a telephone system sends."""
    request = EnqueueContactRequest(
        queue_id=QUEUE_ID, requirement="billing>=2", attributes={"caller": "+49 30 12345678"}
    )
    return request.SerializeToString()


def policy() -> Policy:
    """The policy that the message needs."""
    end = EndWait(kind=EndWait.KIND_HANG_UP, target="load")
    return Policy(
        queues=[Queue(queue_id=QUEUE_ID, plan_id="load_short")],
        plans=[Plan(plan_id="load_short", steps=[PlanStep(after=_WAIT, end=end)])],
    )


def apply_policy(address: str) -> None:
    """Put the policy in force that the message needs; it replaces the one that is there.

    Raises:
        grpc.RpcError.
    """
    with grpc.insecure_channel(address) as channel:
        stub = policy_service_pb2_grpc.PolicyServiceStub(channel)
        stub.ApplyPolicy(ApplyPolicyRequest(policy=policy()), timeout=10, wait_for_ready=True)


def acknowledged(response: bytes) -> tuple[str, int]:
    """The contact that a response tells of, and the seq of the command that brought it."""
    answer = EnqueueContactResponse.FromString(response)
    return answer.contact.contact_id, answer.seq
