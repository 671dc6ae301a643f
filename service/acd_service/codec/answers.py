"""What commands came to, as the responses of their calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acd.v1 import agent_commands_pb2, command_pb2, contact_commands_pb2, policy_commands_pb2
from acd.v1.contact_pb2 import ContactStanding
from acd.v1.routing_service_pb2 import RouteContactResponse
from acd_core.commands import Command
from acd_core.enums import CommandKind
from acd_core.events import Answer

_NS: Final = 1_000_000_000

Response = (
    contact_commands_pb2.EnqueueContactResponse
    | contact_commands_pb2.UpdateContactResponse
    | contact_commands_pb2.CancelContactResponse
    | contact_commands_pb2.AcceptOfferResponse
    | contact_commands_pb2.DeclineOfferResponse
    | contact_commands_pb2.CompleteContactResponse
    | contact_commands_pb2.TransferContactResponse
    | contact_commands_pb2.PickContactResponse
    | contact_commands_pb2.RequestCallbackResponse
    | agent_commands_pb2.FinishWrapUpResponse
    | agent_commands_pb2.SetPresenceResponse
    | agent_commands_pb2.HeartbeatResponse
    | agent_commands_pb2.UpsertAgentsResponse
    | agent_commands_pb2.RemoveAgentsResponse
    | policy_commands_pb2.ApplyPolicyResponse
)

_RESPONSES: Final[Mapping[int, tuple[str, Any]]] = {
    CommandKind.ENQUEUE_CONTACT: ("enqueue_contact", contact_commands_pb2.EnqueueContactResponse),
    CommandKind.UPDATE_CONTACT: ("update_contact", contact_commands_pb2.UpdateContactResponse),
    CommandKind.CANCEL_CONTACT: ("cancel_contact", contact_commands_pb2.CancelContactResponse),
    CommandKind.ACCEPT_OFFER: ("accept_offer", contact_commands_pb2.AcceptOfferResponse),
    CommandKind.DECLINE_OFFER: ("decline_offer", contact_commands_pb2.DeclineOfferResponse),
    CommandKind.COMPLETE_CONTACT: ("complete_contact", contact_commands_pb2.CompleteContactResponse),
    CommandKind.FINISH_WRAP_UP: ("finish_wrap_up", agent_commands_pb2.FinishWrapUpResponse),
    CommandKind.SET_PRESENCE: ("set_presence", agent_commands_pb2.SetPresenceResponse),
    CommandKind.HEARTBEAT: ("heartbeat", agent_commands_pb2.HeartbeatResponse),
    CommandKind.UPSERT_AGENTS: ("upsert_agents", agent_commands_pb2.UpsertAgentsResponse),
    CommandKind.REMOVE_AGENTS: ("remove_agents", agent_commands_pb2.RemoveAgentsResponse),
    CommandKind.APPLY_POLICY: ("apply_policy", policy_commands_pb2.ApplyPolicyResponse),
    CommandKind.TRANSFER_CONTACT: ("transfer_contact", contact_commands_pb2.TransferContactResponse),
    CommandKind.PICK_CONTACT: ("pick_contact", contact_commands_pb2.PickContactResponse),
    CommandKind.REQUEST_CALLBACK: ("request_callback", contact_commands_pb2.RequestCallbackResponse),
}


def response_of(command: Command, answer: Answer, not_signed_on: Sequence[str] = ()) -> Response:
    """The response of the call that `command` came from.

    Args:
        not_signed_on: for a heartbeat, those of its agents that are offline.
    """
    response: Response = _RESPONSES[command.kind][1]()
    _fill(response, command, answer, not_signed_on)
    return response


def result_of(command: Command, answer: Answer, not_signed_on: Sequence[str] = ()) -> command_pb2.CommandResult:
    """As `response_of`, as an entry of a Dispatch batch."""
    result = command_pb2.CommandResult()
    _fill(getattr(result, _RESPONSES[command.kind][0]), command, answer, not_signed_on)
    return result


def route_response(answer: Answer) -> RouteContactResponse:
    """The first message of a RouteContact stream."""
    response = RouteContactResponse(seq=answer.seq, duplicate=answer.duplicate)
    response.at.seconds, response.at.nanos = divmod(answer.at_ns, _NS)
    _stand(response.contact, answer)
    return response


def contact_standing(answer: Answer) -> ContactStanding:
    """How the contact of an answer stands."""
    standing = ContactStanding()
    _stand(standing, answer)
    return standing


def _fill(response: Any, command: Command, answer: Answer, not_signed_on: Sequence[str]) -> None:
    response.seq = answer.seq
    at = response.at
    at.seconds, at.nanos = divmod(answer.at_ns, _NS)
    if answer.duplicate:
        response.duplicate = True
    if answer.contact_id:
        _stand(response.contact, answer)
    elif command.kind == CommandKind.APPLY_POLICY:
        response.policy_version = answer.policy_version
    elif not_signed_on:
        response.not_signed_on_agent_ids.extend(not_signed_on)


def _stand(standing: ContactStanding, answer: Answer) -> None:
    standing.contact_id = answer.contact_id
    standing.state = answer.contact_state  # type: ignore[assignment]  # the numbers are the same
    if answer.agent_id:
        standing.agent_id = answer.agent_id
        standing.offer_id = answer.offer_id
        if answer.offer_expires_ns:
            expires = standing.offer_expires_at
            expires.seconds, expires.nanos = divmod(answer.offer_expires_ns, _NS)
