"""Contacts: the requests about them as commands, the commands as requests, and views of them as messages.

The writers fill a request in place: most commands of a busy service go through here.
"""

from acd.v1.contact_commands_pb2 import (
    AcceptOfferRequest,
    CancelContactRequest,
    CompleteContactRequest,
    DeclineOfferRequest,
    EnqueueContactRequest,
    UpdateContactRequest,
)
from acd.v1.contact_pb2 import Contact
from acd_core.commands import (
    AcceptOffer,
    CancelContact,
    CompleteContact,
    DeclineOffer,
    EnqueueContact,
    UpdateContact,
)
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service.codec.values import (
    checked_int64,
    duration_of_ms,
    ms_of,
    not_built,
    packed_attributes,
    span_ms_of,
    timestamp_of,
    unpacked_attributes,
)

CHANNEL_DEFAULT = "voice"
_WRAP_UP_OF_QUEUE = -1


def enqueue_contact(request: EnqueueContactRequest, attached: bool = False) -> EnqueueContact:
    """The command; `attached` when a RouteContact stream brings it."""
    if request.HasField("preference"):
        raise not_built("preference")
    if request.HasField("callback"):
        raise not_built("callback")
    if request.customer_address:
        raise not_built("customer_address")
    if request.consults_contact_id:
        raise not_built("consults_contact_id")
    if request.skill_weights:
        raise not_built("skill_weights")
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
        request_id=request.request_id,
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


def update_contact(request: UpdateContactRequest) -> UpdateContact:
    if request.HasField("preference"):
        raise not_built("preference")
    has = request.HasField
    return UpdateContact(
        request.contact_id,
        requirement=request.requirement if has("requirement") else None,
        priority=request.priority if has("priority") else None,
        credit_ms=ms_of(request.credit, "credit") if has("credit") else None,
        attributes=packed_attributes(request.attributes.values) if has("attributes") else None,
        held=request.held if has("held") else None,
        request_id=request.request_id,
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
    return CompleteContact(request.contact_id, request.agent_id, wrap_up_ms, request_id=request.request_id)


def write_complete_contact(request: CompleteContactRequest, command: CompleteContact) -> None:
    request.request_id = command.request_id
    request.contact_id = command.contact_id
    request.agent_id = command.agent_id
    if command.wrap_up_ms != _WRAP_UP_OF_QUEUE:
        request.wrap_up.CopyFrom(duration_of_ms(command.wrap_up_ms))


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
    )
    if view.offer_expires_ns:
        message.offer_expires_at.CopyFrom(timestamp_of(view.offer_expires_ns))
    if view.accepted_ns:
        message.accepted_at.CopyFrom(timestamp_of(view.accepted_ns))
    return message
