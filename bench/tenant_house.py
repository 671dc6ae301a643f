"""A service of many tenants in a process of its own, and credentials for whoever calls it."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import grpc
import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from acd.v1 import tenant_service_pb2_grpc
from acd.v1.routing_service_pb2 import DispatchResponse
from acd.v1.tenant_service_pb2 import CreateTenantRequest
from acd_core.commands import Command
from acd_service.codec.batches import dispatch_request
from bench.door.child_process import ChildProcess, service

DISPATCH: Final = "/acd.v1.RoutingService/Dispatch"
_ISSUER: Final = "bench"
_AUDIENCE: Final = "acd"
_LIFETIME_S: Final = 3_600
_BATCH_COMMANDS: Final = 1_000
_DEADLINE_S: Final = 60.0

Metadata = tuple[tuple[str, str], ...]


class BatchRefused(RuntimeError):
    """A command of a batch that had to be accepted was not; the message is the first that was not."""


class TenantHouse:
    """The service on a directory, as it runs in life; a context in which it runs, and may be started again.

    Args:
        folder: for its data, its settings and its log.
        settings: as in its file of settings.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._key = Ed25519PrivateKey.generate()
        public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        (folder / "jwks.json").write_text(json.dumps({"keys": [public | {"kid": "bench"}]}))
        rules = {"tokens": {"issuer": _ISSUER, "audience": _AUDIENCE, "keys": "jwks.json"}}
        (folder / "access.yaml").write_text(yaml.safe_dump(rules))
        settings = {"access": {"rules": str(folder / "access.yaml")}} | settings
        (folder / "acd.yaml").write_text(yaml.safe_dump(settings))
        self._process: ChildProcess | None = None

    def __enter__(self) -> Self:
        self._process = service(self.data, "--config", self.folder / "acd.yaml")
        self._process.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process is not None
        self._process.__exit__(*error)

    @property
    def process(self) -> ChildProcess:
        assert self._process is not None
        return self._process

    @property
    def address(self) -> str:
        return self.process.address

    def caller(self, tenant: str, role: str = "admin") -> Metadata:
        """The metadata of a call by somebody of a tenant."""
        now_s = int(time.time())
        claims = {
            "iss": _ISSUER, "aud": _AUDIENCE, "sub": f"{role}-of-{tenant}", "iat": now_s, "exp": now_s + _LIFETIME_S,
            "tenant": tenant, "roles": [role],
        }  # fmt: skip
        token = jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": "bench"})
        return (("authorization", f"Bearer {token}"),)

    def create(self, channel: grpc.Channel, name: str, **quotas: int) -> None:
        """Make a tenant."""
        call = tenant_service_pb2_grpc.TenantServiceStub(channel).CreateTenant
        host = self.caller("default", "host")
        call(CreateTenantRequest(name=name, quotas=quotas), metadata=host, timeout=_DEADLINE_S)

    def give(self, channel: grpc.Channel, tenant: str, commands: Sequence[Command]) -> None:
        """Give a tenant commands that it has to take.

        Raises:
            BatchRefused: it did not take one.
        """
        send = channel.stream_stream(DISPATCH)
        batches = [
            dispatch_request(list(commands[start : start + _BATCH_COMMANDS]))
            for start in range(0, len(commands), _BATCH_COMMANDS)
        ]
        for answer in send(iter(batches), metadata=self.caller(tenant), timeout=_DEADLINE_S):
            for result in DispatchResponse.FromString(answer).results:
                if result.HasField("error"):
                    raise BatchRefused(f"{tenant}: {result.error.message}")
