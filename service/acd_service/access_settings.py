"""Settings of who may come in, and how. Frozen, with units and defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files in PEM. They are read again when they change: new connections get the new certificate, old ones stay."""

    certificate: str = ""
    """The service's certificate, followed by those between it and its authority; empty for no TLS."""
    key: str = ""
    """The private key of the certificate."""
    client_ca: str = ""
    """Authorities of clients' certificates. If it is set, nobody connects without a certificate of theirs."""


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Credentials. If either file is set, every call but those of health needs one."""

    api_keys: str = ""
    """The file that `acd keys` keeps."""
    rules: str = ""
    """A YAML file: whom clients' certificates stand for, and which bearer tokens are taken."""
    reload_s: float = 1.0
    """How often to look whether a file has changed: the longest that a revoked key goes on working."""
    insecure_listen: bool = False
    """Listen where other machines can reach it even without credentials or without TLS."""

    @property
    def is_set(self) -> bool:
        return bool(self.api_keys or self.rules)
