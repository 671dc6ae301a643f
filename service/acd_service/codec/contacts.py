"""Contacts: the requests about them as commands, the commands as requests, and views of them as messages.

The writers fill a request in place: most commands of a busy service go through here.
"""

from acd.v1.contact_commands_pb2 import (
    AcceptOfferRequest,
    CancelContactRequest,
    CompleteContactRequest,
    DeclineOfferRequest,
    EnqueueContactRequest,
    PickContactRequest,
    RequestCallbackRequest,
    TransferContactRequest,
    UpdateContactRequest,
)
from acd.v1.contact_pb2 import Contact
from acd_core.commands import (
    AcceptOffer,
    CancelContact,
    CompleteContact,
    DeclineOffer,
    EnqueueContact,
    PickContact,
    RequestCallback,
    TransferContact,
    UpdateContact,
)
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service.codec import wishes
from acd_service.codec.values import (
    checked_int64,
    duration_of_ms,
    ms_of,
    packed_attributes,
    span_ms_of,
    timestamp_of,
    unpacked_attributes,
)

CHANNEL_DEFAULT = "voice"
_WRAP_UP_OF_QUEUE = -1


def enqueue_contact(request: EnqueueContactRequest, attached: bool = False) -> EnqueueContact:
    """The command; `attached` when a RouteContact stream brings it. What `customer_address` leads to is looked up
    before: see `codec.customers.known_contact`.
    """
    asked: wishes.Preference = wishes.preference(request.preference) if request.HasField("preference") else {}
    called: wishes.CallbackFields = wishes.callback(request.callback) if request.HasField("callback") else {}
    return EnqueueContact(
        request.contact_id,
        request.queue_id,
        request.channel or CHANNEL_DEFAULT,
        request.requirement,
        request.priority,
        ms_of(request.credit, "credit") if request.HasField("credit") else 0,
        request.customer_id,
        packed_attributes(request.attributes),
        attached,
        consults_contact_id=request.consults_contact_id,
        skill_weights=wishes.skill_weights(request) if request.skill_weights else (),
        request_id=request.request_id,
        **asked,
        **called,
    )


def write_enqueue_contact(request: EnqueueContactRequest, command: EnqueueContact) -> None:
    request.queue_id = command.queue_id
    request.channel = command.channel_id
    if command.request_id:
        request.request_id = command.request_id
    if command.contact_id:
        request.contact_id = command.contact_id
    if command.requirement:
        request.requirement = command.requirement
    if command.priority:
        request.priority = command.priority
    if command.credit_ms:
        request.credit.CopyFrom(duration_of_ms(command.credit_ms))
    if command.customer_id:
        request.customer_id = command.customer_id
    if command.attributes:
        request.attributes.update(unpacked_attributes(command.attributes))
    if not command.plain:
        _write_wishes(request, command)


def _write_wishes(request: EnqueueContactRequest, command: EnqueueContact) -> None:
    if wishes.has_preference(command):
        wishes.write_preference(request, command)
    if command.callback_address:
        wishes.write_callback(request.callback, command)
    request.consults_contact_id = command.consults_contact_id
    request.skill_weights.update(command.skill_weights)


def update_contact(request: UpdateContactRequest) -> UpdateContact:
    has = request.HasField
    asked: wishes.Preference = wishes.preference(request.preference) if has("preference") else {}
    return UpdateContact(
        request.contact_id,
        requirement=request.requirement if has("requirement") else None,
        priority=request.priority if has("priority") else None,
        credit_ms=ms_of(request.credit, "credit") if has("credit") else None,
        attributes=packed_attributes(request.attributes.values) if has("attributes") else None,
        held=request.held if has("held") else None,
        request_id=request.request_id,
        **asked,
    )


