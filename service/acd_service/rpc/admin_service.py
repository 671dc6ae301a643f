"""AdminService: how the service is, and snapshots on request."""

import asyncio
import dataclasses
from functools import cache
from importlib import metadata
from typing import Any

from acd.v1 import admin_service_pb2, admin_service_pb2_grpc
from acd_core.views import Counts
from acd_service import codec
from acd_service.clock import stopwatch_ns
from acd_service.engine_interface import RoutingEngine
from acd_service.interceptor import CallInterceptor
from acd_service.rpc.call import Tenants
from acd_service.rpc.reconciling import reconcile
from acd_service.service_error import Stopping
from acd_service.snapshot_schedule import SnapshotsStopped


@dataclasses.dataclass(frozen=True, slots=True)
class _Picture:
    seq: int
    event_seq: int
    at_ns: int
    event_hash: int
    policy_version: int
    counts: Counts
    digest: str


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """For SREs."""

    def __init__(self, tenants: Tenants, calls: CallInterceptor) -> None:
        self._tenants = tenants
        self._calls = calls

    async def GetStatus(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)

        def question(engine: RoutingEngine) -> _Picture:
            return _Picture(
                engine.seq,
                engine.event_seq,
                engine.now_ns,
                engine.event_hash,
                engine.policy_version,
                engine.counts(),
                engine.state_digest() if request.with_state_digest else "",
            )

        picture = await (tenant.look_long if request.with_state_digest else tenant.look)(question)
        await tenant.look(lambda engine: tenant.monitor.look_at(engine.counts()))
        oldest_event_seq = tenant.journal.oldest_event_seq_known(tenant.name)
        if not oldest_event_seq:
            oldest_event_seq = await asyncio.to_thread(tenant.journal.oldest_event_seq, tenant.name)
        return admin_service_pb2.GetStatusResponse(
            tenant_id=tenant.name,
            seq=picture.seq,
            event_seq=picture.event_seq,
            at=codec.timestamp_of(picture.at_ns),
            event_hash=f"{picture.event_hash:016x}",
            state_digest=picture.digest,
            policy_version=picture.policy_version,
            counts=_counts_message(picture.counts),
            invariant_violations=tenant.monitor.figures(),
            oldest_event_seq=oldest_event_seq,
            subscribers=[
                admin_service_pb2.SubscriberStatus(
                    peer=follower.peer,
                    next_event_seq=follower.next_event_seq,
                    lag=tenant.fanout.next_event_seq - follower.next_event_seq,
                )
                for follower in tenant.fanout.followers()
            ],
            started_at=codec.timestamp_of(tenant.started_at_ns),
            server_version=_version(),
            set_aside=[
                admin_service_pb2.CommandSetAside(
                    at=codec.timestamp_of(entry.at_ns), kind=entry.kind, message=entry.message
                )
                for entry in tenant.set_aside.entries
            ],
            journal_bytes=tenant.journal.size_bytes(),
            counters={
                "rpc_calls": self._calls.calls,
                "rpc_calls_refused": self._calls.calls_refused,
                "rpc_calls_in_progress": self._calls.in_flight,
                "commands": tenant.commands_accepted,
                "commands_refused": tenant.commands_refused,
                "commands_waiting": tenant.sequencer.waiting,
                "batches": tenant.sequencer.batches,
                **{f"rpc_calls_refused_{why.lower()}": count for why, count in self._calls.calls_turned_away.items()},
                "loop_stall_ms": tenant.sequencer.meters.stall_ns.value(stopwatch_ns()) // 1_000_000,
            },
        )

    async def TakeSnapshot(self, request: Any, context: Any) -> Any:
        try:
            taken = await self._tenants.of(context).snapshots.take()
        except SnapshotsStopped as error:
            raise Stopping(str(error)) from error
        return admin_service_pb2.TakeSnapshotResponse(
            seq=taken.seq,
            at=codec.timestamp_of(taken.at_ns),
            state_digest=taken.state_digest,
            size_bytes=taken.size_bytes,
        )

    async def Reconcile(self, request: Any, context: Any) -> Any:
        return await reconcile(self._tenants.of(context), request, context)


def _counts_message(counts: Counts) -> admin_service_pb2.StateCounts:
    message = admin_service_pb2.StateCounts(
        agents=counts.agents,
        agents_ready=counts.agents_ready,
        waiting=counts.waiting,
        offered=counts.offered,
        active=counts.active,
        wrap_up=counts.wrap_up,
        opened=counts.opened,
    )
    for cause, count in enumerate(counts.closed, 1):
        if count:
            message.closed.add(cause=cause, count=count)
    return message


@cache
def _version() -> str:
    try:
        return metadata.version("acd-routing-core")
    except metadata.PackageNotFoundError:
        return "unknown"
