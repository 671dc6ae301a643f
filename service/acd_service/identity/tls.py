"""TLS for the service: its certificate, and whose certificates it takes, read again when the files change.

gRPC asks for the certificate at each new connection. What cannot be used (a key that is not the certificate's, a file
half replaced) is logged, and the certificate before it stays in use until the files fit again.
"""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from acd_service.access_settings import TlsSettings
from acd_service.config import BadConfig

_log = logging.getLogger(__name__)
_BYTES_MAX: Final = 2**20


@dataclass(frozen=True, slots=True)
class _Material:
    """The content of the files."""

    certificate: bytes
    key: bytes
    client_ca: bytes

    @classmethod
    def read(cls, settings: TlsSettings) -> Self:
        """Raises ValueError or OSError if the files cannot be used together."""
        made = cls(
            _content(settings.certificate),
            _content(settings.key),
            _content(settings.client_ca) if settings.client_ca else b"",
        )
        chain = _certificates(made.certificate, settings.certificate)
        try:
            key = load_pem_private_key(made.key, password=None)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{settings.key}: no private key without a password: {error}") from None
        ours, theirs = (
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            for public in (key.public_key(), chain[0].public_key())
        )
        if ours != theirs:
            raise ValueError(f"{settings.key}: not the key of the certificate in {settings.certificate}")
        if settings.client_ca:
            _certificates(made.client_ca, settings.client_ca)
        return made

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(self.key, self.certificate)], self.client_ca or None)


class ServerCertificate:
    """The service's certificate, from files that may change.

    Raises:
        BadConfig: the files cannot be used.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        if not settings.key:
            raise BadConfig("tls.key: it has to be set, since tls.certificate is")
        try:
            self._signature = self._look()
            self._material = _Material.read(settings)
        except (OSError, ValueError) as error:
            raise BadConfig(f"tls: {error}") from None

    def credentials(self) -> grpc.ServerCredentials:
        """What a server listens with."""
        # The stubs leave out that the function may give None for no change.
        changed: Any = self._changed
        return grpc.dynamic_ssl_server_credentials(
            self._material.configuration(), changed, require_client_authentication=bool(self._settings.client_ca)
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration if it is not the one given last. Called by gRPC's threads, once a connection."""
        with self._lock:
            try:
                signature = self._look()
                if signature == self._signature:
                    return None
                self._signature = signature
                made = _Material.read(self._settings)
            except (OSError, ValueError) as error:
                _log.error("the new certificate cannot be used; the one before it stays: %s", error)
                return None
            if made == self._material:
                return None
            self._material = made
            _log.warning("new connections get the certificate in %s as it is now", self._settings.certificate)
            return made.configuration()

    def _look(self) -> tuple[tuple[int, int, int], ...]:
        settings = self._settings
        found = [Path(name).stat() for name in (settings.certificate, settings.key, settings.client_ca) if name]
        return tuple((entry.st_mtime_ns, entry.st_size, entry.st_ino) for entry in found)


def _content(name: str) -> bytes:
    with Path(name).open("rb") as file:
        content = file.read(_BYTES_MAX + 1)
    if len(content) > _BYTES_MAX:
        raise ValueError(f"{name}: more than the {_BYTES_MAX} bytes allowed")
    return content


def _certificates(content: bytes, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise ValueError(f"{name}: no certificates in PEM: {error}") from None
