"""Events of plans, callbacks, reservations, segments and opening hours: as the wire's messages, and back."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from acd.v1 import event_pb2
from acd_core.events import Event
from acd_service.codec.event_values import Fields, ns, put_ns, put_optional_ns
from acd_service.codec.values import duration_of_ms, ms_of

NOT_RAISED: Final = -1
"""The engine's word for a highest tier that no step has raised."""
_WAIT_UNKNOWN_NS: Final = -1


def _write_plan_step_taken(detail: event_pb2.PlanStepTaken, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id
    detail.step = event.step
    detail.action = event.cause  # type: ignore[assignment]  # the numbers are the same
    detail.requirement = event.text
    detail.priority = event.priority
    detail.credit.CopyFrom(duration_of_ms(event.credit_ms))
    if event.tier != NOT_RAISED:
        detail.raised_tier = event.tier
    detail.policy_version = event.policy_version


def _read_plan_step_taken(detail: event_pb2.PlanStepTaken) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "queue_id": detail.queue_id,
        "step": detail.step,
        "cause": detail.action,
        "text": detail.requirement,
        "priority": detail.priority,
        "credit_ms": ms_of(detail.credit, "credit"),
        "tier": detail.raised_tier if detail.HasField("raised_tier") else NOT_RAISED,
        "policy_version": detail.policy_version,
    }


def _write_contact_moved(detail: event_pb2.ContactMoved, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id
    detail.second_queue_id = event.text
    detail.cause = event.cause  # type: ignore[assignment]
    put_ns(detail.wait, event.wait_ns)


def _read_contact_moved(detail: event_pb2.ContactMoved) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "queue_id": detail.queue_id,
        "text": detail.second_queue_id,
        "cause": detail.cause,
        "wait_ns": ns(detail.wait),
    }


def _write_told(detail: event_pb2.TreatmentStarted | event_pb2.CallbackOffered, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id
    detail.step = event.step
    detail.position = event.position
    if event.wait_ns != _WAIT_UNKNOWN_NS:
        put_ns(detail.expected_wait, event.wait_ns)
        detail.expected_wait.SetInParent()


def _read_told(detail: event_pb2.TreatmentStarted | event_pb2.CallbackOffered) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "queue_id": detail.queue_id,
        "step": detail.step,
        "position": detail.position,
        "wait_ns": ns(detail.expected_wait) if detail.HasField("expected_wait") else _WAIT_UNKNOWN_NS,
    }


def _write_treatment_started(detail: event_pb2.TreatmentStarted, event: Event) -> None:
    _write_told(detail, event)
    detail.treatment.kind = event.cause  # type: ignore[assignment]
    detail.treatment.name = event.text


def _read_treatment_started(detail: event_pb2.TreatmentStarted) -> Fields:
    return _read_told(detail) | {"cause": detail.treatment.kind, "text": detail.treatment.name}


def _write_callback_offered(detail: event_pb2.CallbackOffered, event: Event) -> None:
    _write_told(detail, event)
    detail.announcement = event.text


def _read_callback_offered(detail: event_pb2.CallbackOffered) -> Fields:
    return _read_told(detail) | {"text": detail.announcement}


def _write_wait_ended(detail: event_pb2.WaitEnded, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id
    detail.end.kind = event.cause  # type: ignore[assignment]
    detail.end.target = event.text


def _read_wait_ended(detail: event_pb2.WaitEnded) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "queue_id": detail.queue_id,
        "cause": detail.end.kind,
        "text": detail.end.target,
    }


def _write_queue(detail: event_pb2.QueueOpened | event_pb2.QueueClosed, event: Event) -> None:
    detail.queue_id = event.queue_id


def _read_queue(detail: event_pb2.QueueOpened | event_pb2.QueueClosed) -> Fields:
    return {"queue_id": detail.queue_id}


def _write_until(detail: event_pb2.ContactReserved | event_pb2.ContactScheduled, event: Event) -> None:
    detail.contact_id = event.contact_id
    put_ns(detail.until, event.until_ns)


