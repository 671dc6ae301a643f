"""`acd tenants`: the tenants of a running service."""

import os
from pathlib import Path
from typing import Any, BinaryIO

import click
from google.protobuf.json_format import MessageToDict

from acd.v1.tenant_service_pb2 import (
    CreateTenantRequest,
    ExportTenantRequest,
    ImportTenantRequest,
    ListTenantsRequest,
    RemoveTenantRequest,
    ResumeTenantRequest,
    SuspendTenantRequest,
    TenantExtent,
    TenantInfo,
    TenantQuotas,
)
from acd.v1.tenant_service_pb2_grpc import TenantServiceStub
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.terminal import BadInput, example, json_option, print_json, results

_REMOVAL_S = 3_600.0
"""A large tenant is deleted in many small steps."""
_MOVING_S = 3_600.0
"""It is sent, and replayed before it is sent and before it is taken in."""
_PIECE_BYTES = 2**20


@click.group("tenants")
def tenants_group() -> None:
    """Make, suspend, resume, move and remove tenants while the service runs. For the role host."""


@tenants_group.command("list", epilog=example("acd tenants list", "acd tenants list --json"))
@server_option
@json_option
def list_tenants(server: Service, as_json: bool) -> None:
    """Show the tenants that there are."""
    with connect(server) as channel:
        answer = TenantServiceStub(channel).ListTenants(ListTenantsRequest(), timeout=DEADLINE_S)
    if as_json:
        print_json({"tenants": [_as_dict(tenant) for tenant in answer.tenants]})
    else:
        for tenant in answer.tenants:
            _print(tenant)


