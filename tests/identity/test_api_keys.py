"""API keys: what is kept of them, who comes with one, and the command that keeps them."""

import hashlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from acd_service.cli import acd as acd_command
from acd_service.identity.api_keys import BadKeyFile, KeyFile, KeyRing, UnknownKey
from acd_service.identity.identity import Identity, Role

PBX = Identity("pbx", "t-1", frozenset({Role.ROUTER, Role.SUPERVISOR}), expires_at_s=2_000_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_key_stands_for_whom_it_was_made(path: Path) -> None:
    kept, key = KeyFile(path).create(PBX, 1_900_000_000)
    found = KeyFile(path).read().find(key)
    assert found == PBX
    assert found.key_id == kept.key_id


def test_neither_key_nor_secret_is_kept(path: Path) -> None:
    _, key = KeyFile(path).create(PBX, 1)
    secret = key.split("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in path.read_text()
    assert hashlib.sha256(secret.encode()).hexdigest() in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_may_read_the_file_stays_as_it_was_set(path: Path) -> None:
    KeyFile(path).create(PBX, 1)
    path.chmod(0o640)
    KeyFile(path).create(PBX, 1)
    assert path.stat().st_mode & 0o777 == 0o640


def test_keys_that_are_none_of_these(path: Path) -> None:
    kept, key = KeyFile(path).create(PBX, 1)
    other = KeyFile(path.with_name("other.json")).create(PBX, 1)[1]
    ring = KeyFile(path).read()
    wrong = ("", "acd_", "acd__", other, key[:-1], key + "0", key.upper(), f"acd_{kept.key_id}_{kept.sha256}",
             key[:-1] + ("0" if key[-1] != "0" else "1"), "ä" * len(key), key.replace("_", "-"))  # fmt: skip
    assert [ring.find(presented) for presented in wrong] == [None] * len(wrong)


def test_a_revoked_key_is_none_any_more_and_stays_listed(path: Path) -> None:
    kept, key = KeyFile(path).create(PBX, 1)
    assert KeyFile(path).revoke(kept.key_id, 7).revoked_at_s == 7
    assert KeyFile(path).revoke(kept.key_id, 9).revoked_at_s == 7
    ring = KeyFile(path).read()
    assert ring.find(key) is None
    assert ring.keys[kept.key_id].revoked_at_s == 7
    with pytest.raises(UnknownKey):
        KeyFile(path).revoke("0" * 16, 7)


def test_many_at_once_lose_none(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: KeyFile(path).create(PBX, 1)[1], range(24)))
    ring = KeyFile(path).read()
    assert len(ring.keys) == 24
    assert all(ring.find(key) == PBX for key in made)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def entry_with(**changed: Any) -> bytes:
    entry = {"key_id": "a", "sha256": "0" * 64, "name": "n", "tenant": "t", "roles": ["router"]} | changed
    return json.dumps({"format": 1, "keys": [{k: v for k, v in entry.items() if v is not None}]}).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a file of keys"),
        (b"{", "not a file of keys"),
        (b"[]", "not a file of keys"),
        (b'{"format": 2, "keys": []}', "later format"),
        (b'{"format": 1}', "not a file of keys"),
        (b'{"format": 1, "keys": {}}', "a list of at most"),
        (b"[" * 100_000, "not a file of keys"),
        (entry_with(sha256=""), "sha256"),
        (entry_with(sha256=None), "keys\\[0\\]"),
        (entry_with(roles=[]), "role"),
        (entry_with(roles=["king"]), "king"),
        (entry_with(roles="router"), "roles"),
        (entry_with(name=""), "name"),
        (entry_with(tenant=7), "tenant"),
        (entry_with(agent_id="\n"), "U\\+000A"),
        (entry_with(expires_at_s=-1), "expires_at_s"),
        (entry_with(expires_at_s=True), "expires_at_s"),
        (entry_with(more=1), "a key is expected"),
        (json.dumps({"format": 1, "keys": json.loads(entry_with())["keys"] * 2}).encode(), "twice"),
    ],
)
def test_files_that_cannot_be_used(content: bytes, says: str) -> None:
    with pytest.raises(BadKeyFile, match=says):
        KeyRing.parse(content, "keys.json")


def test_no_hash_of_no_secret_opens(path: Path) -> None:
    # An entry whose hash is that of an empty text must not be opened by an ID alone.
    content = entry_with(key_id="0" * 16, sha256=hashlib.sha256(b"").hexdigest())
    assert KeyRing.parse(content, "x").find("acd_" + "0" * 16 + "_") is None


@pytest.fixture
def acd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(acd_command, args)


def test_the_command(acd, tmp_path: Path) -> None:
    made = acd("keys", "create", "ann", "--role", "agent", "--agent", "a7", "--expires", "90d", "--tenant", "t-1")
    assert made.exit_code == 0
    key = made.stdout.strip()
    found = KeyFile(tmp_path / "keys.json").read().find(key)
    assert found == Identity("ann", "t-1", frozenset({Role.AGENT}), "a7", found.expires_at_s)
    assert abs(found.expires_at_s - time.time() - 90 * 86_400) < 60
    assert key not in made.stderr

    listed = json.loads(acd("keys", "list", "--json").stdout)["keys"]
    assert [(row["name"], row["roles"], row["agent_id"], row["state"]) for row in listed] == [
        ("ann", ["agent"], "a7", "good")
    ]
    assert "sha256" not in listed[0]
    assert "ann" in acd("keys", "list").stdout

    assert acd("keys", "revoke", listed[0]["key_id"]).exit_code == 0
    assert json.loads(acd("keys", "list", "--json").stdout)["keys"][0]["state"] == "revoked"
    assert KeyFile(tmp_path / "keys.json").read().find(key) is None


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("create", "x"), 2),
        (("create", "x", "--role", "king"), 2),
        (("create", "", "--role", "admin"), 2),
        (("create", "x", "--role", "admin", "--expires", "soon"), 2),
        (("create", "x", "--role", "admin", "--tenant", "a\nb"), 2),
        (("create", "x", "--role", "admin", "--tenant", "../x"), 2),
        (("revoke", "0"), 2),
        (("list", "--file", "/dev/null/x"), 1),
    ],
)
def test_the_command_says_what_is_wrong(acd, args, status) -> None:
    ran = acd("keys", *args)
    assert ran.exit_code == status
    assert ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