def _read_until(detail: event_pb2.ContactReserved | event_pb2.ContactScheduled) -> Fields:
    return {"contact_id": detail.contact_id, "until_ns": ns(detail.until)}


def _write_reservation_ended(detail: event_pb2.ReservationEnded, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.cause = event.cause  # type: ignore[assignment]


def _read_reservation_ended(detail: event_pb2.ReservationEnded) -> Fields:
    return {"contact_id": detail.contact_id, "cause": detail.cause}


def _write_segment_opened(detail: event_pb2.SegmentOpened, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id
    detail.channel = event.channel_id
    detail.requirement = event.text
    detail.priority = event.priority
    detail.credit.CopyFrom(duration_of_ms(event.credit_ms))
    detail.cause = event.cause  # type: ignore[assignment]
    put_ns(detail.wait, event.wait_ns)


def _read_segment_opened(detail: event_pb2.SegmentOpened) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "queue_id": detail.queue_id,
        "channel_id": detail.channel,
        "text": detail.requirement,
        "priority": detail.priority,
        "credit_ms": ms_of(detail.credit, "credit"),
        "cause": detail.cause,
        "wait_ns": ns(detail.wait),
    }


def _write_callback_set(detail: event_pb2.CallbackSet, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.address = event.text
    put_optional_ns(detail.window_end, event.until_ns)
    detail.attempts_left = event.ordinal


def _read_callback_set(detail: event_pb2.CallbackSet) -> Fields:
    return {
        "contact_id": detail.contact_id,
        "text": detail.address,
        "until_ns": ns(detail.window_end),
        "ordinal": detail.attempts_left,
    }


def _write_callback_due(detail: event_pb2.CallbackDue, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.queue_id = event.queue_id


def _read_callback_due(detail: event_pb2.CallbackDue) -> Fields:
    return {"contact_id": detail.contact_id, "queue_id": detail.queue_id}


def _write_consultation_opened(detail: event_pb2.ConsultationOpened, event: Event) -> None:
    detail.contact_id = event.contact_id
    detail.agent_id = event.agent_id
    detail.consults_contact_id = event.text


def _read_consultation_opened(detail: event_pb2.ConsultationOpened) -> Fields:
    return {"contact_id": detail.contact_id, "agent_id": detail.agent_id, "text": detail.consults_contact_id}


def _write_customer_forgotten(detail: event_pb2.CustomerForgotten, event: Event) -> None:
    detail.contact_id = event.contact_id


def _read_customer_forgotten(detail: event_pb2.CustomerForgotten) -> Fields:
    return {"contact_id": detail.contact_id}


WRITERS: Final[Mapping[str, Callable[[Any, Event], None]]] = {
    "plan_step_taken": _write_plan_step_taken,
    "contact_moved": _write_contact_moved,
    "treatment_started": _write_treatment_started,
    "callback_offered": _write_callback_offered,
    "wait_ended": _write_wait_ended,
    "queue_opened": _write_queue,
    "queue_closed": _write_queue,
    "contact_reserved": _write_until,
    "reservation_ended": _write_reservation_ended,
    "segment_opened": _write_segment_opened,
    "callback_set": _write_callback_set,
    "contact_scheduled": _write_until,
    "callback_due": _write_callback_due,
    "consultation_opened": _write_consultation_opened,
    "customer_forgotten": _write_customer_forgotten,
}
READERS: Final[Mapping[str, Callable[[Any], Fields]]] = {
    "plan_step_taken": _read_plan_step_taken,
    "contact_moved": _read_contact_moved,
    "treatment_started": _read_treatment_started,
    "callback_offered": _read_callback_offered,
    "wait_ended": _read_wait_ended,
    "queue_opened": _read_queue,
    "queue_closed": _read_queue,
    "contact_reserved": _read_until,
    "reservation_ended": _read_reservation_ended,
    "segment_opened": _read_segment_opened,
    "callback_set": _read_callback_set,
    "contact_scheduled": _read_until,
    "callback_due": _read_callback_due,
    "consultation_opened": _read_consultation_opened,
    "customer_forgotten": _read_customer_forgotten,
}
