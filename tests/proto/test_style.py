"""The rules that every file of the wire contract keeps, so that clients in any language can rely on them."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from acd_core import enums
from acd_core.refusal import Reason

PROTO = Path(__file__).parents[2] / "proto"
READS = ("Get", "List", "LookUp", "Watch", "Subscribe", "Estimate", "Explain", "Export")
SERVER_KINDS = {
    "tick", "resume", "enqueue_attached_contact", "detach_contact", "attach_contact", "open_queue", "close_queue",
    "enqueue_known_contact", "set_contact_aside", "set_agent_aside", "forget_customer",
}  # fmt: skip
WITHOUT_REQUEST_ID = {"DispatchRequest", "RouteContactRequest", "ImportTenantRequest"}
"""They hold requests that carry one each; or a file whose tenant is taken in once (TENANT_EXISTS)."""
NOT_NUMBERED = {"CreateTenant", "SuspendTenant", "ResumeTenant", "RemoveTenant", "EraseCustomer"}
"""They say how it is to be with a tenant or a customer, whatever it was before, and are none of its commands."""
SURFACE = {
    "RoutingService": "EnqueueContact RouteContact UpdateContact CancelContact TransferContact PickContact "
    "CompleteContact RequestCallback AcceptOffer DeclineOffer GetContact ListContacts Dispatch",
    "AgentService": "UpsertAgents RemoveAgents SetPresence Heartbeat FinishWrapUp GetAgent ListAgents WatchAgent",
    "CustomerService": "UpsertCustomers RemoveCustomers EraseCustomer LookUpCustomer ListCustomers",
    "PolicyService": "ApplyPolicy GetPolicy ListPolicyVersions",
    "EventService": "Subscribe",
    "InsightService": "GetQueueStats WatchStats EstimateWait Explain",
    "AdminService": "GetStatus TakeSnapshot Reconcile",
    "TenantService": "CreateTenant ListTenants SuspendTenant ResumeTenant RemoveTenant ExportTenant ImportTenant",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    """The descriptors with their comments."""
    import google.rpc
    import grpc_tools

    out = tmp_path_factory.mktemp("descriptors") / "set.bin"
    names = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("acd/v1/*.proto"))
    includes = [PROTO, Path(grpc_tools.__file__).parent / "_proto", Path(google.rpc.__path__[0]).parents[1]]
    arguments = ["protoc", *(f"-I{path}" for path in includes), "--include_source_info", f"--descriptor_set_out={out}"]
    assert protoc.main([*arguments, *names]) == 0
    return list(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def elements(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str, Any]]:
    """Everything that has a name, with its path in the file's source info."""

    def of_enum(path: tuple[int, ...], enum: Any, where: str) -> Iterator[tuple[tuple[int, ...], str, Any]]:
        yield path, f"{where}{enum.name}", enum
        for index, value in enumerate(enum.value):
            yield (*path, 2, index), f"{where}{enum.name}.{value.name}", value

    def of_message(path: tuple[int, ...], message: Any, where: str) -> Iterator[tuple[tuple[int, ...], str, Any]]:
        if message.options.map_entry:
            return
        here = f"{where}{message.name}"
        yield path, here, message
        for index, field in enumerate(message.field):
            yield (*path, 2, index), f"{here}.{field.name}", field
        for index, nested in enumerate(message.nested_type):
            yield from of_message((*path, 3, index), nested, f"{here}.")
        for index, enum in enumerate(message.enum_type):
            yield from of_enum((*path, 4, index), enum, f"{here}.")
        synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
        for index, oneof in enumerate(message.oneof_decl):
            if index not in synthetic:
                yield (*path, 8, index), f"{here}.{oneof.name}", oneof

    for index, message in enumerate(file.message_type):
        yield from of_message((4, index), message, "")
    for index, enum in enumerate(file.enum_type):
        yield from of_enum((5, index), enum, "")
    for index, service in enumerate(file.service):
        yield (6, index), service.name, service
        for at, method in enumerate(service.method):
            yield (6, index, 2, at), f"{service.name}.{method.name}", method


def of_type(files: list[Any], kind: type) -> list[tuple[str, Any]]:
    return [(name, thing) for file in files for _, name, thing in elements(file) if isinstance(thing, kind)]


def test_everything_is_documented(files: list[Any]) -> None:
    bare = []
    for file in files:
        comments = {tuple(at.path): at.leading_comments.strip() for at in file.source_code_info.location}
        bare += [f"{file.name}: {name}" for path, name, _ in elements(file) if not comments.get(path)]
    assert bare == []


