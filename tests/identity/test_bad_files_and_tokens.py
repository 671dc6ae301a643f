"""Whatever is in a file or a token, there is an answer with a name and never a fault."""

import base64
import contextlib
import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_service.identity.access_file import Access, BadAccessFile
from acd_service.identity.api_keys import BadKeyFile, KeyRing
from acd_service.identity.certificates import identity_of_certificate
from acd_service.identity.tokens import BadKeySet, KeySet, TokenRules, identity_of_token
from acd_service.service_error import Unauthenticated

NAMES = st.sampled_from([
    "format", "keys", "key_id", "sha256", "name", "tenant", "roles", "agent_id", "expires_at_s", "kid", "kty", "crv",
    "alg", "use", "x", "y", "n", "e", "d", "certificates", "tokens", "issuer", "audience", "leeway_s", "cn:x", "dns:y",
    "iss", "aud", "sub", "exp", "iat", "nbf", "crit",
])  # fmt: skip
WORDS = st.sampled_from(
    ["router", "admin", "EC", "RSA", "OKP", "oct", "P-256", "Ed25519", "EdDSA", "none", "AQAB", "0" * 64]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, DOCUMENTS, max_size=8)
RULES = TokenRules("https://login.example/", "acd")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | OBJECTS.map(lambda value: json.dumps(value).encode()))
def test_files_of_keys(content: bytes) -> None:
    with contextlib.suppress(BadKeyFile):
        KeyRing.parse(content, "f").find("acd_" + "0" * 16 + "_" + "0" * 64)
    with contextlib.suppress(BadKeySet):
        KeySet.parse(content, "f").find("a")


@settings(max_examples=60, deadline=None)
@given(st.lists(OBJECTS, max_size=3), OBJECTS)
def test_lists_of_keys(entries: list, more: dict) -> None:
    content = json.dumps(more | {"format": 1, "keys": entries}).encode()
    with contextlib.suppress(BadKeyFile):
        KeyRing.parse(content, "f")
    with contextlib.suppress(BadKeySet):
        KeySet.parse(content, "f")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.fixed_dictionaries({}, optional={
    "certificates": st.dictionaries(st.sampled_from(["cn:x", "dns:y", "z"]), OBJECTS, max_size=2), "tokens": OBJECTS,
}).map(lambda value: yaml.safe_dump(value).encode()))  # fmt: skip
def test_files_of_rules(content: bytes) -> None:
    with contextlib.suppress(BadAccessFile):
        Access.parse(content, "f")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    return KeySet.parse(json.dumps({"keys": [jwk]}).encode(), "f")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=100)
    | st.tuples(OBJECTS | DOCUMENTS, OBJECTS | DOCUMENTS, st.binary(max_size=80)).map(
        lambda parts: f"{part(parts[0])}.{part(parts[1])}.{base64.urlsafe_b64encode(parts[2]).decode()}"
    )
)
def test_tokens(keys: KeySet, token: str) -> None:
    with pytest.raises(Unauthenticated):
        identity_of_token(token, keys, RULES)


@settings(max_examples=50, deadline=None)
@given(OBJECTS)
def test_claims_of_a_token_that_is_signed(claims: dict) -> None:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from jwt.algorithms import OKPAlgorithm

    key = ed25519.Ed25519PrivateKey.generate()
    jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "a"}
    for_us = {"sub": "x", "tenant": "t", "iat": 1, "exp": 1e18} | claims | {"iss": RULES.issuer, "aud": RULES.audience}
    signed = jwt.api_jws.encode(json.dumps(for_us).encode(), key, algorithm="EdDSA", headers={"kid": "a"})
    with pytest.raises(Unauthenticated):
        identity_of_token(signed, KeySet.parse(json.dumps({"keys": [jwk]}).encode(), "f"), RULES)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_certificates(content: bytes) -> None:
    with pytest.raises(Unauthenticated):
        identity_of_certificate(content, {})