@tenants_group.command(
    "create", epilog=example("acd tenants create acme", "acd tenants create acme --quota agents_max=500")
)
@click.argument("name")
@click.option("--quota", "quotas", multiple=True, metavar="NAME=N", help="A quota; may be given several times.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, help="Of random choices.  [default: 0]")
@server_option
@json_option
def create_tenant(name: str, quotas: tuple[str, ...], seed: int, server: Service, as_json: bool) -> None:
    """Make the tenant NAME and serve it at once."""
    request = CreateTenantRequest(name=name, quotas=_quotas(quotas), seed=seed)
    with connect(server) as channel:
        _show(TenantServiceStub(channel).CreateTenant(request, timeout=DEADLINE_S).tenant, as_json)


@tenants_group.command("suspend", epilog=example("acd tenants suspend acme"))
@click.argument("name")
@server_option
@json_option
def suspend_tenant(name: str, server: Service, as_json: bool) -> None:
    """Stop serving the tenant NAME: calls are refused, streams end, timers stop. Nothing is lost."""
    with connect(server) as channel:
        answer = TenantServiceStub(channel).SuspendTenant(SuspendTenantRequest(name=name), timeout=DEADLINE_S)
    _show(answer.tenant, as_json)


@tenants_group.command("resume", epilog=example("acd tenants resume acme"))
@click.argument("name")
@server_option
@json_option
def resume_tenant(name: str, server: Service, as_json: bool) -> None:
    """Serve the suspended tenant NAME again."""
    with connect(server) as channel:
        answer = TenantServiceStub(channel).ResumeTenant(ResumeTenantRequest(name=name), timeout=DEADLINE_S)
    _show(answer.tenant, as_json)


@tenants_group.command(
    "export", epilog=example("acd tenants suspend acme", "acd tenants export acme acme.acd", "acd tenants remove acme")
)
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@server_option
@json_option
def export_tenant(name: str, file: Path, server: Service, as_json: bool) -> None:
    """Write all that is kept of the tenant NAME to FILE, proved by a replay. Suspend it first to move it."""
    if file.exists():
        raise BadInput(f"{file} is there already")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with connect(server) as channel, open(unfinished, "wb", opener=_for_its_owner) as target:
            request = ExportTenantRequest(name=name)
            answers = TenantServiceStub(channel).ExportTenant(request, timeout=_MOVING_S)
            first = next(answers)
            target.write(first.content)
            for answer in answers:
                target.write(answer.content)
            target.flush()
            os.fsync(target.fileno())
        unfinished.rename(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    found = _extent(name, first.extent) | {"file": str(file), "size_bytes": first.size_bytes}
    if as_json:
        print_json(found)
    else:
        results().print(f"{name} is in {file}: seq {found['seq']}, state {found['state_digest']}", markup=False)


def _for_its_owner(path: str, flags: int) -> int:
    """Opens a file that nobody else can read: it holds customers' data."""
    return os.open(path, flags, 0o600)


@tenants_group.command("import", epilog=example("acd tenants import acme.acd", "acd tenants import acme.acd --resume"))
@click.argument("file", type=click.File("rb"))
@click.option("--resume", "resumes", is_flag=True, help="Serve it at once.  [default: it is suspended]")
@server_option
@json_option
def import_tenant(file: BinaryIO, resumes: bool, server: Service, as_json: bool) -> None:
    """Take in a tenant from FILE, under the name that it had. Interrupted, it leaves nothing."""
    with connect(server) as channel:
        stub = TenantServiceStub(channel)
        pieces = iter(lambda: file.read(_PIECE_BYTES), b"")
        answers = stub.ImportTenant((ImportTenantRequest(content=piece) for piece in pieces), timeout=_MOVING_S)
        *_, answer = answers
        tenant = answer.tenant
        if resumes:
            tenant = stub.ResumeTenant(ResumeTenantRequest(name=tenant.name), timeout=DEADLINE_S).tenant
    found = _extent(tenant.name, answer.extent) | {"state": _state(tenant)}
    if as_json:
        print_json(found)
    else:
        results().print(
            f"{tenant.name} is here, {found['state']}: seq {found['seq']}, state {found['state_digest']}", markup=False
        )


@tenants_group.command("remove", epilog=example("acd tenants remove acme"))
@click.argument("name")
@server_option
@json_option
def remove_tenant(name: str, server: Service, as_json: bool) -> None:
    """Delete the suspended tenant NAME with all that is kept of it. There is no way back."""
    with connect(server) as channel:
        TenantServiceStub(channel).RemoveTenant(RemoveTenantRequest(name=name), timeout=_REMOVAL_S)
    if as_json:
        print_json({"removed": name})
    else:
        results().print(f"{name} is removed")


def _quotas(given: tuple[str, ...]) -> TenantQuotas:
    known = [field.name for field in TenantQuotas.DESCRIPTOR.fields]
    quotas = TenantQuotas()
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise BadInput(f"--quota: there is no {name!r}; there are {', '.join(known)}")
        if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) < 2**31):
            raise BadInput(f"--quota: {name}: {value!r} is no whole number from 0 to {2**31 - 1}")
        setattr(quotas, name, int(value))
    return quotas


def _extent(name: str, extent: TenantExtent) -> dict[str, Any]:
    return {
        "name": name, "seq": extent.seq, "event_seq": extent.event_seq, "state_digest": extent.state_digest
    }  # fmt: skip


def _state(tenant: TenantInfo) -> str:
    return TenantInfo.State.Name(tenant.state).removeprefix("STATE_").lower()


def _as_dict(tenant: TenantInfo) -> dict[str, Any]:
    quotas = MessageToDict(tenant.quotas, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {"name": tenant.name, "state": _state(tenant), "seq": tenant.seq, "quotas": quotas}


def _show(tenant: TenantInfo, as_json: bool) -> None:
    if as_json:
        print_json(_as_dict(tenant))
    else:
        _print(tenant)


def _print(tenant: TenantInfo) -> None:
    quotas = " ".join(f"{field.name}={value}" for field, value in tenant.quotas.ListFields())
    results().print(f"{tenant.name:<24} {_state(tenant):<10} {quotas}".rstrip(), markup=False)
