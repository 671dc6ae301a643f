"""Which tokens are taken, and whom they stand for."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from acd_service.identity.identity import Identity, Role
from acd_service.identity.tokens import BadKeySet, KeySet, TokenRules, identity_of_token
from acd_service.service_error import Unauthenticated


@pytest.fixture
def rules(issuer) -> TokenRules:
    return TokenRules(issuer.issuer, issuer.audience, leeway_s=5)


@pytest.fixture
def identify(issuer, rules):
    def call(token: str) -> Identity:
        return identity_of_token(token, KeySet.parse(issuer.path.read_bytes(), "jwks.json"), rules)

    return call


def test_a_good_token(identify, issuer) -> None:
    ends = time.time() + 100
    token = issuer.token(sub="ann", tenant="t-1", roles=["agent", "printer"], agent_id="a7", exp=ends)
    identity = identify(token)
    assert identity == Identity("ann", "t-1", frozenset({Role.AGENT}), "a7", identity.expires_at_s)
    assert abs(identity.expires_at_s - ends - 5) < 0.001


def test_roles_as_words_in_a_text(identify, issuer) -> None:
    assert identify(issuer.token(roles="router  admin other")).roles == {Role.ROUTER, Role.ADMIN}


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": time.time() - 10}, "expired"),
        ({"nbf": time.time() + 3_600}, "not yet valid"),
        ({"iat": time.time() + 3_600, "exp": time.time() + 7_200}, "not yet valid"),
        ({"iss": "https://login.other/"}, "issuer"),
        ({"aud": "another"}, "udience"),
        ({"aud": ["another", "yet another"]}, "udience"),
        ({"exp": time.time() + 100_000}, "longer than"),
        ({"exp": "never"}, ""),
        ({"exp": 1e300}, ""),
        ({"sub": ""}, "empty"),
        ({"sub": 7}, ""),
        ({"sub": "x" * 1_000}, "bytes"),
        ({"sub": "x\n"}, "U\\+000A"),
        ({"tenant": ["a"]}, "tenant"),
        ({"roles": 7}, "roles"),
        ({"roles": None}, "roles"),
        ({"agent_id": 7}, "agent_id"),
        *(({name: None}, "") for name in ("exp", "iss", "aud", "sub", "iat", "tenant")),
    ],
)
def test_claims_that_are_not_good(identify, issuer, claims, says) -> None:
    with pytest.raises(Unauthenticated, match=says or None):
        identify(issuer.token(**claims))


def test_the_leeway_is_for_clocks_that_differ(identify, issuer) -> None:
    now = time.time()
    assert identify(issuer.token(exp=now - 3)).name == "somebody"
    assert identify(issuer.token(nbf=now + 3)).name == "somebody"


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_no_other_algorithm_than_the_keys(identify, issuer) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    public = issuer._keys["one"].public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    forged = [
        f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}.",
        f"{part({'alg': 'None', 'kid': 'one'})}.{part(claims)}.",
        f"{part({'kid': 'one'})}.{part(claims)}.",
        # The public key, which everybody has, taken for a shared secret.
        jwt.encode(claims, raw.ljust(64, b"\0"), algorithm="HS256", headers={"kid": "one"}),
        jwt.encode(claims, raw.ljust(64, b"\0"), algorithm="HS512", headers={"kid": "one"}),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "one"}),
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            identify(token)


def test_a_signature_that_was_touched(identify, issuer) -> None:
    head, body, signature = issuer.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    altered = [
        f"{head}.{part(claims | {'tenant': 'other'})}.{signature}",
        f"{head}.{body}.{signature[:-6]}AAAAAA",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        "",
        "...",
        "a" * 9_000,
        part([1] * 10),
    ]
    for token in altered:
        with pytest.raises(Unauthenticated):
            identify(token)


def test_a_key_of_another_name(identify, issuer) -> None:
    for kid in ("two", "", 7, None, ["one"]):
        token = issuer.token(headers={"kid": kid}) if isinstance(kid, str) else None
        if token is not None:
            with pytest.raises(Unauthenticated, match="no key"):
                identify(token)


def test_a_token_without_kid_is_the_only_keys_if_it_is(identify, issuer) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    token = jwt.encode(claims, issuer._keys["one"], algorithm="EdDSA")
    assert identify(token).name == "somebody"
    issuer.rotate("one", "two")
    with pytest.raises(Unauthenticated, match="no key"):
        identify(token)


def test_extensions_that_must_be_understood(identify, issuer) -> None:
    with pytest.raises(Unauthenticated):
        identify(issuer.token(headers={"crit": ["exp"], "exp": 1}))


def document(*keys: dict) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def test_each_kind_of_key_is_good_for_its_algorithm(issuer, rules) -> None:
    curve, modulus = ec.generate_private_key(ec.SECP256R1()), rsa_key(2_048)
    keys = KeySet.parse(
        document(
            ECAlgorithm.to_jwk(curve.public_key(), as_dict=True) | {"kid": "ec"},
            RSAAlgorithm.to_jwk(modulus.public_key(), as_dict=True) | {"kid": "rsa", "alg": "RS256"},
            issuer.public("one"),
            {"kid": "for encryption", "use": "enc", "kty": "EC"},
        ),
        "x",
    )
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    for key, algorithm, kid in ((curve, "ES256", "ec"), (modulus, "RS256", "rsa")):
        assert identity_of_token(jwt.encode(claims, key, algorithm, {"kid": kid}), keys, rules).name == "somebody"
    for wrong in ("RS512", "PS256"):
        with pytest.raises(Unauthenticated):
            identity_of_token(jwt.encode(claims, modulus, wrong, {"kid": "rsa"}), keys, rules)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: b"", "not a set of keys"),
        (lambda: b"[]", "not a set of keys"),
        (lambda: b'{"keys": []}', "1 to 100"),
        (lambda: b'{"keys": [7]}', "with a `kid`"),
        (lambda: document({"kty": "OKP"}), "with a `kid`"),
        (lambda: document({"kid": "a", "kty": "oct", "k": "c2VjcmV0"}), "a secret stands here"),
        (lambda: document(rsa_jwk(2_048, private=True)), "a secret stands here"),
        (lambda: document(rsa_jwk(1_024)), "too few"),
        (lambda: document(rsa_jwk(2_048) | {"alg": "RS512"}), "RS512"),
        (lambda: document(rsa_jwk(2_048) | {"alg": "none"}), "none"),
        (lambda: document(rsa_jwk(2_048) | {"n": "!"}), "keys\\[0\\]"),
        (lambda: document({"kid": "a", "kty": "new"}), "the kind of key"),
        (lambda: document({"kid": "a", "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}), "keys\\[0\\]"),
        (lambda: document(*[rsa_jwk(2_048)] * 2), "twice"),
    ],
)
def test_sets_of_keys_that_cannot_be_used(make, says) -> None:
    with pytest.raises(BadKeySet, match=says):
        KeySet.parse(make(), "jwks.json")


def rsa_jwk(bits: int, *, private: bool = False) -> dict:
    key = rsa_key(bits)
    return RSAAlgorithm.to_jwk(key if private else key.public_key(), as_dict=True) | {"kid": "a"}


def test_a_private_ed25519_key_is_refused(issuer) -> None:
    entry = OKPAlgorithm.to_jwk(issuer._keys["one"], as_dict=True) | {"kid": "one"}
    with pytest.raises(BadKeySet, match="a secret stands here"):
        KeySet.parse(document(entry), "jwks.json")
