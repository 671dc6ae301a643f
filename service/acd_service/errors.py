"""Refusals and faults of the service as `google.rpc.Status` with details."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status

from acd_core.refusal import Reason, Refused
from acd_service import service_error
from acd_service.codec import duration_of_ms, wire_refusal

DOMAIN: Final = "acd"
RETRY_AFTER_MS: Final = 1_000
"""When to try again what a bound of the tenant refused: about as long as it takes some contacts to be served."""
_QUOTED_BYTES_MAX: Final = 500
"""Of a message, or the name of a field. They may quote what was sent, and a status has to fit into metadata, of which
clients take 8 KiB: with a message two or three times, once of them three bytes for one.
"""

_Code = code_pb2.Code
CODES: Final[Mapping[Reason, code_pb2.Code.ValueType]] = {
    Reason.EMPTY: _Code.INVALID_ARGUMENT,
    Reason.TOO_LONG: _Code.INVALID_ARGUMENT,
    Reason.TOO_MANY: _Code.INVALID_ARGUMENT,
    Reason.OUT_OF_RANGE: _Code.INVALID_ARGUMENT,
    Reason.INVALID_VALUE: _Code.INVALID_ARGUMENT,
    Reason.INVALID_CHARACTER: _Code.INVALID_ARGUMENT,
    Reason.RESERVED_ID: _Code.INVALID_ARGUMENT,
    Reason.DUPLICATE_ENTRY: _Code.INVALID_ARGUMENT,
    Reason.MALFORMED_REQUIREMENT: _Code.INVALID_ARGUMENT,
    Reason.UNKNOWN_QUEUE: _Code.NOT_FOUND,
    Reason.UNKNOWN_CHANNEL: _Code.NOT_FOUND,
    Reason.UNKNOWN_PLAN: _Code.NOT_FOUND,
    Reason.UNKNOWN_CALENDAR: _Code.NOT_FOUND,
    Reason.UNKNOWN_AGENT: _Code.NOT_FOUND,
    Reason.UNKNOWN_CONTACT: _Code.NOT_FOUND,
    Reason.CONTACT_EXISTS: _Code.ALREADY_EXISTS,
    Reason.REQUEST_ID_REUSED: _Code.ALREADY_EXISTS,
    Reason.OFFER_EXPIRED: _Code.FAILED_PRECONDITION,
    Reason.OFFER_RELEASED: _Code.FAILED_PRECONDITION,
    Reason.OFFER_DECLINED: _Code.FAILED_PRECONDITION,
    Reason.OFFER_ALREADY_ACCEPTED: _Code.FAILED_PRECONDITION,
    Reason.OFFER_NOT_LIVE: _Code.FAILED_PRECONDITION,
    Reason.NOT_OFFERED_TO_AGENT: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_NOT_WAITING: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_NOT_ACTIVE: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_NOT_IN_WRAP_UP: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_NOT_ATTACHED: _Code.FAILED_PRECONDITION,
    Reason.AGENT_NOT_IN_WRAP_UP: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_NOT_CALLBACK: _Code.FAILED_PRECONDITION,
    Reason.CONTACT_IS_CONSULTATION: _Code.FAILED_PRECONDITION,
    Reason.NOT_ITS_CONSULTATION: _Code.FAILED_PRECONDITION,
    Reason.AGENT_NOT_SIGNED_ON: _Code.FAILED_PRECONDITION,
    Reason.AGENT_HAS_NO_ROOM: _Code.FAILED_PRECONDITION,
    Reason.AGENT_NOT_MEMBER: _Code.FAILED_PRECONDITION,
    Reason.SKILLS_NOT_MET: _Code.FAILED_PRECONDITION,
    Reason.AGENT_EXCLUDED: _Code.FAILED_PRECONDITION,
    Reason.QUEUE_CLOSED: _Code.FAILED_PRECONDITION,
    Reason.QUEUE_FULL: _Code.FAILED_PRECONDITION,
    Reason.POLICY_VERSION_MISMATCH: _Code.FAILED_PRECONDITION,
    Reason.QUEUE_IN_USE: _Code.FAILED_PRECONDITION,
    Reason.CHANNEL_IN_USE: _Code.FAILED_PRECONDITION,
    Reason.TIME_BACKWARDS: _Code.FAILED_PRECONDITION,
    Reason.TIMER_DUE: _Code.FAILED_PRECONDITION,
    Reason.AGENT_LIMIT: _Code.RESOURCE_EXHAUSTED,
    Reason.WAITING_LIMIT: _Code.RESOURCE_EXHAUSTED,
    Reason.QUEUE_LIMIT: _Code.RESOURCE_EXHAUSTED,
    Reason.SKILL_LIMIT: _Code.RESOURCE_EXHAUSTED,
    Reason.NOT_BUILT: _Code.UNIMPLEMENTED,
}
"""The status code that each refusal comes with."""


def status_of(error: Exception) -> Status:
    """The status that tells a caller of a refusal (`Refused`) or of a fault of the service (`ServiceError`).

    Anything else is a fault of ours that tells a caller nothing: INTERNAL without details.
    """
    if isinstance(error, Refused):
        there = wire_refusal(error)
        # The engine, which is given a policy and no request, says `queues` and `channels`.
        return _of_refusal(there.within("policy") if there.field in ("queues", "channels") else there)
    if isinstance(error, service_error.ServiceError):
        return _of_service(error)
    return Status(code=_Code.INTERNAL, message="internal error; the server's log has more")


def status(
    code: code_pb2.Code.ValueType,
    reason: str,
    message: str,
    *,
    field: str = "",
    metadata: Mapping[str, str] | None = None,
    retry_after_ms: int | None = None,
) -> Status:
    """A status with `ErrorInfo`, with `BadRequest` if it is INVALID_ARGUMENT, and `RetryInfo` if a retry helps."""
    message, field = _cut(message), _cut(field)
    facts = {name: _cut(fact) for name, fact in (metadata or {}).items()}
    if field:
        facts["field"] = field
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=facts)]
    if code == _Code.INVALID_ARGUMENT:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message, reason=reason)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if retry_after_ms is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration_of_ms(retry_after_ms)))
    whole = f"{field}: {message}" if field else message
    return Status(code=code, message=whole, details=[_packed(detail) for detail in details])


def _cut(text: str) -> str:
    if len(text) <= _QUOTED_BYTES_MAX // 4:
        return text
    content = text.encode("utf-8", errors="replace")
    if len(content) <= _QUOTED_BYTES_MAX:
        return text
    return content[:_QUOTED_BYTES_MAX].decode("utf-8", errors="ignore") + " …"


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail, deterministic=True)
    return packed


def _of_refusal(refused: Refused) -> Status:
    return status(
        CODES[refused.reason],
        refused.reason.value,
        refused.message,
        field=refused.field,
        metadata=refused.metadata,
        retry_after_ms=RETRY_AFTER_MS if refused.reason is Reason.WAITING_LIMIT else None,
    )


def _of_service(error: service_error.ServiceError) -> Status:
    message = str(error)
    match error:
        case service_error.Overloaded(retry_after_ms=retry_after_ms):
            return status(_Code.RESOURCE_EXHAUSTED, "OVERLOADED", message, retry_after_ms=retry_after_ms)
        case service_error.QuotaExceeded(quota=quota, limit=limit, retry_after_ms=retry_after_ms):
            facts = {"quota": quota, "limit": str(limit)}
            return status(
                _Code.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", message, metadata=facts, retry_after_ms=retry_after_ms
            )
        case service_error.TenantSuspended():
            return status(_Code.FAILED_PRECONDITION, "TENANT_SUSPENDED", message)
        case service_error.TenantState(reason=reason):
            code = _Code.ALREADY_EXISTS if reason == "TENANT_EXISTS" else _Code.FAILED_PRECONDITION
            return status(code, reason, message, field="name")
        case service_error.BadTenantFile(reason=reason):
            code = _Code.INVALID_ARGUMENT if reason == "BAD_TENANT_FILE" else _Code.FAILED_PRECONDITION
            return status(code, reason, message, field="content")
        case service_error.ExportFailed():
            return status(_Code.INTERNAL, "EXPORT_FAILED", message)
        case service_error.ErasureUnfinished():
            return status(_Code.INTERNAL, "ERASURE_UNFINISHED", message)
        case service_error.UnknownTenant():
            return status(_Code.NOT_FOUND, "UNKNOWN_TENANT", message, field="name")
        case service_error.Stopping():
            return status(_Code.UNAVAILABLE, "STOPPING", message, retry_after_ms=RETRY_AFTER_MS)
        case service_error.Unauthenticated():
            return status(_Code.UNAUTHENTICATED, "UNAUTHENTICATED", message)
        case service_error.PermissionDenied():
            return status(_Code.PERMISSION_DENIED, "PERMISSION_DENIED", message)
        case service_error.DeadlinePassed():
            return status(_Code.DEADLINE_EXCEEDED, "DEADLINE_PASSED", message)
        case service_error.CommandSetAside():
            return status(_Code.INTERNAL, "ENGINE_FAULT", message)
        case service_error.EventsNoLongerKept(oldest_event_seq=oldest):
            facts = {"oldest_event_seq": str(oldest)}
            return status(_Code.OUT_OF_RANGE, "EVENTS_NO_LONGER_KEPT", message, metadata=facts)
        case service_error.AnswerNoLongerKept():
            return status(_Code.OUT_OF_RANGE, "ANSWER_NO_LONGER_KEPT", message, field="request_id")
        case service_error.EventSeqAhead(next_event_seq=following):
            facts = {"next_event_seq": str(following)}
            return status(_Code.OUT_OF_RANGE, "EVENT_SEQ_AHEAD", message, metadata=facts)
        case service_error.UnknownPolicyVersion():
            return status(_Code.NOT_FOUND, "UNKNOWN_POLICY_VERSION", message, field="policy_version")
        case service_error.ReplayTooLong():
            return status(_Code.FAILED_PRECONDITION, "REPLAY_TOO_LONG", message)
        case service_error.ReplayFailed():
            return status(_Code.INTERNAL, "REPLAY_FAILED", message)
        case service_error.FiguresNotReady():
            return status(_Code.UNAVAILABLE, "FIGURES_NOT_READY", message, retry_after_ms=RETRY_AFTER_MS)
        case service_error.UnknownCustomer(field=field):
            return status(_Code.NOT_FOUND, "UNKNOWN_CUSTOMER", message, field=field)
        case service_error.CustomerLimit():
            return status(_Code.RESOURCE_EXHAUSTED, "CUSTOMER_LIMIT", message, field="customers")
        case service_error.DirectoryDamaged():
            return status(_Code.INTERNAL, "DIRECTORY_DAMAGED", message)
        case service_error.ReaderTooSlow():
            return status(_Code.RESOURCE_EXHAUSTED, "READER_TOO_SLOW", message, retry_after_ms=0)
    return Status(code=_Code.INTERNAL, message=message)
