"""TLS and mutual TLS with real certificates, renewed under a running service."""

import grpc
import pytest
from cryptography import x509

from acd_service.access_settings import TlsSettings
from acd_service.config import BadConfig, Config
from acd_service.identity.exposure import check_exposure
from acd_service.identity.identity import Role
from acd_service.identity.tls import ServerCertificate

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
POLICY = "PolicyService/GetPolicy"


def trusting(authority, certificate=None) -> grpc.ChannelCredentials:
    key, chain = (None, None) if certificate is None else (certificate[1].read_bytes(), certificate[0].read_bytes())
    return grpc.ssl_channel_credentials(authority.path.read_bytes(), key, chain)


@pytest.fixture
def authority(make_authority):
    return make_authority("authority")


@pytest.fixture
def tls(authority):
    certificate, key = authority.for_localhost()
    return {"certificate": str(certificate), "key": str(key)}


@pytest.fixture
def with_keys(make_service, keys, tls):
    """A service with TLS and API keys, and the key of an admin."""
    key = keys.make("adm", Role.ADMIN)
    service = make_service(tls=tls, access={"api_keys": str(keys.path)})
    service.start()
    return service, key


def test_tls_with_a_key(with_keys, authority, failure_of) -> None:
    service, key = with_keys
    assert service.caller(key, trusting(authority)).call(POLICY) is not None
    assert failure_of(lambda: service.caller("", trusting(authority)).call(POLICY)).code.name == "UNAUTHENTICATED"


def test_no_way_past_tls(with_keys, make_authority, failure_of) -> None:
    service, key = with_keys
    assert failure_of(lambda: service.caller(key).call(POLICY)).code is UNAVAILABLE
    stranger = make_authority("stranger")
    assert failure_of(lambda: service.caller(key, trusting(stranger)).call(POLICY)).code is UNAVAILABLE


def test_a_renewed_certificate_is_for_new_connections_and_old_ones_stay(with_keys, make_authority, authority) -> None:
    service, key = with_keys
    old = service.caller(key, trusting(authority))
    stream = old.stream("InsightService/WatchStats")
    next(stream)
    successor = make_authority("successor")
    successor.for_localhost()

    assert service.caller(key, trusting(successor)).call(POLICY) is not None
    with pytest.raises(grpc.RpcError):
        service.caller(key, trusting(authority)).call(POLICY)
    assert old.call(POLICY) is not None
    assert stream.is_active()
    stream.cancel()


def test_a_certificate_that_cannot_be_used_leaves_the_old_one_in_force(with_keys, authority, eventually) -> None:
    service, key = with_keys
    for content in (b"", b"nonsense", authority.issue("other", "localhost")[1].read_bytes()):
        (service.folder / "server.key").write_bytes(content)
        assert service.caller(key, trusting(authority)).call(POLICY) is not None
    eventually(lambda: "the one before it stays" in service.log)
    authority.for_localhost()
    assert service.caller(key, trusting(authority)).call(POLICY) is not None


@pytest.fixture
def mutual(make_service, authority, tls, tmp_path):
    """A service that takes certificates only."""
    (tmp_path / "rules.yaml").write_text(
        """
certificates:
  "dns:pbx.example": {name: pbx, tenant: default, roles: [router]}
  "uri:spiffe://example/ops": {name: ops, tenant: default, roles: [admin]}
  "cn:common": {name: common, tenant: default, roles: [supervisor]}
"""
    )
    service = make_service(tls=tls | {"client_ca": str(authority.path)}, access={"rules": str(tmp_path / "rules.yaml")})
    service.start()
    return service


def test_a_certificate_says_who_calls(mutual, authority, failure_of) -> None:
    pbx = mutual.caller("", trusting(authority, authority.issue("pbx", "x", x509.DNSName("pbx.example"))))
    ops_name = x509.UniformResourceIdentifier("spiffe://example/ops")
    ops = mutual.caller("", trusting(authority, authority.issue("ops", "x", ops_name)))
    common = mutual.caller("", trusting(authority, authority.issue("common", "common")))
    assert ops.call("AdminService/TakeSnapshot") is not None
    assert common.call(POLICY) is not None
    for caller, call in ((pbx, POLICY), (common, "AdminService/TakeSnapshot")):
        assert failure_of(lambda caller=caller, call=call: caller.call(call)).code.name == "PERMISSION_DENIED"


def test_a_name_of_one_kind_is_none_of_another(mutual, authority, failure_of) -> None:
    dressed_up = authority.issue("x", "dns:pbx.example", x509.DNSName("common"))
    failure = failure_of(lambda: mutual.caller("", trusting(authority, dressed_up)).call(POLICY))
    assert failure.code.name == "UNAUTHENTICATED"


def test_certificates_that_do_not_connect(mutual, authority, make_authority, failure_of) -> None:
    expired = authority.issue("late", "x", x509.DNSName("pbx.example"), days=-1)
    stranger = make_authority("stranger").issue("stranger", "x", x509.DNSName("pbx.example"))
    for certificate in (None, expired, stranger):
        failure = failure_of(lambda c=certificate: mutual.caller("", trusting(authority, c)).call(POLICY))
        assert failure.code is UNAVAILABLE
        assert failure.reason == ""


def test_whoever_is_taken_out_of_the_rules_is_locked_out(mutual, authority, failure_of, eventually) -> None:
    caller = mutual.caller("", trusting(authority, authority.issue("common", "common")))
    stream = caller.stream("InsightService/WatchStats")
    next(stream)
    (mutual.folder / "rules.yaml").write_text("certificates: {}")
    assert failure_of(lambda: stream).code.name == "UNAUTHENTICATED"
    eventually(lambda: failure_of(lambda: caller.call(POLICY)).code.name == "UNAUTHENTICATED")


def test_a_token_on_a_connection_with_a_certificate_counts(mutual, authority, failure_of) -> None:
    certificate = authority.issue("common", "common")
    failure = failure_of(lambda: mutual.caller("not.a.token", trusting(authority, certificate)).call(POLICY))
    assert failure.code.name == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"key": "x"}, "tls.certificate"),
        ({"certificate": "server.crt"}, "tls.key"),
        ({"certificate": "none.crt", "key": "server.key"}, "none.crt"),
        ({"certificate": "server.crt", "key": "other.key"}, "not the key"),
        ({"certificate": "server.key", "key": "server.key"}, "no certificates in PEM"),
        ({"certificate": "server.crt", "key": "server.key", "client_ca": "server.key"}, "no certificates in PEM"),
    ],
)
def test_files_that_do_not_fit_are_refused_at_start(authority, tls, tmp_path, monkeypatch, settings, says) -> None:
    monkeypatch.chdir(tmp_path)
    authority.issue("other", "other")

    def start() -> None:
        config = Config(tls=TlsSettings(**settings))
        check_exposure(config)
        ServerCertificate(config.tls)

    with pytest.raises(BadConfig, match=says):
        start()
