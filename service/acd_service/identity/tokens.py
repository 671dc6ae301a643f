"""Bearer tokens: JSON Web Tokens (RFC 7519) that an identity provider signed, checked against its public keys.

The algorithm belongs to the key, not to the token: each key of the set is good for one algorithm only, so that no token
can ask to be checked in another way (RFC 8725, section 3.1). Symmetric and private keys are refused when the set is
read. `exp`, `iss`, `aud` and `sub` have to be there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from acd_core.refusal import Refused
from acd_service.identity.identity import Identity, Role
from acd_service.service_error import Unauthenticated

TOKEN_CHARACTERS_MAX: Final = 8_192
KEYS_MAX: Final = 100
FILE_BYTES_MAX: Final = 2**20
RSA_BITS_MIN: Final = 2_048
_REQUIRED: Final = ("exp", "iss", "aud", "sub")


class BadKeySet(ValueError):
    """A set of public keys that cannot be used; the message names the key at fault."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Which tokens are taken, and where in them the tenant and the roles stand."""

    issuer: str
    audience: str
    leeway_s: float = 30.0
    """By how much the issuer's clock may differ from ours."""
    lifetime_s_max: float = 86_400.0
    """A token that is good for longer from when it was issued is refused, as is one that does not say when."""
    tenant_claim: str = "tenant"
    roles_claim: str = "roles"
    agent_claim: str = "agent_id"


class KeySet:
    """The public keys of an issuer (RFC 7517), each with the one algorithm that it is good for."""

    def __init__(self, keys: Mapping[str, tuple[Any, str]]) -> None:
        self._keys = keys

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """The keys in a JWKS document.

        Raises:
            BadKeySet: it is no such document, or holds a key that must not or cannot be used.
        """
        try:
            document = json.loads(content)
            entries = document["keys"]
            if not isinstance(entries, list) or not 1 <= len(entries) <= KEYS_MAX:
                raise BadKeySet(f"{name}: keys: a list of 1 to {KEYS_MAX} is expected")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, BadKeySet):
                raise
            raise BadKeySet(f"{name}: not a set of keys: {error}") from None
        keys: dict[str, tuple[Any, str]] = {}
        for index, entry in enumerate(entries):
            where = f"{name}: keys[{index}]"
            if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
                raise BadKeySet(f"{where}: a key with a `kid` is expected")
            if entry.get("use", "sig") != "sig":
                continue
            if entry["kid"] in keys:
                raise BadKeySet(f"{where}: the kid {entry['kid']!r} stands there twice")
            keys[entry["kid"]] = _public_key(entry, where)
        return cls(keys)

    def find(self, kid: object) -> tuple[Any, str] | None:
        """The key with this `kid` and its algorithm. A token that names none is taken for the only key's, if it is."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None


def identity_of_token(token: str, keys: KeySet, rules: TokenRules) -> Identity:
    """Who a token says that its bearer is.

    Raises:
        Unauthenticated: it is not signed by one of the keys, is not for us, is not yet or no longer good, or does not
            say who that is. The message is for the log.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise Unauthenticated("the token is too long")
    try:
        header = jwt.get_unverified_header(token)
        if "crit" in header:
            raise Unauthenticated("the token wants extensions understood that are not")
        found = keys.find(header.get("kid"))
        if found is None:
            raise Unauthenticated("the token is signed by no key that is known")
        key, algorithm = found
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=rules.issuer,
            audience=rules.audience,
            leeway=rules.leeway_s,
            options={"require": [*_REQUIRED, "iat"]},
        )
        expires_at_s, issued_at_s = float(claims["exp"]), float(claims["iat"])
        if not expires_at_s - issued_at_s <= rules.lifetime_s_max:
            raise Unauthenticated(f"the token is good for longer than {rules.lifetime_s_max:.0f} s")
        return Identity(
            _text(claims, "sub"),
            _text(claims, rules.tenant_claim),
            _roles(claims.get(rules.roles_claim)),
            _text(claims, rules.agent_claim) if rules.agent_claim in claims else "",
            expires_at_s + rules.leeway_s,
        )
    except (jwt.PyJWTError, Refused, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Unauthenticated(f"{type(error).__name__}: {error}") from None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise Unauthenticated(f"the token has no text at {name!r}")
    return value


def _roles(names: object) -> frozenset[Role]:
    """The roles that are ours: an issuer may name others that concern other services. A text is split at spaces."""
    if isinstance(names, str):
        names = names.split()
    if not isinstance(names, list):
        raise Unauthenticated("the token names no roles")
    return frozenset(Role(name) for name in names if isinstance(name, str) and name in set(Role))


def _public_key(entry: Mapping[str, Any], where: str) -> tuple[Any, str]:
    if entry.get("kty") == "oct" or "d" in entry or "k" in entry:
        raise BadKeySet(f"{where}: a secret stands here; only public keys belong into this file")
    try:
        key = jwt.PyJWK(dict(entry), algorithm=_algorithm_of(entry)).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise BadKeySet(f"{where}: {error}") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        algorithm = "EdDSA"
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        algorithm = "ES256"
    elif isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS_MIN:
            raise BadKeySet(f"{where}: {key.key_size} bits are too few, at least {RSA_BITS_MIN}")
        algorithm = "RS256"
    else:
        raise BadKeySet(f"{where}: only Ed25519, P-256 and RSA keys are taken")
    if entry.get("alg", algorithm) != algorithm:
        raise BadKeySet(f"{where}: alg: {entry['alg']!r} is not taken, the key is used for {algorithm}")
    return key, algorithm


def _algorithm_of(entry: Mapping[str, Any]) -> str:
    kinds = {"OKP": "EdDSA", "EC": "ES256", "RSA": "RS256"}
    if entry.get("kty") not in kinds:
        raise BadKeySet(f"the kind of key {entry.get('kty')!r} is not taken")
    return kinds[entry["kty"]]
