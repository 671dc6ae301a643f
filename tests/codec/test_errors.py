"""Each refusal and fault has one status code, and the details that the contract promises."""

import re
import urllib.parse
from pathlib import Path

import pytest
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status

from acd_core.refusal import Reason, Refused
from acd_service import errors, service_error

ROOT = Path(__file__).parents[2]
FAULTS = [
    service_error.Overloaded("busy", 250),
    service_error.Stopping("stopping"),
    service_error.Unauthenticated("no credential"),
    service_error.PermissionDenied("not an operator"),
    service_error.AnswerNoLongerKept("too long ago"),
    service_error.DeadlinePassed("late"),
    service_error.CommandSetAside("aside"),
    service_error.EventsNoLongerKept(1, 5),
    service_error.EventSeqAhead(10, 9),
    service_error.UnknownPolicyVersion(4),
    service_error.ReaderTooSlow("slow"),
    service_error.FiguresNotReady("later"),
    service_error.UnknownCustomer("customer_id", "nobody"),
    service_error.CustomerLimit("full"),
    service_error.DirectoryDamaged("a row is not what was written"),
    service_error.ReplayTooLong(9, 5),
    service_error.ReplayFailed("gone"),
    service_error.QuotaExceeded("commands_per_s", 10, 100),
    service_error.TenantSuspended(),
    service_error.TenantState("TENANT_EXISTS", "it is there"),
    service_error.TenantState("TENANT_NOT_SUSPENDED", "it is served"),
    service_error.TenantState("TENANT_IN_SETTINGS", "it would come back"),
    service_error.TenantState("TENANT_NEEDED", "it is needed"),
    service_error.TenantState("TENANT_AHEAD", "clocks differ"),
    service_error.BadTenantFile("BAD_TENANT_FILE", "it is cut short"),
    service_error.BadTenantFile("TENANT_FILE_FOREIGN", "it is newer"),
    service_error.ExportFailed("the disk is full"),
    service_error.UnknownTenant("nobody"),
    service_error.ErasureUnfinished("the disk is full"),
]


def documented() -> dict[str, str]:
    """The status code of each reason, as the contract's comments have it."""
    text = (ROOT / "proto" / "acd" / "v1" / "error.proto").read_text()
    blocks = re.findall(r"((?:  //[^\n]*\n)+)  ERROR_REASON_([A-Z_]+) = \d+;", text)
    return {name: comment.split("//")[1].split(":")[0].strip() for comment, name in blocks if name != "UNSPECIFIED"}


def details(status: Status) -> dict[str, error_details_pb2.ErrorInfo]:
    found = {}
    for packed in status.details:
        kind = getattr(error_details_pb2, packed.TypeName().removeprefix("google.rpc."))
        detail = kind()
        assert packed.Unpack(detail)
        found[kind.DESCRIPTOR.name] = detail
    return found


@pytest.mark.parametrize("reason", list(Reason))
def test_refusals_come_with_the_documented_code(reason: Reason) -> None:
    status = errors.status_of(Refused(reason, "contact_id", "no"))
    assert code_pb2.Code.Name(status.code) == documented()[reason]
    found = details(status)
    info = found["ErrorInfo"]
    assert (info.reason, info.domain, dict(info.metadata)) == (reason, "acd", {"field": "contact_id"})
    assert ("BadRequest" in found) == (status.code == code_pb2.INVALID_ARGUMENT)
    assert status.message == "contact_id: no"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_faults_come_with_the_documented_code(fault: service_error.ServiceError) -> None:
    status = errors.status_of(fault)
    assert code_pb2.Code.Name(status.code) == documented()[details(status)["ErrorInfo"].reason]
    assert status.message.endswith(str(fault))


def test_every_fault_is_tried() -> None:
    kinds = set(service_error.ServiceError.__subclasses__())
    assert kinds == {type(fault) for fault in FAULTS}


def test_bad_requests_name_the_field_as_the_wire_calls_it() -> None:
    status = errors.status_of(Refused(Reason.OUT_OF_RANGE, 'queues["a_ms"].wrap_up_ms', "5 is out of range 1 to 3"))
    (violation,) = details(status)["BadRequest"].field_violations
    assert violation.field == 'queues["a_ms"].wrap_up'
    assert violation.description == "5 is out of range 1 to 3 (milliseconds)"
    assert violation.reason == "OUT_OF_RANGE"
    assert details(errors.status_of(Refused(Reason.UNKNOWN_CHANNEL, "channel_id", "no")))["ErrorInfo"].metadata == {
        "field": "channel"
    }
    assert details(errors.status_of(Refused(Reason.QUEUE_IN_USE, "queues", "no")))["ErrorInfo"].metadata == {
        "field": "policy.queues"
    }


def test_facts_and_retries_are_told() -> None:
    refused = Refused(Reason.MALFORMED_REQUIREMENT, "requirement", "at position 3: ...", {"position": "3"})
    assert details(errors.status_of(refused))["ErrorInfo"].metadata == {"field": "requirement", "position": "3"}
    gone = details(errors.status_of(service_error.EventsNoLongerKept(1, 5)))["ErrorInfo"].metadata
    assert gone == {"oldest_event_seq": "5"}
    ahead = details(errors.status_of(service_error.EventSeqAhead(10, 9)))["ErrorInfo"].metadata
    assert ahead == {"next_event_seq": "9"}
    busy = details(errors.status_of(service_error.Overloaded("busy", 250)))
    assert busy["RetryInfo"].retry_delay.ToMilliseconds() == 250
    assert "RetryInfo" in details(errors.status_of(Refused(Reason.WAITING_LIMIT, "contact_id", "full")))
    assert "RetryInfo" not in details(errors.status_of(Refused(Reason.UNKNOWN_QUEUE, "queue_id", "no")))


def test_a_fault_of_ours_tells_nothing() -> None:
    status = errors.status_of(KeyError("/secret/path"))
    assert status.code == code_pb2.INTERNAL
    assert "secret" not in str(status)


@pytest.mark.parametrize("name", ["x" * 100_000, "\N{GRINNING FACE}" * 100_000])
def test_a_status_fits_into_metadata_whatever_it_quotes(name):
    refused = Refused(Reason.INVALID_VALUE, f'agents[0].memberships["{name}"]', f'there is no "{name}"')
    for error in (refused, service_error.BadTenantFile("BAD_TENANT_FILE", name), service_error.UnknownTenant(name)):
        status = errors.status_of(error)
        in_metadata = len(urllib.parse.quote(status.message)) + len(status.SerializeToString()) * 4 / 3
        assert in_metadata < 8_000
        assert status.message.endswith("…")