def write_update_contact(request: UpdateContactRequest, command: UpdateContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    if command.requirement is not None:
        request.requirement = command.requirement
    if command.priority is not None:
        request.priority = command.priority
    if command.credit_ms is not None:
        request.credit.CopyFrom(duration_of_ms(command.credit_ms))
    if command.attributes is not None:
        request.attributes.SetInParent()
        request.attributes.values.update(unpacked_attributes(command.attributes))
    if command.held is not None:
        request.held = command.held
    if command.preferred_agents is not None:
        wishes.write_preference(request, command)


def cancel_contact(request: CancelContactRequest) -> CancelContact:
    reason = request.reason
    if reason not in (
        CancelContactRequest.REASON_UNSPECIFIED,
        CancelContactRequest.REASON_ABANDONED,
        CancelContactRequest.REASON_CANCELLED,
    ):
        raise Refused(Reason.INVALID_VALUE, "reason", "a contact is abandoned or cancelled")
    abandoned = reason != CancelContactRequest.REASON_CANCELLED
    return CancelContact(request.contact_id, abandoned, request_id=request.request_id)


def write_cancel_contact(request: CancelContactRequest, command: CancelContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.reason = (
        CancelContactRequest.REASON_ABANDONED if command.abandoned else CancelContactRequest.REASON_CANCELLED
    )


def accept_offer(request: AcceptOfferRequest) -> AcceptOffer:
    return AcceptOffer(
        request.contact_id,
        request.agent_id,
        checked_int64(request.offer_id, "offer_id"),
        request_id=request.request_id,
    )


def write_accept_offer(request: AcceptOfferRequest, command: AcceptOffer) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    request.offer_id = command.offer_id


def decline_offer(request: DeclineOfferRequest) -> DeclineOffer:
    return DeclineOffer(
        request.contact_id,
        request.agent_id,
        checked_int64(request.offer_id, "offer_id"),
        request.outcome or 1,
        request_id=request.request_id,
    )


def write_decline_offer(request: DeclineOfferRequest, command: DeclineOffer) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    request.offer_id = command.offer_id
    request.outcome = command.outcome  # type: ignore[assignment]  # the numbers are the same


def complete_contact(request: CompleteContactRequest) -> CompleteContact:
    wrap_up_ms = span_ms_of(request.wrap_up, "wrap_up") if request.HasField("wrap_up") else _WRAP_UP_OF_QUEUE
    return CompleteContact(
        request.contact_id,
        request.agent_id,
        wrap_up_ms,
        not_reached=request.not_reached,
        request_id=request.request_id,
    )


def write_complete_contact(request: CompleteContactRequest, command: CompleteContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    if command.wrap_up_ms != _WRAP_UP_OF_QUEUE:
        request.wrap_up.CopyFrom(duration_of_ms(command.wrap_up_ms))
    if command.not_reached:
        request.not_reached = True


def transfer_contact(request: TransferContactRequest) -> TransferContact:
    has = request.HasField
    for name in ("queue_id", "to_agent_id", "consultation_contact_id"):
        if has(name) and not getattr(request, name):
            raise Refused(Reason.EMPTY, name, "must not be empty")
    return TransferContact(
        request.contact_id,
        request.agent_id,
        queue_id=request.queue_id,
        to_agent_id=request.to_agent_id,
        consultation_contact_id=request.consultation_contact_id,
        requirement=request.requirement if has("requirement") else None,
        priority=request.priority if has("priority") else None,
        restart_wait=request.restart_wait,
        request_id=request.request_id,
    )


def write_transfer_contact(request: TransferContactRequest, command: TransferContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    if command.queue_id:
        request.queue_id = command.queue_id
    elif command.to_agent_id:
        request.to_agent_id = command.to_agent_id
    else:
        request.consultation_contact_id = command.consultation_contact_id
    if command.requirement is not None:
        request.requirement = command.requirement
    if command.priority is not None:
        request.priority = command.priority
    request.restart_wait = command.restart_wait


def pick_contact(request: PickContactRequest) -> PickContact:
    return PickContact(request.contact_id, request.agent_id, request.requested_by, request_id=request.request_id)


def write_pick_contact(request: PickContactRequest, command: PickContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    request.requested_by = command.requested_by


def request_callback(request: RequestCallbackRequest) -> RequestCallback:
    return RequestCallback(request.contact_id, **wishes.callback(request.callback), request_id=request.request_id)


def write_request_callback(request: RequestCallbackRequest, command: RequestCallback) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    wishes.write_callback(request.callback, command)


def contact_message(view: ContactView) -> Contact:
    """A live contact as the wire shows it."""
    message = Contact(
        contact_id=view.contact_id,
        ordinal=view.ordinal,
        queue_id=view.queue_id,
        channel=view.channel_id,
        requirement=view.requirement,
        priority=view.priority,
        credit=duration_of_ms(view.credit_ms),
        customer_id=view.customer_id,
        attributes=unpacked_attributes(view.attributes),
        state=view.state,  # type: ignore[arg-type]  # the numbers are the same
        state_since=timestamp_of(view.state_since_ns),
        arrived_at=timestamp_of(view.arrived_ns),
        agent_id=view.agent_id,
        offer_id=view.offer_id,
        held=view.held,
        attached=view.attached,
        second_queue_id=view.second_queue_id,
        consults_contact_id=view.consults_contact_id,
        plan_steps_taken=view.plan_steps_taken,
        reserved_for_agent_ids=view.reserved_for,
        callback_attempts=view.attempts,
        skill_weights=dict(view.skill_weights),
    )
    if view.opened_ns:
        message.opened_at.CopyFrom(timestamp_of(view.opened_ns))
    if wishes.has_preference(view):
        wishes.write_preference(message, view)
    if view.callback_address:
        wishes.write_callback(message.callback, view)
    if view.offer_expires_ns:
        message.offer_expires_at.CopyFrom(timestamp_of(view.offer_expires_ns))
    if view.accepted_ns:
        message.accepted_at.CopyFrom(timestamp_of(view.accepted_ns))
    return message
