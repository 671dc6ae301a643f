"""Any request as a command, and any command as the wire's `Command`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from acd.v1 import agent_commands_pb2, command_pb2, contact_commands_pb2, policy_commands_pb2
from acd.v1.routing_service_pb2 import AttachContact as AttachContactMessage
from acd.v1.routing_service_pb2 import RouteContactRequest
from acd_core import commands
from acd_core.enums import CommandKind
from acd_core.refusal import Reason, Refused
from acd_service.codec import agents, contacts, customers, policies
from acd_service.codec.values import not_built, wire_refusal
from acd_service.customers.known_contact import EnqueueKnownContact
from acd_service.opening_times import check_time_zones


def _tick(message: command_pb2.TickCommand) -> commands.Tick:
    return commands.Tick(request_id=message.request_id)


def _resume(message: command_pb2.ResumeCommand) -> commands.Resume:
    return commands.Resume(request_id=message.request_id)


def _detach(message: command_pb2.DetachContactCommand) -> commands.DetachContact:
    return commands.DetachContact(message.contact_id, request_id=message.request_id)


def _attach(message: command_pb2.AttachContactCommand | AttachContactMessage) -> commands.AttachContact:
    return commands.AttachContact(message.contact_id, request_id=message.request_id)


def _open_queue(message: command_pb2.OpenQueueCommand) -> commands.OpenQueue:
    return commands.OpenQueue(message.queue_id, request_id=message.request_id)


def _close_queue(message: command_pb2.CloseQueueCommand) -> commands.CloseQueue:
    return commands.CloseQueue(message.queue_id, request_id=message.request_id)


def _set_contact_aside(message: command_pb2.SetContactAsideCommand) -> commands.SetContactAside:
    return commands.SetContactAside(message.contact_id, request_id=message.request_id)


def _set_agent_aside(message: command_pb2.SetAgentAsideCommand) -> commands.SetAgentAside:
    return commands.SetAgentAside(message.agent_id, request_id=message.request_id)


def _forget_customer(message: command_pb2.ForgetCustomerCommand) -> commands.ForgetCustomer:
    return commands.ForgetCustomer(message.customer_id, tuple(message.contact_ids), request_id=message.request_id)


def _enqueue_attached(request: contact_commands_pb2.EnqueueContactRequest) -> commands.EnqueueContact:
    return contacts.enqueue_contact(request, attached=True)


def _route(request: RouteContactRequest) -> commands.Command:
    which = request.WhichOneof("contact")
    if which is None:
        raise Refused(Reason.EMPTY, "contact", "either `enqueue` or `attach` must be set")
    try:
        return _enqueue_attached(request.enqueue) if which == "enqueue" else _attach(request.attach)
    except Refused as refused:
        raise wire_refusal(refused).within(which) from None


def _apply_policy(request: policy_commands_pb2.ApplyPolicyRequest) -> commands.ApplyPolicy:
    command = policies.apply_policy(request)
    try:
        check_time_zones(command.policy)
    except Refused as refused:
        raise refused.within("policy") from None
    return command


_OF_CALLERS: Final[Mapping[str, Callable[[Any], commands.Command]]] = {
    "enqueue_contact": contacts.enqueue_contact,
    "update_contact": contacts.update_contact,
    "cancel_contact": contacts.cancel_contact,
    "accept_offer": contacts.accept_offer,
    "decline_offer": contacts.decline_offer,
    "complete_contact": contacts.complete_contact,
    "finish_wrap_up": agents.finish_wrap_up,
    "set_presence": agents.set_presence,
    "heartbeat": agents.heartbeat,
    "upsert_agents": agents.upsert_agents,
    "remove_agents": agents.remove_agents,
    "apply_policy": _apply_policy,
    "transfer_contact": contacts.transfer_contact,
    "pick_contact": contacts.pick_contact,
    "request_callback": contacts.request_callback,
}
_OF_SERVER: Final[Mapping[str, Callable[[Any], commands.Command]]] = {
    "tick": _tick,
    "resume": _resume,
    "enqueue_attached_contact": _enqueue_attached,
    "detach_contact": _detach,
    "attach_contact": _attach,
    "open_queue": _open_queue,
    "close_queue": _close_queue,
    "set_contact_aside": _set_contact_aside,
    "set_agent_aside": _set_agent_aside,
    "forget_customer": _forget_customer,
    "enqueue_known_contact": customers.known_contact_of,
}
# What the journal has was taken once: which time zones there are here does not matter any more.
_ALL: Final = {**_OF_CALLERS, **_OF_SERVER, "apply_policy": policies.apply_policy}
_BY_REQUEST: Final[Mapping[type[Message], Callable[[Any], commands.Command]]] = {
    contact_commands_pb2.EnqueueContactRequest: contacts.enqueue_contact,
    contact_commands_pb2.UpdateContactRequest: contacts.update_contact,
    contact_commands_pb2.CancelContactRequest: contacts.cancel_contact,
    contact_commands_pb2.AcceptOfferRequest: contacts.accept_offer,
    contact_commands_pb2.DeclineOfferRequest: contacts.decline_offer,
    contact_commands_pb2.CompleteContactRequest: contacts.complete_contact,
    agent_commands_pb2.FinishWrapUpRequest: agents.finish_wrap_up,
    agent_commands_pb2.SetPresenceRequest: agents.set_presence,
    agent_commands_pb2.HeartbeatRequest: agents.heartbeat,
    agent_commands_pb2.UpsertAgentsRequest: agents.upsert_agents,
    agent_commands_pb2.RemoveAgentsRequest: agents.remove_agents,
    policy_commands_pb2.ApplyPolicyRequest: _apply_policy,
    contact_commands_pb2.TransferContactRequest: contacts.transfer_contact,
    contact_commands_pb2.PickContactRequest: contacts.pick_contact,
    contact_commands_pb2.RequestCallbackRequest: contacts.request_callback,
    RouteContactRequest: _route,
}


def command_of(request: Message) -> commands.Command:
    """The command that a call's request asks for; for RouteContact, of a contact that a stream follows.

    Raises:
        Refused: with the field's path in the request. NOT_BUILT without a field for a call that is not built.
    """
    maker = _BY_REQUEST.get(type(request))
    if maker is None:
        raise not_built("")
    try:
        return maker(request)
    except Refused as refused:
        raise wire_refusal(refused) from None


def batch_command_of(message: command_pb2.Command) -> commands.Command:
    """The command that an entry of a Dispatch batch asks for.

    Raises:
        Refused: with the field's path in the request that the entry holds; EMPTY if it holds none, INVALID_VALUE if it
            is one that only the server gives, or for the directory of customers, of which no engine knows.
    """
    which = message.WhichOneof("command")
    if which is None:
        raise Refused(Reason.EMPTY, "command", "one command must be set")
    if which in _OF_SERVER:
        raise Refused(Reason.INVALID_VALUE, "command", f"{which} is given by the server itself")
    if which == "apply_policy" and message.apply_policy.validate_only:
        raise Refused(Reason.INVALID_VALUE, "validate_only", "a batch cannot only check a policy")
    maker = _OF_CALLERS.get(which)
    if maker is None:
        raise Refused(Reason.INVALID_VALUE, "command", f"{which} is for a directory of customers, and none is here")
    try:
        return maker(getattr(message, which))
    except Refused as refused:
        raise wire_refusal(refused) from None


def journalled_command_of(message: command_pb2.Command) -> commands.Command:
    """The command that `journalled_message` put into a message."""
    which = message.WhichOneof("command")
    maker = _ALL.get(which or "")
    if maker is None:
        raise Refused(Reason.NOT_BUILT, "command", f"no command that this version knows: {which}")
    return maker(getattr(message, which or ""))


def _write_request_id(message: Any, command: commands.Command) -> None:
    message.request_id = command.request_id


def _write_contact_id(
    message: Any, command: commands.DetachContact | commands.AttachContact | commands.SetContactAside
) -> None:
    message.request_id = command.request_id
    message.contact_id = command.contact_id


def _write_agent_id(message: Any, command: commands.SetAgentAside) -> None:
    message.request_id = command.request_id
    message.agent_id = command.agent_id


def _write_forget_customer(message: Any, command: commands.ForgetCustomer) -> None:
    message.request_id = command.request_id
    message.customer_id = command.customer_id
    message.contact_ids.extend(command.contact_ids)


def _write_queue_id(message: Any, command: commands.OpenQueue | commands.CloseQueue) -> None:
    message.request_id = command.request_id
    message.queue_id = command.queue_id


_WRITERS: Final[Mapping[int, tuple[str, Callable[[Any, Any], None]]]] = {
    CommandKind.TICK: ("tick", _write_request_id),
    CommandKind.RESUME: ("resume", _write_request_id),
    CommandKind.APPLY_POLICY: ("apply_policy", policies.write_apply_policy),
    CommandKind.UPSERT_AGENTS: ("upsert_agents", agents.write_upsert_agents),
    CommandKind.REMOVE_AGENTS: ("remove_agents", agents.write_remove_agents),
    CommandKind.SET_PRESENCE: ("set_presence", agents.write_set_presence),
    CommandKind.HEARTBEAT: ("heartbeat", agents.write_heartbeat),
    CommandKind.ENQUEUE_CONTACT: ("enqueue_contact", contacts.write_enqueue_contact),
    CommandKind.UPDATE_CONTACT: ("update_contact", contacts.write_update_contact),
    CommandKind.CANCEL_CONTACT: ("cancel_contact", contacts.write_cancel_contact),
    CommandKind.ACCEPT_OFFER: ("accept_offer", contacts.write_accept_offer),
    CommandKind.DECLINE_OFFER: ("decline_offer", contacts.write_decline_offer),
    CommandKind.COMPLETE_CONTACT: ("complete_contact", contacts.write_complete_contact),
    CommandKind.FINISH_WRAP_UP: ("finish_wrap_up", agents.write_finish_wrap_up),
    CommandKind.DETACH_CONTACT: ("detach_contact", _write_contact_id),
    CommandKind.ATTACH_CONTACT: ("attach_contact", _write_contact_id),
    CommandKind.TRANSFER_CONTACT: ("transfer_contact", contacts.write_transfer_contact),
    CommandKind.PICK_CONTACT: ("pick_contact", contacts.write_pick_contact),
    CommandKind.REQUEST_CALLBACK: ("request_callback", contacts.write_request_callback),
    CommandKind.OPEN_QUEUE: ("open_queue", _write_queue_id),
    CommandKind.CLOSE_QUEUE: ("close_queue", _write_queue_id),
    CommandKind.SET_CONTACT_ASIDE: ("set_contact_aside", _write_contact_id),
    CommandKind.SET_AGENT_ASIDE: ("set_agent_aside", _write_agent_id),
    CommandKind.FORGET_CUSTOMER: ("forget_customer", _write_forget_customer),
}


def journalled_message(command: commands.Command) -> command_pb2.Command:
    """Any command as the journal keeps it."""
    name, write = _WRITERS[command.kind]
    if isinstance(command, EnqueueKnownContact):
        name, write = "enqueue_known_contact", customers.write_known_contact
    elif isinstance(command, commands.EnqueueContact) and command.attached:
        name = "enqueue_attached_contact"
    message = command_pb2.Command()
    target = getattr(message, name)
    target.SetInParent()
    write(target, command)
    return message
