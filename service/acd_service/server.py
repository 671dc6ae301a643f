"""Assembly: from settings to a running service, and back down in good order.

    python -m acd_service.server --data DIR --listen 127.0.0.1:7007

prints `listening on ADDRESS` once it serves.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from acd.v1 import (
    admin_service_pb2_grpc,
    agent_service_pb2_grpc,
    customer_service_pb2_grpc,
    insight_service_pb2_grpc,
    policy_service_pb2_grpc,
    tenant_service_pb2_grpc,
)
from acd_service import logs
from acd_service.clock import Clock, DrivenClock, WallClock
from acd_service.config import LISTEN_DEFAULT, BadConfig, Config
from acd_service.data_dir import DataDirInUse, DataDirLock, key_use_path
from acd_service.hosting import Hosting
from acd_service.identity.exposure import check_exposure, warnings_about
from acd_service.identity.gate import Gate
from acd_service.identity.key_use import KeyUse
from acd_service.identity.tls import ServerCertificate
from acd_service.interceptor import CallInterceptor
from acd_service.journal import JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.observing import Observing
from acd_service.rpc.admin_service import AdminService
from acd_service.rpc.agent_service import AgentService
from acd_service.rpc.call import Tenants
from acd_service.rpc.customer_service import CustomerService
from acd_service.rpc.event_service import EventService
from acd_service.rpc.insight_service import InsightService
from acd_service.rpc.policy_service import PolicyService
from acd_service.rpc.routing_service import RoutingService
from acd_service.rpc.surface import Surface
from acd_service.rpc.tenant_service import TenantService
from acd_service.sequencer import Sequencer
from acd_service.service_error import DirectoryDamaged, Stopping
from acd_service.upkeep import Upkeep

_log = logging.getLogger(__name__)
SERVICES: Final = (
    "acd.v1.RoutingService",
    "acd.v1.AgentService",
    "acd.v1.CustomerService",
    "acd.v1.PolicyService",
    "acd.v1.EventService",
    "acd.v1.InsightService",
    "acd.v1.AdminService",
    "acd.v1.TenantService",
)
STREAMS_A_CONNECTION_MAX: Final = 10_000
"""Calls that one connection may have under way; a client of gRPC keeps the others to itself until there is room."""
_OPTIONS: Final = (
    # A second service on the same port is an error, not a share of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 32 * 2**20),
    ("grpc.max_concurrent_streams", STREAMS_A_CONNECTION_MAX),
    # Clients may ask so often whether the service is there, whether or not calls are under way.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
# The loop and the threads beside it hand the interpreter to each other; the one that commits large batches does it
# several times for each. At Python's usual 5 ms they would wait that long each time the loop is busy.
_SWITCH_INTERVAL_S: Final = 0.0005
_COLLECT_AFTER: Final = (20_000, 50, 100)
_FLUSH_S: Final = 0.2
"""For the last answers to leave; streams of the health service, which never end, are cut off after it."""


class AddressInUse(RuntimeError):
    """The address to listen on is taken, or does not exist."""


class Server:
    """A service, in the running event loop.

    Attributes:
        port: the port that is bound; 0 before `start` and for a Unix socket.
        address: where clients find it.
        failure: why the service could not go on; None as long as it can.
    """

    def __init__(self, config: Config, *, accept_loss: bool = False) -> None:
        check_exposure(config)
        self._config = config
        self._accept_loss = accept_loss
        self.port = 0
        self.address = config.listen
        self.failure: BaseException | None = None
        self._ended = asyncio.Event()
        self._stop_lock = asyncio.Lock()
        self._lock: DataDirLock | None = None
        self._journal: SqliteJournal | None = None
        self._sequencer: Sequencer | None = None
        self._hosting: Hosting | None = None
        self._upkeep: Upkeep | None = None
        self._grpc: grpc.aio.Server | None = None
        self._tenants = Tenants()
        self._calls = CallInterceptor(config.calls_in_flight_max)
        self._gate = self._calls.gate = _gate_of(config, self._tenants) if config.access.is_set else None
        self._certificate = ServerCertificate(config.tls) if config.tls.certificate else None
        self._health = health.aio.HealthServicer()
        self.observing = Observing(config, self._calls, lambda: self._tenants.all(), lambda: self._calls.lets_in)

    async def start(self) -> None:
        """Lock the data directory, listen, recover, serve. Until it serves, calls are answered UNAVAILABLE.

        Raises:
            DataDirInUse, AddressInUse, JournalError: and everything is let go again.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        config = self._config
        self._lock = DataDirLock.take(config.data_dir)
        self.observing.start()
        await self._listen()
        self._journal = journal = await asyncio.to_thread(
            SqliteJournal.open,
            config.data_dir,
            vfs=config.journal_vfs,
            synchronous=config.journal_synchronous,
            accept_loss=self._accept_loss,
        )
        self._hosting = hosting = Hosting(self._tenants.by_name, self._tenants.suspended, journal, config)
        recovered = await asyncio.to_thread(hosting.recover)
        clock: Clock
        floor_ns = hosting.last_at_ns
        clock = DrivenClock(floor_ns) if config.clock == "external" else WallClock(floor_ns)
        self._sequencer = Sequencer(journal, clock, config, self._fail, meters=self.observing.meters)
        self.observing.watch(journal, self._sequencer)
        await hosting.open_all(recovered, self._sequencer, clock)
        self._sequencer.start()
        for name, found in recovered.items():
            _log.info(
                "tenant %s recovered to seq %d: snapshot of seq %d and %d commands after it",
                name, found.extent.last_seq, found.snapshot_seq, found.replayed,
            )  # fmt: skip
        await self._say(health_pb2.HealthCheckResponse.SERVING)
        if self._gate is not None:
            self._gate.start()
        self._upkeep = Upkeep(config, journal, self._sequencer, clock, self._tenants.by_name)
        self._upkeep.start()
        self._calls.let_in()
        self.observing.recovered(sum(found.replayed for found in recovered.values()))
        for warning in warnings_about(config, self.address):
            _log.warning("%s", warning)

    async def _listen(self) -> None:
        pending = self._config.pending_calls_max
        bounds = (
            ("grpc.keepalive_time_ms", round(self._config.keepalive_s * 1_000)),
            ("grpc.keepalive_timeout_ms", round(self._config.keepalive_timeout_s * 1_000)),
            # It is this one by which gRPC gives a connection up whose answer does not come; unset, it is a minute.
            ("grpc.http2.ping_timeout_ms", round(self._config.keepalive_timeout_s * 1_000)),
            ("grpc.server.max_pending_requests", pending),
            ("grpc.server.max_pending_requests_hard_limit", 2 * pending),
        )
        self._grpc = server = grpc.aio.server(options=(*_OPTIONS, *bounds))
        surface = Surface(self._calls, self._tenants)
        server.add_generic_rpc_handlers((surface,))
        tenants = self._tenants
        registrations: list[tuple[Callable[..., None], object]] = [
            (agent_service_pb2_grpc.add_AgentServiceServicer_to_server, AgentService(tenants)),
            (customer_service_pb2_grpc.add_CustomerServiceServicer_to_server, CustomerService(tenants)),
            (policy_service_pb2_grpc.add_PolicyServiceServicer_to_server, PolicyService(tenants)),
            (insight_service_pb2_grpc.add_InsightServiceServicer_to_server, InsightService(tenants)),
            (admin_service_pb2_grpc.add_AdminServiceServicer_to_server, AdminService(tenants, self._calls)),
            (tenant_service_pb2_grpc.add_TenantServiceServicer_to_server, TenantService(lambda: self._hosting)),
            (health_pb2_grpc.add_HealthServicer_to_server, self._health),
        ]
        for add, servicer in registrations:
            add(servicer, surface)
        RoutingService(tenants).add_to(surface)
        EventService(tenants).add_to(surface)
        names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflection.aio.ReflectionServicer(names), surface)
        await self._say(health_pb2.HealthCheckResponse.NOT_SERVING)
        listen = self._config.listen
        try:
            if self._certificate is None:
                self.port = server.add_insecure_port(listen)
            else:
                self.port = server.add_secure_port(listen, self._certificate.credentials())
        except RuntimeError as error:
            raise AddressInUse(f"cannot listen on {listen}: {error}") from None
        if listen.startswith("unix:"):
            self.port = 0
        else:
            self.address = f"{listen.rpartition(':')[0]}:{self.port}"
        await server.start()

    async def _say(self, status: Any) -> None:
        for name in ("", *SERVICES):
            await self._health.set(name, status)

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self._calls.shut_out(Stopping("the service has failed and is going down"))
        self._ended.set()

    def request_stop(self) -> None:
        """Make `wait` return; for signal handlers."""
        self._ended.set()

    async def wait(self) -> None:
        """Until the service is asked to stop, or cannot go on."""
        await self._ended.wait()

    async def stop(self) -> None:
        """Take no new calls, finish and answer what was taken, end the streams, let go of everything."""
        async with self._stop_lock:
            self._ended.set()
            self._calls.shut_out(Stopping("the service is stopping"))
            if self._grpc is not None:
                await self._say(health_pb2.HealthCheckResponse.NOT_SERVING)
            if self._gate is not None:
                await self._gate.stop()
            if self._upkeep is not None:
                await self._upkeep.stop()
                self._upkeep = None
            if self._hosting is not None:
                await self._hosting.stop()
            if self._grpc is not None:
                await self._calls.drain(self._config.stop_grace_s)
                await self._grpc.stop(_FLUSH_S)
                self._grpc = None
            await self.observing.stop()
            if self._sequencer is not None:
                await self._sequencer.stop()
                self._sequencer = None
            if self._hosting is not None:
                await self._hosting.close()
                self._hosting = None
            if self._journal is not None:
                self._journal.close()
                self._journal = None
            if self._lock is not None:
                self._lock.release()
                self._lock = None


