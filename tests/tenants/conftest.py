"""A service process of several tenants, and callers of each with an API key of its own."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd_service.identity.api_keys import KeyFile
from acd_service.identity.identity import Identity, Role

ROOT = Path(__file__).resolve().parents[2]
ENGINE = os.environ.get("ACD_TEST_ENGINE", "compiled")


class Refusal(Exception):
    """A refused call: code, reason, the metadata of its ErrorInfo, and when to try again."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.code, self.reason, self.facts, self.retry_after_ms = error.code(), "", {}, None
        status = rpc_status.from_call(error)
        for detail in status.details if status is not None else ():
            info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                self.reason, self.facts = info.reason, dict(info.metadata)
            elif detail.Unpack(retry):
                self.retry_after_ms = retry.retry_delay.ToMilliseconds()


class Caller:
    """Somebody who calls, by names: `caller("AgentService/GetAgent", agent_id="ann")`."""

    def __init__(self, channel: grpc.Channel, key: str) -> None:
        self._channel = channel
        self._metadata = (("authorization", f"Bearer {key}"),) if key else ()

    def __call__(self, call: str, **fields: Any) -> Any:
        request, answer = _types(call)
        make = self._channel.unary_unary(
            f"/acd.v1.{call}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        until_s = time.monotonic() + 20
        while True:
            try:
                return make(request(**fields), metadata=self._metadata, timeout=20)
            except grpc.RpcError as error:
                refusal = Refusal(error)
            # Figures are made beside the calls, and late on a machine that is busy: a client comes back when told.
            if refusal.reason != "FIGURES_NOT_READY" or time.monotonic() > until_s:
                raise refusal
            time.sleep((refusal.retry_after_ms or 0) / 1_000)

    def send(self, call: str, content: bytes) -> Any:
        """A call with these bytes for a request."""
        try:
            return self._channel.unary_unary(f"/acd.v1.{call}")(content, metadata=self._metadata, timeout=20)
        except grpc.RpcError as error:
            raise Refusal(error) from None

    def stream(self, call: str, timeout: float = 20, **fields: Any) -> Any:
        """Responses of a call that streams them."""
        request, answer = _types(call)
        make = self._channel.unary_stream(
            f"/acd.v1.{call}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return make(request(**fields), metadata=self._metadata, timeout=timeout)

    def dispatch(self, *batches: Any) -> Any:
        return self.both_ways("RoutingService/Dispatch", iter(batches))

    def both_ways(self, call: str, requests: Iterator[Any], timeout: float = 60) -> Any:
        """Responses of a call that streams both."""
        request, answer = _types(call)
        make = self._channel.stream_stream(
            f"/acd.v1.{call}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return make(requests, metadata=self._metadata, timeout=timeout)


def _types(call: str) -> tuple[Any, Any]:
    from google.protobuf import message_factory

    service, name = call.split("/")
    module = importlib.import_module(f"acd.v1.{service.removesuffix('Service').lower()}_service_pb2")
    method = module.DESCRIPTOR.services_by_name[service].methods_by_name[name]
    return message_factory.GetMessageClass(method.input_type), message_factory.GetMessageClass(method.output_type)


class House:
    """A service process that takes API keys; `settings` as in its file of settings."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._keys = KeyFile(folder / "keys.json")
        self._made: dict[tuple[str, Role], str] = {}
        self.key("default", Role.ADMIN)
        self.settings = {"access": {"api_keys": str(folder / "keys.json"), "reload_s": 0.1}} | settings
        self.program = ["-m", "acd_service.server"]
        self._process: subprocess.Popen[str] | None = None
        self._channels: list[grpc.Channel] = []
        self.address = ""

    def key(self, tenant: str, role: Role = Role.ADMIN) -> str:
        if (tenant, role) not in self._made:
            now = time.time()
            who = Identity(f"{role}-of-{tenant}", tenant, frozenset({role}), "", now + 3_600)
            self._made[tenant, role] = self._keys.create(who, int(now))[1]
        return self._made[tenant, role]

    def start(self) -> None:
        config = self.folder / "acd.yaml"
        config.write_text(yaml.safe_dump(self.settings))
        path = os.pathsep.join(str(ROOT / part) for part in ("", "proto", "service"))
        with (self.folder / "service.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, "--data", self.data, "--config", config,
                 "--listen", "127.0.0.1:0", "--engine", ENGINE],
                stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, env=os.environ | {"PYTHONPATH": path},
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self._process.wait(30)
            pytest.fail(f"did not start: {(self.folder / 'service.log').read_text()}")
        self.address = line.split()[-1]

    def caller(self, tenant: str = "", role: Role = Role.ADMIN) -> Caller:
        """Of a tenant, by name; of nobody if that is empty. A key that is new is known to the service at once."""
        known = not tenant or (tenant, role) in self._made
        key = self.key(tenant, role) if tenant else ""
        channel = grpc.insecure_channel(self.address, (("grpc.use_local_subchannel_pool", 1),))
        self._channels.append(channel)
        caller = Caller(channel, key)
        for _ in range(0 if known else 200):
            try:
                caller("AdminService/GetStatus")
            except Refusal as refusal:
                if refusal.code == grpc.StatusCode.UNAUTHENTICATED:
                    time.sleep(0.05)
                    continue
            break
        return caller

    fill = staticmethod(lambda caller: fill(caller))

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
        if self._process is not None:
            if self._process.poll() is None:
                self.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Services that end with the test; keys of some tenants are there from the start."""
    houses: list[House] = []

    def make(*tenants: str, **settings: Any) -> House:
        house = House(tmp_path, **settings)
        for tenant in tenants:
            house.key(tenant)
        houses.append(house)
        house.start()
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def make_houses(tmp_path: Path) -> Iterator[Callable[..., list[House]]]:
    """Several services, each in a folder of its own, which know keys of `acme` and of a host."""
    houses: list[House] = []

    def make(*folders: str) -> list[House]:
        for folder in folders:
            (tmp_path / folder).mkdir()
            house = House(tmp_path / folder)
            house.key("acme")
            house.key("default", Role.HOST)
            houses.append(house)
            house.start()
        return houses

    yield make
    for house in houses:
        house.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service of two tenants beside `default`: acme, which has something of everything, and globex, which has not."""
    house = House(tmp_path_factory.mktemp("house"), tenants={"acme": {}, "globex": {}})
    for tenant in ("acme", "globex"):
        house.key(tenant)
    house.start()
    fill(house.caller("acme"))
    yield house
    house.close()


def fill(caller: Caller) -> None:
    """Two queues, an agent with a call, a call that waits, a customer."""
    caller("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": "sales"}, {"queue_id": "vip"}]})
    caller("AgentService/UpsertAgents", agents=[{"agent_id": "ann"}])
    caller("AgentService/SetPresence", agent_id="ann", presence="PRESENCE_READY")
    caller("RoutingService/EnqueueContact", contact_id="call-1", queue_id="sales", request_id="r-1")
    caller("RoutingService/EnqueueContact", contact_id="call-2", queue_id="sales", request_id="r-2")
    caller(
        "CustomerService/UpsertCustomers",
        customers=[{"customer_id": "c-1", "addresses": [{"kind": "KIND_PHONE", "value": "+1555"}]}],
    )


@pytest.fixture(scope="session")
def refusal_of() -> Callable[..., Refusal]:
    """Why a call, or the stream that it gives, is refused; the test fails if it is not."""

    def refused(make: Callable[[], Any]) -> Refusal:
        try:
            answer = make()
            if hasattr(answer, "cancel"):
                for _ in answer:
                    pass
        except Refusal as refusal:
            return refusal
        except grpc.RpcError as error:
            return Refusal(error)
        pytest.fail(f"was not refused but answered {json.dumps(str(answer))}")

    return refused
