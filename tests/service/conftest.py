"""A real service process on a real socket with a real journal, and clients for it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2_grpc,
    contact_commands_pb2,
    event_service_pb2,
    event_service_pb2_grpc,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2_grpc,
    routing_service_pb2_grpc,
)

ROOT = Path(__file__).resolve().parents[2]
ENGINE = os.environ.get("ACD_TEST_ENGINE", "compiled")
READY, AWAY, OFFLINE = agent_pb2.PRESENCE_READY, agent_pb2.PRESENCE_AWAY, agent_pb2.PRESENCE_OFFLINE


class Client:
    """Stubs for every service, and the calls that most tests begin with."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.insecure_channel(address)
        self.routing = routing_service_pb2_grpc.RoutingServiceStub(self.channel)
        self.agents = agent_service_pb2_grpc.AgentServiceStub(self.channel)
        self.policy = policy_service_pb2_grpc.PolicyServiceStub(self.channel)
        self.events = event_service_pb2_grpc.EventServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    def apply_policy(self, *queues: policy_pb2.Queue, **fields: Any) -> Any:
        policy = policy_pb2.Policy(queues=queues or [policy_pb2.Queue(queue_id="sales")], **fields)
        return self.policy.ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy))

    def sign_on(self, agent_id: str, presence: Any = READY, **skills: int) -> None:
        spec = agent_pb2.AgentSpec(agent_id=agent_id, skills=skills)
        self.agents.UpsertAgents(agent_commands_pb2.UpsertAgentsRequest(agents=[spec]))
        self.agents.SetPresence(agent_commands_pb2.SetPresenceRequest(agent_id=agent_id, presence=presence))

    def enqueue(self, contact_id: str = "", queue_id: str = "sales", **fields: Any) -> Any:
        request = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id=queue_id, **fields)
        return self.routing.EnqueueContact(request)

    def accept(self, contact_id: str, agent_id: str, offer_id: int) -> Any:
        return self.routing.AcceptOffer(
            contact_commands_pb2.AcceptOfferRequest(contact_id=contact_id, agent_id=agent_id, offer_id=offer_id)
        )

    def status(self) -> Any:
        return self.admin.GetStatus(admin_service_pb2.GetStatusRequest(with_state_digest=True))

    def events_from(self, from_event_seq: int, to_event_seq: int | None = None) -> list[Any]:
        """The events from one on, up to the last that there is now."""
        last = self.status().event_seq if to_event_seq is None else to_event_seq
        events: list[Any] = []
        if from_event_seq > last:
            return events
        stream = self.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=from_event_seq), timeout=20)
        for message in stream:
            events.extend(message.events)
            if message.next_event_seq > last:
                break
        stream.cancel()
        return [event for event in events if event.event_seq <= last]

    def close(self) -> None:
        self.channel.close()


class ServiceProcess:
    """`python -m acd_service.server` on a data directory, or another program with the same arguments."""

    def __init__(
        self, data_dir: Path, log_dir: Path, *arguments: str, program: tuple[str, ...] = ("-m", "acd_service.server")
    ) -> None:
        self.data_dir = data_dir
        self._command = [sys.executable, *program, "--data", str(data_dir), "--engine", ENGINE, *arguments]
        self._clients: list[Client] = []
        self._process: subprocess.Popen[str] | None = None
        self.address = ""
        self.stderr_path = log_dir / "service.stderr"

    def start(self, listen: str = "127.0.0.1:0") -> Client:
        """Run it until it says where it listens, and connect."""
        path = os.pathsep.join(str(ROOT / part) for part in ("", "proto", "service"))
        with self.stderr_path.open("a") as stderr:
            self._process = subprocess.Popen(
                [*self._command, "--listen", listen],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=os.environ | {"PYTHONPATH": path},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self._process.wait(30)
            raise ServiceDidNotStart(self._process.returncode, self.stderr_path.read_text())
        self.address = line.split()[-1]
        return self.connect()

    def connect(self) -> Client:
        client = Client(self.address)
        self._clients.append(client)
        return client

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> int:
        assert self._process is not None
        status = self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def kill(self) -> None:
        """No warning, no chance to write anything more."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()


class ServiceDidNotStart(Exception):
    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(f"exit {status}: {stderr}")
        self.status = status
        self.stderr = stderr


class Failure:
    """A refused call, taken apart."""

    code: grpc.StatusCode
    reason: str
    field: str
    metadata: dict[str, str]
    violations: list[str]
    retry_after_ms: int | None

    def __init__(self, error: grpc.RpcError) -> None:
        self.code = error.code()
        self.details = error.details()
        self.reason, self.field, self.metadata, self.violations, self.retry_after_ms = "", "", {}, [], None
        status = rpc_status.from_call(error)
        for detail in status.details if status is not None else ():
            info = error_details_pb2.ErrorInfo()
            bad = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                assert info.domain == "acd"
                self.reason, self.metadata = info.reason, dict(info.metadata)
                self.field = self.metadata.get("field", "")
            elif detail.Unpack(bad):
                self.violations = [violation.field for violation in bad.field_violations]
            elif detail.Unpack(retry):
                self.retry_after_ms = retry.retry_delay.seconds * 1_000 + retry.retry_delay.nanos // 1_000_000

    def __repr__(self) -> str:
        return f"Failure({self.code}, {self.reason}, {self.field}, {self.details!r})"


@pytest.fixture(scope="session")
def failure_of() -> Callable[[Callable[[], Any]], Failure]:
    """Make a call that must be refused, and take the refusal apart. A stream is read to its end."""

    def call(make: Callable[[], Any]) -> Failure:
        try:
            answer = make()
            if isinstance(answer, Iterator):
                for _ in answer:
                    pass
        except grpc.RpcError as error:
            return Failure(error)
        pytest.fail(f"was not refused but answered {answer}")

    return call


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Services that end with the test."""
    with contextlib.ExitStack() as stack:

        def make(*arguments: str, data_dir: Path = tmp_path / "data", **options: Any) -> ServiceProcess:
            service = ServiceProcess(data_dir, tmp_path, *arguments, **options)
            stack.callback(service.close)
            return service

        yield make


@pytest.fixture
def client(make_service: Callable[..., ServiceProcess]) -> Client:
    """A client of a new service that has nothing in it yet."""
    return make_service().start()


@pytest.fixture(scope="module")
def make_shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ServiceProcess]]:
    """Services that end with the module."""
    with contextlib.ExitStack() as stack:

        def make(*arguments: str) -> ServiceProcess:
            folder = tmp_path_factory.mktemp("shared")
            service = ServiceProcess(folder / "data", folder, *arguments)
            stack.callback(service.close)
            return service

        yield make


@pytest.fixture(scope="module")
def shared_client(make_shared_service: Callable[..., ServiceProcess]) -> Client:
    """A client of a service that the tests of a module share: for tests that leave its state as it was."""
    return make_shared_service().start()


@pytest.fixture(scope="session")
def did_not_start() -> type[ServiceDidNotStart]:
    return ServiceDidNotStart


@pytest.fixture(scope="session")
def engine_kind() -> str:
    return ENGINE
