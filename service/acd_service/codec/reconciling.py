"""Statements of what is live with a PBX, and how they differ from what is here."""

from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from acd.v1 import admin_service_pb2
from acd.v1.contact_pb2 import CONTACT_STATE_CLOSED, ContactStanding
from acd.v1.journal_pb2 import CommandRecord, ReconcileRecord
from acd_core.enums import ContactState
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service.codec.records import BadRecord
from acd_service.codec.values import ns_of, timestamp_of
from acd_service.reconciling.difference import AgentDifference, AgentKind, ContactDifference, ContactKind
from acd_service.reconciling.statement import Statement, statement_of

_WITH_AGENT: Final = (ContactState.OFFERED, ContactState.ACTIVE, ContactState.WRAP_UP)


def reconcile_statement(request: Any, now_ns: int) -> Statement:
    """What an `acd.v1.ReconcileRequest` states.

    Raises:
        Refused: with the field's path in the request.
    """
    as_of_ns = now_ns
    if request.HasField("as_of"):
        as_of_ns = ns_of(request.as_of)
        if not 0 <= as_of_ns <= now_ns:
            raise Refused(Reason.OUT_OF_RANGE, "as_of", "a statement is made before it comes")
    return statement_of(
        ((each.contact_id, each.agent_id) for each in request.contacts),
        request.channels,
        ((each.agent_id, each.presence) for each in request.agents),
        request.all_agents,
        as_of_ns,
    )


def reconcile_response(
    seq: int, at_ns: int, contacts: Sequence[ContactDifference], agents: Sequence[AgentDifference]
) -> admin_service_pb2.ReconcileResponse:
    """The answer that tells of these differences."""
    response = admin_service_pb2.ReconcileResponse(seq=seq, at=timestamp_of(at_ns))
    for contact in contacts:
        response.differences.append(
            admin_service_pb2.Difference(
                contact_id=contact.contact_id,
                kind=contact.kind,  # type: ignore[arg-type]  # the numbers are the same
                repaired=contact.repaired,
                refusal=contact.refusal,
                stated_agent_id=contact.stated_agent_id,
                contact=None if contact.kind is ContactKind.UNKNOWN else _standing(contact.contact_id, contact.after),
            )
        )
    for agent in agents:
        response.agent_differences.append(
            admin_service_pb2.AgentDifference(
                agent_id=agent.agent_id,
                kind=agent.kind,  # type: ignore[arg-type]  # likewise
                repaired=agent.repaired,
                refusal=agent.refusal,
                presence=None if agent.kind is AgentKind.UNKNOWN else agent.after,  # type: ignore[arg-type]
            )
        )
    return response


def _standing(contact_id: str, view: ContactView | None) -> ContactStanding:
    if view is None:
        return ContactStanding(contact_id=contact_id, state=CONTACT_STATE_CLOSED)
    standing = ContactStanding(contact_id=contact_id, state=view.state)  # type: ignore[arg-type]  # likewise
    if view.state in _WITH_AGENT:
        standing.agent_id, standing.offer_id = view.agent_id, view.offer_id
        if view.offer_expires_ns:
            standing.offer_expires_at.CopyFrom(timestamp_of(view.offer_expires_ns))
    return standing


def reconcile_record(request_hash: bytes, response: admin_service_pb2.ReconcileResponse) -> bytes:
    """What is put behind the record of the command that a repair begins with."""
    record = ReconcileRecord(request_hash=request_hash, response=response)
    return CommandRecord(reconcile=record).SerializeToString()


def reconcile_kept(content: bytes) -> tuple[bytes, admin_service_pb2.ReconcileResponse] | None:
    """The hash of the request and the answer that a record of a command keeps; None if it began no repair.

    Raises:
        BadRecord: the bytes are no record.
    """
    try:
        record = CommandRecord.FromString(content)
    except DecodeError as error:
        raise BadRecord(f"not a record of a command: {error}") from None
    if not record.HasField("reconcile"):
        return None
    return record.reconcile.request_hash, record.reconcile.response
