"""PolicyService: the policy, its versions, and whether one could be applied."""

import asyncio
from typing import Any

from acd.v1 import policy_commands_pb2, policy_service_pb2, policy_service_pb2_grpc
from acd_core.commands import ApplyPolicy, Tick
from acd_core.limits import Limits
from acd_core.policy import Policy
from acd_service import codec
from acd_service.engine_interface import RoutingEngine, engine_maker
from acd_service.journal import PolicyRecord
from acd_service.long_work import Breath, InPieces
from acd_service.rpc.call import Tenants, asking_of, read_aside
from acd_service.rpc.pages import page_of
from acd_service.rpc.policy_warnings import specs, warnings_about, warnings_about_applied
from acd_service.service_error import UnknownPolicyVersion
from acd_service.tenant import Tenant

_VERSIONS_MAX = 1_000
_VERSIONS_DEFAULT = 100


class PolicyService(policy_service_pb2_grpc.PolicyServiceServicer):
    """For operators."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def ApplyPolicy(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        command = await read_aside(codec.command_of, request)
        assert isinstance(command, ApplyPolicy)
        if request.validate_only:
            return await _try_out(tenant, command)
        answer = await tenant.submit(command, asking_of(context))
        response = codec.response_of(command, answer)
        assert isinstance(response, policy_commands_pb2.ApplyPolicyResponse)
        response.warnings.extend(await warnings_about_applied(tenant, command.policy))
        return response

    async def GetPolicy(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        policy, version = await tenant.look(lambda engine: (engine.policy, engine.policy_version))
        wanted = request.policy_version if request.HasField("policy_version") else version
        if wanted == 0:
            return policy_service_pb2.GetPolicyResponse(policy=codec.policy_message(Policy()))
        records = await _read(tenant, wanted, 1)
        if not records or records[0].policy_version != wanted:
            raise UnknownPolicyVersion(wanted)
        record = records[0]
        if wanted != version:
            policy = Policy.from_bytes(record.content)
        return policy_service_pb2.GetPolicyResponse(
            policy=codec.policy_message(policy),
            policy_version=wanted,
            applied_at=codec.timestamp_of(record.at_ns),
        )

    async def ListPolicyVersions(self, request: Any, context: Any) -> Any:
        size, start, _ = page_of(request, _VERSIONS_MAX, _VERSIONS_DEFAULT)
        tenant = self._tenants.of(context)
        if not start:
            start = await tenant.look(lambda engine: engine.policy_version)
        records = await _read(tenant, start, size + 1)
        return policy_service_pb2.ListPolicyVersionsResponse(
            versions=[
                policy_service_pb2.PolicyVersion(
                    policy_version=record.policy_version,
                    applied_at=codec.timestamp_of(record.at_ns),
                    seq=record.seq,
                )
                for record in records[:size]
            ],
            next_page_token=str(records[size].policy_version) if len(records) > size else "",
        )


async def _read(tenant: Tenant, up_to_version: int, policies_max: int) -> list[PolicyRecord]:
    if up_to_version >= 2**63:
        return []
    return list(
        await asyncio.to_thread(
            tenant.journal.read_policies, tenant.name, up_to_version=up_to_version, policies_max=policies_max
        )
    )


async def _try_out(tenant: Tenant, command: ApplyPolicy) -> policy_commands_pb2.ApplyPolicyResponse:
    """Apply a policy to a copy of the engine, which has the same checks because it is the same engine.

    Returns:
        The version that is in force, and stays so; the warnings.

    Raises:
        Refused: as applying it would.
    """

    def copy_of(engine: RoutingEngine) -> tuple[InPieces, int, Limits]:
        pieces = InPieces()
        engine.write_snapshot(pieces.write)
        return pieces, engine.policy_version, engine.limits

    pieces, policy_version, limits = await tenant.look_long(copy_of)

    def attempt() -> policy_commands_pb2.ApplyPolicyResponse:
        copy = engine_maker(tenant.config.engine).restore_from(pieces, pieces.size)
        copy.limits = limits
        copy.breath = Breath()
        due_ns = copy.next_timer()
        if due_ns is not None and due_ns <= copy.now_ns:
            copy.apply(copy.now_ns, Tick())
        copy.apply(max(copy.now_ns, 1), command)
        warnings = warnings_about(command.policy, specs(copy))
        return policy_commands_pb2.ApplyPolicyResponse(policy_version=policy_version, warnings=warnings)

    return await asyncio.to_thread(attempt)