async def serve(
    config: Config, on_ready: Callable[[Server], None] = lambda _server: None, *, accept_loss: bool = False
) -> int:
    """Run a service until SIGTERM or SIGINT, or until it cannot go on.

    Args:
        on_ready: called when it serves.

    Returns:
        The process's exit status: 0 after an orderly stop, 1 if it could not go on.

    Raises:
        BadConfig, DataDirInUse, AddressInUse, JournalError: it could not start.
    """
    server = Server(config, accept_loss=accept_loss)
    spare_the_collector()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.request_stop)
    # Left alone it would end the process without a word; many send it to have files read again.
    loop.add_signal_handler(signal.SIGHUP, _log.warning, "SIGHUP changes nothing: files are followed without it")
    await server.start()
    gc.collect()
    gc.freeze()
    on_ready(server)
    await server.wait()
    _log.info("stopping")
    await server.stop()
    return 0 if server.failure is None else 1


def spare_the_collector() -> None:
    """Let Python look for cycles seldom. Calls leave none; what it would walk through each time is the recent events,
    and a walk through those takes as long as some commits.
    """
    gc.set_threshold(*_COLLECT_AFTER)


def run(config: Config, on_ready: Callable[[Server], None] = lambda _server: None, *, accept_loss: bool = False) -> int:
    """As `serve`, in an event loop of its own."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    return uvloop.run(serve(config, on_ready, accept_loss=accept_loss))


def _gate_of(config: Config, tenants: Tenants) -> Gate:
    return Gate(config.access, tenants, KeyUse(key_use_path(config.data_dir)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="acd_service.server", description="run a routing service")
    parser.add_argument("--data", type=Path, required=True, help="the data directory")
    parser.add_argument("--config", type=Path, help="a YAML file of settings")
    parser.add_argument("--listen", help=f"host:port or unix:PATH (default {LISTEN_DEFAULT})")
    parser.add_argument("--clock", choices=("wall", "external"))
    parser.add_argument("--engine", choices=("compiled", "reference"))
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    given = {"data_dir": options.data, "listen": options.listen, "clock": options.clock, "engine": options.engine}
    try:
        if options.config is not None:
            config = Config.load(options.config, **given)
        else:
            config = Config(**{name: value for name, value in given.items() if value is not None})
        if options.verbose:
            config = config.with_room("log", level="info")
        logs.set_up(config.log)
        return run(config, lambda server: print(f"listening on {server.address}", flush=True))  # noqa: T201
    except (BadConfig, DataDirInUse, AddressInUse, JournalError, DirectoryDamaged) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