def test_the_surface_is_whole(files: list[Any]) -> None:
    found = {name: {m.name for m in s.method} for name, s in of_type(files, descriptor_pb2.ServiceDescriptorProto)}
    assert found == {service: set(calls.split()) for service, calls in SURFACE.items()}


def test_each_call_has_its_own_request_and_response(files: list[Any]) -> None:
    for name, method in of_type(files, descriptor_pb2.MethodDescriptorProto):
        assert method.input_type == f".acd.v1.{method.name}Request", name
        assert method.output_type == f".acd.v1.{method.name}Response", name


def test_changes_can_be_repeated_safely(files: list[Any]) -> None:
    messages = dict(of_type(files, descriptor_pb2.DescriptorProto))
    for _, method in of_type(files, descriptor_pb2.MethodDescriptorProto):
        if method.name.startswith(READS) or f"{method.name}Request" in WITHOUT_REQUEST_ID:
            continue
        request = {field.name: field for field in messages[f"{method.name}Request"].field}
        response = {field.name: field.type_name or field.type for field in messages[f"{method.name}Response"].field}
        assert request["request_id"].number == 1, method.name
        if method.name in NOT_NUMBERED:
            continue
        assert response["seq"] == descriptor_pb2.FieldDescriptorProto.TYPE_UINT64, method.name
        assert response["at"] == ".google.protobuf.Timestamp", method.name
        assert response["duplicate"] == descriptor_pb2.FieldDescriptorProto.TYPE_BOOL, method.name


def test_enums_start_at_unspecified(files: list[Any]) -> None:
    for name, enum in of_type(files, descriptor_pb2.EnumDescriptorProto):
        stem = "".join("_" + c if c.isupper() and i else c for i, c in enumerate(enum.name)).upper()
        assert (enum.value[0].name, enum.value[0].number) == (f"{stem}_UNSPECIFIED", 0), name
        assert all(value.name.startswith(f"{stem}_") for value in enum.value), name


def test_ids_are_strings_and_offers_are_numbered(files: list[Any]) -> None:
    types = descriptor_pb2.FieldDescriptorProto
    for name, field in of_type(files, types):
        if field.name.endswith(("_id", "_ids")):
            expected = types.TYPE_UINT64 if field.name in ("offer_id", "batch_id") else types.TYPE_STRING
            assert field.type == expected, name


def test_a_command_and_its_result_have_the_same_number(files: list[Any]) -> None:
    messages = dict(of_type(files, descriptor_pb2.DescriptorProto))
    commands = {f.name: f.number for f in messages["Command"].field if f.name not in SERVER_KINDS}
    results = {f.name: f.number for f in messages["CommandResult"].field if f.name != "error"}
    assert commands == results


def test_event_details_are_called_and_numbered_by_type(files: list[Any]) -> None:
    messages = dict(of_type(files, descriptor_pb2.DescriptorProto))
    details = {f.name: f.number for f in messages["Event"].field if f.HasField("oneof_index")}
    assert details == {kind.name.lower(): kind + 10 for kind in enums.EventType}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("contact", "ContactState"),
        ("contact", "EndCause"),
        ("agent", "Presence"),
        ("agent", "PresenceCause"),
        ("policy", "Strategy"),
        ("policy", "Membership"),
        ("event", "EventType"),
        ("event", "OfferOutcome"),
        ("event", "ChosenBy"),
        ("event", "MatchCause"),
        ("event", "StepAction"),
        ("event", "MoveCause"),
        ("event", "ReservationEnd"),
        ("event", "SegmentCause"),
        ("policy", "ClosingRule"),
        ("insight_service", "ServeRule"),
    ],
)
def test_enums_have_the_numbers_of_the_engine(module: str, name: str) -> None:
    """The codec hands numbers through."""
    wire = getattr(importlib.import_module(f"acd.v1.{module}_pb2"), name)
    prefix = wire.DESCRIPTOR.values[0].name.removesuffix("UNSPECIFIED")
    assert {value: number for value, number in wire.items() if number} == {
        f"{prefix}{member.name}": member.value for member in getattr(enums, name)
    }


def test_every_reason_of_the_engine_is_in_the_contract() -> None:
    from acd.v1.error_pb2 import ErrorReason

    assert {f"ERROR_REASON_{reason}" for reason in Reason} <= set(ErrorReason.keys())
