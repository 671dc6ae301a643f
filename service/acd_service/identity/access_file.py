"""The file `access`, in YAML: whom client certificates stand for, and which bearer tokens are taken.

certificates:
  "dns:pbx-1.example": {name: pbx-1, tenant: default, roles: [router]}
tokens:
  issuer: https://login.example/
  audience: acd
  keys: jwks.json
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

import yaml

from acd_core.refusal import Refused
from acd_service.identity.identity import Identity, roles_of
from acd_service.identity.tokens import TokenRules

FILE_BYTES_MAX: Final = 16 * 2**20
_PREFIXES: Final = ("uri:", "dns:", "email:", "cn:")


class BadAccessFile(ValueError):
    """A file that cannot be used; the message names it, and the entry at fault."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the file says.

    Attributes:
        certificates: identities by `uri:…`, `dns:…`, `email:…` or `cn:…`.
        tokens: None if no tokens are taken.
        key_set: where the issuer's public keys are, from the file's own folder.
    """

    certificates: Mapping[str, Identity] = field(default_factory=dict)
    tokens: TokenRules | None = None
    key_set: str = ""

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """What a file's content says.

        Raises:
            BadAccessFile: naming the entry at fault.
        """
        try:
            document = yaml.safe_load(content)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise BadAccessFile(f"{name}: {error}") from None
        if document is None:  # half written, rather than meant to lock everybody out
            raise BadAccessFile(f"{name}: the file is empty; rules that let nobody in are {{}}")
        _check_keys(document, ("certificates", "tokens"), name)
        mapping = document.get("certificates") or {}
        if not isinstance(mapping, dict):
            raise BadAccessFile(f"{name}: certificates: identities by the names of certificates are expected")
        certificates = {
            _certificate_name(key, name): _identity(value, f"{name}: certificates[{key!r}]")
            for key, value in mapping.items()
        }
        tokens = document.get("tokens")
        if tokens is None:
            return cls(certificates)
        rules, key_set = _token_rules(tokens, f"{name}: tokens")
        return cls(certificates, rules, key_set)


def _check_keys(entry: object, known: tuple[str, ...], where: str) -> None:
    if not isinstance(entry, dict):
        raise BadAccessFile(f"{where}: {', '.join(known)} are expected")
    for key in entry:
        if key not in known:
            raise BadAccessFile(f"{where}: there is no {key!r}; there are {', '.join(known)}")


def _certificate_name(key: object, name: str) -> str:
    if not isinstance(key, str) or not key.startswith(_PREFIXES):
        raise BadAccessFile(f"{name}: certificates: {key!r} does not begin with one of {', '.join(_PREFIXES)}")
    return key


def _identity(entry: Any, where: str) -> Identity:
    _check_keys(entry, ("name", "tenant", "roles", "agent_id"), where)
    for key in ("name", "tenant", "agent_id"):
        if key in entry and not isinstance(entry[key], str):
            raise BadAccessFile(f"{where}: {key}: a text is expected")
    try:
        roles = roles_of(entry.get("roles"))
        return Identity(entry.get("name", ""), entry.get("tenant", ""), roles, entry.get("agent_id", ""))
    except Refused as refused:
        raise BadAccessFile(f"{where}: {refused.field}: {refused.message}") from None


def _token_rules(entry: Any, where: str) -> tuple[TokenRules, str]:
    names = tuple(known.name for known in fields(TokenRules))
    _check_keys(entry, (*names, "keys"), where)
    for key, value in entry.items():
        if key.endswith(("_s", "_s_max")):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
                raise BadAccessFile(f"{where}: {key}: {value!r} is no time in seconds")
        elif not isinstance(value, str) or not value:
            raise BadAccessFile(f"{where}: {key}: a text is expected")
    for key in ("issuer", "audience", "keys"):
        if key not in entry:
            raise BadAccessFile(f"{where}: {key} is missing")
    return TokenRules(**{key: value for key, value in entry.items() if key != "keys"}), entry["keys"]


def key_set_path(access_path: Path, access: Access) -> Path:
    """Where the issuer's public keys are."""
    return access_path.parent / access.key_set
