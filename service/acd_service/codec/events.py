"""Events: as the wire's messages, and back.

The writers fill the message in place, field by field: every event of every command goes through here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from acd.v1 import event_pb2
from acd_core.enums import EventType
from acd_core.events import Event
from acd_service.codec.agents import agent_spec, agent_spec_message
from acd_service.codec.event_values import Fields, ns, put_ns, put_optional_ns
from acd_service.codec.story_events import NOT_RAISED, READERS, WRITERS
from acd_service.codec.values import duration_of_ms, ms_of, packed_attributes, unpacked_attributes

_DETAIL: Final[Mapping[int, str]] = {int(kind): kind.name.lower() for kind in EventType}
"""Event types by number to the fields of `Event.detail`, which are called alike."""
_TYPE: Final[Mapping[str, int]] = {name: kind for kind, name in _DETAIL.items()}


def event_message(event: Event) -> event_pb2.Event:
    """An event as the wire shows it."""
    message = event_pb2.Event(event_seq=event.event_seq, seq=event.seq)
    put_ns(message.at, event.at_ns)
    name = _DETAIL[event.type]
    detail = getattr(message, name)
    detail.SetInParent()
    _WRITERS[name](detail, event)
    return message


def event_of(message: event_pb2.Event) -> Event:
    """The event that `event_message` made a message of.

    Raises:
        ValueError: the message has no detail that this version knows.
    """
    name = message.WhichOneof("detail")
    if name is None:
        raise ValueError(f"event {message.event_seq} is of a type that this version does not know")
    fields = _READERS[name](getattr(message, name))
    return Event(_TYPE[name], message.event_seq, message.seq, ns(message.at), **fields)


def _write_policy_applied(detail: event_pb2.PolicyApplied, event: Event) -> None:
    detail.policy_version = event.policy_version


def _read_policy_applied(detail: event_pb2.PolicyApplied) -> Fields:
    return {"policy_version": detail.policy_version}


def _write_agent(detail: event_pb2.AgentRemoved, event: Event) -> None:
    detail.agent_id = event.agent_id
    detail.ordinal = event.ordinal


def _read_agent(detail: event_pb2.AgentRemoved) -> Fields:
    return {"agent_id": detail.agent_id, "ordinal": detail.ordinal}


def _write_agent_with_spec(detail: event_pb2.AgentAdded | event_pb2.AgentUpdated, event: Event) -> None:
    detail.agent_id = event.agent_id
    detail.ordinal = event.ordinal
    if event.agent is not None:
        detail.spec.CopyFrom(agent_spec_message(event.agent))


def _read_agent_with_spec(detail: event_pb2.AgentAdded | event_pb2.AgentUpdated) -> Fields:
    return {
        "agent_id": detail.agent_id,
        "ordinal": detail.ordinal,
        "agent": agent_spec(detail.spec) if detail.HasField("spec") else None,
    }


def _write_presence_changed(detail: event_pb2.PresenceChanged, event: Event) -> None:
    detail.agent_id = event.agent_id
    detail.presence = event.presence  # type: ignore[assignment]  # the numbers are the same
    detail.reason = event.text
    detail.cause = event.cause  # type: ignore[assignment]
    put_optional_ns(detail.lease_until, event.until_ns)


def _read_presence_changed(detail: event_pb2.PresenceChanged) -> Fields:
    return {
        "agent_id": detail.agent_id,
        "presence": detail.presence,
        "text": detail.reason,
        "cause": detail.cause,
        "until_ns": ns(detail.lease_until),
    }


def _write_agent_delayed(detail: event_pb2.AgentDelayed, event: Event) -> None:
    detail.agent_id = event.agent_id
    put_ns(detail.until, event.until_ns)


def _read_agent_delayed(detail: event_pb2.AgentDelayed) -> Fields:
    return {"agent_id": detail.agent_id, "until_ns": ns(detail.until)}


def _write_agent_id(detail: event_pb2.AgentDelayEnded, event: Event) -> None:
    detail.agent_id = event.agent_id


def _read_agent_id(detail: event_pb2.AgentDelayEnded) -> Fields:
    return {"agent_id": detail.agent_id}


def _write_contact_enqueued(detail: event_pb2.ContactEnqueued, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.ordinal = event.ordinal
    detail.queue_id = event.queue_id
    detail.channel = event.channel_id
    if event.text:
        detail.requirement = event.text
    if event.priority:
        detail.priority = event.priority
    if event.credit_ms:
        detail.credit.CopyFrom(duration_of_ms(event.credit_ms))
    if event.customer_id:
        detail.customer_id = event.customer_id
    if event.attributes:
        detail.attributes.update(unpacked_attributes(event.attributes))


def _read_contact_enqueued(detail: event_pb2.ContactEnqueued) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "ordinal": detail.ordinal,
        "queue_id": detail.queue_id,
        "channel_id": detail.channel,
        "text": detail.requirement,
        "priority": detail.priority,
        "credit_ms": ms_of(detail.credit, "credit"),
        "customer_id": detail.customer_id,
        "attributes": packed_attributes(detail.attributes),
    }


def _write_contact_updated(detail: event_pb2.ContactUpdated, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.requirement = event.text
    detail.priority = event.priority
    detail.credit.CopyFrom(duration_of_ms(event.credit_ms))
    if event.tier != NOT_RAISED:
        detail.raised_tier = event.tier
    if event.attributes:
        detail.attributes.update(unpacked_attributes(event.attributes))


def _read_contact_updated(detail: event_pb2.ContactUpdated) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "text": detail.requirement,
        "priority": detail.priority,
        "credit_ms": ms_of(detail.credit, "credit"),
        "tier": detail.raised_tier if detail.HasField("raised_tier") else NOT_RAISED,
        "attributes": packed_attributes(detail.attributes),
    }


def _write_contact_and_agent(
    detail: event_pb2.ContactHeld | event_pb2.ContactRetrieved | event_pb2.ExclusionEnded | event_pb2.ContactUnattended,
    event: Event,
) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id


def _read_contact_and_agent(
    detail: event_pb2.ContactHeld | event_pb2.ContactRetrieved | event_pb2.ExclusionEnded | event_pb2.ContactUnattended,
) -> Fields:
    return {"contact_id": detail.contact_id, "agent_id": detail.agent_id}


def _write_contact_detached(detail: event_pb2.ContactDetached, event: Event) -> None:
    detail.contact_id = event.contact_id
    put_ns(detail.until, event.until_ns)


def _read_contact_detached(detail: event_pb2.ContactDetached) -> Fields:
    return {"contact_id": detail.contact_id, "until_ns": ns(detail.until)}


def _write_contact_id(detail: event_pb2.ContactAttached, event: Event) -> None:
    detail.contact_id = event.contact_id


def _read_contact_id(detail: event_pb2.ContactAttached) -> Fields:
    return {"contact_id": detail.contact_id}


def _write_decision(decision: event_pb2.Decision, event: Event) -> None:
    decision.tier = event.tier
    decision.priority = event.priority
    decision.score = event.score
    put_ns(decision.wait, event.wait_ns)
    decision.strategy = event.strategy  # type: ignore[assignment]  # the numbers are the same
    decision.chosen_by = event.chosen_by  # type: ignore[assignment]
    decision.policy_version = event.policy_version
    decision.plan_steps_taken = event.step
    decision.cause = event.cause  # type: ignore[assignment]
    if event.text:
        decision.requested_by = event.text


def _read_match(detail: event_pb2.OfferMade | event_pb2.ContactAssigned) -> Fields:
    decision = detail.decision
    return {
        "contact_id": detail.contact_id,
        "agent_id": detail.agent_id,
        "queue_id": detail.queue_id,
        "offer_id": detail.offer_id,
        "tier": decision.tier,
        "priority": decision.priority,
        "score": decision.score,
        "wait_ns": ns(decision.wait),
        "strategy": decision.strategy,
        "chosen_by": decision.chosen_by,
        "policy_version": decision.policy_version,
        "step": decision.plan_steps_taken,
        "cause": decision.cause,
        "text": decision.requested_by,
    }


def _write_offer_made(detail: event_pb2.OfferMade, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    detail.offer_id = event.offer_id
    put_ns(detail.expires_at, event.until_ns)
    _write_decision(detail.decision, event)


def _read_offer_made(detail: event_pb2.OfferMade) -> Fields:
    fields = _read_match(detail)
    fields["until_ns"] = ns(detail.expires_at)
    return fields


def _write_offer_accepted(detail: event_pb2.OfferAccepted, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    detail.offer_id = event.offer_id
    put_ns(detail.wait, event.wait_ns)


def _read_offer_accepted(detail: event_pb2.OfferAccepted) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "agent_id": detail.agent_id,
        "queue_id": detail.queue_id,
        "offer_id": detail.offer_id,
        "wait_ns": ns(detail.wait),
    }


def _write_contact_assigned(detail: event_pb2.ContactAssigned, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    detail.offer_id = event.offer_id
    _write_decision(detail.decision, event)


def _write_offer_ended(detail: event_pb2.OfferEnded, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    detail.offer_id = event.offer_id
    detail.outcome = event.cause  # type: ignore[assignment]  # the numbers are the same


def _read_offer_ended(detail: event_pb2.OfferEnded) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "agent_id": detail.agent_id,
        "queue_id": detail.queue_id,
        "offer_id": detail.offer_id,
        "cause": detail.outcome,
    }


def _write_agent_excluded(detail: event_pb2.AgentExcluded, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    put_ns(detail.until, event.until_ns)


def _read_agent_excluded(detail: event_pb2.AgentExcluded) -> Fields:
    return {"contact_id": detail.contact_id, "agent_id": detail.agent_id, "until_ns": ns(detail.until)}


def _write_contact_completed(detail: event_pb2.ContactCompleted, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    put_optional_ns(detail.wrap_up_until, event.until_ns)
    put_ns(detail.duration, event.duration_ns)


def _read_contact_completed(detail: event_pb2.ContactCompleted) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "agent_id": detail.agent_id,
        "queue_id": detail.queue_id,
        "until_ns": ns(detail.wrap_up_until),
        "duration_ns": ns(detail.duration),
    }


def _write_contact_closed(detail: event_pb2.ContactClosed, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.queue_id = event.queue_id
    detail.cause = event.cause  # type: ignore[assignment]  # the numbers are the same
    put_ns(detail.wait, event.wait_ns)
    put_ns(detail.duration, event.duration_ns)


def _read_contact_closed(detail: event_pb2.ContactClosed) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "agent_id": detail.agent_id,
        "queue_id": detail.queue_id,
        "cause": detail.cause,
        "wait_ns": ns(detail.wait),
        "duration_ns": ns(detail.duration),
    }


def _write_resumed(detail: event_pb2.Resumed, event: Event) -> None:
    put_ns(detail.outage, event.duration_ns)


def _read_resumed(detail: event_pb2.Resumed) -> Fields:
    return {"duration_ns": ns(detail.outage)}


_WRITERS: Final[Mapping[str, Callable[[Any, Event], None]]] = {
    "policy_applied": _write_policy_applied,
    "agent_added": _write_agent_with_spec,
    "agent_updated": _write_agent_with_spec,
    "agent_removed": _write_agent,
    "presence_changed": _write_presence_changed,
    "agent_delayed": _write_agent_delayed,
    "agent_delay_ended": _write_agent_id,
    "contact_enqueued": _write_contact_enqueued,
    "contact_updated": _write_contact_updated,
    "contact_held": _write_contact_and_agent,
    "contact_retrieved": _write_contact_and_agent,
    "contact_detached": _write_contact_detached,
    "contact_attached": _write_contact_id,
    "offer_made": _write_offer_made,
    "offer_accepted": _write_offer_accepted,
    "contact_assigned": _write_contact_assigned,
    "offer_ended": _write_offer_ended,
    "agent_excluded": _write_agent_excluded,
    "exclusion_ended": _write_contact_and_agent,
    "contact_completed": _write_contact_completed,
    "contact_closed": _write_contact_closed,
    "contact_unattended": _write_contact_and_agent,
    "resumed": _write_resumed,
    **WRITERS,
}
_READERS: Final[Mapping[str, Callable[[Any], Fields]]] = {
    "policy_applied": _read_policy_applied,
    "agent_added": _read_agent_with_spec,
    "agent_updated": _read_agent_with_spec,
    "agent_removed": _read_agent,
    "presence_changed": _read_presence_changed,
    "agent_delayed": _read_agent_delayed,
    "agent_delay_ended": _read_agent_id,
    "contact_enqueued": _read_contact_enqueued,
    "contact_updated": _read_contact_updated,
    "contact_held": _read_contact_and_agent,
    "contact_retrieved": _read_contact_and_agent,
    "contact_detached": _read_contact_detached,
    "contact_attached": _read_contact_id,
    "offer_made": _read_offer_made,
    "offer_accepted": _read_offer_accepted,
    "contact_assigned": _read_match,
    "offer_ended": _read_offer_ended,
    "agent_excluded": _read_agent_excluded,
    "exclusion_ended": _read_contact_and_agent,
    "contact_completed": _read_contact_completed,
    "contact_closed": _read_contact_closed,
    "contact_unattended": _read_contact_and_agent,
    "resumed": _read_resumed,
    **READERS,
}
