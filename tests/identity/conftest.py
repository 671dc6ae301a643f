"""Certificates and tokens that are really signed, and a service process that asks for them."""

import contextlib
import datetime
import ipaddress
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd_service.identity.api_keys import KeyFile
from acd_service.identity.identity import Identity, Role

ROOT = Path(__file__).resolve().parents[2]
RELOAD_S = 0.1


def private_pem(key: Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authority:
    """A certificate authority with its files in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self._name, self._key.public_key(), [], days=30, is_authority=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, file: str, common_name: str, *names: x509.GeneralName, days: float = 1) -> tuple[Path, Path]:
        """A certificate and its key, in files; one with days below 0 has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate = self._sign(subject, key.public_key(), list(names), days=days, is_authority=False)
        paths = self.folder / f"{file}.crt", self.folder / f"{file}.key"
        # Replaced, not written over, as tools do that renew certificates.
        for path, content in zip(
            paths, (certificate.public_bytes(serialization.Encoding.PEM), private_pem(key)), strict=True
        ):
            made = path.with_suffix(".new")
            made.write_bytes(content)
            made.replace(path)
        return paths

    def for_localhost(self, file: str = "server") -> tuple[Path, Path]:
        return self.issue(
            file, "localhost", x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        )

    def _sign(self, subject: Any, public_key: Any, names: list[Any], *, days: float, is_authority: bool) -> Any:
        now = datetime.datetime.now(datetime.UTC)
        start = now - datetime.timedelta(days=10)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if not is_authority:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = builder.add_extension(usage, critical=False)
        return builder.sign(self._key, hashes.SHA256())


class Issuer:
    """An identity provider: signs tokens, publishes its keys."""

    issuer, audience = "https://login.example/", "acd"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "jwks.json"
        self._keys: dict[str, Any] = {}
        self.rotate("one")

    def rotate(self, *kids: str) -> None:
        """Publish keys of these names only; those not seen before are made."""
        self._keys = {kid: self._keys.get(kid) or ed25519.Ed25519PrivateKey.generate() for kid in kids}
        made = self.path.with_suffix(".new")
        made.write_text(json.dumps({"keys": [self.public(kid) for kid in kids]}))
        made.replace(self.path)

    def public(self, kid: str) -> dict[str, Any]:
        from jwt.algorithms import OKPAlgorithm

        return OKPAlgorithm.to_jwk(self._keys[kid].public_key(), as_dict=True) | {"kid": kid, "use": "sig"}

    def token(self, kid: str = "one", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good token, but for what is given; a claim that is None is left out."""
        now = time.time()
        whole = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "somebody",
            "iat": now,
            "exp": now + 600,
            "tenant": "default",
            "roles": ["admin"],
        } | claims
        payload = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(payload, self._keys[kid], algorithm="EdDSA", headers={"kid": kid} | (headers or {}))

    def rules(self, **more: Any) -> dict[str, Any]:
        return {"issuer": self.issuer, "audience": self.audience, "keys": self.path.name, "leeway_s": 0} | more


class Failure:
    """A refused call: its code, reason and message."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.code, self.message, self.reason = error.code(), error.details(), ""
        status = rpc_status.from_call(error)
        for detail in status.details if status is not None else ():
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                assert info.domain == "acd"
                self.reason = info.reason

    def __repr__(self) -> str:
        return f"Failure({self.code}, {self.reason}, {self.message!r})"


class Caller:
    """Somebody who calls a service, with a credential or without."""

    def __init__(self, channel: grpc.Channel, credential: str = "") -> None:
        self.channel = channel
        self._metadata = (("authorization", f"Bearer {credential}"),) if credential else ()

    def call(self, call: str, request: Any = b"", **options: Any) -> bytes:
        """A unary call by its name, `Service/Call`; gives the response's bytes."""
        make = self.channel.unary_unary(f"/acd.v1.{call}", request_serializer=_bytes)
        until_s = time.monotonic() + 20
        while True:
            try:
                return make(request, metadata=self._metadata, timeout=20, **options)
            except grpc.RpcError as error:
                # Figures are made beside the calls, and late on a machine that is busy: a client comes back.
                if Failure(error).reason != "FIGURES_NOT_READY" or time.monotonic() > until_s:
                    raise
            time.sleep(0.2)

    def stream(self, call: str, request: Any = b"", timeout: float = 20) -> Any:
        """A call that streams responses, in bytes."""
        make = self.channel.unary_stream(f"/acd.v1.{call}", request_serializer=_bytes)
        return make(request, metadata=self._metadata, timeout=timeout)

    def both_ways(self, call: str, requests: Any = ()) -> Any:
        make = self.channel.stream_stream(f"/acd.v1.{call}", request_serializer=_bytes)
        return make(iter(requests), metadata=self._metadata, timeout=20)


def _bytes(request: Any) -> bytes:
    return request if isinstance(request, bytes) else request.SerializeToString()


class ServiceProcess:
    """A service in a process of its own, with settings in a file."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.settings = settings
        self.log_path = folder / "service.log"
        self.address = ""
        self._process: subprocess.Popen[str] | None = None
        self._channels: list[grpc.Channel] = []

    def start(self, listen: str = "127.0.0.1:0") -> None:
        config = self.folder / "acd.yaml"
        config.write_text(yaml.safe_dump(self.settings))
        path = os.pathsep.join(str(ROOT / part) for part in ("", "proto", "service"))
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "acd_service.server", "--data", self.folder / "data", "--config", config,
                 "--listen", listen],
                stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, env=os.environ | {"PYTHONPATH": path},
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self._process.wait(30)
            pytest.fail(f"did not start: {self.log_path.read_text()}")
        self.address = line.split()[-1]

    def refuses_to_start(self, listen: str = "127.0.0.1:0") -> str:
        """Start it where it must not start; what it says."""
        with pytest.raises(pytest.fail.Exception) as failed:
            self.start(listen)
        return str(failed.value)

    def caller(self, credential: str = "", tls: grpc.ChannelCredentials | None = None) -> Caller:
        """Somebody on a connection of their own."""
        options = (("grpc.use_local_subchannel_pool", 1),)
        address = self.address.replace("127.0.0.1", "localhost")
        channel = (
            grpc.insecure_channel(self.address, options) if tls is None else grpc.secure_channel(address, tls, options)
        )
        self._channels.append(channel)
        return Caller(channel, credential)

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self.stop()


class Keys:
    """A file of API keys, and keys for whoever a test needs."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._file = KeyFile(self.path)

    def make(self, name: str, *roles: Role, tenant: str = "default", agent_id: str = "", lasts_s: float = 3_600) -> str:
        now = time.time()
        return self._file.create(Identity(name, tenant, frozenset(roles), agent_id, now + lasts_s), int(now))[1]

    def revoke(self, key: str) -> None:
        self._file.revoke(key.split("_")[1], int(time.time()))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def make_authority(tmp_path: Path) -> Callable[[str], Authority]:
    return lambda name: Authority(tmp_path, name)


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Services that end with the test; their files of credentials are looked at often."""
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> ServiceProcess:
            access = {"reload_s": RELOAD_S} | settings.pop("access", {})
            service = ServiceProcess(tmp_path, settings | {"access": access})
            stack.callback(service.close)
            return service

        yield make


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceProcess, Keys]]:
    """A service that takes API keys, for a module's tests that leave its state as it was."""
    folder = tmp_path_factory.mktemp("shared")
    keys = Keys(folder)
    keys.make("first", Role.ADMIN)
    service = ServiceProcess(folder, {"access": {"api_keys": str(keys.path), "reload_s": RELOAD_S}})
    service.start()
    yield service, keys
    service.close()


@pytest.fixture(scope="session")
def failure_of() -> Callable[[Callable[[], Any]], Failure]:
    """Make a call that must be refused, and take the refusal apart. A stream is read to its end."""

    def call(make: Callable[[], Any]) -> Failure:
        try:
            answer = make()
            if not isinstance(answer, bytes):
                for _ in answer:
                    pass
        except grpc.RpcError as error:
            return Failure(error)
        pytest.fail(f"was not refused but answered {answer!r}")

    return call


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so; the test fails if it never is."""

    def wait(is_so: Callable[[], bool]) -> None:
        for _ in range(600):
            if is_so():
                return
            time.sleep(0.05)
        pytest.fail("it did not come about within half a minute")

    return wait
