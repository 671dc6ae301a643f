"""Nothing listens beyond its own machine without TLS and credentials, unless it was told to."""

from pathlib import Path

import pytest

from acd_service.access_settings import AccessSettings, TlsSettings
from acd_service.config import BadConfig, Config
from acd_service.identity.exposure import NotLoopback, check_exposure, warnings_about
from acd_service.identity.identity import Role
from acd_service.observe_settings import MetricsSettings

TLS, KEYS = TlsSettings(certificate="c", key="k"), AccessSettings(api_keys="keys.json")
NO_TLS, NO_KEYS = TlsSettings(), AccessSettings()


@pytest.mark.parametrize(("tls", "access", "missing"), [
    (NO_TLS, NO_KEYS, "TLS and credentials"), (TLS, NO_KEYS, "credentials"), (NO_TLS, KEYS, "TLS"),
    (TlsSettings(certificate="c", key="k", client_ca="ca"), NO_KEYS, "credentials"),
])  # fmt: skip
def test_what_is_missing_is_named(tls, access, missing) -> None:
    with pytest.raises(NotLoopback, match=f"without {missing} the service"):
        check_exposure(Config(listen="0.0.0.0:1", tls=tls, access=access))
    allowed = Config(listen="0.0.0.0:1", tls=tls, access=AccessSettings(api_keys=access.api_keys, insecure_listen=True))
    check_exposure(allowed)
    (warning,) = warnings_about(allowed, "0.0.0.0:1")
    assert f"WITHOUT {missing}" in warning


def test_with_both_any_address_is_taken_in_silence() -> None:
    config = Config(listen="0.0.0.0:1", tls=TLS, access=KEYS)
    check_exposure(config)
    assert warnings_about(config, "0.0.0.0:1") == []


def test_loopback_without_credentials_is_said() -> None:
    (warning,) = warnings_about(Config(), "127.0.0.1:1")
    assert "loopback only" in warning


def test_metrics_that_others_can_read_are_said() -> None:
    config = Config(tls=TLS, access=KEYS, metrics=MetricsSettings(listen="0.0.0.0:9100"))
    (warning,) = warnings_about(config, "127.0.0.1:1")
    assert "0.0.0.0:9100" in warning
    assert warnings_about(Config(tls=TLS, access=KEYS, metrics=MetricsSettings(listen="127.0.0.1:9100")), "x") == []


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", ""])
def test_no_address(listen) -> None:
    with pytest.raises(BadConfig):
        check_exposure(Config(listen=listen))


def test_it_warns_at_each_start(make_service) -> None:
    service = make_service(access={"insecure_listen": True})
    for starts in (1, 2):
        service.start("0.0.0.0:0")
        assert service.stop() == 0
        assert service.log.count("WITHOUT TLS and credentials") == starts


def test_it_does_not_start_by_itself(make_service) -> None:
    service = make_service()
    assert "NotLoopback" in service.refuses_to_start("0.0.0.0:0")
    assert not (service.folder / "data" / "journal.sqlite").exists()


@pytest.mark.parametrize(("file", "content", "says"), [
    ("keys.json", None, "keys.json"), ("keys.json", "[]", "not a file of keys"),
    ("rules.yaml", "tokens: {issuer: x}", "audience is missing"), ("rules.yaml", "a: 1", "there is no 'a'"),
    ("rules.yaml", "tokens: {issuer: x, audience: y, keys: nowhere.json}", "nowhere.json"),
    ("rules.yaml", "tokens: {issuer: x, audience: y, keys: k, leeway_s: soon}", "leeway_s"),
    ("rules.yaml", "certificates: {pbx: {}}", "does not begin with"),
    ("rules.yaml", "certificates: {'cn:x': {name: x, tenant: t, roles: [king]}}", "king"),
    ("rules.yaml", "certificates: {'cn:x': {name: x, roles: [admin]}}", "tenant"),
    ("rules.yaml", "certificates: {'cn:x': {name: 7, tenant: t, roles: [admin]}}", "name"),
    ("rules.yaml", "certificates: [", "rules.yaml"), ("rules.yaml", "- a", "are expected"),
])  # fmt: skip
def test_files_of_credentials_that_cannot_be_used(tmp_path: Path, file, content, says) -> None:
    from acd_service.identity.gate import Gate

    path = tmp_path / file
    if content is not None:
        path.write_text(content)
    setting = "api_keys" if file == "keys.json" else "rules"
    with pytest.raises(BadConfig, match=says):
        Gate(AccessSettings(**{setting: str(path)}), ())


def test_the_command_line_against_tls_and_keys(make_service, make_authority, keys, tmp_path, monkeypatch) -> None:
    from click.testing import CliRunner

    from acd_service.cli import acd

    authority = make_authority("authority")
    certificate, key = authority.for_localhost()
    (tmp_path / "admin.key").write_text(keys.make("adm", Role.ADMIN) + "\n")
    service = make_service(tls={"certificate": str(certificate), "key": str(key)}, access={"api_keys": str(keys.path)})
    service.start()
    address = service.address.replace("127.0.0.1", "localhost")
    monkeypatch.chdir(tmp_path)

    def run(*args: str, **environment: str):
        return CliRunner().invoke(acd, ["status", "--json", *args], env={"ACD_SERVER": address} | environment)

    good = run("--tls-ca", "authority.pem", "--api-key-file", "admin.key")
    assert good.exit_code == 0, good.output
    assert run(ACD_TLS_CA="authority.pem", ACD_API_KEY_FILE="admin.key").exit_code == 0
    for args, status, says in (
        (("--tls-ca", "authority.pem"), 1, "UNAUTHENTICATED"),
        (("--api-key-file", "admin.key"), 1, "no service answers"),
        (("--tls", "--api-key-file", "admin.key"), 1, "with TLS"),
        (("--tls-ca", "none.pem"), 2, "cannot read none.pem"),
        (("--tls-cert", "authority.pem"), 2, "go together"),
        (("--token", "a", "--api-key-file", "admin.key"), 2, "only one of"),
        (("--token", "a b"), 2, "one word"),
        (("--token", "a", "--server", "acd.example:7007"), 2, "without TLS"),
    ):
        ran = run(*args)
        assert (ran.exit_code, says in ran.output) == (status, True), ran.output
